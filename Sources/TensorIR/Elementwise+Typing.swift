extension UnaryOp {
  /// Which element types a function takes.
  private func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .abs, .sign: element.kind == .signed || element.isFloat
    case .negate, .square: element != .i1
    case .not: !element.isFloat
    case .stopGradient: true
    case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine, .cosine,
      .sqrt, .rsqrt, .floor, .isFinite, .erf:
      element.isFloat
    }
  }

  /// - C1: the element type is one the function takes: floats for transcendental functions, numbers
  ///   for negate and square, numbers with a sign for abs and sign, booleans and integers for not.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    try check.require(1, accepts(operand.element)) { "does not take \(operand)" }
    return self == .isFinite ? TensorType(operand.shape, .i1) : operand
  }
}

extension BinaryOp {
  /// Which element types a function takes.
  private func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .add, .multiply, .maximum, .minimum: true
    case .subtract, .divide, .power: element != .i1
    case .and, .or: !element.isFloat
    }
  }

  /// - C1: both operands have one type.
  /// - C2: the element type is one the function takes.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(2)
    let (left, right) = (check.operands[0], check.operands[1])
    try check.require(1, left == right) { "operands differ: \(left) and \(right)" }
    try check.require(2, accepts(left.element)) { "does not take \(left)" }
    return left
  }
}

extension Comparison {
  /// - C1: both operands have one type.
  /// - C2: a written compare type fits the element type.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(2)
    let (left, right) = (check.operands[0], check.operands[1])
    try check.require(1, left == right) { "operands differ: \(left) and \(right)" }
    if let writtenType {
      let natural =
        switch left.element.kind {
        case .float: "FLOAT"
        case .signed: "SIGNED"
        case .boolean, .unsigned: "UNSIGNED"
        }
      try check.require(2, writtenType == natural) {
        "compare type \(writtenType) does not fit \(left)"
      }
    }
    return TensorType(left.shape, .i1)
  }
}
