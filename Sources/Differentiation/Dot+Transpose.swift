import TensorIR

extension DotDimensions {
  /// A product is linear in either operand: its cotangent is the product of the result's cotangent
  /// with the other operand, contracted over the axes that only that one has, in the result's element
  /// type.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let (left, right) = (operation.operands[0], operation.operands[1])
    let isLeft = pass.isLinear(left)
    let (operand, other) = isLeft ? (left, right) : (right, left)
    let batch = leftBatching.count
    let leftFree = leftFree(rank: pass.type(left).rank)
    let rightFree = rightFree(rank: pass.type(right).rank)
    let result = ResultAxes(
      batching: Array(0..<batch), leftFree: Array(batch..<(batch + leftFree.count)),
      rightFree: (0..<rightFree.count).map { batch + leftFree.count + $0 })
    let sum = pass.builder[cotangent].element
    var factor = try pass.residual(other)
    if pass.builder[factor].element != sum { factor = try pass.builder.convert(factor, to: sum) }
    let (seed, fixed) =
      isLeft
      ? (
        Side(cotangent, result.batching, result.rightFree, [leftBatching, leftFree]),
        Side(factor, rightBatching, rightFree, [rightBatching, rightContracting])
      )
      : (
        Side(cotangent, result.batching, result.leftFree, [rightBatching, rightFree]),
        Side(factor, leftBatching, leftFree, [leftBatching, leftContracting])
      )
    let targets = isLeft ? leftContracting : rightContracting
    let rank = pass.type(operand).rank
    let product = try product(
      seed, fixed, contracted: targets, rank: rank, in: &pass.builder)
    let element = pass.type(operand).element
    try pass.accumulate(
      element == sum ? product : pass.builder.convert(product, to: element), on: operand)
  }

  /// The axes of a product's result, by where they come from.
  private struct ResultAxes {
    let batching: [Int]
    let leftFree: [Int]
    let rightFree: [Int]
  }

  /// One factor of a transposed product.
  private struct Side {
    let value: ValueID
    let batching: [Int]
    let contracting: [Int]
    /// For the cotangent, the operand's batch and free axes; for the other factor, its own batch
    /// and contracting axes.
    let axes: [[Int]]

    init(_ value: ValueID, _ batching: [Int], _ contracting: [Int], _ axes: [[Int]]) {
      self.value = value
      self.batching = batching
      self.contracting = contracting
      self.axes = axes
    }
  }

  /// The product of cotangent and factor with its axes in the operand's order; the order of the
  /// factors is the one that needs no transpose, where there is one.
  ///
  /// `contracted[i]` is the operand axis paired with the factor's axis `fixed.axes[1][i]`.
  private func product(
    _ seed: Side, _ fixed: Side, contracted: [Int], rank: Int, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    // The factor's remaining axes come in rising order; each stands for its partner.
    let partner = Dictionary(uniqueKeysWithValues: zip(fixed.axes[1], contracted))
    let fixedAxes = fixed.axes[1].sorted().compactMap { partner[$0] }
    let (batchAxes, seedAxes) = (seed.axes[0], seed.axes[1])
    let seedFirst = batchAxes + seedAxes + fixedAxes
    let fixedFirst = batchAxes + fixedAxes + seedAxes
    let natural = Array(0..<rank)
    let isSwapped = seedFirst != natural && fixedFirst == natural
    let (first, second) = isSwapped ? (fixed, seed) : (seed, fixed)
    let order = isSwapped ? fixedFirst : seedFirst
    let dimensions = DotDimensions(
      leftBatching: first.batching, rightBatching: second.batching,
      leftContracting: first.contracting, rightContracting: second.contracting,
      precision: precision)
    let product = try builder.emit(.dot(dimensions), [first.value, second.value])
    let permutation = natural.map { axis in order.firstIndex(of: axis) ?? axis }
    return try builder.transpose(product, permutation: permutation)
  }
}
