import Foundation
import TensorIR
import TestSupport
import Testing

/// `Docs/OpMatrix.md` says what the op test table says.
@Suite struct OpMatrixTests {
  @Test("Docs/OpMatrix.md is up to date")
  func isFresh() throws {
    let text = try opMatrix { module in
      let parsed = try Module(parsing: module.description, file: "case.mlir")
      return parsed.withoutLocations == module.withoutLocations
    }
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Docs/OpMatrix.md")
    if ProcessInfo.processInfo.environment["ADJOINT_BLESS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let written = try? String(contentsOf: file, encoding: .utf8)
    let isFresh = written == text
    #expect(isFresh, "stale; to rewrite it: ADJOINT_BLESS=1 swift test --filter OpMatrix")
    #expect(!text.contains("**no**"), "a rule fails in some case of a row")
    #expect(!text.contains("–"), "a form of an op has no row")
  }
}
