internal import Codegen
internal import LLVMBridge
internal import LoopIR
import Synchronization
internal import TensorIR

/// Kernels that are compiled on a thread of their own while the rest of their program is planned.
///
/// Later passes may change a kernel after it was scheduled. What was made of it is then not used. Where the
/// best code is wanted, what loses most at level 0 comes first, and what loses next to nothing waits until
/// the whole program is known. Otherwise a code's level is known at once, and what takes longest comes first.
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

  /// A code to compile.
  private struct Candidate {
    var code: KernelCode
    var level: Int
    /// What a call loses without it, or how long it takes.
    var worth: Double
  }

  private let compiler: KernelCompiler
  private let policy: CompilationPolicy
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
  init?(
    _ compiler: KernelCompiler, policy: CompilationPolicy = .best, threads: Int = 1,
    leastNanoseconds: Double = 0
  ) {
    guard WorkerPool.availableThreads > 1 else { return nil }
    self.compiler = compiler
    self.policy = policy
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

  /// Whether a code was compiled.
  func hasMade(_ code: KernelCode) -> Bool { state.withLock { $0.made[code] != nil } }

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
    var candidates: [Candidate] = []
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
        candidates += codes.map(candidate)
      }
      let first = candidates.indices.max { candidates[$0].worth < candidates[$1].worth }
      let leastWorth =
        policy == .best ? max(total, leastNanoseconds) * ProgramEmitter.noticeableLoss : 0
      if let first, candidates[first].worth >= leastWorth {
        compile(candidates.remove(at: first))
      } else {
        sleeper.sleep { state.withLock { $0.isClosed || !$0.waiting.isEmpty } }
      }
    }
  }

  /// What is to become of a code by which a call loses so much at level 0.
  private func candidate(_ code: KernelCode, loss: Double) -> Candidate {
    let best = code.codegenLevel
    guard policy != .best else { return Candidate(code: code, level: best, worth: loss) }
    let weight = code.weight(on: compiler.target)
    func cost(_ level: Int) -> Double { KernelCompiler.nanoseconds(weight: weight, level: level) }
    let level = policy.waits(forGain: loss, costing: cost(best)) ? best : 0
    return Candidate(code: code, level: level, worth: cost(level))
  }

  private func compile(_ candidate: Candidate) {
    let (code, level) = (candidate.code, candidate.level)
    guard compiler.known(code, level: level) == nil else { return }
    let isWanted = state.withLock { state in
      guard !state.isClosed, state.made[code] == nil else { return false }
      state.current = code
      return true
    }
    guard isWanted else { return }
    // What LLVM refuses it refuses again when the program is compiled, which says so.
    let made = try? compiler.made(code, level: level, best: code.codegenLevel)
    state.withLock { state in
      state.current = nil
      state.made[code] = made
    }
  }
}
