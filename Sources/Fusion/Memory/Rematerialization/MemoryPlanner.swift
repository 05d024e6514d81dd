internal import Foundation
internal import LoopIR
internal import TensorIR

/// Finds what to compute again so that the arena that is really planned stays within a budget.
///
/// Candidates are runs on paper within caps that fall by six percent each; the program of each is
/// planned with all that follows (sharing of memory in place, placing in the arena), and the one that
/// fits the budget with the least added work is taken.
struct MemoryPlanner {
  /// A plan and what it gives.
  struct Candidate {
    var plan: RematerializationPlan
    /// Before memory is placed.
    var program: LoopProgram
    var arenaByteCount: Int
  }

  /// The program in which nothing is computed again.
  let original: LoopProgram
  private(set) var graph: RematerializationGraph
  private var options: MemoryOptions
  private let book: RecipeBook?
  private var recipes: ProgramRecipes?
  private var scheduler: Scheduler
  /// What is known already, for all copies of the planner.
  private let known = Answers()
  /// The candidates that were looked at within this budget, by number.
  private var visited = Set<Int>()
  /// The plan that takes the least bytes where none fits the budget; nil where nothing is computed again in it.
  private var missed: Candidate?
  /// The most bytes in use on paper where nothing is dropped for want of room.
  private var largestUse = 0
  /// The bytes of the arena where nothing is computed again.
  let saveAllByteCount: Int

  /// By how much caps fall, and how many there are.
  private static let fall = 0.94
  private static let capCount = 44
  /// Smaller arenas stay in caches, and stay as they are without a budget.
  private static let smallByteCount = 4 << 20
  /// The part of a program's time that computing again may take without a budget.
  private static let freeShare = 0.02

  /// Runs on paper and what they give, which are the same within any budget.
  private final class Answers {
    @exclusivity(unchecked) var baseline: RematerializationPlan??
    @exclusivity(unchecked) var free: RematerializationPlan??
    @exclusivity(unchecked) var usual: Candidate??
    @exclusivity(unchecked) var plans: [Int: RematerializationPlan?] = [:]
    @exclusivity(unchecked) var candidates: [Int: Candidate?] = [:]
  }

  /// - Parameter saveAllByteCount: the bytes of the same program's arena.
  init(
    _ program: LoopProgram, saveAllByteCount: Int, _ scheduler: Scheduler, _ book: RecipeBook?
  ) {
    original = program
    options = scheduler.options.memory
    self.saveAllByteCount = saveAllByteCount
    self.scheduler = scheduler.forTrial
    self.scheduler.program = program
    self.book = book
    var graph = RematerializationGraph(program, reckonsCosts: false)
    self.graph = graph
    let isUnscoped = graph.values.allSatisfy(\.scopes.isEmpty)
    let isSmall = saveAllByteCount < Self.smallByteCount
    mayBeIdle =
      graph.values.isEmpty || options.policy == .automatic && isSmall && isUnscoped
    guard !isIdle else { return }
    graph = RematerializationGraph(program)
    recipes = book.map { ProgramRecipes($0, for: program) }
    let largest = graph.values.map(\.byteCount).max() ?? 0
    let found = recipes?.recipes(for: graph, of: program, leastByteCount: largest >> 10)
    graph.add(recipes: found ?? graph.values.map { _ in nil })
    self.graph = graph
  }

  /// Whether it is clear that nothing is to be computed again.
  var isIdle: Bool { isIdle(within: options.budget) }
  /// Whether that is clear within a budget that the program fits.
  private let mayBeIdle: Bool

  private func isIdle(within budget: Int?) -> Bool {
    mayBeIdle && (graph.values.isEmpty || saveAllByteCount <= budget ?? .max)
  }

  /// A planner for the same program within another budget, which knows what this one does.
  func within(_ budget: Int?) -> MemoryPlanner {
    var scheduler = scheduler
    scheduler.options.memory.budget = budget
    guard isIdle(within: budget) == isIdle else {
      return MemoryPlanner(original, saveAllByteCount: saveAllByteCount, scheduler, book)
    }
    var planner = self
    (planner.options, planner.scheduler) = (scheduler.options.memory, scheduler)
    (planner.visited, planner.missed) = ([], nil)
    return planner
  }

  /// The chosen plan; nil where nothing is computed again.
  ///
  /// - Throws: `MemoryShortage` where no plan fits the budget.
  mutating func choose() throws -> Candidate? {
    let budget = options.budget ?? .max
    if isIdle {
      if saveAllByteCount > budget { throw tooSmall(nil) }
      return nil
    }
    let base = baseline()
    let usual = try usual(base)
    if usual?.arenaByteCount ?? saveAllByteCount <= budget { return usual }
    guard options.policy != .saveAll else { throw tooSmall(usual) }
    return try fitting(budget, usual)
  }

  /// - Parameter least: the plan with the least bytes; nil where that is the one in which nothing is computed again.
  private mutating func tooSmall(_ least: Candidate?) -> MemoryShortage {
    missed = least
    return MemoryShortage(
      least: least?.arenaByteCount ?? saveAllByteCount, saveAll: saveAllByteCount)
  }

  /// The plan that takes the least bytes, where `choose()` found none that fits the budget.
  var missedPlan: LeastPlan {
    LeastPlan(missed?.program) { [graph, original, missed] in
      MemoryReport(graph, original, missed?.plan)
    }
  }

  // MARK: Policies

  /// Whether a value is dropped after the step `now`, to be computed again for the step `next`.
  private func isDropped(_ number: Int, _ now: Int, _ next: Int) -> Bool {
    let value = graph.values[number]
    let (step, later) = (graph.steps[now], graph.steps[next])
    guard later.isBackward else { return false }
    if !value.scopes.isEmpty, options.policy != .saveAll,
      !(step.isBackward && step.scopes.starts(with: value.scopes))
    {
      return true
    }
    guard value.isCrossing, !step.isBackward else { return false }
    switch options.policy {
    case .automatic, .saveAll: return false
    case .saveNothing: return true
    case .saveProducts: return !graph.groups[value.group].hasProduct
    case .save(let names): return !names.contains(value.savedName)
    }
  }

  /// Whether a policy or scope drops values however much room there is.
  private var isForced: Bool {
    switch options.policy {
    case .saveAll: false
    case .automatic: graph.values.contains { !$0.scopes.isEmpty }
    case .saveNothing, .saveProducts, .save: true
    }
  }

  /// The run without a cap.
  private mutating func baseline() -> RematerializationPlan? {
    let copy = self
    let plan =
      known.baseline
      ?? RematerializationSimulation(graph, cap: .max >> 1, isDropped: copy.isDropped).run()
    known.baseline = .some(plan)
    largestUse = plan?.largestUse ?? 0
    return plan
  }

  /// The plan without a budget; nil where nothing is computed again.
  private mutating func usual(_ base: RematerializationPlan?) throws -> Candidate? {
    if isForced {
      guard let base, !base.isPlain else { return nil }
      return usualCandidate(base)
    }
    guard options.policy == .automatic, saveAllByteCount >= Self.smallByteCount else { return nil }
    let best = known.free ?? free()
    known.free = .some(best)
    // What takes far more than a budget on paper is not placed.
    let limit = (options.budget ?? .max).addingCapped((options.budget ?? 0) / 8)
    guard let best, !best.isPlain, best.largestUse <= limit, let candidate = usualCandidate(best),
      candidate.arenaByteCount <= saveAllByteCount / 10 * 9
    else { return nil }
    return candidate
  }

  private mutating func usualCandidate(_ plan: RematerializationPlan) -> Candidate? {
    let candidate = known.usual ?? candidate(plan)
    known.usual = .some(candidate)
    return candidate
  }

  /// The run with the least bytes of those that take no noticeable time.
  private func free() -> RematerializationPlan? {
    let allowance = Self.freeShare * graph.groups.reduce(0) { $0 + $1.nanoseconds }
    var (best, low, high): (RematerializationPlan?, Int, Int) = (nil, 1, Self.capCount)
    while low < high {
      let middle = (low + high) / 2
      let simulation = RematerializationSimulation(
        graph, cap: cap(middle), allowsGroups: false)
      if let plan = simulation.run(), plan.addedNanoseconds <= allowance {
        (best, low) = (plan, middle + 1)
      } else {
        high = middle
      }
    }
    return best
  }

  // MARK: Search

  /// The bytes that a run on paper may keep.
  private func cap(_ number: Int) -> Int {
    var cap = Double(largestUse)
    for _ in 0..<number { cap *= Self.fall }
    return Int(cap)
  }

  /// The number of the largest cap that is not more than so many bytes.
  private func number(ofCap byteCount: Double) -> Int {
    guard byteCount > 0, largestUse > 0 else { return Self.capCount - 1 }
    let steps = log(byteCount / Double(largestUse)) / log(Self.fall)
    return Int(min(max(steps.rounded(.up), 0), Double(Self.capCount - 1)))
  }

  private mutating func plan(_ number: Int) -> RematerializationPlan? {
    if let plan = known.plans[number] { return plan }
    let copy = self
    let plan = RematerializationSimulation(
      graph, cap: cap(number), isDropped: copy.isDropped
    ).run()
    known.plans[number] = .some(plan)
    return plan
  }

  private mutating func candidate(at number: Int) -> Candidate? {
    visited.insert(number)
    if let candidate = known.candidates[number] { return candidate }
    let candidate = plan(number).flatMap { self.candidate($0) }
    known.candidates[number] = .some(candidate)
    return candidate
  }

  /// What a plan gives; nil where a recipe has no kernel.
  private mutating func candidate(_ plan: RematerializationPlan) -> Candidate? {
    if plan.isPlain {
      return Candidate(plan: plan, program: original, arenaByteCount: saveAllByteCount)
    }
    var kernels: [BufferID: Kernel] = [:]
    for case .recipe(let value) in plan.actions {
      let buffer = graph.values[value].buffer
      guard kernels[buffer] == nil else { continue }
      guard let kernel = recipes?.kernel(of: buffer, in: &scheduler) else { return nil }
      kernels[buffer] = kernel
    }
    let program = RematerializedProgram(original, graph, plan) { kernels[$0] }.program
    var placed = program
    scheduler.placeMemory(of: &placed)
    return Candidate(plan: plan, program: program, arenaByteCount: placed.arenaByteCount)
  }

  /// The candidate with the least added work among those within a budget.
  private mutating func fitting(_ budget: Int, _ usual: Candidate?) throws -> Candidate {
    var (low, high) = (0, Self.capCount)
    var guess = number(ofCap: Double(budget))
    while low < high {
      let middle = min(max(guess, low), high - 1)
      guard let candidate = candidate(at: middle) else {
        high = middle
        guess = (low + high) / 2
        continue
      }
      // The arena is about as much smaller as the cap is.
      let ratio = Double(budget) / Double(max(candidate.arenaByteCount, 1))
      guess = number(ofCap: Double(cap(middle)) * ratio)
      if ratio < 1 {
        low = middle + 1
      } else {
        // The next larger cap would not fit.
        if ratio * Self.fall < 1 { break }
        high = middle
      }
    }
    if let best = best(within: budget) { return best }
    for number in tightest(below: high) { _ = candidate(at: number) }
    if let best = best(within: budget) { return best }
    guard let least, least.arenaByteCount < usual?.arenaByteCount ?? saveAllByteCount else {
      throw tooSmall(usual)
    }
    throw tooSmall(least)
  }

  /// The runs, by number, that take hardly more on paper than the one that takes least: the others' arenas
  /// are not the least either, and placing memory takes far longer than running on paper.
  ///
  /// - Parameter end: a number whose cap is too small for a run.
  private mutating func tightest(below end: Int) -> [Int] {
    var least = Int.max
    var uses: [(number: Int, byteCount: Int)] = []
    for number in (0..<end).reversed() {
      if least < .max, cap(number) > least + least / 2 { break }
      guard let plan = plan(number) else { continue }
      uses.append((number, plan.largestUse))
      least = min(least, plan.largestUse)
    }
    return uses.filter { $0.byteCount <= least + least / 4 }.map(\.number).reversed()
  }

  private func best(within budget: Int) -> Candidate? {
    visitedCandidates.filter { $0.arenaByteCount <= budget }
      .min { $0.plan.addedNanoseconds < $1.plan.addedNanoseconds }
  }

  /// The plan with the least bytes of those that were looked at.
  var least: Candidate? { visitedCandidates.min { $0.arenaByteCount < $1.arenaByteCount } }

  /// What was found within this budget: what others led to must not count, so that what a budget gives does not
  /// depend on which ones were tried before.
  private var visitedCandidates: [Candidate] {
    visited.sorted().compactMap { known.candidates[$0] ?? nil }
  }
}

extension LoopProgram {
  /// The bytes of the largest buffer that has a place of its own in the arena.
  fileprivate var largestValue: Int {
    buffers.reduce(0) { largest, buffer in
      buffer.hasOwnPlace ? max(largest, buffer.type.byteCount) : largest
    }
  }
}

extension Scheduler {
  /// The program in which values are computed again where the options ask for it, before memory is
  /// placed, and notes what was decided; nil where all values are kept.
  ///
  /// - Parameter saveAll: the same program with memory placed.
  mutating func rematerialized(
    _ program: LoopProgram, saveAll: LoopProgram
  ) throws -> LoopProgram? {
    let curve = saveAll.memoryCurve
    if isHopeless(program, saveAll: saveAll) {
      observer?.end()
      let byteCount = saveAll.arenaByteCount
      let plan = LeastPlan(nil) {
        MemoryReport(RematerializationGraph(program), program, nil)
      }
      throw MemoryShortage(least: byteCount, saveAll: byteCount, curve)
        .taking(plan, saveAll: byteCount)
    }
    let plans = plans ?? MemoryPlans()
    var planner = plans.planner(without: [], within: options.memory.budget) {
      MemoryPlanner(program, saveAllByteCount: saveAll.arenaByteCount, self, recipes)
    }
    let saveAllByteCount = saveAll.arenaByteCount.addingCapped(
      SnapshotTables(planner.graph, program).missingByteCount)
    let chosen: MemoryPlanner.Candidate?
    do {
      chosen = try planner.choose()
    } catch var shortage as MemoryShortage {
      shortage.saveAllCurve = curve
      observer?.end()
      guard inlinesValues, options.memory.policy != .saveAll, options.limit == nil,
        let book = recipes
      else { throw shortage.taking(planner.missedPlan, saveAll: saveAllByteCount) }
      var search = InliningSearch(
        program, forTrial, book, budget: options.memory.budget ?? .max, knowing: plans)
      guard let found = search.fitting() else {
        guard let least = search.leastFound, search.least < shortage.least else {
          throw shortage.taking(planner.missedPlan, saveAll: saveAllByteCount)
        }
        shortage.least = search.least
        let plan = LeastPlan(least.program) { MemoryReport(least, program) }
        throw shortage.taking(plan, saveAll: saveAllByteCount)
      }
      memoryReport = MemoryReport(found, program)
      memoryReport.saveAllByteCount = saveAllByteCount
      memoryReport.saveAllCurve = curve
      return found.program
    }
    memoryReport = MemoryReport(planner.graph, program, chosen?.plan)
    memoryReport.saveAllByteCount = saveAllByteCount
    memoryReport.saveAllCurve = curve
    return chosen?.program
  }

  /// Whether it is clear that no plan fits the budget, or is less than others that are known.
  private func isHopeless(_ program: LoopProgram, saveAll: LoopProgram) -> Bool {
    guard let budget = options.memory.budget else { return false }
    let largest = min(program.largestValue, saveAll.largestValue)
    guard inlinesValues, let book = recipes else { return givesUpEarly && largest > budget }
    let limit = max(budget.addingCapped(1), knownLeast)
    guard largest >= limit else { return false }
    var values = InlinedValues(program, ProgramRecipes(book, for: program))
    return values.hasLasting(atLeast: limit)
  }

  /// Runs the passes about memory behind rematerialization.
  func placeMemory(of program: inout LoopProgram) {
    var trial = forTrial
    trial.program = program
    trial.runMemoryPasses { !Self.beforePlanning.contains($0) }
    program = trial.program
  }
}
