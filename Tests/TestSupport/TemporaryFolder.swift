import CTestSettings
import Foundation

/// A folder for one test, which goes with it.
package final class TemporaryFolder: Sendable {
  /// The folder.
  package let path: String

  package init() throws {
    precondition(adjoint_tests_are_hermetic() != 0, "tests do without the user's cache")
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("adjoint-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names of the files, in order.
  package var files: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}
