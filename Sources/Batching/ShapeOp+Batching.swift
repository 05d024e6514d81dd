import TensorIR

extension ShapeOp {
  /// Emits the rearrangement of each example.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let size = pass.size
    switch self {
    case .broadcast(let shape, let dimensions):
      return try pass.emit(
        .shape(.broadcast(shape: [size] + shape, dimensions: [0] + dimensions.map { $0 + 1 })),
        [operands[0].id])
    case .reshape(let shape):
      return try pass.emit(.shape(.reshape(shape: [size] + shape)), [operands[0].id])
    case .transpose(let permutation):
      return try pass.emit(
        .shape(.transpose(permutation: [0] + permutation.map { $0 + 1 })), [operands[0].id])
    case .slice(let starts, let limits, let strides):
      return try pass.emit(
        .shape(.slice(starts: [0] + starts, limits: [size] + limits, strides: [1] + strides)),
        [operands[0].id])
    case .pad(let low, let high, let interior):
      let op = Op.shape(.pad(low: [0] + low, high: [0] + high, interior: [0] + interior))
      return try padBatched(op, operands, in: &pass)
    case .concatenate(let dimension):
      return try pass.emit(
        .shape(.concatenate(dimension: dimension + 1)), operands.map { try pass.batch($0) })
    case .reverse(let dimensions):
      return try pass.emit(
        .shape(.reverse(dimensions: dimensions.map { $0 + 1 })), [operands[0].id])
    }
  }

  /// A pad; where examples have values of their own, a choice between the operand and them.
  private func padBatched(
    _ op: Op, _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let operand = try pass.batch(operands[0])
    guard operands[1].isBatched else { return try pass.emit(op, [operand, operands[1].id]) }
    let type = pass.builder[operand]
    let zero = try pass.builder.splat(0, TensorType([], type.element))
    let padded = try pass.builder.emit(op, [operand, zero])
    let inside = try pass.builder.splat(1, TensorType(type.shape, .i1))
    let outside = try pass.builder.splat(0, TensorType([], .i1))
    let isInside = try pass.builder.emit(op, [inside, outside])
    let shape = Array(pass.builder[padded].shape.dropFirst())
    let value = try pass.spread(operands[1], over: shape)
    return try pass.emit(.select, [isInside, padded, value])
  }
}
