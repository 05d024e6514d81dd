import TensorIR

/// Merges the pieces of concatenations.
///
///     Before:  %1 = stablehlo.slice %0 [0:3]    %2 = stablehlo.slice %0 [3:5]
///              %3 = stablehlo.concatenate %1, %2, dim = 0
///     After:   %3 = stablehlo.slice %0 [0:5]
///
/// - One piece is itself; empty pieces go; pieces that are concatenations along the same axis and
///   read once give their pieces.
/// - Neighbouring slices of one value become one slice.
/// - Pieces that all repeat one scalar become one broadcast.
@Sendable func simplifyConcatenate(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .shape(.concatenate(let dimension)) = op else { return nil }
  if operands.count == 1 { return operands[0] }
  if let repeated = try repeatedScalar(op, operands, &rewriter) { return repeated }
  var pieces: [ValueID] = []
  for operand in operands where rewriter[operand].shape[dimension] > 0 {
    if let definition = rewriter.definition(of: operand), definition.op == op,
      rewriter.isUsed(operand, atMost: 1)
    {
      pieces += definition.operands
    } else if let last = pieces.last,
      let merged = try joinedSlice(last, operand, dimension, &rewriter)
    {
      pieces[pieces.count - 1] = merged
    } else {
      pieces.append(operand)
    }
  }
  if pieces.isEmpty { return operands[0] }
  return pieces == operands ? nil : try rewriter.emit(op, pieces)
}

/// The scalar that all pieces repeat, repeated.
private func repeatedScalar(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard let first = rewriter.broadcast(operands[0]), first.type.isScalar,
    operands.allSatisfy({ rewriter.broadcast($0)?.operand == first.operand })
  else { return nil }
  let shape = try op.resultTypes(operands.map { rewriter[$0] })[0].shape
  return try rewriter.emitBroadcast(first.operand, to: shape, dimensions: [])
}

/// The slice that holds two slices of one value one after the other.
private func joinedSlice(
  _ left: ValueID, _ right: ValueID, _ dimension: Int, _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard let first = rewriter.definition(of: left), let second = rewriter.definition(of: right),
    case .shape(.slice(let starts, let limits, let strides)) = first.op,
    case .shape(.slice(let nextStarts, let nextLimits, strides)) = second.op,
    first.operands == second.operands, strides[dimension] == 1,
    limits[dimension] == nextStarts[dimension],
    starts.removing([dimension]) == nextStarts.removing([dimension]),
    limits.removing([dimension]) == nextLimits.removing([dimension])
  else { return nil }
  let slice = ShapeOp.slice(starts: starts, limits: nextLimits, strides: strides)
  return try rewriter.emit(.shape(slice), first.operands)
}
