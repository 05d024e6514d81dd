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
  /// What is asked of the graph at every turn.
  private let lists: RematerializationLists
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
  /// Marks of values, and of ways to them, visited in a search, by the search's number.
  @exclusivity(unchecked) private var visits: [Int]
  @exclusivity(unchecked) private var wayVisits: [Int]
  /// Values that a search has still to look at, and how deep they are.
  @exclusivity(unchecked) private var pending: [(value: Int, depth: Int)] = []
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
    lists = graph.lists ?? RematerializationLists(graph)
    self.cap = cap
    self.allowsGroups = allowsGroups
    self.isDropped = isDropped
    let count = graph.values.count
    isResident = Array(repeating: false, count: count)
    isComputed = isResident
    pins = Array(repeating: 0, count: count)
    nextUses = Array(lists.uses.starts.dropLast())
    visits = pins
    wayVisits = Array(repeating: 0, count: lists.nanoseconds.count)
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
    try reserve(made.reduce(step.workspace) { $0 + lists.byteCounts[$1] })
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
    guard isResident[value], pins[value] == 0, lists.isArena[value], isComputed[value]
    else { return }
    let next = nextUse(value)
    if next == .max {
      if !isDemanded(value) { drop(value) }
    } else if isDropped(value, now, next), mayDrop(value) {
      drop(value)
    }
  }

  private func enter(_ value: Int) {
    isResident[value] = true
    used += lists.byteCounts[value]
  }

  private func drop(_ value: Int) {
    isResident[value] = false
    used -= lists.byteCounts[value]
  }

  // MARK: Room

  /// Makes room for so many bytes.
  private func reserve(_ byteCount: Int) throws {
    let (each, besides) = Self.repetitionLimit
    guard plan.actions.count < each * graph.steps.count + besides else { throw NoRoom() }
    defer { plan.largestUse = max(plan.largestUse, used + byteCount) }
    guard used + byteCount > cap else { return }
    for value in isResident.indices where isCandidate(value) && !isDemanded(value) { drop(value) }
    while used + byteCount > cap {
      var best: (value: Int, score: Double)?
      for value in isResident.indices where isCandidate(value) {
        let (own, byteCount) = (ownTime(value), Double(lists.byteCounts[value]))
        // The cost is at least its own, and the time at most that until its own use; no need to look further at
        // what is worse already.
        if let best, own / (byteCount * Double(max(nextUse(value) - now, 1))) >= best.score {
          continue
        }
        let next = demand(for: value)
        if next == .max {
          best = (value, 0)
          break
        }
        let size = byteCount * Double(max(next - now, 1))
        if let best, own / size >= best.score { continue }
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
    isResident[value] && pins[value] == 0 && isComputed[value] && lists.mayBeDropped[value]
  }

  private func mayDrop(_ value: Int) -> Bool { isCandidate(value) && time(for: value) < .infinity }

  // MARK: Future

  /// The next step behind the current one that uses a value.
  private func nextUse(_ value: Int) -> Int {
    let end = lists.uses.starts[value + 1]
    var next = nextUses[value]
    while next < end, lists.uses.items[next] <= now { next += 1 }
    nextUses[value] = next
    return next < end ? lists.uses.items[next] : .max
  }

  /// Whether a value is needed later.
  private func isDemanded(_ value: Int) -> Bool {
    nextUse(value) != .max || demand(for: value) != .max
  }

  /// The next step for which a value is needed: by itself, or by what was dropped and is made of it. What is not
  /// there of what the current step reads, or of what that is made of, is needed now.
  private func demand(for value: Int) -> Int {
    var next = pins[value] > 0 && !isResident[value] ? now : nextUse(value)
    search += 1
    visits[value] = search
    pending.append((value, 0))
    while let (value, _) = pending.popLast() {
      for place in lists.dependents.places(of: value) {
        let other = lists.dependents.items[place]
        guard visits[other] != search else { continue }
        visits[other] = search
        guard isComputed[other], !isResident[other] else { continue }
        next = min(next, pins[other] > 0 ? now : nextUse(other))
        pending.append((other, 0))
      }
    }
    return next
  }

  // MARK: Computing again

  /// How a value is computed again, by the way's number.
  private func way(to value: Int) -> Int? {
    let group = lists.groupWays[value]
    let mayRepeat = allowsGroups && lists.isRepeatable[value]
    if lists.hasRecipe[value] {
      let isBetterWhole =
        mayRepeat
        && lists.inputs.places(of: value).contains { place in
          let input = lists.inputs.items[place]
          return !isResident[input] && lists.groupWays[input] == group
        }
      if !isBetterWhole { return value }
    }
    return mayRepeat ? group : nil
  }

  private func ownTime(_ value: Int) -> Double {
    way(to: value).map { lists.nanoseconds[$0] } ?? .infinity
  }

  /// What it takes to compute a value from what is there; infinite where that is not possible.
  private func time(for value: Int) -> Double {
    search += 1
    visits[value] = search
    pending.append((value, 0))
    defer { pending.removeAll(keepingCapacity: true) }
    var sum = 0.0
    while let (value, depth) = pending.popLast() {
      guard depth < Self.depthLimit, let way = way(to: value) else { return .infinity }
      guard wayVisits[way] != search else { continue }
      wayVisits[way] = search
      sum += lists.nanoseconds[way]
      for place in lists.inputs.places(of: way) {
        let input = lists.inputs.items[place]
        guard visits[input] != search, !isResident[input] else { continue }
        visits[input] = search
        guard isComputed[input], lists.isStable[input] else { return .infinity }
        pending.append((input, depth + 1))
      }
    }
    return sum
  }

  /// What computing what was dropped, and is made of a value, takes.
  private func timeOfDescendants(of value: Int) -> Double {
    search += 1
    visits[value] = search
    pending.append((value, 0))
    var sum = 0.0
    while let (value, _) = pending.popLast() {
      for place in lists.dependents.places(of: value) {
        let other = lists.dependents.items[place]
        guard visits[other] != search else { continue }
        visits[other] = search
        guard isComputed[other], !isResident[other], nextUse(other) != .max else { continue }
        sum += ownTime(other)
        pending.append((other, 0))
      }
    }
    return sum
  }

  /// Computes a value that is not there, with all it needs.
  private func provide(_ value: Int, depth: Int) throws {
    guard !isResident[value] else { return }
    guard depth < Self.depthLimit, let way = way(to: value) else { throw NoRoom() }
    let inputs = lists.inputs[way]
    pins[value] += 1
    for input in inputs { pins[input] += 1 }
    for input in inputs {
      guard isComputed[input], lists.isStable[input] else { throw NoRoom() }
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

  private func compute(_ value: Int, _ way: Int) throws {
    var outputs = [value]
    if way == value {
      try reserve(lists.byteCounts[value])
      plan.actions.append(.recipe(value))
    } else {
      let number = graph.values[value].group
      let group = graph.groups[number]
      outputs = group.outputs.filter {
        $0 == value || !isResident[$0] && isComputed[$0] && isDemanded($0)
      }
      try reserve(outputs.reduce(group.workspace) { $0 + lists.byteCounts[$1] })
      plan.actions.append(.group(number, outputs: outputs))
    }
    plan.addedNanoseconds += lists.nanoseconds[way]
    for output in outputs {
      plan.recomputations[output] += 1
      enter(output)
    }
    for output in outputs where output != value { release(output) }
  }
}
