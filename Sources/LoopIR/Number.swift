internal import Foundation
internal import TensorIR

/// A scalar while a kernel is interpreted: a float held exactly as a double, or an integer of any
/// width, where one of u64 is the i64 of the same bits; booleans are 0 and 1.
enum Number: Hashable {
  case float(Double)
  case integer(Int64)

  /// A float rounded to an element type.
  static func float(_ value: Double, as element: ElementType) -> Number {
    .float(element.isFloat ? element.rounded(value) : value)
  }

  /// An integer wrapped to an element type.
  static func integer(_ value: Int64, as element: ElementType) -> Number {
    switch element.kind {
    case .boolean: .integer(value & 1)
    case .signed, .unsigned: .integer(element.wrapped(value))
    case .float: .integer(value)
    case .complex: preconditionFailure("kernels hold parts of complex numbers")
    }
  }

  /// The number as a double.
  var double: Double {
    switch self {
    case .float(let value): value
    case .integer(let value): Double(value)
    }
  }

  /// The number as an integer; floats are truncated.
  var integer: Int64 {
    switch self {
    case .float(let value): Int64(saturating: value)
    case .integer(let value): value
    }
  }

  /// Whether the number is not zero.
  var isTrue: Bool {
    switch self {
    case .float(let value): value != 0
    case .integer(let value): value != 0
    }
  }

  /// The only element of a literal.
  init(_ literal: Literal) {
    self =
      literal.type.element.isFloat ? .float(literal.doubles[0]) : .integer(literal.integers[0])
  }

  /// The number, of one element type, in another: rounded to nearest, or truncated and held at the
  /// ends.
  func converted(from source: ElementType, to element: ElementType) -> Number {
    if element == .i1 { return .integer(isTrue ? 1 : 0) }
    switch self {
    case .float(let value):
      return element.isFloat ? .float(value, as: element) : .integer(element.truncated(value))
    case .integer(let value):
      return element.isFloat
        ? .float(source.rounded(value, to: element)) : .integer(value, as: element)
    }
  }

  /// A function of the bits of an element.
  func applying(_ op: BitsOp, _ element: ElementType) -> Number {
    let bytes = bytes(as: element)
    let bits = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let result = op.evaluated(bits, element)
    let target = if case .cast(let target) = op { target } else { element }
    return Number(
      Literal(
        TensorType([], target),
        bytes: bytes.indices.map { UInt8(truncatingIfNeeded: result >> UInt64(8 * $0)) }))
  }

  /// The bytes of the number as an element of memory.
  func bytes(as element: ElementType) -> [UInt8] {
    switch self {
    case .float(let value): Literal.bytes(of: value, as: element)
    case .integer(let value): Literal.bytes(of: value, as: element)
    }
  }
}

extension ScalarOp {
  /// The function of operands whose types fit; `element` is the first operand's type, of a
  /// selection the choices'.
  func evaluated(_ operands: [Number], _ element: ElementType) -> Number {
    switch self {
    case .unary(let op):
      if op.isTest { return .integer(op.holds(operands[0].double) ? 1 : 0) }
      switch operands[0] {
      case .float(let value): return .float(op.evaluated(value), as: element)
      case .integer(let value): return .integer(op.evaluated(value, element), as: element)
      }
    case .binary(let op): return op.evaluated(operands[0], operands[1], element)
    case .compare(let direction):
      return .integer(direction.holds(operands[0], operands[1], element) ? 1 : 0)
    case .select: return operands[0].isTrue ? operands[1] : operands[2]
    case .bits(let op): return operands[0].applying(op, element)
    case .convert(let target): return operands[0].converted(from: element, to: target)
    }
  }
}

extension UnaryOp {
  fileprivate func evaluated(_ x: Double) -> Double {
    switch self {
    case .abs: Swift.abs(x)
    case .negate: -x
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .exponential: exp(x)
    case .exponentialMinusOne: expm1(x)
    case .log: Foundation.log(x)
    case .logPlusOne: log1p(x)
    case .logistic: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .sine: sin(x)
    case .cosine: cos(x)
    case .sqrt: x.squareRoot()
    case .rsqrt: 1 / x.squareRoot()
    case .floor: Foundation.floor(x)
    case .stopGradient: x
    case .ceil: Foundation.ceil(x)
    case .roundEven: x.rounded(.toNearestOrEven)
    case .roundAway: x.rounded(.toNearestOrAwayFromZero)
    case .cubeRoot: cbrt(x)
    case .tangent: tan(x)
    case .erf: Foundation.erf(x)
    case .erfc: Foundation.erfc(x)
    case .erfInverse: SpecialFunctions.erfInverse(x)
    case .square: x * x
    case .sinh: Foundation.sinh(x)
    case .cosh: Foundation.cosh(x)
    case .asin: Foundation.asin(x)
    case .acos: Foundation.acos(x)
    case .atan: Foundation.atan(x)
    case .asinh: Foundation.asinh(x)
    case .acosh: Foundation.acosh(x)
    case .atanh: Foundation.atanh(x)
    case .logGamma: lgamma(x)
    case .digamma: SpecialFunctions.digamma(x)
    case .isFinite, .isInfinite, .isPositiveInfinite, .isNegativeInfinite, .not, .populationCount,
      .leadingZeros:
      preconditionFailure("\(rawValue) gives no float")
    }
  }

  fileprivate func holds(_ x: Double) -> Bool {
    switch self {
    case .isInfinite: x.isInfinite
    case .isPositiveInfinite: x == .infinity
    case .isNegativeInfinite: x == -.infinity
    default: x.isFinite
    }
  }

  fileprivate func evaluated(_ x: Int64, _ element: ElementType) -> Int64 {
    switch self {
    case .abs: x < 0 ? 0 &- x : x
    case .negate: 0 &- x
    case .sign: x.signum()
    case .square: x &* x
    case .not: ~x
    case .stopGradient: x
    case .populationCount: element.populationCount(x)
    case .leadingZeros: element.leadingZeros(x)
    case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine, .cosine,
      .sqrt, .rsqrt, .floor, .ceil, .roundEven, .roundAway, .cubeRoot, .tangent, .isFinite, .erf,
      .erfc, .erfInverse, .sinh, .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma,
      .digamma, .isInfinite, .isPositiveInfinite, .isNegativeInfinite:
      preconditionFailure("\(rawValue) takes no integer")
    }
  }
}

extension BinaryOp {
  /// The function of two elements of one type.
  func evaluated(_ left: Number, _ right: Number, _ element: ElementType) -> Number {
    switch (left, right) {
    case (.float(let a), .float(let b)):
      if self == .nextAfter { return .float(element.neighbour(a, b)) }
      return .float(evaluated(a, b), as: element)
    case (_, _) where element == .i1:
      let (a, b) = (left.isTrue, right.isTrue)
      switch self {
      case .add, .maximum, .or: return .integer(a || b ? 1 : 0)
      case .multiply, .minimum, .and: return .integer(a && b ? 1 : 0)
      case .xor: return .integer(a != b ? 1 : 0)
      case .subtract, .divide, .power, .remainder, .atan2, .shiftLeft, .shiftRightArithmetic,
        .shiftRightLogical, .nextAfter, .polygamma, .zeta:
        preconditionFailure("\(rawValue) takes no booleans")
      }
    case (_, _): return .integer(evaluated(left.integer, right.integer, element), as: element)
    }
  }

  private func evaluated(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    // IEEE 754's maximum and minimum: NaN wins, and −0 is below +0.
    case .maximum: a.isNaN || b.isNaN ? .nan : a == b ? (a.sign == .plus ? a : b) : max(a, b)
    case .minimum: a.isNaN || b.isNaN ? .nan : a == b ? (a.sign == .minus ? a : b) : min(a, b)
    case .power: pow(a, b)
    case .remainder: fmod(a, b)
    case .atan2: Foundation.atan2(a, b)
    case .polygamma: SpecialFunctions.polygamma(a, b)
    case .zeta: SpecialFunctions.zeta(a, b)
    case .and, .or, .xor, .shiftLeft, .shiftRightArithmetic, .shiftRightLogical, .nextAfter:
      preconditionFailure("\(rawValue) takes no floats")
    }
  }

  private func evaluated(_ a: Int64, _ b: Int64, _ element: ElementType) -> Int64 {
    switch self {
    case .add: a &+ b
    case .subtract: a &- b
    case .multiply: a &* b
    // As XLA has it: a division by zero gives bits of one, the overflowing one wraps.
    case .divide:
      b == 0
        ? -1
        : element == .u64
          ? Int64(bitPattern: UInt64(bitPattern: a) / UInt64(bitPattern: b))
          : b == -1 ? 0 &- a : a / b
    case .maximum: element.ordinal(a) < element.ordinal(b) ? b : a
    case .minimum: element.ordinal(a) < element.ordinal(b) ? a : b
    case .power: integerPower(a, b, isUnsigned: element.isUnsigned)
    case .remainder: element.remainder(a, b)
    case .and: a & b
    case .or: a | b
    case .xor: a ^ b
    case .shiftLeft, .shiftRightArithmetic, .shiftRightLogical: element.shifted(a, by: b, self)
    case .atan2, .nextAfter, .polygamma, .zeta:
      preconditionFailure("\(rawValue) takes no integers")
    }
  }
}

/// A power by repeated squaring, wrapping; a negative exponent leaves only ±1 other than zero.
private func integerPower(_ base: Int64, _ exponent: Int64, isUnsigned: Bool) -> Int64 {
  if exponent < 0, !isUnsigned {
    return base == 1 ? 1 : base == -1 ? (exponent.isMultiple(of: 2) ? 1 : -1) : 0
  }
  var (result, square, rest): (Int64, Int64, UInt64) = (1, base, UInt64(bitPattern: exponent))
  while rest > 0 {
    if !rest.isMultiple(of: 2) { result = result &* square }
    square = square &* square
    rest /= 2
  }
  return result
}

extension Comparison.Direction {
  fileprivate func holds(_ left: Number, _ right: Number, _ element: ElementType) -> Bool {
    switch (left, right) {
    case (.float(let a), .float(let b)): holds(a, b)
    case (_, _): holds(element.ordinal(left.integer), element.ordinal(right.integer))
    }
  }

  private func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
    switch self {
    case .equal: a == b
    case .notEqual: a != b
    case .greaterOrEqual: a >= b
    case .greater: a > b
    case .lessOrEqual: a <= b
    case .less: a < b
    }
  }
}

extension Reduction.Kind {
  /// Two elements of one type combined.
  func combined(_ left: Number, _ right: Number, _ element: ElementType) -> Number {
    binary.evaluated(left, right, element)
  }
}
