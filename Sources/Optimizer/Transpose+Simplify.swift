import TensorIR

/// Merges transposes with what they read.
///
///     Before:  %1 = stablehlo.transpose %0, dims = [1, 0]    %2 = stablehlo.transpose %1, dims = [1, 0]
///     After:   %0
///
/// - A transpose of a broadcast is a broadcast.
/// - A transpose that moves unit axes only is a reshape.
/// - A transpose of a product read once that swaps its free axes is the product of swapped operands.
@Sendable func simplifyTranspose(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .shape(.transpose(let permutation)) = op else { return nil }
  let operand = operands[0]
  if permutation.isIdentity { return operand }
  let shape = rewriter[operand].shape
  if let inner = rewriter.broadcast(operand) {
    let inverse = permutation.inversePermutation
    return try rewriter.emitBroadcast(
      inner.operand, to: shape.selecting(permutation),
      dimensions: inner.dimensions.map { inverse[$0] })
  }
  let longAxes = permutation.filter { shape[$0] != 1 }
  if longAxes == longAxes.sorted() {
    return try rewriter.emitReshape(operand, to: shape.selecting(permutation))
  }
  guard let definition = rewriter.definition(of: operand) else { return nil }
  switch definition.op {
  case .shape(.transpose(let inner)):
    return try rewriter.emitTranspose(definition.operands[0], inner.selecting(permutation))
  case .dot(let dimensions):
    guard rewriter.isUsed(operand, atMost: 1) else { return nil }
    return try transposedDot(dimensions, definition.operands, permutation, &rewriter)
  default: return nil
  }
}

/// The product whose result is another's with axes permuted, where batch axes stay in front and
/// the free axes of each operand stay together and in order.
private func transposedDot(
  _ dimensions: DotDimensions, _ operands: [ValueID], _ permutation: [Int],
  _ rewriter: inout Rewriter
) throws -> ValueID? {
  let batchCount = dimensions.leftBatching.count
  let leftCount = rewriter[operands[0]].rank - batchCount - dimensions.leftContracting.count
  let batch = Array(permutation.prefix(batchCount))
  guard batch.allSatisfy({ $0 < batchCount }) else { return nil }
  let left = Array(batchCount..<(batchCount + leftCount))
  let right = Array((batchCount + leftCount)..<permutation.count)
  let free = Array(permutation.dropFirst(batchCount))
  var result = dimensions
  result.leftBatching = dimensions.leftBatching.selecting(batch)
  result.rightBatching = dimensions.rightBatching.selecting(batch)
  if free == left + right { return try rewriter.emit(.dot(result), operands) }
  guard free == right + left else { return nil }
  return try rewriter.emit(.dot(result.swapped), [operands[1], operands[0]])
}

extension DotDimensions {
  /// The dimensions for exchanged operands.
  var swapped: DotDimensions {
    DotDimensions(
      leftBatching: rightBatching, rightBatching: leftBatching, leftContracting: rightContracting,
      rightContracting: leftContracting, resultElement: resultElement,
      precision: precision.reversed())
  }
}
