import CThreads

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Threads that share a kernel's blocks with the caller.
///
/// Blocks are claimed in chunks from one counter, by the caller too, so a call never waits for a
/// worker that has not begun: a worker the system does not run only means less help. After the
/// last chunk workers look for more for some microseconds, then sleep until the next call.
package final class WorkerPool: Sendable {
  /// The blocks `begin ..< end` of a kernel: `(context, begin, end)`.
  package typealias Body = @convention(c) (UnsafeMutableRawPointer?, Int, Int) -> Void

  /// The pool of this process: a worker for every core it may use except the caller's.
  package static let shared = WorkerPool(workerCount: availableThreads - 1)

  /// The pool that compiles: its workers are others, so that a call which runs while another
  /// function is compiled has the help it would have otherwise.
  package static let compiling = WorkerPool(workerCount: availableThreads - 1)

  /// What the workers and the callers share.
  private let boards: JobBoards

  /// Starts a pool.
  ///
  /// A system that refuses threads leaves a smaller pool, never a broken one.
  package init(workerCount: Int) {
    boards = JobBoards(workerCount: max(0, workerCount))
    for index in boards.sleepers.indices {
      SystemThread.detach { [boards] in Worker(index: index, boards: boards).work() }
    }
  }

  deinit { boards.stop() }

  /// Runs `body` over the blocks `0 ..< blocks`, each exactly once, and returns when all are done.
  ///
  /// At most `threads` threads take part, the caller's included. Calls of several threads run at
  /// the same time, and workers help each of them; a call beyond the first `JobBoards.count` does all
  /// its blocks itself.
  package func run(
    blocks: Int, threads: Int, body: Body, context: UnsafeMutableRawPointer?
  ) {
    guard blocks > 0 else { return }
    let helpers = min(threads - 1, boards.sleepers.count, blocks - 1)
    guard helpers > 0, let board = boards.reserve() else { return body(context, 0, blocks) }
    let chunkCount = board.publish(
      Job(body: body, context: context, blocks: blocks, helpers: helpers))
    boards.wakeChildren(of: JobBoard.caller, on: board)
    while let chunk = board.claimChunk(as: JobBoard.caller) { board.perform(chunk) }
    waitUntil { board.finishedChunks == chunkCount }
    board.release()
  }

  /// Spins, then lets other threads have the core, until a condition holds.
  private func waitUntil(_ isDone: () -> Bool) {
    for _ in 0..<1000 {
      if isDone() { return }
      adjoint_spin_hint()
    }
    while !isDone() { sched_yield() }
  }
}
