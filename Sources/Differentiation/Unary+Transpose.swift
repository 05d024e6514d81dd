import TensorIR

extension UnaryOp {
  /// Only negation is linear.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    switch self {
    case .negate: try pass.accumulate(pass.builder.negate(cotangent), on: operation.operands[0])
    case .abs, .sign, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh,
      .sine, .cosine, .sqrt, .rsqrt, .floor, .ceil, .roundEven, .roundAway, .cubeRoot, .tangent,
      .isFinite, .not, .stopGradient, .populationCount, .leadingZeros, .erf, .erfc, .erfInverse,
      .square, .sinh,
      .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma, .digamma, .isInfinite,
      .isPositiveInfinite, .isNegativeInfinite:
      throw pass.notLinear(operation)
    }
  }
}
