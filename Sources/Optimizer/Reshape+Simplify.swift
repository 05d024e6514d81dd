import TensorIR

/// Merges reshapes with what they read and turns new unit axes into broadcasts.
///
///     Before:  %1 = stablehlo.reshape %0 : (tensor<4xf32>) -> tensor<4x1xf32>
///     After:   %1 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<4xf32>) -> tensor<4x1xf32>
///
/// - A reshape that changes nothing is its operand; a reshape of a reshape is one.
/// - A reshape of a repeated scalar repeats the scalar.
/// - A reshape of a broadcast that only adds and drops unit axes is a broadcast.
@Sendable func simplifyReshape(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .shape(.reshape(let shape)) = op else { return nil }
  let operand = operands[0]
  let operandShape = rewriter[operand].shape
  if operandShape == shape { return operand }
  if let definition = rewriter.definition(of: operand), case .shape(.reshape) = definition.op {
    return try rewriter.emitReshape(definition.operands[0], to: shape)
  }
  let inner = rewriter.broadcast(operand)
  if let inner, inner.type.isScalar {
    return try rewriter.emitBroadcast(inner.operand, to: shape, dimensions: [])
  }
  guard let places = unitAxisMap(from: operandShape, to: shape) else { return nil }
  if let inner {
    // A dropped axis has extent one, and so has what it comes from.
    let dropped = inner.dimensions.indices.filter { places[inner.dimensions[$0]] == nil }
    let source = try rewriter.emitDropping(dropped, of: inner.operand)
    return try rewriter.emitBroadcast(
      source, to: shape, dimensions: inner.dimensions.compactMap { places[$0] })
  }
  let dropped = places.indices.filter { places[$0] == nil }
  if dropped.count + shape.count == operandShape.count { return nil }
  let source = try rewriter.emitDropping(dropped, of: operand)
  return try rewriter.emitBroadcast(source, to: shape, dimensions: places.compactMap { $0 })
}

/// The new axis of each old axis where shapes differ in unit axes only; nil for dropped axes.
func unitAxisMap(from old: [Int], to new: [Int]) -> [Int?]? {
  var map: [Int?] = []
  var target = 0
  for extent in old {
    while target < new.count, new[target] == 1, extent != 1 { target += 1 }
    if target < new.count, new[target] == extent {
      map.append(target)
      target += 1
    } else if extent == 1 {
      map.append(nil)
    } else {
      return nil
    }
  }
  return new[target...].allSatisfy { $0 == 1 } ? map : nil
}
