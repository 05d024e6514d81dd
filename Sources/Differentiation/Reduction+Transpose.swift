import TensorIR

extension Reduction {
  /// Only sums are linear: every element gets the cotangent of its sum, and so does the initial
  /// value, once for each sum it started.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    switch kind {
    case .add: break
    case .multiply, .maximum, .minimum, .and, .or: throw pass.notLinear(operation)
    }
    let (operand, initial) = (operation.operands[0], operation.operands[1])
    if pass.isLinear(operand) {
      let shape = pass.type(operand).shape
      let kept = shape.indices.filter { !dimensions.contains($0) }
      let wide = try pass.builder.broadcast(cotangent, to: shape, dimensions: kept)
      try pass.accumulate(wide, on: operand)
    }
    if pass.isLinear(initial) {
      let axes = Array(pass.type(operation.result).shape.indices)
      let total = try pass.builder.reduce(.add, cotangent, dimensions: axes)
      try pass.accumulate(total, on: initial)
    }
  }
}
