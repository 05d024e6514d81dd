/// The leading decimal digits of a floating-point number.
///
/// The rules of MLIR's printer (`printFloatValue` in LLVM's `mlir/lib/IR/AsmPrinter.cpp`, with the
/// number formats of `APFloat::toString`) are followed to the digit, so that texts written here and
/// there agree. They are not those of a correctly rounded number: digits beyond those needed are
/// first cut off by a bound on bits and only what then is too long is rounded.
struct DecimalDigits {
  /// The digits, most significant first, without zeros at the end; never empty.
  var digits: [UInt8]
  /// The power of ten that the last digit counts.
  var exponent: Int

  /// The digits of `significand` × 2^`binaryExponent`, at most `count` of them.
  ///
  /// - Requires: `significand` is not zero.
  init(significand: UInt64, binaryExponent: Int, count: Int) {
    let shift = significand.trailingZeroBitCount
    let power = binaryExponent + shift
    var number = BigNatural(significand >> UInt64(shift))
    // N / 2^p = N · 5^p / 10^p.
    number.multiply(by: power >= 0 ? 2 : 5, power: abs(power))
    exponent = min(power, 0)
    digits = number.decimalDigits
    // 196/59 bounds the bits of a decimal digit from above.
    let spareBits = number.bitCount - (count * 196 + 58) / 59
    let cut = max(0, spareBits) * 59 / 196
    digits.removeLast(cut)
    exponent += cut
    dropZeros()
    round(to: count)
  }

  /// Keeps `count` digits, rounding halves up, and drops zeros at the end.
  private mutating func round(to count: Int) {
    if digits.count > count {
      exponent += digits.count - count
      let roundsUp = digits[count] >= 5
      digits.removeSubrange(count...)
      if roundsUp { increment() }
    }
    dropZeros()
  }

  /// Drops zeros at the end.
  private mutating func dropZeros() {
    while digits.count > 1, digits.last == 0 {
      digits.removeLast()
      exponent += 1
    }
  }

  /// Adds one to the last digit.
  private mutating func increment() {
    for place in digits.indices.reversed() {
      guard digits[place] == 9 else {
        digits[place] += 1
        return
      }
      digits[place] = 0
    }
    digits.insert(1, at: 0)
  }

  /// The digits as text.
  private func text(_ range: Range<Int>) -> String {
    String(decoding: digits[range].map { $0 + UInt8(ascii: "0") }, as: UTF8.self)
  }

  /// The form with six decimals, such as `1.500000e+00`.
  var padded: String {
    let power = exponent + digits.count - 1
    let decimals = text(1..<digits.count)
    let zeros = String(repeating: "0", count: max(0, 6 - decimals.utf8.count))
    let magnitude = abs(power)
    return "\(text(0..<1)).\(decimals)\(zeros)e\(power < 0 ? "-" : "+")"
      + "\(magnitude < 10 ? "0" : "")\(magnitude)"
  }

  /// The form without padding, such as `0.707106769` or `9.99999974E-6`; `count` is the most digits
  /// there may be.
  func plain(count: Int) -> String {
    let leading = exponent + digits.count - 1
    let isScientific =
      exponent >= 0
      ? exponent > 3 || digits.count + exponent > count : leading < -3
    if isScientific {
      let decimals = digits.count == 1 ? "0" : text(1..<digits.count)
      return "\(text(0..<1)).\(decimals)E\(leading < 0 ? "-" : "+")\(abs(leading))"
    }
    if exponent >= 0 { return text(0..<digits.count) + String(repeating: "0", count: exponent) }
    let whole = exponent + digits.count
    if whole > 0 { return "\(text(0..<whole)).\(text(whole..<digits.count))" }
    return "0." + String(repeating: "0", count: -whole) + text(0..<digits.count)
  }
}

/// A natural number of any size in base 2³², least significant limb first.
private struct BigNatural {
  /// The limbs, without zeros at the end.
  private var limbs: [UInt32]

  /// Creates a number.
  init(_ value: UInt64) {
    limbs = [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
    dropZeros()
  }

  /// The number of bits up to the highest that is set.
  var bitCount: Int {
    limbs.count * 32 - (limbs.last?.leadingZeroBitCount ?? 0)
  }

  /// Drops limbs that are zero at the end.
  private mutating func dropZeros() {
    while limbs.last == 0 { limbs.removeLast() }
  }

  /// Multiplies by `factor`, at most 5, raised to `power`, thirteen factors at a time.
  mutating func multiply(by factor: UInt64, power: Int) {
    var left = power
    while left > 0 {
      let step = min(left, 13)
      var chunk: UInt64 = 1
      for _ in 0..<step { chunk *= factor }
      multiply(by: chunk)
      left -= step
    }
  }

  /// Multiplies by a number below 2³².
  private mutating func multiply(by factor: UInt64) {
    var carry: UInt64 = 0
    for place in limbs.indices {
      let product = UInt64(limbs[place]) * factor + carry
      limbs[place] = UInt32(truncatingIfNeeded: product)
      carry = product >> 32
    }
    if carry > 0 { limbs.append(UInt32(truncatingIfNeeded: carry)) }
  }

  /// Divides by 10⁹ and gives the rest.
  private mutating func divideByBillion() -> UInt64 {
    var rest: UInt64 = 0
    for place in limbs.indices.reversed() {
      let value = rest << 32 | UInt64(limbs[place])
      limbs[place] = UInt32(truncatingIfNeeded: value / 1_000_000_000)
      rest = value % 1_000_000_000
    }
    dropZeros()
    return rest
  }

  /// The decimal digits, most significant first, without zeros in front.
  var decimalDigits: [UInt8] {
    var number = self
    var reversed = [UInt8]()
    while !number.limbs.isEmpty {
      var rest = number.divideByBillion()
      for _ in 0..<9 {
        reversed.append(UInt8(rest % 10))
        rest /= 10
      }
    }
    while reversed.count > 1, reversed.last == 0 { reversed.removeLast() }
    return reversed.reversed()
  }
}

// MARK: - Numbers

/// The spelling of a float: six digits where they give the same number back, else as many as are
/// needed, and hexadecimal bits for infinities, NaNs and integers that need more digits.
private func decimalText<Number: BinaryFloatingPoint & LosslessStringConvertible>(
  _ value: Number, maximumDigits: Int, bits: String,
  isSame: (Number, Number) -> Bool = { $0 == $1 }
) -> String {
  guard value.isFinite else { return bits }
  let sign = value.sign == .minus ? "-" : ""
  guard !value.isZero else { return sign + "0.000000e+00" }
  let width = Number.significandBitCount
  let isNormal = value.isNormal
  let significand =
    UInt64(truncatingIfNeeded: value.significandBitPattern) | (isNormal ? 1 << UInt64(width) : 0)
  let bias = (1 << (Number.exponentBitCount - 1)) - 1
  let exponent = (isNormal ? Int(value.exponentBitPattern) : 1) - bias - width
  let short = DecimalDigits(significand: significand, binaryExponent: exponent, count: 6)
  let padded = sign + short.padded
  if let read = Number(padded), isSame(read, value) { return padded }
  let long = DecimalDigits(
    significand: significand, binaryExponent: exponent, count: maximumDigits)
  let plain = long.plain(count: maximumDigits)
  return plain.utf8.contains(UInt8(ascii: ".")) ? sign + plain : bits
}

extension FloatFormat {
  /// The spelling in StableHLO text of a number of at most 20 bits.
  func textForm(of bits: UInt64) -> String {
    let hexadecimal = "0x" + String(bits, radix: 16, uppercase: true)
    return decimalText(value(of: bits), maximumDigits: 6, bits: hexadecimal) { rounded($0) == $1 }
  }
}

extension Float {
  /// The spelling of the number in StableHLO text.
  var textForm: String {
    decimalText(
      self, maximumDigits: 9, bits: "0x" + String(bitPattern, radix: 16, uppercase: true))
  }
}

extension Double {
  /// The spelling of the number in StableHLO text.
  var textForm: String {
    decimalText(
      self, maximumDigits: 17, bits: "0x" + String(bitPattern, radix: 16, uppercase: true))
  }
}
