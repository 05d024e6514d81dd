import TensorIR

/// Drops choices that are known.
///
///     Before:  %1 = stablehlo.not %0    %2 = stablehlo.select %1, %arg0, %arg1
///     After:   %2 = stablehlo.select %0, %arg1, %arg0
///
/// - A choice between equals, or by a known predicate, is one of them.
/// - A choice between true and false is the predicate or its opposite.
/// - A choice within a choice by the same predicate is known.
@Sendable func simplifySelect(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .select = op else { return nil }
  let (predicate, onTrue, onFalse) = (operands[0], operands[1], operands[2])
  if onTrue == onFalse { return onTrue }
  if let known = rewriter.integer(predicate) { return known == 0 ? onFalse : onTrue }
  if let opposite = rewriter.operand(of: predicate, by: .not) {
    return try rewriter.emit(.select, [opposite, onFalse, onTrue])
  }
  if let inner = rewriter.choice(onTrue, by: predicate) {
    return try rewriter.emit(.select, [predicate, inner[1], onFalse])
  }
  if let inner = rewriter.choice(onFalse, by: predicate) {
    return try rewriter.emit(.select, [predicate, onTrue, inner[2]])
  }
  let type = rewriter[onTrue]
  guard type.element == .i1, rewriter[predicate] == type else { return nil }
  switch (rewriter.integer(onTrue), rewriter.integer(onFalse)) {
  case (1, 0): return predicate
  case (0, 1): return try rewriter.emitUnary(.not, predicate)
  default: return nil
  }
}

extension Rewriter {
  /// The operands of a value that is a choice by `predicate`.
  fileprivate func choice(_ value: ValueID, by predicate: ValueID) -> [ValueID]? {
    guard let definition = definition(of: value), case .select = definition.op,
      definition.operands[0] == predicate
    else { return nil }
    return definition.operands
  }
}
