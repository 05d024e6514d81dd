internal import LoopIR
internal import TensorIR

/// What elementwise values are made of, found along the operations, to tell which are better stored.
///
/// A state that is carried from step to step of an unrolled loop is computed from what all steps
/// before made. Each kernel that needs it would read all of that again, so the work would grow with
/// the square of the steps; it is read from memory instead. So is what is at the end of a long chain of
/// operations, and a scalar of some work that several nests of loops need, such as the factor by which all
/// gradients are clipped.
struct Footprints {
  private let graph: Graph
  /// What is read to compute a value that is not stored; nil for what is stored itself.
  private var parts: [[Part]?]
  /// How many operations and results use a value.
  private let useCounts: [Int]
  /// How each value is computed.
  private let kinds: [Kind]
  /// Some of the products, reductions, scatters and results that each value is computed for.
  private var purposes: [Purposes]
  /// Some of those of them that have loops, for small values only.
  private var nests: [Purposes]
  /// How many operations and results use a value, those of its broadcasts and slices included.
  private var forks: [Int]
  /// The longest chain of operations that computes a value from what is in memory.
  private var depths: [Int]
  /// The additions of that chain, roughly.
  private var weights: [Int]

  /// How a value is computed.
  private enum Kind {
    /// Element by element, where it is needed.
    case elementwise
    /// As the elements of an operand at other indices, where it is needed.
    case renaming
    /// By loops or calls of its own.
    case other
  }

  /// Memory that a value is computed from, and the bytes of it that are read.
  private struct Part {
    var source: ValueID
    var byteCount: Int
  }

  /// The first values that something is needed for; so many are told apart, and no more.
  private struct Purposes {
    private var values = SIMD8<Int32>(repeating: -1)
    private(set) var count = 0

    mutating func insert(_ purpose: ValueID) { insert(Int32(truncatingIfNeeded: purpose.index)) }

    private mutating func insert(_ purpose: Int32) {
      guard count < values.scalarCount, !any(values .== purpose) else { return }
      values[count] = purpose
      count += 1
    }

    mutating func formUnion(_ other: Purposes) {
      for place in 0..<other.count { insert(other.values[place]) }
    }
  }

  /// So many parts of a value are counted.
  private static let partLimit = 8

  /// Finds what values are needed for.
  ///
  /// - Parameter isStored: Whether a value is in memory whatever it is made of.
  init(_ graph: Graph, isStored: (ValueID) -> Bool) {
    let count = graph.function.types.count
    self.graph = graph
    useCounts = graph.function.useCounts()
    var kinds = [Kind](repeating: .other, count: count)
    for operation in graph.function.operations
    where graph.isElementwise(operation) && !isStored(operation.result) {
      let isRenaming = graph.comprehension(operation.result)?.isRenaming ?? false
      kinds[operation.result.index] = isRenaming ? .renaming : .elementwise
    }
    self.kinds = kinds
    parts = [[Part]?](repeating: nil, count: count)
    purposes = [Purposes](repeating: Purposes(), count: count)
    nests = purposes
    forks = [Int](repeating: 0, count: count)
    depths = [Int](repeating: 0, count: count)
    weights = depths
    for result in graph.function.results {
      purposes[result.index].insert(result)
      forks[result.index] += 1
    }
    for operation in graph.function.operations.reversed() { addPurposes(of: operation) }
  }

  /// Notes what the operands of an operation are computed for.
  private mutating func addPurposes(of operation: Operation) {
    let result = operation.result
    let isRenaming = kinds[result.index] == .renaming
    let isElementwise = kinds[result.index] != .other
    for operand in operation.operands {
      if isElementwise {
        purposes[operand.index].formUnion(purposes[result.index])
      } else {
        purposes[operand.index].insert(result)
      }
      forks[operand.index] += isRenaming ? forks[result.index] : 1
      guard isSmall(operand) else { continue }
      if !isElementwise {
        nests[operand.index].insert(result)
      } else if isSmall(result) {
        nests[operand.index].formUnion(nests[result.index])
      } else {
        nests[operand.index].formUnion(purposes[result.index])
      }
    }
  }

  /// Whether a value takes few bytes.
  func isSmall(_ value: ValueID) -> Bool {
    graph.type(value).byteCount < CostModel.Storing.leastStoredBytes
  }

  /// Notes an operation behind all those it reads from.
  ///
  /// - Returns: whether its result is better stored.
  mutating func note(_ operation: Operation, isStored: (ValueID) -> Bool) -> Bool {
    let value = operation.result
    guard kinds[value.index] != .other, !isStored(value) else {
      for result in operation.results { forget(result) }
      return false
    }
    let isRenaming = kinds[value.index] == .renaming
    let own = sources(of: operation, isRenaming: isRenaming)
    let depth = operation.operands.reduce(0) { max($0, depths[$1.index]) }
    depths[value.index] = isRenaming ? depth : depth + 1
    let weight = operation.operands.reduce(0) { max($0, weights[$1.index]) }
    weights[value.index] = weight + (graph.comprehension(value)?.body.weight ?? 0)
    if !isRenaming, isBetterStored(value, own) {
      forget(value)
      return true
    }
    parts[value.index] = own
    return false
  }

  /// Notes that a value is in memory.
  private mutating func forget(_ value: ValueID) {
    (parts[value.index], depths[value.index], weights[value.index]) = (nil, 0, 0)
  }

  /// The memory that an operation's result is computed from.
  private func sources(of operation: Operation, isRenaming: Bool) -> [Part] {
    let byteCount = graph.type(operation.result).byteCount
    var own = [Part]()
    func add(_ part: Part) {
      let read = isRenaming ? min(part.byteCount, byteCount) : part.byteCount
      if let known = own.firstIndex(where: { $0.source == part.source }) {
        own[known].byteCount = max(own[known].byteCount, read)
      } else {
        own.append(Part(source: part.source, byteCount: read))
      }
    }
    for operand in operation.operands where graph.literal(operand) == nil {
      let whole = [Part(source: operand, byteCount: graph.type(operand).byteCount)]
      for part in parts[operand.index] ?? whole where own.count < Self.partLimit { add(part) }
    }
    return own
  }

  /// Whether a value that is made of some parts is read from memory rather.
  private func isBetterStored(_ value: ValueID, _ own: [Part]) -> Bool {
    guard isSmall(value) else {
      let total = own.reduce(0) { $0.addingCapped($1.byteCount) }
      let isWide =
        useCounts[value.index] > 1
        && total / CostModel.Storing.storedRatio >= graph.type(value).byteCount
      let isLong =
        forks[value.index] > 1 && weights[value.index] >= CostModel.Storing.sharedWeight
      return purposes[value.index].count > 1 && (isWide || isLong)
    }
    let isWide =
      own.count >= Self.partLimit && nests[value.index].count >= CostModel.Storing.sharedNests
    let isLong =
      depths[value.index] >= CostModel.Storing.sharedDepth && nests[value.index].count > 1
    return forks[value.index] > 1 && (isWide || isLong)
  }
}

extension Graph {
  /// Whether an operation's result is computed element by element where it is needed.
  fileprivate func isElementwise(_ operation: Operation) -> Bool {
    guard operation.results.count == 1, let formula = comprehension(operation.result) else {
      return false
    }
    return formula.fold?.isUnrolled ?? true
  }
}

extension Comprehension {
  /// Whether the elements are an operand's at other indices.
  fileprivate var isRenaming: Bool {
    guard fold == nil else { return false }
    switch body {
    case .read, .constant, .index: return true
    case .apply, .guarded, .pieces: return false
    }
  }
}
