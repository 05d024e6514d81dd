import TensorIR

extension DotDimensions {
  /// The product rule: one product per operand that has a tangent.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    let (left, right) = (operation.operands[0], operation.operands[1])
    var sum: ValueID?
    if let tangent = pass.tangent(left) {
      sum = try pass.builder.emit(operation.op, [tangent, right])
    }
    if let tangent = pass.tangent(right) {
      let part = try pass.builder.emit(operation.op, [left, tangent])
      sum = try pass.sum(sum, part)
    }
    return sum
  }
}
