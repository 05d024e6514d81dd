import TensorIR

/// Merges broadcasts with what they read.
///
///     Before:  %1 = stablehlo.broadcast_in_dim %0, dims = [1] : (tensor<4xf32>) -> tensor<1x4xf32>
///              %2 = stablehlo.broadcast_in_dim %1, dims = [0, 1] : (tensor<1x4xf32>) -> tensor<3x4xf32>
///     After:   %2 = stablehlo.broadcast_in_dim %0, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
///
/// - A broadcast that changes nothing is its operand.
/// - A broadcast of a transpose names the axes itself.
/// - A broadcast that only permutes is a transpose.
@Sendable func simplifyBroadcast(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .shape(.broadcast(let shape, let dimensions)) = op else { return nil }
  let operand = operands[0]
  let operandShape = rewriter[operand].shape
  if operandShape == shape, dimensions.isIdentity { return operand }
  if let inner = rewriter.broadcast(operand) {
    return try rewriter.emitBroadcast(
      inner.operand, to: shape, dimensions: inner.dimensions.map { dimensions[$0] })
  }
  if let definition = rewriter.definition(of: operand),
    case .shape(.transpose(let permutation)) = definition.op
  {
    let source = dimensions.selecting(permutation.inversePermutation)
    return try rewriter.emitBroadcast(definition.operands[0], to: shape, dimensions: source)
  }
  if dimensions.count == shape.count, operandShape == shape.selecting(dimensions) {
    return try rewriter.emitTranspose(operand, dimensions.inversePermutation)
  }
  return nil
}
