// Numbers are widened, combined as `Float`, and rounded once more. `Float` has more than twice the digits and two,
// so sums, products, quotients and square roots are those that one rounding would give.

extension BFloat16: BinaryFloatingPoint {
  /// Eight bits of exponent.
  public static var exponentBitCount: Int { 8 }
  /// Seven bits of fraction.
  public static var significandBitCount: Int { 7 }
  /// The base two.
  public static var radix: Int { 2 }
  /// Not a number.
  public static var nan: BFloat16 { BFloat16(bitPattern: 0x7FC0) }
  /// Not a number, signalling.
  public static var signalingNaN: BFloat16 { BFloat16(bitPattern: 0x7FA0) }
  /// Infinity.
  public static var infinity: BFloat16 { BFloat16(bitPattern: 0x7F80) }
  /// The greatest finite number.
  public static var greatestFiniteMagnitude: BFloat16 { BFloat16(bitPattern: 0x7F7F) }
  /// π, rounded towards zero.
  public static var pi: BFloat16 { BFloat16(bitPattern: 0x4049) }
  /// The least normal number.
  public static var leastNormalMagnitude: BFloat16 { BFloat16(bitPattern: 0x0080) }
  /// The least number above zero.
  public static var leastNonzeroMagnitude: BFloat16 { BFloat16(bitPattern: 0x0001) }

  /// The number of a sign and the bits of exponent and fraction.
  public init(sign: FloatingPointSign, exponentBitPattern: UInt, significandBitPattern: UInt16) {
    let exponent = UInt16(truncatingIfNeeded: exponentBitPattern & 0xFF) << 7
    self.init(
      bitPattern: (sign == .minus ? 0x8000 : 0) | exponent | (significandBitPattern & 0x7F))
  }

  /// The number `significand · 2^exponent`, with a sign besides.
  public init(sign: FloatingPointSign, exponent: Int, significand: BFloat16) {
    self.init(Double(sign: sign, exponent: exponent, significand: Double(significand.float)))
  }

  /// The nearest number to a literal.
  public init(floatLiteral value: Float) { self.init(value) }

  /// The nearest number to a literal.
  public init(integerLiteral value: Int) { self.init(value) }

  /// The nearest number to an integer.
  public init(_ value: Int) { self.init(nearest: value) }

  /// The nearest number to an integer.
  public init<Source: BinaryInteger>(_ value: Source) { self.init(nearest: value) }

  /// The nearest number to one of another type.
  public init<Source: BinaryFloatingPoint>(_ value: Source) { self.init(Double(value)) }

  /// The number of an integer, if there is one.
  public init?<Source: BinaryInteger>(exactly value: Source) {
    guard let float = Float(exactly: value), BFloat16(float).float == float else { return nil }
    self.init(float)
  }

  /// The nearest number to an integer. What `Double` has no digits for is one bit that is set, which keeps a tie
  /// from being made where there was none.
  private init<Source: BinaryInteger>(nearest value: Source) {
    var (digits, exponent) = (value.magnitude, 0)
    while Double(exactly: digits) == nil {
      digits = digits >> 1 | digits & 1
      exponent += 1
    }
    self.init(
      Double(
        sign: value < 0 ? .minus : .plus, exponent: exponent, significand: Double(digits)))
  }

  /// The same number as a `Float`.
  @inline(__always) private var float: Float { Float(self) }

  /// The bits of the exponent.
  public var exponentBitPattern: UInt { UInt(bitPattern >> 7) & 0xFF }
  /// The bits of the fraction.
  public var significandBitPattern: UInt16 { bitPattern & 0x7F }
  /// The power of two at or below the magnitude, with the sign.
  public var binade: BFloat16 { BFloat16(float.binade) }
  /// How many bits of fraction the number needs.
  public var significandWidth: Int { float.significandWidth }
  /// The exponent.
  public var exponent: Int { Int(float.exponent) }
  /// The magnitude over the power of two of the exponent.
  public var significand: BFloat16 { BFloat16(float.significand) }
  /// The sign, that of zeros too.
  public var sign: FloatingPointSign { float.sign }
  /// The number without its sign.
  public var magnitude: BFloat16 { BFloat16(bitPattern: bitPattern & 0x7FFF) }
  /// The distance to the next number of greater magnitude.
  public var ulp: BFloat16 {
    guard isFinite else { return .nan }
    let exponent = max(Int(exponentBitPattern), 1) - 127 - 7
    return BFloat16(Double(sign: .plus, exponent: exponent, significand: 1))
  }
  /// The least number that is greater.
  public var nextUp: BFloat16 {
    if isNaN || self == .infinity { return self }
    if self == 0 { return .leastNonzeroMagnitude }
    return BFloat16(bitPattern: sign == .plus ? bitPattern + 1 : bitPattern - 1)
  }

  /// Whether the number is finite and has all its digits.
  public var isNormal: Bool { (1...254).contains(exponentBitPattern) }
  /// Whether the number is neither infinite nor NaN.
  public var isFinite: Bool { exponentBitPattern < 255 }
  /// Whether the number is a zero.
  public var isZero: Bool { bitPattern & 0x7FFF == 0 }
  /// Whether the number has fewer digits than others.
  public var isSubnormal: Bool { exponentBitPattern == 0 && !isZero }
  /// Whether the number is infinite.
  public var isInfinite: Bool { bitPattern & 0x7FFF == 0x7F80 }
  /// Whether this is not a number.
  public var isNaN: Bool { bitPattern & 0x7FFF > 0x7F80 }
  /// Whether this is a signalling NaN.
  public var isSignalingNaN: Bool { isNaN && bitPattern & 0x40 == 0 }
  /// Each number has one form.
  public var isCanonical: Bool { true }

  /// The sum.
  public static func + (left: BFloat16, right: BFloat16) -> BFloat16 {
    BFloat16(left.float + right.float)
  }
  /// The difference.
  public static func - (left: BFloat16, right: BFloat16) -> BFloat16 {
    BFloat16(left.float - right.float)
  }
  /// The product.
  public static func * (left: BFloat16, right: BFloat16) -> BFloat16 {
    BFloat16(left.float * right.float)
  }
  /// The quotient.
  public static func / (left: BFloat16, right: BFloat16) -> BFloat16 {
    BFloat16(left.float / right.float)
  }
  /// The negative.
  public static prefix func - (operand: BFloat16) -> BFloat16 {
    BFloat16(bitPattern: operand.bitPattern ^ 0x8000)
  }
  /// Adds in place.
  public static func += (left: inout BFloat16, right: BFloat16) { left = left + right }
  /// Subtracts in place.
  public static func -= (left: inout BFloat16, right: BFloat16) { left = left - right }
  /// Multiplies in place.
  public static func *= (left: inout BFloat16, right: BFloat16) { left = left * right }
  /// Divides in place.
  public static func /= (left: inout BFloat16, right: BFloat16) { left = left / right }

  /// The sum with a product, which are rounded to the digits of `Double` only before they are once more.
  public mutating func addProduct(_ left: BFloat16, _ right: BFloat16) {
    self = BFloat16(Double(float).addingProduct(Double(left.float), Double(right.float)))
  }
  /// Replaces the number by its square root.
  public mutating func formSquareRoot() { self = BFloat16(float.squareRoot()) }
  /// Replaces the number by the remainder of the division rounded to the nearest integer.
  public mutating func formRemainder(dividingBy other: BFloat16) {
    self = BFloat16(float.remainder(dividingBy: other.float))
  }
  /// Replaces the number by the remainder of the division rounded towards zero.
  public mutating func formTruncatingRemainder(dividingBy other: BFloat16) {
    self = BFloat16(float.truncatingRemainder(dividingBy: other.float))
  }
  /// Replaces the number by an integer.
  public mutating func round(_ rule: FloatingPointRoundingRule) {
    self = BFloat16(float.rounded(rule))
  }

  /// Whether both are one number.
  public func isEqual(to other: BFloat16) -> Bool { float == other.float }
  /// Whether this one is less.
  public func isLess(than other: BFloat16) -> Bool { float < other.float }
  /// Whether this one is less, or both are one number.
  public func isLessThanOrEqualTo(_ other: BFloat16) -> Bool { float <= other.float }
  /// The distance to another number.
  public func distance(to other: BFloat16) -> BFloat16 { other - self }
  /// The number at a distance.
  public func advanced(by distance: BFloat16) -> BFloat16 { self + distance }
}
