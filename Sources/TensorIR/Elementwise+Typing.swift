extension UnaryOp {
  /// Which element types a function takes.
  private func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .abs, .sign: element.kind == .signed || element.isInexact
    case .negate, .square: element != .i1
    case .not: element == .i1 || element.isInteger
    case .stopGradient: true
    case .populationCount, .leadingZeros: element.isInteger
    case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine, .cosine,
      .sqrt, .rsqrt, .cubeRoot, .tangent, .sinh, .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh:
      element.isInexact
    case .floor, .ceil, .roundEven, .roundAway, .isFinite, .erf, .erfc, .erfInverse, .logGamma,
      .digamma, .isInfinite, .isPositiveInfinite, .isNegativeInfinite:
      element.isFloat
    }
  }

  /// Whether the function takes elements of a type and gives such again.
  func keepsType(_ element: ElementType) -> Bool {
    accepts(element) && !isTest && (self != .abs || !element.isComplex)
  }

  /// The result's elements are the operand's, but for tests and for abs of complex numbers.
  ///
  /// - C1: the element type is one the function takes: floats and complex numbers for transcendental
  ///   functions, numbers for negate and square, numbers with a sign and complex ones for abs and sign,
  ///   booleans and integers for not.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    try check.require(1, accepts(operand.element)) { "does not take \(operand)" }
    if self == .abs { return TensorType(operand.shape, operand.element.partType) }
    return isTest ? TensorType(operand.shape, .i1) : operand
  }
}

extension BinaryOp {
  /// Which element types a function takes.
  func accepts(_ element: ElementType) -> Bool {
    switch self {
    case .add, .multiply: true
    case .maximum, .minimum: !element.isComplex
    case .subtract, .divide, .power: element != .i1
    case .remainder: element != .i1 && !element.isComplex
    case .and, .or, .xor: element == .i1 || element.isInteger
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
  /// - C2: a total order is one of floats; in text, a written compare type fits the element type.
  /// - C3: complex numbers are compared for equality only.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(2)
    let (left, right) = (check.operands[0], check.operands[1])
    try check.require(1, left == right) { "operands differ: \(left) and \(right)" }
    try check.require(2, !isTotal || left.element.isFloat) {
      "compare type TOTALORDER does not fit \(left)"
    }
    let isEquality = direction == .equal || direction == .notEqual
    try check.require(3, isEquality || !left.element.isComplex) {
      "\(left) have no order: only EQ and NE compare them"
    }
    return TensorType(left.shape, .i1)
  }
}

extension ComplexOp {
  /// - C1: parts are floats of a width that complex numbers have; both have one type.
  /// - C2: others take floats or complex numbers.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    switch self {
    case .make:
      try check.hasOperands(2)
      let (real, imaginary) = (check.operands[0], check.operands[1])
      try check.require(1, real == imaginary) { "parts differ: \(real) and \(imaginary)" }
      guard let element = real.element.complexType else {
        try check.require(1, false) { "there are no complex numbers of \(real)" }
        return real
      }
      return TensorType(real.shape, element)
    case .real, .imaginary, .conjugate:
      try check.hasOperands(1)
      let operand = check.operands[0]
      try check.require(2, operand.element.isInexact) { "does not take \(operand)" }
      return self == .conjugate ? operand : TensorType(operand.shape, operand.element.partType)
    }
  }
}

extension BitsOp {
  /// - C1: a cast's element types have one width, and neither is complex.
  /// - C2: precision is reduced of floats, to at least one bit of exponent and none of fraction.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    switch self {
    case .cast(let element):
      let fits =
        operand.element.width == element.width && !element.isComplex && !operand.element.isComplex
      try check.require(1, fits) {
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
