internal import LoopIR
internal import TensorIR

/// What a nest is computed from, in words that are equal where the same operations are done to values
/// that stand in the same relation to each other: the nests of equal layers have one description.
struct SubgraphKey: Hashable {
  private let words: [Int]
  private let hash: UInt

  init(_ words: [Int]) {
    self.words = words
    var hash: UInt = 0
    for word in words {
      hash = (hash ^ UInt(bitPattern: word)) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    self.hash = hash
  }

  func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// A description, and which values take part in it.
struct Subgraph {
  let key: SubgraphKey
  /// The values by the numbers that the description has for them: what is computed, latest first, then
  /// what is read.
  let values: [ValueID]
}

/// Describes what nests are computed from.
final class SubgraphTable {
  private let graph: Graph
  /// The number of each value in the description that is being made, where its stamp is the current one.
  @exclusivity(unchecked) private var numbers: [Int]
  @exclusivity(unchecked) private var stamps: [Int]
  @exclusivity(unchecked) private var stamp = 0
  /// How many values were looked at.
  @exclusivity(unchecked) private(set) var visitCount = 0

  /// The number of a value that was met and has none yet.
  private static let unnumbered = -1

  init(_ graph: Graph) {
    self.graph = graph
    numbers = [Int](repeating: Self.unnumbered, count: graph.function.types.count)
    stamps = [Int](repeating: 0, count: graph.function.types.count)
  }

  /// Describes what some values are computed from.
  ///
  /// The order in which the program computes values is part of the description.
  ///
  /// - Parameters:
  ///   - prefix: What else the nest depends on.
  ///   - limit: So many values may be computed; more are not described.
  ///   - expandsRoots: Whether the roots are computed even where others read them from memory.
  ///   - isRead: Whether a value is taken from memory.
  ///   - note: Adds words about a value.
  /// - Returns: nil where too much is computed.
  func subgraph(
    of roots: [ValueID], after prefix: [Int], limit: Int, expandsRoots: Bool,
    isRead: (ValueID) -> Bool, note: (ValueID, inout [Int]) -> Void
  ) -> Subgraph? {
    guard
      let positions = positions(
        of: roots, limit: limit, expandsRoots: expandsRoots, isRead: isRead)
    else { return nil }
    var values = [ValueID]()
    values.reserveCapacity(2 * positions.count + roots.count)
    for (number, position) in positions.enumerated() {
      let value = graph.firstResults[position]
      numbers[value.index] = number
      values.append(value)
    }
    var words = prefix
    words.reserveCapacity(prefix.count + 8 * positions.count)
    func refer(to value: ValueID) {
      if numbers[value.index] != Self.unnumbered { return words.append(numbers[value.index]) }
      numbers[value.index] = values.count
      words.append(values.count)
      values.append(value)
      words.append(graph.forms.number(of: graph.type(value)))
      // A fold that starts from the identity looks at the constant wherever it is.
      words.append(graph.literal(value) == nil ? -1 : graph.form(of: value) ?? -1)
      note(value, &words)
    }
    words.append(roots.count)
    for root in roots { refer(to: root) }
    for position in positions {
      let value = graph.firstResults[position]
      words.append(graph.form(of: value) ?? -1)
      note(value, &words)
      words.append(graph.operands[position].count)
      for operand in graph.operands[position] { refer(to: operand) }
    }
    return Subgraph(key: SubgraphKey(words), values: values)
  }

  /// The number of a value in the description made last; nil where it has no part in it.
  func number(of value: ValueID) -> Int? {
    guard stamps[value.index] == stamp, numbers[value.index] != Self.unnumbered else { return nil }
    return numbers[value.index]
  }

  /// The operations that compute what is not read, the latest first; nil where there are more than
  /// `limit`.
  private func positions(
    of roots: [ValueID], limit: Int, expandsRoots: Bool, isRead: (ValueID) -> Bool
  ) -> [Int]? {
    stamp += 1
    var positions = [Int]()
    var pending = roots
    var rootCount = expandsRoots ? roots.count : 0
    while let value = pending.popLast() {
      // Roots are the first to be looked at.
      let isRoot = pending.count < rootCount
      if isRoot { rootCount = pending.count }
      guard stamps[value.index] != stamp else { continue }
      stamps[value.index] = stamp
      numbers[value.index] = Self.unnumbered
      visitCount += 1
      guard let position = graph.definitions[value.index], isRoot || !isRead(value),
        graph.form(of: value) != nil
      else { continue }
      positions.append(position)
      if positions.count > limit { return nil }
      pending += graph.operands[position]
    }
    positions.sort(by: >)
    return positions
  }
}
