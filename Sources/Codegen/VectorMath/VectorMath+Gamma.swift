internal import Foundation
package import LLVMBridge
internal import TensorIR

/// The logarithm of the gamma function, its derivatives and Hurwitz's zeta function.
extension VectorMath {
  /// log |Γ(x)|; ∞ at the poles.
  package func lgamma(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "lgamma") { lanes, x in logGamma(lanes, x[0]) }
  }

  /// Stirling's series from eight on, to which lesser arguments are moved by the recurrence; below one
  /// half by reflection.
  private func logGamma(_ lanes: Lanes, _ x: LLVMValue) -> LLVMValue {
    let b = builder
    let one = lanes.constant(1)
    let isReflected = b.fcmp(.olt, x, lanes.constant(0.5))
    let r = b.select(isReflected, b.fsub(one, x), x)
    let isSmall = b.fcmp(.olt, r, lanes.constant(Self.shift))
    var product = r
    for step in 1..<Int(Self.shift) {
      product = b.fmul(product, b.fadd(r, lanes.constant(Double(step))))
    }
    product = b.select(isSmall, product, one)
    let z = b.select(isSmall, b.fadd(r, lanes.constant(Self.shift)), r)
    let inverse = b.fdiv(one, z)
    let series = b.fmul(
      inverse, lanes.polynomial(b.fmul(inverse, inverse), SpecialFunctions.stirlingSeries))
    var value = b.fmul(b.fsub(z, lanes.constant(0.5)), log(z))
    value = b.fadd(b.fsub(value, z), lanes.constant(0.5 * Foundation.log(2 * Double.pi)))
    value = b.fsub(b.fadd(value, series), log(product))
    let sine = b.fabs(sinCos(turn(lanes, x)).sin)
    let reflected = b.fsub(log(b.fdiv(lanes.constant(.pi), sine)), value)
    let result = b.select(isReflected, reflected, value)
    let isInfinite = b.fcmp(.oeq, b.fabs(x), lanes.constant(.infinity))
    return b.select(isInfinite, lanes.constant(.infinity), result)
  }

  /// Arguments below this are moved up by it.
  private static let shift = 8.0

  /// π times the distance to the nearest whole number.
  private func turn(_ lanes: Lanes, _ x: LLVMValue) -> LLVMValue {
    builder.fmul(lanes.constant(.pi), builder.fsub(x, builder.rint(x)))
  }

  /// The derivative of `lgamma`; NaN at the poles.
  ///
  /// Its asymptotic series, moved and reflected as there.
  package func digamma(_ x: LLVMValue) -> LLVMValue {
    let isDouble = x.type.scalarBits == 64
    return throughDoubles([x], library: nil) { lanes, x in
      digamma(lanes, x[0], nearRoots: isDouble)
    }
  }

  /// - Parameter nearRoots: Whether doubles keep their relative accuracy near negative roots.
  private func digamma(_ lanes: Lanes, _ x: LLVMValue, nearRoots: Bool) -> LLVMValue {
    let b = builder
    let one = lanes.constant(1)
    let isReflected = b.fcmp(.olt, x, lanes.constant(0.5))
    let r = b.select(isReflected, b.fsub(one, x), x)
    let isSmall = b.fcmp(.olt, r, lanes.constant(10))
    var sum = b.fdiv(one, r)
    for step in 1..<10 {
      sum = b.fadd(sum, b.fdiv(one, b.fadd(r, lanes.constant(Double(step)))))
    }
    sum = b.select(isSmall, sum, lanes.constant(0))
    let z = b.select(isSmall, b.fadd(r, lanes.constant(10)), r)
    let inverse = b.fdiv(one, z)
    let square = b.fmul(inverse, inverse)
    let series = b.fmul(square, lanes.polynomial(square, SpecialFunctions.digammaSeries))
    var value = b.fma(inverse, lanes.constant(-0.5), log(z))
    value = b.fsub(b.fsub(value, series), sum)
    value = b.select(
      b.fcmp(.olt, r, lanes.constant(2.5)), digammaNearRoot(lanes, r), value)
    let (sine, cosine) = sinCos(turn(lanes, x))
    let cotangent = b.fmul(lanes.constant(.pi), b.fdiv(cosine, sine))
    var result = b.select(isReflected, b.fsub(value, cotangent), value)
    if nearRoots {
      let count = Double(SpecialFunctions.negativeRoots.count / 3)
      let isKnown = b.and(
        b.fcmp(.olt, x, lanes.constant(0)), b.fcmp(.ogt, x, lanes.constant(-count)))
      let known = b.select(isKnown, x, lanes.constant(-0.5))
      result = b.select(isKnown, digammaFromRoot(lanes, known, b.fabs(sine)), result)
    }
    let isPole = b.and(
      b.fcmp(.ole, x, lanes.constant(0)), b.fcmp(.oeq, x, b.floor(x)))
    let isInfinite = b.fcmp(.oeq, x, lanes.constant(.infinity))
    return b.select(isPole, lanes.constant(.nan), b.select(isInfinite, x, result))
  }

  /// The digamma function from one half to 2.5: from one on the distance from its positive root times a
  /// polynomial, below by the recurrence.
  private func digammaNearRoot(_ lanes: Lanes, _ x: LLVMValue) -> LLVMValue {
    let b = builder
    let one = lanes.constant(1)
    let isLow = b.fcmp(.olt, x, one)
    let place = b.select(isLow, b.fadd(x, one), x)
    let slope = lanes.polynomial(
      b.fsub(place, lanes.constant(SpecialFunctions.digammaCenter)), SpecialFunctions.digammaSlope)
    let distance = b.fsub(
      b.fsub(place, lanes.constant(SpecialFunctions.digammaRoot)),
      lanes.constant(SpecialFunctions.digammaRootRest))
    let value = b.fmul(distance, slope)
    return b.select(isLow, b.fsub(value, b.fdiv(one, x)), value)
  }

  /// The digamma function between −64 and 0, as `SpecialFunctions.digamma(ofNegative:)` has it.
  private func digammaFromRoot(_ lanes: Lanes, _ x: LLVMValue, _ sine: LLVMValue) -> LLVMValue {
    let b = builder
    let (zero, one) = (lanes.constant(0), lanes.constant(1))
    let place = b.fptosi(b.fsub(b.fneg(b.floor(x)), one), lanes.integer)
    let entries = lanes.entries(
      3, at: place, of: SpecialFunctions.negativeRoots, named: "adjoint.digamma.roots")
    let distance = b.fsub(b.fsub(x, entries[0]), entries[1])
    let (s, t) = (b.fsub(one, x), b.fsub(one, entries[0]))
    let (z, w) = (b.fadd(s, lanes.constant(10)), b.fadd(t, lanes.constant(10)))
    var slope = b.fdiv(lanes.constant(0.5), b.fmul(z, w))
    for step in 0..<10 {
      let step = lanes.constant(Double(step))
      slope = b.fadd(slope, b.fdiv(one, b.fmul(b.fadd(s, step), b.fadd(t, step))))
    }
    let (u, v) = (b.fdiv(one, b.fmul(z, z)), b.fdiv(one, b.fmul(w, w)))
    var (value, difference) = (zero, zero)
    for coefficient in SpecialFunctions.digammaSeries.reversed() {
      difference = b.fma(difference, u, value)
      value = b.fma(value, v, lanes.constant(coefficient))
    }
    let ofSeries = b.fmul(b.fmul(b.fadd(z, w), b.fmul(u, v)), b.fma(difference, u, value))
    slope = b.fadd(slope, ofSeries)
    let turned = sinCos(b.fmul(lanes.constant(.pi), distance)).sin
    let cotangents = b.fdiv(b.fmul(entries[2], turned), sine)
    let rest = b.fsub(log1p(b.fneg(b.fdiv(distance, w))), b.fmul(distance, slope))
    return b.fadd(cotangents, rest)
  }

  /// Hurwitz's zeta function Σ (q + k)⁻ˢ.
  package func zeta(_ s: LLVMValue, _ q: LLVMValue) -> LLVMValue {
    throughDoubles([s, q], library: nil) { lanes, operands in
      zeta(lanes, operands[0], operands[1])
    }
  }

  /// The function for q of either sign, as `SpecialFunctions.zeta` has it.
  private func zeta(_ lanes: Lanes, _ s: LLVMValue, _ q: LLVMValue) -> LLVMValue {
    let b = builder
    let (zero, one) = (lanes.constant(0), lanes.constant(1))
    let isNegative = b.fcmp(.olt, q, zero)
    let start = b.select(isNegative, b.fsub(q, b.floor(q)), q)
    let before = b.fneg(b.floor(b.fneg(q)))
    func positiveZeta(_ q: LLVMValue) -> LLVMValue {
      outlined("zeta.series", [s, q]) { $0.positiveZeta($1[0], $1[1]) }
    }
    let negative = b.fsub(positiveZeta(b.fsub(before, q)), positiveZeta(b.fsub(one, q)))
    let half = b.fmul(s, lanes.constant(0.5))
    let isEven = b.fcmp(.oeq, half, b.floor(half))
    let sum = b.fadd(
      positiveZeta(start),
      b.select(isNegative, b.select(isEven, negative, b.fneg(negative)), zero))
    let isWhole = b.fcmp(.oeq, s, b.floor(s))
    let isDefined = b.and(
      b.fcmp(.ogt, s, one), b.or(b.fcmp(.oge, q, zero), b.and(isNegative, isWhole)))
    let value = b.select(isDefined, sum, lanes.constant(.nan))
    return b.select(b.fcmp(.oeq, s, one), lanes.constant(.infinity), value)
  }

  /// The function for s > 1 and q ≥ 0 by Euler and Maclaurin's formula.
  private func positiveZeta(_ s: LLVMValue, _ q: LLVMValue) -> LLVMValue {
    let b = builder
    let lanes = Lanes(b, q.type, target)
    let (one, negative) = (lanes.constant(1), b.fneg(s))
    func power(of base: LLVMValue) -> LLVMValue {
      outlined("zeta.power", [base, negative]) { $0.pow($1[0], $1[1]) }
    }
    var sum = lanes.constant(0)
    for step in 0..<10 { sum = b.fadd(sum, power(of: b.fadd(q, lanes.constant(Double(step))))) }
    let z = b.fadd(q, lanes.constant(10))
    let last = power(of: z)
    sum = b.fadd(sum, b.fdiv(b.fmul(last, z), b.fsub(s, one)))
    sum = b.fma(last, lanes.constant(0.5), sum)
    var (factor, term) = (s, b.fdiv(last, z))
    let inverse = b.fdiv(one, b.fmul(z, z))
    for (index, divisor) in SpecialFunctions.zetaDivisors.enumerated() {
      sum = b.fma(b.fmul(factor, term), lanes.constant(1 / divisor), sum)
      let next = lanes.constant(Double(2 * index + 1))
      factor = b.fmul(
        factor, b.fmul(b.fadd(s, next), b.fadd(s, b.fadd(next, one))))
      term = b.fmul(term, inverse)
    }
    let isPole = b.fcmp(.oeq, q, lanes.constant(0))
    return b.select(isPole, lanes.constant(.infinity), sum)
  }

  /// The derivative of the digamma function of order n, a whole number from zero on; else NaN.
  package func polygamma(_ n: LLVMValue, _ x: LLVMValue) -> LLVMValue {
    throughDoubles([n, x], library: nil) { lanes, operands in
      let b = builder
      let (n, x) = (operands[0], operands[1])
      let (zero, one) = (lanes.constant(0), lanes.constant(1))
      let next = b.fadd(n, one)
      let factorial = exp(logGamma(lanes, next))
      let half = b.fmul(n, lanes.constant(0.5))
      let isEven = b.fcmp(.oeq, half, b.floor(half))
      let value = b.fmul(b.select(isEven, b.fneg(factorial), factorial), zeta(lanes, next, x))
      let isInRange = b.and(
        b.fcmp(.oge, n, zero), b.fcmp(.olt, n, lanes.constant(.infinity)))
      let isWhole = b.and(b.fcmp(.oeq, n, b.floor(n)), isInRange)
      return b.select(
        isWhole, b.select(b.fcmp(.oeq, n, zero), digamma(lanes, x, nearRoots: true), value),
        lanes.constant(.nan))
    }
  }
}
