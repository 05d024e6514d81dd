import TensorIR

extension Reduction {
  /// Emits the reduction of each example; initial values of examples are combined behind it.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    var moved = self
    moved.dimensions = dimensions.map { $0 + 1 }
    let operand = try pass.batch(operands[0])
    guard operands[1].isBatched else {
      return try pass.emit(.reduce(moved), [operand, operands[1].id])
    }
    let identity = try pass.builder.constant(kind.identity(of: pass.builder[operand].element))
    let reduced = try pass.builder.emit(.reduce(moved), [operand, identity])
    let shape = Array(pass.builder[reduced].shape.dropFirst())
    let initial = try pass.spread(operands[1], over: shape)
    return try pass.emit(.binary(kind.binary), [initial, reduced])
  }
}
