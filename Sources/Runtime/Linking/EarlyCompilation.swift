internal import Codegen
internal import LLVMBridge
internal import LoopIR
import Synchronization
internal import TensorIR

/// Kernels that are compiled on a thread of their own while the rest of their program is planned.
///
/// Later passes may change a kernel after it was scheduled. What was made of it is then not used.
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
  private let state = Mutex(State())
  private let sleeper = Sleeper()
  /// The thread until it was waited for; nil afterwards.
  private let thread: Mutex<SystemThread?>

  /// Starts a thread; nil where there is none for it.
  init?(_ compiler: KernelCompiler) {
    guard WorkerPool.availableThreads > 1 else { return nil }
    self.compiler = compiler
    thread = Mutex(nil)
    guard let started = SystemThread({ self.work() }) else { return nil }
    thread.withLock { $0 = started }
  }

  /// Compiles a kernel when those before it are done.
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
    var known = Set<Scheduled>()
    while true {
      sleeper.sleep { state.withLock { $0.isClosed || !$0.waiting.isEmpty } }
      let next = state.withLock { state in
        state.waiting.isEmpty ? nil : state.waiting.removeFirst()
      }
      guard let next else {
        if state.withLock({ $0.isClosed }) { return }
        continue
      }
      guard known.insert(next).inserted else { continue }
      for code in ProgramEmitter.codes(of: next.kernel, slots: next.types) { compile(code) }
    }
  }

  private func compile(_ code: KernelCode) {
    let level = code.codegenLevel
    let key = CodeCache.KernelKey(code: code, target: compiler.target, level: level)
    guard compiler.cache?.kernel(key) == nil else { return }
    let isWanted = state.withLock { state in
      guard !state.isClosed, state.made[code] == nil else { return false }
      state.current = code
      return true
    }
    guard isWanted else { return }
    // What LLVM refuses it refuses again when the program is compiled, which says so.
    let made = try? compiler.made(code, level: level)
    state.withLock { state in
      state.current = nil
      state.made[code] = made
    }
  }
}
