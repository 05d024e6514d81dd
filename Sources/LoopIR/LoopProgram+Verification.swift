internal import TensorIR

extension LoopProgram {
  /// Checks each kernel and how they share memory: buffers lie in the arena at multiples of 64
  /// bytes, every buffer read holds an argument or was written before, and nothing has been written
  /// over it since, and every result is there at the end.
  ///
  /// - Throws: `AdjointError` naming the kernel or buffer.
  package func verify() throws {
    try verifyBuffers()
    guard Set(kernels.map(\.name)).count == kernels.count else {
      throw AdjointError(.type, "two kernels of \(name) share a name")
    }
    var intact = Set(buffers.indices.map { BufferID($0) }.filter(isInput))
    for kernel in kernels {
      try kernel.verify(in: self)
      try verifyMemory(of: kernel, intact: &intact)
    }
    let held = intact.map(place)
    for (position, buffer) in buffers.enumerated() {
      guard case .result = buffer.storage, buffer.type.count > 0 else { continue }
      // What is only moved may be written by the name of the buffer it comes from.
      guard held.contains(place(of: BufferID(position))) else {
        throw AdjointError(.type, "result \(buffer.name) is never written")
      }
    }
  }

  /// Whether a buffer has its content from the start.
  private func isInput(_ id: BufferID) -> Bool {
    let buffer = buffers[id.index]
    guard buffer.type.count > 0 else { return true }
    switch buffer.storage {
    case .argument, .constant: return true
    case .result, .arena: return false
    }
  }

  private func verifyBuffers() throws {
    func require(_ holds: Bool, _ message: @autoclosure () -> String) throws {
      guard holds else { throw AdjointError(.type, message()) }
    }
    var interface = Set<Buffer.Storage>()
    for buffer in buffers {
      switch buffer.storage {
      case .argument(let position), .result(let position):
        try require(
          position >= 0 && interface.insert(buffer.storage).inserted,
          "buffer \(buffer.name) shares its place among arguments or results")
      case .arena(let offset):
        try require(
          offset >= 0 && offset.isMultiple(of: 64),
          "buffer \(buffer.name) at arena+\(offset) is not aligned to 64 bytes")
        let (end, overflow) = offset.addingReportingOverflow(buffer.type.byteCount)
        try require(
          buffer.home != nil || !overflow && end <= arenaByteCount,
          "buffer \(buffer.name) goes beyond the arena's \(arenaByteCount) bytes")
      case .constant(let literal):
        try require(
          literal.type == buffer.type, "buffer \(buffer.name) is not of its constant's type")
      }
      try require(
        isAtHome(buffer), "buffer \(buffer.name) does not fit the memory of the buffer it stands in"
      )
    }
  }

  /// Whether a buffer that stands in another's memory is of its size, and may be there.
  private func isAtHome(_ buffer: Buffer) -> Bool {
    guard let home = buffer.home else { return true }
    guard buffers.indices.contains(home.index) else { return false }
    let owner = buffers[home.index]
    guard owner.home == nil, owner.type.byteCount == buffer.type.byteCount else { return false }
    switch (buffer.storage, owner.storage) {
    case (.argument, _), (.constant, _), (_, .constant), (.result, .result), (.result, .arena):
      return false
    case (.arena, _), (.result, .argument): return true
    }
  }

  /// Checks reads of one kernel and notes what it writes and overwrites.
  private func verifyMemory(of kernel: Kernel, intact: inout Set<BufferID>) throws {
    func error(_ message: String) -> AdjointError {
      AdjointError(.type, "kernel \(kernel.name): \(message)", at: kernel.sources.first ?? .unknown)
    }
    var before = intact
    var own = Set<BufferID>()
    try kernel.body.forEachNode { node in
      for access in Access.all(of: node) {
        guard case .slot(let slot) = access.memory else { continue }
        let id = kernel.slots[slot]
        let name = buffers[id.index].name
        if access.isRead, buffers[id.index].type.count > 0, !before.contains(id), !own.contains(id)
        {
          throw error("\(name) is read before it is written")
        }
        guard access.isWrite, own.insert(id).inserted else { continue }
        for other in overlapping(id) {
          before.remove(other)
          if own.contains(other) || !kernel.mayReplace(other, with: id, in: self) {
            throw error("\(name) overwrites \(buffers[other.index].name) in use")
          }
        }
      }
    }
    intact = before.union(own)
  }

  /// The other buffers that share bytes with one.
  private func overlapping(_ id: BufferID) -> [BufferID] {
    let byteCount = buffers[id.index].type.byteCount
    let place = place(of: id)
    return buffers.indices.map { BufferID($0) }.filter { other in
      guard other != id, byteCount > 0, buffers[other.index].type.count > 0 else { return false }
      let otherPlace = self.place(of: other)
      guard case .arena(let start) = place, case .arena(let offset) = otherPlace else {
        return place == otherPlace
      }
      return offset < start + byteCount && start < offset + buffers[other.index].type.byteCount
    }
  }
}
