import TensorIR

extension Convolution {
  /// The product rule: one convolution per operand that has a tangent.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    let (input, kernel) = (operation.operands[0], operation.operands[1])
    var sum: ValueID?
    if let tangent = pass.tangent(input) {
      sum = try pass.builder.emit(operation.op, [tangent, kernel])
    }
    if let tangent = pass.tangent(kernel) {
      let part = try pass.builder.emit(operation.op, [input, tangent])
      sum = try pass.sum(sum, part)
    }
    return sum
  }
}
