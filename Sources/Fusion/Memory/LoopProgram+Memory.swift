internal import LoopIR

extension LoopProgram {
  /// Decides where every buffer stands.
  ///
  /// Buffers take over the memory of operands that die where they are written; the rest of the arena
  /// is laid out so that buffers in use at the same time do not overlap.
  ///
  /// - Parameter donated: the arguments, by number, whose memory kernels may overwrite.
  mutating func planMemory(donated: Set<Int> = []) {
    dropUnreadStores()
    dropUnusedBuffers()
    updateInPlace(donated: donated)
    dropCopiesOntoThemselves()
    dropUnusedBuffers()
    placeArena()
  }

  /// The kernels, by position, from a buffer's first use to its last; a parameter is in use from
  /// before the first kernel and a result until after the last.
  func lives() -> [BufferID: ClosedRange<Int>] {
    var lives: [BufferID: ClosedRange<Int>] = [:]
    func extend(_ buffer: BufferID, to step: Int) {
      let known = lives[buffer] ?? step...step
      lives[buffer] = min(known.lowerBound, step)...max(known.upperBound, step)
    }
    for (step, kernel) in kernels.enumerated() {
      for slot in kernel.slots { extend(slot, to: step) }
    }
    for position in buffers.indices {
      switch buffers[position].storage {
      case .argument: extend(BufferID(position), to: -1)
      case .result: extend(BufferID(position), to: kernels.count)
      case .arena, .constant: break
      }
    }
    return lives
  }

  // MARK: Arena

  /// A piece of the arena that one buffer, or several after each other, stand in.
  private struct Block {
    var home: BufferID
    var life: ClosedRange<Int>
    var byteCount: Int
  }

  /// The pieces of arena that are needed, in no particular order.
  private func blocks() -> [Block] {
    var lives: [BufferID: ClosedRange<Int>] = [:]
    for (buffer, life) in self.lives() {
      let home = buffers[buffer.index].home ?? buffer
      let known = lives[home] ?? life
      lives[home] =
        min(known.lowerBound, life.lowerBound)...max(known.upperBound, life.upperBound)
    }
    return lives.compactMap { home, life in
      guard case .arena = buffers[home.index].storage else { return nil }
      let units = (buffers[home.index].type.byteCount + Self.alignment - 1) / Self.alignment
      return Block(home: home, life: life, byteCount: units * Self.alignment)
    }
  }

  /// Gives every piece of the arena an offset, by the better of two greedy orders of Pisarchyk and
  /// Lee (2020), "Efficient Memory Management for Deep Neural Net Inference": large pieces first, or
  /// the pieces of the most crowded kernels first.
  private mutating func placeArena() {
    let blocks = blocks().sorted { $0.home < $1.home }
    let bySize = blocks.sorted { ($1.byteCount, $0.home) < ($0.byteCount, $1.home) }
    var best = Self.offsets(of: bySize)
    if best.byteCount > Self.largestUse(of: blocks, kernels: kernels.count) {
      let byBreadth = Self.offsets(of: Self.byBreadth(blocks, kernels: kernels.count))
      if byBreadth.byteCount < best.byteCount { best = byBreadth }
    }
    arenaByteCount = best.byteCount
    for position in buffers.indices {
      guard case .arena = buffers[position].storage else { continue }
      let home = buffers[position].home ?? BufferID(position)
      buffers[position].storage = .arena(offset: best.offsets[home] ?? 0)
    }
  }

  /// Puts each piece at the lowest offset that is free during its life.
  private static func offsets(
    of blocks: [Block]
  ) -> (offsets: [BufferID: Int], byteCount: Int) {
    var placed: [(block: Block, offset: Int)] = []
    var byteCount = 0
    for block in blocks {
      var offset = 0
      let rivals = placed.filter { $0.block.life.overlaps(block.life) }
      for rival in rivals.sorted(by: { $0.offset < $1.offset }) {
        if rival.offset >= offset + block.byteCount { break }
        offset = max(offset, rival.offset + rival.block.byteCount)
      }
      placed.append((block, offset))
      byteCount = max(byteCount, offset + block.byteCount)
    }
    let offsets = placed.map { ($0.block.home, $0.offset) }
    return (Dictionary(uniqueKeysWithValues: offsets), byteCount)
  }

  /// The pieces in use at a kernel together, kernels in order of how much that is.
  private static func byBreadth(_ blocks: [Block], kernels: Int) -> [Block] {
    let uses = (0..<kernels).map { step in blocks.filter { $0.life.contains(step) } }
    let sizes = uses.map { $0.reduce(0) { $0 + $1.byteCount } }
    var taken = Set<BufferID>()
    return (0..<kernels).sorted { (sizes[$1], $0) < (sizes[$0], $1) }.flatMap { step in
      uses[step].sorted { ($1.byteCount, $0.home) < ($0.byteCount, $1.home) }
        .filter { taken.insert($0.home).inserted }
    }
  }

  /// The most bytes in use at one kernel: what no placement goes below.
  private static func largestUse(of blocks: [Block], kernels: Int) -> Int {
    var changes = [Int](repeating: 0, count: kernels + 1)
    for block in blocks {
      changes[block.life.lowerBound] += block.byteCount
      changes[block.life.upperBound + 1] -= block.byteCount
    }
    var (sum, largest) = (0, 0)
    for change in changes {
      sum += change
      largest = max(largest, sum)
    }
    return largest
  }

  /// The most bytes of arena that are in use at one kernel.
  package var largestArenaUse: Int { Self.largestUse(of: blocks(), kernels: kernels.count) }

  // MARK: Buffers

  /// Removes stores into buffers that no kernel reads, because all that needs their values is computed
  /// beside them.
  private mutating func dropUnreadStores() {
    var read = Set<BufferID>()
    for kernel in kernels {
      kernel.body.forEachNode { node in
        for access in Access.all(of: node) where access.isRead {
          if case .slot(let slot) = access.memory { read.insert(kernel.slots[slot]) }
        }
      }
    }
    for step in kernels.indices {
      let slots = kernels[step].slots
      func isUnread(_ store: Store) -> Bool {
        guard case .slot(let slot) = store.memory, !read.contains(slots[slot]),
          case .arena = buffers[slots[slot].index].storage
        else { return false }
        return true
      }
      guard kernels[step].writtenBuffers.contains(where: { !read.contains($0) }) else { continue }
      kernels[step].body = kernels[step].body.removingStores(where: isUnread)
      kernels[step].dropUnusedSlots()
    }
    kernels.removeAll { $0.body.isEmpty }
  }

  /// Removes arena buffers and constants that no kernel uses, such as a product that only its own
  /// epilogue reads.
  private mutating func dropUnusedBuffers() {
    var used = Set(kernels.flatMap(\.slots).map(\.index))
    used.formUnion(used.compactMap { buffers[$0].home?.index })
    for (position, buffer) in buffers.enumerated() {
      switch buffer.storage {
      case .argument, .result: used.insert(position)
      case .arena, .constant: break
      }
    }
    let kept = used.sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
    buffers = kept.map { position in
      var buffer = buffers[position]
      buffer.home = buffer.home.flatMap { places[$0.index] }.map(BufferID.init)
      return buffer
    }
    for kernel in kernels.indices {
      kernels[kernel].slots = kernels[kernel].slots.compactMap {
        places[$0.index].map(BufferID.init)
      }
    }
  }

  /// Every buffer starts at a multiple of this many bytes.
  package static var alignment: Int { 64 }
}
