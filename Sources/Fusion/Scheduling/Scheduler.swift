internal import LoopIR
internal import Targets
internal import TensorIR

/// Runs the schedule: what passes ask and tell on the way.
struct Scheduler {
  let target: TargetDescription
  var options: ScheduleOptions
  /// Has all buffers.
  var program: LoopProgram
  /// For each buffer the numbers of what reads it, in order.
  private(set) var readers: [BufferID: [Int]] = [:]
  /// The buffers that products read which threads share: what writes them finds the threads awake.
  private(set) var sharedFactors: Set<BufferID> = []
  /// What is known of equal kernels.
  let cache: ScheduleCache
  /// How many chains were looked at to find one that a kernel can join.
  var visitedChains = 0
  /// How many kernels are scheduled.
  private var kernelCount = 0
  private(set) var report = ScheduleReport()
  /// Kernels of single values, for those that are computed again.
  var recipes: RecipeBook?
  /// What is known of the program's plans within other budgets.
  var plans: MemoryPlans?
  /// What became of the program's values.
  var memoryReport = MemoryReport()
  /// Whether plans are not looked for where one value alone exceeds the memory budget.
  var givesUpEarly = false
  /// Whether values may be computed where they are read to keep to the memory budget.
  var inlinesValues = false
  /// The least bytes of other plans: values may not be computed where they are read if one that has to be stored
  /// takes as many.
  var knownLeast = Int.max
  /// What is told kernels when they are scheduled.
  var observer: KernelObserver?
  /// Whether reports keep what is weighed.
  let explains: Bool
  /// The passes about one kernel that run.
  private let kernelPasses: [(number: Int, name: String)]
  /// The other passes that run, by number: those that cut kernels into blocks, and those behind them.
  private let (blockPasses, finishPasses): ([Int], [Int])
  private var remaining: Int
  /// The number of the pass that runs.
  private var current = 0
  /// What the pass is working on.
  private var subject = ""

  init(
    _ program: LoopProgram, for target: TargetDescription, _ options: ScheduleOptions,
    knowing cache: ScheduleCache = ScheduleCache(), explains: Bool = false
  ) {
    self.program = program
    self.cache = cache
    self.target = target
    self.options = options
    self.explains = explains
    var kernelPasses: [(number: Int, name: String)] = []
    var (blockPasses, finishPasses) = ([Int](), [Int]())
    for (number, pass) in Fusion.schedule.enumerated()
    where !pass.isOptional || !options.disabled.contains(pass.name) {
      switch pass.action {
      case .kernel: kernelPasses.append((number, pass.name))
      case .blocks: blockPasses.append(number)
      case .finish: finishPasses.append(number)
      case .chains, .memory: break
      }
    }
    self.kernelPasses = kernelPasses
    (self.blockPasses, self.finishPasses) = (blockPasses, finishPasses)
    remaining = max(options.limit ?? .max, 0)
  }

  // MARK: Passes

  /// What kernels that follow one another become, in order of execution.
  ///
  /// - Parameter readers: for each buffer the numbers of what reads it, in order.
  mutating func kernels(of drafts: [Draft], readers: [BufferID: [Int]]) -> [Kernel] {
    self.readers = readers
    sharedFactors = drafts.reduce(into: []) { if $1.sharesProduct { $0.formUnion($1.read) } }
    var chains = drafts.map { RowChain($0) }
    for (number, pass) in Fusion.schedule.enumerated() where isEnabled(pass) {
      if case .chains(let join) = pass.action {
        timed(number) { chains = join(drafts, &$0) }
      }
    }
    return chains.flatMap { chain -> [Kernel] in
      subject = chain.written.sorted().map { program.buffers[$0.index].name }
        .joined(separator: ", ")
      var kernels = kernels(of: chain)
      for position in kernels.indices {
        kernels[position].name = nextKernelName()
        tell(kernels[position])
      }
      return kernels
    }
  }

  /// A name that no kernel has yet.
  mutating func nextKernelName() -> String {
    kernelCount += 1
    return "k\(kernelCount - 1)"
  }

  /// Tells the observer of a kernel, over numbered buffers, without name and sources.
  private func tell(_ kernel: Kernel) {
    guard let observer else { return }
    observer.add(kernel.overNumberedBuffers, kernel.slots.map { program.buffers[$0.index].type })
  }

  /// A program in which nothing is computed again.
  struct AllSaved {
    /// Before memory is placed, and what was reported until then.
    var program: LoopProgram
    var report: ScheduleReport
    /// With memory placed.
    var placed: LoopProgram
  }

  /// Lets the passes about memory go over the whole program, in which nothing is computed again.
  mutating func saveAll() -> AllSaved {
    subject = ""
    program.removeKernels { _ in false }
    runMemoryPasses { Self.beforePlanning.contains($0) }
    var all = AllSaved(program: program, report: report, placed: program)
    if options.limit == nil {
      runMemoryPasses { !Self.beforePlanning.contains($0) }
      all.placed = program
    } else {
      // What is counted has to be done once.
      placeMemory(of: &all.placed)
    }
    return all
  }

  /// Lets the passes about memory go over the whole program.
  ///
  /// - Parameter all: what `saveAll()` gave.
  /// - Throws: `MemoryShortage` where no plan fits the memory budget.
  mutating func planMemory(_ all: AllSaved) throws {
    finish(try rematerialized(all.program, saveAll: all.placed), all)
  }

  /// Lets the passes about memory go over the whole program as it was chosen though it does not fit the budget.
  mutating func planMemory(_ all: AllSaved, taking plan: LeastPlan) {
    memoryReport = plan.report
    memoryReport.saveAllCurve = all.placed.memoryCurve
    finish(plan.program, all)
  }

  private mutating func finish(_ chosen: LoopProgram?, _ all: AllSaved) {
    if chosen != nil || options.limit != nil {
      (program, report) = (chosen ?? all.program, all.report)
      runMemoryPasses { !Self.beforePlanning.contains($0) }
    }
    memoryReport.arenaByteCount = program.arenaByteCount
    memoryReport.curve =
      chosen == nil && options.limit == nil ? memoryReport.saveAllCurve : program.memoryCurve
  }

  /// The names of the passes that run before values are chosen to be computed again, which are so in the
  /// same loops.
  static let beforePlanning: Set = ["dead-stores", "linear-carries"]

  /// Lets some of the passes about memory go over the whole program.
  mutating func runMemoryPasses(where isWanted: (String) -> Bool) {
    for (number, pass) in Fusion.schedule.enumerated() where isEnabled(pass) && isWanted(pass.name)
    {
      guard case .memory(let transform) = pass.action, !pass.isOptional || remaining > 0 else {
        continue
      }
      let counted = report.rows[number].rewrites
      timed(number) { scheduler in
        var program = scheduler.program
        transform(&program, &scheduler)
        // What a pass does not count itself is one rewrite; nobody is told where nothing is reported.
        let isCounted = !pass.isOptional || scheduler.report.rows[number].rewrites > counted
        if scheduler.isReporting, !isCounted, program != scheduler.program {
          _ = scheduler.accept("")
        }
        scheduler.program = program
      }
    }
  }

  /// The kernels that a chain becomes.
  private mutating func kernels(of chain: RowChain) -> [Kernel] {
    var members = chain.members
    for position in members.indices {
      members[position].keepsRows = members.count > 1
      members[position].isInStrips = chain.isInStrips
      scheduleLoops(of: &members[position])
    }
    var kernel = members[0].kernel
    if members.count > 1 {
      var joined = JoinedKernel()
      for member in members { joined.append(member.kernel) }
      kernel = joined.kernel
    }
    var sums = chain.sums
    var cut: [Kernel]?
    for number in blockPasses {
      timed(number) {
        sums = kernel.storeFinishedSums(sums, &$0)
        cut = kernel.cutIntoBlocks(rows: chain.rows, sums: sums, &$0)
      }
    }
    var kernels = cut ?? [kernel.clearing(sums, in: program, for: target)]
    for number in finishPasses {
      guard case .finish(let transform) = Fusion.schedule[number].action else { continue }
      timed(number) { scheduler in
        for position in kernels.indices where kernels[position].hasLoops {
          transform(&kernels[position], &scheduler)
        }
      }
    }
    chain.carry(in: &kernels[0], isCut: cut != nil)
    for position in kernels.indices {
      kernels[position].keepUnprovenOrder(in: program, knowing: cache)
    }
    return kernels
  }

  /// Lets the passes about one kernel go over it: first those that a chain tries out without strips.
  mutating func scheduleLoops(of draft: inout Draft) {
    scheduleLoops(of: &draft) { $0 != Self.stripMining }
    if draft.isInStrips { scheduleLoops(of: &draft) { $0 == Self.stripMining } }
  }

  /// The name of the pass that cuts loops over rows into strips.
  static let stripMining = "strip-mine"

  /// Lets some of the passes about one kernel go over it, or takes what they made of an equal one.
  mutating func scheduleLoops(of draft: inout Draft, where isWanted: (String) -> Bool) {
    let passes = kernelPasses.filter { isWanted($0.name) }.map(\.number)
    // What is counted has to be done.
    guard !isReporting else { return run(passes, on: &draft) }
    guard let form = draft.form else { return scheduleAsEqual(passes, of: &draft) }
    let step = ScheduleCache.Step(form: form, keepsRows: draft.keepsRows, passes: passes)
    let original = draft.kernel
    if let known = cache.scheduled[step] {
      draft.kernel = known.kernel
      draft.kernel.slots = known.kernel.slots.map { original.slots[$0.index] }
      draft.kernel.name = original.name
      draft.kernel.sources = original.sources
      draft.form = known.form
      return
    }
    scheduleAsEqual(passes, of: &draft)
    let newForm = cache.newForm()
    draft.form = newForm
    cache.scheduled[step] = (draft.kernel.numbering(slotsOf: original), newForm)
  }

  /// Lets passes go over a kernel, or takes what they made of one that turns out to be equal.
  private mutating func scheduleAsEqual(_ passes: [Int], of draft: inout Draft) {
    let original = draft.kernel
    let key = HashedOnce(
      ScheduleCache.Key(original, in: program, keepsRows: draft.keepsRows, passes: passes))
    if let known = cache.known[key] {
      draft.kernel = known
      draft.kernel.slots = known.slots.map { original.slots[$0.index] }
    } else {
      run(passes, on: &draft)
      cache.known[key] = draft.kernel.numbering(slotsOf: original)
    }
    draft.kernel.name = original.name
    draft.kernel.sources = original.sources
  }

  private mutating func run(_ passes: [Int], on draft: inout Draft) {
    // The passes about one kernel change loops and products.
    guard draft.kernel.hasLoops else { return }
    for number in passes {
      guard case .kernel(let transform) = Fusion.schedule[number].action else { continue }
      timed(number) { transform(&draft, &$0) }
    }
  }

  /// Whether what passes change is counted or told.
  var isReporting: Bool { options.limit != nil || explains }

  /// How many kernels were scheduled, equal ones once.
  var scheduledKernels: Int { cache.known.count }

  /// How many chains of kernels were tried out, equal ones once.
  var fittedChains: Int { cache.fits.count }

  private func isEnabled(_ pass: SchedulePass) -> Bool {
    !pass.isOptional || !options.disabled.contains(pass.name)
  }

  private mutating func timed(_ number: Int, _ body: (inout Scheduler) -> Void) {
    let clock = ContinuousClock()
    let start = clock.now
    let outer = current
    current = number
    body(&self)
    current = outer
    report.rows[number].time += clock.now - start
  }

  // MARK: Rewrites

  /// Whether the current pass may change something; counts it, and keeps what was weighed.
  mutating func accept(_ decision: @autoclosure () -> String) -> Bool {
    accept(decision(), by: current)
  }

  private mutating func accept(_ decision: @autoclosure () -> String, by number: Int) -> Bool {
    guard remaining > 0 else { return false }
    remaining -= 1
    report.rows[number].rewrites += 1
    if explains {
      let text = decision()
      if !text.isEmpty {
        report.rows[number].decisions.append(subject.isEmpty ? text : "\(subject): \(text)")
      }
    }
    return true
  }

  /// Keeps what planning weighed.
  mutating func note(planning decisions: [String]) { report.planning += decisions }

  /// A scheduler that tries something out, without a limit and without a report.
  var forTrial: Scheduler {
    var options = options
    options.limit = nil
    return Scheduler(program, for: target, options, knowing: cache)
  }
}

extension Double {
  /// The nearest integer, as text; large numbers as they are.
  var rounded: String { abs(self) < 1e15 ? "\(Int(self.rounded(.toNearestOrEven)))" : "\(self)" }
}
