import Adjoint
import TestSupport
import Testing

/// What `dump` says of functions that are planned within a memory budget.
@Suite struct PlannedTextTests {
  /// The planned function and what became of each value, without the curve of bytes in use.
  @Test(arguments: goldenCases(in: "AdjointTests", subfolder: "planned"))
  func plansGiveExpectedText(golden: GoldenCase) throws {
    let budget = try #require(golden.directives["budget"].flatMap { ByteCount($0) })
    let arguments = try #require(golden.directives["gradient"]).split(separator: ",")
    let program = try Program(parsing: golden.program, file: golden.fileName)
    let text = try program.dump(
      stage: .planned, transform: .gradient(arguments.compactMap { Int($0) }),
      options: CompileOptions(processor: .x86_64v4, memoryBudget: budget))
    let curve = try #require(text.range(of: "// bytes in use, step by step"))
    try golden.check(String(text[..<curve.lowerBound]), stage: "planned")
  }
}
