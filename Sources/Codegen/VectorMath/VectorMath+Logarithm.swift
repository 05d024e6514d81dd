package import LLVMBridge

/// Logarithms.
extension VectorMath {
  /// The natural logarithm; −∞ at zero, NaN below.
  package func log(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let b = builder
      let parts = LogarithmParts(lanes, x)
      let value = lanes.logarithm(
        onePlus: b.fsub(parts.significand, lanes.constant(1)), exponent: parts.exponent)
      if lanes.avx512 != nil {
        // The exponent is the result for zero and infinity, the significand NaN for the others.
        let isExtreme = b.fcmp(.oeq, b.fabs(parts.exponent), lanes.constant(.infinity))
        return b.select(isExtreme, parts.exponent, value)
      }
      let isRegular = b.and(
        b.fcmp(.ogt, x, lanes.constant(0)), b.fcmp(.olt, x, lanes.constant(.infinity)))
      return b.select(isRegular, value, lanes.logarithmOfIrregular(x, pole: 0))
    }
  }

  /// log(1 + x), accurate near zero.
  package func log1p(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let b = builder
      let one = lanes.constant(1)
      let parts = LogarithmParts(lanes, b.fadd(one, x), isNormal: true)
      // 2⁻ᵉ(1 + x) − 1 rounded once; for large e, the sum is the significand of x.
      let isLarge = b.fcmp(.ogt, parts.exponent, lanes.constant(64))
      let scale = lanes.exp2(b.sub(lanes.int(0), parts.integerExponent))
      let f = b.select(
        isLarge, b.fsub(parts.significand, one), b.fma(x, scale, b.fsub(scale, one)))
      let value = lanes.logarithm(onePlus: f, exponent: parts.exponent)
      let isTiny = b.fcmp(.olt, b.fabs(x), lanes.pick(0x1p-26, 0x1p-55))
      let isRegular = b.and(
        b.fcmp(.ogt, x, lanes.constant(-1)), b.fcmp(.olt, x, lanes.constant(.infinity)))
      return b.select(
        isTiny, x, b.select(isRegular, value, lanes.logarithmOfIrregular(x, pole: -1)))
    }
  }
}

/// The parts of x = 2ᵉ · m with m in [¾, 1½).
struct LogarithmParts {
  /// The exponent e, as a number.
  let exponent: LLVMValue
  /// The exponent e, as an integer.
  let integerExponent: LLVMValue
  /// The significand m.
  let significand: LLVMValue

  /// Emits the decomposition; of a number that is not positive and finite, the parts are
  /// arbitrary, except with AVX-512, which gives what ``AVX512`` says.
  init(_ lanes: Lanes, _ x: LLVMValue, isNormal: Bool = false) {
    let b = lanes.b
    if let avx512 = lanes.avx512, !isNormal {
      significand = avx512.significand(b, x)
      exponent = b.fsub(avx512.exponent(b, x), avx512.exponent(b, significand))
      integerExponent = lanes.int(0)
      return
    }
    let shift = lanes.significandBits
    var source = x
    var offset = lanes.int(0)
    if !isNormal {
      let isSubnormal = b.fcmp(.olt, x, lanes.pick(0x1p-126, 0x1p-1022))
      let scaled = b.fmul(x, lanes.constant(lanes.isDouble ? 0x1p52 : 0x1p23))
      source = b.select(isSubnormal, scaled, x)
      offset = b.select(isSubnormal, lanes.int(shift), offset)
    }
    let bits = lanes.bits(source)
    let distance = b.sub(bits, lanes.bits(lanes.constant(0.75)))
    let e = b.ashr(distance, lanes.int(shift))
    significand = lanes.number(b.sub(bits, b.shl(e, lanes.int(shift))))
    integerExponent = b.sub(e, offset)
    let magic = lanes.roundingShift
    exponent = b.fsub(lanes.number(b.add(integerExponent, lanes.bits(magic))), magic)
  }
}

extension Lanes {
  /// log(2ᵉ(1 + f)) for f in [−¼, ½].
  ///
  /// e ln 2 + f is summed with its rounding error, which is small change for the rest:
  /// the fast two-sum of Dekker (1971) holds because e ln 2 is larger than f or zero.
  func logarithm(onePlus f: LLVMValue, exponent e: LLVMValue) -> LLVMValue {
    // The high part of ln 2 leaves room for the exponent: the product is exact.
    let start = b.fmul(e, pick(0x1.62e4p-1, 0x1.62e42fefa38p-1))
    let high = b.fadd(start, f)
    let low = b.fsub(f, b.fsub(high, start))
    let rest = b.fma(e, pick(0x1.7f7d1cp-20, 0x1.ef35793c7673p-45), low)
    let q = polynomial(
      f, isDouble ? Self.doubleLogCoefficients : Self.floatLogCoefficients)
    return b.fadd(high, b.fma(b.fmul(f, f), q, rest))
  }

  /// A logarithm where its argument is at the pole, beyond it, infinite or NaN.
  func logarithmOfIrregular(_ x: LLVMValue, pole: Double) -> LLVMValue {
    let isPole = b.fcmp(.oeq, x, constant(pole))
    let isBeyond = b.fcmp(.olt, x, constant(pole))
    return b.select(
      isPole, constant(-.infinity), b.select(isBeyond, constant(.nan), x))
  }

  /// Of (log(1 + f) − f) / f² on [−¼, ½]; relative to log(1 + f) the error is 2⁻²⁷.
  private static let floatLogCoefficients = [
    -0x1.000000p-1, 0x1.5555acp-2, -0x1.000082p-2, 0x1.9966eep-3, -0x1.54d63ep-3, 0x1.2878dcp-3,
    -0x1.0e9c0ap-3, 0x1.b2146ap-4, -0x1.796b6ep-5,
  ]
  /// The same for doubles: the error is 2⁻⁵⁶.
  private static let doubleLogCoefficients = [
    -0x1.ffffffffffffbp-2, 0x1.55555555555c4p-2, -0x1.0000000000dc7p-2, 0x1.9999999989694p-3,
    -0x1.55555553fdabcp-3, 0x1.24924929f763bp-3, -0x1.000000780afbfp-3, 0x1.c71c70edc05b2p-4,
    -0x1.99996e0a732cep-4, 0x1.745ce36fb132bp-4, -0x1.55598332ea25bp-4, 0x1.3b1ff6ed8c71dp-4,
    -0x1.2463c2e8c60ecp-4, 0x1.101195469c2bcp-4, -0x1.ffef1094fd94fp-5, 0x1.f2aaab802e842p-5,
    -0x1.e9a79c05813c5p-5, 0x1.9fb07a6ff4ba3p-5, -0x1.e0ebafbe175bdp-6, 0x1.07fdcc91fd13bp-7,
  ]
}
