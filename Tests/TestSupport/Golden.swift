import Foundation
import Testing

/// A text file beside the tests, whose results are compared with files that stand next to it.
///
/// The first line of `case.mlir` holds directives in a comment, such as
/// `// run: simplify,cse  stage: simplified`. What a test computes for a stage is compared with
/// `case.<stage>.expected`; with `ADJOINT_BLESS=1` in the environment that file is rewritten.
/// Lines that must be refused carry `// error: substring of the message`.
package struct GoldenCase: Sendable, Hashable, CustomTestStringConvertible {
  /// The path below the target's `Cases` folder, without `.mlir`.
  package let name: String
  /// The file.
  package let url: URL
  /// The whole text of the file, directives included.
  package let text: String
  /// What the first line says, by key; empty where it is no directive comment.
  package let directives: [String: String]

  /// Reads the case at `url`, named by its place below `folder`.
  package init(url: URL, below folder: URL) throws {
    self.url = url
    text = try String(contentsOf: url, encoding: .utf8)
    let path = url.path.dropFirst(folder.path.count).drop { $0 == "/" }
    name = String(path.dropLast(url.pathExtension.count + 1))
    directives = GoldenCase.directives(in: text)
  }

  /// The case's name, as test runs show it.
  package var testDescription: String { name }

  /// The file a test's error messages should name: the last part of the case's path.
  package var fileName: String { url.lastPathComponent }

  /// The words of the directive `run`, split at commas.
  package var passes: [String] {
    (directives["run"] ?? "").split(separator: ",").map(String.init)
  }

  /// The text without the first line's directives.
  package var program: String {
    guard !directives.isEmpty else { return text }
    return String(text.drop { $0 != "\n" }.dropFirst())
  }

  /// Splits a leading `// key: words  key: words` comment.
  private static func directives(in text: String) -> [String: String] {
    let line = text.prefix { $0 != "\n" }
    guard line.hasPrefix("//") else { return [:] }
    var found = [String: String]()
    var key: String?
    for word in line.dropFirst(2).split(separator: " ") {
      if word.hasSuffix(":") {
        let name = String(word.dropLast())
        found[name] = ""
        key = name
      } else if let key, let value = found[key] {
        found[key] = value.isEmpty ? String(word) : value + " " + word
      }
    }
    return found
  }
}

// MARK: - Expected texts

extension GoldenCase {
  /// Records an issue unless `actual` is what `case.<stage>.expected` holds.
  ///
  /// With `ADJOINT_BLESS=1` in the environment the file is rewritten instead.
  package func check(
    _ actual: String, stage: String, fileID: String = #fileID, filePath: String = #filePath,
    line: Int = #line, column: Int = #column
  ) throws {
    let target = url.deletingPathExtension().appendingPathExtension(stage)
      .appendingPathExtension("expected")
    let text = actual.hasSuffix("\n") ? actual : actual + "\n"
    if ProcessInfo.processInfo.environment["ADJOINT_BLESS"] == "1" {
      if (try? String(contentsOf: target, encoding: .utf8)) != text {
        try text.write(to: target, atomically: true, encoding: .utf8)
      }
      return
    }
    let expected = try? String(contentsOf: target, encoding: .utf8)
    guard expected != text else { return }
    let reason =
      expected.map { "differs from\n\(lineDifference(from: $0, to: text))" }
      ?? "has no expected text yet; it would be\n\(text)"
    Issue.record(
      """
      \(target.lastPathComponent): the result \(reason)
      To accept it: ADJOINT_BLESS=1 swift test --filter \(fileID.prefix { $0 != "/" })
      """,
      sourceLocation: place(fileID, filePath, line, column))
  }
}

/// A line by line comparison: `-` lines are only in `old`, `+` lines only in `new`.
///
/// Three lines around each change are shown with two spaces before them; at most sixty lines are.
package func lineDifference(from old: String, to new: String) -> String {
  let oldLines = old.split(separator: "\n", omittingEmptySubsequences: false)
  let newLines = new.split(separator: "\n", omittingEmptySubsequences: false)
  var shown = [(text: String, isChange: Bool)]()
  var removed = Set<Int>()
  var inserted = Set<Int>()
  for change in newLines.difference(from: oldLines) {
    switch change {
    case .remove(let offset, _, _): removed.insert(offset)
    case .insert(let offset, _, _): inserted.insert(offset)
    }
  }
  var (oldLine, newLine) = (0, 0)
  while oldLine < oldLines.count || newLine < newLines.count {
    if removed.contains(oldLine) {
      shown.append(("- " + oldLines[oldLine], true))
      oldLine += 1
    } else if inserted.contains(newLine) {
      shown.append(("+ " + newLines[newLine], true))
      newLine += 1
    } else {
      shown.append(("  " + oldLines[oldLine], false))
      oldLine += 1
      newLine += 1
    }
  }
  let near = shown.indices.filter { index in
    shown[max(0, index - 3)...min(shown.count - 1, index + 3)].contains { $0.isChange }
  }
  let lines = near.prefix(60).map { shown[$0].text }
  return (lines + (near.count > 60 ? ["  … \(near.count - 60) more lines"] : []))
    .joined(separator: "\n")
}

// MARK: - Finding cases

/// The cases below `Tests/<folder>/Cases`, or below a folder inside it, sorted by name.
///
/// - Requires: there is a case, so that a moved folder cannot turn tests off.
package func goldenCases(in targetTestsFolder: String, subfolder: String? = nil) -> [GoldenCase] {
  let root = testsFolder.appendingPathComponent(targetTestsFolder).appendingPathComponent("Cases")
  let folder = subfolder.map { root.appendingPathComponent($0) } ?? root
  let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
  let urls = (files?.allObjects ?? []).compactMap { $0 as? URL }
  let cases = urls.filter { $0.pathExtension == "mlir" }
    .compactMap { try? GoldenCase(url: $0, below: root) }
  precondition(!cases.isEmpty, "there are no golden cases in \(folder.path)")
  return cases.sorted { $0.name < $1.name }
}

/// The text of `Tests/Programs/<name>/primal.mlir`, a program as JAX exports it.
package func programText(_ name: String) throws -> String {
  try String(contentsOf: programFile(name, "primal.mlir"), encoding: .utf8)
}

/// A file of `Tests/Programs/<name>`.
package func programFile(_ name: String, _ file: String) -> URL {
  testsFolder.appendingPathComponent("Programs").appendingPathComponent(name)
    .appendingPathComponent(file)
}

/// The names of the folders in `Tests/Programs`, sorted.
package func programNames() -> [String] {
  let folder = testsFolder.appendingPathComponent("Programs").path
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return names.filter {
    FileManager.default.fileExists(atPath: programFile($0, "primal.mlir").path)
  }
  .sorted()
}

/// The package's `Tests` folder.
private let testsFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent()

/// Where a check was written, for the test report.
func place(
  _ fileID: String, _ filePath: String, _ line: Int, _ column: Int
) -> Testing.SourceLocation {
  Testing.SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column)
}
