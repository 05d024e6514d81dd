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
        if self == .isFinite { return Literal(type, wrapping: values.map { $0.isFinite ? 1 : 0 }) }
        return Literal(type, rounding: mapped(values) { applied(to: $0) })
      }
    }
  }

  /// The function of one float.
  ///
  /// `sign` keeps zeros and NaN. `logistic` never exponentiates a positive number, so it neither
  /// overflows nor loses small results.
  private func applied(to value: Double) -> Double {
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
    case .erf: return Foundation.erf(value)
    case .square: return value * value
    case .stopGradient: return value
    case .isFinite, .not: preconditionFailure("\(rawValue) has no float result")
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
    case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine, .cosine,
      .sqrt, .rsqrt, .floor, .isFinite, .erf:
      preconditionFailure("\(rawValue) takes floats only")
    }
  }
}
