import TensorIR

// Derivatives of logarithms of quotients, of x·log(x) and of c/x², whose chain rules give ∞ · 0 where x
// is zero or infinite, and divide more often; and of x·log(y) with its value at x = 0 written out.

extension ForwardPass {
  /// The tangent of log(x / y), ẋ/x − ẏ/y, if such a quotient is the operand of this logarithm; for
  /// x = exp(u), whose tangent may be zero beside it, u̇ − ẏ/y. Nil for all others.
  ///
  /// Quotients by exp(u) and 1 + exp(u) have a rule of their own.
  mutating func logQuotientTangent(_ operand: ValueID) throws -> ValueID? {
    guard source[operand].element.isFloat, let (x, y) = operands(of: operand, by: .divide),
      self.operand(of: y, by: .exponential) == nil, exponentBesideOne(y) == nil
    else { return nil }
    let growing: ValueID?
    if let exponent = self.operand(of: x, by: .exponential) {
      growing = tangent(exponent)
    } else {
      growing = try tangent(x).map { try scale($0, dividingBy: x) }
    }
    let shrinking = try tangent(y).map { try scale($0, dividingBy: y) }
    return try difference(growing, shrinking)
  }

  /// The tangent of x·log(x), ẋ·(log(x) + 1), if one operand is the other one's logarithm; nil for all
  /// others.
  mutating func entropyTangent(_ left: ValueID, _ right: ValueID) throws -> ValueID? {
    for (x, logarithm) in [(left, right), (right, left)]
    where operand(of: logarithm, by: .log) == x && source[x].element.isFloat {
      guard let tangent = tangent(x) else { return nil }
      let one = try builder.splat(1, source[x])
      return try scale(tangent, by: builder.add(logarithm, one))
    }
    return nil
  }

  /// The tangent of z = c / x², −2·z·ẋ / x, if the divisor is such a square and the dividend has no
  /// tangent; nil for all others.
  mutating func squareQuotientTangent(_ operation: Operation) throws -> ValueID? {
    guard tangent(operation.operands[0]) == nil, source[operation.result].element.isFloat,
      let (x, same) = operands(of: operation.operands[1], by: .multiply), x == same,
      let tangent = tangent(x)
    else { return nil }
    let twice = try builder.multiply(
      operation.result, builder.splat(-2, source[operation.result]))
    return try scale(scale(tangent, by: twice), dividingBy: x)
  }

  /// A tangent where a choice was made because a value is NaN (v ≠ v): NaN where what was chosen is
  /// NaN itself. Nil for other choices.
  mutating func tangentOfChosenNaN(
    _ predicate: ValueID, _ chosen: ValueID, _ tangent: ValueID
  ) throws -> ValueID? {
    guard let test = definition(predicate), case .compare(let comparison) = test.op,
      comparison.direction == .notEqual, test.operands[0] == test.operands[1],
      source[test.operands[0]].element.isFloat, source[chosen].element.isFloat,
      source[chosen].shape == source[predicate].shape
    else { return nil }
    let isNaN = try builder.compare(.notEqual, chosen, chosen)
    let type = source[chosen]
    let factor = try builder.select(
      isNaN, builder.splat(.nan, type), builder.splat(1, type))
    return try builder.multiply(tangent, factor)
  }

  /// What the choice 0 where x is 0 and y is a number, else x·log(y) or x·log(1 + y), leaves out of the
  /// tangent: ẋ times the finite logarithm where x is 0. Nil for other choices.
  ///
  /// Exporters write `xlogy` and `xlog1py` so, whose rule they keep to themselves: by the choice alone the
  /// slope by x at 0 would be zero, and densities of Dirichlet, beta and binomial distributions would lose
  /// a term where an exponent is 0.
  mutating func guardedLogarithmTangent(_ operation: Operation) throws -> ValueID? {
    guard source[operation.result].element.isFloat, knownSplat(operation.operands[2]) == 0,
      let choice = definition(operation.operands[0]), choice.op == .binary(.or),
      let (left, right) = operands(of: operation.operands[1], by: .multiply)
    else { return nil }
    let tests = choice.operands.compactMap { definition($0) }.filter {
      $0.op.comparesUnequal
    }
    for (x, logarithm) in [(left, right), (right, left)] {
      guard let tangent = tangent(x),
        let y = operand(of: logarithm, by: .log) ?? operand(of: logarithm, by: .logPlusOne),
        tests.contains(where: { $0.operands == [y, y] }),
        tests.contains(where: { $0.operands[0] == x && knownSplat($0.operands[1]) == 0 })
      else { continue }
      let isLeftOut = try builder.binary(
        .and, builder.unary(.not, operation.operands[0]), builder.unary(.isFinite, logarithm))
      return try masked(scale(tangent, by: logarithm), where: isLeftOut)
    }
    return nil
  }
}

extension Op {
  /// Whether the result says which elements are unequal or unordered.
  fileprivate var comparesUnequal: Bool {
    guard case .compare(let comparison) = self else { return false }
    return comparison.direction == .notEqual
  }
}
