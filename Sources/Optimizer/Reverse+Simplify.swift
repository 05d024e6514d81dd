import TensorIR

/// Drops reversals that cancel or change nothing.
///
///     Before:  %1 = stablehlo.reverse %0, dims = [0]    %2 = stablehlo.reverse %1, dims = [0, 1]
///     After:   %2 = stablehlo.reverse %0, dims = [1]
///
/// A reversal of a broadcast is a broadcast of a reversal.
@Sendable func simplifyReverse(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .shape(.reverse(let dimensions)) = op else { return nil }
  let operand = operands[0]
  let shape = rewriter[operand].shape
  let long = dimensions.filter { shape[$0] > 1 }.sorted()
  if long.isEmpty { return operand }
  if let inner = rewriter.broadcast(operand) {
    let axes = inner.keptAxes.filter { long.contains(inner.dimensions[$0]) }
    let source =
      axes.isEmpty
      ? inner.operand : try rewriter.emit(.shape(.reverse(dimensions: axes)), [inner.operand])
    return try rewriter.emitBroadcast(source, to: shape, dimensions: inner.dimensions)
  }
  if let definition = rewriter.definition(of: operand),
    case .shape(.reverse(let before)) = definition.op
  {
    let axes = Set(long).symmetricDifference(before).sorted()
    return try rewriter.emit(.shape(.reverse(dimensions: axes)), definition.operands)
  }
  return long == dimensions
    ? nil : try rewriter.emit(.shape(.reverse(dimensions: long)), operands)
}
