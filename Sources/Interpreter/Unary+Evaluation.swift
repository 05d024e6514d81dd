import Foundation
import TensorIR

extension UnaryOp {
  /// The function at every element; floats are computed in double precision and rounded once.
  func evaluated(_ operand: Literal, _ type: TensorType) -> Literal {
    elementwise(type, [operand]) { operands, type in
      switch operands[0].exactElements {
      case .integers(let values):
        return Literal(type, wrapping: values.map { applied(to: $0, type.element) })
      case .doubles(let values):
        if isTest { return Literal(type, wrapping: values.map { holds($0) ? 1 : 0 }) }
        return Literal(type, rounding: mapped(values) { applied(to: $0) })
      case .complexes(let values):
        if self == .abs { return Literal(type, rounding: values.map(\.magnitude)) }
        return Literal(type, rounding: values.map { applied(to: $0) })
      }
    }
  }

  /// The function of one float.
  ///
  /// `sign` keeps zeros and NaN. `logistic` never exponentiates a positive number, so it neither
  /// overflows nor loses small results.
  func applied(to value: Double) -> Double {
    switch self {
    case .abs: return Swift.abs(value)
    case .negate: return -value
    case .sign: return value == 0 || value.isNaN ? value : (value < 0 ? -1 : 1)
    case .exponential: return Foundation.exp(value)
    case .exponentialMinusOne: return Foundation.expm1(value)
    case .log: return Foundation.log(value)
    case .logPlusOne: return Foundation.log1p(value)
    case .logistic:
      let small = Foundation.exp(-Swift.abs(value))
      return value < 0 ? small / (1 + small) : 1 / (1 + small)
    case .tanh: return Foundation.tanh(value)
    case .sine: return Foundation.sin(value)
    case .cosine: return Foundation.cos(value)
    case .sqrt: return value.squareRoot()
    case .rsqrt: return 1 / value.squareRoot()
    case .floor: return value.rounded(.down)
    case .stopGradient: return value
    case .ceil: return value.rounded(.up)
    case .roundEven: return value.rounded(.toNearestOrEven)
    case .roundAway: return value.rounded(.toNearestOrAwayFromZero)
    case .cubeRoot: return Foundation.cbrt(value)
    case .tangent: return Foundation.tan(value)
    case .erf: return Foundation.erf(value)
    case .erfc: return Foundation.erfc(value)
    case .erfInverse: return SpecialFunctions.erfInverse(value)
    case .square: return value * value
    case .sinh: return Foundation.sinh(value)
    case .cosh: return Foundation.cosh(value)
    case .asin: return Foundation.asin(value)
    case .acos: return Foundation.acos(value)
    case .atan: return Foundation.atan(value)
    case .asinh: return Foundation.asinh(value)
    case .acosh: return Foundation.acosh(value)
    case .atanh: return Foundation.atanh(value)
    case .logGamma: return Foundation.lgamma(value)
    case .digamma: return SpecialFunctions.digamma(value)
    case .isFinite, .isInfinite, .isPositiveInfinite, .isNegativeInfinite, .not, .populationCount,
      .leadingZeros:
      preconditionFailure("\(rawValue) has no float result")
    }
  }

  /// Whether a test holds of a number.
  private func holds(_ value: Double) -> Bool {
    switch self {
    case .isInfinite: value.isInfinite
    case .isPositiveInfinite: value == .infinity
    case .isNegativeInfinite: value == -.infinity
    default: value.isFinite
    }
  }

  /// The function of one integer or boolean; results wrap.
  private func applied(to value: Int64, _ element: ElementType) -> Int64 {
    switch self {
    case .abs: return value < 0 ? 0 &- value : value
    case .negate: return 0 &- value
    case .sign: return value.signum()
    case .not: return element == .i1 ? 1 - value : ~value
    case .square: return value &* value
    case .stopGradient: return value
    case .populationCount: return element.populationCount(value)
    case .leadingZeros: return element.leadingZeros(value)
    case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine, .cosine,
      .sqrt, .rsqrt, .floor, .ceil, .roundEven, .roundAway, .cubeRoot, .tangent, .isFinite, .erf,
      .erfc, .erfInverse, .sinh, .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma,
      .digamma, .isInfinite, .isPositiveInfinite, .isNegativeInfinite:
      preconditionFailure("\(rawValue) takes floats only")
    }
  }
}
