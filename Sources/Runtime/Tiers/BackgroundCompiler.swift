internal import LLVMBridge
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A thread that compiles what nobody waits for, one job after the other.
///
/// It starts with the first job and ends with the last. A process that exits waits some milliseconds, so
/// that small programs get to the disk, then for the kernel that is being compiled, since LLVM must not be
/// taken down under it, and drops all else.
package final class BackgroundCompiler: Sendable {
  /// The compiler of this process.
  package static let shared = BackgroundCompiler()

  /// Work that waits, and who does it.
  private struct State: Sendable {
    var jobs: [@Sendable () -> Void] = []
    var isWorking = false
    var isEnding = false
  }

  private let state = Mutex(State())

  private init() {}

  /// Whether the process is about to end, so that jobs should stop where they are.
  package var isEnding: Bool { state.withLock { $0.isEnding } }

  /// Does a job when those before it are done.
  package func add(_ job: @escaping @Sendable () -> Void) {
    _ = Self.hasWarmedUp
    Self.registerEnd()
    let starts = state.withLock { state -> Bool in
      if state.isEnding { return false }
      state.jobs.append(job)
      defer { state.isWorking = true }
      return !state.isWorking
    }
    // A system without threads leaves code as it is.
    guard starts, !SystemThread.detach({ self.work() }) else { return }
    state.withLock { $0 = State(isEnding: $0.isEnding) }
  }

  /// Does jobs until there are none.
  private func work() {
    while let job = nextJob() {
      job()
      Self.registerEnd()
    }
  }

  /// Registers the wait at the end of the process anew, so that it comes before the end of all that LLVM
  /// has made by now: what was registered last is carried out first.
  private static func registerEnd() {
    atexit { BackgroundCompiler.shared.end() }
  }

  /// Whether LLVM has made the tables that it makes when it first generates good code. Made by the thread,
  /// they would be taken down before the wait for it.
  private static let hasWarmedUp: Bool = {
    let module = Calibration.multiplyAdds("adjoint_warm_up")
    return (try? ObjectCompiler(target: .host, level: 1).compile(module)) != nil
  }()

  private func nextJob() -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard !state.isEnding, !state.jobs.isEmpty else {
        state.jobs = []
        state.isWorking = false
        return nil
      }
      return state.jobs.removeFirst()
    }
  }

  /// What the end of a process gives jobs to be done.
  private static let grace = Duration.milliseconds(50)

  /// Waits until no job is being done; later ones are not begun.
  package func end() {
    let start = ContinuousClock.now
    while state.withLock({ $0.isWorking }), ContinuousClock.now - start < Self.grace { usleep(200) }
    state.withLock { $0.isEnding = true }
    while state.withLock({ $0.isWorking }) { usleep(200) }
  }
}
