import Foundation
import Testing

/// Memory budgets and policies on the command line.
@Suite struct MemoryCommandTests {
  private let program = CommandLineTool.programs.appending(path: "mlp_small/primal.mlir").path
  private let gradient = ["--grad", "0,1,2,3"]

  /// The numbers of the header of a planned text.
  private func header(_ tool: CommandLineTool, _ options: [String]) throws -> [Int] {
    let dump = try tool.run(["dump", program] + gradient + options + ["--stage", "planned"])
    #expect(dump.status == 0, "\(dump.error)")
    let lines = dump.lines
    let place = try #require(lines.firstIndex { $0.hasPrefix("// arena ") })
    return lines[place...(place + 1)].joined().matches(of: /[0-9]+/).compactMap { Int($0.0) }
  }

  /// Budgets and policies change no value that `run` prints.
  @Test func runGivesTheSameValues() throws {
    try withTool { tool in
      let arguments = ["run", program] + gradient + ["--seed", "3"]
      let plain = try tool.run(arguments)
      #expect(plain.status == 0 && plain.lines.count == 5)
      let least = try least(tool, "run")
      for options in [
        ["--memory-budget", "\(least)"], ["--remat", "save-all"], ["--remat", "save-nothing"],
        ["--remat", "save-products"], ["--remat", "save:a,b"],
      ] {
        #expect(try tool.run(arguments + options) == plain, "\(options)")
      }
    }
  }

  /// The least budget that a refusal names.
  private func least(_ tool: CommandLineTool, _ command: String) throws -> Int {
    let refused = try tool.run([command, program] + gradient + ["--memory-budget", "1"])
    #expect(refused.status == 2)
    let match = refused.error.firstMatch(of: /needs at least ([0-9]+) bytes/)
    return try Int(#require(match?.1)) ?? 0
  }

  /// `bench --json` has the numbers of the plan that `dump` prints.
  @Test func benchReportsThePlan() throws {
    try withTool { tool in
      let whole = try header(tool, ["--remat", "save-all"])
      let least = try least(tool, "bench")
      #expect(least < whole[0])
      for options in [["--memory-budget", "\(least)"], ["--remat", "save-nothing"]] {
        let plan = try header(tool, options)
        let outcome = try tool.run(["bench", program, "--json"] + gradient + options)
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        let numbers = try #require(object as? [String: Double])
        let names = [
          "arena_bytes", "save_all_bytes", "saved_bytes", "recomputed_bytes", "added_flops",
        ]
        #expect(names.map { numbers[$0] } == plan.map(Double.init), "\(options)")
        #expect(plan[1] == whole[0])
        if options[0] == "--memory-budget" {
          #expect(plan[0] <= least)
        } else {
          #expect(plan[2] == 0 && plan[3] == whole[2])
        }
      }
    }
  }

  @Test func mistakes() throws {
    try withTool { tool in
      for command in ["run", "bench"] {
        for options in [["--memory-budget", "lots"], ["--remat", "sometimes"]] {
          let outcome = try tool.run([command, program] + gradient + options)
          #expect(outcome.status == 2 && outcome.output.isEmpty, "\(command) \(options)")
          #expect(outcome.error.contains(options[1]))
        }
      }
    }
  }
}
