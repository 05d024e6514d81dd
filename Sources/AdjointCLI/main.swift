print("adjoint")
