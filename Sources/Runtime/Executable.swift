internal import Codegen
internal import Fusion
internal import LLVMBridge
internal import LoopIR
import Synchronization
package import Targets
package import TensorIR

/// What the back end may vary; two functions compiled with equal options and IR are the same code.
package struct CodeOptions: Hashable, Sendable {
  /// How many threads a call may use, the caller's included; at least one.
  package var threads: Int = WorkerPool.availableThreads
  /// The arguments, by number, whose memory a call may overwrite.
  package var donated: Set<Int> = []
  /// Whether each call notes how long every kernel takes.
  package var isProfiled = false
  /// How much temporary memory a call may need, and what is kept in it.
  package var memory = MemoryOptions()
  /// The processor that loops are planned and code is made for.
  package var target = HostProcessor.description
  /// How good the code is when it can first be called.
  package var policy = CompilationPolicy.best
  /// How long planning and code generation may take; code that would take longer is made quickly at
  /// first. Nil is as long as it takes.
  package var budgetMilliseconds: Double?

  package init() {}
}

extension CodeOptions {
  /// The effort of a compilation that began at a time.
  fileprivate func effort(since start: ContinuousClock.Instant) -> KernelCompilation.Effort {
    KernelCompilation.Effort(
      policy: policy, threads: threads,
      deadline: budgetMilliseconds.map { start + .nanoseconds(Int64(max(0, min($0, 1e9)) * 1e6)) })
  }
}

/// A function compiled to native code.
///
/// Calls from several threads at once are safe; each has an arena of its own.
package final class Executable: Sendable {
  /// The types of the arguments a call takes, packed and row-major.
  package let parameterTypes: [TensorType]
  /// The types of the results a call writes, packed and row-major.
  package let resultTypes: [TensorType]
  /// What the code was compiled with.
  package let options: CodeOptions
  /// What compiling took and what came of it.
  package let report: CompilationReport
  /// For each result that a call leaves in the memory of a donated argument, that argument.
  package let donations: [Int: Int]
  /// Whether there are loops whose number of iterations only they know, so that a call may not end
  /// unless its task is cancelled.
  private let mayRunOn: Bool
  /// Whether a function that the program calls may end it.
  private let mayEndEarly: Bool
  /// The kernels in execution order; empty unless the code is profiled.
  package let kernels: [KernelOutline]

  /// The native entry point: `(arguments, results, arena, context)`.
  private typealias Entry =
    @convention(c) (
      UnsafePointer<UnsafeRawPointer>, UnsafePointer<UnsafeMutableRawPointer>,
      UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Void

  /// The address of the entry that is called.
  private let entry: Atomic<UInt>
  /// All code that was called, which calls may still run.
  private let code: Mutex<[LinkedProgram]>
  /// How the code becomes better; nil where it is the best.
  private let improvement: Mutex<Improvement?>
  /// Held while better code is made.
  private let improving = Mutex<Void>(())
  /// Whether calls are counted until the code becomes better.
  private let countsCalls: Atomic<Bool>
  /// The functions that the program calls.
  private let functions: FunctionTable
  /// The context that native code gets; freed in `deinit`.
  nonisolated(unsafe) private let context: UnsafeMutablePointer<RuntimeContext>
  /// The address of an arena that no call uses, or zero.
  private let idleArena = Atomic<UInt>(0)

  /// Compiles a verified function without calls, and keeps what came of it under `key` in the cache.
  ///
  /// - Throws: `AdjointError` where an op has no lowering, LLVM fails, or code for the target does
  ///   not run here.
  package convenience init(
    _ function: Function, options: CodeOptions = CodeOptions(), key: ProgramKey? = nil
  ) throws {
    let compiled = try Self.compiled(function, options, key: key)
    if let key = compiled.key, compiled.improvement == nil {
      CodeCache.current?.disk?.keep(compiled.image.bytes, .program, key.digest)
    }
    try self.init(compiled, options, at: function.location)
  }

  /// A program on its way to memory.
  private struct Compiled {
    var image: ProgramImage
    var report = CompilationReport()
    /// The kernels, where the code is profiled.
    var outlines: [KernelOutline] = []
    /// What the program is kept under on disk; nil for programs that are not kept.
    var key: ProgramKey?
    /// How the code becomes better; nil where it is the best.
    var improvement: Improvement?
  }

  /// The object files of a function, and what calls need to know.
  private static func compiled(
    _ function: Function, _ options: CodeOptions, key: ProgramKey?
  ) throws -> Compiled {
    let clock = ContinuousClock()
    let start = clock.now
    let host = HostProcessor.description
    guard let target = options.target.running(on: host) else {
      throw AdjointError(
        .argument, "code for \(options.target.cpu) does not run on \(host.cpu)")
    }
    try Self.loadLLVM(at: function.location)
    let early = Self.early(function, options, for: target)
    defer { _ = early?.finish() }
    let (program, memory, _, verification) = try Self.lowered(function, options, early)
    let planned = clock.now
    let emitter = ProgramEmitter(
      program, target: target, isProfiled: options.isProfiled, threads: options.threads)
    let objects: [CodeCache.Kernel]
    do {
      objects = try KernelCompilation.objects(
        of: emitter, for: target, cache: CodeCache.current, effort: options.effort(since: start),
        early: early)
    } catch {
      throw AdjointError(.system, "LLVM: \(error.message)", at: function.location)
    }
    let image = ProgramImage(
      parameterTypes: function.parameterTypes, resultTypes: function.resultTypes,
      donations: program.donations, mayRunOn: program.hasUnboundedLoops,
      arenaByteCount: program.arenaByteCount, kernelCount: program.kernels.count,
      instructionCount: objects.reduce(0) { $0 + $1.instructionCount },
      memoryCounts: [
        memory.saveAllByteCount, memory.savedByteCount, memory.recomputedByteCount,
        memory.addedFlops,
      ],
      callees: program.callees, calleePlaces: program.calleePlaces,
      mayEndEarly: program.mayEndEarly,
      objects: objects.map(\.object),
      calledObjects: [Array(1..<objects.count)] + emitter.callees.map { $0.map { $0 + 1 } },
      names: ["entry"] + emitter.codeNames)
    var compiled = Compiled(image: image)
    compiled.key = options.isProfiled || !image.outlivesProcess ? nil : key
    if !KernelCompilation.areBest(objects, of: emitter) {
      compiled.improvement = Improvement(
        emitter, for: target, cache: CodeCache.current, key: compiled.key, image: image,
        kernels: objects)
    }
    compiled.report.memory = memory
    compiled.report.planMilliseconds = (planned - start).milliseconds
    compiled.report.verifyMilliseconds = verification.milliseconds
    compiled.report.codegenMilliseconds = (clock.now - planned).milliseconds
    if options.isProfiled {
      compiled.outlines = program.kernels.map { KernelOutline($0, in: program) }
    }
    return compiled
  }

  /// The program that was compiled under `key` before, by this process or another one.
  package static func cached(under key: ProgramKey, options: CodeOptions) -> Executable? {
    guard let cache = CodeCache.current, let disk = cache.disk,
      let bytes = disk.contents(.program, key.digest)
    else { return nil }
    guard let image = ProgramImage(bytes: bytes),
      let executable = try? Executable(Compiled(image: image), options, at: .unknown)
    else {
      disk.reject(.program, key.digest, because: "it cannot be linked")
      return nil
    }
    cache.count { $0.loadedPrograms += 1 }
    return executable
  }

  /// Links a compiled program.
  private init(
    _ compiled: Compiled, _ options: CodeOptions, at location: SourceLocation
  ) throws {
    let image = compiled.image
    var report = compiled.report
    self.options = options
    functions = try FunctionTable(image.callees, calledAt: image.calleePlaces)
    let start = ContinuousClock.now
    do {
      let program = try LinkedProgram(
        image.objects, callees: image.calledObjects, names: image.names)
      entry = Atomic(program.entry)
      code = Mutex([program])
    } catch {
      throw AdjointError(.system, "LLVM: \(error.message)", at: location)
    }
    improvement = Mutex(compiled.improvement)
    countsCalls = Atomic(compiled.improvement != nil && options.policy != .immediate)
    report.linkMilliseconds = (ContinuousClock.now - start).milliseconds
    parameterTypes = image.parameterTypes
    resultTypes = image.resultTypes
    donations = image.donations
    mayRunOn = image.mayRunOn
    mayEndEarly = image.mayEndEarly
    report.memory.arenaByteCount = image.arenaByteCount
    report.memory.saveAllByteCount = image.memoryCounts[0]
    report.memory.savedByteCount = image.memoryCounts[1]
    report.memory.recomputedByteCount = image.memoryCounts[2]
    report.memory.addedFlops = image.memoryCounts[3]
    report.arenaByteCount = image.arenaByteCount
    report.kernelCount = image.kernelCount
    report.functionCount = image.functionCount
    report.instructionCount = image.instructionCount
    self.report = report
    kernels = compiled.outlines
    context = .allocate(capacity: 1)
    context.initialize(to: RuntimeContext(threads: max(1, options.threads)))
    context.pointee.functions = functions.addresses
    context.pointee.functionTable = Unmanaged.passUnretained(functions)
    if options.isProfiled {
      let times = UnsafeMutablePointer<KernelTimes>.allocate(capacity: 1)
      times.initialize(to: KernelTimes(kernelCount: kernels.count))
      context.pointee.times = times
    }
  }

  /// What compiles kernels while others are planned, of functions that take a while, where no budget of time
  /// says what comes first.
  private static func early(
    _ function: Function, _ options: CodeOptions, for target: TargetDescription
  ) -> EarlyCompilation? {
    guard function.operations.count >= Self.leastEarlyCount, options.budgetMilliseconds == nil
    else { return nil }
    return EarlyCompilation(
      KernelCompiler(target: target, cache: CodeCache.current), policy: options.policy,
      threads: options.threads,
      leastNanoseconds: KernelDuration.nanoseconds(
        flops: function.flops(for: function.results), on: target, threads: options.threads))
  }

  /// Shorter functions are planned faster than another thread starts.
  private static let leastEarlyCount = 24

  /// The verified loop program of a function, and how long the verifier took; what is not short is lowered on
  /// a stack of its own, whose size does not depend on the function.
  private static func lowered(
    _ function: Function, _ options: CodeOptions, _ early: EarlyCompilation? = nil
  ) throws -> (
    program: LoopProgram, memory: MemoryReport, function: Function, verification: Duration
  ) {
    var count = 0
    function.forEachOperation { _ in count += 1 }
    let lower = {
      let lowered = try LoopProgram.lowered(
        function, for: options.target,
        ScheduleOptions(donated: options.donated, memory: options.memory),
        telling: early.map { early in
          KernelObserver {
            early.add($0, $1)
          } end: {
            _ = early.close()
          }
        })
      let time = try ContinuousClock().measure { try lowered.program.verify() }
      return (lowered.program, lowered.memory, lowered.function, time)
    }
    guard count > Self.shallowCount else { return try lower() }
    do {
      return try withStack(byteCount: Self.stackByteCount, lower)
    } catch let error as StackError {
      throw AdjointError(
        .system, "no thread with a stack of \(error.byteCount) bytes", at: function.location)
    }
  }

  /// Functions of at most this many operations are lowered on the caller's stack.
  private static let shallowCount = 256
  /// What lowering takes on the stack, with room to spare: the planner cuts kernels at a depth of 512 values, and
  /// what else is recursive stops before.
  private static let stackByteCount = 16 << 20

  deinit {
    context.pointee.times?.deinitialize(count: 1).deallocate()
    context.deinitialize(count: 1)
    context.deallocate()
    if let arena = UnsafeMutableRawPointer(bitPattern: idleArena.load(ordering: .relaxed)) {
      BufferPool.deallocate(arena, byteCount: report.arenaByteCount)
    }
  }

  /// Runs the function.
  ///
  /// - Requires: `arguments` and `results` point to as many buffers as there are parameters and
  ///   results, each of its type's bytes and aligned to 64 bytes; results do not overlap anything.
  ///   The memory of donated arguments is the call's to write: results in `donations` are left there,
  ///   and their own pointers are not used.
  /// - Throws: `AdjointError` where there is no memory for the arena; `CancellationError` where there
  ///   are loops of unknown count and the task was cancelled, whatever the results then are.
  package func call(
    arguments: UnsafePointer<UnsafeRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer>
  ) throws {
    if !kernels.isEmpty { startProfile() }
    if countsCalls.load(ordering: .relaxed) { countCall() }
    let entry = currentEntry
    guard report.arenaByteCount > 0 else {
      entry(arguments, results, nil, context)
      try checkEnd()
      return
    }
    let idle = idleArena.exchange(0, ordering: .acquiring)
    let arena =
      try UnsafeMutableRawPointer(bitPattern: idle)
      ?? BufferPool.allocate(byteCount: report.arenaByteCount)
    entry(arguments, results, arena, context)
    defer { keepArena(arena) }
    try checkEnd()
  }

  /// The entry to call.
  private var currentEntry: Entry {
    guard let address = UnsafeRawPointer(bitPattern: entry.load(ordering: .acquiring)) else {
      preconditionFailure("code is not at zero")
    }
    return unsafeBitCast(address, to: Entry.self)
  }

  /// Has the best code made where the program is called often enough.
  private func countCall() {
    guard improvement.withLock({ $0?.isDue() ?? false }) else { return }
    countsCalls.store(false, ordering: .relaxed)
    BackgroundCompiler.shared.add { [weak self] in self?.improve() }
  }

  /// Whether the code is the best that there is for it.
  package var isBest: Bool { improvement.withLock { $0 == nil } }

  /// Makes the best code and puts it in place, unless it is there; returns when it is. Calls that run keep
  /// the code that they began with.
  package func improve() {
    countsCalls.store(false, ordering: .relaxed)
    improving.withLock { _ in
      guard let better = improvement.withLock({ $0 })?.improved() else { return }
      code.withLock { $0.append(better) }
      entry.store(better.entry, ordering: .releasing)
      improvement.withLock { $0 = nil }
    }
  }

  /// Throws where a call ended before it was done.
  private func checkEnd() throws {
    if mayRunOn { try Task.checkCancellation() }
    if mayEndEarly, let error = ForeignFailure.take() { throw error }
  }

  /// Keeps an arena for the next call, or frees it where there is one already.
  private func keepArena(_ arena: UnsafeMutableRawPointer) {
    let (kept, _) = idleArena.compareExchange(
      expected: 0, desired: UInt(bitPattern: arena), ordering: .releasing)
    if !kept { BufferPool.deallocate(arena, byteCount: report.arenaByteCount) }
  }

  /// The nanoseconds of each kernel, all its runs together, in the last call of profiled code, which
  /// runs one call at a time.
  package var kernelNanoseconds: [Double] {
    context.pointee.times?.pointee.durations.map { $0.milliseconds * 1e6 } ?? []
  }

  /// How often each kernel ran in the last call of profiled code.
  package var kernelRuns: [Int] { context.pointee.times?.pointee.runs ?? [] }

  /// Forgets the times of the call before.
  private func startProfile() {
    context.pointee.times?.pointee = KernelTimes(kernelCount: kernels.count)
  }

  /// What the memory plan of a function comes to, and the function that is compiled, where scans may
  /// have become nests of scans.
  ///
  /// - Throws: `AdjointError` where an op has no lowering, or no plan fits the budget.
  package static func planned(
    _ function: Function, options: CodeOptions = CodeOptions()
  ) throws -> (function: Function, memory: MemoryReport) {
    let lowered = try Self.lowered(function, options)
    return (lowered.function, lowered.memory)
  }

  /// The text of a stage behind TensorIR: `loops`, `schedule`, `llvm`,
  /// `llvm-optimized` or `assembly`.
  ///
  /// - Throws: `AdjointError` for another stage, or where an op has no lowering.
  package static func dump(
    _ function: Function, stage: String, options: CodeOptions = CodeOptions()
  ) throws -> String {
    let target = options.target
    if stage == "schedule" {
      return try LoopProgram.lowered(
        function, for: target,
        ScheduleOptions(donated: options.donated, memory: options.memory), explains: true
      ).report.description
    }
    let program = try Self.lowered(function, options).program
    if stage == "loops" { return program.description }
    let module = ProgramEmitter(program, target: target).emitted(entry: function.name)
    do {
      switch stage {
      case "llvm", "llvm-optimized": return module.text
      case "assembly": return try ObjectCompiler(target: target, level: 1).assembly(module)
      default: throw AdjointError(.argument, "there is no stage '\(stage)' behind TensorIR")
      }
    } catch let error as LLVMError {
      throw AdjointError(.system, "LLVM: \(error.message)", at: function.location)
    }
  }
}

extension Duration {
  /// The duration in thousandths of a second.
  package var milliseconds: Double {
    Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15
  }
}

/// Sizes and times of one compilation.
package struct CompilationReport: Sendable {
  /// Milliseconds from TensorIR to loop trees and the memory plan.
  package var planMilliseconds = 0.0
  /// Milliseconds of these in which the loop trees are verified.
  package var verifyMilliseconds = 0.0
  /// Milliseconds from loop trees to an object file.
  package var codegenMilliseconds = 0.0
  /// Milliseconds from an object file to a callable address.
  package var linkMilliseconds = 0.0
  /// Bytes of the arena one call needs.
  package var arenaByteCount = 0
  /// Kernels one call runs.
  package var kernelCount = 0
  /// Functions that kernels and their steps are compiled to, each code once.
  package var functionCount = 0
  /// What became of the values in temporary memory.
  package var memory = MemoryReport()
  /// Instructions of LLVM IR that were emitted.
  package var instructionCount = 0

  package init() {}
}
