internal import Runtime

/// Runs `body` with calls of compiled code limited to `count` threads, the caller's included; less
/// than one counts as one.
///
/// The limit holds for everything that runs inside, compiled before or not: functions from `jit`,
/// programs, gradients and deferred operations. Scopes nest, and the smallest limit holds. Results
/// are the same bits for any number of threads.
///
///     let value = try withThreads(atMost: 1) { try step(w, x) }
public func withThreads<Result>(
  atMost count: Int, _ body: () throws -> Result
) rethrows -> Result {
  let limit = min(max(1, count), ThreadLimit.current)
  return try ThreadLimit.$current.withValue(limit) { try body() }
}
