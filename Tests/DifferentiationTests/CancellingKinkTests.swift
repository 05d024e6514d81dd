import Differentiation
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Functions written with kinks that cancel: their derivatives of every order are those of the
/// smooth function, at the kink too.
@Suite struct CancellingKinkTests {
  /// A smooth function of one number, and its derivatives at a kink of how it is written.
  struct Row: Sendable, CustomTestStringConvertible {
    /// Its name.
    var testDescription: String
    /// The point.
    var point: Double
    /// The value and derivatives, from order 0.
    var derivatives: [Double]
    /// The function.
    var body: @Sendable (inout FunctionBuilder, ValueID) throws -> ValueID
  }

  private static let float = TensorType([], .f64)
  private static let log2 = 0.6931471805599453

  /// max(x, 0) + log1p(exp(−|x|)) and its kin, powers and products of |x|, squares of halves.
  static let rows: [Row] = [
    Row(testDescription: "softplus", point: 0, derivatives: [log2, 0.5, 0.25, 0, -0.125]) {
      try softplus(&$0, $1, $0.splat(0, float))
    },
    Row(testDescription: "guarded softplus", point: 0, derivatives: [log2, 0.5, 0.25, 0]) {
      let isNaN = try $0.compare(.notEqual, $1, $1)
      let zero = try $0.splat(0, float)
      return try $0.select(isNaN, $0.add($1, zero), softplus(&$0, $1, zero))
    },
    Row(testDescription: "binary cross-entropy", point: 0, derivatives: [log2, 0.25, 0.25, 0]) {
      // (max(x, 0) − x/4) + log1p(exp(−|x|))
      let positive = try $0.binary(.maximum, $1, $0.splat(0, float))
      let weighted = try $0.multiply($1, $0.splat(0.25, float))
      return try $0.add($0.subtract(positive, weighted), softplusOfMinusSize(&$0, $1))
    },
    Row(testDescription: "log-add-exp", point: 0, derivatives: [log2, 0, 1, 0, -2]) {
      try softplus(&$0, $1, $0.negate($1))
    },
    Row(testDescription: "log-cosh by |2x|", point: 0, derivatives: [log2, 0, 1, 0]) {
      let size = try $0.unary(.abs, $1)
      return try $0.add(size, softplusOfMinusSize(&$0, $0.add($1, $1)))
    },
    Row(testDescription: "log-sigmoid", point: 0, derivatives: [-log2, 0.5, -0.25, 0, 0.125]) {
      let negative = try $0.binary(.minimum, $1, $0.splat(0, float))
      return try $0.subtract(negative, softplusOfMinusSize(&$0, $1))
    },
    Row(testDescription: "|x|²", point: 0, derivatives: [0, 0, 2, 0]) {
      let size = try $0.unary(.abs, $1)
      return try $0.multiply(size, size)
    },
    Row(testDescription: "|x|⁴", point: 0, derivatives: [0, 0, 0, 0]) {
      let size = try $0.unary(.abs, $1)
      let square = try $0.multiply(size, size)
      return try $0.multiply(square, square)
    },
    Row(testDescription: "exp(−|x|²)", point: 0, derivatives: [1, 0, -2, 0]) {
      let size = try $0.unary(.abs, $1)
      return try $0.unary(.exponential, $0.negate($0.multiply(size, size)))
    },
    Row(testDescription: "cosh(|x|)", point: 0, derivatives: [1, 0, 1, 0]) {
      let size = try $0.unary(.abs, $1)
      let sum = try $0.add(
        $0.unary(.exponential, size), $0.unary(.exponential, $0.negate(size)))
      return try $0.multiply(sum, $0.splat(0.5, float))
    },
    Row(testDescription: "cos(|x − 1|)", point: 1, derivatives: [1, 0, -1, 0]) {
      let gap = try $0.subtract($1, $0.splat(1, float))
      return try $0.unary(.cosine, $0.unary(.abs, gap))
    },
    Row(testDescription: "max(x, 0)² + min(x, 0)²", point: 0, derivatives: [0, 0, 2, 0]) {
      let zero = try $0.splat(0, float)
      let (high, low) = (try $0.binary(.maximum, $1, zero), try $0.binary(.minimum, zero, $1))
      return try $0.add($0.multiply(high, high), $0.multiply(low, low))
    },
    Row(testDescription: "max(x, −x)²", point: 0, derivatives: [0, 0, 2, 0]) {
      let size = try $0.binary(.maximum, $1, $0.negate($1))
      return try $0.multiply(size, size)
    },
    Row(testDescription: "max(x, 1) · min(1, x)", point: 1, derivatives: [1, 1, 0, 0]) {
      let one = try $0.splat(1, float)
      return try $0.multiply($0.binary(.maximum, $1, one), $0.binary(.minimum, one, $1))
    },
    Row(testDescription: "sign(x) · log1p(|x|)", point: 0, derivatives: [0, 1]) {
      let size = try $0.unary(.abs, $1)
      return try $0.multiply($0.unary(.sign, $1), $0.unary(.logPlusOne, size))
    },
  ]

  /// max(x, y) + log1p(exp(−|x − y|))
  private static func softplus(
    _ builder: inout FunctionBuilder, _ x: ValueID, _ y: ValueID
  ) throws -> ValueID {
    let gap = try builder.subtract(x, y)
    return try builder.add(
      builder.binary(.maximum, x, y), softplusOfMinusSize(&builder, gap))
  }

  /// log1p(exp(−|x|))
  private static func softplusOfMinusSize(
    _ builder: inout FunctionBuilder, _ x: ValueID
  ) throws -> ValueID {
    let exponent = try builder.negate(builder.unary(.abs, x))
    return try builder.unary(.logPlusOne, builder.unary(.exponential, exponent))
  }

  @Test(arguments: rows, [true, false])
  func derivativesOfEveryOrder(_ row: Row, isSimplified: Bool) throws {
    let function = try Function(Self.float) { [try row.body(&$0, $1[0])] }
    var (forward, backward) = (function, function)
    var seeds: [Literal] = []
    for (order, expected) in row.derivatives.enumerated() {
      let arguments = [scalar(row.point)] + seeds
      let (ahead, behind) = (try run(forward, arguments), try run(backward, arguments))
      expectNear(ahead[0].doubles, [expected], 1e-12, "forward, order \(order)")
      expectNear(behind[0].doubles, [expected], 1e-12, "reverse, order \(order)")
      if isSimplified {
        forward = try forward.simplified()
        backward = try backward.simplified()
      }
      forward = try forward.withJVP(of: [0]).keepingLastResult()
      backward = try backward.withVJP(of: [0]).keepingLastResult()
      seeds.append(scalar(1))
    }
  }

  @Test func aDerivativeThatExistsIsNotReplaced() throws {
    // ∂(w·|x|)/∂x is w·sign(x), and 0 for every w at x = 0: so is its derivative in w.
    let function = try Function(Self.float, Self.float) { builder, parameters in
      [try builder.multiply(parameters[1], builder.unary(.abs, parameters[0]))]
    }
    let slope = try function.withVJP(of: [0]).keepingLastResult()
    let second = try run(
      slope.withVJP(of: [0, 1]), [scalar(0), scalar(3), scalar(1), scalar(1)])
    #expect(second.map(\.doubles) == [[0], [0], [0]])
  }

  @Test func theHessianOfTwoSoftpluses() throws {
    // log(exp(x) + exp(y)) where x = y: ¼ times [[1, −1], [−1, 1]].
    let function = try Function(Self.float, Self.float) { builder, parameters in
      [try Self.softplus(&builder, parameters[0], parameters[1])]
    }
    let gradient = try function.withGradient(of: [0, 1])
    for (direction, expected) in [([1.0, 0], [0.25, -0.25]), ([0, 1], [-0.25, 0.25])] {
      let tangents = direction.map { scalar($0) }
      let found = try run(gradient.withJVP(of: [0, 1]), [scalar(2), scalar(2)] + tangents)
      #expect(found[4].doubles + found[5].doubles == expected)
    }
  }
}
