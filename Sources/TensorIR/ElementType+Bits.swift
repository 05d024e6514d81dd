/// Functions of integers by their bits, and of floats by their neighbours.
extension ElementType {
  /// How many bits are set.
  package func populationCount(_ value: Int64) -> Int64 { Int64(ownBits(value).nonzeroBitCount) }

  /// How many bits stand before the first that is set.
  package func leadingZeros(_ value: Int64) -> Int64 {
    Int64(ownBits(value).leadingZeroBitCount - (64 - width))
  }

  /// The dividend less a multiple of the divisor, with the dividend's sign; the dividend itself where
  /// the divisor is zero.
  package func remainder(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    if divisor == 0 { return dividend }
    if self == .u64 {
      return Int64(bitPattern: UInt64(bitPattern: dividend) % UInt64(bitPattern: divisor))
    }
    return divisor == -1 ? 0 : dividend % divisor
  }

  /// A shift, yet to be wrapped; by as many bits as there are or more all are shifted out, also where
  /// the count is negative.
  package func shifted(_ value: Int64, by count: Int64, _ op: BinaryOp) -> Int64 {
    let isWhole = count < 0 || count >= Int64(width)
    switch op {
    case .shiftLeft: return isWhole ? 0 : value << count
    case .shiftRightLogical: return isWhole ? 0 : Int64(bitPattern: ownBits(value) >> count)
    default:
      let signed = (value << Int64(64 - width)) >> Int64(64 - width)
      return signed >> (isWhole ? 63 : count)
    }
  }

  /// The bits of an element alone.
  private func ownBits(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: value) & (width == 64 ? .max : 1 << UInt64(width) - 1)
  }

  /// The number of a float type next to `value` on the way to `target`; `target` where they are equal.
  package func neighbour(_ value: Double, _ target: Double) -> Double {
    guard let format = floatFormat else { preconditionFailure("floats have neighbours") }
    if value.isNaN || target.isNaN { return .nan }
    if value == target { return target }
    let sign = UInt64(1) << (format.exponentBits + format.fractionBits)
    if value == 0 { return format.value(of: target < 0 ? sign | 1 : 1) }
    let bits = format.bits(of: value)
    let grows = (value < target) == (value > 0)
    return format.value(of: grows ? bits + 1 : bits - 1)
  }
}

extension ElementType {
  /// For a signed integer type that without signs of equal width; nil for another.
  var unsignedOfSameWidth: ElementType? {
    switch self {
    case .i4: .u4
    case .i8: .u8
    case .i16: .u16
    case .i32: .u32
    case .i64: .u64
    case .i1, .u4, .u8, .u16, .u32, .u64, .f16, .bf16, .f32, .f64, .c64, .c128: nil
    }
  }
}
