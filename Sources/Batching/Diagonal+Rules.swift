import TensorIR

// What stays diagonal, and the sums and products that diagonal factors spare. Where a rule has no answer,
// values are spelled out and treated as any other.

extension Op {
  /// The result where an operand is diagonal; nil where the operation is not linear in it, or needs its
  /// zeros.
  func diagonal(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> BatchingPass.Value? {
    switch self {
    case .unary(.negate):
      return try pass.elementwise(self, operands, operands[0].diagonal)
    case .convert(let element):
      guard element.isFloat, pass.element(operands[0]).isFloat else { return nil }
      return try pass.elementwise(self, operands, operands[0].diagonal)
    case .binary(let function): return try function.diagonal(operands, in: &pass)
    case .select: return try pass.diagonalChoice(operands)
    case .shape(let op): return try op.diagonal(operands, in: &pass)
    case .reduce(let reduction): return try reduction.diagonal(operands, in: &pass)
    case .dot(let dimensions): return try dimensions.diagonal(operands, in: &pass)
    case .constant, .iota, .unary, .compare, .clamp, .bits, .complex, .fft, .convolution, .window,
      .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      return nil
    }
  }
}

extension BatchingPass {
  /// An operation on each element of diagonal values that belong to the same examples.
  fileprivate mutating func elementwise(
    _ op: Op, _ operands: [Value], _ diagonal: Diagonal?
  ) throws -> Value {
    Value(id: try builder.emit(op, operands.map(\.id)), isBatched: true, diagonal: diagonal)
  }

  /// Whether a value is zero wherever one looks.
  fileprivate func isZero(_ value: Value) -> Bool {
    guard !value.isBatched, var definition = builder.definition(of: value.id) else { return false }
    if case .shape(.broadcast) = definition.op {
      guard let source = builder.definition(of: definition.operands[0]) else { return false }
      definition = source
    }
    guard case .constant(let literal) = definition.op, literal.isSplat, literal.type.count > 0,
      literal.type.element.isFloat
    else { return false }
    return literal.doubles[0] == 0
  }

  /// A choice between diagonal values, or one of them and zeros, by a predicate of all examples.
  fileprivate mutating func diagonalChoice(_ operands: [Value]) throws -> Value? {
    let choices = operands.dropFirst()
    let diagonals = choices.compactMap(\.diagonal)
    guard !operands[0].isBatched, diagonals.allSatisfy({ $0 == diagonals[0] }),
      choices.allSatisfy({ $0.diagonal != nil || isZero($0) })
    else { return nil }
    return try elementwise(.select, operands, diagonals[0])
  }
}

extension BinaryOp {
  /// The result where it is linear in the operands that are diagonal.
  fileprivate func diagonal(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> BatchingPass.Value? {
    let (left, right) = (operands[0], operands[1])
    switch self {
    case .add, .subtract:
      guard left.diagonal == right.diagonal else { return nil }
      return try pass.elementwise(.binary(self), operands, left.diagonal)
    case .multiply:
      guard left.isBatched != right.isBatched else { return nil }
      return try pass.elementwise(.binary(self), operands, left.diagonal ?? right.diagonal)
    case .divide:
      guard !right.isBatched else { return nil }
      return try pass.elementwise(.binary(self), operands, left.diagonal)
    case .maximum, .minimum, .power, .remainder, .atan2, .and, .or, .xor, .shiftLeft,
      .shiftRightArithmetic, .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      return nil
    }
  }
}

extension ShapeOp {
  /// The rearranged elements, which belong to the examples they did.
  fileprivate func diagonal(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> BatchingPass.Value? {
    guard let diagonal = operands[0].diagonal,
      let moved = moving(diagonal, of: pass.shape(operands[0])),
      operands.dropFirst().allSatisfy({ pass.isZero($0) })
    else { return nil }
    let result = try pass.elementwise(.shape(self), operands, moved)
    let shape = pass.builder[result.id].shape
    return BatchingPass.Value(
      id: result.id, isBatched: true,
      diagonal: Diagonal(offset: moved.offset, strides: moved.strides, shape: shape))
  }

  /// The diagonal of the rearranged elements; nil where they have none.
  private func moving(_ diagonal: Diagonal, of shape: [Int]) -> Diagonal? {
    var moved = diagonal
    switch self {
    case .broadcast(let target, let dimensions):
      moved.strides = Array(repeating: 0, count: target.count)
      for (axis, dimension) in dimensions.enumerated() {
        moved.strides[dimension] = diagonal.strides[axis]
      }
      return moved
    case .reshape(let target): return diagonal.reshaped(from: shape, to: target)
    case .transpose(let permutation):
      moved.strides = permutation.map { diagonal.strides[$0] }
      return moved
    case .slice(let starts, let limits, let steps):
      let target = limits.indices.map { axis in
        (limits[axis] - starts[axis] + steps[axis] - 1) / steps[axis]
      }
      return diagonal.sliced(starts: starts, steps: steps, to: target)
    case .pad(let low, _, let interior):
      return diagonal.padded(low: low, interior: interior)
    case .concatenate: return nil
    case .reverse(let dimensions):
      for axis in dimensions {
        moved.offset += diagonal.strides[axis] * (shape[axis] - 1)
        moved.strides[axis] = -diagonal.strides[axis]
      }
      return moved
    }
  }
}

extension Reduction {
  /// The sum; along axes with strides every example has one element, so nothing is added.
  fileprivate func diagonal(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> BatchingPass.Value? {
    guard kind == .add, let diagonal = operands[0].diagonal, pass.isZero(operands[1]) else {
      return nil
    }
    let shape = pass.shape(operands[0])
    let spared = dimensions.filter { diagonal.strides[$0] != 0 }
    let added = dimensions.filter { diagonal.strides[$0] == 0 }
    let order = spared + shape.indices.filter { !dimensions.contains($0) }
    let strides = order.map { diagonal.strides[$0] }
    let counting = Diagonal.countingAxes(strides, order.map { shape[$0] })
    guard spared.isEmpty || counting != nil else { return nil }
    let sum = try pass.builder.reduce(.add, operands[0].id, dimensions: added)
    let left = shape.indices.filter { !added.contains($0) }
    let moved = try pass.builder.transpose(
      sum, permutation: order.compactMap { left.firstIndex(of: $0) })
    var result = diagonal
    result.strides = strides
    guard let counting, !spared.isEmpty else {
      return BatchingPass.Value(id: moved, isBatched: true, diagonal: result)
    }
    return try pass.summed(moved, result, counting, over: spared.count)
  }
}

extension DotDimensions {
  /// The product; contracted axes with strides become batch axes, since every example has one element
  /// along them.
  fileprivate func diagonal(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> BatchingPass.Value? {
    guard operands[0].isBatched != operands[1].isBatched else { return nil }
    let isLeft = operands[0].diagonal != nil
    guard let diagonal = operands[isLeft ? 0 : 1].diagonal else { return nil }
    let pairs = Array(zip(leftContracting, rightContracting))
    let spared = pairs.filter { diagonal.strides[isLeft ? $0.0 : $0.1] != 0 }
    let added = pairs.filter { diagonal.strides[isLeft ? $0.0 : $0.1] == 0 }
    var moved = self
    moved.leftBatching = spared.map(\.0) + leftBatching
    moved.rightBatching = spared.map(\.1) + rightBatching
    moved.leftContracting = added.map(\.0)
    moved.rightContracting = added.map(\.1)
    let shapes = operands.map { pass.shape($0) }
    let leftFree = moved.leftFree(rank: shapes[0].count)
    let rightFree = moved.rightFree(rank: shapes[1].count)
    let paired = (isLeft ? moved.leftBatching : moved.rightBatching).map { diagonal.strides[$0] }
    var result = diagonal
    result.strides =
      paired + leftFree.map { isLeft ? diagonal.strides[$0] : 0 }
      + rightFree.map { isLeft ? 0 : diagonal.strides[$0] }
    let shape =
      moved.leftBatching.map { shapes[0][$0] } + leftFree.map { shapes[0][$0] }
      + rightFree.map { shapes[1][$0] }
    let counting = Diagonal.countingAxes(result.strides, shape)
    guard spared.isEmpty || counting != nil else { return nil }
    let product = try moved.product(operands.map(\.id), to: shape, in: &pass.builder)
    guard let counting, !spared.isEmpty else {
      return BatchingPass.Value(id: product, isBatched: true, diagonal: result)
    }
    return try pass.summed(product, result, counting, over: spared.count)
  }

  /// The product of two values; elementwise where nothing is contracted.
  private func product(
    _ operands: [ValueID], to shape: [Int], in builder: inout FunctionBuilder
  ) throws -> ValueID {
    guard leftContracting.isEmpty else { return try builder.emit(.dot(self), operands) }
    let element = resultElement ?? builder[operands[0]].element
    let leftFree = leftFree(rank: builder[operands[0]].rank)
    let rightFree = rightFree(rank: builder[operands[1]].rank)
    let shared = leftBatching.count
    /// A factor with its axes where the result has them.
    func spread(_ operand: ValueID, _ batching: [Int], _ free: [Int], at start: Int) throws
      -> ValueID
    {
      let moved = try builder.transpose(
        try builder.convert(operand, to: element), permutation: batching + free)
      let dimensions = Array(0..<shared) + free.indices.map { start + $0 }
      return try builder.broadcast(moved, to: shape, dimensions: dimensions)
    }
    let left = try spread(operands[0], leftBatching, leftFree, at: shared)
    let right = try spread(operands[1], rightBatching, rightFree, at: shared + leftFree.count)
    return try builder.multiply(left, right)
  }
}
