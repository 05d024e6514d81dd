import TensorIR

/// Moves signs out of operands, where they meet and cancel.
///
///     Before:  %1 = stablehlo.negate %0    %2 = stablehlo.add %arg0, %1
///     After:   %2 = stablehlo.subtract %arg0, %0
///
/// - a − (−b) is a + b; (−a) · (−b) is a · b; (−a) / (−b) is a / b.
/// - (−a) · b is −(a · b), likewise for quotients of floats, where −a is not read otherwise.
/// - −(a − b) stays: b − a has another zero.
@Sendable func moveNegation(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .binary(let function) = op else { return nil }
  let (left, right) = (operands[0], operands[1])
  let positiveLeft = rewriter.operand(of: left, by: .negate)
  let positiveRight = rewriter.operand(of: right, by: .negate)
  if positiveLeft == nil, positiveRight == nil { return nil }
  switch function {
  case .add:
    if let positiveRight { return try rewriter.emitBinary(.subtract, left, positiveRight) }
    guard let positiveLeft else { return nil }
    return try rewriter.emitBinary(.subtract, right, positiveLeft)
  case .subtract:
    guard let positiveRight else { return nil }
    return try rewriter.emitBinary(.add, left, positiveRight)
  case .multiply, .divide:
    if function == .divide, !rewriter[left].element.isInexact { return nil }
    if let positiveLeft, let positiveRight {
      return try rewriter.emitBinary(function, positiveLeft, positiveRight)
    }
    guard rewriter.isUsed(positiveLeft == nil ? right : left, atMost: 1) else { return nil }
    let result = try rewriter.emitBinary(function, positiveLeft ?? left, positiveRight ?? right)
    return try rewriter.emitUnary(.negate, result)
  case .maximum, .minimum, .power, .remainder, .atan2, .and, .or, .xor, .shiftLeft,
    .shiftRightArithmetic, .shiftRightLogical, .nextAfter, .polygamma, .zeta:
    return nil
  }
}
