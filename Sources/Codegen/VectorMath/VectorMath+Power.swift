package import LLVMBridge

/// Powers.
extension VectorMath {
  /// xʸ, with the special cases of IEEE 754's `pow`: 1 when y is 0 or x is 1 whatever the other
  /// is; NaN when x is negative and finite and y is not an integer.
  package func pow(_ x: LLVMValue, _ y: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let b = builder
      let magnitude = b.fabs(x)
      let value =
        lanes.isDouble
        ? powerOfDoubles(lanes, magnitude, y) : powerOfFloats(lanes, magnitude, y)
      let one = lanes.constant(1)
      let half = b.fmul(y, lanes.constant(0.5))
      let isInteger = b.fcmp(.oeq, b.ftrunc(y), y)
      let isOdd = b.and(isInteger, b.fcmp(.une, b.ftrunc(half), half))
      // An odd power keeps the sign, also that of −0 and −∞.
      let signed = b.select(isOdd, b.copysign(value, x), value)
      let isOutside = b.and(
        b.fcmp(.olt, x, lanes.constant(0)),
        b.and(b.fcmp(.one, magnitude, lanes.constant(.infinity)), b.not(isInteger)))
      let isUndefined = b.or(isOutside, b.fcmp(.uno, x, y))
      let isOne = b.or(b.fcmp(.oeq, x, one), b.fcmp(.oeq, y, lanes.constant(0)))
      return b.select(isOne, one, b.select(isUndefined, lanes.constant(.nan), signed))
    }
  }

  /// xʸ for floats x ≥ 0, with exponential and logarithm in double precision.
  private func powerOfFloats(_ lanes: Lanes, _ x: LLVMValue, _ y: LLVMValue) -> LLVMValue {
    let b = builder
    let type = x.type.withScalar(b.module.double)
    let wide = Lanes(b, type, target)
    let base = b.fpext(x, type)
    // The extension of a float is never subnormal.
    let parts = LogarithmParts(wide, base, isNormal: true)
    let f = b.fsub(parts.significand, wide.constant(1))
    let curved = b.fma(b.fmul(f, f), wide.polynomial(f, Self.shortLogarithm), f)
    let finite = b.fma(parts.exponent, wide.constant(0x1.62e42fefa39efp-1), curved)
    let exponent = b.fmul(b.fpext(y, type), wide.withEnds(finite, base))
    // The logarithm 0 stays 0 times infinity.
    let isOne = b.fcmp(.oeq, base, wide.constant(1))
    let product = b.select(isOne, wide.constant(0), exponent)
    let bounded = wide.atMost(wide.constant(100), wide.atLeast(wide.constant(-120), product))
    let reduction = ExponentialParts(
      wide, bounded, coefficients: Self.shortExponential)
    let scale = wide.exp2(reduction.power.exponent(wide))
    return b.fptrunc(b.fma(scale, reduction.expm1, scale), lanes.type)
  }

  /// xʸ for doubles x ≥ 0, through a logarithm of twice the precision.
  ///
  /// The logarithm takes 1/c and log c from a table, for c near the significand m, and a series
  /// in r = m/c − 1, |r| < 2⁻⁷ (Tang 1990), of which the first two terms are kept exactly.
  private func powerOfDoubles(_ lanes: Lanes, _ x: LLVMValue, _ y: LLVMValue) -> LLVMValue {
    let b = builder
    let (high, low) = preciseLogarithm(lanes, x)
    let log = lanes.withEnds(high, x)
    let isOne = b.fcmp(.oeq, x, lanes.constant(1))
    let product = b.select(isOne, lanes.constant(0), b.fmul(y, log))
    let rest = b.fma(y, low, b.fma(y, high, b.fneg(b.fmul(y, high))))
    // Where the product is out of range, or the rest meaningless, the bounds decide.
    let isInRange = b.and(
      b.not(isOne), b.fcmp(.olt, b.fabs(product), lanes.constant(760)))
    let bounded = lanes.atMost(lanes.constant(760), lanes.atLeast(lanes.constant(-760), product))
    let parts = ExponentialParts(
      lanes, bounded, low: b.select(isInRange, rest, lanes.constant(0)))
    return parts.power.scaled(lanes, b.fadd(lanes.constant(1), parts.expm1))
  }

  /// log x as an unevaluated sum, for positive finite doubles.
  private func preciseLogarithm(
    _ lanes: Lanes, _ x: LLVMValue
  ) -> (high: LLVMValue, low: LLVMValue) {
    let b = builder
    let parts = LogarithmParts(lanes, x)
    let (inverse, tableHigh, tableLow) = tableEntry(lanes, parts.significand)
    // r = rounded + error, exactly: near 1, subtracting 1 is exact.
    let quotient = b.fmul(parts.significand, inverse)
    let error = b.fma(parts.significand, inverse, b.fneg(quotient))
    let r = b.fsub(quotient, lanes.constant(1))
    let square = b.fmul(r, r)
    let squareError = b.fma(r, r, b.fneg(square))
    // The high parts of ln 2 and of the table are multiples of 2⁻⁴²: their sum is exact.
    let start = b.fma(parts.exponent, lanes.constant(0x1.62e42fefa38p-1), tableHigh)
    let minusHalf = lanes.constant(-0.5)
    let first = b.fadd(start, r)
    let firstLow = b.fsub(r, b.fsub(first, start))
    let second = b.fma(square, minusHalf, first)
    let secondLow = b.fma(square, minusHalf, b.fsub(first, second))
    let cubic = b.fmul(b.fmul(square, r), lanes.polynomial(r, Self.tableLogarithm))
    let fromError = b.fma(b.fneg(r), error, b.fma(squareError, minusHalf, error))
    let fromTables = b.fma(parts.exponent, lanes.constant(0x1.ef35793c7673p-45), tableLow)
    let small = b.fadd(
      b.fadd(b.fadd(firstLow, secondLow), b.fadd(fromTables, fromError)), cubic)
    let high = b.fadd(second, small)
    return (high, b.fsub(small, b.fsub(high, second)))
  }

  /// The table's 1/c and the two parts of log c, for significands in [¾, 1½).
  private func tableEntry(
    _ lanes: Lanes, _ significand: LLVMValue
  ) -> (LLVMValue, LLVMValue, LLVMValue) {
    let b = builder
    let distance = b.sub(lanes.bits(significand), lanes.bits(lanes.constant(0.75)))
    // Significands of NaN, zero and infinity are anything: the index is kept inside.
    let index = b.and(b.lshr(distance, lanes.int(45)), lanes.int(127))
    let entries = lanes.entries(3, at: index, of: Self.powerTable, named: "adjoint.pow.table")
    return (entries[0], entries[1], entries[2])
  }

  /// Of (log(1 + f) − f) / f² on [−¼, ½]; relative to log(1 + f) the error is 2⁻³⁸.
  private static let shortLogarithm = [
    -0x1.00000000db522p-1, 0x1.5555555a06c02p-2, -0x1.fffffc769d746p-3, 0x1.99998eed4353bp-3,
    -0x1.555650825b62ap-3, 0x1.24960c051c45fp-3, -0x1.ffcc97dba5083p-4, 0x1.c60e2651eccb3p-4,
    -0x1.9af5a6074fe7cp-4, 0x1.83bea63beb5d9p-4, -0x1.67d131458bffap-4, 0x1.010f9e1b3c70fp-4,
    -0x1.6ed7eb70ddfdbp-6,
  ]
  /// Of (eʳ − 1 − r) / r² on |r| ≤ ½ ln 2; relative to eʳ the error is 2⁻³⁴.
  private static let shortExponential = [
    0x1.0000003a460aep-1, 0x1.555554424650cp-3, 0x1.55548d74c2744p-5, 0x1.111271ae53d21p-7,
    0x1.6d8d5253e336dp-10, 0x1.9f07d42c11614p-13,
  ]
  /// Of (log(1 + r) − r + r²/2) / r³ on |r| ≤ 2⁻⁷; relative to log(1 + r) the error is 2⁻⁶⁹.
  private static let tableLogarithm = [
    0x1.5555555555555p-2, -0x1.0000000000067p-2, 0x1.9999999999b0dp-3, -0x1.555555448b1c2p-3,
    0x1.249249101504fp-3, -0x1.000692e1e8190p-3, 0x1.c729ccd391e9cp-4,
  ]
}

extension Lanes {
  /// Neighbouring numbers of a table of doubles, `count` for each index.
  func entries(
    _ count: Int, at index: LLVMValue, of table: [Double], named name: String
  ) -> [LLVMValue] {
    let data = b.module.sharedConstantData(name) {
      table.flatMap { value in
        (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
      }
    }
    let offset = b.mul(index, int(count))
    return (0..<count).map { column in
      let place = b.add(offset, int(column))
      if !type.isVector { return b.load(type, b.gep(type, data, place), alignment: 8) }
      let mask = b.module.i1.withWidth(type.vectorWidth)
      return b.gather(
        type, base: data, indices: place, mask: b.int(-1, mask), passthru: b.zero(type))
    }
  }

  /// A logarithm, −∞ where its argument is 0 and ∞ where it is ∞.
  fileprivate func withEnds(_ log: LLVMValue, _ x: LLVMValue) -> LLVMValue {
    let isInfinite = b.fcmp(.oeq, x, constant(.infinity))
    let isZero = b.fcmp(.oeq, x, constant(0))
    return b.select(
      isZero, constant(-.infinity), b.select(isInfinite, constant(.infinity), log))
  }
}
