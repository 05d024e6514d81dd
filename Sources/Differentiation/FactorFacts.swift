import TensorIR

// What can be proved about the factors of tangents from a few definitions. Each answer is on the safe
// side where nothing is known of an op.

extension FunctionBuilder {
  /// How many definitions a proof looks through.
  private static let proofDepth = 6

  /// The one number all elements of a value are known to be, or nil.
  func knownSplat(_ value: ValueID) -> Double? {
    guard let definition = definition(of: value) else { return nil }
    switch definition.op {
    case .constant(let literal): return literal.splatValue
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.reverse):
      return knownSplat(definition.operands[0])
    default: return nil
    }
  }

  /// Whether a value is finite whatever the arguments are: made of constants, counts and flags.
  func isBounded(_ value: ValueID) -> Bool { isBounded(value, depth: Self.proofDepth) }

  private func isBounded(_ value: ValueID, depth: Int) -> Bool {
    guard depth > 0, let definition = definition(of: value) else { return false }
    let operands = definition.operands
    func are(_ positions: Range<Int>) -> Bool {
      positions.allSatisfy { isBounded(operands[$0], depth: depth - 1) }
    }
    switch definition.op {
    case .constant(let literal):
      if let splat = literal.splatValue { return splat.isFinite }
      return literal.parts.doubles.allSatisfy(\.isFinite)
    case .iota: return true
    case .convert: return !self[operands[0]].element.isInexact || are(0..<1)
    case .unary(.negate), .shape(.broadcast), .shape(.reshape), .shape(.transpose),
      .shape(.reverse), .shape(.slice):
      return are(0..<1)
    case .binary(.add), .binary(.subtract), .binary(.multiply): return are(0..<2)
    case .select: return are(1..<3)
    default: return false
    }
  }

  /// Whether a factor may be infinite or NaN where its arguments are finite: it has a quotient,
  /// logarithm, root or power that no bound is known for.
  func isSingular(_ value: ValueID) -> Bool { isSingular(value, depth: Self.proofDepth) }

  private func isSingular(_ value: ValueID, depth: Int) -> Bool {
    guard depth > 0, let definition = definition(of: value) else { return false }
    let operands = definition.operands
    func any(_ positions: Range<Int>) -> Bool {
      positions.contains { isSingular(operands[$0], depth: depth - 1) }
    }
    switch definition.op {
    case .unary(.log), .unary(.logPlusOne), .unary(.rsqrt): return !isPositive(operands[0])
    case .unary(.sqrt): return !isNonNegative(operands[0], depth: depth - 1) || any(0..<1)
    case .binary(.divide): return !isPositive(operands[1]) || any(0..<1)
    case .binary(.power): return !((knownSplat(operands[1]) ?? -1) >= 0)
    case .unary, .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.reverse),
      .shape(.slice), .convert, .gather:
      return any(0..<1)
    case .binary: return any(0..<2)
    case .select: return any(1..<3)
    default: return false
    }
  }

  /// Whether all elements of a value are known to be above some positive number, NaN aside.
  func isPositive(_ value: ValueID) -> Bool { isPositive(value, depth: Self.proofDepth) }

  private func isPositive(_ value: ValueID, depth: Int) -> Bool {
    guard depth > 0, !self[value].element.isComplex, let definition = definition(of: value) else {
      return false
    }
    let operands = definition.operands
    func isPositive(_ position: Int) -> Bool {
      self.isPositive(operands[position], depth: depth - 1)
    }
    func isNonNegative(_ position: Int) -> Bool {
      self.isNonNegative(operands[position], depth: depth - 1)
    }
    switch definition.op {
    case .constant(let literal):
      if let splat = literal.splatValue { return splat > 0 }
      return literal.type.count > 0 && literal.doubles.allSatisfy { $0 > 0 }
    case .binary(.add):
      return (isPositive(0) && isNonNegative(1)) || (isPositive(1) && isNonNegative(0))
    case .binary(.maximum): return isPositive(0) || isPositive(1)
    case .unary(.sqrt), .convert, .shape(.broadcast), .shape(.reshape), .shape(.transpose),
      .shape(.reverse), .shape(.slice):
      return isPositive(0)
    default: return false
    }
  }

  /// Whether no element of a value is known to be below zero, NaN aside.
  private func isNonNegative(_ value: ValueID, depth: Int) -> Bool {
    guard depth > 0, !self[value].element.isComplex, let definition = definition(of: value) else {
      return false
    }
    let operands = definition.operands
    func are(_ positions: Range<Int>) -> Bool {
      positions.allSatisfy { isNonNegative(operands[$0], depth: depth - 1) }
    }
    switch definition.op {
    case .constant(let literal):
      if let splat = literal.splatValue { return splat >= 0 }
      return literal.doubles.allSatisfy { $0 >= 0 }
    case .unary(.abs), .unary(.exponential), .unary(.logistic), .unary(.square), .unary(.sqrt),
      .unary(.rsqrt):
      return true
    case .binary(.multiply): return operands[0] == operands[1] || are(0..<2)
    case .binary(.add), .binary(.divide), .binary(.minimum): return are(0..<2)
    case .binary(.maximum): return are(0..<1) || are(1..<2)
    case .reduce(let reduction): return reduction.kind == .add && are(0..<2)
    case .convert, .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.reverse),
      .shape(.slice):
      return are(0..<1)
    default: return false
    }
  }
}
