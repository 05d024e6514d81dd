import Adjoint
import Foundation
import TestSupport
import Testing

/// Code on disk, as reports of compilations tell of it.
@Suite struct CodeCachingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What a process reports that has compiled nothing yet.
  private func report() throws -> CompileReport {
    try withCodeCache(.directory(folder.path)) {
      let function = jit { (x: Tensor<Double>) in sin(x) + 0.25 }
      #expect(try function(0).item() == 0.25)
      return try #require(function.report)
    }
  }

  @Test func reportsNoteWhatWasNotUsed() throws {
    let cold = try report()
    #expect(cold.source == .compiled && cold.notes.isEmpty)
    let warm = try report()
    #expect(warm.source == .disk && warm.notes.isEmpty)
    #expect(warm.arenaByteCount == cold.arenaByteCount && warm.kernelCount == cold.kernelCount)
    let names = folder.files.filter { $0.hasSuffix(".program") || $0.hasSuffix(".kernel") }
    #expect(names.count == 2)
    for name in names { #expect(truncate(folder.path + "/" + name, 100) == 0) }
    let noted = try report()
    #expect(noted.source == .compiled)
    // The kernel is asked for where the program is not there.
    #expect(
      noted.notes
        == [".program", ".kernel"].flatMap { kind in
          names.filter { $0.hasSuffix(kind) }.map {
            "\(folder.path)/\($0) was not used: its contents are damaged"
          }
        })
    let again = try report()
    #expect(again.source == .disk && again.notes.isEmpty)
  }
}
