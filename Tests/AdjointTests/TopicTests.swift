import Foundation
import Testing

/// Every public declaration stands in a topic group of the guide.
@Suite struct TopicTests {
  private static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The lines of the public module's sources, without declarations that only give the compiler's messages.
  private func sourceLines() throws -> [String] {
    let root = Self.package.appending(path: "Sources/Adjoint")
    let files = try #require(
      FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
      .filter { $0.lastPathComponent != "Misuse.swift" }
      .flatMap { try String(contentsOf: $0, encoding: .utf8).components(separatedBy: "\n") }
  }

  /// The names that an article's topics link to, without parameters.
  private func linked(in article: String) throws -> Set<String> {
    let text = try String(
      contentsOf: Self.package.appending(path: "Sources/Adjoint/Adjoint.docc/\(article).md"),
      encoding: .utf8)
    return Set(
      text.components(separatedBy: "\n").compactMap { line in
        line.wholeMatch(of: #/- ``([^(`]+).*``/#).map { String($0.output.1) }
      })
  }

  @Test func everyPublicDeclarationHasATopic() throws {
    let topics = try linked(in: "Adjoint")
    var names: Set<String> = []
    for line in try sourceLines() {
      let pattern = #/public (?:final )?(?:func|struct|class|enum|protocol|typealias) (\w+).*/#
      guard let match = line.wholeMatch(of: pattern) else { continue }
      names.insert(String(match.output.1))
    }
    #expect(names.count > 130)
    #expect(names.subtracting(topics).sorted() == [])
    #expect(topics.subtracting(names).sorted() == [])
  }

  @Test func everyMemberOfTensorHasATopic() throws {
    let topics = try linked(in: "Tensor")
    var names: Set<String> = []
    var isTensor = false
    for line in try sourceLines() {
      if let first = line.first, !first.isWhitespace, first != "}", first != ")", first != "/" {
        isTensor = line.contains(#/^(extension Tensor\b|public struct Tensor<)/#)
      }
      let pattern = #/  (?:@\S+ )*public (?:static |mutating )*(?:func|var) (\w+|[^\w\s(]+).*/#
      guard isTensor, let match = line.wholeMatch(of: pattern) else { continue }
      names.insert(String(match.output.1))
    }
    #expect(names.count > 90)
    #expect(names.subtracting(topics).sorted() == [])
  }
}
