/// Which buffers of a program share bytes, found without looking at all pairs.
struct BufferNeighbours {
  private let program: LoopProgram
  /// The buffers that are parts of each root, itself included, where they have elements.
  private let members: [[BufferID]]
  /// The root of each buffer.
  private let roots: [BufferID]
  /// The roots in memory of the caller's, by argument or result.
  private var interface: [Buffer.Storage: [BufferID]] = [:]
  /// The roots that are constants.
  private var constants: [BufferID] = []
  /// The roots in the arena, by where they start.
  private var arena: [Piece] = []
  /// Where pieces end, in a binary tree whose nodes hold the greatest end below them; the leaves are
  /// the second half.
  private var ends: [Int] = []

  /// The bytes of the arena that a root takes.
  private struct Piece {
    var root: BufferID
    var start: Int
    var end: Int
  }

  init(_ program: LoopProgram) {
    self.program = program
    let ids = program.buffers.indices.map { BufferID($0) }
    roots = ids.map { program.root(of: $0) }
    var members = [[BufferID]](repeating: [], count: ids.count)
    for (id, root) in zip(ids, roots) where program.buffers[id.index].type.count > 0 {
      members[root.index].append(id)
    }
    self.members = members
    for id in ids where !members[id.index].isEmpty {
      switch program.place(of: id) {
      case .arena(let offset):
        let end = offset + program.buffers[id.index].type.byteCount
        arena.append(Piece(root: id, start: offset, end: end))
      case .constant: constants.append(id)
      case .argument, .result, .view: interface[program.place(of: id), default: []].append(id)
      }
    }
    arena.sort { ($0.start, $0.root) < ($1.start, $1.root) }
    plantTree()
  }

  /// Fills the tree of ends.
  private mutating func plantTree() {
    var leaves = 1
    while leaves < arena.count { leaves *= 2 }
    ends = [Int](repeating: Int.min, count: 2 * leaves)
    for (position, piece) in arena.enumerated() { ends[leaves + position] = piece.end }
    for node in stride(from: leaves - 1, to: 0, by: -1) {
      ends[node] = max(ends[2 * node], ends[2 * node + 1])
    }
  }

  /// The other buffers that share bytes with one, in order; parts of one buffer lie beside each other.
  func overlapping(_ id: BufferID) -> [BufferID] {
    let root = roots[id.index]
    let byteCount = program.buffers[root.index].type.byteCount
    guard byteCount > 0 else { return [] }
    var found = [BufferID]()
    for other in rootsOverlapping(root, byteCount) where other != root || id == root {
      found += members[other.index].filter { $0 != id }
    }
    return found.sorted()
  }

  /// The roots that share bytes with one, itself included.
  private func rootsOverlapping(_ root: BufferID, _ byteCount: Int) -> [BufferID] {
    let place = program.place(of: root)
    switch place {
    case .arena(let start):
      var found = [BufferID]()
      collect(1, endingBehind: start, startingBefore: start + byteCount, into: &found)
      return found
    case .constant: return constants.filter { program.place(of: $0) == place }
    case .argument, .result, .view: return interface[place] ?? []
    }
  }

  /// Adds the roots below a node of the tree that share bytes with a range of the arena.
  private func collect(
    _ node: Int, endingBehind start: Int, startingBefore end: Int, into found: inout [BufferID]
  ) {
    guard ends[node] > start else { return }
    let leaves = ends.count / 2
    guard node < leaves else {
      let piece = arena[node - leaves]
      if piece.start < end { found.append(piece.root) }
      return
    }
    collect(2 * node, endingBehind: start, startingBefore: end, into: &found)
    // What is right of a piece that starts too late starts later still.
    let right = firstLeaf(below: 2 * node + 1) - leaves
    guard right < arena.count, arena[right].start < end else { return }
    collect(2 * node + 1, endingBehind: start, startingBefore: end, into: &found)
  }

  /// The first leaf below a node.
  private func firstLeaf(below node: Int) -> Int {
    var node = node
    while node < ends.count / 2 { node *= 2 }
    return node
  }
}
