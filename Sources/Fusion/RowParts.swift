internal import LoopIR
internal import TensorIR

/// The body of a loop over rows, divided into parts that follow one another.
///
/// Even parts are carried out row by row, odd ones for many rows at once, in lanes. A part takes
/// values from parts before it, never from later ones.
struct RowParts {
  /// Where a node may stand.
  private enum Kind {
    /// In every part that reads it: it is cheap and made of nothing that rows compute.
    case anywhere
    /// Row by row: a loop, or what must keep its order.
    case rows
    /// In lanes, where it costs a fraction.
    case lanes
    /// With what it is made of.
    case either
  }

  let nodes: [Node]
  /// The scalars that each node reads, with what stands in its loop.
  let reads: [Set<ScalarID>]
  /// What each node reads and writes, with what stands in its loop.
  let accesses: [[Access]]
  /// The node that each scalar of the body comes from.
  let definers: [ScalarID: Int]
  /// The part of each node; nil stands in every part that reads it.
  private(set) var parts: [Int?]
  private let kinds: [Kind]
  /// The nodes whose values or memory each node takes.
  private let inputs: [Set<Int>]
  /// The nodes of parts that take something of each node.
  private let readers: [[Int]]

  /// Divides the body of a loop of a kernel.
  init(_ loop: Loop, in kernel: Kernel) {
    nodes = loop.body
    reads = nodes.map(\.allScalars)
    accesses = nodes.map(\.allAccesses)
    let written = Set(accesses.joined().filter(\.isWrite).map(\.memory))
    var definers: [ScalarID: Int] = [:]
    var touching: [Memory: [Int]] = [:]
    var kinds = [Kind]()
    var inputs = [Set<Int>]()
    var readers = [[Int]](repeating: [], count: nodes.count)
    for (position, node) in nodes.enumerated() {
      var taken = Set(reads[position].compactMap { definers[$0] })
      for access in accesses[position] where written.contains(access.memory) {
        taken.formUnion(touching[access.memory, default: []])
        touching[access.memory, default: []].append(position)
      }
      taken.remove(position)
      for scalar in node.definedScalars { definers[scalar] = position }
      let isFree = taken.allSatisfy { kinds[$0] == .anywhere }
      kinds.append(Self.kind(of: node, in: loop, of: kernel, written: written, isFree: isFree))
      if kinds[position] != .anywhere { for input in taken { readers[input].append(position) } }
      inputs.append(taken)
    }
    self.definers = definers
    self.kinds = kinds
    self.inputs = inputs
    self.readers = readers
    parts = []
    place(keepingInRows: [])
  }

  private static func kind(
    of node: Node, in loop: Loop, of kernel: Kernel, written: Set<Memory>, isFree: Bool
  ) -> Kind {
    switch node {
    case .define(_, .load(let memory, _, _)) where written.contains(memory): return .rows
    case .define(_, .load(.local, _, _)): return .rows
    case .define(_, .apply(let op, _)) where op.weight > 1: return .lanes
    case .define: return isFree ? .anywhere : .either
    case .store(let store):
      var isLookedUp = false
      store.address.forEachScalar { _ in isLookedUp = true }
      guard case .slot = store.memory, !isLookedUp,
        store.address.coefficient(of: loop.variable) ?? 0 != 0
      else { return .rows }
      return .either
    case .accumulate(let accumulator, _):
      return kernel.updateCount(of: accumulator) == 1 ? .either : .rows
    case .loop, .contract: return .rows
    }
  }

  // MARK: Placing

  /// The odd parts that hold costly work.
  var lanes: [Int] {
    Set(nodes.indices.filter { kinds[$0] == .lanes }.compactMap { parts[$0] })
      .filter { $0 % 2 != 0 }.sorted()
  }

  /// The costly nodes of a part.
  func costlyNodes(of part: Int) -> Set<Int> {
    Set(nodes.indices.filter { kinds[$0] == .lanes && parts[$0] == part })
  }

  /// Gives each node the earliest part it can stand in, then moves what no row waits for into lanes.
  ///
  /// - Parameter cheap: costly nodes that may stand in rows all the same.
  mutating func place(keepingInRows cheap: Set<Int>) {
    parts = [Int?](repeating: nil, count: nodes.count)
    for node in nodes.indices where kinds[node] != .anywhere {
      let earliest = inputs[node].compactMap { parts[$0] }.max() ?? -1
      let isOdd = earliest % 2 != 0
      switch kinds[node] {
      case .rows: parts[node] = isOdd ? earliest + 1 : earliest
      case .lanes where !cheap.contains(node): parts[node] = isOdd ? earliest : earliest + 1
      case .anywhere, .lanes, .either: parts[node] = earliest
      }
    }
    let lanes = Set(self.lanes.filter { !costlyNodes(of: $0).isSubset(of: cheap) })
    for node in nodes.indices.reversed() where kinds[node] != .rows {
      guard let part = parts[node] else { continue }
      let next = readers[node].compactMap { parts[$0] }.min()
      let isCostly = kinds[node] == .lanes && !cheap.contains(node)
      if part == -1 {
        // What is made of no row's result is computed where it is needed.
        let target = next ?? lanes.filter { $0 > 0 }.min() ?? part
        parts[node] = isCostly && target % 2 == 0 ? target - 1 : target
      } else if part % 2 == 0, lanes.contains(part + 1), next ?? .max > part {
        parts[node] = part + 1
      }
    }
  }

  /// The scalars that other parts read, with the part they come from and those that read them.
  var crossings: [(scalar: ScalarID, from: Int, to: Set<Int>)] {
    definers.keys.sorted().compactMap { scalar in
      guard let definer = definers[scalar], let part = parts[definer] else { return nil }
      var others = Set<Int>()
      for reader in readers[definer] where reads[reader].contains(scalar) {
        if let other = parts[reader], other != part { others.insert(other) }
      }
      return others.isEmpty ? nil : (scalar, part, others)
    }
  }

  /// The parts that touch each memory.
  var touchingParts: [Memory: Set<Int>] {
    var touching: [Memory: Set<Int>] = [:]
    for (accesses, part) in zip(accesses, parts) {
      guard let part else { continue }
      for access in accesses { touching[access.memory, default: []].insert(part) }
    }
    return touching
  }
}

extension Node {
  /// The scalars that the node leaves to the nodes behind it.
  fileprivate var definedScalars: [ScalarID] {
    switch self {
    case .define(let scalar, _): [scalar]
    case .loop(let loop): loop.accumulators.map(\.result)
    case .store, .accumulate, .contract: []
    }
  }

  /// The scalars that the node reads, with what stands in its loop.
  fileprivate var allScalars: Set<ScalarID> {
    var scalars = Set<ScalarID>()
    [self].forEachNode { node in node.forEachOwnScalar { scalars.insert($0) } }
    return scalars
  }

  /// The reads and writes of the node, with what stands in its loop.
  fileprivate var allAccesses: [Access] {
    var accesses = [Access]()
    [self].forEachNode { accesses += Access.all(of: $0) }
    return accesses
  }
}

extension Kernel {
  /// How many statements update an accumulator.
  fileprivate func updateCount(of accumulator: ScalarID) -> Int {
    var count = 0
    body.forEachNode { if case .accumulate(accumulator, _) = $0 { count += 1 } }
    return count
  }
}
