import TensorIR
import TestSupport
import Testing

/// Texts as JAX writes them come back byte for byte.
@Suite struct RoundTripTests {
  @Test(arguments: programNames())
  func programs(name: String) throws {
    let text = try programText(name)
    let module = try Module(parsing: text, file: "\(name).mlir")
    let printed = module.description
    let again = try Module(parsing: printed, file: "\(name).mlir")
    #expect(again.description == printed)
    // Comparators, reducers and running sums are read as what they mean, and so are calls of LAPACK.
    let isWrittenAnew = ["stablehlo.sort", "reducer(", "reduce_window", "@lapack_"].contains {
      text.contains($0)
    }
    if !isWrittenAnew, printed != text {
      Issue.record("\(lineDifference(from: text, to: printed))")
    }
  }

  @Test(arguments: goldenCases(in: "TensorIRTests", subfolder: "jax"))
  func exportedPrograms(golden: GoldenCase) throws {
    let printed = try Module(parsing: golden.text, file: golden.fileName).description
    if printed != golden.text { Issue.record("\(lineDifference(from: golden.text, to: printed))") }
  }

  /// The generic form and other spellings that MLIR accepts are read as the usual one.
  @Test(arguments: goldenCases(in: "TensorIRTests", subfolder: "generic"))
  func otherForms(golden: GoldenCase) throws {
    let module = try Module(parsing: golden.text, file: golden.fileName)
    try golden.check(module.description, stage: "pretty")
    let again = try Module(parsing: module.description, file: golden.fileName)
    #expect(again.withoutLocations == module.withoutLocations)
  }
}
