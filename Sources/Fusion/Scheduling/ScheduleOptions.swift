package import TensorIR

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What scheduling may do.
package struct ScheduleOptions: Sendable, Hashable {
  /// The names of passes that do not run; those that a program cannot do without run all the same.
  package var disabled: Set<String>
  /// How many rewrites may happen; nil for any number.
  package var limit: Int?
  /// The arguments, by number, whose memory kernels may overwrite.
  package var donated: Set<Int>
  /// How much temporary memory there is, and what is kept in it.
  package var memory: MemoryOptions

  /// Options that run everything but what `ADJOINT_PASSES_OFF` names, up to `ADJOINT_PASS_LIMIT`
  /// rewrites where that is set.
  package init(
    disabled: Set<String> = environmentDisabled, limit: Int? = environmentLimit,
    donated: Set<Int> = [], memory: MemoryOptions = MemoryOptions()
  ) {
    self.disabled = disabled
    self.limit = limit
    self.donated = donated
    self.memory = memory
  }

  /// The number in the environment variable `ADJOINT_PASS_LIMIT`, for bisecting a wrong rewrite.
  package static let environmentLimit: Int? = variable("ADJOINT_PASS_LIMIT").flatMap { Int($0) }

  /// The names in the environment variable `ADJOINT_PASSES_OFF`, with commas between them.
  package static let environmentDisabled = Set(
    (variable("ADJOINT_PASSES_OFF") ?? "").split(separator: ",").map(String.init))

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

/// What scheduling did, pass by pass.
package struct ScheduleReport: Sendable {
  /// The work of one pass.
  package struct Row: Sendable {
    /// The pass's name.
    package let pass: String
    /// How often it changed something.
    package internal(set) var rewrites = 0
    /// The time spent in it.
    package internal(set) var time = Duration.zero
    /// What it weighed for each change, in order; empty unless decisions are asked for.
    package internal(set) var decisions: [String] = []
  }

  /// What planning weighed for each value in memory and each kernel, in order; empty unless decisions are
  /// asked for.
  package internal(set) var planning: [String] = []
  /// One row per pass, in order.
  package internal(set) var rows = schedule.map { Row(pass: $0.name) }

  /// The rewrites of each pass and what it weighed, as text.
  package var description: String {
    let planned =
      ["planning: what is computed into memory, and in which kernels"]
      + planning.map { "  " + $0 }
    return
      ([planned.joined(separator: "\n")]
      + rows.map { row in
        let summary = schedule.first { $0.name == row.pass }?.summary ?? ""
        return ([("\(row.pass): \(row.rewrites) — \(summary)")] + row.decisions.map { "  " + $0 })
          .joined(separator: "\n")
      })
      .joined(separator: "\n") + "\n"
  }
}
