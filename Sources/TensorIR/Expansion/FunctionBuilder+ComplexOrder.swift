// Functions of two complex numbers that are made of functions of their parts.

extension BinaryOp {
  /// Whether the function of two complex numbers is read as what it is made of.
  var isExpandedForComplexNumbers: Bool {
    switch self {
    case .maximum, .minimum, .atan2: true
    case .add, .subtract, .multiply, .divide, .power, .remainder, .and, .or, .xor, .shiftLeft,
      .shiftRightArithmetic, .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      false
    }
  }
}

extension FunctionBuilder {
  /// A function of two complex numbers that StableHLO defines by their parts: the greater or lesser by
  /// real parts, then by imaginary ones, and an angle.
  ///
  /// - Throws: `AdjointError` where the operands' types differ.
  mutating func complexBinary(
    _ op: BinaryOp, _ left: ValueID, _ right: ValueID
  ) throws -> ValueID {
    guard self[left] == self[right] else {
      throw AdjointError(
        .type, "\(op.rawValue) (C1): operand types differ: \(self[left]) and \(self[right])")
    }
    return op == .atan2
      ? try complexAngle(left, right) : try complexExtreme(op, left, right)
  }

  /// The first of two complex numbers where it comes first by real part, then by imaginary part, or
  /// where it is NaN; else the second.
  private mutating func complexExtreme(
    _ op: BinaryOp, _ left: ValueID, _ right: ValueID
  ) throws -> ValueID {
    let direction: Comparison.Direction = op == .maximum ? .greater : .less
    let real = try [left, right].map { try emit(.complex(.real), [$0]) }
    let imaginary = try [left, right].map { try emit(.complex(.imaginary), [$0]) }
    let isBeyond = try binary(
      .and, compare(.equal, real[0], real[1]), compare(direction, imaginary[0], imaginary[1]))
    let comesFirst = try binary(.or, compare(direction, real[0], real[1]), isBeyond)
    let isNaN = try compare(.notEqual, left, left)
    return try select(binary(.or, comesFirst, isNaN), left, right)
  }

  /// The angle −i·log((x + iy)/√(x² + y²)) of complex y and x, as the StableHLO specification has it.
  private mutating func complexAngle(_ y: ValueID, _ x: ValueID) throws -> ValueID {
    let type = self[x]
    let part = TensorType(type.shape, type.element.partType)
    let unit = try emit(.complex(.make), [splat(0, part), splat(1, part)])
    let turned = try add(x, multiply(unit, y))
    let length = try emit(.unary(.sqrt), [add(multiply(x, x), multiply(y, y))])
    let direction = try binary(.divide, turned, length)
    return try negate(multiply(unit, emit(.unary(.log), [direction])))
  }
}
