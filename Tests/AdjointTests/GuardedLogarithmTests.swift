import Adjoint
import Testing

/// Slopes of x·log(y) and x·log(1 + y) with the value at x = 0 written out, as exporters write them.
struct GuardedLogarithmTests {
  /// The sum of the guarded product of x and `logarithm` of y.
  private static func program(_ logarithm: String) throws -> Program {
    try Program(
      parsing: """
        func.func @main(%x: tensor<4xf64>, %y: tensor<4xf64>) -> tensor<f64> {
          %zero = stablehlo.constant dense<0.0> : tensor<4xf64>
          %none = stablehlo.constant dense<0.0> : tensor<f64>
          %nonzero = stablehlo.compare NE, %x, %zero, FLOAT : (tensor<4xf64>, tensor<4xf64>) -> tensor<4xi1>
          %unknown = stablehlo.compare NE, %y, %y, FLOAT : (tensor<4xf64>, tensor<4xf64>) -> tensor<4xi1>
          %kept = stablehlo.or %nonzero, %unknown : tensor<4xi1>
          %log = stablehlo.\(logarithm) %y : tensor<4xf64>
          %product = stablehlo.multiply %x, %log : tensor<4xf64>
          %guarded = stablehlo.select %kept, %product, %zero : tensor<4xi1>, tensor<4xf64>
          %sum = stablehlo.reduce(%guarded init: %none) applies stablehlo.add across dimensions = [0]
            : (tensor<4xf64>, tensor<f64>) -> tensor<f64>
          return %sum : tensor<f64>
        }
        """, file: "guarded.mlir")
  }

  /// The gradients by x and y in both engines.
  private static func gradients(
    _ logarithm: String, _ x: [Double], _ y: [Double], _ engine: Engine
  ) throws -> [[Double]] {
    let compiled = try program(logarithm).compile(transform: .gradient([0, 1]), engine: engine)
    let arguments = try [x, y].map { try TensorData(TensorType([4], .f64), doubles: $0) }
    return try compiled.call(arguments).suffix(2).map(\.doubles)
  }

  @Test(arguments: [Engine.native, .interpreter])
  func slopesAtZeroAreTheLogarithm(_ engine: Engine) throws {
    let slopes = try Self.gradients("log", [0, 0, 2, 0.5], [4, 0, 4, 1], engine)
    let log4 = 1.3862943611198906
    for (slope, expected) in zip(slopes[0], [log4, 0, log4, 0]) {
      #expect(abs(slope - expected) < 1e-14)
    }
    #expect(slopes[1] == [0, 0, 0.5, 0.5])
  }

  @Test(arguments: [Engine.native, .interpreter])
  func logarithmsOfOneMoreToo(_ engine: Engine) throws {
    let slopes = try Self.gradients("log_plus_one", [0, 0, 2, 0.5], [3, -1, 3, 0], engine)
    let log4 = 1.3862943611198906
    for (slope, expected) in zip(slopes[0], [log4, 0, log4, 0]) {
      #expect(abs(slope - expected) < 1e-14)
    }
    #expect(slopes[1] == [0, 0, 0.5, 0.5])
  }

  /// The slope by x of a function of both has the slope 1/y by y, at x = 0 too.
  @Test func secondOrder() throws {
    let x: Tensor<Double> = [0, 2]
    let y: Tensor<Double> = [4, 5]
    let mixed = try jacobian(at: y) { y in
      try gradient(at: x, y) { x, y in
        select((x .!= 0) | (y .!= y), x * log(y), 0).sum()
      }.0
    }
    #expect(try mixed.scalars() == [0.25, 0, 0, 0.2])
  }

  /// Rules that know a form with a number know it outside `jit` too, where numbers are arguments of what is
  /// compiled.
  @Test func formsWithNumbersAreKnownOutsideOfJit() throws {
    let x: Tensor<Double> = [-1000, 0, 1000]
    let logistic = { @Sendable (x: Tensor<Double>) in (1 / (1 + exp(-x))).sum() }
    let looped = { @Sendable (x: Tensor<Double>) in
      try forLoop(1, x) { _, x in 1 / (1 + exp(-x)) }.sum()
    }
    for function in [logistic, looped] as [@Sendable (Tensor<Double>) throws -> Tensor<Double>] {
      #expect(try gradient(at: x, of: function).scalars() == [0, 0.25, 0])
      #expect(try jit(gradient(of: function))(x).scalars() == [0, 0.25, 0])
    }
  }
}
