import TensorIR

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What simplification may do.
package struct SimplificationOptions: Sendable, Hashable {
  /// The names of passes that do not run.
  package var disabled: Set<String>
  /// How many rewrites may happen; nil for any number.
  package var limit: Int?
  /// How often the pipeline may run over a function.
  package var sweeps: Int
  /// The most elements a folded constant may have.
  package var foldedElements: Int
  /// Whether operations that only stop derivatives are dropped, because none will be taken.
  package var dropsStopGradients: Bool

  /// Whether divisions by powers of two stay, so that functions that divide by numbers of any kind are alike.
  package var keepsDivisions: Bool

  /// Options that run everything, up to `ADJOINT_PASS_LIMIT` rewrites where that is set.
  package init(
    disabled: Set<String> = [], limit: Int? = environmentLimit, sweeps: Int = 16,
    foldedElements: Int = 4096, dropsStopGradients: Bool = false, keepsDivisions: Bool = false
  ) {
    self.disabled = disabled
    self.limit = limit
    self.sweeps = sweeps
    self.foldedElements = foldedElements
    self.dropsStopGradients = dropsStopGradients
    self.keepsDivisions = keepsDivisions
  }

  /// The number in the environment variable `ADJOINT_PASS_LIMIT`, for bisecting a wrong rewrite.
  package static let environmentLimit: Int? = getenv("ADJOINT_PASS_LIMIT").flatMap {
    Int(String(cString: $0))
  }
}

/// What simplification did, pass by pass.
package struct SimplificationReport: Sendable {
  /// The work of one pass.
  package struct Row: Sendable {
    /// The pass's name.
    package let pass: String
    /// How many operations it replaced or removed.
    package var rewrites: Int
    /// The time spent in it and in what its rewrites set off.
    package var time: Duration
  }

  /// One row per pass that ran, in pipeline order.
  package var rows: [Row] = []
  /// How often the pipeline ran over the function.
  package var sweeps = 0

  /// An empty report.
  package init() {}

  /// Adds to a pass's row.
  mutating func add(_ pass: String, rewrites: Int, time: Duration) {
    if let index = rows.firstIndex(where: { $0.pass == pass }) {
      rows[index].rewrites += rewrites
      rows[index].time += time
    } else {
      rows.append(Row(pass: pass, rewrites: rewrites, time: time))
    }
  }
}

/// How many rewrites may still happen.
struct RewriteBudget: Sendable {
  /// What is left.
  private(set) var remaining: Int

  /// A budget of `limit` rewrites, or without end.
  init(_ limit: Int?) { remaining = max(limit ?? .max, 0) }

  /// Whether a rewrite may happen.
  var allowsMore: Bool { remaining > 0 }

  /// Takes one rewrite; false where none is left.
  mutating func spend() -> Bool {
    guard remaining > 0 else { return false }
    remaining -= 1
    return true
  }
}
