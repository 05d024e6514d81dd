internal import TensorIR

/// What surrounds the operations that are written now, in one task-local value: each operation asks for it.
final class Surroundings: Sendable {
  /// The innermost trace; nil outside of any.
  let trace: Trace?
  /// Where the public function was called that makes operations now; unknown outside of such.
  let caller: SourceLocation
  /// Whether there is such a place.
  let hasCaller: Bool
  /// The numbers of the `checkpoint` scopes around, outermost first.
  let scopes: [Int]

  private init(trace: Trace?, caller: SourceLocation, scopes: [Int]) {
    self.trace = trace
    self.caller = caller
    hasCaller = caller.isKnown
    self.scopes = scopes
  }

  /// The surroundings in this task; nil where there is nothing to say.
  @TaskLocal static var current: Surroundings?

  /// Runs `body`, whose operations belong to a trace.
  static func with<Result>(trace: Trace, _ body: () throws -> Result) rethrows -> Result {
    let around = current
    let inner = Surroundings(
      trace: trace, caller: around?.caller ?? .unknown, scopes: around?.scopes ?? [])
    let isPlain = !inner.hasCaller && inner.scopes.isEmpty
    return try around.withObstacle {
      try trace.withObstacles(isPlain ? -1 : 0) { try $current.withValue(inner) { try body() } }
    }
  }

  /// Runs `body`, whose operations all have a place.
  static func with<Result>(caller: SourceLocation, _ body: () throws -> Result) rethrows -> Result {
    let around = current
    let inner = Surroundings(trace: around?.trace, caller: caller, scopes: around?.scopes ?? [])
    return try around.withObstacle { try $current.withValue(inner) { try body() } }
  }

  /// Runs `body`, whose operations stand in one more `checkpoint` scope.
  static func with<Result>(scope: Int, _ body: () throws -> Result) rethrows -> Result {
    let around = current
    let inner = Surroundings(
      trace: around?.trace, caller: around?.caller ?? .unknown,
      scopes: (around?.scopes ?? []) + [scope])
    return try around.withObstacle { try $current.withValue(inner) { try body() } }
  }
}

extension Surroundings? {
  /// Runs `body`, whose operations have other surroundings.
  fileprivate func withObstacle<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let trace = self?.trace else { return try body() }
    return try trace.withObstacles(1, body)
  }
}
