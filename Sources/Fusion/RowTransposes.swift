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
/// A row that several loops read is brought in once, in the outermost body that says which row it
/// is.
struct RowTransposes {
  /// A row in memory: contiguous elements from an address on that depends on the lane.
  private struct Row: Hashable {
    var slot: Int
    var element: ElementType
    var start: IndexExpression
    var extent: Int
  }

  /// An access of a row's element.
  private struct Use {
    var row: Row
    /// Counts the row's elements.
    var variable: VariableID
    /// How many loops inside the lanes' loop say which row it is.
    var level: Int
  }

  /// A row on its way to an array of each lane, or back.
  private struct Copy {
    var use: Use
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

  /// Rows are as long as this at most, so that the arrays of a few stay in the nearest cache.
  private static let longestRow = 64
  /// Bytes of a row that are transposed at once, and elements at most: the shuffles that stay inside
  /// so many bytes are the cheapest.
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
  ///   - incoming: the rows that are in lanes here, and their arrays.
  ///   - outgoing: the rows that are brought back from arrays behind the innermost loop.
  private mutating func transposed(
    _ nodes: [Node], inside loops: [Loop], incoming: [Row: Int], outgoing: [Row: Int]
  ) -> [Node] {
    var incoming = incoming
    return nodes.flatMap { node -> [Node] in
      switch node {
      case .define(let scalar, .load(let memory, let address, nil)):
        guard let use = use(memory, address, of: scalar, inside: loops),
          let local = incoming[use.row]
        else { return [node] }
        return [
          .define(scalar, .load(.local(local), IndexExpression(use.variable), condition: nil))
        ]
      case .store(var store):
        guard let use = use(store.memory, store.address, of: store.value, inside: loops),
          let local = outgoing[use.row]
        else { return [node] }
        (store.memory, store.address) = (.local(local), IndexExpression(use.variable))
        return [.store(store)]
      case .loop(var loop):
        let here = loops + [loop]
        var (read, written) = ([Copy](), [Copy]())
        for use in rowsRead(in: loop.body, inside: here, at: loops.count)
        where incoming[use.row] == nil {
          read.append(copy(use))
          incoming[use.row] = read.last?.local
        }
        for use in rowsWritten(in: loop, inside: here) { written.append(copy(use)) }
        let outgoing = Dictionary(uniqueKeysWithValues: written.map { ($0.use.row, $0.local) })
        loop.body = transposed(loop.body, inside: here, incoming: incoming, outgoing: outgoing)
        return copyLoops(read, inwards: true) + [.loop(loop)] + copyLoops(written, inwards: false)
      case .define, .accumulate, .contract: return [node]
      }
    }
  }

  // MARK: Rows

  /// The row that an access in some loops walks; nil where it walks none, or a long one.
  private func use(
    _ memory: Memory, _ address: IndexExpression, of value: ScalarID, inside loops: [Loop]
  ) -> Use? {
    guard case .slot(let slot) = memory, address.coefficient(of: lane) ?? 0 > 1,
      let last = loops.lastIndex(where: { address.uses($0.variable) })
    else { return nil }
    let variable = loops[last].variable
    let extent = kernel.variables[variable.index].extent
    var isLookedUp = false
    address.forEachScalar { _ in isLookedUp = true }
    guard address.coefficient(of: variable) == 1, !isLookedUp, loops[last].isWholeAndSerial,
      (2...Self.longestRow).contains(extent)
    else { return nil }
    let level = loops[..<last].lastIndex { address.uses($0.variable) }.map { $0 + 1 } ?? 0
    let start = address + IndexExpression(variable) * -1
    let row = Row(
      slot: slot, element: kernel.scalars[value.index], start: start, extent: extent)
    return Use(row: row, variable: variable, level: level)
  }

  /// The rows that are read in nodes, and which `level` loops say: those that nothing writes.
  private func rowsRead(in nodes: [Node], inside loops: [Loop], at level: Int) -> [Use] {
    nodes.flatMap { node -> [Use] in
      switch node {
      case .define(let scalar, .load(.slot(let slot), let address, nil)):
        guard writes[slot] == nil,
          let use = use(.slot(slot), address, of: scalar, inside: loops), use.level == level
        else { return [] }
        return [use]
      case .loop(let loop): return rowsRead(in: loop.body, inside: loops + [loop], at: level)
      case .define, .store, .accumulate, .contract: return []
      }
    }
  }

  /// The rows that the innermost of some loops writes, all of each, and nothing else touches.
  private func rowsWritten(in loop: Loop, inside loops: [Loop]) -> [Use] {
    loop.body.compactMap { node in
      guard case .store(let store) = node, case .slot(let slot) = store.memory,
        store.combining == nil, store.condition == nil, reads[slot] == nil, writes[slot] == 1,
        let use = use(store.memory, store.address, of: store.value, inside: loops),
        use.variable == loop.variable, use.level == loops.count - 1
      else { return nil }
      return use
    }
  }

  // MARK: Copies

  /// A new array for a row.
  private mutating func copy(_ use: Use) -> Copy {
    kernel.locals.append(
      Kernel.Local(element: use.row.element, count: use.row.extent, isPerLane: true))
    count += 1
    return Copy(use: use, local: kernel.locals.count - 1)
  }

  /// The loops that carry copies out, one for those of equal length.
  private mutating func copyLoops(_ copies: [Copy], inwards: Bool) -> [Node] {
    var loops = [Loop]()
    for copy in copies {
      let schedule = Loop.Schedule.tiled(size: chunk(of: copy.use.row))
      let position = loops.firstIndex {
        $0.schedule == schedule && extent($0.variable) == copy.use.row.extent
      }
      if position == nil {
        loops.append(Loop(copy.use.variable))
        loops[loops.count - 1].schedule = schedule
      }
      let place = position ?? loops.count - 1
      let index = IndexExpression(loops[place].variable)
      let (outside, inside) = (Memory.slot(copy.use.row.slot), Memory.local(copy.local))
      let address = copy.use.row.start + index
      kernel.scalars.append(copy.use.row.element)
      let value = ScalarID(kernel.scalars.count - 1)
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

  /// How many of a row's elements are transposed at once: a power of two.
  private func chunk(of row: Row) -> Int {
    let limit = min(
      Self.longestChunk, Self.chunkBytes / row.element.byteCount, width, row.extent)
    return 1 << (Int.bitWidth - 1 - limit.leadingZeroBitCount)
  }
}

extension Loop {
  /// Whether the loop runs over all of its variable, one iteration after the other.
  fileprivate var isWholeAndSerial: Bool { schedule == .serial && range == .full }

  /// Whether a loop inside sums something up, as programs on rows do.
  var holdsSums: Bool {
    body.contains { node in
      guard case .loop(let inner) = node else { return false }
      return !inner.accumulators.isEmpty || inner.holdsSums
    }
  }
}

extension [Node] {
  /// The reads and writes in the nodes.
  fileprivate var accesses: [Access] {
    var accesses = [Access]()
    forEachNode { accesses += Access.all(of: $0) }
    return accesses
  }
}
