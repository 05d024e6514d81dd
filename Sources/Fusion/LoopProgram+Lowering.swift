package import LoopIR
package import Targets
package import TensorIR

extension LoopProgram {
  /// Lowers a verified function without calls to scheduled loop trees with planned memory.
  ///
  /// - Parameter donated: the parameters, by number, whose memory results may take over.
  /// - Throws: `AdjointError` where an op has no lowering.
  package init(
    lowering function: Function, for target: TargetDescription, donated: Set<Int> = []
  ) throws {
    var statistics = PlanningStatistics()
    try self.init(lowering: function, for: target, donated: donated, counting: &statistics)
  }

  /// The same, with a count of the steps that it took.
  package init(
    lowering function: Function, for target: TargetDescription, donated: Set<Int> = [],
    counting statistics: inout PlanningStatistics
  ) throws {
    let lowered = try Self.lowered(function, for: target, ScheduleOptions(donated: donated))
    self = lowered.program
    statistics = lowered.statistics
  }

  /// Lowers a function as `init(lowering:for:donated:)` does, and says what that took and what
  /// scheduling did.
  ///
  /// Where no plan fits the memory budget, scans are tried in segments; the function then is another one
  /// than the one given.
  ///
  /// - Parameters:
  ///   - explains: whether the report tells what was weighed for each change.
  ///   - observer: is told each kernel when its loops are scheduled.
  /// - Throws: `AdjointError` where an op has no lowering, or no plan fits the memory budget.
  package static func lowered(
    _ function: Function, for target: TargetDescription, _ options: ScheduleOptions,
    explains: Bool = false, telling observer: KernelObserver? = nil
  ) throws -> (
    program: LoopProgram, report: ScheduleReport, statistics: PlanningStatistics,
    memory: MemoryReport, function: Function
  ) {
    // What is tried has mostly the same kernels.
    let cache = LoweringCache()
    var lowered: WholeLowering
    do {
      lowered = try loweredWithinBudget(
        function, for: target, options, cache, explains: explains, telling: observer)
    } catch let shortage as MemoryShortage {
      lowered = try loweredLeast(
        shortage, function, for: target, options, cache, explains: explains)
    }
    lowered.statistics.loweredFunctions = cache.loweredCount
    return lowered
  }

  /// So many numbers of bytes are tried.
  private static let nearbyCount = 6

  /// The plan with the least bytes that is found where a search for the budget finds none: what is looked at on
  /// the way depends on the budget, so that another one may lead to a plan that there is room for.
  ///
  /// What is tried does not depend on the budget, so that the number of bytes that an error names leads to the
  /// plan that takes them.
  ///
  /// - Throws: `AdjointError` where there is no such plan, which names the least number of bytes for which one was
  ///   found.
  private static func loweredLeast(
    _ shortage: MemoryShortage, _ function: Function, for target: TargetDescription,
    _ options: ScheduleOptions, _ cache: LoweringCache, explains: Bool
  ) throws -> WholeLowering {
    let budget = options.memory.budget ?? 0
    guard options.memory.policy != .saveAll else {
      throw shortage.error(for: function, budget: budget)
    }
    func lowered(within budget: Int) throws -> WholeLowering {
      var options = options
      options.memory.budget = budget
      return try loweredWithinBudget(function, for: target, options, cache, explains: explains)
    }
    /// The least bytes that are known to do, and the program that takes them.
    var (least, program): (Int, () -> WholeLowering?) = (.max, { nil })
    var next = 1
    for _ in 0...nearbyCount where next > 0 {
      do {
        let found = try lowered(within: next)
        least = found.program.arenaByteCount
        program = { found }
        if least <= budget { return found }
        next = min(least, next - 1)
      } catch let other as MemoryShortage {
        if least <= budget, let found = program() { return found }
        guard other.least < least else { break }
        (least, next) = (other.least, other.least)
        program = { other.program(for: function) }
      }
    }
    if least <= budget, let found = program() { return found }
    var shortage = shortage
    shortage.least = least
    throw shortage.error(for: function, budget: budget)
  }

  /// Lowers a function.
  ///
  /// - Throws: `MemoryShortage` where no plan fits the memory budget.
  private static func loweredWithinBudget(
    _ function: Function, for target: TargetDescription, _ options: ScheduleOptions,
    _ cache: LoweringCache, explains: Bool, telling observer: KernelObserver? = nil
  ) throws -> WholeLowering {
    // Scans are taken apart behind legalization, so that bodies are the same with any budget.
    let legal = try function.withRealPairs().givingEffectsResults().withSumsInParts()
      .withWideSums().transposingInvariantFactors().withWordSorts().withOrderKeys()
      .withScatterParts().withPrefixBlocks()
    let hasScans = options.memory.budget != nil && legal.checkpointedByteCount > 0
    do {
      let lowered = try loweredOnce(
        legal, for: target, options, cache, explains: explains, givesUpEarly: hasScans,
        inlinesBelow: hasScans ? nil : .max, telling: observer)
      return lowered.with(function)
    } catch let shortage as MemoryShortage {
      var search = CheckpointSearch(legal, shortage) { function, budget, inlinesBelow in
        var options = options
        options.memory.budget = budget
        return try loweredOnce(
          function, for: target, options, cache, explains: explains, inlinesBelow: inlinesBelow)
      }
      guard options.memory.policy != .saveAll, let budget = options.memory.budget else {
        throw search.shortage
      }
      var found = try search.lowered(within: budget)
      if found == nil, hasScans {
        // Whether copies of steps would do was left open, and whether values that are not stored would.
        if let lowered = try search.loweredWhole(within: budget) { return lowered.with(function) }
        found = try search.loweredInlining(within: budget)
      }
      guard var found else { throw search.shortage }
      found.lowered.memory.saveAllByteCount = shortage.saveAll
      found.lowered.memory.saveAllCurve = shortage.saveAllCurve
      return found.lowered.with(found.function)
    }
  }

  /// Lowers a legalized function as it is.
  ///
  /// - Parameters:
  ///   - givesUpEarly: whether a budget that one value exceeds is not tried to be kept to.
  ///   - inlinesBelow: whether values may be computed where they are read to keep to a budget: not if others
  ///     that have to be stored take as many bytes.
  private static func loweredOnce(
    _ function: Function, for target: TargetDescription, _ options: ScheduleOptions,
    _ cache: LoweringCache, explains: Bool, givesUpEarly: Bool = false,
    inlinesBelow: Int?, telling observer: KernelObserver? = nil
  ) throws -> LoweredProgram {
    var (lowering, saved, plans) = try cache.lowered(
      function, explains: explains, isKept: options.memory.budget != nil
    ) {
      var scheduler = Scheduler(
        LoopProgram(name: function.name), for: target, options, knowing: cache.kernels,
        explains: explains)
      scheduler.observer = observer
      var lowering = Lowering(scheduler)
      try lowering.lower(function)
      let saved = lowering.scheduler.saveAll()
      return (lowering, saved, MemoryPlans())
    }
    lowering.scheduler.options = options
    lowering.scheduler.plans = plans
    lowering.scheduler.givesUpEarly = givesUpEarly
    lowering.scheduler.inlinesValues = inlinesBelow != nil
    lowering.scheduler.knownLeast = inlinesBelow ?? .max
    do {
      try lowering.scheduler.planMemory(saved)
    } catch var shortage as MemoryShortage {
      shortage.plan?.finish = { [lowering] plan in
        var lowering = lowering
        lowering.scheduler.planMemory(saved, taking: plan)
        return LoweredProgram(lowering)
      }
      throw shortage
    }
    return LoweredProgram(lowering)
  }
}

extension MemoryShortage {
  /// The program with the least bytes, of a function that was to be lowered.
  fileprivate func program(for function: Function) -> WholeLowering? {
    guard var found = plan?.lowered else { return nil }
    guard let divided = found.function else { return found.program.with(function) }
    found.program.memory.saveAllByteCount = saveAll
    found.program.memory.saveAllCurve = saveAllCurve
    return found.program.with(divided)
  }
}

/// A program with what its lowering took and decided, and the function that it carries out.
private typealias WholeLowering = (
  program: LoopProgram, report: ScheduleReport, statistics: PlanningStatistics,
  memory: MemoryReport, function: Function
)

/// What was lowered while a plan within a memory budget is looked for: functions that are tried once more, within
/// another budget or in another way, are the same until memory is planned.
final class LoweringCache {
  typealias Lowered = (lowering: Lowering, saved: Scheduler.AllSaved, plans: MemoryPlans)

  let kernels = ScheduleCache()
  /// How many functions were lowered.
  private(set) var loweredCount = 0
  private var known: [(function: Function, explains: Bool, lowered: Lowered)] = []

  /// What a function is lowered to.
  ///
  /// - Parameter isKept: whether it may be asked for again; what is kept is copied before memory is planned.
  func lowered(
    _ function: Function, explains: Bool, isKept: Bool, lower: () throws -> Lowered
  ) rethrows -> Lowered {
    if let known = known.first(where: { $0.function == function && $0.explains == explains }) {
      return known.lowered
    }
    loweredCount += 1
    let lowered = try lower()
    if isKept { known.append((function, explains, lowered)) }
    return lowered
  }
}

/// What is told kernels while the rest of their program is planned. Passes about memory may change a kernel later.
package struct KernelObserver {
  /// Is told a kernel over numbered buffers, and the types of those.
  let add: (Kernel, [TensorType]) -> Void
  /// Is told that no plan with these kernels fits the memory budget, so that many will be others.
  let end: () -> Void

  package init(
    add: @escaping (Kernel, [TensorType]) -> Void, end: @escaping () -> Void = {}
  ) {
    self.add = add
    self.end = end
  }
}

/// A program with what its lowering took and decided.
struct LoweredProgram {
  var program: LoopProgram
  var report: ScheduleReport
  var statistics: PlanningStatistics
  var memory: MemoryReport
}

extension LoweredProgram {
  /// What a lowering has made when memory is planned.
  fileprivate init(_ lowering: Lowering) {
    let scheduler = lowering.scheduler
    (program, report, memory) = (lowering.program, scheduler.report, scheduler.memoryReport)
    statistics = lowering.statistics
    statistics.scheduledKernels = scheduler.scheduledKernels
    statistics.visitedChains = scheduler.visitedChains
    statistics.fittedChains = scheduler.fittedChains
  }

  /// The parts, and the function that was lowered.
  fileprivate func with(
    _ function: Function
  ) -> WholeLowering {
    (program, report, statistics, memory, function)
  }
}
