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
    case .asinh:
      return try builder.unary(.rsqrt, builder.add(one, builder.multiply(x, x)))
    case .acosh where type.element.isComplex:
      // One root of the product would have its cut elsewhere.
      let below = try builder.unary(.rsqrt, builder.subtract(x, one))
      return try builder.multiply(below, builder.unary(.rsqrt, builder.add(x, one)))
    case .acosh:
      let product = try builder.multiply(builder.subtract(x, one), builder.add(x, one))
      return try builder.unary(.rsqrt, product)
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
