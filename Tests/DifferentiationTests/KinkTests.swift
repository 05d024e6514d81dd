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

  @Test func clampPassesStrictlyBetweenItsBoundsAndTheBoundWhereMet() throws {
    let points = [vector(0, 0, 0, 0, 0), vector(-1, 0, 0.5, 1, 2), vector(1, 1, 1, 1, 1)]
    let found = try gradients(at: points) { try $0.emit(.clamp, $1) }
    #expect(found == [[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1]])
  }

  @Test func clampByBoundsMadeOfTheOperandKeepsItsSlope() throws {
    let points = vector(-3, 0, 2, 5)
    let upper = try gradients(at: [points]) { builder, parameters in
      let low = try builder.splat(-9, Self.type(4))
      return try builder.emit(.clamp, [low, parameters[0], parameters[0]])
    }
    #expect(upper == [[1, 1, 1, 1]])
    let lower = try gradients(at: [points]) { builder, parameters in
      // clamp(min(x, 3), x, 4) is x up to 4.
      let low = try builder.binary(.minimum, parameters[0], builder.splat(3, Self.type(4)))
      return try builder.emit(.clamp, [low, parameters[0], builder.splat(4, Self.type(4))])
    }
    #expect(lower == [[1, 1, 1, 0]])
    let itself = try gradients(at: [points]) { try $0.emit(.clamp, [$1[0], $1[0], $1[0]]) }
    #expect(itself == [[1, 1, 1, 1]])
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

  /// An exponent, and the value and first three derivatives of the power at zero and at two.
  static let powersOfEveryOrder: [(Double, [[Double]])] = [
    (0, [[1, 1], [0, 0], [0, 0], [0, 0]]), (1, [[0, 2], [1, 1], [0, 0], [0, 0]]),
    (2, [[0, 4], [0, 4], [2, 2], [0, 0]]), (3, [[0, 8], [0, 12], [0, 12], [6, 6]]),
  ]

  @Test(arguments: powersOfEveryOrder, [true, false])
  func powersAtZeroInEveryOrder(
    _ row: (exponent: Double, derivatives: [[Double]]), isKnown: Bool
  ) throws {
    let function = try Function(Self.type(2), Self.type(2)) { builder, parameters in
      let known = try builder.splat(row.exponent, Self.type(2))
      return [try builder.binary(.power, parameters[0], isKnown ? known : parameters[1])]
    }
    let exponents = vector(row.exponent, row.exponent)
    var (forward, backward) = (function, function)
    var seeds: [Literal] = []
    for order in 0...3 {
      let arguments = [vector(0, 2), exponents] + seeds
      let (ahead, behind) = (try run(forward, arguments), try run(backward, arguments))
      let expected = row.derivatives[order]
      expectNear(ahead[ahead.count - 1].doubles, expected, 1e-14, "forward \(order)")
      expectNear(behind[behind.count - 1].doubles, expected, 1e-14, "reverse \(order)")
      forward = try forward.keepingLastResult().withJVP(of: [0])
      backward = try backward.keepingLastResult().withVJP(of: [0])
      seeds.append(vector(1, 1))
    }
  }

  @Test func theMixedDerivativeOfAPower() throws {
    // ∂²x^y/∂x∂y is x^(y−1)·(1 + y·log x): one half at x = 2, y = 0, in either order.
    let function = try Function(Self.type(1), Self.type(1)) {
      [try $0.binary(.power, $1[0], $1[1])]
    }
    for (first, second) in [(0, 1), (1, 0)] {
      let slope = try function.withVJP(of: [first]).keepingLastResult()
      let seeds = [vector(1), vector(1)]
      let found = try run(slope.withVJP(of: [second]), [vector(2), vector(0)] + seeds)
      expectNear(found[1].doubles, [0.5], 1e-14)
    }
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
