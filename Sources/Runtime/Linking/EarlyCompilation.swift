internal import Codegen
internal import LLVMBridge
internal import LoopIR
import Synchronization
internal import TensorIR

/// Kernels that are compiled on a thread of their own while the rest of their program is planned.
///
/// Later passes may change a kernel after it was scheduled. What was made of it is then not used. The code
/// that loses most at level 0 comes first; what loses next to nothing waits until the whole program is known.
final class EarlyCompilation: Sendable {
  /// A kernel over numbered buffers of these types.
  private struct Scheduled: Hashable, Sendable {
    var kernel: Kernel
    var types: [TensorType]
  }

  /// What was scheduled, and what became of it.
  private struct State: Sendable {
    var waiting: [Scheduled] = []
    var isClosed = false
    var made: [KernelCode: KernelCompiler.Made] = [:]
    /// What is being compiled.
    var current: KernelCode?
  }

  private let compiler: KernelCompiler
  /// How many threads a call may use.
  private let threads: Int
  /// Nanoseconds that a call takes at least.
  private let leastNanoseconds: Double
  private let state = Mutex(State())
  private let sleeper = Sleeper()
  /// The thread until it was waited for; nil afterwards.
  private let thread: Mutex<SystemThread?>

  /// Starts a thread; nil where there is none for it.
  ///
  /// - Parameters:
  ///   - threads: How many a call may use.
  ///   - leastNanoseconds: How long a call takes at least, as far as that is known.
  init?(_ compiler: KernelCompiler, threads: Int = 1, leastNanoseconds: Double = 0) {
    guard WorkerPool.availableThreads > 1 else { return nil }
    self.compiler = compiler
    self.threads = threads
    self.leastNanoseconds = leastNanoseconds
    thread = Mutex(nil)
    guard let started = SystemThread({ self.work() }) else { return nil }
    thread.withLock { $0 = started }
  }

  /// Compiles a kernel when those that take longer are done.
  func add(_ kernel: Kernel, _ types: [TensorType]) {
    state.withLock { $0.waiting.append(Scheduled(kernel: kernel, types: types)) }
    sleeper.wake()
  }

  /// Begins no other kernel; gives what was made so far, and what is still being made.
  func close() -> (made: [KernelCode: KernelCompiler.Made], current: KernelCode?) {
    let result = state.withLock { state in
      state.isClosed = true
      state.waiting = []
      return (made: state.made, current: state.current)
    }
    sleeper.wake()
    return result
  }

  /// Waits until nothing is being made; gives all that was.
  func finish() -> [KernelCode: KernelCompiler.Made] {
    _ = close()
    thread.withLock { $0.take() }?.join()
    return state.withLock { $0.made }
  }

  /// Compiles kernels until there will be no more.
  private func work() {
    var known: [Scheduled: KernelDuration] = [:]
    var candidates: [ProgramEmitter.Candidate] = []
    var total = 0.0
    while true {
      let (isClosed, arrived) = state.withLock { state in
        defer { state.waiting = [] }
        return (state.isClosed, state.waiting)
      }
      if isClosed { return }
      for kernel in arrived {
        if let duration = known[kernel] {
          total += duration.nanoseconds
          continue
        }
        guard
          let (codes, duration) = ProgramEmitter.codes(
            of: kernel.kernel, slots: kernel.types, for: compiler.target, threads: threads)
        else { continue }
        known[kernel] = duration
        total += duration.nanoseconds
        candidates += codes
      }
      let best = candidates.indices.max { candidates[$0].loss < candidates[$1].loss }
      if let best,
        candidates[best].loss >= max(total, leastNanoseconds) * ProgramEmitter.noticeableLoss
      {
        compile(candidates.remove(at: best).code)
      } else {
        sleeper.sleep { state.withLock { $0.isClosed || !$0.waiting.isEmpty } }
      }
    }
  }

  private func compile(_ code: KernelCode) {
    let level = code.codegenLevel
    guard compiler.known(code, level: level) == nil else { return }
    let isWanted = state.withLock { state in
      guard !state.isClosed, state.made[code] == nil else { return false }
      state.current = code
      return true
    }
    guard isWanted else { return }
    // What LLVM refuses it refuses again when the program is compiled, which says so.
    let made = try? compiler.made(code, level: level, best: level)
    state.withLock { state in
      state.current = nil
      state.made[code] = made
    }
  }
}
