import CThreads

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// One thread of a pool: claims chunks while there are some, then spins, then sleeps.
final class Worker: Sendable {
  /// How long a worker without work looks for more before it sleeps: longer than the gap between
  /// two kernels of a call, shorter than what another process would miss the core for.
  private static let spinNanoseconds: UInt64 = 40_000

  /// The worker's place among the workers of its pool.
  private let index: Int
  /// The jobs of the pool.
  private let board: JobBoard

  /// Creates the worker of a place in a pool.
  init(index: Int, board: JobBoard) {
    self.index = index
    self.board = board
  }

  /// Works until the board stops.
  func work() {
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    while !board.isStopped {
      if let chunk = board.claimChunk(as: index) {
        board.wakeChildren(of: index)
        board.perform(chunk)
      } else if !spinUntilNeeded() {
        board.sleepers[index].sleep { board.isStopped || board.hasChunk(for: index) }
      }
    }
  }

  /// Looks for work for a while; false when there was none.
  private func spinUntilNeeded() -> Bool {
    let deadline = monotonicNanoseconds() + Self.spinNanoseconds
    repeat {
      for _ in 0..<32 {
        if board.hasChunk(for: index) { return true }
        adjoint_spin_hint()
      }
    } while monotonicNanoseconds() < deadline
    return false
  }

  /// A clock that only goes forward.
  private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
