internal import LoopIR

/// A run of a program's steps that keeps at most so many bytes, and computes again what it dropped.
struct RematerializationPlan {
  /// What is done next.
  enum Action {
    /// A step of the program.
    case step(Int)
    /// The steps of a group once more, for some of its outputs.
    case group(Int, outputs: [Int])
    /// The recipe of a value.
    case recipe(Int)
  }

  var actions: [Action] = []
  /// Nanoseconds that computing again takes.
  var addedNanoseconds = 0.0
  /// How often each value is computed again.
  var recomputations: [Int]
  /// The most bytes that are in use at once.
  var largestUse = 0

  /// Whether nothing is computed again.
  var isPlain: Bool { recomputations.allSatisfy { $0 == 0 } }
}

/// Carries out a program's steps on paper within a number of bytes.
///
/// What is dropped when room is needed is the value with the least cost / (bytes × time until it is used
/// next), the rule of Kirisame et al. (2021), "Dynamic Tensor Rematerialization", with the future known
/// instead of guessed: the cost of a value is that of all that would have to be computed again for it,
/// and of what was dropped before and is made of it.
final class RematerializationSimulation {
  private let graph: RematerializationGraph
  private let cap: Int
  /// Whether groups may be run again, not only recipes.
  private let allowsGroups: Bool
  /// Whether a value is dropped after a step that uses it, however much room there is.
  private let isDropped: (_ value: Int, _ now: Int, _ next: Int) -> Bool
  @exclusivity(unchecked) private var isResident: [Bool]
  /// Whether all of a value has been computed once.
  @exclusivity(unchecked) private var isComputed: [Bool]
  /// How many computations under way read each value.
  @exclusivity(unchecked) private var pins: [Int]
  /// The next position in each value's uses.
  @exclusivity(unchecked) private var nextUses: [Int]
  @exclusivity(unchecked) private var now = 0
  @exclusivity(unchecked) private var used = 0
  @exclusivity(unchecked) private var plan: RematerializationPlan
  /// Marks of values visited in a search, by the search's number.
  @exclusivity(unchecked) private var visits: [Int]
  @exclusivity(unchecked) private var search = 0

  /// What cannot be done.
  private struct NoRoom: Error {}

  /// Deeper chains are not computed again.
  private static let depthLimit = 400

  /// How often each step is computed again on the average, and how often steps are besides, before a run
  /// is given up: where each of two inputs drops what the other one is made of, computing again
  /// doubles with each level.
  private static let repetitionLimit = (each: 64, besides: 4096)

  init(
    _ graph: RematerializationGraph, cap: Int, allowsGroups: Bool = true,
    isDropped: @escaping (_ value: Int, _ now: Int, _ next: Int) -> Bool = { _, _, _ in false }
  ) {
    self.graph = graph
    self.cap = cap
    self.allowsGroups = allowsGroups
    self.isDropped = isDropped
    let count = graph.values.count
    isResident = Array(repeating: false, count: count)
    isComputed = isResident
    pins = Array(repeating: 0, count: count)
    nextUses = pins
    visits = pins
    plan = RematerializationPlan(recomputations: pins)
  }

  /// The run; nil where some step needs more.
  func run() -> RematerializationPlan? {
    do {
      for position in graph.steps.indices { try carryOut(position) }
      return plan
    } catch {
      return nil
    }
  }

  private func carryOut(_ position: Int) throws {
    now = position
    let step = graph.steps[position]
    let touched = Set(step.reads + step.writes).sorted()
    for value in touched { pins[value] += 1 }
    for value in step.reads where isComputed[value] { try provide(value, depth: 0) }
    let made = step.writes.filter { !isResident[$0] }
    try reserve(made.reduce(step.workspace) { $0 + graph.values[$1].byteCount })
    for value in made { enter(value) }
    for value in step.writes where graph.values[value].lastWriter == position {
      isComputed[value] = true
    }
    plan.actions.append(.step(position))
    for value in touched {
      pins[value] -= 1
      release(value)
    }
  }

  /// Drops a value nothing needs any more, or that is not to be kept.
  private func release(_ value: Int) {
    guard isResident[value], pins[value] == 0, graph.values[value].isArena, isComputed[value]
    else { return }
    let next = nextUse(value)
    if next == .max {
      if demand(for: value) == .max { drop(value) }
    } else if isDropped(value, now, next), mayDrop(value) {
      drop(value)
    }
  }

  private func enter(_ value: Int) {
    isResident[value] = true
    used += graph.values[value].byteCount
  }

  private func drop(_ value: Int) {
    isResident[value] = false
    used -= graph.values[value].byteCount
  }

  // MARK: Room

  /// Makes room for so many bytes.
  private func reserve(_ byteCount: Int) throws {
    let (each, besides) = Self.repetitionLimit
    guard plan.actions.count < each * graph.steps.count + besides else { throw NoRoom() }
    defer { plan.largestUse = max(plan.largestUse, used + byteCount) }
    guard used + byteCount > cap else { return }
    for value in graph.values.indices where isCandidate(value) && demand(for: value) == .max {
      drop(value)
    }
    while used + byteCount > cap {
      var best: (value: Int, score: Double)?
      for value in graph.values.indices where isCandidate(value) {
        let next = demand(for: value)
        if next == .max {
          best = (value, 0)
          break
        }
        let size = Double(graph.values[value].byteCount) * Double(max(next - now, 1))
        // The cost is at least its own; no need to look further at what is worse already.
        if let best, ownTime(value) / size >= best.score { continue }
        let cost = time(for: value)
        guard cost < .infinity else { continue }
        let score = (cost + timeOfDescendants(of: value)) / size
        if score < best?.score ?? .infinity { best = (value, score) }
      }
      guard let best else { throw NoRoom() }
      drop(best.value)
    }
  }

  private func isCandidate(_ value: Int) -> Bool {
    isResident[value] && pins[value] == 0 && isComputed[value] && graph.values[value].isArena
      && graph.values[value].isStable && graph.values[value].byteCount > 0
  }

  private func mayDrop(_ value: Int) -> Bool { isCandidate(value) && time(for: value) < .infinity }

  // MARK: Future

  /// The next step behind the current one that uses a value.
  private func nextUse(_ value: Int) -> Int {
    let uses = graph.values[value].uses
    while nextUses[value] < uses.count, uses[nextUses[value]] <= now { nextUses[value] += 1 }
    return nextUses[value] < uses.count ? uses[nextUses[value]] : .max
  }

  /// The next step for which a value is needed: by itself, or by what was dropped and is made of it.
  private func demand(for value: Int) -> Int {
    var next = nextUse(value)
    search += 1
    visits[value] = search
    var pending = [value]
    while let value = pending.popLast() {
      for other in graph.values[value].dependents where visits[other] != search {
        visits[other] = search
        guard isComputed[other], !isResident[other] else { continue }
        next = min(next, nextUse(other))
        pending.append(other)
      }
    }
    return next
  }

  // MARK: Computing again

  /// How a value is computed again.
  private enum Way {
    case recipe(RematerializationGraph.Recipe)
    case group(Int)
  }

  private func way(to value: Int) -> Way? {
    let number = graph.values[value].group
    let group = graph.groups[number]
    let mayRepeat = allowsGroups && group.isRepeatable
    if let recipe = graph.recipes[value] {
      let isBetterWhole =
        mayRepeat
        && recipe.inputs.contains { !isResident[$0] && graph.values[$0].group == number }
      if !isBetterWhole { return .recipe(recipe) }
    }
    return mayRepeat ? .group(number) : nil
  }

  private func inputs(of way: Way) -> [Int] {
    switch way {
    case .recipe(let recipe): recipe.inputs
    case .group(let number): graph.groups[number].inputs
    }
  }

  private func nanoseconds(of way: Way) -> Double {
    switch way {
    case .recipe(let recipe): recipe.nanoseconds
    case .group(let number): graph.groups[number].nanoseconds
    }
  }

  private func ownTime(_ value: Int) -> Double { way(to: value).map(nanoseconds) ?? .infinity }

  /// What it takes to compute a value from what is there; infinite where that is not possible.
  private func time(for value: Int) -> Double {
    search += 1
    visits[value] = search
    var groups = Set<Int>()
    var pending = [(value, 0)]
    var sum = 0.0
    while let (value, depth) = pending.popLast() {
      guard depth < Self.depthLimit, let way = way(to: value) else { return .infinity }
      if case .group(let number) = way, !groups.insert(number).inserted { continue }
      sum += nanoseconds(of: way)
      for input in inputs(of: way) where visits[input] != search && !isResident[input] {
        visits[input] = search
        guard isComputed[input], graph.values[input].isStable else { return .infinity }
        pending.append((input, depth + 1))
      }
    }
    return sum
  }

  /// What computing what was dropped, and is made of a value, takes.
  private func timeOfDescendants(of value: Int) -> Double {
    search += 1
    visits[value] = search
    var pending = [value]
    var sum = 0.0
    while let value = pending.popLast() {
      for other in graph.values[value].dependents where visits[other] != search {
        visits[other] = search
        guard isComputed[other], !isResident[other], nextUse(other) != .max else { continue }
        sum += ownTime(other)
        pending.append(other)
      }
    }
    return sum
  }

  /// Computes a value that is not there, with all it needs.
  private func provide(_ value: Int, depth: Int) throws {
    guard !isResident[value] else { return }
    guard depth < Self.depthLimit, let way = way(to: value) else { throw NoRoom() }
    let inputs = inputs(of: way)
    pins[value] += 1
    for input in inputs { pins[input] += 1 }
    for input in inputs {
      guard isComputed[input], graph.values[input].isStable else { throw NoRoom() }
      try provide(input, depth: depth + 1)
    }
    // What is computed for an input may have given the value too.
    if !isResident[value] { try compute(value, way) }
    pins[value] -= 1
    for input in inputs {
      pins[input] -= 1
      release(input)
    }
  }

  private func compute(_ value: Int, _ way: Way) throws {
    var outputs = [value]
    switch way {
    case .recipe:
      try reserve(graph.values[value].byteCount)
      plan.actions.append(.recipe(value))
    case .group(let number):
      let group = graph.groups[number]
      outputs = group.outputs.filter {
        $0 == value || !isResident[$0] && isComputed[$0] && demand(for: $0) != .max
      }
      try reserve(outputs.reduce(group.workspace) { $0 + graph.values[$1].byteCount })
      plan.actions.append(.group(number, outputs: outputs))
    }
    plan.addedNanoseconds += nanoseconds(of: way)
    for output in outputs {
      plan.recomputations[output] += 1
      enter(output)
    }
    for output in outputs where output != value { release(output) }
  }
}
