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
  private let boards: JobBoards

  /// Creates the worker of a place in a pool.
  init(index: Int, boards: JobBoards) {
    self.index = index
    self.boards = boards
  }

  /// Works until the board stops.
  func work() {
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    while !boards.isStopped {
      if !boards.work(as: index), !spinUntilNeeded() {
        boards.sleepers[index].sleep { boards.isStopped || boards.hasChunk(for: index) }
      }
    }
  }

  /// Looks for work for a while; false when there was none.
  private func spinUntilNeeded() -> Bool {
    let deadline = monotonicNanoseconds() + Self.spinNanoseconds
    repeat {
      for _ in 0..<32 {
        if boards.hasChunk(for: index) { return true }
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
