import Foundation
import TensorIR

extension ComplexOp {
  /// The passage at every element.
  func evaluated(_ operands: [Literal], _ type: TensorType) -> Literal {
    elementwise(type, operands) { operands, type in
      let operand = operands[0]
      switch self {
      case .make:
        let values = zip(operand.doubleElements, operands[1].doubleElements)
        return Literal(type, rounding: values.map { ComplexValue($0, $1) })
      case .real:
        guard operand.type.element.isComplex else { return operand }
        return Literal(type, rounding: operand.complexElements.map(\.real))
      case .imaginary:
        guard operand.type.element.isComplex else { return Literal(type, filledWith: 0) }
        return Literal(type, rounding: operand.complexElements.map(\.imaginary))
      case .conjugate:
        guard operand.type.element.isComplex else { return operand }
        return Literal(type, rounding: operand.complexElements.map(\.conjugate))
      }
    }
  }
}

extension UnaryOp {
  /// The function of one complex number.
  func applied(to value: ComplexValue) -> ComplexValue {
    switch self {
    case .negate: return -value
    case .sign: return value.sign
    case .exponential: return value.exponential
    case .exponentialMinusOne: return value.exponentialMinusOne
    case .log: return value.logarithm
    case .logPlusOne: return value.logPlusOne
    case .logistic: return value.logistic
    case .tanh: return value.hyperbolicTangent
    case .sine: return value.sine
    case .cosine: return value.cosine
    case .sqrt: return value.squareRoot
    case .rsqrt: return value.reciprocalSquareRoot
    case .cubeRoot: return value.cubeRoot
    case .tangent: return value.tangent
    case .square: return value.squared
    case .stopGradient: return value
    case .sinh: return value.hyperbolicSine
    case .cosh: return value.hyperbolicCosine
    case .asin: return value.inverseSine
    case .acos: return value.inverseCosine
    case .atan: return value.inverseTangent
    case .asinh: return value.inverseHyperbolicSine
    case .acosh: return value.inverseHyperbolicCosine
    case .atanh: return value.inverseHyperbolicTangent
    case .abs, .floor, .ceil, .roundEven, .roundAway, .isFinite, .not, .populationCount,
      .leadingZeros, .erf, .erfc, .erfInverse, .logGamma, .digamma, .isInfinite,
      .isPositiveInfinite, .isNegativeInfinite:
      preconditionFailure("\(rawValue) has no complex result")
    }
  }
}

extension BinaryOp {
  /// The function of two complex numbers.
  func applied(_ left: ComplexValue, _ right: ComplexValue) -> ComplexValue {
    switch self {
    case .add: left + right
    case .subtract: left - right
    case .multiply: left * right
    case .divide: left / right
    case .power: left.power(right)
    case .maximum, .minimum, .remainder, .atan2, .and, .or, .xor, .shiftLeft, .shiftRightArithmetic,
      .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      preconditionFailure("\(rawValue) takes no complex numbers")
    }
  }
}
