internal import CComplex
import Foundation

/// A complex number in double precision, with C's functions of it.
struct ComplexValue: Equatable {
  var real: Double
  var imaginary: Double

  static let zero = ComplexValue(0, 0)
  static let one = ComplexValue(1, 0)

  init(_ real: Double, _ imaginary: Double) {
    self.real = real
    self.imaginary = imaginary
  }

  private init(_ value: adjoint_complex) {
    self.init(value.real, value.imaginary)
  }

  private var c: adjoint_complex { adjoint_complex(real: real, imaginary: imaginary) }

  /// The distance from zero, which overflows only where it is no number of the type.
  var magnitude: Double { hypot(real, imaginary) }

  var conjugate: ComplexValue { ComplexValue(real, -imaginary) }

  static func + (left: ComplexValue, right: ComplexValue) -> ComplexValue {
    ComplexValue(left.real + right.real, left.imaginary + right.imaginary)
  }

  static func - (left: ComplexValue, right: ComplexValue) -> ComplexValue {
    ComplexValue(left.real - right.real, left.imaginary - right.imaginary)
  }

  static prefix func - (value: ComplexValue) -> ComplexValue {
    ComplexValue(-value.real, -value.imaginary)
  }

  /// The product by its formula, as in NumPy: infinities are not recovered from NaN.
  static func * (left: ComplexValue, right: ComplexValue) -> ComplexValue {
    ComplexValue(
      left.real * right.real - left.imaginary * right.imaginary,
      left.real * right.imaginary + left.imaginary * right.real)
  }

  /// The quotient by Annex G of C99.
  static func / (left: ComplexValue, right: ComplexValue) -> ComplexValue {
    ComplexValue(adjoint_cdiv(left.c, right.c))
  }

  /// The number with both parts multiplied by a real one.
  func scaled(by factor: Double) -> ComplexValue {
    ComplexValue(real * factor, imaginary * factor)
  }
}

extension ComplexValue {
  var exponential: ComplexValue { ComplexValue(adjoint_cexp(c)) }
  var logarithm: ComplexValue { ComplexValue(adjoint_clog(c)) }
  var squareRoot: ComplexValue { ComplexValue(adjoint_csqrt(c)) }
  var sine: ComplexValue { ComplexValue(adjoint_csin(c)) }
  var cosine: ComplexValue { ComplexValue(adjoint_ccos(c)) }
  var tangent: ComplexValue { ComplexValue(adjoint_ctan(c)) }
  var hyperbolicSine: ComplexValue { ComplexValue(adjoint_csinh(c)) }
  var hyperbolicCosine: ComplexValue { ComplexValue(adjoint_ccosh(c)) }
  var hyperbolicTangent: ComplexValue { ComplexValue(adjoint_ctanh(c)) }
  var inverseSine: ComplexValue { ComplexValue(adjoint_casin(c)) }
  var inverseCosine: ComplexValue { ComplexValue(adjoint_cacos(c)) }
  var inverseTangent: ComplexValue { ComplexValue(adjoint_catan(c)) }
  var inverseHyperbolicSine: ComplexValue { ComplexValue(adjoint_casinh(c)) }
  var inverseHyperbolicCosine: ComplexValue { ComplexValue(adjoint_cacosh(c)) }
  var inverseHyperbolicTangent: ComplexValue { ComplexValue(adjoint_catanh(c)) }

  /// z / |z|, and zero at zero.
  var sign: ComplexValue {
    if self == .zero { return self }
    // Scaled first, so that the distance neither overflows nor is subnormal.
    let size = max(real.magnitude, imaginary.magnitude)
    guard size.isFinite else { return ComplexValue(real / magnitude, imaginary / magnitude) }
    let shift = Double(
      sign: .plus, exponent: size.isNormal ? -Int(size.exponent) : 1000, significand: 1)
    let scaled = self.scaled(by: shift)
    return ComplexValue(scaled.real / scaled.magnitude, scaled.imaginary / scaled.magnitude)
  }

  /// exp(z) − 1 without cancellation near zero.
  var exponentialMinusOne: ComplexValue {
    let half = sin(imaginary / 2)
    let whole = exponential
    guard real.isFinite, imaginary.isFinite else {
      return ComplexValue(whole.real - 1, whole.imaginary)
    }
    return ComplexValue(
      expm1(real) * cos(imaginary) - 2 * half * half, whole.imaginary)
  }

  /// log(1 + z) without cancellation near zero.
  var logPlusOne: ComplexValue {
    let angle = atan2(imaginary, 1 + real)
    guard magnitude < 0.5 else {
      return ComplexValue(ComplexValue(1 + real, imaginary).logarithm.real, angle)
    }
    return ComplexValue(0.5 * log1p(real * (2 + real) + imaginary * imaginary), angle)
  }

  /// 1 / (1 + exp(−z)), by the exponential that does not overflow, whose imaginary part also says on
  /// which side of the real axis a result with none is.
  var logistic: ComplexValue {
    let isLeft = real < 0
    let small = (isLeft ? self : -self).exponential
    let value = (isLeft ? small : .one) / (.one + small)
    let side = isLeft ? small.imaginary : -small.imaginary
    return ComplexValue(value.real, Double(signOf: side, magnitudeOf: value.imaginary))
  }

  /// 1 / √z, which like the root is never on the left.
  var reciprocalSquareRoot: ComplexValue {
    let value = .one / squareRoot
    return ComplexValue(value.real.magnitude, value.imaginary)
  }

  /// z², whose real part is (|x| − |y|) (|x| + |y|), so that nothing cancels.
  var squared: ComplexValue {
    let difference = real.magnitude - imaginary.magnitude
    let product = real * imaginary
    return ComplexValue(
      difference == 0 ? 0 : difference * (real.magnitude + imaginary.magnitude),
      product + product)
  }

  /// The principal cube root.
  var cubeRoot: ComplexValue {
    self == .zero ? self : logarithm.scaled(by: 1.0 / 3).exponential
  }

  /// exp(y · log(x)); a power of zero is one, zero, or for exponents without a positive real part NaN.
  func power(_ exponent: ComplexValue) -> ComplexValue {
    if exponent == .zero { return .one }
    if self == .zero { return exponent.real > 0 ? .zero : ComplexValue(.nan, .nan) }
    return (exponent * logarithm).exponential
  }
}
