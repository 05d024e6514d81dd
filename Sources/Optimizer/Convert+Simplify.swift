import TensorIR

/// Drops conversions that lose nothing.
///
///     Before:  %1 = stablehlo.convert %0 : (tensor<4xf32>) -> tensor<4xf64>
///              %2 = stablehlo.convert %1 : (tensor<4xf64>) -> tensor<4xf32>
///     After:   %0
///
/// A converted iota short enough to be exact is an iota.
@Sendable func simplifyConvert(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .convert(let target) = op else { return nil }
  let operand = operands[0]
  let element = rewriter[operand].element
  if element == target { return operand }
  guard let definition = rewriter.definition(of: operand) else { return nil }
  switch definition.op {
  case .convert:
    let source = definition.operands[0]
    let original = rewriter[source].element
    guard original.isExact(in: element) else { return nil }
    return original == target ? source : try rewriter.emit(op, [source])
  case .iota(let type, let dimension):
    let extent = type.shape[dimension]
    guard target.holds(count: extent), element.holds(count: extent), target != .i1 else {
      return nil
    }
    return try rewriter.emit(
      .iota(TensorType(type.shape, target), dimension: dimension), [])
  default: return nil
  }
}
