import Interpreter
import TensorIR

/// Computes operations whose operands are all constants, where neither they nor the result are
/// large, with the interpreter.
///
///     Before:  %0 = stablehlo.constant dense<[1, 2]>    %1 = stablehlo.negate %0
///     After:   %1 = stablehlo.constant dense<[-1, -2]>
///
/// Broadcasts that make constants larger stay: they cost nothing, unlike the larger constant. So do
/// elementwise operations on repeated scalars, which sink to the scalars first.
@Sendable func foldConstants(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  switch op {
  case .constant, .iota, .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch,
    .scan,
    .custom, .call:
    return nil
  case .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .shape, .reduce,
    .dot, .convolution, .gather, .window,
    .scatter, .dynamicSlice, .dynamicUpdateSlice:
    break
  }
  for operand in operands where !rewriter.isConstant(operand) { return nil }
  let limit = rewriter.options.foldedElements
  let types = operands.map { rewriter[$0] }
  let isRepeated = operands.allSatisfy {
    !rewriter[$0].isScalar && rewriter.broadcast($0)?.type.isScalar == true
  }
  if op.isElementwise, isRepeated { return nil }
  guard types.allSatisfy({ $0.count <= limit }) else { return nil }
  let type = try op.resultTypes(types)[0]
  guard type.count <= limit, op.isWorthFolding(types, type, limit: limit) else { return nil }
  let literals = operands.compactMap { rewriter.literal($0) }
  guard literals.count == operands.count else { return nil }
  return try rewriter.emitConstant(op.evaluated(literals)[0])
}

extension Op {
  /// Whether a fold makes nothing larger and takes few steps.
  fileprivate func isWorthFolding(
    _ operands: [TensorType], _ result: TensorType, limit: Int
  ) -> Bool {
    switch self {
    case .shape(.broadcast): return !operands[0].isScalar && result.count == operands[0].count
    case .dot(let dimensions):
      let contracted = operands[0].shape.selecting(dimensions.leftContracting).reduce(1, *)
      return contracted <= 16 && result.count * contracted <= limit * 4
    case .convolution(let convolution):
      let terms = operands[1].count / max(operands[1].shape[convolution.kernel.output], 1)
      return terms <= 16 && result.count * terms <= limit * 4
    case .window(let op):
      let places = op.windows.count
      return places <= 16 && max(result.count, operands[0].count) * places <= limit * 4
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      return true
    }
  }
}

extension Rewriter {
  /// The elements of a constant or repeated scalar constant.
  fileprivate func literal(_ value: ValueID) -> Literal? {
    if let literal = constant(value) { return literal }
    return splat(value).map { Literal(self[value], splat: $0.bytes) }
  }
}
