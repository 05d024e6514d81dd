internal import LoopIR
internal import TensorIR

/// The body of a loop over rows, divided into parts that follow one another.
///
/// A part takes values from parts before it, never from later ones.
struct RowParts {
  /// A part: how it is carried out, and its place among the others.
  struct Part: Hashable, Comparable {
    enum Form: Int {
      /// Row by row.
      case rows
      /// Loops that only add along rows into memory which is the same for all rows.
      case sums
      /// For many rows at once.
      case lanes
    }

    /// Counts up from zero; before stage zero there are only lanes.
    var stage: Int
    var form: Form

    /// What is made of nothing that rows compute.
    static let first = Part(stage: -1, form: .lanes)

    static func < (left: Part, right: Part) -> Bool {
      (left.stage, left.form.rawValue) < (right.stage, right.form.rawValue)
    }
  }

  /// Where a node may stand.
  private enum Kind {
    /// In every part that reads it: it is cheap and made of nothing that rows compute.
    case anywhere
    /// Row by row, behind what it takes results of: a pass over the row.
    case loop
    /// Row by row, as what must keep its order.
    case rows
    /// Apart from other loops, whose results it takes.
    case sums
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
  private(set) var parts: [Part?]
  private let kinds: [Kind]
  /// The nodes whose values or memory each node takes.
  private let inputs: [Set<Int>]
  /// The nodes of parts that take something of each node.
  private let readers: [[Int]]

  /// Divides the body of a loop of a kernel.
  init(_ loop: Loop, in kernel: Kernel) {
    nodes = loop.body
    reads = nodes.map(\.allScalars)
    accesses = nodes.map { [$0].accesses }
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
    parts = [Part?](repeating: nil, count: nodes.count)
    placeEarly()
    placeLate()
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
      guard case .slot = store.memory, !store.address.isLookedUp,
        store.address.coefficient(of: loop.variable) ?? 0 != 0
      else { return .rows }
      return .either
    case .accumulate(let accumulator, _):
      return kernel.updateCount(of: accumulator) == 1 ? .either : .rows
    case .loop(let inner):
      return !isFree && inner.addsColumns(besides: loop.variable) ? .sums : .loop
    case .contract: return .rows
    }
  }

  // MARK: Placing

  /// The parts in lanes.
  var lanes: Set<Part> { Set(parts.compactMap { $0 }.filter { $0.form == .lanes }) }

  /// Gives each node the earliest part it can stand in.
  private mutating func placeEarly() {
    for node in nodes.indices where kinds[node] != .anywhere {
      let before = inputs[node].compactMap { parts[$0] }.max() ?? .first
      let next = before.stage + 1
      switch kinds[node] {
      case .loop: parts[node] = Part(stage: next, form: .rows)
      case .rows: parts[node] = before.form == .rows ? before : Part(stage: next, form: .rows)
      case .sums: parts[node] = Part(stage: next, form: .sums)
      case .lanes: parts[node] = Part(stage: before.stage, form: .lanes)
      case .anywhere, .either: parts[node] = before
      }
    }
  }

  /// Moves what no row waits for into lanes, and what is made of no row's result to where it is needed.
  private mutating func placeLate() {
    let costly = nodes.indices.filter { kinds[$0] == .lanes }.compactMap { parts[$0] }
    let sums = parts.compactMap { $0 }.filter { $0.form == .sums }
    let lanes = Set(costly + sums.map { Part(stage: $0.stage - 1, form: .lanes) })
    for node in nodes.indices.reversed() where kinds[node] == .lanes || kinds[node] == .either {
      guard let part = parts[node] else { continue }
      let next = readers[node].compactMap { parts[$0] }.min()
      if part == .first {
        let target = next ?? lanes.filter { $0 > .first }.min() ?? part
        let isThere = target.form == .lanes || target.form == .rows && kinds[node] == .either
        parts[node] = isThere ? target : Part(stage: target.stage - 1, form: .lanes)
      } else if part.form == .rows {
        let behind = Part(stage: part.stage, form: .lanes)
        if lanes.contains(behind), next.map({ $0 > part }) ?? true { parts[node] = behind }
      }
    }
  }

  /// The scalars that other parts read, with the part they come from and those that read them.
  var crossings: [(scalar: ScalarID, from: Part, to: Set<Part>)] {
    definers.keys.sorted().compactMap { scalar in
      guard let definer = definers[scalar], let part = parts[definer] else { return nil }
      var others = Set<Part>()
      for reader in readers[definer] where reads[reader].contains(scalar) {
        if let other = parts[reader], other != part { others.insert(other) }
      }
      return others.isEmpty ? nil : (scalar, part, others)
    }
  }

  /// The parts that touch each memory.
  var touchingParts: [Memory: Set<Part>] {
    var touching: [Memory: Set<Part>] = [:]
    for (accesses, part) in zip(accesses, parts) {
      guard let part else { continue }
      for access in accesses { touching[access.memory, default: []].insert(part) }
    }
    return touching
  }

  /// The groups of nodes that become loops over a strip, in order: loops that add along rows stand
  /// alone.
  var pieces: [(part: Part, nodes: Set<Int>)] {
    var groups: [Part: Set<Int>] = [:]
    for (node, part) in parts.enumerated() {
      if let part { groups[part, default: []].insert(node) }
    }
    return groups.sorted { $0.key < $1.key }.flatMap { part, nodes in
      part.form == .sums ? nodes.sorted().map { (part, [$0]) } : [(part, nodes)]
    }
  }
}

extension Node {
  /// The scalars that the node reads, with what stands in its loop.
  fileprivate var allScalars: Set<ScalarID> {
    var scalars = Set<ScalarID>()
    [self].forEachNode { node in node.forEachOwnScalar { scalars.insert($0) } }
    return scalars
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
