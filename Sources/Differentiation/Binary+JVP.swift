import TensorIR

extension BinaryOp {
  /// The tangent of a function of two operands: the sum of both partial derivatives' products.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    let (left, right) = (operation.operands[0], operation.operands[1])
    switch self {
    case .add:
      if let smooth = try pass.logAddExpTangent(self, left, right) { return smooth }
      return try pass.sum(pass.tangent(left), pass.tangent(right))
    case .subtract:
      if let smooth = try pass.logAddExpTangent(self, left, right) { return smooth }
      return try pass.difference(pass.tangent(left), pass.tangent(right))
    case .multiply: return try multiplyTangent(left, right, in: &pass)
    case .divide: return try divideTangent(operation, in: &pass)
    case .maximum: return try choiceTangent(left, right, .less, in: &pass)
    case .minimum: return try choiceTangent(left, right, .greater, in: &pass)
    case .power: return try powerTangent(operation, in: &pass)
    case .remainder: return try remainderTangent(operation, in: &pass)
    case .atan2: return try angleTangent(left, right, in: &pass)
    case .polygamma, .zeta: return try zetaTangent(operation, in: &pass)
    // One bit from the first operand, whichever way the second one lies.
    case .nextAfter: return pass.tangent(left)
    case .and, .or, .xor, .shiftLeft, .shiftRightArithmetic, .shiftRightLogical: return nil
    }
  }

  /// ẋ − ẏ·q for the whole number q by which x − q·y is the remainder.
  private func remainderTangent(
    _ operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (left, right) = (operation.operands[0], operation.operands[1])
    guard pass.tangent(right) != nil else { return pass.tangent(left) }
    let difference = try pass.builder.subtract(left, operation.result)
    let whole = try pass.builder.unary(.roundEven, pass.builder.divide(difference, right))
    return try pass.difference(pass.tangent(left), pass.scaled(pass.tangent(right), by: whole))
  }

  /// (ẏ·x − ẋ·y) / (x² + y²), with both multiplied by a power of two where squares would leave the
  /// range of their type.
  private func angleTangent(
    _ left: ValueID, _ right: ValueID, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let isReal = pass.type(left).element.isFloat
    let factor =
      isReal
      ? try pass.builder.rangeFactor(left, right)
      : try pass.builder.splat(1, pass.type(left))
    let y = try pass.builder.multiply(left, factor)
    let x = try pass.builder.multiply(right, factor)
    let square = try pass.builder.add(pass.builder.multiply(x, x), pass.builder.multiply(y, y))
    func slope(_ part: ValueID) throws -> ValueID {
      try pass.builder.multiply(pass.builder.divide(part, square), factor)
    }
    let rising = try pass.scaled(pass.tangent(left), by: slope(x))
    return try pass.difference(rising, pass.scaled(pass.tangent(right), by: slope(y)))
  }

  /// In x, the derivative of polygamma(n, x) is polygamma(n + 1, x), and that of zeta(s, x) is
  /// −s·zeta(s + 1, x); in n and s there is none.
  private func zetaTangent(
    _ operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (order, x) = (operation.operands[0], operation.operands[1])
    guard pass.tangent(order) == nil else {
      throw AdjointError(
        .notDifferentiable, "\(rawValue) has no derivative in its first operand",
        at: operation.location)
    }
    guard let tangent = pass.tangent(x) else { return nil }
    let next = try pass.builder.add(order, pass.builder.splat(1, pass.type(order)))
    var slope = try pass.builder.binary(self, next, x)
    if self == .zeta {
      slope = try pass.builder.multiply(pass.builder.negate(order), slope)
    }
    return try pass.scale(tangent, by: slope)
  }

  /// The product rule; that of a square is one product, and x·log(x) has slope log(x) + 1.
  private func multiplyTangent(
    _ left: ValueID, _ right: ValueID, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (x, y) = (left, right)
    if left == right, let tangent = pass.tangent(left) {
      return try pass.squareTangent(tangent, x)
    }
    if let tangent = try pass.entropyTangent(left, right) { return tangent }
    return try pass.sum(
      pass.scaled(pass.tangent(left), by: y), pass.scaled(pass.tangent(right), by: x))
  }

  /// (ẋ − z·ẏ) / y for z = x / y, so that both directions divide once; −z·ẏ·z for z = 1 / y, so that
  /// none does.
  private func divideTangent(
    _ operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (left, right) = (operation.operands[0], operation.operands[1])
    if let smooth = try pass.exponentialQuotientTangent(operation) { return smooth }
    if let tangent = try pass.squareQuotientTangent(operation) { return tangent }
    let shrinking = try pass.scaled(pass.tangent(right), by: operation.result)
    guard let numerator = try pass.difference(pass.tangent(left), shrinking) else { return nil }
    if pass.tangent(left) == nil, pass.knownSplat(left) == 1 {
      return try pass.scale(numerator, by: operation.result)
    }
    return try pass.scale(numerator, dividingBy: right)
  }

  /// The tangent of the operand chosen, and the mean of both where the operands are equal, as JAX
  /// has it. `direction` holds where the first operand is not chosen: an operand that is NaN is.
  private func choiceTangent(
    _ left: ValueID, _ right: ValueID, _ direction: Comparison.Direction, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (x, y) = (left, right)
    if left == right { return pass.tangent(left) }
    let type = pass.type(left)
    let isTie = try pass.builder.compare(.equal, x, y)
    let (half, one) = (try pass.builder.splat(0.5, type), try pass.builder.splat(1, type))
    let share = try pass.builder.select(isTie, half, one)
    func part(
      _ operand: ValueID, _ chosen: ValueID, _ other: ValueID
    ) throws -> ValueID? {
      guard let tangent = try pass.scaled(pass.tangent(operand), by: share) else { return nil }
      let isOther = try pass.builder.compare(direction, chosen, other)
      return try pass.builder.select(isOther, pass.zero(type), tangent)
    }
    let first = try part(left, x, y)
    return try pass.sum(first, part(right, y, x))
  }

  /// ẋ·y·x^(y−1) + ẏ·log(x)·x^y, where x^0 has slope 0 in x, and 0^0 and powers that are zero have
  /// slope 0 in y.
  private func powerTangent(_ operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    let (base, exponent) = (operation.operands[0], operation.operands[1])
    let (x, y) = (base, exponent)
    let type = pass.type(base)
    var sum = try powerTangent(inBase: base, exponent, in: &pass)
    if let tangent = pass.tangent(exponent) {
      let zero = try pass.zero(type)
      var isFlat = try pass.builder.compare(.equal, x, zero)
      if type.element.isFloat {
        let isOne = try pass.builder.binary(.and, isFlat, pass.builder.compare(.equal, y, zero))
        let isNone = try pass.builder.compare(.equal, operation.result, zero)
        isFlat = try pass.builder.binary(.or, isNone, isOne)
      }
      let slope = try pass.builder.multiply(pass.builder.unary(.log, x), operation.result)
      let part = try pass.scale(tangent, by: slope)
      sum = try pass.sum(sum, pass.builder.select(isFlat, zero, part))
    }
    return sum
  }

  /// The part of a power's tangent that comes from its base; known exponents save the guard.
  ///
  /// The guard is for y = 0 where x^(y−1) is infinite, and for nothing else: next to it the slope
  /// has a derivative in y.
  private func powerTangent(
    inBase base: ValueID, _ exponent: ValueID, in pass: inout ForwardPass
  ) throws -> ValueID? {
    guard let tangent = pass.tangent(base) else { return nil }
    let (x, y) = (base, exponent)
    let type = pass.type(base)
    if let known = pass.knownSplat(exponent) {
      if known == 0 { return nil }
      if known == 1 { return tangent }
      if known == 2 { return try pass.squareTangent(tangent, x) }
      let lowered = try pass.builder.splat(known - 1, type)
      let slope = try pass.builder.multiply(y, pass.builder.binary(.power, x, lowered))
      return try pass.scale(tangent, by: slope)
    }
    let (zero, one) = (try pass.zero(type), try pass.builder.splat(1, type))
    let lowered = try pass.builder.binary(.power, x, pass.builder.subtract(y, one))
    let isEndless =
      type.element.isComplex
      ? try pass.builder.compare(.equal, x, zero)
      : try pass.builder.unary(.not, pass.builder.unary(.isFinite, lowered))
    let isFlat = try pass.builder.binary(
      .and, pass.builder.compare(.equal, y, zero), isEndless)
    let part = try pass.scale(tangent, by: pass.builder.multiply(y, lowered))
    return try pass.builder.select(isFlat, zero, part)
  }
}

extension ForwardPass {
  /// The tangent of x², ẋ·x + ẋ·x. No factor is x + x, which may be infinite where x is not: a
  /// cotangent of zero stays zero.
  mutating func squareTangent(_ tangent: ValueID, _ x: ValueID) throws -> ValueID {
    let product = try scale(tangent, by: x)
    return try builder.add(product, product)
  }

  /// The difference of two tangents of which each may be zero.
  mutating func difference(_ left: ValueID?, _ right: ValueID?) throws -> ValueID? {
    guard let right else { return left }
    guard let left else { return try builder.negate(right) }
    return try builder.subtract(left, right)
  }
}
