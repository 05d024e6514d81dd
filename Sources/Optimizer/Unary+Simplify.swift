import TensorIR

/// Drops functions of one operand that cancel or change nothing.
///
///     Before:  %1 = stablehlo.exponential %0    %2 = stablehlo.abs %1
///     After:   %2 = stablehlo.exponential %0
@Sendable func simplifyUnary(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .unary(let function) = op else { return nil }
  let operand = operands[0]
  switch function {
  case .abs:
    if rewriter.isNonNegative(operand) { return operand }
    if let source = rewriter.operand(of: operand, by: .negate) {
      return try rewriter.emitUnary(.abs, source)
    }
    return rewriter.operand(of: operand, by: .abs) == nil ? nil : operand
  case .negate:
    return try simplifyNegate(operand, &rewriter)
  case .not:
    return try simplifyNot(operand, &rewriter)
  case .square:
    // A complex product cancels where a square does not.
    return rewriter[operand].element.isComplex
      ? nil : try rewriter.emitBinary(.multiply, operand, operand)
  case .stopGradient:
    if rewriter.options.dropsStopGradients { return operand }
    return rewriter.operand(of: operand, by: .stopGradient) == nil ? nil : operand
  case .floor, .ceil, .roundEven, .roundAway:
    return rewriter.operand(of: operand, by: function) == nil ? nil : operand
  case .sign, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine,
    .cosine, .sqrt, .rsqrt, .cubeRoot, .tangent, .isFinite, .populationCount, .leadingZeros, .erf,
    .erfc, .erfInverse, .sinh, .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma,
    .digamma, .isInfinite, .isPositiveInfinite, .isNegativeInfinite:
    return nil
  }
}

/// −(−x) is x; −(x·c), −(x/c) and −(c/x), not read otherwise, give their sign to the constant.
private func simplifyNegate(
  _ operand: ValueID, _ rewriter: inout Rewriter
) throws -> ValueID? {
  if let source = rewriter.operand(of: operand, by: .negate) { return source }
  let isFloat = rewriter[operand].element.isFloat
  if rewriter[operand].element.isInteger,
    let (left, right) = rewriter.operands(of: operand, by: .subtract)
  {
    return try rewriter.emitBinary(.subtract, right, left)
  }
  guard rewriter.isUsed(operand, atMost: 1) else { return nil }
  if let (left, right) = rewriter.operands(of: operand, by: .multiply),
    rewriter.splat(right) != nil
  {
    let negated = try rewriter.emitUnary(.negate, right)
    return try rewriter.emitBinary(.multiply, left, negated)
  }
  if isFloat, let (left, right) = rewriter.operands(of: operand, by: .divide) {
    if rewriter.splat(right) != nil {
      let negated = try rewriter.emitUnary(.negate, right)
      return try rewriter.emitBinary(.divide, left, negated)
    }
    if rewriter.splat(left) != nil {
      let negated = try rewriter.emitUnary(.negate, left)
      return try rewriter.emitBinary(.divide, negated, right)
    }
  }
  return nil
}

/// not(not x) is x; not of a comparison is the inverted one where no operand can be NaN, and
/// always for equality.
private func simplifyNot(_ operand: ValueID, _ rewriter: inout Rewriter) throws -> ValueID? {
  if let source = rewriter.operand(of: operand, by: .not) { return source }
  guard let definition = rewriter.definition(of: operand),
    case .compare(let comparison) = definition.op
  else { return nil }
  switch comparison.direction {
  case .equal, .notEqual: break
  case .greaterOrEqual, .greater, .lessOrEqual, .less:
    guard !rewriter[definition.operands[0]].element.isFloat else { return nil }
  }
  return try rewriter.emit(
    .compare(comparison.with(comparison.direction.inverted)), definition.operands)
}
