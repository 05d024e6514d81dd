internal import TensorIR

extension LoopProgram {
  /// Checks each kernel and how they share memory: buffers lie in the arena at multiples of 64
  /// bytes, every element read may have been written before by a kernel whose buffer has not been
  /// overwritten since, and every result is written.
  ///
  /// - Throws: `AdjointError` naming the kernel or buffer.
  package func verify() throws {
    try verifyBuffers()
    guard Set(kernels.map(\.name)).count == kernels.count else {
      throw AdjointError(.type, "two kernels of \(name) share a name")
    }
    var written = Set<BufferID>()
    for kernel in kernels {
      try kernel.verify(in: self)
      try verifyMemory(of: kernel, written: &written)
    }
    for (position, buffer) in buffers.enumerated() {
      guard case .result = buffer.storage, buffer.type.count > 0 else { continue }
      guard written.contains(BufferID(position)) else {
        throw AdjointError(.type, "result \(buffer.name) is never written")
      }
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
          !overflow && end <= arenaByteCount,
          "buffer \(buffer.name) goes beyond the arena's \(arenaByteCount) bytes")
      case .constant(let literal):
        try require(
          literal.type == buffer.type, "buffer \(buffer.name) is not of its constant's type")
      }
    }
  }

  /// Checks reads of one kernel and notes what it writes and overwrites.
  private func verifyMemory(of kernel: Kernel, written: inout Set<BufferID>) throws {
    func error(_ message: String) -> AdjointError {
      AdjointError(.type, "kernel \(kernel.name): \(message)", at: kernel.sources.first ?? .unknown)
    }
    var before = written
    var own = Set<BufferID>()
    try kernel.body.forEachNode { node in
      for access in Access.all(of: node) {
        guard case .slot(let slot) = access.memory else { continue }
        let id = kernel.slots[slot]
        if access.isRead, isComputed(id), !before.contains(id), !own.contains(id) {
          throw error("\(buffers[id.index].name) is read before it is written")
        }
        guard access.isWrite, own.insert(id).inserted else { continue }
        for other in overlapping(id) {
          before.remove(other)
          if own.contains(other) || !isInPlace(kernel, id, over: other) {
            throw error("\(buffers[id.index].name) overwrites \(buffers[other.index].name) in use")
          }
        }
      }
    }
    written = before.union(own)
  }

  /// Whether a buffer holds what kernels compute.
  private func isComputed(_ id: BufferID) -> Bool {
    switch buffers[id.index].storage {
    case .result, .arena: buffers[id.index].type.count > 0
    case .argument, .constant: false
    }
  }

  /// The other buffers that share bytes of the arena with one.
  private func overlapping(_ id: BufferID) -> [BufferID] {
    guard case .arena(let start) = buffers[id.index].storage else { return [] }
    let end = start + buffers[id.index].type.byteCount
    return buffers.indices.map { BufferID($0) }.filter { other in
      guard other != id, case .arena(let offset) = buffers[other.index].storage else {
        return false
      }
      return offset < end && start < offset + buffers[other.index].type.byteCount
    }
  }

  /// Whether a kernel that writes one buffer over another does not use the other, or touches both
  /// at one address only, which changes with every loop around.
  private func isInPlace(_ kernel: Kernel, _ id: BufferID, over other: BufferID) -> Bool {
    let slots = [id, other].map { kernel.slots.firstIndex(of: $0) }
    guard let (new, old) = slots[0].flatMap({ new in slots[1].map { (new, $0) } }) else {
      return true
    }
    guard buffers[id.index].storage == buffers[other.index].storage,
      buffers[id.index].type.element == buffers[other.index].type.element
    else { return false }
    var addresses = Set<AddressKey>()
    func touchesEachOnce(_ nodes: [Node], in loops: [VariableID]) -> Bool {
      nodes.allSatisfy { node in
        for access in Access.all(of: node)
        where access.memory == .slot(new) || access.memory == .slot(old) {
          addresses.insert(AddressKey(access.address))
          if case .contract = node { return false }
          guard loops.allSatisfy({ access.address.uses($0) }) else { return false }
        }
        switch node {
        case .define, .store, .accumulate: return true
        case .loop(let loop):
          let block: VariableID? =
            if case .block(let block, _) = loop.range { block } else { nil }
          return touchesEachOnce(
            loop.body, in: loops.filter { $0 != block } + [loop.variable])
        case .contract(let contract):
          let block = contract.block?.variable
          return touchesEachOnce(
            contract.body, in: loops.filter { $0 != block } + [contract.row, contract.column])
        }
      }
    }
    return touchesEachOnce(kernel.body, in: []) && addresses.count <= 1
  }
}

/// An address without the order of its terms.
private struct AddressKey: Hashable {
  var constant: Int
  var terms: Set<IndexExpression.Term>

  init(_ address: IndexExpression) {
    constant = address.constant
    terms = Set(address.terms)
  }
}
