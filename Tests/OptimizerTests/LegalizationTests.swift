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

  /// Ops over windows as slices and choices give the same elements.
  @Test(arguments: opTable.filter { $0.name.hasPrefix("window_") })
  func windowsKeepResults(row: OpRow) throws {
    for opCase in row.cases where [.f64, .f32, .i32].contains(opCase.element) {
      let function = try opCase.function()
      let plain = try function.legalizedScans()
      try plain.verify()
      #expect(!plain.description.contains("adjoint.window"))
      let arguments = row.arguments(for: function, seed: 5)
      let expected = try Interpreter().run(function, arguments)[0]
      expectClose(
        try Interpreter().run(plain, arguments)[0], expected, relative: 1e-6, "\(opCase)")
    }
  }
}
