import TensorIR

extension WindowOp {
  /// Sums of windows, and what moves elements between windows and tensors, are linear. The tangent of an
  /// extreme is that of the first element that equals it, as JAX has it.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    let (operand, other) = (operation.operands[0], operation.operands[1])
    switch self {
    case .place: return nil
    case .collect, .scatter:
      guard let tangent = pass.tangent(operand) else { return nil }
      return try pass.builder.emit(operation.op, [tangent, other])
    case .reduce(.add, _):
      let tangents = try operation.operands.map { try pass.denseTangent($0) }
      return try pass.builder.emit(operation.op, tangents)
    case .reduce(.maximum, let windows), .reduce(.minimum, let windows):
      guard let tangent = try elementTangent(of: operation, in: &pass) else { return nil }
      let place = try pass.builder.emit(
        .window(.place(isLast: false, windows)), [operand, operation.result])
      return try pass.builder.emit(.window(.collect(windows)), [tangent, place])
    case .reduce(.multiply, let windows):
      guard let tangent = try elementTangent(of: operation, in: &pass) else { return nil }
      return try pass.builder.windowProductTangent(windows, operand, other, tangent: tangent)
    case .reduce(.and, _), .reduce(.or, _): return nil
    }
  }

  /// The tangent of a reduction's operand; its initial value must have none.
  private func elementTangent(
    of operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    guard pass.tangent(operation.operands[1]) == nil else {
      throw AdjointError(
        .notDifferentiable, "\(mnemonic) has no derivative for its initial value",
        at: operation.location)
    }
    return pass.tangent(operation.operands[0])
  }
}
