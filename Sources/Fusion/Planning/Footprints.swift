internal import LoopIR
internal import TensorIR

/// What elementwise values are made of, found along the operations, to tell which are better stored.
///
/// A state that is carried from step to step of an unrolled loop is computed from what all steps
/// before made. Each kernel that needs it would read all of that again, so the work would grow with
/// the square of the steps; it is read from memory instead. So is what is at the end of a long chain of
/// operations, and a scalar of some work that several nests of loops need, such as the factor by which all
/// gradients are clipped.
final class Footprints {
  private let graph: Graph
  /// What is read to compute a value that is not stored; nil for what is stored itself.
  @exclusivity(unchecked) private var parts: [[Part]?]
  /// How many operations and results use a value.
  private let useCounts: [Int]
  /// How each value is computed.
  private let kinds: [Kind]
  /// Which values take few bytes.
  private let areSmall: [Bool]
  /// Which values are constants.
  private let areConstant: [Bool]
  /// Some of the products, reductions, scatters and results that each value is computed for.
  @exclusivity(unchecked) private var purposes: [FewValues]
  /// Some of those of them that have loops, for small values only.
  @exclusivity(unchecked) private var nests: [FewValues]
  /// How many operations and results use a value, those of its broadcasts and slices included.
  @exclusivity(unchecked) private var forks: [Int]
  /// The longest chain of operations that computes a value from what is in memory.
  @exclusivity(unchecked) private var depths: [Int]
  /// The additions of that chain, roughly.
  @exclusivity(unchecked) private var weights: [Int]
  /// Some of the gathers of single elements that a value is computed from.
  @exclusivity(unchecked) private var gathers: [FewValues]
  /// Which values are rows of a stored value's columns, so that neighbours are far apart in memory.
  @exclusivity(unchecked) private var crossings: [Bool]
  /// Those of them that are better stored as they are read.
  @exclusivity(unchecked) private(set) var laidOut: Set<ValueID> = []

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

  /// The first of some values; so many are told apart, and no more.
  private struct FewValues {
    private var values = SIMD8<Int32>(repeating: -1)
    private(set) var count = 0

    /// How many of them are such as a condition says.
    func count(where condition: (ValueID) -> Bool) -> Int {
      (0..<count).count { condition(ValueID(Int(values[$0]))) }
    }

    mutating func insert(_ value: ValueID) { insert(Int32(truncatingIfNeeded: value.index)) }

    private mutating func insert(_ value: Int32) {
      guard count < values.scalarCount, !any(values .== value) else { return }
      values[count] = value
      count += 1
    }

    mutating func formUnion(_ other: FewValues) {
      if other.count == 0 || count == values.scalarCount || values == other.values { return }
      if count == 0 {
        self = other
        return
      }
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
    var areConstant = [Bool](repeating: false, count: count)
    for value in graph.firstResults where value.index >= 0 {
      // What has a formula has one result.
      guard let formula = graph.comprehension(value) else { continue }
      if case .constant = formula.body { areConstant[value.index] = true }
      guard formula.fold?.isUnrolled ?? true, !isStored(value) else { continue }
      kinds[value.index] = formula.isRenaming ? .renaming : .elementwise
    }
    self.kinds = kinds
    self.areConstant = areConstant
    areSmall = graph.function.types.map { $0.byteCount < CostModel.Storing.leastStoredBytes }
    parts = [[Part]?](repeating: nil, count: count)
    purposes = [FewValues](repeating: FewValues(), count: count)
    (nests, gathers) = (purposes, purposes)
    crossings = [Bool](repeating: false, count: count)
    forks = [Int](repeating: 0, count: count)
    depths = [Int](repeating: 0, count: count)
    weights = depths
    for result in graph.function.results {
      purposes[result.index].insert(result)
      forks[result.index] += 1
    }
    for position in graph.operands.indices.reversed() where graph.firstResults[position].index >= 0
    {
      addPurposes(of: position)
    }
  }

  /// Notes what the operands of an operation are computed for.
  private func addPurposes(of position: Int) {
    let result = graph.firstResults[position]
    let isRenaming = kinds[result.index] == .renaming
    let isElementwise = kinds[result.index] != .other
    for operand in graph.operands[position] {
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
  func isSmall(_ value: ValueID) -> Bool { areSmall[value.index] }

  /// Notes an operation behind all those it reads from.
  ///
  /// - Returns: whether its result is better stored.
  func note(_ operation: Operation, isStored: (ValueID) -> Bool) -> Bool {
    let value = operation.result
    guard kinds[value.index] != .other, !isStored(value) else {
      for result in operation.results { forget(result) }
      return false
    }
    let isRenaming = kinds[value.index] == .renaming
    let own = sources(of: operation, isRenaming: isRenaming)
    let formula = graph.comprehension(value)
    var (depth, weight) = (0, 0)
    for operand in operation.operands {
      depth = max(depth, depths[operand.index])
      weight = max(weight, weights[operand.index])
      gathers[value.index].formUnion(gathers[operand.index])
    }
    depths[value.index] = isRenaming ? depth : depth + 1
    weights[value.index] = weight + (formula?.weight ?? 0)
    let isGather = formula.map { gathersElements(operation, $0) } ?? false
    if isGather { gathers[value.index].insert(value) }
    crossings[value.index] = isRenaming && crossesMemory(operation, isStored)
    let isLaidOut = isCrossedOften(value)
    if isLaidOut { laidOut.insert(value) }
    if isLaidOut || ((!isRenaming || isGather) && isBetterStored(value, own)) {
      forget(value)
      return true
    }
    parts[value.index] = own
    return false
  }

  /// Notes that a value is in memory.
  private func forget(_ value: ValueID) {
    (parts[value.index], depths[value.index], weights[value.index]) = (nil, 0, 0)
    (gathers[value.index], crossings[value.index]) = (FewValues(), false)
  }

  /// The memory that an operation's result is computed from.
  private func sources(of operation: Operation, isRenaming: Bool) -> [Part] {
    let most = isRenaming ? graph.type(operation.result).byteCount : .max
    var own = [Part]()
    func add(_ part: Part) {
      guard own.count < Self.partLimit else { return }
      let read = min(part.byteCount, most)
      guard let known = own.firstIndex(where: { $0.source == part.source }) else {
        return own.append(Part(source: part.source, byteCount: read))
      }
      if own[known].byteCount < read { own[known].byteCount = read }
    }
    for operand in operation.operands where !areConstant[operand.index] {
      guard let inner = parts[operand.index] else {
        add(Part(source: operand, byteCount: graph.type(operand).byteCount))
        continue
      }
      if own.isEmpty, !isRenaming {
        own = inner
      } else {
        for part in inner { add(part) }
      }
    }
    return own
  }

  /// Whether an operation reads elements, or rows of very few, at computed places.
  private func gathersElements(_ operation: Operation, _ formula: Comprehension) -> Bool {
    guard formula.looksUp else { return false }
    var isGather = false
    formula.body.forEachPart { part in
      guard case .read(let operand, let index) = part,
        let place = index.lastIndex(where: { $0.lookup != nil })
      else { return }
      let row = graph.type(operation.operands[operand]).shape[(place + 1)...].reduce(1, *)
      isGather = isGather || row <= CostModel.Storing.gatheredRow
    }
    return isGather
  }

  /// Whether neighbours along the last axis of a renamed value are far apart in memory.
  private func crossesMemory(_ operation: Operation, _ isStored: (ValueID) -> Bool) -> Bool {
    let shape = graph.type(operation.result).shape
    guard case .read(let number, let index) = graph.comprehension(operation.result)?.body,
      index.allSatisfy({ $0.lookup == nil }), let last = shape.lastIndex(where: { $0 > 1 }),
      case let operand = operation.operands[number], case let type = graph.type(operand),
      let place = index.lastIndex(where: { ($0.affine.coefficient(of: VariableID(last)) ?? 0) != 0 }
      )
    else { return false }
    let stride = type.shape[(place + 1)...].reduce(type.element.byteCount, *)
    if stride == type.element.byteCount { return !isStored(operand) && crossings[operand.index] }
    return isStored(base(of: operand)) && shape[last] >= CostModel.Storing.leastCrossing
      && stride >= CostModel.Storing.crossedBytes
  }

  /// What a value is another shape of, so that both lie in memory alike.
  private func base(of value: ValueID) -> ValueID {
    guard let operation = graph.operation(value), case .shape(.reshape) = operation.op else {
      return value
    }
    return base(of: operation.operands[0])
  }

  /// Whether a value that lies across memory is read by several nests, so that it is better laid out once as
  /// they read it.
  private func isCrossedOften(_ value: ValueID) -> Bool {
    crossings[value.index] && graph.type(value).byteCount >= CostModel.Storing.leastCrossedBytes
      && purposes[value.index].count(where: { !isContraction($0) }) > 1
  }

  /// Whether a value is a product, which lays out its factors itself.
  private func isContraction(_ value: ValueID) -> Bool {
    switch graph.operation(value)?.op {
    case .dot, .convolution: true
    default: false
    }
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
      let repeatedGathers = gathers[value.index].count * (purposes[value.index].count - 1)
      let isGathered =
        forks[value.index] > 1 && repeatedGathers >= CostModel.Storing.repeatedGathers
        && graph.type(value).count >= CostModel.Storing.leastGathered
      return purposes[value.index].count > 1
        && (isWide || isLong || isGathered || isRepeatedFunction(value, madeOf: total))
    }
    let isWide =
      own.count >= Self.partLimit && nests[value.index].count >= CostModel.Storing.sharedNests
    let isLong =
      depths[value.index] >= CostModel.Storing.sharedDepth && nests[value.index].count > 1
    return forks[value.index] > 1 && (isWide || isLong)
  }

  /// Whether a value is a table of a costly function, as of pairs, that so many sums would compute again, along
  /// one axis and along another one perhaps, that reading it back takes less. Products keep their factors
  /// anyway, and what has as many elements as it is made of reads no less where it is stored.
  private func isRepeatedFunction(_ value: ValueID, madeOf byteCount: Int) -> Bool {
    guard let formula = graph.comprehension(value), formula.fold == nil, formula.body.isCostly,
      forks[value.index] > 1
    else { return false }
    let type = graph.type(value)
    let repeated = purposes[value.index].count { !isContraction($0) } - 1
    return repeated.multipliedCapped(by: formula.weight) >= CostModel.Storing.costlyTripWeight
      && type.count >= CostModel.Storing.leastGathered
      && type.byteCount <= CostModel.Storing.mostTableBytes
      && type.byteCount / 2 >= byteCount
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
