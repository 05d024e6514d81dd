internal import LoopIR
internal import TensorIR

/// Finds which values are not stored at all, so that a program fits a memory budget that no choice of
/// steps to run again fits.
///
/// Values that are stored only because that is quicker, such as gathered elements and tables laid out anew,
/// are given up at the peak first, those with the least added time for their bytes before others; then all
/// that is left. The fewest of them that are enough are found by bisection. Of these, what turns out to be needed
/// less than others is stored after all, as long as the program fits.
struct InliningSearch {
  /// A program without some values, and its plan.
  struct Found {
    var values: InlinedValues
    var planner: MemoryPlanner
    /// Nil where nothing is computed again.
    var candidate: MemoryPlanner.Candidate?
    var program: LoopProgram

    var addedNanoseconds: Double {
      values.addedNanoseconds + (candidate?.plan.addedNanoseconds ?? 0)
    }
  }

  private let scheduler: Scheduler
  private let book: RecipeBook
  private let budget: Int
  private let plans: MemoryPlans
  /// The programs on the way, each with a value less.
  private var states: [InlinedValues]
  /// The least bytes of all plans, and the plan that takes them.
  private(set) var least = Int.max
  private(set) var leastFound: Found?

  /// So many programs are planned where the one without any of the values does not fit, but nearly does, and of
  /// programs of many steps.
  private static let (retryCount, longRetryCount) = (7, 3)
  /// So many values, of those that take most, are tried to be stored after all, and of programs of many steps.
  private static let (returnCount, longReturnCount) = (6, 2)
  /// So many steps are many.
  private static let longCount = 64
  /// Values that take a smaller part of the added time are not, nor are plans looked for that could save less.
  private static let returnShare = 0.04
  /// So many times memory is placed to see what is at the peak.
  private static let roundLimit = 16

  init(
    _ program: LoopProgram, _ scheduler: Scheduler, _ book: RecipeBook, budget: Int,
    knowing plans: MemoryPlans
  ) {
    self.scheduler = scheduler
    self.book = book
    self.budget = budget
    self.plans = plans
    states = [InlinedValues(program, ProgramRecipes(book, for: program))]
  }

  /// The quickest of the programs planned that fit the budget; nil where none does.
  mutating func fitting() -> Found? {
    if plans.states.isEmpty {
      walk()
      plans.states = states
    }
    states = plans.states
    guard states.count > 1, let found = shortest() else { return nil }
    return storingMore(than: found)
  }

  /// The plan with the fewest values taken out that fits, where fitting is taken to be a matter of how many
  /// these are; of those planned the quickest.
  private mutating func shortest() -> Found? {
    var high = states.count - 1
    guard var best = longest(&high) else { return nil }
    var low = 1
    while low < high, mayGain(low, high, best) {
      let middle = (low + high) / 2
      if let found = planned(states[middle]) {
        high = middle
        if found.addedNanoseconds < best.addedNanoseconds { best = found }
      } else {
        low = middle + 1
      }
    }
    return best
  }

  /// Whether a state between two others may be noticeably quicker than the quickest plan.
  private func mayGain(_ low: Int, _ high: Int, _ best: Found) -> Bool {
    let gain = states[high].addedNanoseconds - states[low].addedNanoseconds
    let isRunAgain = (best.candidate?.plan.addedNanoseconds ?? 0) > 0
    return isRunAgain || Self.isNoticeable(gain, of: best.addedNanoseconds)
  }

  /// Whether a part of the added time is worth planning another program for.
  static func isNoticeable(_ part: Double, of addedNanoseconds: Double) -> Bool {
    part > returnShare * addedNanoseconds
  }

  /// A plan with nearly all values taken out that fits, of which the number is given back.
  private mutating func longest(_ number: inout Int) -> Found? {
    let all = number
    let retryCount = isLong ? Self.longRetryCount : Self.retryCount
    // More values taken out may take more bytes, but not many.
    let limit = budget.addingCapped(isLong ? budget / 8 : budget / 2)
    var tried = Set([0])
    for part in 0...retryCount {
      number = all - part * all / (retryCount + 1)
      guard tried.insert(number).inserted else { continue }
      if let found = planned(states[number]) { return found }
      if least > limit { return nil }
    }
    return nil
  }

  /// A plan with fewer values taken out, of those that take most.
  private mutating func storingMore(than found: Found) -> Found {
    var best = found
    let costly = found.values.values.filter {
      Self.isNoticeable($0.addedNanoseconds, of: found.addedNanoseconds)
    }.sorted { ($1.addedNanoseconds, $0.buffer) < ($0.addedNanoseconds, $1.buffer) }
    for value in costly.prefix(isLong ? Self.longReturnCount : Self.returnCount) {
      let buffers = best.values.values.map(\.buffer)
      var values = states[sharedCount(buffers.prefix { $0 != value.buffer })]
      for other in buffers.dropFirst(values.values.count) where other != value.buffer {
        _ = values.inline(other)
      }
      guard let fewer = planned(values) else { continue }
      if fewer.addedNanoseconds < best.addedNanoseconds { best = fewer }
    }
    return best
  }

  /// How many of some values the states before have taken out first, in the same order.
  private func sharedCount(_ buffers: some Sequence<BufferID>) -> Int {
    zip(states[states.count - 1].values, buffers).prefix { $0.buffer == $1 }.count
  }

  /// The plan of one program; nil where there is none within the budget.
  private mutating func planned(_ values: InlinedValues) -> Found? {
    var planner = plans.planner(without: values.values.map(\.buffer), within: budget) {
      let program = values.finished
      var placed = program
      scheduler.placeMemory(of: &placed)
      return MemoryPlanner(program, saveAllByteCount: placed.arenaByteCount, scheduler, book)
    }
    note(values, planner, nil)
    let candidate: MemoryPlanner.Candidate?
    do { candidate = try planner.choose() } catch {
      if let least = planner.least { note(values, planner, least) }
      return nil
    }
    return found(values, planner, candidate)
  }

  private func found(
    _ values: InlinedValues, _ planner: MemoryPlanner, _ candidate: MemoryPlanner.Candidate?
  ) -> Found {
    Found(
      values: values, planner: planner, candidate: candidate,
      program: candidate?.program ?? planner.original)
  }

  /// Keeps a plan that takes fewer bytes than others.
  private mutating func note(
    _ values: InlinedValues, _ planner: MemoryPlanner, _ candidate: MemoryPlanner.Candidate?
  ) {
    let byteCount = candidate?.arenaByteCount ?? planner.saveAllByteCount
    guard byteCount < least else { return }
    (least, leastFound) = (byteCount, found(values, planner, candidate))
  }

  /// Whether planning takes long.
  private var isLong: Bool { states[0].program.steps.count > Self.longCount }

  // MARK: The way

  /// Takes out one value after the other, those at the peak first.
  private mutating func walk() {
    var losses = losses()
    var rounds = 0
    while !losses.isEmpty, let last = states.last {
      var peak = Set(losses.keys)
      if rounds < Self.roundLimit {
        rounds += 1
        let atPeak = buffersAtPeak(of: last)
        if !atPeak.isDisjoint(with: peak) { peak.formIntersection(atPeak) }
      }
      guard
        let next = peak.min(by: {
          (losses[$0] ?? 0, $0.index) < (losses[$1] ?? 0, $1.index)
        })
      else { return }
      losses[next] = nil
      var values = last
      if values.inline(next) { states.append(values) }
    }
  }

  /// The added time for each byte of the values that can be taken out.
  private mutating func losses() -> [BufferID: Double] {
    var losses: [BufferID: Double] = [:]
    let buffers = states[0].program.buffers
    for position in buffers.indices {
      let buffer = BufferID(position)
      guard let inlined = states[0].cost(of: buffer) else { continue }
      let bytes = Double(max(buffers[position].type.byteCount, 1))
      losses[buffer] = inlined.addedNanoseconds / bytes
    }
    return losses
  }

  /// The buffers in use where most memory is.
  private func buffersAtPeak(of values: InlinedValues) -> Set<BufferID> {
    let program = values.program
    let timeline = Timeline(program)
    let blocks = program.blocks(on: timeline)
    let uses = LoopProgram.uses(of: blocks, positions: timeline.count)
    guard let most = uses.max(), let peak = uses.firstIndex(of: most) else { return [] }
    return Set(blocks.filter { $0.life.contains(peak) }.map(\.home))
  }
}
