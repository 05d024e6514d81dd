import Foundation
import Testing

/// Code that one process leaves for another.
@Suite struct CacheTests {
  @Test func anotherProcessFindsTheCode() throws {
    try withTool(files: ["f.mlir": Self.sine]) { tool in
      let environment = ["ADJOINT_CACHE": tool.folder.path + "/code"]
      let arguments = ["run", "f.mlir", "--seed", "3"]
      let outcomes = try (0..<2).map { _ in try tool.run(arguments, environment: environment) }
      #expect(outcomes[0].status == 0 && outcomes[0] == outcomes[1])
      let names = try FileManager.default.contentsOfDirectory(atPath: tool.folder.path + "/code")
      #expect(names.count { $0.hasSuffix(".program") } == 1)
      #expect(names.count { $0.hasSuffix(".kernel") } == 1)
      let bench = ["bench", "f.mlir", "--json"]
      let warm = try tool.run(bench + ["--cache"], environment: environment)
      #expect(warm.output.contains("\"cached\": 1"))
      let cold = try tool.run(bench, environment: environment)
      #expect(cold.output.contains("\"cached\": 0"))
      // A file that others may write is not run, and the answer is the same.
      for name in names { #expect(chmod(tool.folder.path + "/code/" + name, 0o666) == 0) }
      #expect(try tool.run(arguments, environment: environment) == outcomes[0])
    }
  }

  #if os(Linux)
    /// What finds its code, and what compiles nothing, does not load LLVM.
    @Test func codeFromDiskNeedsNoCompiler() throws {
      try withTool(files: ["f.mlir": Self.sine]) { tool in
        // The linker of the system says which libraries it starts.
        let environment = ["ADJOINT_CACHE": tool.folder.path + "/code", "LD_DEBUG": "libs"]
        let arguments = ["run", "f.mlir", "--seed", "3"]
        let outcomes = try (0..<2).map { _ in try tool.run(arguments, environment: environment) }
        #expect(outcomes[0].output == outcomes[1].output && outcomes[1].status == 0)
        #expect(outcomes[0].error.contains("libLLVM"))
        #expect(outcomes[1].error.contains("libffi") && !outcomes[1].error.contains("libLLVM"))
        let plain = try tool.run(["dump", "f.mlir", "--stage", "traced"], environment: environment)
        #expect(plain.status == 0 && !plain.error.contains("libLLVM"))
      }
    }
  #endif

  /// `ADJOINT_CACHE=off` neither writes code nor reads what is there.
  @Test func nothingIsKeptWhereThatIsOff() throws {
    try withTool(files: ["f.mlir": Self.sine]) { tool in
      var environment = ["HOME": tool.folder.path, "XDG_CACHE_HOME": tool.folder.path + "/caches"]
      let files = FileManager.default
      environment["ADJOINT_CACHE"] = "off"
      let arguments = ["bench", "f.mlir", "--json", "--cache"]
      for _ in 0..<2 {
        #expect(try tool.run(arguments, environment: environment).output.contains("\"cached\": 0"))
        #expect(try files.contentsOfDirectory(atPath: tool.folder.path) == ["f.mlir"])
      }
      environment["ADJOINT_CACHE"] = ""
      let outcomes = try (0..<2).map { _ in try tool.run(arguments, environment: environment) }
      #expect(outcomes[0].output.contains("\"cached\": 0"))
      #expect(outcomes[1].output.contains("\"cached\": 1"))
      environment["ADJOINT_CACHE"] = "off"
      #expect(try tool.run(arguments, environment: environment).output.contains("\"cached\": 0"))
      let folder = tool.folder.path + "/" + Self.systemFolder
      let names = try files.contentsOfDirectory(atPath: folder)
      #expect(names.count { !$0.hasSuffix(".processor") } == 2)
    }
  }

  /// Where the system keeps code, with the variables of `nothingIsKeptWhereThatIsOff`.
  #if os(macOS)
    private static let systemFolder = "Library/Caches/adjoint/code"
  #else
    private static let systemFolder = "caches/adjoint/code"
  #endif

  /// Code made with other settings is not taken for that of a plain run.
  @Test func codeOfOtherSettingsIsNotFound() throws {
    try withTool(files: ["f.mlir": Self.sine]) { tool in
      let plain = ["ADJOINT_CACHE": tool.folder.path + "/code"]
      let settings = [
        ["ADJOINT_PASSES_OFF": "strip-mine"], ["ADJOINT_PASS_LIMIT": "0"],
        ["ADJOINT_LLVM_OPTIONS": "-inline-threshold=200"], [:],
      ]
      for setting in settings {
        let environment = plain.merging(setting) { $1 }
        for cached in 0...1 {
          let arguments = ["bench", "f.mlir", "--json", "--cache"]
          let output = try tool.run(arguments, environment: environment).output
          #expect(output.contains("\"cached\": \(cached)"), "\(setting)")
        }
      }
    }
  }

  /// Processes that begin at the same time, some with what others damaged in between.
  @Test func processesShareOneFolder() throws {
    try withTool(files: ["f.mlir": Self.sine]) { tool in
      let folder = tool.folder.path + "/code"
      let environment = ["ADJOINT_CACHE": folder]
      let arguments = ["run", "f.mlir", "--seed", "3"]
      let alone = try tool.run(arguments, environment: ["ADJOINT_CACHE": "off"])
      #expect(alone.status == 0)
      for round in 0..<2 {
        let runs = try (0..<4).map { _ in try tool.start(arguments, environment: environment) }
        for run in runs { #expect(try run.outcome() == alone) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(
          names.map { $0.drop { $0 != "." } }.sorted() == [".kernel", ".processor", ".program"])
        guard round == 0 else { continue }
        for name in names { #expect(truncate(folder + "/" + name, 100) == 0) }
      }
      let warm = try tool.run(["bench", "f.mlir", "--json", "--cache"], environment: environment)
      #expect(warm.output.contains("\"cached\": 1"))
    }
  }

  private static let sine = """
    func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
      %y = stablehlo.sine %x : tensor<3xf32>
      return %y : tensor<3xf32>
    }
    """
}
