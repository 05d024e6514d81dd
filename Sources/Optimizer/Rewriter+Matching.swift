import TensorIR

// What rules ask about values.

extension Rewriter {
  /// The constant a value is.
  func constant(_ value: ValueID) -> Literal? {
    guard family(of: value) == .constant, let op = op(of: value), case .constant(let literal) = op
    else { return nil }
    return literal
  }

  /// The scalar constant that every element of a value is.
  func splat(_ value: ValueID) -> Literal? {
    if let literal = constant(value) {
      guard literal.isSplat, !literal.type.isScalar else {
        return literal.isSplat ? literal : nil
      }
      return Literal(TensorType([], literal.type.element), splat: literal.bytes)
    }
    guard let broadcast = broadcast(value), broadcast.type.isScalar else { return nil }
    return constant(broadcast.operand)
  }

  /// Whether a value is a constant or one repeated.
  func isConstant(_ value: ValueID) -> Bool {
    switch family(of: value) {
    case .constant: true
    case .broadcast: family(of: operand(0, of: value)) == .constant
    case .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft,
      .reshape, .transpose,
      .slice,
      .pad, .concatenate, .reverse, .reduce, .dot, .convolution, .window, .gather, .scatter,
      .dynamicSlice,
      .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call,
      nil:
      false
    }
  }

  /// The float that every element of a value is.
  func float(_ value: ValueID) -> Double? {
    self[value].element.isFloat ? splat(value)?.doubles[0] : nil
  }

  /// The integer, or 0 or 1 for a boolean, that every element of a value is.
  func integer(_ value: ValueID) -> Int64? {
    self[value].element.isInexact ? nil : splat(value)?.integers[0]
  }

  /// Whether every element of a value is this constant; zeros count by their sign.
  func isNumber(_ value: ValueID, _ number: Double) -> Bool {
    guard isConstant(value) else { return false }
    if self[value].element.isFloat {
      return float(value).map { $0 == number && $0.sign == number.sign } ?? false
    }
    return integer(value) == Int64(saturating: number)
  }

  /// The operand of a value defined by this function of one operand.
  func operand(of value: ValueID, by expected: UnaryOp) -> ValueID? {
    guard family(of: value) == .unary, let op = op(of: value), case .unary(expected) = op else {
      return nil
    }
    return operand(0, of: value)
  }

  /// The operands of a value defined by this function of two operands.
  func operands(of value: ValueID, by expected: BinaryOp) -> (left: ValueID, right: ValueID)? {
    guard family(of: value) == .binary, let op = op(of: value), case .binary(expected) = op else {
      return nil
    }
    return (operand(0, of: value), operand(1, of: value))
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
    guard family(of: value) == .broadcast, let op = op(of: value),
      case .shape(.broadcast(let shape, let dimensions)) = op
    else { return nil }
    let operand = operand(0, of: value)
    return Broadcast(
      operand: operand, type: self[operand], dimensions: dimensions, shape: shape)
  }

  /// Whether no element has a sign bit, NaN aside.
  ///
  /// Looks a few operations back only.
  func isNonNegative(_ value: ValueID, depth: Int = 6) -> Bool {
    guard depth > 0, !self[value].element.isComplex, let definition = definition(of: value) else {
      return false
    }
    let operands = definition.operands
    func are(_ positions: Range<Int>) -> Bool {
      positions.allSatisfy { isNonNegative(operands[$0], depth: depth - 1) }
    }
    let isFloat = self[value].element.isFloat
    switch definition.op {
    case .constant:
      guard let number = splat(value) else { return false }
      return isFloat ? number.doubles[0].sign == .plus : number.integers[0] >= 0
    case .unary(let function): return isFloat && function.isNeverNegative
    case .binary(let function):
      guard isFloat, function.keepsNonNegative else { return false }
      return are(0..<2) || (function == .multiply && operands[0] == operands[1])
    case .reduce(let reduction): return isFloat && reduction.kind == .add && are(0..<2)
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.slice):
      return are(0..<1)
    case .select: return are(1..<3)
    case .iota, .compare, .clamp, .convert, .bits, .complex, .fft, .shape(.pad),
      .shape(.concatenate),
      .shape(.reverse),
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .foreign,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call, .window:
      return false
    }
  }
}

extension UnaryOp {
  /// Whether results have no sign bit, NaN aside.
  fileprivate var isNeverNegative: Bool {
    switch self {
    case .abs, .exponential, .logistic, .square, .cosh, .erfc, .acos: true
    case .negate, .sign, .exponentialMinusOne, .log, .logPlusOne, .tanh, .sine, .cosine, .sqrt,
      .rsqrt, .floor, .ceil, .roundEven, .roundAway, .cubeRoot, .tangent, .isFinite, .not,
      .stopGradient,
      .populationCount, .leadingZeros, .erf, .erfInverse, .sinh, .asin, .atan, .asinh, .acosh,
      .atanh, .logGamma, .digamma, .isInfinite, .isPositiveInfinite, .isNegativeInfinite:
      false
    }
  }
}

extension BinaryOp {
  /// Whether operands without sign bits give results without, NaN aside.
  fileprivate var keepsNonNegative: Bool {
    switch self {
    case .add, .multiply, .divide, .maximum, .minimum: true
    case .subtract, .power, .remainder, .atan2, .and, .or, .xor, .shiftLeft,
      .shiftRightArithmetic, .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      false
    }
  }
}
