internal import Foundation

/// Functions that C's library lacks, of one number in double precision, by plain and slow means.
package enum SpecialFunctions {
  /// The number whose error function is x: a start that has the right size, and Newton's method on
  /// erf, or on erfc where erf is near one. ±∞ at ±1 and NaN beyond.
  package static func erfInverse(_ x: Double) -> Double {
    let magnitude = x.magnitude
    guard magnitude < 1 else { return magnitude == 1 ? x * .infinity : .nan }
    guard magnitude > 0 else { return x }
    let w = -log((1 - magnitude) * (1 + magnitude))
    // Winitzki's approximation, good to about three digits.
    let part = 2 / (.pi * 0.147) - w / 2
    var y = (((part * part + w / 0.147).squareRoot() - part)).squareRoot()
    if magnitude < 1e-3 { y = magnitude * Double.pi.squareRoot() / 2 }
    for _ in 0..<6 {
      let miss = magnitude < 0.5 ? erf(y) - magnitude : (1 - magnitude) - erfc(y)
      let step = miss / (2 / Double.pi.squareRoot() * exp(-y * y))
      y -= step / (1 + y * step)
    }
    return x < 0 ? -y : y
  }

  /// The derivative of the logarithm of the gamma function; NaN at its poles.
  package static func digamma(_ x: Double) -> Double {
    if x.isNaN || x == .infinity { return x }
    if x <= 0, x == x.rounded(.down) { return .nan }
    if x < 0, x > -Double(negativeRoots.count / 3) { return digamma(ofNegative: x) }
    if x < 0.5 {
      let turn = x - x.rounded(.toNearestOrEven)
      return digamma(1 - x) - .pi * cos(.pi * turn) / sin(.pi * turn)
    }
    if x < 1 { return digamma(x + 1) - 1 / x }
    if x < 2.5 {
      var slope = 0.0
      for coefficient in digammaSlope.reversed() {
        slope = slope * (x - digammaCenter) + coefficient
      }
      return ((x - digammaRoot) - digammaRootRest) * slope
    }
    var (z, sum) = (x, 0.0)
    while z < 10 {
      sum -= 1 / z
      z += 1
    }
    let square = 1 / (z * z)
    var series = 0.0
    for coefficient in digammaSeries.reversed() { series = (series + coefficient) * square }
    return sum + log(z) - 0.5 / z - series
  }

  /// Hurwitz's zeta function Σ (q + k)⁻ˢ; ∞ at s = 1, NaN for lesser s and, where s is not whole, for
  /// negative q.
  ///
  /// With f = q − ⌊q⌋ and a whole s, the terms of negative q + k are those of ζ(s, 1 − f) that come before
  /// those of ζ(s, 1 − q), so ζ(s, q) = ζ(s, f) + (−1)ˢ (ζ(s, 1 − f) − ζ(s, 1 − q)).
  package static func zeta(_ s: Double, _ q: Double) -> Double {
    if s == 1 { return .infinity }
    guard s > 1, q >= 0 || s == s.rounded(.down) else { return .nan }
    if q >= 0 { return zeta(s, ofPositive: q) }
    let sign: Double = s.truncatingRemainder(dividingBy: 2) == 0 ? 1 : -1
    let negative =
      zeta(s, ofPositive: q.rounded(.up) - q) - zeta(s, ofPositive: 1 - q)
    return zeta(s, ofPositive: q - q.rounded(.down)) + sign * negative
  }

  /// Hurwitz's zeta function for s > 1 and q ≥ 0 by Euler and Maclaurin's formula.
  private static func zeta(_ s: Double, ofPositive q: Double) -> Double {
    if q == 0 { return .infinity }
    var sum = 0.0
    for step in 0..<10 { sum += pow(q + Double(step), -s) }
    let z = q + 10
    let power = pow(z, -s)
    sum += power * z / (s - 1) + power / 2
    var (factor, term) = (s, power / z)
    for (index, divisor) in zetaDivisors.enumerated() {
      sum += factor * term / divisor
      let next = Double(2 * index)
      factor *= (s + next + 1) * (s + next + 2)
      term /= z * z
    }
    return sum
  }

  /// The derivative of the digamma function of order n, a whole number from zero on; else NaN.
  package static func polygamma(_ n: Double, _ x: Double) -> Double {
    guard n >= 0, n.isFinite, n == n.rounded(.down) else { return .nan }
    if n == 0 { return digamma(x) }
    let sign: Double = n.truncatingRemainder(dividingBy: 2) == 0 ? -1 : 1
    return sign * exp(lgamma(n + 1)) * zeta(n + 1, x)
  }

  /// The positive root of the digamma function, and what that lacks.
  package static let digammaRoot = 1.4616321449683622, digammaRootRest = 9.549995429965697e-17
  /// The middle of the arguments from 1 to 2.5, where digamma(x) is (x − root) P(x − middle): a series of
  /// logarithms and quotients would lose what they have in common.
  package static let digammaCenter = 1.75
  /// P, which interpolates at Chebyshev's nodes in 200 bits; to 8·10⁻¹⁷.
  package static let digammaSlope: [Double] = [
    0.8581832171262995, -0.326254627868104, 0.15712011335204148, -0.08228558635608994,
    0.04479965445296448, -0.02489004847193739, 0.013985786174350725, -0.00791046920955086,
    0.0044918139414191795, -0.0025566803581222467, 0.001457371445719276, -0.0008315510837837972,
    0.000474708739342519, -0.0002707829106339783, 0.00015467258438622296,
    -8.956668140522672e-05, 5.117301133654925e-05, -2.6090425002503875e-05,
    1.490776818253091e-05, -1.401732342765351e-05, 8.00975852334954e-06, 1.5679367578407294e-06,
    -8.959796328210697e-07, -3.4604603943522995e-06, 1.9774020455680284e-06,
  ]
  /// B₂ₖ / 2k: of the digamma function's series in z⁻².
  package static let digammaSeries: [Double] = [
    quotient(1.0, 12), quotient(-1.0, 120), quotient(1.0, 252), quotient(-1.0, 240),
    quotient(1.0, 132), quotient(-691.0, 32760), quotient(1.0, 12),
    quotient(-3617.0, 8160),
  ]
  /// (2k)! / B₂ₖ: of Euler and Maclaurin's formula.
  package static let zetaDivisors: [Double] = [
    12.0, -720.0, 30240.0, -1_209_600.0, 47_900_160.0, quotient(-1_307_674_368_000.0, 691),
    74_724_249_600.0, quotient(-10_670_622_842_880_000.0, 3617),
    quotient(5_109_094_217_170_944_000.0, 43867),
    quotient(-802_857_662_698_291_200_000.0, 174611),
  ]
  /// B₂ₖ / 2k(2k − 1): of Stirling's series in z⁻².
  package static let stirlingSeries: [Double] = [
    quotient(1.0, 12), quotient(-1.0, 360), quotient(1.0, 1260), quotient(-1.0, 1680),
    quotient(1.0, 1188), quotient(-691.0, 360360), quotient(1.0, 156),
  ]

  private static func quotient(_ numerator: Double, _ denominator: Double) -> Double {
    numerator / denominator
  }
}
