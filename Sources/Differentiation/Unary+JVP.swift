import TensorIR

extension UnaryOp {
  /// The tangent of y = f(x): the tangent of x times f′(x), written with y where that saves work.
  ///
  /// `abs` has slope 0 at zero. `sign` of floats, `floor`, `is_finite` and `not` are constant between
  /// jumps.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    guard let tangent = pass.tangent(operation.operands[0]) else { return nil }
    let x = operation.operands[0]
    let y = operation.result
    let type = pass.type(operation.result)
    switch self {
    case .sign:
      return type.element.isComplex ? try pass.signTangent(of: x, y, tangent) : nil
    case .abs where pass.type(x).element.isComplex:
      return try pass.magnitudeTangent(of: x, tangent)
    case .floor, .ceil, .roundEven, .roundAway, .isFinite, .isInfinite, .isPositiveInfinite,
      .isNegativeInfinite, .not, .stopGradient, .populationCount, .leadingZeros:
      return nil
    case .negate: return try pass.builder.negate(tangent)
    case .square: return try pass.squareTangent(tangent, x)
    case .log, .logPlusOne:
      if let smooth = try pass.softplusTangent(self, x) { return smooth }
      if self == .log, let tangent = try pass.logQuotientTangent(x) { return tangent }
      if self == .log { return try pass.scale(tangent, dividingBy: x) }
      let one = try pass.builder.splat(1, type)
      return try pass.scale(tangent, dividingBy: pass.builder.add(x, one))
    case .abs, .exponential, .exponentialMinusOne, .logistic, .tanh, .sine, .cosine, .sqrt, .rsqrt,
      .cubeRoot, .tangent, .erf, .erfc, .erfInverse, .sinh, .cosh, .asin, .acos, .atan,
      .asinh, .acosh, .atanh, .logGamma, .digamma:
      let slope = try slope(x: x, y: y, type, in: &pass.builder)
      return try pass.scale(tangent, by: slope)
    }
  }

  /// f′(x) of the functions whose tangent is a product.
  private func slope(
    x: ValueID, y: ValueID, _ type: TensorType, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    switch self {
    case .abs: return try builder.unary(.sign, x)
    case .exponential: return y
    case .exponentialMinusOne: return try builder.add(y, builder.splat(1, type))
    case .logistic:
      let one = try builder.splat(1, type)
      return try builder.multiply(y, builder.subtract(one, y))
    case .tanh:
      let one = try builder.splat(1, type)
      return try builder.subtract(one, builder.multiply(y, y))
    case .sine: return try builder.unary(.cosine, x)
    case .cosine: return try builder.negate(builder.unary(.sine, x))
    case .sqrt:
      let half = try builder.splat(0.5, type)
      return try builder.divide(half, y)
    case .rsqrt:
      let factor = try builder.splat(-0.5, type)
      let cube = try builder.multiply(y, builder.multiply(y, y))
      return try builder.multiply(factor, cube)
    case .erf:
      let factor = try builder.splat(2 / Double.pi.squareRoot(), type)
      let square = try builder.negate(builder.multiply(x, x))
      return try builder.multiply(factor, builder.unary(.exponential, square))
    case .square: return try builder.add(x, x)
    case .cubeRoot, .tangent, .erfc, .erfInverse, .sinh, .cosh, .asin, .acos, .atan, .asinh, .acosh,
      .atanh, .logGamma, .digamma:
      return try furtherSlope(x: x, y: y, type, in: &builder)
    case .sign, .floor, .ceil, .roundEven, .roundAway, .isFinite, .isInfinite, .isPositiveInfinite,
      .isNegativeInfinite, .not, .stopGradient, .populationCount, .leadingZeros:
      return try builder.splat(0, type)
    case .negate: return try builder.splat(-1, type)
    case .log: return try builder.divide(builder.splat(1, type), x)
    case .logPlusOne:
      let one = try builder.splat(1, type)
      return try builder.divide(one, builder.add(x, one))
    }
  }
}
