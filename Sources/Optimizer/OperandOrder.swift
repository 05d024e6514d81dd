import TensorIR

extension Rewriter {
  /// Whether two operands stand in canonical order: constants right, older values left.
  func isOrdered(_ left: ValueID, _ right: ValueID) -> Bool {
    let (leftIsConstant, rightIsConstant) = (isConstant(left), isConstant(right))
    return leftIsConstant == rightIsConstant ? left <= right : rightIsConstant
  }
}

/// Puts the operands of commutative functions and comparisons in canonical order.
///
/// Later rules look for constants on the right only, and equal operations become identical.
///
///     Before:  %2 = stablehlo.multiply %cst, %arg0
///     After:   %2 = stablehlo.multiply %arg0, %cst
@Sendable func orderOperands(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  let swapped: Op
  switch op {
  case .binary(let binary) where binary.isCommutative: swapped = op
  case .compare(let comparison): swapped = .compare(comparison.with(comparison.direction.swapped))
  default: return nil
  }
  guard !rewriter.isOrdered(operands[0], operands[1]) else { return nil }
  return try rewriter.emit(swapped, [operands[1], operands[0]])
}

/// Orders the operands of a difference that is squared and not read otherwise.
///
///     Before:  %1 = stablehlo.subtract %arg1, %arg0    %2 = stablehlo.multiply %1, %1
///     After:   %1 = stablehlo.subtract %arg0, %arg1    %2 = stablehlo.multiply %1, %1
@Sendable func orderSquaredDifference(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  guard case .binary(.multiply) = op, operands[0] == operands[1],
    let (left, right) = rewriter.operands(of: operands[0], by: .subtract),
    !rewriter.isOrdered(left, right), rewriter.isUsed(operands[0], atMost: 2)
  else { return nil }
  let difference = try rewriter.emitBinary(.subtract, right, left)
  return try rewriter.emitBinary(.multiply, difference, difference)
}

extension Comparison.Direction {
  /// The direction that gives the same answer for swapped operands.
  var swapped: Comparison.Direction {
    switch self {
    case .equal: .equal
    case .notEqual: .notEqual
    case .greaterOrEqual: .lessOrEqual
    case .greater: .less
    case .lessOrEqual: .greaterOrEqual
    case .less: .greater
    }
  }

  /// The direction that gives the opposite answer where operands are ordered.
  var inverted: Comparison.Direction {
    switch self {
    case .equal: .notEqual
    case .notEqual: .equal
    case .greaterOrEqual: .less
    case .greater: .lessOrEqual
    case .lessOrEqual: .greater
    case .less: .greaterOrEqual
    }
  }
}
