import TensorIR

extension UnaryOp {
  /// f′(x) of hyperbolic, inverse and special functions.
  func furtherSlope(
    x: ValueID, y: ValueID, _ type: TensorType, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let one = try builder.splat(1, type)
    switch self {
    case .cubeRoot:
      return try builder.divide(builder.splat(1.0 / 3, type), builder.multiply(y, y))
    case .tangent: return try builder.add(one, builder.multiply(y, y))
    case .sinh: return try builder.unary(.cosh, x)
    case .cosh: return try builder.unary(.sinh, x)
    case .erfc, .erfInverse: return try gaussianSlope(x: x, y: y, type, in: &builder)
    case .asin, .acos:
      let slope = try builder.unary(.rsqrt, squareDistance(x, from: one, in: &builder))
      return self == .asin ? slope : try builder.negate(slope)
    case .atan: return try builder.divide(one, builder.add(one, builder.multiply(x, x)))
    case .atanh: return try builder.divide(one, squareDistance(x, from: one, in: &builder))
    case .asinh where type.element.isComplex:
      return try builder.unary(.rsqrt, builder.add(one, builder.multiply(x, x)))
    case .asinh: return try inverseHypotenuse(x, type, in: &builder)
    case .acosh:
      // One root of the product may be infinite, is a number where acosh is none, and would have its
      // cut elsewhere.
      let below = try builder.unary(.rsqrt, builder.subtract(x, one))
      return try builder.multiply(below, builder.unary(.rsqrt, builder.add(x, one)))
    case .logGamma: return try builder.unary(.digamma, x)
    case .digamma: return try builder.binary(.polygamma, one, x)
    default: preconditionFailure("the slope of \(rawValue) is another rule's")
    }
  }

  /// 1 − x² as (1 − x)(1 + x), which loses nothing near one.
  private func squareDistance(
    _ x: ValueID, from one: ValueID, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    try builder.multiply(builder.subtract(one, x), builder.add(one, x))
  }

  /// 1/√(1 + x²), with both terms multiplied by a power of two where x² would be infinite.
  private func inverseHypotenuse(
    _ x: ValueID, _ type: TensorType, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let factor = try builder.rangeFactor(x)
    let scaled = try builder.multiply(x, factor)
    let sum = try builder.add(
      builder.multiply(factor, factor), builder.multiply(scaled, scaled))
    return try builder.multiply(factor, builder.unary(.rsqrt, sum))
  }

  /// −(2/√π) e^(−x²) of erfc, (√π/2) e^(y²) of the inverse of erf.
  private func gaussianSlope(
    x: ValueID, y: ValueID, _ type: TensorType, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let root = Double.pi.squareRoot()
    if self == .erfInverse {
      let square = try builder.multiply(y, y)
      return try builder.multiply(
        builder.splat(root / 2, type), builder.unary(.exponential, square))
    }
    let square = try builder.negate(builder.multiply(x, x))
    return try builder.multiply(
      builder.splat(-2 / root, type), builder.unary(.exponential, square))
  }
}

extension FunctionBuilder {
  /// One, or a small power of two where the square of |x| would be infinite.
  fileprivate mutating func rangeFactor(_ x: ValueID) throws -> ValueID {
    try shrinkingFactor(unary(.abs, x))
  }

  /// One, or a power of two that makes x² + y² a normal number where squares would be infinite or lose
  /// their last bits.
  mutating func rangeFactor(_ x: ValueID, _ y: ValueID) throws -> ValueID {
    let type = self[x]
    let magnitude = try binary(.maximum, unary(.abs, x), unary(.abs, y))
    let range = greatestExponent(type)
    let isSmall = try compare(
      .less, magnitude, splat(Double(sign: .plus, exponent: -2 * range / 5, significand: 1), type))
    let large = try splat(Double(sign: .plus, exponent: 4 * range / 5, significand: 1), type)
    return try select(isSmall, large, shrinkingFactor(magnitude))
  }

  /// One, or a small power of two for magnitudes whose squares might be infinite.
  private mutating func shrinkingFactor(_ magnitude: ValueID) throws -> ValueID {
    let type = self[magnitude]
    let range = greatestExponent(type)
    let isLarge = try compare(
      .greater, magnitude,
      splat(Double(sign: .plus, exponent: range / 2 - 1, significand: 1), type))
    let small = try splat(
      Double(sign: .plus, exponent: -(range * 11 / 20 + 1), significand: 1), type)
    return try select(isLarge, small, splat(1, type))
  }

  /// The exponent of the greatest finite number of a type of floats.
  private func greatestExponent(_ type: TensorType) -> Int {
    type.element.floatFormat?.greatestExponent ?? 1023
  }
}
