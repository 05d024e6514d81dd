internal import LoopIR

extension LoopProgram {
  // MARK: Arena

  /// A piece of the arena that one buffer, or several after each other, stand in.
  struct Block {
    /// The buffer that the others stand in the place of, or beside.
    var home: BufferID
    var life: ClosedRange<Int>
    var byteCount: Int
    /// Where the home starts in it.
    var start = 0
  }

  /// The pieces of arena that are needed, in no particular order.
  func blocks(on timeline: Timeline) -> [Block] {
    var blocks: [BufferID: Block] = [:]
    for (buffer, life) in self.lives(on: timeline) {
      let home = home(of: buffer)
      guard case .arena = buffers[home.index].storage else { continue }
      let trail = buffers[home.index].trail ?? Buffer.Trail(leader: home, offset: 0)
      let units = (buffers[home.index].type.byteCount + Self.alignment - 1) / Self.alignment
      var block = Block(
        home: trail.leader, life: life, byteCount: units * Self.alignment, start: -trail.offset)
      if let known = blocks[trail.leader] {
        let start = max(known.start, block.start)
        block.byteCount =
          start + max(known.byteCount - known.start, block.byteCount - block.start)
        block.life = block.life.union(known.life)
        block.start = start
      }
      blocks[trail.leader] = block
    }
    return Array(blocks.values)
  }

  /// Gives every piece of the arena an offset, by the better of two greedy orders of Pisarchyk and
  /// Lee (2020), "Efficient Memory Management for Deep Neural Net Inference": large pieces first, or
  /// the pieces of the most crowded kernels first.
  mutating func placeArena() {
    let timeline = Timeline(self)
    let blocks = blocks(on: timeline).sorted { $0.home < $1.home }
    let bySize = blocks.sorted { ($1.byteCount, $0.home) < ($0.byteCount, $1.home) }
    var best = Self.offsets(of: bySize)
    if best.byteCount > Self.largestUse(of: blocks, positions: timeline.count) {
      let byBreadth = Self.offsets(of: Self.byBreadth(blocks, positions: timeline.count))
      if byBreadth.byteCount < best.byteCount { best = byBreadth }
    }
    arenaByteCount = best.byteCount
    let starts = Dictionary(uniqueKeysWithValues: blocks.map { ($0.home, $0.start) })
    for position in buffers.indices {
      guard case .arena = buffers[position].storage else { continue }
      let home = home(of: BufferID(position))
      let trail = buffers[home.index].trail ?? Buffer.Trail(leader: home, offset: 0)
      let start = (best.offsets[trail.leader] ?? 0) + (starts[trail.leader] ?? 0)
      buffers[position].storage = .arena(offset: start + trail.offset)
    }
  }

  /// Puts each piece at the lowest offset that is free during its life.
  private static func offsets(
    of blocks: [Block]
  ) -> (offsets: [BufferID: Int], byteCount: Int) {
    var arena = PlacedPieces()
    var offsets: [BufferID: Int] = [:]
    offsets.reserveCapacity(blocks.count)
    for block in blocks {
      offsets[block.home] = arena.place(block.byteCount, during: block.life)
    }
    return (offsets, arena.byteCount)
  }

  /// The pieces in use at a step together, steps in order of how much that is.
  private static func byBreadth(_ blocks: [Block], positions: Int) -> [Block] {
    let sizes = uses(of: blocks, positions: positions)
    var ranks = [Int](repeating: 0, count: positions)
    let order = (0..<positions).sorted { (sizes[$1], $0) < (sizes[$0], $1) }
    for (rank, step) in order.enumerated() { ranks[step] = rank }
    let leading = RangeMinima(ranks)
    // A piece comes with the most crowded step of its life.
    let ranked = blocks.map { (rank: leading.least(in: $0.life), block: $0) }
    return ranked.sorted {
      ($0.rank, $1.block.byteCount, $0.block.home) < ($1.rank, $0.block.byteCount, $1.block.home)
    }.map(\.block)
  }

  /// The bytes in use at each step.
  static func uses(of blocks: [Block], positions: Int) -> [Int] {
    var changes = [Int](repeating: 0, count: positions + 2)
    for block in blocks {
      changes[block.life.lowerBound] += block.byteCount
      changes[block.life.upperBound + 1] -= block.byteCount
    }
    var sum = 0
    return changes.map { change in
      sum += change
      return sum
    }
  }

  /// The most bytes in use at one step: what no placement goes below.
  static func largestUse(of blocks: [Block], positions: Int) -> Int {
    uses(of: blocks, positions: positions).max() ?? 0
  }

  /// The most bytes of arena that are in use at one step.
  package var largestArenaUse: Int {
    let timeline = Timeline(self)
    return Self.largestUse(of: blocks(on: timeline), positions: timeline.count)
  }

  // MARK: Buffers

  /// Removes stores into buffers that no kernel reads, because all that needs their values is computed
  /// beside them.
  mutating func dropUnreadStores() {
    var read = Set<BufferID>()
    for kernel in kernels {
      for buffer in kernel.readBuffers { read.formUnion([buffer, root(of: buffer)]) }
    }
    steps.forEachStep { step in
      for buffer in step.ownBuffers { read.formUnion([buffer, root(of: buffer)]) }
    }
    for step in kernels.indices {
      let slots = kernels[step].slots
      let unread = Set(
        slots.filter { slot in
          let root = root(of: slot)
          return isArena(root) && !read.contains(root) && !read.contains(slot)
        })
      guard !unread.isEmpty, !unread.isDisjoint(with: kernels[step].writtenBuffers) else {
        continue
      }
      if kernels[step].carriesScalars || unread.contains(where: { buffers[$0.index].view != nil }) {
        // A part of a scan that is taken apart rounds as the whole does.
        kernels[step].drop(storesTo: unread, mayBeAll: true)
        continue
      }
      kernels[step].body = kernels[step].body.removingStores { store in
        if case .slot(let slot) = store.memory { unread.contains(slots[slot]) } else { false }
      }
      kernels[step].dropUnusedSlots()
    }
    removeKernels { $0.body.isEmpty }
    dropUnusedBuffers()
  }

  /// Removes arena buffers and constants that no step uses, such as a product that only its own
  /// epilogue reads, and puts bases before their views, which may have got bases of a later loop's.
  mutating func dropUnusedBuffers() {
    var isUsed = [Bool](repeating: false, count: buffers.count)
    func use(_ buffer: BufferID) {
      guard !isUsed[buffer.index] else { return }
      isUsed[buffer.index] = true
      for base in bases(of: buffer) { isUsed[base.index] = true }
    }
    for kernel in kernels { for slot in kernel.slots { use(slot) } }
    steps.forEachStep { step in for buffer in step.ownBuffers { use(buffer) } }
    for position in buffers.indices where isUsed[position] {
      if let home = buffers[position].home { isUsed[home.index] = true }
    }
    for position in buffers.indices where isUsed[position] {
      if let trail = buffers[position].trail { isUsed[trail.leader.index] = true }
    }
    for position in buffers.indices {
      switch buffers[position].storage {
      case .argument, .result: isUsed[position] = true
      case .arena, .constant, .view: break
      }
    }
    let kept = positionsWithBasesFirst.filter { isUsed[$0] }
    if kept.elementsEqual(buffers.indices) { return }
    let places = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
    buffers = kept.map { position in
      var buffer = buffers[position]
      buffer.home = buffer.home.flatMap { places[$0.index] }.map(BufferID.init)
      buffer.trail = buffer.trail.map { trail in
        Buffer.Trail(
          leader: places[trail.leader.index].map(BufferID.init) ?? trail.leader,
          offset: trail.offset)
      }
      if case .view(var view) = buffer.storage {
        view.base = places[view.base.index].map(BufferID.init) ?? view.base
        buffer.storage = .view(view)
      }
      return buffer
    }
    steps = steps.mappingBuffers { places[$0.index].map(BufferID.init) ?? $0 }
    for kernel in kernels.indices {
      kernels[kernel].slots = kernels[kernel].slots.compactMap {
        places[$0.index].map(BufferID.init)
      }
    }
  }

  /// The positions of all buffers, in order; a base that comes after a view is put before it.
  private var positionsWithBasesFirst: [Int] {
    var isListed = [Bool](repeating: false, count: buffers.count)
    var positions = [Int]()
    for position in buffers.indices {
      let bases = bases(of: BufferID(position)).reversed().map(\.index)
      for next in bases + [position] where !isListed[next] {
        isListed[next] = true
        positions.append(next)
      }
    }
    return positions
  }

  /// Every buffer starts at a multiple of this many bytes.
  package static var alignment: Int { 64 }
}
