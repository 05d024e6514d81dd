import Differentiation
import TensorIR
import TestSupport
import Testing

/// Derivatives where finite differences see nothing: at ties, at edges, at zero.
@Suite struct KinkTests {
  /// The type of `count` numbers of double precision.
  private static func type(_ count: Int) -> TensorType { TensorType([count], .f64) }

  /// The gradients of the sum of what `body` computes from vectors.
  private func gradients(
    at points: [Literal], _ body: (inout FunctionBuilder, [ValueID]) throws -> ValueID
  ) throws -> [[Double]] {
    var builder = FunctionBuilder(name: "main")
    let parameters = points.map { builder.parameter($0.type) }
    let value = try body(&builder, parameters)
    let axes = Array(builder[value].shape.indices)
    let loss = try builder.reduce(.add, value, dimensions: axes)
    let function = builder.finish(returning: [loss])
    let wanted = points.indices.filter { points[$0].type.element.isFloat }
    return try run(function.withGradient(of: wanted), points).dropFirst().map(\.doubles)
  }

  @Test(arguments: [BinaryOp.maximum, .minimum]) func tiesAreShared(_ op: BinaryOp) throws {
    let (x, y) = (vector(1, 2, 3, .infinity), vector(2, 2, 1, .infinity))
    let found = try gradients(at: [x, y]) { try $0.binary(op, $1[0], $1[1]) }
    let (greater, less): ([Double], [Double]) = ([0, 0.5, 1, 0.5], [1, 0.5, 0, 0.5])
    #expect(found == (op == .maximum ? [greater, less] : [less, greater]))
  }

  @Test func maximumOfAValueWithItselfPassesAll() throws {
    let found = try gradients(at: [vector(1, 2)]) { try $0.binary(.maximum, $1[0], $1[0]) }
    #expect(found == [[1, 1]])
  }

  @Test func anInfiniteCotangentDoesNotLeakThroughAMask() throws {
    // log(max(x, 0)) at x < 0: the slope of log is infinite, but x is not the maximum.
    let found = try gradients(at: [vector(-1, 2)]) { builder, parameters in
      let zero = try builder.splat(0, Self.type(2))
      return try builder.unary(.log, builder.binary(.maximum, parameters[0], zero))
    }
    #expect(found == [[0, 0.5]])
  }

  @Test func absHasSlopeZeroAtZero() throws {
    let found = try gradients(at: [vector(-2, 0, 3)]) { try $0.unary(.abs, $1[0]) }
    #expect(found == [[-1, 0, 1]])
  }

  @Test func clampPassesStrictlyBetweenItsBounds() throws {
    let points = [vector(0, 0, 0, 0, 0), vector(-1, 0, 0.5, 1, 2), vector(1, 1, 1, 1, 1)]
    let found = try gradients(at: points) { try $0.emit(.clamp, $1) }
    #expect(found == [[1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1]])
  }

  @Test func clampWithCrossedBoundsFollowsTheUpperOne() throws {
    let points = [vector(2, 2, 2), vector(0, 1.5, 3), vector(1, 1, 1)]
    let found = try gradients(at: points) { try $0.emit(.clamp, $1) }
    #expect(found == [[0, 0, 0], [0, 0, 0], [1, 1, 1]])
  }

  @Test func selectPassesToTheChoice() throws {
    let predicate = Literal(TensorType([3], .i1), integers: [1, 0, 1])
    let found = try gradients(at: [predicate, vector(1, 2, 3), vector(4, 5, 6)]) {
      try $0.emit(.select, $1)
    }
    #expect(found == [[1, 0, 1], [0, 1, 0]])
  }

  @Test(arguments: [Reduction.Kind.maximum, .minimum])
  func tiesOfAReductionShareTheSlope(_ kind: Reduction.Kind) throws {
    let sign: Double = kind == .maximum ? 1 : -1
    let point = Literal(
      TensorType([2, 3], .f64), doubles: [1, 3, 3, 2, 2, 2].map { $0 * sign })
    let found = try gradients(at: [point]) { try $0.reduce(kind, $1[0], dimensions: [1]) }
    let third = 1.0 / 3
    let expected: [Double] = [0, 0.5, 0.5, third, third, third]
    #expect(found == [expected])
  }

  @Test func anInitialValueThatIsTheMaximumTakesItsShare() throws {
    let cases: [(Double, [Double], Double)] = [
      (5, [0, 0, 0], 1), (3, [0, 0.5, 0], 0.5), (1, [0, 1, 0], 0),
    ]
    for (initial, elements, start) in cases {
      let found = try gradients(at: [vector(1, 3, 2), scalar(initial)]) {
        try $0.emit(.reduce(Reduction(.maximum, dimensions: [0])), $1)
      }
      #expect(found == [elements, [start]])
    }
  }

  @Test func aMaximumOfOnlyNegativeInfinitiesIsNotNaN() throws {
    let found = try gradients(at: [vector(-.infinity, -.infinity)]) {
      try $0.reduce(.maximum, $1[0], dimensions: [0])
    }
    #expect(found == [[0.5, 0.5]])
  }

  @Test func aMaximumOfNothingHasAnEmptyGradient() throws {
    let empty = Literal(TensorType([0], .f64), doubles: [])
    let found = try gradients(at: [empty]) { try $0.reduce(.maximum, $1[0], dimensions: [0]) }
    #expect(found == [[]])
  }

  /// Factors, and the slopes of their product.
  static let products: [([Double], [Double])] = [
    ([2, 3, 5], [15, 10, 6]), ([0, 3, 5], [15, 0, 0]), ([0, 3, 0], [0, 0, 0]),
    ([0, 0, 0], [0, 0, 0]),
  ]

  @Test(arguments: products)
  func productsMayHoldZeros(_ factors: [Double], _ slopes: [Double]) throws {
    let point = Literal(Self.type(3), doubles: factors)
    let found = try gradients(at: [point, scalar(2)]) {
      try $0.emit(.reduce(Reduction(.multiply, dimensions: [0])), $1)
    }
    #expect(found == [slopes.map { $0 * 2 }, [factors.reduce(1, *)]])
  }

  @Test func theSecondDerivativeOfAProductWithZeros() throws {
    let function = try Function(Self.type(3)) {
      [try $0.reduce(.multiply, $1[0], dimensions: [0])]
    }
    let gradient = try function.withGradient(of: [0])
    let seeds = [scalar(0), vector(1, 0, 0)]
    let found = try run(gradient.withVJP(of: [0]), [vector(0, 0, 7)] + seeds)
    #expect(found[2].doubles == [0, 7, 0])
  }

  @Test func powersOfZeroAndToTheZero() throws {
    let (x, y) = (vector(0, 0, 0, 2, 0), vector(0, 1, 2, 0, 0.5))
    let found = try gradients(at: [x, y]) { try $0.binary(.power, $1[0], $1[1]) }
    #expect(found == [[0, 1, 0, 0, .infinity], [0, 0, 0, _log2, 0]])
  }

  /// The natural logarithm of two.
  private let _log2 = 0.693147180559945309

  /// Exponents, and the slopes of powers of −2, 0 and 3.
  static let knownPowers: [(Double, [Double])] = [
    (0, [0, 0, 0]), (1, [1, 1, 1]), (2, [-4, 0, 6]), (3, [12, 0, 27]),
    (-1, [-0.25, -.infinity, -1.0 / 9]),
  ]

  @Test(arguments: knownPowers)
  func powersWithKnownExponents(_ exponent: Double, _ slopes: [Double]) throws {
    let found = try gradients(at: [vector(-2, 0, 3)]) { builder, parameters in
      let exponents = try builder.splat(exponent, Self.type(3))
      return try builder.binary(.power, parameters[0], exponents)
    }
    #expect(found == [slopes])
  }

  @Test func piecewiseConstantOpsHaveNoSlope() throws {
    for op in [UnaryOp.sign, .floor] {
      let found = try gradients(at: [vector(-1.5, 0, 2)]) { try $0.unary(op, $1[0]) }
      #expect(found == [[0, 0, 0]])
    }
    let found = try gradients(at: [vector(-1.5, 0, 2)]) { builder, parameters in
      let whole = try builder.convert(parameters[0], to: .i32)
      return try builder.multiply(builder.convert(whole, to: .f64), parameters[0])
    }
    #expect(found == [[-1, 0, 2]])
  }

  @Test func roundingToSinglePrecisionPassesTheSlope() throws {
    let found = try gradients(at: [vector(1, 2)]) { builder, parameters in
      try builder.convert(builder.convert(parameters[0], to: .f32), to: .f64)
    }
    #expect(found == [[1, 1]])
  }

  @Test func paddingValuesGetWhatTheyFill() throws {
    let op = Op.shape(.pad(low: [1], high: [-1], interior: [2]))
    let weights = Literal(Self.type(7), doubles: [1, 2, 4, 8, 16, 32, 64])
    let found = try gradients(at: [vector(7, 8, 9), scalar(5)]) { builder, parameters in
      try builder.multiply(builder.emit(op, parameters), builder.constant(weights))
    }
    #expect(found == [[2, 16, 0], [109]])
  }
}
