internal import TensorIR

/// The exponential of square matrices, by scaling and squaring with Padé's approximant of degree 13
/// (Higham, "The Scaling and Squaring Method for the Matrix Exponential Revisited", 2005).
public func expm<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node], at: location) { builder, values in
      try builder.requireSquare(values[0], "expm")
      return [try builder.exponential(of: values[0])]
    }[0]
  }
}

extension FunctionBuilder {
  /// The coefficients of Padé's approximant, from that of the matrix to the power zero on.
  private static let coefficients: [Double] = [
    64_764_752_532_480_000, 32_382_376_266_240_000, 7_771_770_303_897_600, 1_187_353_796_428_800,
    129_060_195_264_000, 10_559_470_521_600, 670_442_572_800, 33_522_128_640, 1_323_241_920,
    40_840_800, 960_960, 16_380, 182, 1,
  ]
  /// The greatest 1-norm for which the approximant is exact to double precision.
  private static let greatestNorm = 5.371920351148152
  /// More squarings than any matrix takes whose exponential is finite.
  private static let greatestSquarings = 16

  /// The exponential of matrices, which are scaled by the power of two that the greatest one needs.
  fileprivate mutating func exponential(of matrix: ValueID) throws -> ValueID {
    let type = self[matrix]
    let squarings = try squarings(for: matrix)
    let scale = try exponentialOfTwo(squarings, type.element.partType)
    let factor = try widened(scale, as: type.element)
    let a = try multiply(matrix, broadcast(factor, to: type.shape, dimensions: []))
    let approximant = try approximant(a)
    return try squared(approximant, squarings)
  }

  /// How often the approximant is squared: the least whole number s for which 2⁻ˢ times the greatest
  /// 1-norm is small enough.
  private mutating func squarings(for matrix: ValueID) throws -> ValueID {
    let type = self[matrix]
    let sums = try reduce(.add, unary(.abs, matrix), dimensions: [type.rank - 2])
    let zero = try splat(0, TensorType([], type.element.partType))
    let all = Array(0..<(type.rank - 1))
    let norm = try unary(
      .stopGradient, emit(.reduce(Reduction(.maximum, dimensions: all)), [sums, zero]))
    let scalar = TensorType([], type.element.partType)
    let ratio = try divide(norm, splat(Self.greatestNorm, scalar))
    let exponent = try multiply(
      unary(.log, binary(.maximum, ratio, splat(1, scalar))), splat(1.4426950408889634, scalar))
    let whole = try binary(
      .minimum, unary(.ceil, exponent), splat(Double(Self.greatestSquarings), scalar))
    return try convert(whole, to: .i64)
  }

  /// 2⁻ˢ.
  private mutating func exponentialOfTwo(
    _ squarings: ValueID, _ element: ElementType
  ) throws -> ValueID {
    let scalar = TensorType([], element)
    return try binary(.power, splat(0.5, scalar), convert(squarings, to: element))
  }

  /// (V − U)⁻¹·(V + U), where U has the odd powers and V the even ones.
  private mutating func approximant(_ a: ValueID) throws -> ValueID {
    let type = self[a]
    let b = Self.coefficients
    let identity = try identityMatrices(type)
    let a2 = try matrixProduct(a, a)
    let a4 = try matrixProduct(a2, a2)
    let a6 = try matrixProduct(a4, a2)
    func sum(_ terms: [(Double, ValueID)], in builder: inout FunctionBuilder) throws -> ValueID {
      var sum: ValueID?
      for (factor, power) in terms {
        let term = try builder.multiply(power, builder.splat(factor, type))
        sum = try sum.map { try builder.add($0, term) } ?? term
      }
      guard let sum else { preconditionFailure("a sum has terms") }
      return sum
    }
    let high = try sum([(b[13], a6), (b[11], a4), (b[9], a2)], in: &self)
    let low = try sum([(b[7], a6), (b[5], a4), (b[3], a2), (b[1], identity)], in: &self)
    let u = try matrixProduct(a, add(matrixProduct(a6, high), low))
    let even = try sum([(b[12], a6), (b[10], a4), (b[8], a2)], in: &self)
    let rest = try sum([(b[6], a6), (b[4], a4), (b[2], a2), (b[0], identity)], in: &self)
    let v = try add(matrixProduct(a6, even), rest)
    return try solution(subtract(v, u), add(v, u)).x
  }

  /// The matrices squared so many times, in a loop whose later steps do nothing.
  private mutating func squared(_ matrix: ValueID, _ count: ValueID) throws -> ValueID {
    let type = self[matrix]
    var square = FunctionBuilder(name: "region", location: location)
    let operand = square.parameter(type)
    let product = try square.matrixProduct(operand, operand)
    var same = FunctionBuilder(name: "region", location: location)
    let kept = same.parameter(type)
    let branch = Branch(
      .predicate,
      branches: [square.finish(returning: [product]), same.finish(returning: [kept])])
    var body = FunctionBuilder(name: "region", location: location)
    let index = body.parameter(TensorType([], .i64))
    let limit = body.parameter(TensorType([], .i64))
    let current = body.parameter(type)
    let isWanted = try body.compare(.less, index, limit)
    let next = try body.emit(.branch(branch), [isWanted, current])
    let scan = Scan(
      length: Self.greatestSquarings, captureCount: 1, carryCount: 1,
      body: body.finish(returning: [next]))
    return try emit(.scan(scan), [count, matrix])
  }
}
