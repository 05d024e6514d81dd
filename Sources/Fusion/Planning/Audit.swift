internal import LoopIR
internal import TensorIR

/// What one nest of loops would read, repeat and compute, found by walking its demands without
/// building anything.
final class Audit {
  let graph: Graph
  /// Values that are in memory when the nest runs.
  let inMemory: Set<ValueID>
  private let variables = VariableTree()
  private var visited: Set<NestBuilder.Demand> = []

  /// Values read from memory.
  private(set) var reads: Set<ValueID> = []
  /// Reductions the nest would compute itself, with how often each element would be computed:
  /// times one hundred, so 100 is once.
  private(set) var folds: [ValueID: Int] = [:]
  /// Costly elementwise values the nest would compute itself, with how often, as for `folds`.
  private(set) var costly: [ValueID: Int] = [:]
  /// Values that cannot be computed inside a nest at all.
  private(set) var impossible: Set<ValueID> = []
  /// Elementwise values the nest would compute itself.
  private(set) var computed: Set<ValueID> = []
  /// Values that would be computed at so many places, and so often each of their elements, that the
  /// walk ends there: their number grows with every step of a chain of shifted reads.
  private(set) var crowded: Set<ValueID> = []
  /// At how many places a value is computed, and how many elements that makes.
  private var demands: [ValueID: (places: Int, elements: Int)] = [:]
  /// What values take to compute.
  private var efforts: [ValueID: (weight: Int, elements: Int)] = [:]
  /// Conditions by what they consist of, as numbers.
  private var conditions: [Condition: ScalarID] = [:]
  /// Values read at another place than the one stored.
  private var readElsewhere: Set<ValueID> = []
  private var home: [IndexExpression] = []

  /// A condition under which a value is read: bounds that hold, or one that does not.
  private struct Condition: Hashable {
    var outer: ScalarID?
    var bounds: [Bound]
    var isNegated: Bool
  }

  /// Values demanded at more places than this, and as often per element, are crowded.
  private static let placeLimit = 32
  /// At so many places a value is computed again without much thought.
  private static let freePlaceLimit = 4
  /// What writing an element to memory and reading it back costs, in additions.
  private static let tripWeight = 40
  /// A value that has more elements than this many times what it is computed from is never stored to
  /// save work.
  private static let growthLimit = 4

  init(_ graph: Graph, inMemory: Set<ValueID>) {
    self.graph = graph
    self.inMemory = inMemory
  }

  /// Whether a value that is read is only read at the index that is stored.
  func readsOnlyInPlace(_ value: ValueID) -> Bool { !readElsewhere.contains(value) }

  /// Walks the nest that stores a root.
  func walk(_ root: Root) {
    let type = graph.type(root.value)
    switch root.form {
    case .natural:
      for index in root.indices(in: variables, shape: type.shape).indices {
        home = index
        visit(root.value, at: index, isRoot: true)
      }
    case .unrolled:
      for index in type.shape.allIndices {
        visit(root.value, at: index.map { IndexExpression($0) }, isRoot: true)
      }
    case .scattered(let axes):
      guard let formula = graph.comprehension(root.value) else { return }
      let (_, ordered) = variables.nestIndex(
        in: nil, extents: axes.order.map { axes.extents[$0] })
      var index = ordered
      for (position, axis) in axes.order.enumerated() { index[axis] = ordered[position] }
      visit(formula.body, of: root.value, axes: index)
    }
  }

  private func visit(
    _ value: ValueID, at index: [IndexExpression], under condition: ScalarID? = nil,
    isRoot: Bool = false
  ) {
    let condition = needsCondition(value, at: index) ? condition : nil
    guard visited.insert(.init(value: value, index: index, condition: condition)).inserted
    else { return }
    if !isRoot && (inMemory.contains(value) || graph.definitions[value.index] == nil) {
      reads.insert(value)
      if index != home { readElsewhere.insert(value) }
      return
    }
    guard let formula = graph.comprehension(value) else {
      if graph.definitions[value.index] == nil {
        reads.insert(value)
      } else {
        impossible.insert(value)
      }
      return
    }
    let place = variables.deepest(index)
    let iterations = variables.iterations(place)
    if !isRoot, isCrowded(value, formula, iterations) { return }
    guard let fold = formula.fold else {
      computed.insert(value)
      if formula.body.isCostly {
        let repetition = iterations * 100 / max(graph.type(value).count, 1)
        costly[value] = max(costly[value] ?? 0, repetition)
      }
      visit(formula.body, of: value, axes: index, under: condition)
      return
    }
    if let operand = fold.initialOperand, let operation = graph.operation(value) {
      visit(operation.operands[operand], at: [])
    }
    guard !fold.isUnrolled else {
      for element in fold.extents.allIndices {
        visit(
          formula.body, of: value, axes: index + element.map { IndexExpression($0) },
          under: condition)
      }
      return
    }
    let isLookedUp = index.contains(where: \.isLookedUp)
    let count = max(graph.type(value).count, 1)
    let repetition = isLookedUp ? Int.max / 2 : iterations * 100 / count
    folds[value] = max(folds[value] ?? 0, repetition)
    let (_, folded) = variables.nestIndex(in: place, extents: fold.extents)
    visit(formula.body, of: value, axes: index + folded)
  }

  /// Whether a value's index could leave it, so that the condition of a read matters; a reduction
  /// asks for its own index only.
  private func needsCondition(_ value: ValueID, at index: [IndexExpression]) -> Bool {
    if let fold = graph.comprehension(value)?.fold, !fold.isUnrolled { return false }
    return !zip(index, graph.type(value).shape).allSatisfy { place, extent in
      variables.range(place) { _ in nil }.map { $0.lowerBound >= 0 && $0.upperBound < extent }
        ?? false
    }
  }

  /// Whether computing a value at all these places, as often for each of its elements, is more work
  /// than a trip to memory, which is not much larger for it than for what it is computed from.
  private func isDearer(_ value: ValueID, _ places: Int, repetition: Int) -> Bool {
    guard places > Self.freePlaceLimit else { return false }
    let effort = effort(of: value)
    return (repetition - 1) * effort.weight > Self.tripWeight
      && graph.type(value).count <= Self.growthLimit * effort.elements
  }

  /// The work of one element of a value from what is in memory, and the elements of the largest
  /// value read for it.
  private func effort(of value: ValueID) -> (weight: Int, elements: Int) {
    if let known = efforts[value] { return known }
    guard !inMemory.contains(value), let operation = graph.operation(value),
      let formula = graph.comprehension(value)
    else {
      efforts[value] = (1, graph.type(value).count)
      return (1, graph.type(value).count)
    }
    let repetition = formula.fold?.extents.reduce(1, *) ?? 1
    var sum = (weight: min(formula.body.weight * repetition, Self.tripWeight + 1), elements: 0)
    for operand in operation.operands {
      let part = effort(of: operand)
      sum.weight = min(sum.weight + part.weight, Self.tripWeight + 1)
      sum.elements = max(sum.elements, part.elements)
    }
    efforts[value] = sum
    return sum
  }

  /// Counts one more place of a value, and tells whether there are too many.
  private func isCrowded(
    _ value: ValueID, _ formula: Comprehension, _ iterations: Int
  ) -> Bool {
    switch formula.body {
    case .index, .constant: return false
    case .read where formula.fold == nil: return false
    case .read, .apply, .guarded: break
    }
    var count = demands[value] ?? (0, 0)
    count.places += 1
    count.elements += iterations
    demands[value] = count
    let size = max(graph.type(value).count, 1)
    let isTooMany = count.places > Self.placeLimit && count.elements / Self.placeLimit > size
    guard isTooMany || isDearer(value, count.places, repetition: count.elements / size) else {
      return false
    }
    crowded.insert(value)
    return true
  }

  private func visit(
    _ body: Comprehension.Body, of value: ValueID, axes: [IndexExpression],
    under condition: ScalarID? = nil
  ) {
    let operands = graph.operation(value)?.operands ?? []
    switch body {
    case .read(let operand, let index):
      var bound = [IndexExpression]()
      for entry in index {
        var place = entry.affine.bound(to: axes)
        if let lookup = entry.lookup {
          visit(
            operands[lookup.operand], at: lookup.index.map { $0.bound(to: axes) }, under: condition)
          place += IndexExpression(.scalar(ScalarID(lookup.operand)))
        }
        bound.append(place)
      }
      visit(operands[operand], at: bound, under: condition)
    case .index, .constant: break
    case .apply(_, let arguments):
      for argument in arguments { visit(argument, of: value, axes: axes, under: condition) }
    case .guarded(let bounds, let inside, let outside):
      var open = [Bound]()
      for bound in bounds {
        let index = bound.index.bound(to: axes)
        let range = variables.range(index) { _ in nil }
        if let range, range.lowerBound >= bound.lower, range.upperBound < bound.upper { continue }
        if let range, range.upperBound < bound.lower || range.lowerBound >= bound.upper {
          return visit(outside, of: value, axes: axes, under: condition)
        }
        open.append(Bound(index, lower: bound.lower, upper: bound.upper))
      }
      if open.isEmpty { return visit(inside, of: value, axes: axes, under: condition) }
      for (side, isNegated) in [(inside, false), (outside, true)] {
        let both = number(Condition(outer: condition, bounds: open, isNegated: isNegated))
        visit(side, of: value, axes: axes, under: both)
      }
    }
  }

  private func number(_ condition: Condition) -> ScalarID {
    let next = ScalarID(conditions.count)
    conditions[condition, default: next] = conditions[condition] ?? next
    return conditions[condition] ?? next
  }
}

extension [Int] {
  /// The index of every element of a tensor of this shape, in row-major order.
  var allIndices: [[Int]] {
    (0..<reduce(1, *)).map { flat in
      var rest = flat
      var index = [Int](repeating: 0, count: count)
      for axis in indices.reversed() {
        index[axis] = rest % self[axis]
        rest /= self[axis]
      }
      return index
    }
  }
}

/// A value that a kernel writes to memory.
struct Root {
  /// How the nest that computes a root is laid out.
  enum Form {
    /// Loops over the result's axes, a reduction's loops inside.
    case natural
    /// Loops over all axes of a reduction's formula, adding into memory.
    case scattered(Axes)
    /// A store for each of a few elements, without loops.
    case unrolled
  }

  /// The loops of a scattered reduction.
  struct Axes {
    /// The extents of the formula's axes: the result's, then the folded ones.
    var extents: [Int]
    /// The order of loops, outermost first, as positions in `extents`.
    var order: [Int]
  }

  var value: ValueID
  var form = Form.natural
  /// Short axes of a natural root that are written out instead of becoming loops.
  var unrolledAxes: [Int] = []

  /// Whether the root is summed up in memory.
  var isScattered: Bool {
    if case .scattered = form { return true }
    return false
  }

  /// The loops of a natural root, and the indices stored inside: one, or one for each element of
  /// the unrolled axes.
  func indices(
    in variables: VariableTree, shape: [Int]
  ) -> (loops: [VariableID], indices: [[IndexExpression]]) {
    let (loops, looped) = variables.nestIndex(in: nil, extents: shape.removing(unrolledAxes))
    let places = shape.selecting(unrolledAxes).allIndices
    return (
      loops,
      places.map { place in
        var remaining = looped.makeIterator()
        return shape.indices.map { axis in
          if let position = unrolledAxes.firstIndex(of: axis) {
            return IndexExpression(place[position])
          }
          return remaining.next() ?? IndexExpression(0)
        }
      }
    )
  }

  /// The extents of the loops around the root's store or accumulation.
  func extents(in graph: Graph) -> [Int] {
    switch form {
    case .natural:
      let own = graph.type(value).shape.removing(unrolledAxes)
      guard own.isEmpty, let fold = graph.comprehension(value)?.fold, !fold.isUnrolled else {
        return own
      }
      return fold.extents
    case .unrolled: return []
    case .scattered(let axes): return axes.order.map { axes.extents[$0] }
    }
  }
}

extension Comprehension.Body {
  /// Whether the body is a function that costs more than a trip to memory.
  var isCostly: Bool {
    guard case .apply(let op, _) = self else { return false }
    return op.weight >= 8
  }
}

extension Comprehension.Body {
  /// Roughly how many additions the body costs by itself.
  fileprivate var weight: Int {
    switch self {
    case .read, .constant: 0
    case .index: 1
    case .apply(let op, let bodies): bodies.reduce(op.weight) { $0 + $1.weight }
    case .guarded(let bounds, let inside, let outside):
      bounds.count + inside.weight + outside.weight
    }
  }
}
