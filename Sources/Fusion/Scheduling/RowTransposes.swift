internal import LoopIR
internal import TensorIR

/// Brings the short rows that a loop's iterations walk into lanes, for a loop whose iterations are
/// to be lanes.
///
///     serial i { acc m;  serial j { m = max(m, x[i,j]) };  serial j { y[i,j] = x[i,j] - m } }
///
/// becomes, with arrays of each lane,
///
///     serial i {
///       tiled(4) j { l0[j] = x[i,j] }
///       acc m;  serial j { m = max(m, l0[j]) };  serial j { l1[j] = l0[j] - m }
///       tiled(4) j { y[i,j] = l1[j] }
///     }
///
/// A row that several loops read, or several statements at fixed places, is brought in once, in the
/// outermost body that says which row it is.
struct RowTransposes {
  /// A line of memory that depends on the lane.
  private struct Row: Hashable {
    var slot: Int
    var element: ElementType
    /// Where it is, but for a constant and for what counts its elements.
    var place: IndexExpression
  }

  /// An access of some of a row's elements.
  private struct Use {
    var row: Row
    /// The elements, counted from the row's place.
    var elements: Range<Int>
    /// Counts the elements; nil where there is one.
    var variable: VariableID?
    /// How many loops inside the lanes' loop say which row it is.
    var level: Int

    /// Which element is accessed, counted from `start`.
    func index(from start: Int) -> IndexExpression {
      (variable.map { IndexExpression($0) } ?? IndexExpression(0)) + (elements.lowerBound - start)
    }
  }

  /// A part of a row on its way to an array of each lane, or back.
  private struct Copy {
    var row: Row
    var elements: Range<Int>
    /// A variable with as many values as there are elements.
    var variable: VariableID
    var local: Int
  }

  /// The kernel with the arrays of each lane.
  private(set) var kernel: Kernel
  /// How many rows go to arrays or come from there.
  private(set) var count = 0
  private let lane: VariableID
  private let width: Int
  /// How often each slot is read and written in the loop.
  private var reads: [Int: Int] = [:]
  private var writes: [Int: Int] = [:]

  /// Bytes of a row that are transposed at once, and elements at most: shuffles that stay inside so
  /// many bytes are the cheapest.
  private static let (chunkBytes, longestChunk) = (16, 4)

  /// - Parameters:
  ///   - loop: the loop whose iterations are to be lanes.
  ///   - width: how many lanes there are.
  init(_ kernel: Kernel, _ loop: Loop, width: Int) {
    self.kernel = kernel
    self.width = width
    lane = loop.variable
    for access in loop.body.accesses {
      guard case .slot(let slot) = access.memory else { continue }
      if access.isRead { reads[slot, default: 0] += 1 }
      if access.isWrite { writes[slot, default: 0] += 1 }
    }
  }

  /// The loop's body with rows in arrays of each lane.
  mutating func body(of loop: Loop) -> [Node] {
    transposed(loop.body, inside: [], incoming: [:], outgoing: [:])
  }

  /// - Parameters:
  ///   - loops: the loops around the nodes, inside the lanes' loop.
  ///   - incoming: the rows that are in lanes here.
  ///   - outgoing: the rows that are brought back behind the innermost loop.
  private mutating func transposed(
    _ nodes: [Node], inside loops: [Loop], incoming: [Row: Copy], outgoing: [Row: Copy]
  ) -> [Node] {
    var incoming = incoming
    let parts = parts(readIn: nodes, inside: loops)
    return nodes.flatMap { node -> [Node] in
      var read = [Copy]()
      for use in uses(in: [node], inside: loops) where incoming[use.row] == nil {
        guard use.level == loops.count, let part = parts[use.row] else { continue }
        let copy = copy(part)
        incoming[use.row] = copy
        read.append(copy)
      }
      var written = [Copy]()
      if case .loop(let loop) = node {
        written = rowsWritten(in: loop, inside: loops + [loop]).map { copy($0) }
      }
      let changed = transposed(
        node, inside: loops, incoming: incoming,
        outgoing: written.isEmpty
          ? outgoing : Dictionary(uniqueKeysWithValues: written.map { ($0.row, $0) }))
      return copyLoops(read, inwards: true) + [changed] + copyLoops(written, inwards: false)
    }
  }

  /// A node with accesses of rows replaced by those of arrays.
  private mutating func transposed(
    _ node: Node, inside loops: [Loop], incoming: [Row: Copy], outgoing: [Row: Copy]
  ) -> Node {
    switch node {
    case .define(let scalar, .load(let memory, let address, nil)):
      guard let use = use(memory, address, of: scalar, inside: loops),
        let copy = incoming[use.row]
      else { return node }
      let index = use.index(from: copy.elements.lowerBound)
      return .define(scalar, .load(.local(copy.local), index, condition: nil))
    case .store(var store):
      guard let use = use(store.memory, store.address, of: store.value, inside: loops),
        let copy = outgoing[use.row]
      else { return node }
      store.memory = .local(copy.local)
      store.address = use.index(from: copy.elements.lowerBound)
      return .store(store)
    case .loop(var loop):
      loop.body = transposed(
        loop.body, inside: loops + [loop], incoming: incoming, outgoing: outgoing)
      return .loop(loop)
    case .define, .accumulate, .contract: return node
    }
  }

  // MARK: Rows

  /// The row that an access in some loops walks; nil where it walks none.
  private func use(
    _ memory: Memory, _ address: IndexExpression, of value: ScalarID, inside loops: [Loop]
  ) -> Use? {
    guard case .slot(let slot) = memory, address.coefficient(of: lane) ?? 0 > 1, !address.isLookedUp
    else { return nil }
    var place = address
    place.constant = 0
    let last = loops.lastIndex { address.uses($0.variable) }
    let counting = last.map { loops[$0] }.flatMap { loop in
      address.coefficient(of: loop.variable) == 1 && loop.isWholeAndSerial ? loop : nil
    }
    var level = last.map { $0 + 1 } ?? 0
    if let counting, let last {
      place += IndexExpression(counting.variable) * -1
      level = loops[..<last].lastIndex { address.uses($0.variable) }.map { $0 + 1 } ?? 0
    }
    let row = Row(slot: slot, element: kernel.scalars[value.index], place: place)
    let length = counting.map { extent($0.variable) } ?? 1
    return Use(
      row: row, elements: address.constant..<address.constant + length,
      variable: counting?.variable, level: level)
  }

  /// What is read of rows that nothing writes.
  private func uses(in nodes: [Node], inside loops: [Loop]) -> [Use] {
    nodes.flatMap { node -> [Use] in
      switch node {
      case .define(let scalar, .load(.slot(let slot), let address, nil)):
        guard writes[slot] == nil else { return [] }
        return use(.slot(slot), address, of: scalar, inside: loops).map { [$0] } ?? []
      case .loop(let loop): return uses(in: loop.body, inside: loops + [loop])
      case .define, .store, .accumulate, .contract: return []
      }
    }
  }

  /// Of each row that the loops around say, the part that is read, where it is short.
  private func parts(readIn nodes: [Node], inside loops: [Loop]) -> [Row: Use] {
    var parts: [Row: Use] = [:]
    for use in uses(in: nodes, inside: loops) where use.level == loops.count {
      guard let part = parts[use.row] else {
        parts[use.row] = use
        continue
      }
      let (one, other) = (part.elements, use.elements)
      let both =
        min(one.lowerBound, other.lowerBound)..<max(one.upperBound, other.upperBound)
      parts[use.row]?.variable = both == one ? part.variable : both == other ? use.variable : nil
      parts[use.row]?.elements = both
    }
    return parts.filter { (2...CostModel.Lanes.longestRow).contains($0.value.elements.count) }
  }

  /// The rows that the innermost of some loops writes, all of each, and nothing else touches.
  private func rowsWritten(in loop: Loop, inside loops: [Loop]) -> [Use] {
    loop.body.compactMap { node in
      guard case .store(let store) = node, case .slot(let slot) = store.memory,
        store.combining == nil, store.condition == nil, reads[slot] == nil, writes[slot] == 1,
        let use = use(store.memory, store.address, of: store.value, inside: loops),
        use.variable == loop.variable, use.level == loops.count - 1,
        (2...CostModel.Lanes.longestRow).contains(use.elements.count)
      else { return nil }
      return use
    }
  }

  // MARK: Copies

  /// A new array for a part of a row.
  private mutating func copy(_ part: Use) -> Copy {
    kernel.locals.append(
      Kernel.Local(element: part.row.element, count: part.elements.count, isPerLane: true))
    count += 1
    if part.variable == nil {
      kernel.variables.append(Kernel.Variable(name: "e", extent: part.elements.count))
    }
    return Copy(
      row: part.row, elements: part.elements,
      variable: part.variable ?? VariableID(kernel.variables.count - 1),
      local: kernel.locals.count - 1)
  }

  /// The loops that carry copies out, one for those of equal length.
  private mutating func copyLoops(_ copies: [Copy], inwards: Bool) -> [Node] {
    var loops = [Loop]()
    for copy in copies {
      let schedule = Loop.Schedule.tiled(size: chunk(of: copy))
      let position = loops.firstIndex {
        $0.schedule == schedule && extent($0.variable) == copy.elements.count
      }
      if position == nil {
        loops.append(Loop(copy.variable))
        loops[loops.count - 1].schedule = schedule
      }
      let place = position ?? loops.count - 1
      let index = IndexExpression(loops[place].variable)
      let (outside, inside) = (Memory.slot(copy.row.slot), Memory.local(copy.local))
      let address = copy.row.place + index + copy.elements.lowerBound
      let value = kernel.newScalar(copy.row.element)
      loops[place].body +=
        inwards
        ? [
          .define(value, .load(outside, address, condition: nil)),
          .store(Store(inside, index, value)),
        ]
        : [
          .define(value, .load(inside, index, condition: nil)),
          .store(Store(outside, address, value)),
        ]
    }
    return loops.map { .loop($0) }
  }

  private func extent(_ variable: VariableID) -> Int { kernel.variables[variable.index].extent }

  /// How many elements are transposed at once: a power of two.
  private func chunk(of copy: Copy) -> Int {
    let limit = min(
      Self.longestChunk, Self.chunkBytes / copy.row.element.byteCount, width, copy.elements.count)
    return 1 << (Int.bitWidth - 1 - limit.leadingZeroBitCount)
  }
}

extension Loop {
  /// Whether the loop runs over all of its variable, one iteration after the other.
  fileprivate var isWholeAndSerial: Bool { schedule == .serial && range == .full }

  /// Whether the loop only repeats another one.
  var isOfLoops: Bool {
    guard body.count == 1, case .loop = body[0] else { return false }
    return true
  }

  /// How many results an iteration waits for, one after the other: each sum of a loop inside, the
  /// costly functions of such loops, and those of the iteration itself.
  var chainLinks: Int {
    let inner = body.compactMap { node in
      if case .loop(let loop) = node { loop } else { nil }
    }
    return inner.count { !$0.accumulators.isEmpty } + (inner.contains { $0.body.isCostly } ? 1 : 0)
      + (body.contains { $0.isCostlyFunction } ? 1 : 0)
  }

  /// Whether a loop inside sums something up.
  var holdsSums: Bool {
    body.contains { node in
      guard case .loop(let inner) = node else { return false }
      return !inner.accumulators.isEmpty || inner.holdsSums
    }
  }
}

extension [Node] {
  /// Whether a costly function is among what the nodes do.
  fileprivate var isCostly: Bool {
    var result = false
    forEachNode { result = result || $0.isCostlyFunction }
    return result
  }
}

extension Node {
  /// Whether the node is a function like an exponential.
  fileprivate var isCostlyFunction: Bool {
    guard case .define(_, .apply(let op, _)) = self else { return false }
    return op.weight >= 15
  }
}
