extension BitsOp {
  /// The bits of the result for the bits of an element of the given type.
  package func evaluated(_ bits: UInt64, _ element: ElementType) -> UInt64 {
    switch self {
    case .cast(let target):
      return target.isFloat
        ? bits : UInt64(bitPattern: target.wrapped(Int64(bitPattern: bits))) & target.mask
    case .reducePrecision(let exponentBits, let fractionBits):
      guard let format = element.floatFormat else { return bits }
      return format.reduced(bits, exponentBits: exponentBits, fractionBits: fractionBits)
    }
  }
}

extension ElementType {
  /// The bits an element has in memory.
  fileprivate var mask: UInt64 { byteCount == 8 ? .max : 1 << UInt64(8 * byteCount) - 1 }
}

extension FloatFormat {
  /// Bits rounded to a format of fewer bits, ties to even, and put back into this one. Numbers beyond
  /// the greatest are infinite, those below the least normal one are zeros; NaN stays.
  fileprivate func reduced(_ bits: UInt64, exponentBits: Int, fractionBits: Int) -> UInt64 {
    let sign = bits & UInt64(1) << (self.exponentBits + self.fractionBits)
    let infinity = (UInt64(1) << self.exponentBits - 1) << self.fractionBits
    var magnitude = bits ^ sign
    if magnitude > infinity { return bits }
    let cut = self.fractionBits - fractionBits
    if cut > 0, magnitude < infinity {
      let isOdd = magnitude >> cut & 1
      magnitude += UInt64(1) << (cut - 1) - 1 + isOdd
      magnitude &= ~(UInt64(1) << cut - 1)
    }
    if exponentBits < self.exponentBits {
      let short = FloatFormat(exponentBits: exponentBits, fractionBits: fractionBits)
      let beyond = UInt64(greatestExponent + short.greatestExponent + 1) << self.fractionBits
      let least = UInt64(greatestExponent + short.leastExponent) << self.fractionBits
      if magnitude >= beyond { magnitude = infinity }
      if magnitude < least { magnitude = 0 }
    }
    return sign | magnitude
  }
}
