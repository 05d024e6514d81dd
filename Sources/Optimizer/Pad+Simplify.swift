import TensorIR

/// Merges pads.
///
///     Before:  %1 = stablehlo.pad %0, %cst, low = [1], high = [0], interior = [0]
///              %2 = stablehlo.pad %1, %cst, low = [0], high = [2], interior = [0]
///     After:   %2 = stablehlo.pad %0, %cst, low = [1], high = [2], interior = [0]
///
/// - A pad by nothing is its operand; a pad that only cuts is a slice.
/// - A pad of nothing, or of the padding value repeated, repeats the value.
@Sendable func simplifyPad(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .shape(.pad(let low, let high, let interior)) = op else { return nil }
  let (operand, value) = (operands[0], operands[1])
  let type = rewriter[operand]
  let isDense = type.shape.indices.allSatisfy { interior[$0] == 0 || type.shape[$0] <= 1 }
  if isDense, (low + high).allSatisfy({ $0 == 0 }) { return operand }
  let inner = rewriter.broadcast(operand)
  if type.count == 0 || inner?.operand == value {
    let shape = try op.resultTypes([type, rewriter[value]])[0].shape
    return try rewriter.emitBroadcast(value, to: shape, dimensions: [])
  }
  if isDense, (low + high).allSatisfy({ $0 <= 0 }) {
    let limits = type.shape.indices.map { type.shape[$0] + high[$0] }
    let slice = ShapeOp.slice(
      starts: low.map { -$0 }, limits: limits, strides: low.map { _ in 1 })
    return try rewriter.emit(.shape(slice), [operand])
  }
  guard let definition = rewriter.definition(of: operand), definition.operands.last == value,
    case .shape(.pad(let innerLow, let innerHigh, let innerInterior)) = definition.op,
    (low + high + innerLow + innerHigh).allSatisfy({ $0 >= 0 }),
    (interior + innerInterior).allSatisfy({ $0 == 0 })
  else { return nil }
  let merged = ShapeOp.pad(
    low: low.indices.map { low[$0] + innerLow[$0] },
    high: high.indices.map { high[$0] + innerHigh[$0] }, interior: interior)
  return try rewriter.emit(.shape(merged), [definition.operands[0], value])
}
