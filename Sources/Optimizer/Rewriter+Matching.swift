import TensorIR

// What rules ask about values.

extension Rewriter {
  /// The op that defines a value; nil for parameters.
  func op(of value: ValueID) -> Op? { definition(of: value)?.op }

  /// The constant a value is.
  func constant(_ value: ValueID) -> Literal? {
    if case .constant(let literal)? = op(of: value) { literal } else { nil }
  }

  /// The scalar constant that every element of a value is.
  func splat(_ value: ValueID) -> Literal? {
    guard let definition = definition(of: value) else { return nil }
    switch definition.op {
    case .constant(let literal):
      guard literal.isSplat else { return nil }
      return literal.type.isScalar
        ? literal : Literal(TensorType([], literal.type.element), splat: literal.bytes)
    case .shape(.broadcast):
      guard let literal = constant(definition.operands[0]), literal.type.isScalar else {
        return nil
      }
      return literal
    default: return nil
    }
  }

  /// Whether a value is a constant or one repeated.
  func isConstant(_ value: ValueID) -> Bool {
    guard let definition = definition(of: value) else { return false }
    switch definition.op {
    case .constant: return true
    case .shape(.broadcast): return constant(definition.operands[0]) != nil
    default: return false
    }
  }

  /// The float that every element of a value is.
  func float(_ value: ValueID) -> Double? {
    self[value].element.isFloat ? splat(value)?.doubles[0] : nil
  }

  /// The integer, or 0 or 1 for a boolean, that every element of a value is.
  func integer(_ value: ValueID) -> Int64? {
    self[value].element.isFloat ? nil : splat(value)?.integers[0]
  }

  /// Whether every element of a value is this constant; zeros count by their sign.
  func isNumber(_ value: ValueID, _ number: Double) -> Bool {
    guard isConstant(value) else { return false }
    if let float = float(value) { return float == number && float.sign == number.sign }
    return integer(value) == Int64(saturating: number)
  }

  /// The operand of a value defined by this function of one operand.
  func operand(of value: ValueID, by expected: UnaryOp) -> ValueID? {
    guard let definition = definition(of: value), case .unary(expected) = definition.op else {
      return nil
    }
    return definition.operands[0]
  }

  /// The operands of a value defined by this function of two operands.
  func operands(of value: ValueID, by expected: BinaryOp) -> (left: ValueID, right: ValueID)? {
    guard let definition = definition(of: value), case .binary(expected) = definition.op else {
      return nil
    }
    return (definition.operands[0], definition.operands[1])
  }

  /// A value seen as a broadcast.
  struct Broadcast {
    /// What is repeated.
    let operand: ValueID
    /// Its type.
    let type: TensorType
    /// The result axis of each of its axes.
    let dimensions: [Int]
    /// The result's shape.
    let shape: [Int]

    /// The axes of the operand with their whole extent in the result.
    var keptAxes: [Int] {
      dimensions.indices.filter { type.shape[$0] == shape[dimensions[$0]] }
    }
  }

  /// The broadcast that defines a value.
  func broadcast(_ value: ValueID) -> Broadcast? {
    guard let definition = definition(of: value),
      case .shape(.broadcast(let shape, let dimensions)) = definition.op
    else { return nil }
    let operand = definition.operands[0]
    return Broadcast(
      operand: operand, type: self[operand], dimensions: dimensions, shape: shape)
  }

  /// Whether no element has a sign bit, NaN aside.
  ///
  /// Looks a few operations back only.
  func isNonNegative(_ value: ValueID, depth: Int = 6) -> Bool {
    guard depth > 0, let definition = definition(of: value) else { return false }
    let operands = definition.operands
    switch definition.op {
    case .constant:
      guard let number = splat(value) else { return false }
      return number.type.element.isFloat
        ? number.doubles[0].sign == .plus : number.integers[0] >= 0
    case .unary(.exponential), .unary(.logistic):
      return true
    case .unary(.abs): return self[value].element.isFloat
    case .binary(.multiply):
      guard self[value].element.isFloat else { return false }
      return operands[0] == operands[1]
        || operands.allSatisfy { isNonNegative($0, depth: depth - 1) }
    case .binary(.add), .binary(.maximum), .binary(.minimum), .binary(.divide):
      return self[value].element.isFloat
        && operands.allSatisfy { isNonNegative($0, depth: depth - 1) }
    case .reduce(let reduction):
      guard self[value].element.isFloat, reduction.kind == .add else { return false }
      return operands.allSatisfy { isNonNegative($0, depth: depth - 1) }
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.slice):
      return isNonNegative(operands[0], depth: depth - 1)
    case .select:
      return isNonNegative(operands[1], depth: depth - 1)
        && isNonNegative(operands[2], depth: depth - 1)
    default: return false
    }
  }
}
