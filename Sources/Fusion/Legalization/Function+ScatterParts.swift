internal import TensorIR

// Scatters add one update after the other, since two may meet. Those of many updates are divided into
// parts of their own, by shapes alone, so that results are the same for any number of threads:
//
//     Before:  r = scatter(x, indices[n], updates[n])
//     After:   parts = scatter(zeros[p, …], indices[p, n/p], updates[p, n/p])
//              r = x + reduce(parts, over p)
//
// Sums of several scatters become one after the other in the same memory before.

extension Function {
  /// The function with large scatters that combine divided into parts which threads share.
  func withScatterParts() throws -> Function {
    guard holds({ operation, _ in operation.combination != nil }) else { return self }
    return try withDividedChains()
  }

  /// Chains of scatters divided where they are long.
  private func withDividedChains() throws -> Function {
    var finder = ChainFinder(self)
    for operation in operations { finder.visit(operation) }
    let chains = finder.chains.compactMapValues { ScatterChain($0, in: self) }
    // What only the rest of a chain uses stands for nothing; the chain is emitted at its end.
    var inside = Set<ValueID>()
    for (end, chain) in chains {
      inside.formUnion(chain.values)
      inside.remove(end)
    }
    var copies: [ValueID: ValueID] = [:]
    return try replacingOperations { operation, operands, builder in
      operation.op = try operation.op.mappingRegions { try $0.withScatterParts() }
      guard let result = operation.results.first else { return nil }
      let chain = chains[result]
      guard chain != nil || inside.contains(result) else { return nil }
      for (old, new) in zip(operation.operands, operands) { copies[old] = new }
      return try chain.map { [try builder.emit($0, copies)] } ?? [operands[0]]
    }
  }
}

/// Finds scatters that add to the same memory one after the other.
private struct ChainFinder {
  /// Scatters and sums of them, by the value that they make.
  private(set) var chains: [ValueID: FoundChain] = [:]

  private let function: Function
  private let uses: [Int]
  private let definitions: [Int?]

  init(_ function: Function) {
    self.function = function
    uses = function.useCounts()
    definitions = function.definitions()
  }

  /// Notes what an operation begins, goes on with or joins.
  mutating func visit(_ operation: Operation) {
    if let kind = operation.combination {
      let found = FoundChain(
        kind: kind, base: operation.operands[0], scatters: [operation],
        values: [operation.results[0]])
      let before = continued(operation.operands[0], kind)
      chains[operation.results[0]] = before.map { $0 + found } ?? found
    } else if operation.op == .binary(.add), operation.operands[0] != operation.operands[1] {
      for (first, second) in [(0, 1), (1, 0)] {
        let (start, rest) = (operation.operands[first], operation.operands[second])
        guard let other = chains[rest], other.kind == .add, uses[rest.index] == 1,
          isZero(other.base), let before = continued(start, .add)
        else { continue }
        chains[rest] = nil
        chains[operation.results[0]] = before + other
        chains[operation.results[0]]?.values.append(operation.results[0])
        return
      }
    }
  }

  /// The chain that a value ends, which nothing else uses, taken away.
  private mutating func continued(_ value: ValueID, _ kind: Reduction.Kind) -> FoundChain? {
    guard uses[value.index] == 1, chains[value]?.kind == kind else { return nil }
    return chains.removeValue(forKey: value)
  }

  /// Whether a value is known to be nothing but zeros.
  private func isZero(_ value: ValueID) -> Bool {
    guard let position = definitions[value.index] else { return false }
    let operation = function.operations[position]
    if case .constant(let literal) = operation.op {
      return literal.splatValue == Reduction.Kind.add.identity(of: literal.type.element).splatValue
    }
    guard case .shape(.broadcast) = operation.op else { return false }
    return isZero(operation.operands[0])
  }
}

/// Scatters onto each other's results, or whose results are added up.
private struct FoundChain {
  var kind: Reduction.Kind
  /// What the first one is scattered onto; all others are onto zeros.
  var base: ValueID
  var scatters: [Operation]
  /// All values that the chain makes.
  var values: [ValueID]

  static func + (before: Self, next: Self) -> Self {
    FoundChain(
      kind: before.kind, base: before.base, scatters: before.scatters + next.scatters,
      values: before.values + next.values)
  }
}

extension Operation {
  /// How a scatter combines updates with what is there; nil of others and of those that replace.
  fileprivate var combination: Reduction.Kind? {
    guard case .scatter(let scatter) = op, !scatter.uniqueIndices else { return nil }
    return scatter.combination.kind
  }
}

/// Scatters onto each other's results that are worth being divided.
private struct ScatterChain {
  struct Link {
    var operation: Operation
    var dimensions: ScatterDimensions
    /// The axis of indices that is divided, and that of updates.
    var indexAxis: Int, updateAxis: Int
  }

  var links: [Link] = []
  /// All values that the chain makes.
  let values: [ValueID]
  let base: ValueID
  let kind: Reduction.Kind
  let type: TensorType
  let parts: Int
  /// The shape of each part, which fills lines of the cache, so that threads do not wait for each other.
  private(set) var partShape: [Int] = []

  /// Less is added by one thread; counted in single updates.
  private static let leastUpdates = 1 << 15
  /// The most parts, and the most bytes that they take.
  private static let mostParts = 16, mostBytes = 1 << 24

  init?(_ found: FoundChain, in function: Function) {
    (values, base, kind) = (found.values, found.base, found.kind)
    type = function[base]
    guard type.count > 0, !type.element.isComplex else { return nil }
    var updates = 0
    for operation in found.scatters {
      guard let link = Link(operation, in: function) else { return nil }
      links.append(link)
      updates += link.cost(function[operation.operands[2]])
    }
    guard updates >= Self.leastUpdates else { return nil }
    let extents = links.map { function[$0.operation.operands[1]].shape[$0.indexAxis] }
    let most = min(Self.mostParts, Self.mostBytes / (type.count * type.element.byteCount))
    let possible = stride(from: most, to: 1, by: -1).filter { parts in
      extents.allSatisfy { $0.isMultiple(of: parts) }
    }
    // Many parts where they are small beside the updates; two where they are no larger. An odd number of
    // parts leaves threads without one at the end.
    let count = type.count
    let small = possible.filter { $0 * count <= updates / 2 }
    if let parts = small.first(where: { $0.isMultiple(of: 2) }) ?? small.first {
      self.parts = parts
    } else if let parts = possible.last, parts * count <= 2 * updates {
      self.parts = parts
    } else {
      return nil
    }
    partShape = type.shape
    padPart()
  }

  /// The bytes of a line of the cache, and of parts that are long enough to share few lines.
  private static let line = 64, longPart = 1 << 14

  /// Makes an axis of a part longer that no update has more than one element of: updates behind the
  /// result land in what is added, and are dropped with it.
  private mutating func padPart() {
    let shared = links.reduce(Set(type.shape.indices)) {
      $0.intersection($1.dimensions.insertedWindowDims)
    }
    guard let axis = shared.max(), type.count * type.element.byteCount < Self.longPart else {
      return
    }
    let rest = type.count / type.shape[axis] * type.element.byteCount
    let added = (0..<Self.line).first {
      ((type.shape[axis] + $0) * rest).isMultiple(of: Self.line)
    }
    partShape[axis] += added ?? 0
  }
}

extension ScatterChain.Link {
  /// A scatter that has an axis of updates to divide, and no other one that threads share.
  init?(_ operation: Operation, in function: Function) {
    guard case .scatter(let dimensions) = operation.op, dimensions.inputBatchingDims.isEmpty else {
      return nil
    }
    let indices = function[operation.operands[1]]
    let axes = indices.shape.indices.filter { $0 != dimensions.indexVectorDim }
    let updateAxes = function[operation.operands[2]].shape.indices.filter {
      !dimensions.updateWindowDims.contains($0)
    }
    guard let place = axes.indices.first(where: { indices.shape[axes[$0]] > 1 }) else { return nil }
    self.operation = operation
    self.dimensions = dimensions
    indexAxis = axes[place]
    updateAxis = updateAxes[place]
  }

  /// How many updates of single elements cost as much as these, whose windows are added in lanes.
  func cost(_ updates: TensorType) -> Int {
    let window = updates.shape.selecting(dimensions.updateWindowDims).reduce(1, *)
    return window == 0 ? 0 : updates.count / window * (1 + window / 50)
  }

  /// The scatter of so many parts, each onto memory of its own.
  func divided() -> Op {
    var parted = dimensions
    let later = { (axis: Int, divided: Int) in axis >= divided ? axis + 1 : axis }
    parted.updateWindowDims = dimensions.updateWindowDims.map { later($0, updateAxis) }
    parted.insertedWindowDims = dimensions.insertedWindowDims.map { $0 + 1 }
    parted.scatterDimsToOperandDims = dimensions.scatterDimsToOperandDims.map { $0 + 1 }
    parted.inputBatchingDims = [0]
    parted.scatterIndicesBatchingDims = [indexAxis]
    parted.indexVectorDim = later(dimensions.indexVectorDim, indexAxis)
    parted.indicesAreSorted = false
    return .scatter(parted)
  }
}

extension FunctionBuilder {
  /// The chain in parts, combined with what it is scattered onto.
  ///
  /// - Parameter copies: the values here of the chain's operands.
  fileprivate mutating func emit(
    _ chain: ScatterChain, _ copies: [ValueID: ValueID]
  ) throws -> ValueID {
    func copy(_ value: ValueID) throws -> ValueID {
      guard let copy = copies[value] else {
        throw AdjointError(.type, "a scatter is read before it is defined", at: location)
      }
      return copy
    }
    let identity = try constant(chain.kind.identity(of: chain.type.element))
    var sums = try broadcast(identity, to: [chain.parts] + chain.partShape, dimensions: [])
    for link in chain.links {
      let operands = link.operation.operands
      sums = try emit(
        link.divided(),
        [
          sums, divided(copy(operands[1]), at: link.indexAxis, into: chain.parts),
          divided(copy(operands[2]), at: link.updateAxis, into: chain.parts),
        ])
    }
    let padded = try reduce(chain.kind, sums, dimensions: [0])
    let sum =
      chain.partShape == chain.type.shape
      ? padded
      : try emit(
        .shape(
          .slice(
            starts: chain.partShape.map { _ in 0 }, limits: chain.type.shape,
            strides: chain.partShape.map { _ in 1 })), [padded])
    let base = try copy(chain.base)
    return isIdentity(base, of: chain.kind) ? sum : try binary(chain.kind.binary, base, sum)
  }

  /// The operand with an axis as two, of parts and of what each has.
  private mutating func divided(
    _ operand: ValueID, at axis: Int, into parts: Int
  ) throws -> ValueID {
    var shape = self[operand].shape
    shape[axis] /= parts
    shape.insert(parts, at: axis)
    return try reshape(operand, to: shape)
  }
}
