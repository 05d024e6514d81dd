import TensorIR

extension MatrixOp {
  /// Solutions of equations are linear in the right-hand sides: their cotangents solve the transposed
  /// equations.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let operands = operation.operands
    switch self {
    case .triangularSolve(var solve):
      guard !pass.isLinear(operands[0]) else { throw pass.notLinear(operation) }
      var a = try pass.residual(operands[0])
      // The transpose of an adjoint is the conjugate.
      if solve.transposition == .adjoint { a = try pass.builder.conjugated(a) }
      solve.transposition = solve.transposition == .none ? .transpose : .none
      let found = try pass.builder.emit(.matrix(.triangularSolve(solve)), [a, cotangent])
      try pass.accumulate(found, on: operands[1])
    case .tridiagonalSolve:
      guard !operands.prefix(3).contains(where: { pass.isLinear($0) }) else {
        throw pass.notLinear(operation)
      }
      let diagonals = try operands.prefix(3).map { try pass.residual($0) }
      let lower = try pass.builder.shifted(diagonals[2], by: 1)
      let upper = try pass.builder.shifted(diagonals[0], by: -1)
      let found = try pass.builder.emit(
        .matrix(.tridiagonalSolve), [lower, diagonals[1], upper, cotangent])
      try pass.accumulate(found, on: operands[3])
    case .cholesky, .lu, .householder, .reflectors, .eigh, .svd, .eig, .schur, .hessenberg,
      .tridiagonalize:
      throw pass.notLinear(operation)
    }
  }
}

extension FunctionBuilder {
  /// Elements moved along the last axis, with zeros where none come from.
  fileprivate mutating func shifted(_ operand: ValueID, by distance: Int) throws -> ValueID {
    let type = self[operand]
    guard type.count > 0 else { return operand }
    var (low, high) = (type.shape.map { _ in 0 }, type.shape.map { _ in 0 })
    (low[type.rank - 1], high[type.rank - 1]) = (distance, -distance)
    let zero = try splat(0, TensorType([], type.element))
    return try emit(
      .shape(.pad(low: low, high: high, interior: type.shape.map { _ in 0 })), [operand, zero])
  }
}
