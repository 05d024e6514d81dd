import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Scans as plain loops give the same results, and become scans again.
@Suite struct LegalizationTests {
  static let programs = goldenCases(in: "OptimizerTests").filter {
    $0.program.contains("adjoint.scan") || $0.name.contains("stack-rows")
  }

  @Test(arguments: programs)
  func keepsResults(golden: GoldenCase) throws {
    for function in try Module(parsing: golden.program, file: golden.fileName).functions {
      let raised = try function.simplified()
      let plain = try raised.legalizedScans()
      try plain.verify()
      #expect(!plain.description.contains("adjoint.scan"))
      let arguments = randomArguments(for: function, seed: 3)
      let (expected, actual) = (
        try Interpreter().run(raised, arguments), try Interpreter().run(plain, arguments)
      )
      for (left, right) in zip(actual, expected) { expectClose(left, right, .exact, golden.name) }
      let again = try plain.simplified()
      let hasLoop = raised.description.contains("stablehlo.while")
      #expect(again.description.contains("stablehlo.while") == hasLoop, "\(golden.name)")
      for (left, right) in zip(try Interpreter().run(again, arguments), expected) {
        expectClose(left, right, relative: 1e-12, golden.name)
      }
    }
  }
}
