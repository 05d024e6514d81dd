import TensorIR

/// Identities of arithmetic that keep every bit, but for those that a product loses where it is below the
/// normal numbers and doubled.
///
///     Before:  %cst = stablehlo.constant dense<4.0>    %1 = stablehlo.divide %0, %cst
///     After:   %cst = stablehlo.constant dense<0.25>   %1 = stablehlo.multiply %0, %cst
///
/// Constants are looked for on the right of commutative functions. Not done for floats: x + 0
/// (−0 becomes +0), x · 0 and x − x (NaN and infinities).
@Sendable func simplifyArithmetic(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .binary(let function) = op else { return nil }
  let (left, right) = (operands[0], operands[1])
  switch function {
  case .add:
    if rewriter.isNumber(right, -0.0) { return left }
    return left == right ? try simplifyDoubling(left, &rewriter) : nil
  case .subtract: return try simplifySubtract(left, right, &rewriter)
  case .multiply: return try simplifyMultiply(left, right, &rewriter)
  case .divide: return try simplifyDivide(left, right, &rewriter)
  case .power: return try simplifyPower(left, right, &rewriter)
  case .xor, .shiftLeft, .shiftRightArithmetic, .shiftRightLogical:
    return rewriter.isNumber(right, 0) ? left : nil
  case .maximum, .minimum, .remainder, .atan2, .and, .or, .nextAfter, .polygamma, .zeta: return nil
  }
}

/// x · c + x · c is x · 2c for floats and |c| ≤ ½, where 2c brings no infinity that c does not: slopes of
/// roots end in −½, those of squares begin with 2.
private func simplifyDoubling(_ value: ValueID, _ rewriter: inout Rewriter) throws -> ValueID? {
  guard let (factor, constant) = rewriter.operands(of: value, by: .multiply),
    let number = rewriter.float(constant), abs(number) <= 0.5, number != 0
  else { return nil }
  let twice = try rewriter.emitSplat(2 * number, rewriter[value])
  return try rewriter.emitBinary(.multiply, factor, twice)
}

/// x − 0 is x; −0 − x, or 0 − x of integers, is −x; x − x of integers is 0.
private func simplifySubtract(
  _ left: ValueID, _ right: ValueID, _ rewriter: inout Rewriter
) throws -> ValueID? {
  if rewriter.isNumber(right, 0) { return left }
  if rewriter.isNumber(left, -0.0) { return try rewriter.emitUnary(.negate, right) }
  if left == right, rewriter[left].element.isInteger {
    return try rewriter.emitSplat(0, rewriter[left])
  }
  return nil
}

/// x · 1 is x; x · −1 is −x; x · 0 of integers is 0.
private func simplifyMultiply(
  _ left: ValueID, _ right: ValueID, _ rewriter: inout Rewriter
) throws -> ValueID? {
  let element = rewriter[left].element
  if rewriter.isNumber(right, 1) { return left }
  if element != .i1, rewriter.isNumber(right, -1) {
    return try rewriter.emitUnary(.negate, left)
  }
  return !element.isInexact && rewriter.isNumber(right, 0) ? right : nil
}

/// x / 1 is x; x / −1 is −x; x / 2ᵏ is x · 2⁻ᵏ where both are normal numbers.
private func simplifyDivide(
  _ left: ValueID, _ right: ValueID, _ rewriter: inout Rewriter
) throws -> ValueID? {
  let type = rewriter[left]
  if rewriter.isNumber(right, 1) { return left }
  guard type.element.isFloat, let divisor = rewriter.float(right) else { return nil }
  if divisor == -1 { return try rewriter.emitUnary(.negate, left) }
  let limit = type.element.floatFormat.map { $0.greatestExponent - 1 } ?? 0
  guard !rewriter.options.keepsDivisions, divisor.isNormal, divisor.significand == 1,
    abs(Int(divisor.exponent)) <= limit
  else { return nil }
  let reciprocal = try rewriter.emitSplat(1 / divisor, type)
  return try rewriter.emitBinary(.multiply, left, reciprocal)
}

/// x⁰ is 1, x¹ is x, x² is x · x, and x⁻¹ of floats is 1 / x.
private func simplifyPower(
  _ left: ValueID, _ right: ValueID, _ rewriter: inout Rewriter
) throws -> ValueID? {
  let type = rewriter[left]
  guard let exponent = rewriter.float(right) ?? rewriter.integer(right).map(Double.init) else {
    return nil
  }
  switch exponent {
  case 0: return try rewriter.emitSplat(1, type)
  case 1: return left
  case 2: return try rewriter.emitBinary(.multiply, left, left)
  case -1 where type.element.isFloat:
    return try rewriter.emitBinary(.divide, rewriter.emitSplat(1, type), left)
  default: return nil
  }
}
