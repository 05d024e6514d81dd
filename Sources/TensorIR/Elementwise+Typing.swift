extension UnaryOp {
  /// Which element types a function takes.
  private func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .abs, .sign: element.kind == .signed || element.isFloat
    case .negate, .square: element != .i1
    case .not: !element.isFloat
    case .stopGradient: true
    case .populationCount, .leadingZeros: element.isInteger
    case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine, .cosine,
      .sqrt, .rsqrt, .floor, .ceil, .roundEven, .roundAway, .cubeRoot, .tangent, .isFinite, .erf,
      .erfc, .erfInverse, .sinh, .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma,
      .digamma, .isInfinite, .isPositiveInfinite, .isNegativeInfinite:
      element.isFloat
    }
  }

  /// - C1: the element type is one the function takes: floats for transcendental functions, numbers
  ///   for negate and square, numbers with a sign for abs and sign, booleans and integers for not.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    try check.require(1, accepts(operand.element)) { "does not take \(operand)" }
    return isTest ? TensorType(operand.shape, .i1) : operand
  }
}

extension BinaryOp {
  /// Which element types a function takes.
  private func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .add, .multiply, .maximum, .minimum: true
    case .subtract, .divide, .power, .remainder: element != .i1
    case .and, .or, .xor: !element.isFloat
    case .shiftLeft, .shiftRightArithmetic, .shiftRightLogical: element.isInteger
    case .atan2, .nextAfter, .polygamma, .zeta: element.isFloat
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
      let fits = writtenType == natural || isTotal && left.element.isFloat
      try check.require(2, fits) {
        "compare type \(writtenType) does not fit \(left)"
      }
    }
    return TensorType(left.shape, .i1)
  }
}

extension BitsOp {
  /// - C1: a cast's element types have one width.
  /// - C2: precision is reduced of floats, to at least one bit of exponent and none of fraction.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    switch self {
    case .cast(let element):
      try check.require(1, operand.element.width == element.width) {
        "bits of \(operand) do not make one \(element.rawValue) each"
      }
      return TensorType(operand.shape, element)
    case .reducePrecision(let exponentBits, let fractionBits):
      try check.require(2, operand.element.isFloat && exponentBits >= 1 && fractionBits >= 0) {
        "format e\(exponentBits)m\(fractionBits) of \(operand)"
      }
      return operand
    }
  }
}
