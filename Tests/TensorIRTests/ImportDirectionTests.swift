import Foundation
import Testing

/// The layers of the package and what each may import of it; the drawing in
/// `Docs/Architecture.md` as a table.
private let allowedImports: [String: Set<String>] = [
  "CLLVM": [],
  "CFFI": [],
  "CThreads": [],
  "TensorIR": [],
  "Interpreter": ["TensorIR"],
  "Differentiation": ["TensorIR"],
  "Optimizer": ["TensorIR", "Interpreter"],
  "LoopIR": ["TensorIR"],
  "LLVMBridge": ["CLLVM"],
  "Fusion": ["TensorIR", "LoopIR"],
  "Codegen": ["TensorIR", "LoopIR", "LLVMBridge"],
  "Runtime": ["TensorIR", "LoopIR", "Fusion", "Codegen", "LLVMBridge", "CFFI", "CThreads"],
  "Adjoint": ["TensorIR", "Interpreter", "Differentiation", "Optimizer", "Runtime"],
  "AdjointCLI": ["Adjoint", "ArgumentParser"],
]

/// Modules of the system that any layer may import.
private let systemModules: Set<String> = [
  "Foundation", "FoundationEssentials", "Glibc", "Darwin", "Synchronization", "Dispatch",
]

/// The modules that the `import` lines of a source text name.
private func importedModules(of text: String) -> [String] {
  text.split(separator: "\n").compactMap { line in
    guard let match = line.firstMatch(of: /^\s*(?:@?\w+(?:\([^)]*\))?\s+)*?import\s+(.+)$/) else {
      return nil
    }
    let words = match.1.split(separator: " ")
    let kinds: Set<Substring> = ["struct", "class", "enum", "func", "var", "let", "protocol"]
    let path = words.first { !kinds.contains($0) }
    return path?.split(separator: ".").first.map(String.init)
  }
}

@Suite struct ImportDirectionTests {
  /// The `Sources` folder.
  private let sources = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources")

  @Test func everyFolderOfSourcesIsALayer() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    #expect(Set(folders.filter { !$0.hasPrefix(".") }) == Set(allowedImports.keys))
  }

  @Test(arguments: allowedImports.keys.sorted())
  func importsOnlyLayersBelow(layer: String) throws {
    let allowed = try #require(allowedImports[layer]).union(systemModules)
    let files = FileManager.default.enumerator(atPath: sources.appending(path: layer).path)
    for case let path as String in try #require(files) where path.hasSuffix(".swift") {
      let text = try String(
        contentsOf: sources.appending(path: layer).appending(path: path), encoding: .utf8)
      for module in importedModules(of: text) {
        #expect(allowed.contains(module), "\(layer)/\(path) imports \(module)")
      }
    }
  }

  @Test func layersHaveNoCycle() {
    var remaining = allowedImports.mapValues { $0.intersection(allowedImports.keys) }
    while let free = remaining.first(where: { $0.value.isEmpty })?.key {
      remaining[free] = nil
      remaining = remaining.mapValues { $0.subtracting([free]) }
    }
    #expect(remaining.isEmpty)
  }

  @Test(arguments: [
    ("import Adjoint", ["Adjoint"]),
    ("package import TensorIR", ["TensorIR"]),
    ("  @testable import Runtime\nlet important = 1", ["Runtime"]),
    ("@_exported public import TensorIR", ["TensorIR"]),
    ("internal import struct Foundation.Data", ["Foundation"]),
    ("// an import of nothing\nlet x = \"import y\"", []),
  ])
  func findsImportLines(text: String, modules: [String]) {
    #expect(importedModules(of: text) == modules)
  }
}
