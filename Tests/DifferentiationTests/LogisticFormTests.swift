import Differentiation
import Optimizer
import TensorIR
import TestSupport
import Testing

/// The logistic function and its kin, as exporters and programs write them, far from zero.
@Suite struct LogisticFormTests {
  /// A function, its value and first two derivatives at −1000, 0 and 1000.
  struct Row: Sendable, CustomTestStringConvertible {
    /// Its name.
    var testDescription: String
    /// Values, slopes and curvatures.
    var expected: [[Double]]
    /// The function.
    var body: @Sendable (inout FunctionBuilder, ValueID) throws -> ValueID
  }

  private static let three = TensorType([3], .f64)
  private static let log2 = 0.6931471805599453
  private static let logistic: [[Double]] = [[0, 0.5, 1], [0, 0.25, 0], [0, 0, 0]]
  private static let silu: [[Double]] = [[0, 0, 1000], [0, 0.5, 1], [0, 0.5, 0]]
  private static let softplus: [[Double]] = [[0, log2, 1000], [0, 0.5, 1], [0, 0.25, 0]]

  /// The forms.
  static let rows: [Row] = [
    Row(testDescription: "1 / (1 + exp(−x))", expected: logistic) {
      try $0.divide($0.splat(1, three), denominator(&$0, $0.negate($1)))
    },
    Row(testDescription: "(1 + exp(−x))^−1", expected: logistic) {
      try $0.binary(.power, denominator(&$0, $0.negate($1)), $0.splat(-1, three))
    },
    Row(testDescription: "by sign", expected: logistic) {
      let size = try $0.negate($0.unary(.abs, $1))
      let below = try denominator(&$0, size)
      let isAbove = try $0.compare(.greaterOrEqual, $1, $0.splat(0, three))
      let onTrue = try $0.divide($0.splat(1, three), below)
      return try $0.select(isAbove, onTrue, $0.divide($0.unary(.exponential, size), below))
    },
    Row(
      testDescription: "1 − 1 / (1 + exp(−x))",
      expected: [[1, 0.5, 0], [0, -0.25, 0], [0, 0, 0]]
    ) {
      let one = try $0.splat(1, three)
      return try $0.subtract(one, $0.divide(one, denominator(&$0, $0.negate($1))))
    },
    Row(testDescription: "x · 1 / (1 + exp(−x))", expected: silu) {
      try $0.multiply($1, $0.divide($0.splat(1, three), denominator(&$0, $0.negate($1))))
    },
    Row(testDescription: "x / (1 + exp(−x))", expected: silu) {
      try $0.divide($1, denominator(&$0, $0.negate($1)))
    },
    Row(testDescription: "1 / exp(x²)", expected: [[0, 1, 0], [0, 0, 0], [0, -2, 0]]) {
      try $0.divide($0.splat(1, three), $0.unary(.exponential, $0.multiply($1, $1)))
    },
    Row(testDescription: "max(x, 0) + log1p(exp(−|x|))", expected: softplus) {
      let exponent = try $0.negate($0.unary(.abs, $1))
      let rest = try $0.unary(.logPlusOne, $0.unary(.exponential, exponent))
      return try $0.add($0.binary(.maximum, $1, $0.splat(0, three)), rest)
    },
    Row(testDescription: "where(x > 20, x, log1p(exp(x)))", expected: softplus) {
      let isFar = try $0.compare(.greater, $1, $0.splat(20, three))
      return try $0.select(isFar, $1, $0.unary(.logPlusOne, $0.unary(.exponential, $1)))
    },
    Row(testDescription: "where(x > 20, x, log(1 + exp(x)))", expected: softplus) {
      let isFar = try $0.compare(.greater, $1, $0.splat(20, three))
      return try $0.select(isFar, $1, $0.unary(.log, denominator(&$0, $1)))
    },
  ]

  /// 1 + exp(u)
  private static func denominator(
    _ builder: inout FunctionBuilder, _ exponent: ValueID
  ) throws -> ValueID {
    try builder.add(builder.splat(1, three), builder.unary(.exponential, exponent))
  }

  @Test(arguments: rows) func derivativesAreFiniteAndRight(_ row: Row) throws {
    let point = vector(-1000, 0, 1000)
    let ones = vector(1, 1, 1)
    let function = try Function(Self.three) { [try row.body(&$0, $1[0])] }.simplified()
    let slope = try function.withVJP(of: [0]).keepingLastResult()
    let tangent = try function.withJVP(of: [0]).keepingLastResult()
    expectNear(try run(function, [point])[0].doubles, row.expected[0], 1e-13, "value")
    expectNear(try run(slope, [point, ones])[0].doubles, row.expected[1], 1e-13, "cotangent")
    expectNear(try run(tangent, [point, ones])[0].doubles, row.expected[1], 1e-13, "tangent")
    for first in [slope, tangent, try slope.simplified(), try tangent.simplified()] {
      let forward = try run(first.withJVP(of: [0]), [point, ones, ones])
      expectNear(forward[1].doubles, row.expected[2], 1e-13, "forward")
      let backward = try run(first.withVJP(of: [0]), [point, ones, ones])
      expectNear(backward[1].doubles, row.expected[2], 1e-13, "reverse")
    }
  }

  /// log(exp(−x) + exp(−y)), whose gap simplification writes without the negations.
  @Test func logAddExpOfOppositesHasNoKink() throws {
    let function = try Function(Self.three, Self.three) { builder, x in
      let (left, right) = (try builder.negate(x[0]), try builder.negate(x[1]))
      let gap = try builder.subtract(x[1], x[0])
      let size = try builder.negate(builder.unary(.abs, gap))
      let rest = try builder.unary(.logPlusOne, builder.unary(.exponential, size))
      return [try builder.add(builder.binary(.maximum, left, right), rest)]
    }
    let gradient = try function.withVJP(of: [0, 1]).simplified()
    #expect(!gradient.operations.contains { $0.op == .unary(.sign) })
    let (point, ones) = (vector(-1000, 0, 1000), vector(1, 1, 1))
    let results = try run(gradient, [point, vector(0, 0, 0), ones])
    expectNear(results[1].doubles, [-1, -0.5, 0], 1e-13, "left")
    expectNear(results[2].doubles, [0, -0.5, -1], 1e-13, "right")
  }
}
