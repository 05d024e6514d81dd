import TensorIR

/// Chooses which values of a region are saved for its linear part, and which of those that it needs
/// are computed again from them.
///
/// The least bytes that cut all ways from what is not free to what the linear part reads: a minimum
/// cut (Dinic 1970) of the graph of values, whose capacities are bytes. Ways start at carries and at
/// results of operations that are not computed again; parameters that are there anyway are free.
/// Of cuts of as many bytes it is the one closest to the linear part, from which the least has to be
/// computed again: the gates of a recurrent network rather than the sums they are functions of.
///
/// Where memory is no matter, transcendental functions that would be computed again count, too: the cut is
/// then the least sum of bytes and work.
struct ResidualCut {
  /// The region with its linear part.
  private let function: Function
  /// The position of each value's definition, by id; nil for parameters.
  private let definitions: [Int?]
  /// Whether each value has the same bits wherever it is made: what is there anyway, and its elements in
  /// another order.
  private let isExact: [Bool]
  /// The values chosen, in order of definition.
  private(set) var saved: [ValueID] = []

  /// A value of at most this many elements is scalar code, where a transcendental function takes
  /// longer than a trip to memory.
  private static let scalarCount = 16

  /// Shorter rows do not fill a vector.
  private static let leastRow = 8

  /// Whether transcendental functions that are computed again count.
  private let countsWork: Bool

  /// The bytes that are saved.
  var savedByteCount: Int { saved.reduce(0) { $0 + function[$1].byteCount } }

  /// Cuts between what is not free and `residuals`.
  ///
  /// - Parameters:
  ///   - isFree: whether each value is there anyway, by id.
  ///   - countsWork: whether transcendental functions that are computed again count.
  init(_ function: Function, residuals: [ValueID], isFree: [Bool], countsWork: Bool = false) {
    self.function = function
    self.countsWork = countsWork
    definitions = function.definitions()
    isExact = function.exactValues(given: isFree)
    let needed = function.operationsNeeded(for: residuals) { isFree[$0.index] }
    var isNode = [Bool](repeating: false, count: function.types.count)
    for value in residuals where !isFree[value.index] { isNode[value.index] = true }
    for (operation, isNeeded) in zip(function.operations, needed) where isNeeded {
      for value in operation.results where !isFree[value.index] { isNode[value.index] = true }
      for value in operation.operands where !isFree[value.index] { isNode[value.index] = true }
    }
    // Each value is an edge from 2·i to 2·i + 1.
    let count = function.types.count
    let (source, sink) = (2 * count, 2 * count + 1)
    var network = FlowNetwork(count: 2 * count + 2)
    for index in isNode.indices where isNode[index] {
      network.connect(2 * index, 2 * index + 1, max(function.types[index].byteCount, 1))
    }
    for parameter in function.parameters where isNode[parameter.index] {
      network.connect(source, 2 * parameter.index, FlowNetwork.unlimited)
    }
    for (operation, isNeeded) in zip(function.operations, needed) where isNeeded {
      for result in operation.results where isNode[result.index] {
        guard isRecomputed(operation, result) else {
          network.connect(source, 2 * result.index, FlowNetwork.unlimited)
          continue
        }
        let work = self.work(operation, result)
        if work > 0 { network.connect(source, 2 * result.index, work) }
        for operand in operation.operands where isNode[operand.index] {
          network.connect(2 * operand.index + 1, 2 * result.index, FlowNetwork.unlimited)
        }
      }
    }
    for value in Set(residuals) where isNode[value.index] {
      network.connect(2 * value.index + 1, sink, FlowNetwork.unlimited)
    }
    let reaches = network.reachingAfterMaximumFlow(from: source, to: sink)
    saved = isNode.indices.filter { isNode[$0] && !reaches[2 * $0] && reaches[2 * $0 + 1] }
      .map { ValueID($0) }
  }

  private func definition(_ value: ValueID) -> Operation? {
    definitions[value.index].map { function.operations[$0] }
  }

  /// What computing an operation's result again costs beside saving it, in bytes.
  ///
  /// A transcendental function takes a little more than a value on its way to the second-level cache and
  /// back; of rows that do not fill a vector one takes less, and two of them take more.
  private func work(_ operation: Operation, _ result: ValueID) -> Int {
    guard countsWork, case .unary(let op) = operation.op, op.isTranscendental else { return 0 }
    let type = function[result]
    return type.byteCount * ((type.shape.last ?? 1) >= Self.leastRow ? 9 : 5) / 8
  }

  /// Whether an operation's result is computed again rather than saved if its operands are known.
  private func isRecomputed(_ operation: Operation, _ result: ValueID) -> Bool {
    if function.jumps(operation), !operation.operands.allSatisfy({ isExact[$0.index] }) {
      return false
    }
    let isScalarCode = function[result].count <= Self.scalarCount
    switch operation.op {
    case .constant, .iota, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .shape,
      .dynamicSlice, .gather, .optimizationBarrier:
      return true
    case .unary(let op): return !(isScalarCode && op.isTranscendental)
    case .binary(.power):
      return !isScalarCode || PlainPower(operation, definition: definition) != nil
    case .binary: return true
    case .reduce(let reduction):
      return function[operation.operands[0]].count <= Self.scalarCount && reduction.kind == .add
    case .window: return false
    case .dot, .convolution:
      return function[operation.operands[0]].count <= Self.scalarCount && isScalarCode
    case .scatter, .dynamicUpdateSlice, .matrix, .order, .foreign, .whileLoop, .branch, .scan,
      .custom,
      .call:
      return false
    }
  }
}

extension Function {
  /// Whether an operation's results jump where its operands pass certain numbers.
  ///
  /// Elements that are computed again need not have the bits that, say, their maximum or median was taken
  /// of: then none would be equal to it, and their differences have the wrong sign. So such answers are
  /// saved.
  fileprivate func jumps(_ operation: Operation) -> Bool {
    guard operation.operands.contains(where: { self[$0].element.isInexact }) else { return false }
    switch operation.op {
    case .compare, .bits: return true
    case .convert(let element): return !element.isInexact
    case .unary(let op): return op.jumps
    case .binary(let op): return op == .remainder || op == .nextAfter
    case .constant, .iota, .select, .clamp, .complex, .fft, .shape, .reduce, .dot, .convolution,
      .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign,
      .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      return false
    }
  }

  /// Which values consist of elements of given ones and of constants, by id.
  fileprivate func exactValues(given isGiven: [Bool]) -> [Bool] {
    var isExact = isGiven
    for operation in operations where operation.op.movesElements {
      guard operation.operands.allSatisfy({ isExact[$0.index] }) else { continue }
      for result in operation.results { isExact[result.index] = true }
    }
    return isExact
  }
}

extension Op {
  /// Whether results consist of elements of operands, with their signs or without.
  fileprivate var movesElements: Bool {
    switch self {
    case .constant, .iota, .shape, .gather, .dynamicSlice, .dynamicUpdateSlice, .select, .clamp,
      .optimizationBarrier, .unary(.negate), .unary(.abs), .binary(.maximum), .binary(.minimum):
      true
    case .unary, .binary, .compare, .convert, .bits, .complex, .fft, .reduce, .dot, .convolution,
      .window, .scatter, .matrix, .order, .foreign, .whileLoop, .branch, .scan, .custom, .call:
      false
    }
  }
}

extension UnaryOp {
  /// Whether the function has steps.
  fileprivate var jumps: Bool {
    switch self {
    case .sign, .floor, .ceil, .roundEven, .roundAway, .isFinite, .isInfinite,
      .isPositiveInfinite, .isNegativeInfinite:
      true
    case .abs, .negate, .sqrt, .rsqrt, .not, .square, .stopGradient, .populationCount,
      .leadingZeros, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh,
      .sine, .cosine, .erf, .erfc, .erfInverse, .cubeRoot, .tangent, .sinh, .cosh, .asin, .acos,
      .atan, .asinh, .acosh, .atanh, .logGamma, .digamma:
      false
    }
  }
}

/// A directed graph with capacities.
struct FlowNetwork {
  /// More than any sum of bytes.
  static let unlimited = 1 << 60

  private struct Edge {
    var target: Int
    var capacity: Int
  }

  /// Edges in pairs: each is followed by its reverse.
  private var edges: [Edge] = []
  private var outgoing: [[Int]]

  init(count: Int) { outgoing = Array(repeating: [], count: count) }

  /// Adds an edge.
  mutating func connect(_ source: Int, _ target: Int, _ capacity: Int) {
    outgoing[source].append(edges.count)
    edges.append(Edge(target: target, capacity: capacity))
    outgoing[target].append(edges.count)
    edges.append(Edge(target: source, capacity: 0))
  }

  /// Sends as much as possible from source to sink, and tells from which nodes the sink can still be
  /// reached.
  ///
  /// - Complexity: O(v²·e); near linear on graphs of this kind.
  mutating func reachingAfterMaximumFlow(from source: Int, to sink: Int) -> [Bool] {
    while true {
      let levels = levels(from: source)
      guard levels[sink] >= 0 else { return nodesReaching(sink) }
      var next = [Int](repeating: 0, count: outgoing.count)
      while augment(from: source, to: sink, levels, &next) {}
    }
  }

  /// The nodes from which a node can be reached along edges with capacity left.
  private func nodesReaching(_ end: Int) -> [Bool] {
    var reaches = [Bool](repeating: false, count: outgoing.count)
    reaches[end] = true
    var queue = [end]
    while let node = queue.popLast() {
      // The reverse of an edge out of the node comes in.
      for edge in outgoing[node]
      where edges[edge ^ 1].capacity > 0 && !reaches[edges[edge].target] {
        reaches[edges[edge].target] = true
        queue.append(edges[edge].target)
      }
    }
    return reaches
  }

  /// The distance of each node along edges with capacity left; −1 where there is no way.
  private func levels(from source: Int) -> [Int] {
    var levels = [Int](repeating: -1, count: outgoing.count)
    levels[source] = 0
    var queue = [source]
    var first = 0
    while first < queue.count {
      let node = queue[first]
      first += 1
      for edge in outgoing[node]
      where edges[edge].capacity > 0 && levels[edges[edge].target] < 0 {
        levels[edges[edge].target] = levels[node] + 1
        queue.append(edges[edge].target)
      }
    }
    return levels
  }

  /// Sends flow along one shortest way; false where there is none left.
  private mutating func augment(
    from source: Int, to sink: Int, _ levels: [Int], _ next: inout [Int]
  ) -> Bool {
    var path: [Int] = []
    var node = source
    while node != sink {
      if next[node] < outgoing[node].count {
        let edge = outgoing[node][next[node]]
        let target = edges[edge].target
        if edges[edge].capacity > 0, levels[target] == levels[node] + 1 {
          path.append(edge)
          node = target
        } else {
          next[node] += 1
        }
      } else if let edge = path.popLast() {
        node = edges[edge ^ 1].target
        next[node] += 1
      } else {
        return false
      }
    }
    let amount = path.map { edges[$0].capacity }.min() ?? 0
    for edge in path {
      edges[edge].capacity -= amount
      edges[edge ^ 1].capacity += amount
    }
    return amount > 0
  }
}
