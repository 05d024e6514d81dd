/// The layout of a binary floating-point number as in IEEE 754: a sign, a biased exponent and a
/// fraction, with subnormal numbers, infinities and NaN.
package struct FloatFormat: Hashable, Sendable {
  /// The bits of the exponent.
  package let exponentBits: Int
  /// The bits of the fraction, without the one that is not written.
  package let fractionBits: Int

  package init(exponentBits: Int, fractionBits: Int) {
    self.exponentBits = exponentBits
    self.fractionBits = fractionBits
  }

  /// The exponent of the greatest numbers.
  package var greatestExponent: Int { 1 << (exponentBits - 1) - 1 }
  /// The exponent of the least normal numbers.
  package var leastExponent: Int { 1 - greatestExponent }
  /// The distance of one to the next number.
  package var epsilon: Double { Double(sign: .plus, exponent: -fractionBits, significand: 1) }

  /// The bits of a number rounded to nearest, ties to even; NaN is quiet.
  package func bits(of value: Double) -> UInt64 {
    if fractionBits == 52 { return value.bitPattern }
    if fractionBits == 23 { return UInt64(Float(value).bitPattern) }
    let sign = value.sign == .minus ? UInt64(1) << (exponentBits + fractionBits) : 0
    let infinity = (UInt64(1) << exponentBits - 1) << fractionBits
    if value.isNaN { return sign | infinity | UInt64(1) << (fractionBits - 1) }
    let magnitude = value.magnitude
    if magnitude == 0 { return sign }
    if magnitude.isInfinite { return sign | infinity }
    // Subnormal doubles lie far below half of the least number of any shorter format.
    let exponent = max(Int(magnitude.exponent), leastExponent)
    let unit = Double(sign: .plus, exponent: fractionBits - exponent, significand: 1)
    let steps = UInt64((magnitude * unit).rounded(.toNearestOrEven))
    // A carry out of the fraction moves on to the exponent, from the last of them to infinity.
    let bits = UInt64(exponent - leastExponent) << fractionBits + steps
    return sign | min(bits, infinity)
  }

  /// The number with the given bits, which is exact.
  package func value(of bits: UInt64) -> Double {
    let exponent = Int(bits >> fractionBits) & (1 << exponentBits - 1)
    let fraction = bits & (UInt64(1) << fractionBits - 1)
    let isNegative = bits >> (exponentBits + fractionBits) & 1 == 1
    let magnitude: Double
    if exponent == 1 << exponentBits - 1 {
      magnitude = fraction == 0 ? .infinity : .nan
    } else {
      let steps = exponent == 0 ? fraction : fraction + UInt64(1) << fractionBits
      let scale = max(exponent, 1) - 1 + leastExponent - fractionBits
      magnitude = Double(steps) * Double(sign: .plus, exponent: scale, significand: 1)
    }
    return isNegative ? -magnitude : magnitude
  }

  /// A number rounded to the format.
  package func rounded(_ value: Double) -> Double { self.value(of: bits(of: value)) }
}

extension ElementType {
  /// A number rounded to a float element type.
  ///
  /// - Requires: the type is a float.
  package func rounded(_ value: Double) -> Double {
    switch self {
    case .f64: return value
    case .f32: return Double(Float(value))
    case .c64, .c128, .f16, .bf16, .i1, .i4, .i8, .i16, .i32, .i64, .u4, .u8, .u16, .u32, .u64:
      guard let floatFormat else { preconditionFailure("only floats are rounded to \(rawValue)") }
      return floatFormat.rounded(value)
    }
  }

  /// The integer of the type with the same low bits; a boolean is "not zero", and an element of u64
  /// is the i64 of the same bits.
  ///
  /// - Requires: the type is not a float.
  package func wrapped(_ value: Int64) -> Int64 {
    switch kind {
    case .boolean: return value == 0 ? 0 : 1
    case .signed:
      let rest = Int64(64 - width)
      return (value << rest) >> rest
    case .unsigned: return width == 64 ? value : value & (1 << Int64(width) - 1)
    case .float, .complex: preconditionFailure("only integers wrap")
    }
  }

  /// The integer nearest towards zero, at the type's ends where the number is beyond; NaN is zero. An
  /// element of u64 is the i64 of the same bits.
  ///
  /// - Requires: the type is not a float.
  package func truncated(_ value: Double) -> Int64 {
    switch kind {
    case .boolean: return value == 0 ? 0 : 1
    case .unsigned where width == 64: return Int64(bitPattern: UInt64(saturating: value))
    case .signed, .unsigned:
      let (least, greatest) = (leastInteger ?? .min, greatestInteger ?? .max)
      return min(max(Int64(saturating: value), least), greatest)
    case .float, .complex: preconditionFailure("floats are rounded, not truncated")
    }
  }

  /// The number nearest to an integer of this type.
  package func double(_ value: Int64) -> Double {
    self == .u64 ? Double(UInt64(bitPattern: value)) : Double(value)
  }

  /// An integer of this type rounded once to a float element type.
  package func rounded(_ value: Int64, to float: ElementType) -> Double {
    if float == .f32 {
      return Double(self == .u64 ? Float(UInt64(bitPattern: value)) : Float(value))
    }
    guard float.isNarrow, value.magnitude >= 1 << 53 || self == .u64 && value < 0 else {
      return float.rounded(double(value))
    }
    // Bits below what a double holds are gathered in one, so that rounding twice is rounding once.
    let sticky: Int64 = value & 0x7FF == 0 ? 0 : 0x800
    return float.rounded(double(value & ~0x7FF | sticky))
  }

  /// A number whose order among Int64 is the order of elements: bits of u64 with the first one turned.
  package func ordinal(_ value: Int64) -> Int64 { self == .u64 ? value ^ .min : value }
}

extension Int64 {
  /// The nearest integer towards zero, at the type's ends where `value` is beyond; NaN is zero.
  package init(saturating value: Double) {
    if value.isNaN {
      self = 0
    } else {
      self = Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
  }
}

extension UInt64 {
  /// The nearest integer towards zero, at the type's ends where `value` is beyond; NaN is zero.
  package init(saturating value: Double) {
    if value.isNaN {
      self = 0
    } else {
      self = UInt64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
  }
}
