import TensorIR

// Derivatives of the softplus, log-add-exp and logistic functions in the forms that programs write
// them: exact, finite and smooth where the chain rule through exp, log, max and abs gives ∞ · 0, or a
// kink that is not there. All of them are made of the logistic function σ.

extension ForwardPass {
  /// What a source value is computed by; nil for a parameter.
  func definition(_ value: ValueID) -> Operation? {
    indexFacts.definitions[value.index].map { source.operations[$0] }
  }

  /// The operand of a source value defined by a function of one operand.
  func operand(of value: ValueID, by expected: UnaryOp) -> ValueID? {
    guard let definition = definition(value), case .unary(expected) = definition.op else {
      return nil
    }
    return definition.operands[0]
  }

  /// The operands of a source value defined by a function of two operands.
  func operands(of value: ValueID, by expected: BinaryOp) -> (ValueID, ValueID)? {
    guard let definition = definition(value), case .binary(expected) = definition.op else {
      return nil
    }
    return (definition.operands[0], definition.operands[1])
  }

  /// The u of a source value 1 + exp(u).
  func exponentBesideOne(_ value: ValueID) -> ValueID? {
    guard let (left, right) = operands(of: value, by: .add) else { return nil }
    if knownSplat(right) == 1 { return operand(of: left, by: .exponential) }
    return knownSplat(left) == 1 ? operand(of: right, by: .exponential) : nil
  }

  /// The tangent of log(1 + exp(u)), u̇·σ(u), if 1 + exp(u) is the operand of this logarithm; nil
  /// for all others.
  mutating func softplusTangent(_ op: UnaryOp, _ operand: ValueID) throws -> ValueID? {
    let exponent =
      op == .log ? exponentBesideOne(operand) : self.operand(of: operand, by: .exponential)
    guard let exponent, let tangent = tangent(exponent) else { return nil }
    return try scale(tangent, by: builder.unary(.logistic, exponent))
  }

  /// The tangent of z = x / y for y = 1 + exp(u), ẋ / y − u̇·z·σ(u), and for y = exp(u),
  /// ẋ / y − u̇·z, neither of which multiplies by y, that may be infinite; nil for others.
  mutating func exponentialQuotientTangent(_ operation: Operation) throws -> ValueID? {
    let divisor = operation.operands[1]
    let shrinking: ValueID
    if let exponent = operand(of: divisor, by: .exponential), let inner = tangent(exponent) {
      shrinking = try scale(inner, by: operation.result)
    } else if let exponent = exponentBesideOne(divisor), let inner = tangent(exponent) {
      let slope = try builder.multiply(operation.result, builder.unary(.logistic, exponent))
      shrinking = try scale(inner, by: slope)
    } else {
      return nil
    }
    guard let numerator = tangent(operation.operands[0]) else {
      return try builder.negate(shrinking)
    }
    let growing = try scale(numerator, dividingBy: operation.operands[1])
    return try builder.subtract(growing, shrinking)
  }

  /// The tangent of max(x, y) + log(1 + exp(−|x − y|)), which is log(exp(x) + exp(y)), and of
  /// min(x, y) − log(1 + exp(−|x − y|)); nil for all others.
  ///
  /// It is ẋ·σ(x − y) + ẏ·σ(y − x), with signs changed for the minimum.
  mutating func logAddExpTangent(
    _ op: BinaryOp, _ left: ValueID, _ right: ValueID
  ) throws -> ValueID? {
    let isMaximum = op == .add
    for (choice, rest) in isMaximum ? [(left, right), (right, left)] : [(left, right)] {
      guard let (x, y) = operands(of: choice, by: isMaximum ? .maximum : .minimum),
        let exponent = softplusExponent(rest), let size = operand(of: exponent, by: .negate),
        let gap = operand(of: size, by: .abs), isDifference(gap, x, y)
      else { continue }
      let (more, less) = isMaximum ? (x, y) : (y, x)
      let gap1 = try builder.subtract(more, less)
      let first = try tangent(x).map { try scale($0, by: builder.unary(.logistic, gap1)) }
      let gap2 = try builder.subtract(less, more)
      let second = try tangent(y).map { try scale($0, by: builder.unary(.logistic, gap2)) }
      return try sum(first, second)
    }
    return nil
  }

  /// The u of a source value log(1 + exp(u)).
  private func softplusExponent(_ value: ValueID) -> ValueID? {
    if let inner = operand(of: value, by: .logPlusOne) {
      return operand(of: inner, by: .exponential)
    }
    return operand(of: value, by: .log).flatMap { exponentBesideOne($0) }
  }

  /// Whether a source value is x − y or y − x, as simplification may have written it.
  private func isDifference(_ value: ValueID, _ x: ValueID, _ y: ValueID) -> Bool {
    if let (left, right) = operands(of: value, by: .subtract) {
      if (left, right) == (x, y) || (left, right) == (y, x) { return true }
      // −p − (−q) is q − p.
      guard let p = operand(of: x, by: .negate), let q = operand(of: y, by: .negate) else {
        return false
      }
      return (left, right) == (p, q) || (left, right) == (q, p)
    }
    if (value == x && knownSplat(y) == 0) || (value == y && knownSplat(x) == 0) { return true }
    guard let (left, right) = operands(of: value, by: .add) else { return false }
    let terms = Set([left, right])
    return operand(of: y, by: .negate).map { terms == Set([x, $0]) } ?? false
      || operand(of: x, by: .negate).map { terms == Set([y, $0]) } ?? false
  }
}
