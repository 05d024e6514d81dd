import Foundation
import Testing

/// What the Swift compiler says about common mistakes: the first error of each line of `Cases/Mistakes.swift`.
struct CompilerTextTests {
  /// The folder of the package.
  private static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  /// The compiler, where one is on the path.
  private static let compiler: URL? = {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return folders.map { URL(fileURLWithPath: String($0)).appending(path: "swiftc") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  /// Where the modules that were built with these tests are.
  private static var products: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      .deletingLastPathComponent()
  }

  /// Where LLVM's headers may be, as the package's manifest has it.
  private static let headers = [
    "/usr/lib/llvm-22", "/opt/homebrew/opt/llvm", "/usr/local/opt/llvm",
  ]
  .map { $0 + "/include" }.filter { FileManager.default.fileExists(atPath: $0) }

  /// The module maps of C targets in the folders inside a folder.
  private static func moduleMaps(in folder: URL) -> [(folder: String, path: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().map { folder.appending(path: $0) }
      .map { ($0.path, $0.appending(path: "module.modulemap").path) }
      .filter { FileManager.default.fileExists(atPath: $0.1) }
  }

  /// The first error of each line of a file that is type-checked.
  private static func errors(in file: URL) throws -> [Int: String] {
    let process = Process()
    process.executableURL = compiler
    let sources = moduleMaps(in: package.appending(path: "Sources"))
    var arguments = ["-typecheck", "-swift-version", "6", "-diagnostic-style", "llvm"]
    arguments += ["-I", products.appending(path: "Modules").path]
    arguments += sources.flatMap { ["-I", $0.folder] }
    arguments += headers.flatMap { ["-Xcc", "-I" + $0] }
    arguments += moduleMaps(in: products).flatMap { ["-Xcc", "-fmodule-map-file=" + $0.path] }
    process.arguments = arguments + [file.path]
    let output = Pipe()
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    var errors: [Int: String] = [:]
    for match in text.matches(of: /(?m)^(.*):(\d+):\d+: error: (.*)$/) {
      let line = match.1.hasSuffix(file.lastPathComponent) ? Int(match.2) ?? 0 : 0
      if errors[line] == nil { errors[line] = String(match.3) }
    }
    // An error without a line is one of the compiler's call.
    if let match = text.firstMatch(of: /(?m)^<unknown>:0: error: (.*)$/) {
      errors[0] = String(match.1)
    }
    return errors
  }

  @Test(.enabled(if: compiler != nil, "there is no Swift compiler on the path"))
  func commonMistakesAreSaidInPlainWords() throws {
    let file = Self.package.appending(path: "Tests/AdjointTests/Cases/Mistakes.swift")
    let lines = try String(contentsOf: file, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    let found = try Self.errors(in: file)
    var count = 0
    for (index, line) in lines.enumerated() {
      let parts = line.split(separator: "  // error: ", maxSplits: 1)
      let expected = parts.count == 2 ? String(parts[1]) : nil
      if expected != nil { count += 1 }
      #expect(found[index + 1] == expected, "line \(index + 1): \(line)")
    }
    #expect(found[0] == nil)
    #expect(count >= 20)
  }
}
