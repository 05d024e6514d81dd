internal import LoopIR
internal import TensorIR

/// Runs blocks on behalf of compiled code: `(runtime context, body, buffers, blocks)`.
package typealias ParallelFor =
  @convention(c) (
    UnsafeMutableRawPointer?, @convention(c) (UnsafeMutableRawPointer?, Int, Int) -> Void,
    UnsafeMutableRawPointer?, Int
  ) -> Void

/// Notes how far a profiled call is: `(runtime context, the kernel that comes next)`.
package typealias KernelHook = @convention(c) (UnsafeMutableRawPointer?, Int) -> Void

/// Whether a call should end before it is done, one if so: `(the task that makes it)`, nil for the thread's.
package typealias CancellationTest = @convention(c) (UnsafeMutableRawPointer?) -> Int8

/// The task that a thread works for, as long as a call of it runs; nil where there is none.
package typealias TaskQuestion = @convention(c) () -> UnsafeMutableRawPointer?

/// Notes that a function failed: `(runtime context, the function by number, its status)`; where the number
/// is `scratchFailure` there was no memory for the arrays of a kernel or routine.
package typealias FailureHook = @convention(c) (UnsafeMutableRawPointer?, Int, Int32) -> Void

/// What compiled code gets from the process it runs in.
///
/// Compiled code reads the fields by offset, so their order is fixed: the function at byte 0, the
/// thread count at byte 8, the hook of profiled code at byte 16, the test that loops of unknown count
/// make at byte 24, the table of functions at byte 32, the hook for failures at byte 40, the question
/// for the task at byte 48.
package struct RuntimeContext {
  /// Runs `body(buffers, begin, end)` over all blocks and returns when they are done.
  package var parallelFor: ParallelFor = parallelForEntry
  /// How many threads a call may use, the caller's included.
  package var threads: Int
  /// Called by profiled code before each kernel and after the last.
  package var kernelHook: KernelHook = kernelHookEntry
  /// Called by loops of unknown count now and then; where it gives one they end.
  package var isCancelled: CancellationTest = cancellationEntry
  /// Two addresses for each function that the program calls: its own, and what belongs to it.
  package var functions: UnsafePointer<UnsafeRawPointer?>?
  /// Called where a function gives a status other than zero, or there is no memory for a kernel's arrays,
  /// before the program ends.
  package var failureHook: FailureHook = failureHookEntry
  /// Called before threads share loops of unknown count, which then ask about that task.
  package var currentTask: TaskQuestion = currentTaskEntry
  /// The functions that the program calls, with their names.
  var functionTable: Unmanaged<FunctionTable>?
  /// Where the hook adds the time of each kernel; nil in code without profile.
  package var times: UnsafeMutablePointer<KernelTimes>?

  /// Creates the context of a call that may use `threads` threads.
  package init(threads: Int) {
    self.threads = threads
  }
}

/// The function compiled code calls for a parallel loop.
///
/// The first argument points to a `RuntimeContext`; without one the caller runs all blocks. The
/// task's `ThreadLimit` holds too.
package let parallelForEntry: ParallelFor = { context, body, buffers, blocks in
  let threads = context?.assumingMemoryBound(to: RuntimeContext.self).pointee.threads ?? 1
  WorkerPool.shared.run(
    blocks: blocks, threads: min(threads, ThreadLimit.current), body: body, context: buffers)
}

/// The times of the kernels of one profiled call.
package struct KernelTimes {
  /// How long each kernel took so far, all its runs together.
  package private(set) var durations: [Duration]
  /// How often each kernel ran.
  package private(set) var runs: [Int]
  /// The kernel that runs, and when it was started.
  private var running: (kernel: Int, since: ContinuousClock.Instant)?

  /// No time yet for so many kernels.
  package init(kernelCount: Int) {
    durations = [Duration](repeating: .zero, count: kernelCount)
    runs = [Int](repeating: 0, count: kernelCount)
  }

  /// Notes that a kernel starts, or, with the number of kernels, that the last is done.
  fileprivate mutating func start(_ kernel: Int) {
    let now = ContinuousClock.now
    if let running, durations.indices.contains(running.kernel) {
      durations[running.kernel] += now - running.since
      runs[running.kernel] += 1
    }
    running = (kernel, now)
  }
}

/// The function profiled code calls; the first argument points to a `RuntimeContext`.
package let kernelHookEntry: KernelHook = { context, number in
  context?.assumingMemoryBound(to: RuntimeContext.self).pointee.times?.pointee.start(number)
}

/// The function that compiled code calls where another one failed; an error that this one threw stays.
package let failureHookEntry: FailureHook = { context, number, status in
  guard number != scratchFailure else {
    return ForeignFailure.note(
      AdjointError(.system, "no memory for the local arrays of a kernel or routine"))
  }
  let table = context?.assumingMemoryBound(to: RuntimeContext.self).pointee.functionTable
  let functions = table?.takeUnretainedValue()
  let names = functions?.names ?? []
  let name = names.indices.contains(number) ? names[number] : "of unknown name"
  ForeignFailure.note(
    AdjointError(
      .system, "the foreign function \(name) failed with status \(status)",
      at: functions?.place(of: number) ?? .unknown))
}

/// The function loops of unknown count call: whether the task that makes the call is cancelled.
package let cancellationEntry: CancellationTest = { task in
  guard let task else { return Task.isCancelled ? 1 : 0 }
  return unsafeBitCast(task, to: UnsafeCurrentTask.self).isCancelled ? 1 : 0
}

/// The function that says which task a thread works for.
package let currentTaskEntry: TaskQuestion = {
  withUnsafeCurrentTask { task in
    task.map { unsafeBitCast($0, to: UnsafeMutableRawPointer.self) }
  }
}
