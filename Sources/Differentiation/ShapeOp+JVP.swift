import TensorIR

extension ShapeOp {
  /// The same rearrangement of the tangents: these ops are linear.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    switch self {
    case .broadcast, .reshape, .transpose, .slice, .reverse:
      guard let tangent = pass.tangent(operation.operands[0]) else { return nil }
      return try pass.builder.emit(operation.op, [tangent])
    case .pad:
      let (operand, value) = (operation.operands[0], operation.operands[1])
      let inner = try pass.tangent(operand) ?? pass.zero(pass.type(operand))
      let outer = try pass.tangent(value) ?? pass.zero(pass.type(value))
      return try pass.builder.emit(operation.op, [inner, outer])
    case .concatenate(let dimension):
      return try concatenateTangent(operation.operands, dimension, in: &pass)
    }
  }

  /// The tangents one after the other; a lone one is padded, so that no zeros are stored.
  private func concatenateTangent(
    _ operands: [ValueID], _ dimension: Int, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let active = operands.indices.filter { pass.tangent(operands[$0]) != nil }
    if active.count == 1, let tangent = pass.tangent(operands[active[0]]) {
      let extents = operands.map { pass.type($0).shape[dimension] }
      return try pass.builder.padded(
        tangent, axis: dimension, low: extents[..<active[0]].reduce(0, +),
        high: extents[(active[0] + 1)...].reduce(0, +))
    }
    let tangents = try operands.map { try pass.tangent($0) ?? pass.zero(pass.type($0)) }
    return try pass.builder.emit(.shape(.concatenate(dimension: dimension)), tangents)
  }
}

extension FunctionBuilder {
  /// The operand with zeros before and after it along one axis; itself where there are none.
  mutating func padded(
    _ operand: ValueID, axis: Int, low: Int, high: Int, filler: Double = 0
  ) throws -> ValueID {
    let rank = self[operand].rank
    var (lows, highs) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
    (lows[axis], highs[axis]) = (low, high)
    return try padded(operand, low: lows, high: highs, filler: filler)
  }

  /// The operand with zeros, or another filler, around and between its elements; itself where there are
  /// none.
  mutating func padded(
    _ operand: ValueID, low: [Int], high: [Int], interior: [Int]? = nil, filler: Double = 0
  ) throws -> ValueID {
    let interior = interior ?? [Int](repeating: 0, count: low.count)
    if (low + high + interior).allSatisfy({ $0 == 0 }) { return operand }
    let value = try splat(filler, TensorType([], self[operand].element))
    return try emit(.shape(.pad(low: low, high: high, interior: interior)), [operand, value])
  }
}
