import Foundation
import Testing

/// The layers of the package and what each may import of it; the drawing in
/// `Docs/Architecture.md` as a table.
private let allowedImports: [String: Set<String>] = [
  "CLLVM": [],
  "CLLVMLibrary": ["CLLVM"],
  "CFFI": [],
  "CThreads": [],
  "CCallSites": [],
  "CComplex": [],
  "CLinearAlgebra": [],
  "CSorting": [],
  "TensorIR": [],
  "Interpreter": ["TensorIR", "CComplex"],
  "Differentiation": ["TensorIR"],
  "Optimizer": ["TensorIR", "Interpreter", "Batching"],
  "Batching": ["TensorIR"],
  "LoopIR": ["TensorIR"],
  "Targets": [],
  "LLVMBridge": ["CLLVM", "CLLVMLibrary", "Targets"],
  "Fusion": ["TensorIR", "LoopIR", "Targets"],
  "Codegen": ["TensorIR", "LoopIR", "LLVMBridge", "Targets"],
  "Runtime": [
    "TensorIR", "LoopIR", "Fusion", "Codegen", "LLVMBridge", "Targets", "CFFI", "CThreads",
    "CLinearAlgebra", "CSorting",
  ],
  "Adjoint": [
    "TensorIR", "Interpreter", "Differentiation", "Optimizer", "Batching", "Runtime", "Targets",
    "CCallSites",
  ],
  "AdjointCLI": ["Adjoint", "ArgumentParser"],
]

/// Modules of the system that any layer may import.
private let systemModules: Set<String> = [
  "Foundation", "FoundationEssentials", "Glibc", "Darwin", "Synchronization", "Dispatch",
]

/// The modules that the `import` lines of a source text name.
private func importedModules(of text: String) -> [String] {
  text.split(separator: "\n").compactMap { line in
    guard line.contains("import"),
      let match = line.firstMatch(of: /^\s*(?:@?\w+(?:\([^)]*\))?\s+)*?import\s+(.+)$/)
    else {
      return nil
    }
    let words = match.1.split(separator: " ")
    let kinds: Set<Substring> = ["struct", "class", "enum", "func", "var", "let", "protocol"]
    let path = words.first { !kinds.contains($0) }
    return path?.split(separator: ".").first.map(String.init)
  }
}

/// The test targets that the manifest declares, each with the modules that it names as dependencies.
private func declaredTests(in manifest: String) -> [String: Set<String>] {
  var declared: [String: Set<String>] = [:]
  for match in manifest.matches(of: /tests\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?\s*\)/) {
    let dependencies = match.2?.matches(of: /"(\w+)"/).map { String($0.1) } ?? []
    declared[String(match.1)] = Set(dependencies).union([String(match.1), "TestSupport"])
  }
  return declared
}

@Suite struct ImportDirectionTests {
  /// The folder of the package.
  private let package = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The `Sources` folder.
  private var sources: URL { package.appending(path: "Sources") }

  /// Each import in a Swift file below a folder, with the file's path.
  private func imports(below folder: URL) throws -> [(file: String, module: String)] {
    let files = try #require(FileManager.default.enumerator(atPath: folder.path))
    var found: [(file: String, module: String)] = []
    for case let path as String in files where path.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      found += importedModules(of: text).map { (path, $0) }
    }
    return found
  }

  @Test func everyFolderOfSourcesIsALayer() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    #expect(Set(folders.filter { !$0.hasPrefix(".") }) == Set(allowedImports.keys))
  }

  @Test(arguments: allowedImports.keys.sorted())
  func importsOnlyLayersBelow(layer: String) throws {
    let allowed = try #require(allowedImports[layer]).union(systemModules)
    for (file, module) in try imports(below: sources.appending(path: layer)) {
      #expect(allowed.contains(module), "\(layer)/\(file) imports \(module)")
    }
  }

  /// A module that is imported but not declared is there or not by the luck of the build order.
  @Test func testsDeclareWhatTheyImport() throws {
    let manifest = try String(
      contentsOf: package.appending(path: "Package.swift"), encoding: .utf8)
    let declared = declaredTests(in: manifest)
    let folder = package.appending(path: "Tests")
    let targets = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix("Tests") }
    #expect(Set(targets) == Set(declared.keys.map { $0 + "Tests" }))
    for (layer, dependencies) in declared {
      let allowed = dependencies.union(systemModules).union(["Testing"])
      for (file, module) in try imports(below: folder.appending(path: layer + "Tests")) {
        #expect(allowed.contains(module), "\(layer)Tests/\(file) imports \(module)")
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
