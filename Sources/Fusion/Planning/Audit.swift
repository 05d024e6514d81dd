internal import LoopIR
internal import TensorIR

/// What one nest of loops would read, repeat and compute, found from its demands without building
/// anything.
///
/// Values are looked at in the reverse order of their definition, so that all places at which one is
/// needed are known before what it is made of is asked for. No recursion goes deeper than one formula.
final class Audit {
  let graph: Graph
  /// Values that are in memory when the nest runs.
  private let stored: StoredValues
  /// The kernel that the nest would become part of.
  private let kernel: Surroundings
  private let variables = VariableTree()
  private let indices: IndexTable

  /// What a nest finds in the kernel that it joins.
  struct Surroundings {
    /// Values that the kernel writes and the nest would compute again.
    var own: Set<ValueID> = []
    /// Values that the kernel computes at every place that its loops go over.
    var finished: Set<ValueID> = []
    /// Whether the kernel has no loops, so that all it computes is there for what follows.
    var isStraightLine = false
    /// After so many demands it is clear that the nest would compute too much again.
    var stepLimit = Int.max

    /// What holds for all values, for descriptions of nests.
    var words: [Int] { [isStraightLine ? 1 : 0, stepLimit] }
  }

  /// What is noted of the values that the nest needs, in the order in which they were met.
  @exclusivity(unchecked) private(set) var notes: [Note] = []
  /// The places in `notes`.
  private let numbers: ValueNumbers
  /// How many demands were looked at.
  @exclusivity(unchecked) private(set) var steps = 0
  /// How many elements are computed, each at one place, which takes more than to read another one.
  @exclusivity(unchecked) private(set) var work = 0
  /// Whether there are more demands than the limit, so that not all were looked at.
  @exclusivity(unchecked) private(set) var isTooLarge = false

  /// Where the root's loops could be split so that conditions hold on all of one side; by axis.
  @exclusivity(unchecked) private(set) var breaks: [Int: Set<Int>] = [:]
  /// How many demands only serve pieces of concatenations.
  @exclusivity(unchecked) private(set) var pieceSteps = 0

  /// Whether the formula at hand is that of one piece of several.
  @exclusivity(unchecked) private var isInPiece = false
  /// The axes of the root that loops count.
  @exclusivity(unchecked) private var axes: [VariableID: Int] = [:]
  /// The places at which values are needed that the kernel writes, in its loops or again.
  @exclusivity(unchecked) private var ownPlaces: [ValueID: Set<Int>] = [:]
  @exclusivity(unchecked) private var home: Int?
  /// The indices of all stores inside the loops.
  @exclusivity(unchecked) private var homes: Set<Int> = []
  /// The indices of the loops around the stores: those of values with the root's first axes only.
  @exclusivity(unchecked) private var outerHomes: Set<Int> = []
  /// Places at which values are needed, besides the first one of each.
  @exclusivity(unchecked) private var visited: Set<Demand> = []
  /// The values to be looked at, by the places of their notes.
  @exclusivity(unchecked) private var pending = DemandQueue()
  /// What values take to compute.
  @exclusivity(unchecked) private var efforts: [ValueID: Effort] = [:]
  /// Conditions by what they consist of, as numbers.
  @exclusivity(unchecked) private var conditions: [Condition: Int] = [:]
  /// Looked-up integers by the element that they are, as numbers.
  @exclusivity(unchecked) private var lookups: [Demand: Int] = [:]

  /// A value at an index, under a condition where its own index could leave it.
  private struct Demand: Hashable {
    var value: ValueID
    var index: Int
    var condition: Int?

    func _rawHashValue(seed: Int) -> Int {
      .scattered(value.index, index, condition ?? -1, by: seed)
    }
  }

  /// A condition under which a value is read: bounds that hold, or one that does not.
  private struct Condition: Hashable {
    var outer: Int?
    var bounds: [Bound]
    var isNegated: Bool
  }

  /// The work of one element from what is in memory, and the elements of the largest value read for it.
  private struct Effort {
    var weight: Int
    var elements: Int
    /// Whether a reduction or a costly function is among it, which are stored themselves where they are
    /// repeated.
    var isCostly = false
  }

  /// Nests are built by recursion, which goes no deeper than this many values.
  private static let depthLimit = 512

  init(
    _ graph: Graph, stored: StoredValues, numbers: ValueNumbers,
    joining kernel: Surroundings = Surroundings()
  ) {
    self.graph = graph
    self.stored = stored
    self.numbers = numbers
    self.kernel = kernel
    numbers.removeAll()
    indices = IndexTable(variables)
  }

  /// The places at which the nest needs values that the kernel writes, each once.
  var placesOfOwn: [[Findings.LoopAxis?]] {
    ownPlaces.values.reduce(into: Set<Int>()) { $0.formUnion($1) }.sorted().map { place in
      indices[place].map { index in
        guard index.constant == 0, index.terms.count == 1, index.terms[0].coefficient == 1,
          case .variable(let variable) = index.terms[0].atom
        else { return nil }
        return Findings.LoopAxis(
          depth: variables.depth(variable), extent: variables.extent(variable))
      }
    }
  }

  /// Whether the nest needs values that the kernel writes at indices that are no loop's alone.
  var needsNeighboursOfOwn: Bool {
    ownPlaces.values.joined().contains { place in
      indices[place].contains { index in
        guard let term = index.terms.first else { return false }
        guard index.constant == 0, index.terms.count == 1, term.coefficient == 1,
          case .variable = term.atom
        else { return true }
        return false
      }
    }
  }

  /// Looks at all demands of the nest that stores a root.
  func walk(_ root: Root) {
    let type = graph.type(root.value)
    let rootNote = note(of: root.value)
    notes[rootNote].marks.insert(.common)
    var places = [Int]()
    switch root.form {
    case .natural, .laidOut:
      places = root.indices(in: variables, shape: type.shape).indices.map(indices.number)
      home = places.last
      homes = Set(places)
      noteAxes(of: root)
      if let home, root.layout.unrolledAxes.isEmpty {
        let axes = root.layout.loopedAxes(rank: type.rank)
        for rank in 1..<max(type.rank, 1) {
          outerHomes.insert(indices.number(axes.prefix(rank).map { indices[home][$0] }))
        }
      }
    case .unrolled:
      places = type.shape.allIndices.map { indices.number($0.map { IndexExpression($0) }) }
    case .scattered(let axes):
      guard let formula = graph.comprehension(root.value) else { return }
      let (_, ordered) = variables.nestIndex(
        in: nil, extents: axes.order.map { axes.extents[$0] })
      var index = ordered
      for (position, axis) in axes.order.enumerated() { index[axis] = ordered[position] }
      notes[rootNote].marks.insert(.inside)
      formula.body.accept(
        self, at: Site(value: root.value, note: rootNote, axes: indices.number(index)))
    }
    if !places.isEmpty {
      expand(rootNote, at: places.map { Place(index: $0, condition: nil) }, isRoot: true)
    }
    while let note = pending.popLatest() {
      isTooLarge = steps > kernel.stepLimit
      if isTooLarge { return }
      var places = [Place]()
      swap(&places, &notes[note].pending)
      expand(note, at: places, isRoot: false)
    }
  }

  /// Notes which axis each loop of a root with one store counts.
  private func noteAxes(of root: Root) {
    guard let home, root.layout.unrolledAxes.isEmpty else { return }
    for (axis, place) in indices[home].enumerated() {
      place.forEachVariable { axes[$0] = axis }
    }
  }

  // MARK: Demands

  /// The place of a value's note, which is made where there is none.
  private func note(of value: ValueID) -> Int {
    if let known = numbers[value] { return known }
    var marks: Marks = stored.contains(value) ? .stored : []
    if kernel.own.contains(value) { marks.insert(.own) }
    if kernel.finished.contains(value) { marks.insert(.finished) }
    numbers[value] = notes.count
    notes.append(Note(value: value, marks: marks))
    return notes.count - 1
  }

  /// Notes that a value is needed at an index.
  private func demand(_ value: ValueID, at index: Int, under condition: Int?, by site: Site) {
    steps += 1
    let note = note(of: value)
    if isInPiece || !notes[site.note].marks.contains(.common) {
      pieceSteps += 1
    } else {
      notes[note].marks.insert(.common)
    }
    let needed = condition != nil && needsCondition(value, at: index) ? condition : nil
    guard isNew(Place(index: index, condition: needed), of: note) else { return }
    let marks = notes[note].marks
    guard let definition = graph.definitions[value.index] else { return read(note, at: index) }
    if marks.contains(.stored), !marks.contains(.own) { return read(note, at: index) }
    if marks.contains(.own) { ownPlaces[value, default: []].insert(index) }
    if needed == nil, marks.contains(.finished),
      homes.contains(index) || outerHomes.contains(index)
        || (kernel.isStraightLine && indices.place(index) == nil)
    {
      notes[note].marks.insert(.met)
      return
    }
    notes[note].depth = max(notes[note].depth, notes[site.note].depth + 1)
    notes[note].pending.append(Place(index: index, condition: needed))
    if notes[note].pending.count == 1 { pending.push(note, definedAt: definition) }
  }

  /// Whether a value is needed at a place for the first time.
  private func isNew(_ place: Place, of note: Int) -> Bool {
    guard let first = notes[note].first else {
      notes[note].first = place
      return true
    }
    guard place != first else { return false }
    let demand = Demand(
      value: notes[note].value, index: place.index, condition: place.condition)
    return visited.insert(demand).inserted
  }

  private func read(_ note: Int, at index: Int) {
    notes[note].walk = (notes[note].walk ?? []).union(indices.walk(index))
    if index != home { notes[note].marks.insert(.readElsewhere) }
  }

  /// Whether a value's index could leave it, so that the condition of a read matters; a reduction
  /// asks for its own index only.
  private func needsCondition(_ value: ValueID, at index: Int) -> Bool {
    if let fold = graph.comprehension(value)?.fold, !fold.isUnrolled { return false }
    return !zip(indices[index], graph.type(value).shape).allSatisfy { place, extent in
      variables.range(place).map { $0.lowerBound >= 0 && $0.upperBound < extent }
        ?? false
    }
  }

  /// Asks for what a value is made of at all places at which it is needed.
  private func expand(_ note: Int, at places: [Place], isRoot: Bool) {
    let value = notes[note].value
    guard let formula = graph.comprehension(value) else {
      guard graph.definitions[value.index] == nil else {
        notes[note].marks.insert(.impossible)
        return
      }
      for place in places {
        notes[note].walk = (notes[note].walk ?? []).union(indices.walk(place.index))
      }
      return
    }
    if !isRoot, isCrowded(note, formula, places) {
      notes[note].marks.insert(.crowded)
      return
    }
    notes[note].marks.insert(.inside)
    for place in places {
      let site = Site(value: value, note: note, axes: place.index, condition: place.condition)
      visit(formula, at: site)
    }
  }

  /// Asks for what a value is made of at one place.
  private func visit(_ formula: Comprehension, at site: Site) {
    let (value, note, index) = (site.value, site.note, site.axes)
    let iterations = indices.iterations(index)
    if case .apply = formula.body { work += 1 }
    guard let fold = formula.fold else {
      if formula.body.isCostly {
        let repetition = iterations * 100 / max(graph.type(value).count, 1)
        notes[note].costly = max(notes[note].costly ?? 0, repetition)
        notes[note].costlyTotal += min(repetition, 1 << 30)
      }
      return formula.body.accept(self, at: site)
    }
    if let operand = fold.initialOperand {
      demand(graph.operands(of: value)[operand], at: indices.number([]), under: nil, by: site)
    }
    var inner = site
    guard !fold.isUnrolled else {
      for element in fold.extents.allIndices {
        inner.axes = indices.number(indices[index] + element.map { IndexExpression($0) })
        formula.body.accept(self, at: inner)
      }
      return
    }
    let isLookedUp = indices[index].contains(where: \.isLookedUp)
    let count = max(graph.type(value).count, 1)
    let repetition = isLookedUp ? Int.max / 2 : iterations * 100 / count
    notes[note].fold = max(notes[note].fold ?? 0, repetition)
    let (_, folded) = variables.nestIndex(in: indices.place(index), extents: fold.extents)
    inner.axes = indices.number(indices[index] + folded)
    inner.condition = nil
    formula.body.accept(self, at: inner)
  }

  // MARK: Crowding

  /// Whether a value is needed at too many places, at too long an index, or too far from the root.
  private func isCrowded(_ note: Int, _ formula: Comprehension, _ places: [Place]) -> Bool {
    let value = notes[note].value
    switch formula.body {
    case .index, .constant: return false
    case .read, .apply, .guarded, .pieces: break
    }
    if places.contains(where: { indices.size($0.index) >= CostModel.Storing.indexSize }) {
      return true
    }
    if notes[note].depth > Self.depthLimit { return true }
    if case .read = formula.body, formula.fold == nil { return false }
    let elements = places.reduce(0) { $0.addingCapped(indices.iterations($1.index)) }
    let size = max(graph.type(value).count, 1)
    return
      (places.count > CostModel.Storing.placeLimit
      && elements / CostModel.Storing.placeLimit > size)
      || isDearer(value, places.count, repetition: elements / size)
      || isRepeatedVector(value, formula, repetition: elements / size)
  }

  /// Whether a value is a vector that a sum computes again for each of its elements: there it is scalars,
  /// one after the other, and by itself it is computed in lanes.
  private func isRepeatedVector(
    _ value: ValueID, _ formula: Comprehension, repetition: Int
  ) -> Bool {
    let type = graph.type(value)
    guard formula.fold == nil, type.element.isFloat,
      repetition >= CostModel.Storing.vectorRepetition,
      type.count >= CostModel.Storing.leastVector, type.shape.count(where: { $0 > 1 }) == 1
    else { return false }
    let effort = effort(of: value)
    return effort.weight >= CostModel.Storing.vectorWeight && !effort.isCostly
      && type.count / CostModel.Storing.growthLimit <= effort.elements
  }

  /// Whether computing a value at all these places, as often for each of its elements, is more work
  /// than a trip to memory, which is not much larger for it than for what it is computed from.
  private func isDearer(_ value: ValueID, _ places: Int, repetition: Int) -> Bool {
    guard places > CostModel.Storing.freePlaceLimit, repetition > 1 else { return false }
    let effort = effort(of: value)
    return (repetition - 1).multipliedCapped(by: effort.weight) > CostModel.Storing.tripWeight
      && graph.type(value).count / CostModel.Storing.growthLimit <= effort.elements
  }

  /// Roughly the additions that an element of a value takes from what is in memory, as far as they count.
  func weight(of value: ValueID) -> Int { effort(of: value).weight }

  /// What a value takes to compute from what is in memory.
  private func effort(of value: ValueID) -> Effort {
    var rest = [value]
    while let next = rest.last {
      guard efforts[next] == nil else {
        rest.removeLast()
        continue
      }
      guard !stored.contains(next) || kernel.own.contains(next),
        let operation = graph.operation(next), let formula = graph.comprehension(next)
      else {
        efforts[next] = Effort(weight: 1, elements: graph.type(next).count)
        continue
      }
      let unknown = operation.operands.filter { efforts[$0] == nil }
      guard unknown.isEmpty else {
        rest += unknown
        continue
      }
      let repetition = min(formula.fold?.count ?? 1, CostModel.Storing.tripWeight + 1)
      var sum = Effort(
        weight: min(formula.weight * repetition, CostModel.Storing.tripWeight + 1),
        elements: 0,
        isCostly: formula.fold != nil || formula.body.isCostly)
      for case let part? in operation.operands.map({ efforts[$0] }) {
        sum.weight = min(sum.weight + part.weight, CostModel.Storing.tripWeight + 1)
        sum.isCostly = sum.isCostly || part.isCostly
        sum.elements = max(sum.elements, part.elements)
      }
      efforts[next] = sum
    }
    return efforts[value] ?? Effort(weight: 1, elements: graph.type(value).count)
  }
}

extension Audit: FormulaVisitor {
  /// The formula of a value with its axes bound to an index by number, under a condition.
  struct Site {
    var value: ValueID
    /// The place of the value's note.
    var note: Int
    var axes: Int
    var condition: Int?
  }

  func axes(of site: Site) -> [IndexExpression] { indices[site.axes] }
  func range(_ index: IndexExpression) -> ClosedRange<Int>? { variables.range(index) }

  func read(_ operand: Int, _ index: [Comprehension.ReadIndex], at site: Site) {
    let operands = graph.operands(of: site.value)
    let axes = indices[site.axes]
    var place = site.axes
    if !index.isIdentity(of: axes.count) {
      let bound = index.bound(to: axes) { operand, index, _ in
        let element = Demand(value: operands[operand], index: indices.number(index))
        demand(element.value, at: element.index, under: site.condition, by: site)
        return IndexExpression(.lookup(LookupID(lookups.number(of: element))))
      }
      place = indices.number(bound)
      if bound.contains(where: \.isLookedUp) { indices.note(place, isNeededAsOftenAs: site.axes) }
    }
    demand(operands[operand], at: place, under: site.condition, by: site)
  }

  func number(_ index: IndexExpression, _ element: ElementType, at site: Site) {}
  func constant(_ literal: Literal, _ index: [IndexExpression], at site: Site) {}

  func application(_ op: ScalarOp, _ arguments: [Comprehension.Body], at site: Site) {
    for argument in arguments { argument.accept(self, at: site) }
  }

  func choice(
    _ alternatives: [Comprehension.Body.Alternative], isOfPieces: Bool, at site: Site
  ) {
    let wasInPiece = isInPiece
    if isOfPieces { isInPiece = true }
    defer { isInPiece = wasInPiece }
    for alternative in alternatives {
      for bound in alternative.bounds {
        noteBreak(bound.lower, of: bound.index)
        noteBreak(bound.upper, of: bound.index)
      }
      var inside = site
      inside.condition = conditions.number(
        of: Condition(
          outer: site.condition, bounds: alternative.bounds, isNegated: alternative.isNegated))
      alternative.body.accept(self, at: inside)
    }
  }

  /// Notes where along the root's axis an index reaches a place.
  private func noteBreak(_ place: Int, of index: IndexExpression) {
    guard index.terms.count == 1, case .variable(let variable) = index.terms[0].atom,
      let axis = axes[variable]
    else { return }
    let (distance, overflows) = place.subtractingReportingOverflow(index.constant)
    // Going up, the place is the first one behind the break, going down the last one before it.
    let isUp = index.terms[0].coefficient == 1
    guard !overflows, isUp || index.terms[0].coefficient == -1, distance > Int.min / 2,
      case let position = isUp ? distance : 1 - distance,
      (1..<variables.extent(variable)).contains(position)
    else { return }
    breaks[axis, default: []].insert(position)
  }
}
