import TensorIR

extension WindowOp {
  /// A sum of windows becomes one of the windows that hold each element; moving elements from a tensor
  /// to windows and back are each other's transposes.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let (operand, other) = (operation.operands[0], operation.operands[1])
    switch self {
    case .collect(let windows):
      let places = try pass.residual(other)
      let shape = pass.type(operand).shape
      let spread = try pass.builder.emit(
        .window(.scatter(windows, shape: shape)), [cotangent, places])
      try pass.accumulate(spread, on: operand)
    case .scatter(let windows, _):
      let places = try pass.residual(other)
      let collected = try pass.builder.emit(.window(.collect(windows)), [cotangent, places])
      try pass.accumulate(collected, on: operand)
    case .reduce(.add, let windows):
      let type = pass.type(operand)
      let zero = try pass.builder.splat(0, TensorType([], type.element))
      let reversed = windows.reversed(over: type.shape)
      let spread = try pass.builder.emit(.window(.reduce(.add, reversed)), [cotangent, zero])
      try pass.accumulate(spread, on: operand)
      guard pass.isLinear(other) else { return }
      // The initial value counts once, and once for each place of a window that is no element.
      let all = Array(pass.builder[cotangent].shape.indices)
      let total = try pass.builder.reduce(.add, cotangent, dimensions: all)
      let inside = try pass.builder.reduce(
        .add, spread, dimensions: Array(type.shape.indices))
      let count = try pass.builder.splat(
        Double(windows.count + 1), TensorType([], type.element))
      let gradient = try pass.builder.subtract(pass.builder.multiply(total, count), inside)
      try pass.accumulate(gradient, on: other)
    case .place, .reduce: throw pass.notLinear(operation)
    }
  }
}
