import TensorIR

/// Recognizes the logistic function in the forms that exporters and programs write.
///
///     Before:  1 / (1 + exp(−x)),  exp(x) / (1 + exp(x)),
///              x ≥ 0 ? 1 / (1 + exp(−|x|)) : exp(−|x|) / (1 + exp(−|x|))
///     After:   logistic(x)
///
/// The op is as accurate as the best of them for every x, and so are its derivatives, where those of
/// the first form are ∞ · 0 once exp(−x) overflows.
@Sendable func simplifyLogistic(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  switch op {
  case .binary(.divide):
    guard let exponent = rewriter.exponentBesideOne(operands[1]) else { return nil }
    if rewriter.isNumber(operands[0], 1) {
      return try rewriter.emitUnary(.logistic, rewriter.emitUnary(.negate, exponent))
    }
    guard rewriter.operand(of: operands[0], by: .exponential) == exponent else { return nil }
    return try rewriter.emitUnary(.logistic, exponent)
  case .select: return try rewriter.logisticOfChoice(operands)
  default: return nil
  }
}

extension Rewriter {
  /// The x of a value 1 + exp(x).
  fileprivate func exponentBesideOne(_ value: ValueID) -> ValueID? {
    guard let (left, right) = operands(of: value, by: .add), self[value].element.isFloat else {
      return nil
    }
    if isNumber(right, 1) { return operand(of: left, by: .exponential) }
    return isNumber(left, 1) ? operand(of: right, by: .exponential) : nil
  }

  /// The logistic function of x as a choice by the sign of x between those of |x| and −|x|.
  fileprivate mutating func logisticOfChoice(_ operands: [ValueID]) throws -> ValueID? {
    guard let comparison = definition(of: operands[0]),
      case .compare(let relation) = comparison.op,
      isNumber(comparison.operands[1], 0) || isNumber(comparison.operands[1], -0.0),
      let onTrue = operand(of: operands[1], by: .logistic),
      let onFalse = operand(of: operands[2], by: .logistic)
    else { return nil }
    let x = comparison.operands[0]
    func isMagnitude(_ value: ValueID) -> Bool {
      value == x || operand(of: value, by: .abs) == x
    }
    func isOpposite(_ value: ValueID) -> Bool {
      value == x || operand(of: value, by: .negate).map { operand(of: $0, by: .abs) == x } ?? false
    }
    let isLogistic =
      switch relation.direction {
      case .greater, .greaterOrEqual: isMagnitude(onTrue) && isOpposite(onFalse)
      case .less, .lessOrEqual: isOpposite(onTrue) && isMagnitude(onFalse)
      case .equal, .notEqual: false
      }
    return isLogistic ? try emitUnary(.logistic, x) : nil
  }
}
