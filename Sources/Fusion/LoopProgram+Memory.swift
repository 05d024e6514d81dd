internal import LoopIR

extension LoopProgram {
  /// Gives every arena buffer a byte offset, so that buffers in use at the same time do not overlap.
  ///
  /// Buffers are placed from large to small, each at the lowest offset free during its life: the
  /// greedy-by-size rule of Pisarchyk and Lee (2020), "Efficient Memory Management for Deep Neural
  /// Net Inference".
  mutating func planMemory() {
    dropUnusedBuffers()
    var lives: [Int: ClosedRange<Int>] = [:]
    for (step, kernel) in kernels.enumerated() {
      for slot in kernel.slots {
        let known = lives[slot.index]
        lives[slot.index] = (known?.lowerBound ?? step)...step
      }
    }
    let arena = buffers.indices.filter {
      if case .arena = buffers[$0].storage { return lives[$0] != nil }
      return false
    }
    let bySize = arena.sorted {
      (buffers[$1].type.byteCount, $0) < (buffers[$0].type.byteCount, $1)
    }
    var placed: [(life: ClosedRange<Int>, offset: Int, end: Int)] = []
    for buffer in bySize {
      guard let life = lives[buffer] else { continue }
      let size =
        (buffers[buffer].type.byteCount + Self.alignment - 1) / Self.alignment
        * Self.alignment
      var offset = 0
      for other in placed.filter({ $0.life.overlaps(life) }).sorted(by: { $0.offset < $1.offset }) {
        if other.offset >= offset + size { break }
        offset = max(offset, other.end)
      }
      buffers[buffer].storage = .arena(offset: offset)
      placed.append((life, offset, offset + size))
      arenaByteCount = max(arenaByteCount, offset + size)
    }
  }

  /// Removes arena buffers and constants that no kernel uses, such as a product that only its own
  /// epilogue reads.
  private mutating func dropUnusedBuffers() {
    var used = Set(kernels.flatMap(\.slots).map(\.index))
    for (position, buffer) in buffers.enumerated() {
      switch buffer.storage {
      case .argument, .result: used.insert(position)
      case .arena, .constant: break
      }
    }
    let kept = used.sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
    buffers = kept.map { buffers[$0] }
    for kernel in kernels.indices {
      kernels[kernel].slots = kernels[kernel].slots.compactMap {
        places[$0.index].map(BufferID.init)
      }
    }
  }

  /// Every buffer starts at a multiple of this many bytes.
  package static var alignment: Int { 64 }
}
