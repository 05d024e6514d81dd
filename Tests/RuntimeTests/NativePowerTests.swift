import Interpreter
import Targets
import TensorIR
import TestSupport
import Testing

/// Powers by small multiples of ½, which are roots, products and quotients in machine code.
@Suite struct NativePowerTests {
  /// Ends of the range, numbers that leave it on the way, and ordinary ones.
  private static let bases: [Double] = [
    0, -0.0, .infinity, -.infinity, .nan, 1, -1, 2, -2, 0.1, -0.7, 3.25, 1e-3, 12345.678,
    .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1e-300 / 1e10, 2.3e-308, 1e-300, 1e-205,
    1e-155, 1e-103, 1e-45, 3e-39, 1.2e-38, 1e-30,
    1e-19, 1e13, 1e19, 1e25, 3e38, 1e103, 1e130, 1e154, 1e155, 1e205, 1e300, 1.7e308, -1e103, -1e30,
  ]

  @Test(arguments: [ElementType.f64, .f32, .f16, .bf16], TargetDescription.runnable)
  func areWithinThreeUnits(_ element: ElementType, _ target: TargetDescription) throws {
    let type = TensorType([Self.bases.count], element)
    let argument = Literal(type, doubles: Self.bases)
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(type)
    let exponents = (-8...9).map { Double($0) / 2 }
    let results = try exponents.map { exponent in
      try builder.binary(.power, x, builder.splat(exponent, type))
    }
    let function = builder.finish(returning: results)
    let expected = try Interpreter().run(function, [argument])
    let actual = try runNatively(function, [argument], target: target)
    for (exponent, (actual, expected)) in zip(exponents, zip(actual, expected)) {
      let error = maximumError(actual, expected)
      #expect(error.ulps <= 3, "power \(exponent) of \(element): \(error)")
      for (position, pair) in zip(actual.doubles, expected.doubles).enumerated()
      where pair.1 == 0 {
        #expect(
          pair.0.sign == pair.1.sign, "\(Self.bases[position]) to \(exponent) of \(element)")
      }
    }
  }

  /// Of what is known to be no negative number there is nothing to choose.
  @Test func signsThatAreKnownCostNothing() throws {
    let type = TensorType([8], .f64)
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(type)
    let square = try builder.add(builder.multiply(x, x), builder.splat(0.5, type))
    let function = builder.finish(returning: [
      try builder.binary(.power, square, builder.splat(-1.5, type))
    ])
    let argument = Literal(type, doubles: [0, -1, 2, 0.3, .infinity, -.infinity, 1e-200, -1e200])
    let expected = try Interpreter().run(function, [argument])
    let error = maximumError(try runNatively(function, [argument])[0], expected[0])
    #expect(error.ulps <= 3, "\(error)")
  }
}
