package import LLVMBridge

/// The exponential function and what is made of it.
extension VectorMath {
  /// eˣ.
  package func exp(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      // Beyond the bounds the result is 0 or ∞ by the scaling alone.
      let bounded = lanes.atMost(lanes.pick(90, 720), lanes.atLeast(lanes.pick(-106, -760), x))
      let parts = ExponentialParts(lanes, bounded)
      return parts.scaled(lanes, builder.fadd(lanes.constant(1), parts.expm1))
    }
  }

  /// eˣ − 1, accurate near zero.
  package func expm1(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let b = builder
      let bounded = lanes.atMost(lanes.pick(88.8, 709.9), lanes.atLeast(lanes.constant(-60), x))
      let parts = ExponentialParts(lanes, bounded)
      // Half of the result first: 2ⁿ itself may be out of range.
      let scale = lanes.exp2(b.sub(parts.exponent(lanes), lanes.int(1)))
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
      let scale = lanes.exp2(parts.exponent(lanes))
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
      let z = parts.scaled(lanes, high)
      let isNegative = b.fcmp(.olt, x, lanes.constant(0))
      let quotient = b.fdiv(b.select(isNegative, z, one), b.fadd(one, z))
      // What rounding took from z, times the derivative of z / (1 + z).
      let low = parts.scaled(lanes, b.fsub(parts.expm1, b.fsub(high, one)))
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
  /// The integer n, as a number.
  let n: LLVMValue
  /// A number whose low bits are n.
  private let shifted: LLVMValue
  /// eʳ − 1 for r = x − n ln 2.
  let expm1: LLVMValue

  /// Emits the reduction and the polynomial; |x| must be below 2000.
  ///
  /// A low part belongs to x and is too small to change n. Coefficients replace the usual ones.
  init(
    _ lanes: Lanes, _ x: LLVMValue, low rest: LLVMValue? = nil, coefficients: [Double]? = nil
  ) {
    let b = lanes.b
    shifted = b.fma(x, lanes.constant(0x1.71547652b82fep0), lanes.roundingShift)
    n = b.fsub(shifted, lanes.roundingShift)
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

  /// The integer n, as an integer.
  func exponent(_ lanes: Lanes) -> LLVMValue {
    lanes.b.sub(lanes.bits(shifted), lanes.bits(lanes.roundingShift))
  }

  /// `x · 2ⁿ`, rounded once, for any n that ``init(_:_:)`` can give.
  func scaled(_ lanes: Lanes, _ x: LLVMValue) -> LLVMValue {
    let b = lanes.b
    if let avx512 = lanes.avx512 { return avx512.scale(b, x, n) }
    // In two steps, so that both factors are normal; only the second can round.
    let exponent = exponent(lanes)
    let half = b.ashr(exponent, lanes.int(1))
    let first = b.fmul(x, lanes.exp2(half))
    return b.fmul(first, lanes.exp2(b.sub(exponent, half)))
  }

  /// Of (eʳ − 1 − r) / r² on |r| ≤ ½ ln 2; relative to eʳ − 1 the error is 2⁻²⁶.
  private static let floatCoefficients = [
    0x1.fffffep-2, 0x1.5554b0p-3, 0x1.5556b8p-5, 0x1.1227aap-7, 0x1.6bebeap-10,
  ]
  /// The same for doubles: the error is 2⁻⁵⁹.
  private static let doubleCoefficients = [
    0x1.0000000000000p-1, 0x1.5555555555559p-3, 0x1.555555555555cp-5, 0x1.111111110f3d0p-7,
    0x1.6c16c16c11841p-10, 0x1.a01a01b1299c2p-13, 0x1.a01a01c736f29p-16, 0x1.71ddf4dbf4891p-19,
    0x1.27e48404acb53p-22, 0x1.af65327f26094p-26, 0x1.2013d40b9b2a9p-29,
  ]
}
