internal import Codegen
internal import LLVMBridge
import Synchronization
internal import Targets

/// The entry and the kernels of a program on their way to object code, several at a time.
final class KernelCompilation: Sendable {
  /// An object file, and from how many instructions it was made.
  private typealias Outcome = Result<CodeCache.Kernel, LLVMError>

  /// What decides how much effort code takes.
  struct Effort: Sendable {
    var policy = CompilationPolicy.best
    /// How many threads a call may use.
    var threads = 1
    /// When the program should be done; code that could not be made in time is made quickly.
    var deadline: ContinuousClock.Instant?
  }

  private let emitter: ProgramEmitter
  private let compiler: KernelCompiler
  private let effort: Effort
  /// The objects to make: those that take longest first, or those that are worth most first where time may
  /// run out.
  private let jobs: [CompilationJob]
  /// The level of each object, by number.
  private let levels: [Int]
  /// Whether there is time for jobs.
  private let clock: CompilationClock?
  /// The threads that work.
  private let workers: Int
  /// The next job.
  private let next = Atomic<Int>(0)
  /// What became of each object.
  private let outcomes: Mutex<[Outcome?]>

  /// Compiles a program, on the threads of the compiling pool and the caller's; gives the entry's
  /// object and those of the codes, in order.
  ///
  /// - Parameter early: Has compiled some of the kernels, and may be compiling another one.
  static func objects(
    of emitter: ProgramEmitter, for target: TargetDescription, cache: CodeCache?,
    effort: Effort = Effort(), early: EarlyCompilation? = nil
  ) throws(LLVMError) -> [CodeCache.Kernel] {
    let compilation = KernelCompilation(emitter, target, cache, effort, early: early)
    withExtendedLifetime(compilation) {
      WorkerPool.compiling.run(
        blocks: compilation.workers, threads: compilation.workers,
        body: { context, begin, end in
          guard let context else { return }
          let compilation = Unmanaged<KernelCompilation>.fromOpaque(context).takeUnretainedValue()
          compilation.work()
        }, context: Unmanaged.passUnretained(compilation).toOpaque())
    }
    let late = early?.finish() ?? [:]
    var objects: [CodeCache.Kernel] = []
    for (number, outcome) in compilation.outcomes.withLock({ $0 }).enumerated() {
      if let outcome {
        objects.append(try outcome.get())
      } else if number > 0, let made = late[emitter.codes[number - 1]],
        made.kernel.level >= compilation.levels[number]
      {
        objects.append(
          compilation.compiler.adopted(
            made, emitter.codes[number - 1], best: emitter.levels[number - 1]))
      } else {
        objects.append(try compilation.object(number, level: compilation.levels[number]))
      }
    }
    return objects
  }

  /// The objects of a program with the best code in place of others, made on this thread; nil where
  /// the process ends before that.
  static func improved(
    _ objects: [CodeCache.Kernel], of emitter: ProgramEmitter, for target: TargetDescription,
    cache: CodeCache?
  ) throws(LLVMError) -> [CodeCache.Kernel]? {
    let compilation = KernelCompilation(emitter, target, cache, Effort(), keeping: objects)
    return try compilation.finished(objects)
  }

  private func finished(
    _ objects: [CodeCache.Kernel]
  ) throws(LLVMError) -> [CodeCache.Kernel]? {
    var objects = objects
    for (number, outcome) in outcomes.withLock({ $0 }).enumerated() {
      if let outcome { objects[number] = try outcome.get() }
    }
    for job in jobs {
      if BackgroundCompiler.shared.isEnding { return nil }
      objects[job.number] = try object(job.number, level: job.level)
    }
    return objects
  }

  /// Whether no better code of a program can be made than these objects.
  static func areBest(_ objects: [CodeCache.Kernel], of emitter: ProgramEmitter) -> Bool {
    zip(objects, [emitter.entryLevel] + emitter.levels).allSatisfy {
      $0.level >= $1
    }
  }

  /// Programs of less weight compile faster than another thread wakes up.
  private static let dividedWeight = 400
  /// What a kernel weighs in the entry.
  private static let callWeight = 10
  private init(
    _ emitter: ProgramEmitter, _ target: TargetDescription, _ cache: CodeCache?, _ effort: Effort,
    keeping kept: [CodeCache.Kernel]? = nil, early: EarlyCompilation? = nil
  ) {
    self.emitter = emitter
    let compiler = KernelCompiler(target: target, cache: cache)
    self.compiler = compiler
    self.effort = effort
    let weights =
      [emitter.program.kernels.count * Self.callWeight]
      + emitter.codes.map { $0.weight(on: target) }
    let best = [emitter.entryLevel] + emitter.levels
    func cost(_ number: Int, _ level: Int) -> Double {
      KernelCompiler.nanoseconds(weight: weights[number], level: level)
    }
    var known: [CodeCache.Kernel?] = [nil]
    for (code, level) in zip(emitter.codes, emitter.levels) {
      known.append(compiler.known(code, level: level))
    }
    cache?.count { $0.knownKernels += known.count { $0 != nil } }
    var levels = best
    var gains = [Double](repeating: 0, count: best.count)
    if effort.policy != .best || effort.deadline != nil {
      gains = [0] + emitter.losses(threads: effort.threads)
    }
    if effort.policy != .best {
      for number in levels.indices
      where !effort.policy.waits(forGain: gains[number], costing: cost(number, best[number])) {
        levels[number] = 0
      }
    }
    for number in levels.indices.dropFirst() where known[number] == nil && levels[number] == 0 {
      known[number] = compiler.known(emitter.codes[number - 1], level: 0)
    }
    if let kept {
      for number in kept.indices where kept[number].level >= best[number] {
        known[number] = kept[number]
      }
    }
    let begun = early?.close()
    for (number, code) in emitter.codes.enumerated() where known[number + 1] == nil {
      guard let made = begun?.made[code], made.kernel.level >= levels[number + 1] else { continue }
      known[number + 1] = compiler.adopted(made, code, best: best[number + 1])
    }
    outcomes = Mutex(known.map { kernel in kernel.map { .success($0) } })
    let current = begun?.current.flatMap { emitter.codes.firstIndex(of: $0) }.map { $0 + 1 }
    let open = known.indices.filter { known[$0] == nil && $0 != current }
    let workers =
      open.reduce(0) { $0 + weights[$1] } > Self.dividedWeight ? WorkerPool.availableThreads : 1
    self.workers = workers
    var jobs = open.map { number in
      CompilationJob(
        number: number, level: levels[number], nanoseconds: cost(number, levels[number]))
    }
    clock = effort.deadline.map { CompilationClock(deadline: $0, workers: workers) }
    if let clock {
      jobs = clock.order(jobs, gains: gains) { cost($0, 0) }
    } else {
      jobs.sort { ($1.nanoseconds, $0.number) < ($0.nanoseconds, $1.number) }
    }
    self.jobs = jobs
    self.levels = levels
  }

  /// Does jobs as long as there are any.
  private func work() {
    while true {
      let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard place < jobs.count else { return }
      let job = jobs[place]
      if let clock, job.mayBeLeft, !clock.hasTime(for: job) { continue }
      let start = ContinuousClock.now
      let outcome = Outcome { () throws(LLVMError) -> CodeCache.Kernel in
        try object(job.number, level: job.level)
      }
      clock?.note(job, took: ContinuousClock.now - start)
      outcomes.withLock { outcomes in
        // Another thread may have made it better, or quickly before this one failed.
        if case .success(let known) = outcomes[job.number], known.level >= job.level { return }
        outcomes[job.number] = outcome
      }
    }
  }

  /// The object of a number.
  private func object(_ number: Int, level: Int) throws(LLVMError) -> CodeCache.Kernel {
    guard number == 0 else {
      return try compiler.kernel(
        emitter.codes[number - 1], level: level, best: emitter.levels[number - 1])
    }
    let entry = try compiler.compiled(emitter.emittedEntry(), level: level)
    compiler.cache?.count { $0.compiledKernels += 1 }
    return entry
  }
}
