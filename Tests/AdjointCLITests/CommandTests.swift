import Foundation
import Testing

@Suite struct CommandTests {
  @Test(arguments: [["scalar", "0"], ["rosenbrock", "0"], ["mlp_small", "0,1,2,3"]])
  func checksHoldForExamples(arguments: [String]) throws {
    try withTool { tool in
      let path = CommandLineTool.programs.appending(path: arguments[0] + "/primal.mlir").path
      let outcome = try tool.run(["check", path, "--grad", arguments[1]])
      #expect(outcome.status == 0)
      let words = outcome.lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
      #expect(words == ["engines ok", "gradient ok", "transpose ok", "second ok"])
    }
  }

  /// Central differences cannot follow so fast a wave, and say so. A function with a step in it has a
  /// gradient of zero, which they contradict at every distance.
  @Test(arguments: [("1.0e+7", "unsure", 0), ("0.0", "FAILED", 1)])
  func doubtsAndFailures(factor: String, word: String, status: Int32) throws {
    let program = """
      func.func @main(%x: tensor<f64>) -> tensor<f64> {
        %0 = stablehlo.constant dense<\(factor)> : tensor<f64>
        %1 = stablehlo.multiply %x, %0 : tensor<f64>
        %2 = stablehlo.sine %1 : tensor<f64>
        %3 = stablehlo.constant dense<1.0e+7> : tensor<f64>
        %4 = stablehlo.multiply %x, %3 : tensor<f64>
        %5 = stablehlo.floor %4 : tensor<f64>
        %6 = stablehlo.constant dense<0.0> : tensor<f64>
        %7 = stablehlo.compare EQ, %0, %6 : (tensor<f64>, tensor<f64>) -> tensor<i1>
        %8 = stablehlo.select %7, %5, %2 : tensor<i1>, tensor<f64>
        return %8 : tensor<f64>
      }
      """
    try withTool(files: ["wave.mlir": program]) { tool in
      let outcome = try tool.run(["check", "wave.mlir", "--grad", "0"])
      #expect(outcome.status == status)
      #expect(outcome.error == "")
      #expect(outcome.lines.count { $0.contains("gradient   \(word)") } == 1)
    }
  }

  /// A value that is not finite tells nothing of derivatives.
  @Test(arguments: [
    ("-10.0", ["engines ok", "gradient unsure", "transpose unsure", "second ok"]),
    ("10.0", ["engines ok", "gradient ok", "transpose ok", "second ok"]),
  ])
  func valuesThatAreNotFinite(shift: String, words: [String]) throws {
    let program = """
      func.func @main(%x: tensor<f64>) -> tensor<f64> {
        %0 = stablehlo.constant dense<\(shift)> : tensor<f64>
        %1 = stablehlo.add %x, %0 : tensor<f64>
        %2 = stablehlo.log %1 : tensor<f64>
        return %2 : tensor<f64>
      }
      """
    try withTool(files: ["f.mlir": program]) { tool in
      let outcome = try tool.run(["check", "f.mlir", "--grad", "0"])
      let found = outcome.lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
      #expect(found == words)
      #expect(outcome.status == 0)
    }
  }

  /// Where f32 goes into f64, engines agree as well as f32 lets them.
  @Test func mixedPrecisionIsJudgedByTheLeast() throws {
    let program = """
      func.func @main(%x: tensor<40xf32>) -> tensor<f64> {
        %0 = stablehlo.exponential %x : tensor<40xf32>
        %1 = stablehlo.convert %0 : (tensor<40xf32>) -> tensor<40xf64>
        %2 = stablehlo.constant dense<0.0> : tensor<f64>
        %3 = stablehlo.reduce(%1 init: %2) applies stablehlo.add across dimensions = [0] : (tensor<40xf64>, tensor<f64>) -> tensor<f64>
        return %3 : tensor<f64>
      }
      """
    try withTool(files: ["f.mlir": program]) { tool in
      let outcome = try tool.run(["check", "f.mlir", "--grad", "0"])
      #expect(outcome.status == 0)
      #expect(outcome.lines.first?.hasPrefix("engines    ok") == true)
    }
  }

  @Test(arguments: [
    "traced", "simplified", "adjoint", "planned", "loops", "schedule", "llvm", "llvm-optimized",
    "assembly",
  ])
  func dumpsEveryStage(stage: String) throws {
    try withTool { tool in
      let path = CommandLineTool.programs.appending(path: "scalar/primal.mlir").path
      let outcome = try tool.run(["dump", path, "--grad", "0", "--stage", stage])
      #expect(outcome.status == 0)
      #expect(outcome.error == "")
      #expect(outcome.output.hasSuffix("\n"))
      #expect(outcome.lines.count > 3)
    }
  }

  @Test(arguments: [
    ("x86-64-v4", "<16 x float>"), ("x86-64-v3", "<8 x float>"), ("aarch64", "<4 x float>"),
    ("apple-m1", "<4 x float>"),
  ])
  func dumpsForOtherProcessors(target: String, vector: String) throws {
    try withTool { tool in
      let path = CommandLineTool.programs.appending(path: "layernorm/primal.mlir").path
      let code = try tool.run(["dump", path, "--stage", "llvm", "--target", target])
      #expect(code.status == 0)
      #expect(code.output.contains("load \(vector)"))
    }
  }

  /// No processor is both an x86-64 and an ARM.
  @Test func codeForAnotherProcessorDoesNotRun() throws {
    try withTool { tool in
      let path = CommandLineTool.programs.appending(path: "scalar/primal.mlir").path
      let outcomes = try ["x86-64-v3", "aarch64"].map {
        try tool.run(["run", path, "--target", $0])
      }
      let failed = outcomes.filter { $0.status == 2 }
      #expect(!failed.isEmpty)
      #expect(failed.allSatisfy { $0.error.contains(" does not run on ") })
    }
  }

  @Test func aDumpIsAProgram() throws {
    try withTool { tool in
      let example = Example.all[0]
      let dump = try tool.run(["dump", example.program, "--grad", "0", "--stage", "planned"])
      try Data(dump.output.utf8).write(to: tool.folder.appending(path: "planned.mlir"))
      let direct = try tool.run(
        ["run", example.program, "--grad", "0", "--inputs"] + example.inputs)
      let again = try tool.run(["run", "planned.mlir", "--inputs"] + example.inputs)
      let values = [direct, again].map { $0.lines.map { $0.split(separator: ":")[1] } }
      #expect(values[0].count == 2)
      #expect(values[0] == values[1])
    }
  }

  @Test func benchPrintsOneObject() throws {
    try withTool { tool in
      let path = CommandLineTool.programs.appending(path: "scalar/primal.mlir").path
      let outcome = try tool.run(
        ["bench", path, "--grad", "0", "--threads", "1", "--json"])
      #expect(outcome.status == 0)
      #expect(outcome.lines.count == 1)
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      let numbers = try #require(object as? [String: Double])
      #expect(numbers["argument_bytes"] == 8)
      #expect(numbers["threads"] == 1)
      let keys = outcome.output.matches(of: /"(\w+)":/).map { String($0.1) }
      #expect(
        keys.filter { $0 != "resident_bytes" } == [
          "parse_ms", "transform_ms", "plan_ms", "verify_ms", "codegen_ms", "link_ms",
          "compile_ms", "run_us_min", "run_us_median", "arena_bytes", "save_all_bytes",
          "saved_bytes", "recomputed_bytes", "added_flops", "argument_bytes", "kernels",
          "functions", "threads", "cached",
        ])
      #expect(numbers["cached"] == 0)
      // Loops are verified while they are planned.
      let times = try ["verify_ms", "plan_ms"].map { try #require(numbers[$0]) }
      #expect(0 < times[0] && times[0] < times[1])
    }
  }

  @Test func benchTimesCompiling() throws {
    try withTool { tool in
      let path = CommandLineTool.programs.appending(path: "scalar/primal.mlir").path
      let arguments = ["bench", path, "--grad", "0", "--compile", "--repeats", "1"]
      let outcome = try tool.run(arguments + ["--json"])
      #expect(outcome.status == 0)
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      let report = try #require(object as? [String: Any])
      #expect(
        Set(report.keys) == [
          "cold", "cold, balanced", "cold, the best code", "warm in process", "warm from disk",
          "peak_bytes",
        ])
      let warm = try #require(report["warm from disk"] as? [String: Double])
      #expect(warm["plan_ms"] == 0 && warm["codegen_ms"] == 0 && warm["transform_ms"] == 0)
      let lines = try tool.run(arguments).lines
      #expect(lines.count == 7 && lines[1].hasPrefix("cold"))
    }
  }

  /// A budget in dumps, drawings and messages.
  @Test func memoryBudgets() throws {
    try withTool { tool in
      let path = CommandLineTool.programs.appending(path: "mlp/primal.mlir").path
      let gradient = ["--grad", "0,1,2,3,4,5"]
      let dump = try tool.run(
        ["dump", path] + gradient
          + ["--memory-budget", "800KB", "--stage", "planned", "--memory", "curve.svg"])
      #expect(dump.status == 0)
      #expect(dump.output.contains("recomputed 1×"))
      #expect(dump.output.contains(" peak, most of it "))
      let drawing = try String(
        contentsOf: tool.folder.appending(path: "curve.svg"), encoding: .utf8)
      #expect(drawing.hasPrefix("<svg") && drawing.contains("everything kept: peak"))
      let refused = try tool.run(
        ["dump", path] + gradient + ["--memory-budget", "1KB", "--stage", "loops"])
      #expect(refused.status == 2)
      #expect(refused.error.contains("the memory budget of 1000 bytes is too small"))
      #expect(try tool.run(["dump", path, "--remat", "sometimes", "--stage", "loops"]).status == 2)
    }
  }

  @Test func benchProfilesKernels() throws {
    try withTool { tool in
      let path = CommandLineTool.programs.appending(path: "scalar/primal.mlir").path
      let outcome = try tool.run(["bench", path, "--grad", "0", "--json", "--profile"])
      #expect(outcome.status == 0)
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      let report = try #require(object as? [String: Any])
      let kernels = try #require(report["profile"] as? [[String: Any]])
      #expect(kernels.count == 1)
      let kernel = try #require(kernels.first)
      #expect(
        Set(kernel.keys) == [
          "kernel", "sources", "ns_min", "ns_mean", "ns_bound", "bytes", "flops", "gb_per_s",
          "gflop_per_s", "roofline",
        ])
      #expect(kernel["bytes"] as? Int == 24)
      let sources = try #require(kernel["sources"] as? [String])
      #expect(sources.allSatisfy { $0.contains("primal.mlir:") } && !sources.isEmpty)
    }
  }

  @Test func demoReachesItsAccuracyAndWritesDumps() throws {
    try withTool { tool in
      let outcome = try tool.run(
        ["demo", "--dumps", "stages"], environment: ["ADJOINT_WARN_COMPILATIONS": "1"])
      #expect(outcome.status == 0)
      // The step of the training and the accuracy are compiled for one signature each.
      let warnings = outcome.error.split(separator: "\n")
      #expect(!warnings.isEmpty)
      #expect(
        warnings.allSatisfy {
          $0.hasPrefix("adjoint: ")
            && $0.hasSuffix(": compiled for 1 signatures, the last for: first call")
        }, "\(outcome.error)")
      #expect(outcome.lines.count { $0.hasPrefix("  ok ") } == 5)
      let accuracy = try #require(
        outcome.output.firstMatch(of: /Final test accuracy: ([0-9.]+) %/)?.1)
      #expect(Double(accuracy) ?? 0 >= 97)
      let dumps = try FileManager.default.contentsOfDirectory(
        atPath: tool.folder.appending(path: "stages").path)
      #expect(
        dumps.sorted() == [
          "adjoint.mlir", "assembly.s", "llvm-optimized.ll", "llvm.ll", "loops.txt",
          "planned.mlir", "schedule.txt", "simplified.mlir", "traced.mlir",
        ])
    }
  }

  @Test func helpNamesTheCommands() throws {
    try withTool { tool in
      let outcome = try tool.run(["--help"])
      #expect(outcome.status == 0)
      for command in ["run", "check", "dump", "bench", "demo"] {
        #expect(outcome.output.contains("  \(command) "))
      }
    }
  }
}
