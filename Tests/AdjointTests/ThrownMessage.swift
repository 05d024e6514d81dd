import Adjoint

/// The message of the error of Adjoint's that `body` throws, without its place.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch let error as AdjointError {
    return error.message
  } catch {
    return "not an AdjointError: \(error)"
  }
}
