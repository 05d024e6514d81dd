import Differentiation
import TensorIR
import TestSupport
import Testing

/// Slopes at the ends of the range of floats: where squares overflow or vanish, at infinity, and at
/// NaN.
@Suite struct SlopeRangeTests {
  /// The slopes of a function of one operand, in reverse and in forward mode.
  private func slopes(
    _ points: [Double], _ element: ElementType = .f64,
    _ body: (inout FunctionBuilder, ValueID) throws -> ValueID
  ) throws -> (reverse: [Double], forward: [Double]) {
    let type = TensorType([points.count], element)
    let function = try Function(type) { builder, parameters in
      [try body(&builder, parameters[0])]
    }
    let (point, ones) = (Literal(type, doubles: points), Literal(type, filledWith: 1))
    let reverse = try run(function.withVJP(of: [0]), [point, ones])[1].doubles
    return (reverse, try run(function.withJVP(of: [0]), [point, ones])[1].doubles)
  }

  /// Records an issue unless numbers are the expected ones up to 8 units in the last place; NaN is
  /// NaN.
  private func expect(
    _ actual: [Double], _ expected: [Double], _ unit: Double = .ulpOfOne,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    for (found, wanted) in zip(actual, expected) {
      let isNear = abs(found - wanted) <= 8 * unit * abs(wanted)
      #expect(
        isNear || found == wanted || (found.isNaN && wanted.isNaN), "\(found), not \(wanted)",
        sourceLocation: sourceLocation)
    }
  }

  @Test func anglesOfHugeAndTinyPoints() throws {
    let type = TensorType([6], .f64)
    let function = try Function(type, type) { [try $0.binary(.atan2, $1[0], $1[1])] }
    let y = vector(1e200, 0, 3e-200, 1, -1e308, .leastNonzeroMagnitude)
    let x = vector(1e200, 1e200, 4e-200, 1e300, 1e308, 1)
    let ones = vector(1, 1, 1, 1, 1, 1)
    let found = try run(function.withVJP(of: [0, 1]), [y, x, ones])
    expect(found[1].doubles, [0.5e-200, 1e-200, 0.16e200, 1e-300, 0.5e-308, 1])
    expect(found[2].doubles, [-0.5e-200, 0, -0.12e200, 0, 0.5e-308, -.leastNonzeroMagnitude])
  }

  @Test(arguments: [(ElementType.f64, 1e200), (.f32, 1e30), (.bf16, 1e30), (.f16, 3e4)])
  func inverseHyperbolicFunctionsFarOut(_ element: ElementType, _ x: Double) throws {
    let unit = element == .f64 ? 2.2e-16 : element == .f32 ? 1.2e-7 : 8e-3
    let sinh = try slopes([x, -x, 2, 0, .nan], element) { try $0.unary(.asinh, $1) }
    expect(sinh.reverse, [1 / x, 1 / x, 1 / 5.0.squareRoot(), 1, .nan], unit)
    expect(sinh.forward, sinh.reverse)
    // acosh has no value below one, so no slope either.
    let cosh = try slopes([x, 2, 1, -2, -x], element) { try $0.unary(.acosh, $1) }
    expect(cosh.reverse, [1 / x, 1 / 3.0.squareRoot(), .infinity, .nan, .nan], unit)
    expect(cosh.forward, cosh.reverse)
  }

  @Test func rootsOfSquaresThatOverflow() throws {
    let found = try slopes([1e308, -1e308, 3, -2]) { try $0.unary(.sqrt, $0.multiply($1, $1)) }
    #expect(found.reverse == [0, 0, 1, -1])
  }

  @Test func quotientsBySquares() throws {
    let found = try slopes([0, -0.0, .infinity, 2, 1e160]) { builder, x in
      try builder.divide(builder.splat(1, builder[x]), builder.multiply(x, x))
    }
    expect(found.reverse, [-.infinity, .infinity, 0, -0.25, 0])
    expect(found.forward, found.reverse)
  }

  @Test func logarithmsOfQuotients() throws {
    // log(x / (1 − x)) and log(exp(x) / 3) where the quotient is zero or infinite.
    let logit = try slopes([0, 1, 0.5, 1e-300]) { builder, x in
      let rest = try builder.subtract(builder.splat(1, builder[x]), x)
      return try builder.unary(.log, builder.divide(x, rest))
    }
    expect(logit.reverse, [.infinity, .infinity, 4, 1e300])
    expect(logit.forward, logit.reverse)
    let shifted = try slopes([-800, 800, 1]) { builder, x in
      let three = try builder.splat(3, builder[x])
      return try builder.unary(.log, builder.divide(builder.unary(.exponential, x), three))
    }
    #expect(shifted.reverse == [1, 1, 1])
    #expect(shifted.forward == [1, 1, 1])
  }

  @Test func entropyAtTheEnds() throws {
    let found = try slopes([0, .infinity, 1, .leastNonzeroMagnitude]) { builder, x in
      try builder.multiply(builder.unary(.log, x), x)
    }
    expect(found.reverse, [-.infinity, .infinity, 1, -743.4400719213812])
    expect(found.forward, found.reverse)
  }

  @Test func powersThatAreZeroDoNotDependOnTheirExponents() throws {
    let type = TensorType([5], .f64)
    let function = try Function(type, type) { [try $0.binary(.power, $1[0], $1[1])] }
    let (x, y) = (vector(.infinity, 0, 0, 0, 2), vector(-1, 2, 0, -1, 3))
    let found = try run(function.withVJP(of: [1]), [x, y, vector(1, 1, 1, 1, 1)])
    expect(found[1].doubles, [0, 0, 0, -.infinity, 8 * 0.6931471805599453])
  }

  @Test func besselFunctionsFarOut() throws {
    let text = """
      func.func @main(%x: tensor<3xf64>) -> tensor<3xf64> {
        %0 = chlo.bessel_i1e %x : tensor<3xf64> -> tensor<3xf64>
        return %0 : tensor<3xf64>
      }
      """
    let function = try Module(parsing: text, file: "bessel.mlir").functions[0]
    let (point, ones) = (vector(2e5, -2e5, 1e12), vector(1, 1, 1))
    let found = try run(function.withJVP(of: [0]), [point, ones])[1].doubles
    expect(found, [-2.2301426005356037e-9, -2.2301426005356037e-9, -1.9947114020049194e-19])
  }

  @Test func anOperandThatIsNaNIsTheOneChosen() throws {
    for op in [BinaryOp.maximum, .minimum] {
      let found = try slopes([.nan, 1, -1]) { try $0.binary(op, $1, $0.splat(0, $0[$1])) }
      #expect(found.reverse == (op == .maximum ? [1, 1, 0] : [1, 0, 1]))
      #expect(found.forward == found.reverse)
    }
    // max(x, 0) + expm1(min(x, 0)), the continuously differentiable exponential linear unit.
    let unit = try slopes([.nan, 2, -1]) { builder, x in
      let zero = try builder.splat(0, builder[x])
      let below = try builder.unary(.exponentialMinusOne, builder.binary(.minimum, x, zero))
      return try builder.add(builder.binary(.maximum, x, zero), below)
    }
    expect(unit.reverse, [.nan, 1, 0.36787944117144233])
    expect(unit.forward, unit.reverse)
  }

  @Test func valuesChosenForNaNHaveItsSlope() throws {
    // select(x ≠ x, x + 0, 2·x) passes NaN on; select(x ≠ x, 7, 2·x) replaces it.
    let passed = try slopes([.nan, 1]) { builder, x in
      let isNaN = try builder.compare(.notEqual, x, x)
      let sum = try builder.add(x, builder.splat(0, builder[x]))
      return try builder.select(isNaN, sum, builder.add(x, x))
    }
    expect(passed.reverse, [.nan, 2])
    expect(passed.forward, passed.reverse)
    let replaced = try slopes([.nan, 1]) { builder, x in
      let isNaN = try builder.compare(.notEqual, x, x)
      return try builder.select(isNaN, builder.splat(7, builder[x]), builder.add(x, x))
    }
    #expect(replaced.reverse == [0, 2])
    #expect(replaced.forward == [0, 2])
  }

  /// Lanes that iterate until the last one is done: y ← y/2 + 1/2 from y = 1/x while y > 1.1, and a
  /// choice of 0 where x = 0, whose start is infinite.
  private static let lanes = """
    func.func @main(%x: tensor<3xf64>) -> tensor<3xf64> {
      %zero = stablehlo.constant dense<0.0> : tensor<3xf64>
      %one = stablehlo.constant dense<1.0> : tensor<3xf64>
      %half = stablehlo.constant dense<0.5> : tensor<3xf64>
      %bound = stablehlo.constant dense<1.1> : tensor<3xf64>
      %none = stablehlo.constant dense<false> : tensor<i1>
      %isZero = stablehlo.compare EQ, %x, %zero : (tensor<3xf64>, tensor<3xf64>) -> tensor<3xi1>
      %isNot = stablehlo.not %isZero : tensor<3xi1>
      %start = stablehlo.divide %one, %x : tensor<3xf64>
      %r:2 = stablehlo.while(%runs = %isNot, %y = %start) : tensor<3xi1>, tensor<3xf64>
      cond {
        %any = stablehlo.reduce(%runs init: %none) applies stablehlo.or across dimensions = [0] : (tensor<3xi1>, tensor<i1>) -> tensor<i1>
        stablehlo.return %any : tensor<i1>
      } do {
        %part = stablehlo.multiply %y, %half : tensor<3xf64>
        %next = stablehlo.add %part, %half : tensor<3xf64>
        %kept = stablehlo.select %runs, %next, %y : tensor<3xi1>, tensor<3xf64>
        %isFar = stablehlo.compare GT, %kept, %bound : (tensor<3xf64>, tensor<3xf64>) -> tensor<3xi1>
        %more = stablehlo.and %runs, %isFar : tensor<3xi1>
        stablehlo.return %more, %kept : tensor<3xi1>, tensor<3xf64>
      }
      %chosen = stablehlo.select %isZero, %zero, %r#1 : tensor<3xi1>, tensor<3xf64>
      return %chosen : tensor<3xf64>
    }
    """

  @Test func lanesOfALoopThatAreNotChosenHaveNoSlope() throws {
    let function = try Module(parsing: Self.lanes, file: "lanes.mlir").functions[0]
    let (point, ones) = (vector(0, 0.25, 0.8), vector(1, 1, 1))
    // From 4: 2.5, 1.75, 1.375, 1.1875, 1.09375, five steps; from 1.25: 1.125, 1.0625, two.
    let expected: [Double] = [0, -16 / 32.0, -1.5625 / 4]
    let reverse = try run(function.withVJP(of: [0]), [point, ones])
    #expect(reverse[0].doubles == [0, 1.09375, 1.0625])
    expect(reverse[1].doubles, expected)
    expect(try run(function.withJVP(of: [0]), [point, ones])[1].doubles, expected)
  }
}
