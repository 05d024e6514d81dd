import Foundation
import TensorIR
import TestSupport
import Testing

/// Damaged programs are refused with a place, or read as programs that print and read back.
///
/// `ADJOINT_FUZZ` sets how many are tried, `ADJOINT_FUZZ_SEED` the first seed.
@Suite struct MutationFuzzTests {
  @Test func damagedPrograms() throws {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["ADJOINT_FUZZ"].flatMap { Int($0) } ?? 300
    let firstSeed = environment["ADJOINT_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    let corpus = try fuzzCorpus()
    var parsed = 0
    for seed in firstSeed..<(firstSeed + UInt64(count)) {
      var mutator = TextMutator(seed: seed)
      let text = mutator.mutated(corpus[Int(seed % UInt64(corpus.count))])
      do {
        let module = try Module(parsing: text, file: "fuzz.mlir")
        parsed += 1
        let again = try Module(parsing: module.description, file: "fuzz.mlir")
        #expect(again.withoutLocations == module.withoutLocations, "ADJOINT_FUZZ_SEED=\(seed)")
      } catch let error as AdjointError {
        let isPlaced = error.location.line > 0 && error.location.column > 0
        #expect(isPlaced, "ADJOINT_FUZZ_SEED=\(seed): \(error)")
      }
    }
    #expect(parsed > 0 && parsed < count, "mutations must both break and spare programs")
  }

  /// The small programs: the large one only costs time.
  private func fuzzCorpus() throws -> [String] {
    let programs = try programNames().map { try programText($0) }
    let cases = ["jax", "generic", "errors"].flatMap {
      goldenCases(in: "TensorIRTests", subfolder: $0).map(\.text)
    }
    return (programs + cases).filter { $0.utf8.count < 20_000 }
  }
}
