import Adjoint
import Testing

/// Checks of users' functions.
struct VerificationTests {
  /// A sine whose stated derivative is wrong by a sign.
  private static let wrongSine = customDerivative(valueWithPullback: { (x: Tensor<Float>) in
    (value: sin(x), pullback: { -cos(x) * $0 })
  })

  @Test func rightFunctionsPass() throws {
    let x: Tensor<Float> = [0.3, -0.7, 1.2]
    let report = try verification(at: x) { x in tanh(x) * exp(x).sum() }
    #expect(report.isPassed)
    #expect(report.checks.map(\.name) == ["engines", "gradient", "transpose", "second"])
    #expect(report.checks.allSatisfy { $0.outcome == .ok })
    try verify(at: x, Tensor<Int32>([2, 0])) { x, rows in x.gathering(rows).sum() }
  }

  /// Constants, sums and right branches behind or beside a wrong derivative are not taken for it.
  @Test func wrongDerivativesAreFoundBehindSumsAndBesideOthers() throws {
    let x: Tensor<Float> = [0.3, -0.7, 1.2]
    let functions: [@Sendable (Tensor<Float>) throws -> Tensor<Float>] = [
      { x in try Self.wrongSine(x).sum() },
      { x in
        let wrong = try Self.wrongSine(x)
        return (wrong + exp(cos(x))).mean()
      },
      { x in
        let right = exp(cos(x))
        return (try Self.wrongSine(right).sum() + exp(right).sum()) * cos(x).sum()
      },
    ]
    for function in functions {
      let culprit = try verification(at: x, of: function).culprit
      #expect(culprit?.operation == "adjoint.custom_vjp")
    }
  }

  @Test func wrongDerivativesAreNamedWithTheirLine() throws {
    let x: Tensor<Float> = [0.3, -0.7, 1.2]
    let function = { @Sendable (x: Tensor<Float>) in try exp(Self.wrongSine(x * 2)) + 1 }
    let report = try verification(at: x, of: function)
    #expect(!report.isPassed)
    #expect(report.checks.first { $0.name == "gradient" }?.outcome == .failed)
    let culprit = try #require(report.culprit)
    #expect(culprit.operation == "adjoint.custom_vjp")
    #expect(culprit.program.contains("adjoint.custom_vjp"))
    #expect(!culprit.program.contains("stablehlo.add"))
    let error = #expect(throws: AdjointError.self) { try verify(at: x, of: function) }
    #expect(error?.kind == .verification)
    #expect(error?.message.contains("the derivative of adjoint.custom_vjp is wrong") == true)
    #expect(error?.location.file.hasSuffix("VerificationTests.swift") == true)
  }

  @Test func functionsWithoutFloatsAreRunOnly() throws {
    let report = try verification(at: Tensor<Int32>([1, 2])) { x in x + x }
    #expect(report.checks.map(\.name) == ["engines"])
    #expect(report.isPassed)
  }

  /// The gradient of a sum of weights that are normalized is zero but for rounding: no rule is wrong.
  @Test(arguments: 0..<4) func derivativesThatAreZeroPass(_ seed: UInt64) throws {
    let x = Tensor<Double>.randomNormal([19], seed: seed)
    let report = try verification(at: x) { x in sin((exp(x) / exp(x).sum()).sum()) }
    #expect(report.checks.filter { $0.outcome == .failed }.isEmpty)
    let gradient = try #require(report.checks.first { $0.name == "gradient" })
    #expect(!gradient.detail.contains("e+"))
  }

  /// A wrong rule is found though the derivative is small beside the value.
  @Test func smallWrongDerivativesAreFound() throws {
    let x: Tensor<Float> = [0.3, -0.7, 1.2]
    let report = try verification(at: x) { x in try 1 + 0.001 * Self.wrongSine(x) }
    #expect(report.checks.first { $0.name == "gradient" }?.outcome == .failed)
  }

  /// Engines round the solution of ill-conditioned equations differently, and neither is wrong.
  @Test func illConditionedEquationsPass() throws {
    let i = Tensor<Double>(0..<12)
    let hilbert = 1 / (i.expandingDims(at: 1) + i.expandingDims(at: 0) + 1)
    let b = Tensor<Double>.ones([12])
    let report = try verification(at: b) { b in solve(hilbert, b) }
    #expect(report.checks.first { $0.name == "engines" }?.outcome == .ok)
  }
}
