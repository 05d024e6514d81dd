import TensorIR

extension BinaryOp {
  /// Sums are linear in both operands, products in either one, quotients in the numerator.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let (left, right) = (operation.operands[0], operation.operands[1])
    switch self {
    case .add:
      try pass.accumulate(cotangent, on: left)
      try pass.accumulate(cotangent, on: right)
    case .subtract:
      try pass.accumulate(cotangent, on: left)
      if pass.isLinear(right) {
        try pass.accumulate(pass.builder.negate(cotangent), on: right)
      }
    case .multiply:
      let (factor, operand) = pass.isLinear(left) ? (right, left) : (left, right)
      let copy = try pass.residual(factor)
      try pass.accumulate(pass.scale(cotangent, by: copy), on: operand)
    case .divide:
      let divisor = try pass.residual(right)
      try pass.accumulate(pass.scale(cotangent, dividingBy: divisor), on: left)
    case .maximum, .minimum, .power, .remainder, .atan2, .and, .or, .xor, .shiftLeft,
      .shiftRightArithmetic, .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      throw pass.notLinear(operation)
    }
  }
}
