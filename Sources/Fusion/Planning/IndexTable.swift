internal import LoopIR
internal import TensorIR

/// The indices of a nest's demands as numbers, so that equal ones are found and compared at no cost.
final class IndexTable {
  private let variables: VariableTree
  @exclusivity(unchecked) private var numbers: [[IndexExpression]: Int] = [:]
  @exclusivity(unchecked) private var entries: [Entry] = []

  /// What is known of an index.
  private struct Entry {
    var index: [IndexExpression]
    var place: VariableID?
    var iterations: Int
    var walk: OutermostWalk
    var size: Int
  }

  init(_ variables: VariableTree) { self.variables = variables }

  /// The index with a number.
  subscript(_ number: Int) -> [IndexExpression] { entries[number].index }

  /// The number of an index.
  func number(_ index: [IndexExpression]) -> Int {
    if let known = numbers[index] { return known }
    let place = variables.deepest(index)
    let walk = OutermostWalk(
      axes: index.indices.filter { axis in
        var isOutermost = false
        index[axis].forEachVariable { if variables.depth($0) == 1 { isOutermost = true } }
        return isOutermost
      })
    entries.append(
      Entry(
        index: index, place: place, iterations: variables.iterations(place), walk: walk,
        size: index.reduce(0) { $0 + $1.size }))
    numbers[index] = entries.count - 1
    return entries.count - 1
  }

  /// The variable of the innermost loop that an index depends on.
  func place(_ number: Int) -> VariableID? { entries[number].place }

  /// How often the body of that loop runs in all; of a looked-up place, how often it is needed.
  func iterations(_ number: Int) -> Int { entries[number].iterations }

  /// Notes that a place that is looked up, whose loops its index does not tell, is needed with another one.
  func note(_ number: Int, isNeededAsOftenAs other: Int) {
    entries[number].iterations = max(entries[number].iterations, entries[other].iterations)
  }

  /// How many variables and scalars are written in it.
  func size(_ number: Int) -> Int { entries[number].size }

  /// Along which axes the outermost loop goes there.
  func walk(_ number: Int) -> OutermostWalk { entries[number].walk }
}

/// The axes of a value along which the outermost loop of a nest goes, over all places at which the nest
/// reads it.
///
/// Nests that share their outermost loop go over a value together only where it takes both along one axis;
/// otherwise one of them goes over all of the value in each iteration.
struct OutermostWalk: OptionSet {
  let rawValue: Int

  init(rawValue: Int) { self.rawValue = rawValue }

  /// The walk of one place; it goes along no axis where the loop does not count there.
  init(axes: [Int]) {
    rawValue = axes.isEmpty ? 1 : axes.reduce(0) { $0 | 1 << min($1 + 1, Int.bitWidth - 2) }
  }

  /// How many axes the outermost loop goes along, at one place or another.
  var axisCount: Int { (rawValue >> 1).nonzeroBitCount }
}

/// The values of a function that were met, by number.
final class ValueNumbers {
  @exclusivity(unchecked) private var numbers: [Int32]
  /// The round in which a value got its number.
  @exclusivity(unchecked) private var rounds: [Int32]
  @exclusivity(unchecked) private var round: Int32 = 1

  /// No numbers, for so many values.
  init(count: Int) {
    numbers = [Int32](repeating: 0, count: count)
    rounds = numbers
  }

  /// Forgets all numbers, which takes no time.
  func removeAll() { round += 1 }

  /// The number of a value; nil where it has none.
  subscript(value: ValueID) -> Int? {
    get { rounds[value.index] == round ? Int(numbers[value.index]) : nil }
    set {
      rounds[value.index] = newValue == nil ? 0 : round
      numbers[value.index] = Int32(truncatingIfNeeded: newValue ?? 0)
    }
  }
}

/// Values that a nest needs, by number; the value that is defined last comes first.
struct DemandQueue {
  private struct Entry {
    var number: Int
    var definition: Int
  }

  /// A binary heap.
  private var heap: [Entry] = []

  /// Adds a value.
  mutating func push(_ number: Int, definedAt definition: Int) {
    push(Entry(number: number, definition: definition))
  }

  /// The value that is defined last; nil where there is none.
  mutating func popLatest() -> Int? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty { sink(last) }
    return first.number
  }

  private mutating func push(_ entry: Entry) {
    var hole = heap.count
    heap.append(entry)
    while hole > 0, heap[(hole - 1) / 2].definition < entry.definition {
      heap[hole] = heap[(hole - 1) / 2]
      hole = (hole - 1) / 2
    }
    heap[hole] = entry
  }

  /// Puts an entry at the top and lets it sink to its place.
  private mutating func sink(_ entry: Entry) {
    var hole = 0
    while 2 * hole + 1 < heap.count {
      var child = 2 * hole + 1
      if child + 1 < heap.count, heap[child + 1].definition > heap[child].definition { child += 1 }
      if heap[child].definition <= entry.definition { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = entry
  }
}

extension Dictionary where Value == Int {
  /// The number of a key; keys are numbered in the order in which they come.
  mutating func number(of key: Key) -> Int {
    if let known = self[key] { return known }
    let next = count
    self[key] = next
    return next
  }
}

extension Int {
  /// The sum, at most `Int.max`.
  func addingCapped(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? Int.max : sum
  }

  /// The product, at most `Int.max`.
  ///
  /// - Requires: neither factor is negative.
  func multipliedCapped(by other: Int) -> Int {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? Int.max : product
  }
}
