import TensorIR

/// Absorbs transposes of a product's operands into its dimension numbers.
///
/// Only where the operand's free axes stay in order, for they are axes of the result.
///
///     Before:  %1 = stablehlo.transpose %0, dims = [1, 0]
///              %2 = stablehlo.dot_general %arg0, %1, contracting_dims = [1] x [0]
///     After:   %2 = stablehlo.dot_general %arg0, %0, contracting_dims = [1] x [1]
@Sendable func simplifyDot(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .dot(let dimensions) = op else { return nil }
  var result = dimensions
  var sources = operands
  if let (source, permutation) = rewriter.transpose(operands[0]),
    permutation.selecting(dimensions.leftFree(rank: permutation.count)).isRising
  {
    sources[0] = source
    result.leftBatching = permutation.selecting(dimensions.leftBatching)
    result.leftContracting = permutation.selecting(dimensions.leftContracting)
  }
  if let (source, permutation) = rewriter.transpose(operands[1]),
    permutation.selecting(dimensions.rightFree(rank: permutation.count)).isRising
  {
    sources[1] = source
    result.rightBatching = permutation.selecting(dimensions.rightBatching)
    result.rightContracting = permutation.selecting(dimensions.rightContracting)
  }
  return sources == operands ? nil : try rewriter.emit(.dot(result), sources)
}

extension Rewriter {
  /// The operand and permutation of a value that is a transpose.
  fileprivate func transpose(_ value: ValueID) -> (operand: ValueID, permutation: [Int])? {
    guard let definition = definition(of: value),
      case .shape(.transpose(let permutation)) = definition.op
    else { return nil }
    return (definition.operands[0], permutation)
  }
}

extension [Int] {
  /// Whether each element is above the one before.
  fileprivate var isRising: Bool { zip(self, dropFirst()).allSatisfy { $0 < $1 } }
}
