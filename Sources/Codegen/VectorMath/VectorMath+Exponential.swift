package import LLVMBridge

/// The exponential function and what is made of it.
extension VectorMath {
  /// eˣ.
  package func exp(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      if !lanes.isDouble { return exponentialOfFloats(x, lanes) }
      // Beyond the bounds the result is 0 or ∞ by the scaling alone.
      let bounded = lanes.atMost(lanes.constant(720), lanes.atLeast(lanes.constant(-760), x))
      let parts = ExponentialParts(lanes, bounded)
      return parts.power.scaled(lanes, builder.fadd(lanes.constant(1), parts.expm1))
    }
  }

  /// eˣ = 2ⁿ eʳ of floats, by as few operations as one unit of error leaves room for.
  ///
  /// With AVX-512, where the scaling takes any n, it is r that is kept in bounds, with one
  /// instruction: an infinite or NaN n decides the result.
  private func exponentialOfFloats(_ x: LLVMValue, _ lanes: Lanes) -> LLVMValue {
    let b = builder
    let bounded =
      lanes.avx512 == nil
      ? lanes.atMost(lanes.constant(90), lanes.atLeast(lanes.constant(-106), x)) : x
    let power = PowerOfTwo(lanes, nearestTo: bounded, times: 0x1.71547652b82fep0)
    var r = b.fma(power.n, lanes.constant(-0x1.62e430p-1), bounded)
    r = b.fma(power.n, lanes.constant(0x1.05c610p-29), r)
    // |r| is at most ½ ln 2 but for rounding.
    if let avx512 = lanes.avx512 { r = avx512.clamped(b, r, toMagnitude: lanes.constant(0.35)) }
    let exponential = lanes.polynomial(r, [1, 1] + ExponentialParts.floatCoefficients)
    return power.scaled(lanes, exponential)
  }

  /// eˣ − 1, accurate near zero.
  package func expm1(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let b = builder
      let bounded = lanes.atMost(lanes.pick(88.8, 709.9), lanes.atLeast(lanes.constant(-60), x))
      let parts = ExponentialParts(lanes, bounded)
      // Half of the result first: 2ⁿ itself may be out of range.
      let scale = lanes.exp2(b.sub(parts.power.exponent(lanes), lanes.int(1)))
      let half = b.fma(scale, parts.expm1, b.fsub(scale, lanes.constant(0.5)))
      let isTiny = b.fcmp(.olt, b.fabs(x), lanes.pick(0x1p-26, 0x1p-55))
      return b.select(isTiny, x, b.fadd(half, half))
    }
  }

  /// The hyperbolic tangent.
  ///
  /// Near zero an odd polynomial, further out 1 − 2 / (e²ˣ + 1).
  package func tanh(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let b = builder
      let magnitude = lanes.atMost(lanes.pick(10, 20), b.fabs(x))
      let square = b.fmul(magnitude, magnitude)
      let p = lanes.polynomial(
        square, lanes.isDouble ? Self.tanhDoubles : Self.tanhFloats)
      let near = b.fma(b.fmul(square, magnitude), p, magnitude)
      let parts = ExponentialParts(lanes, b.fadd(magnitude, magnitude))
      let scale = lanes.exp2(parts.power.exponent(lanes))
      let one = lanes.constant(1)
      let sum = b.fma(scale, parts.expm1, b.fadd(scale, one))
      let far = b.fsub(one, b.fdiv(lanes.constant(2), sum))
      let isNear = b.fcmp(.olt, magnitude, lanes.constant(0.6))
      return b.copysign(b.select(isNear, near, far), x)
    }
  }

  /// The logistic function 1 / (1 + e⁻ˣ).
  ///
  /// With z = e^−|x|, which cannot overflow, it is 1 / (1 + z) or z / (1 + z).
  package func logistic(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let b = builder
      let one = lanes.constant(1)
      let bounded = lanes.atLeast(lanes.pick(-106, -760), b.fneg(b.fabs(x)))
      let parts = ExponentialParts(lanes, bounded)
      let high = b.fadd(one, parts.expm1)
      let z = parts.power.scaled(lanes, high)
      let isNegative = b.fcmp(.olt, x, lanes.constant(0))
      let quotient = b.fdiv(b.select(isNegative, z, one), b.fadd(one, z))
      // What rounding took from z, times the derivative of z / (1 + z).
      let low = parts.power.scaled(lanes, b.fsub(parts.expm1, b.fsub(high, one)))
      let rest = b.fsub(one, quotient)
      let corrected = b.fma(low, b.fmul(rest, rest), quotient)
      return b.select(isNegative, corrected, quotient)
    }
  }

  /// Of (tanh x − x) / x³ in x², up to 0.6; relative to tanh x the error is 2⁻²⁸.
  private static let tanhFloats = [
    -0x1.55553ep-2, 0x1.1109aep-3, -0x1.b89888p-5, 0x1.54b634p-6, -0x1.824bf6p-8,
  ]
  /// The same for doubles: the error is 2⁻⁵⁶.
  private static let tanhDoubles = [
    -0x1.5555555555530p-2, 0x1.111111110e188p-3, -0x1.ba1ba1b77ec04p-5, 0x1.664f47efb94ebp-6,
    -0x1.226e2288952c9p-7, 0x1.d6d0c4c274c47p-9, -0x1.7d79ca3c33ef7p-10, 0x1.33daab3703494p-11,
    -0x1.e3299ef5d924fp-13, 0x1.4ca1838ca5ed6p-14, -0x1.202289819c32fp-16,
  ]
}

/// The parts of eˣ = 2ⁿ · (1 + t), with |x − n ln 2| ≤ ½ ln 2.
struct ExponentialParts {
  /// The power 2ⁿ.
  let power: PowerOfTwo
  /// eʳ − 1 for r = x − n ln 2.
  let expm1: LLVMValue

  /// Emits the reduction and the polynomial; |x| must be below 2000.
  ///
  /// A low part belongs to x and is too small to change n. Coefficients replace the usual ones.
  init(
    _ lanes: Lanes, _ x: LLVMValue, low rest: LLVMValue? = nil, coefficients: [Double]? = nil
  ) {
    let b = lanes.b
    power = PowerOfTwo(lanes, nearestTo: x, times: 0x1.71547652b82fep0)
    let n = power.n
    // The first step is exact: the product is a multiple of the last place of ln 2.
    let high = b.fma(n, lanes.pick(-0x1.62e430p-1, -0x1.62e42fefa39efp-1), x)
    let lowFactor = lanes.pick(0x1.05c610p-29, -0x1.abc9e3b39803fp-56)
    let low: LLVMValue
    if let rest {
      low = b.fma(n, lowFactor, rest)
    } else {
      low = b.fmul(n, lowFactor)
    }
    let r = b.fadd(high, low)
    let q = lanes.polynomial(
      r, coefficients ?? (lanes.isDouble ? Self.doubleCoefficients : Self.floatCoefficients))
    // The low part goes into the small sum, which spares the rounding of r.
    expm1 = b.fadd(high, b.fma(b.fmul(r, r), q, low))
  }

  /// Of (eʳ − 1 − r) / r² on |r| ≤ ½ ln 2; relative to eʳ − 1 the error is 2⁻²⁶.
  static let floatCoefficients = [
    0x1.fffffep-2, 0x1.5554b0p-3, 0x1.5556b8p-5, 0x1.1227aap-7, 0x1.6bebeap-10,
  ]
  /// The same for doubles: the error is 2⁻⁵⁹.
  private static let doubleCoefficients = [
    0x1.0000000000000p-1, 0x1.5555555555559p-3, 0x1.555555555555cp-5, 0x1.111111110f3d0p-7,
    0x1.6c16c16c11841p-10, 0x1.a01a01b1299c2p-13, 0x1.a01a01c736f29p-16, 0x1.71ddf4dbf4891p-19,
    0x1.27e48404acb53p-22, 0x1.af65327f26094p-26, 0x1.2013d40b9b2a9p-29,
  ]
}

/// The power 2ⁿ for the integer n nearest to a product.
struct PowerOfTwo {
  /// The integer n, as a number.
  let n: LLVMValue
  /// A number whose low bits are n.
  private let shifted: LLVMValue

  /// Emits the rounding; where the product is 2²² and more (2⁵¹ of doubles), n is near it.
  init(_ lanes: Lanes, nearestTo x: LLVMValue, times factor: Double) {
    shifted = lanes.b.fma(x, lanes.constant(factor), lanes.roundingShift)
    n = lanes.b.fsub(shifted, lanes.roundingShift)
  }

  /// The integer n, as an integer.
  func exponent(_ lanes: Lanes) -> LLVMValue {
    lanes.b.sub(lanes.bits(shifted), lanes.bits(lanes.roundingShift))
  }

  /// `x · 2ⁿ`, rounded once; without AVX-512, |n| must be below 2000, of floats 200.
  func scaled(_ lanes: Lanes, _ x: LLVMValue) -> LLVMValue {
    let b = lanes.b
    if let avx512 = lanes.avx512 { return avx512.scale(b, x, n) }
    // In two steps, so that both factors are normal; only the second can round.
    let exponent = exponent(lanes)
    let half = b.ashr(exponent, lanes.int(1))
    let first = b.fmul(x, lanes.exp2(half))
    return b.fmul(first, lanes.exp2(b.sub(exponent, half)))
  }
}
