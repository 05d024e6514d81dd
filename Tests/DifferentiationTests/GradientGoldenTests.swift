import Differentiation
import TensorIR
import TestSupport
import Testing

/// Texts of value and gradient in one function, in `Cases`.
@Suite struct GradientGoldenTests {
  @Test(arguments: goldenCases(in: "DifferentiationTests"))
  func adjoint(_ golden: GoldenCase) throws {
    let module = try Module(parsing: golden.text, file: golden.name + ".mlir")
    let entry = try #require(module.entry)
    let parameters = golden.directives["grad"]?.split(separator: ",").compactMap { Int($0) } ?? []
    let gradient = try entry.withGradient(of: parameters)
    try gradient.verify()
    try golden.check(gradient.description, stage: "adjoint")
  }
}
