import TensorIR

/// Identities of bounds, booleans and comparisons.
///
///     Before:  %cst = stablehlo.constant dense<0xFF800000>    %1 = stablehlo.maximum %0, %cst
///     After:   %0
///
/// - max(x, x), min(x, x), x and x, x or x are x.
/// - Bounds that bound nothing go; for integers and booleans, bounds that leave nothing stay alone.
/// - A comparison of a value with itself is known, NaN excepted.
@Sendable func simplifyLogic(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  switch op {
  case .binary(let function):
    return simplifyBound(function, operands[0], operands[1], rewriter)
  case .compare(let comparison):
    let type = rewriter[operands[0]]
    guard operands[0] == operands[1], !type.element.isInexact else { return nil }
    return try rewriter.emitSplat(
      comparison.direction.includesEqual ? 1 : 0, TensorType(type.shape, .i1))
  case .constant, .iota, .unary, .select, .clamp, .convert, .bits, .complex, .fft, .shape, .reduce,
    .dot, .convolution, .gather, .window,
    .scatter, .dynamicSlice, .dynamicUpdateSlice,
    .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
    return nil
  }
}

/// The operand that a bound or a bitwise function equals.
private func simplifyBound(
  _ function: BinaryOp, _ left: ValueID, _ right: ValueID, _ rewriter: Rewriter
) -> ValueID? {
  let kind: Reduction.Kind
  let absorbing: Reduction.Kind
  switch function {
  case .maximum: (kind, absorbing) = (.maximum, .minimum)
  case .minimum: (kind, absorbing) = (.minimum, .maximum)
  case .and: (kind, absorbing) = (.and, .or)
  case .or: (kind, absorbing) = (.or, .and)
  case .add, .subtract, .multiply, .divide, .power, .remainder, .atan2, .xor, .shiftLeft,
    .shiftRightArithmetic, .shiftRightLogical, .nextAfter, .polygamma, .zeta:
    return nil
  }
  if left == right { return left }
  let element = rewriter[left].element
  guard let constant = rewriter.splat(right) else { return nil }
  if constant == kind.identity(of: element) { return left }
  return !element.isFloat && constant == absorbing.identity(of: element) ? right : nil
}

extension Comparison.Direction {
  /// Whether equal operands satisfy it.
  fileprivate var includesEqual: Bool {
    switch self {
    case .equal, .greaterOrEqual, .lessOrEqual: true
    case .notEqual, .greater, .less: false
    }
  }
}
