extension Kernel {
  /// The buffer that all stores to another one copy, element by element in the same places, so that the copy
  /// may stand for it; nil where there are other stores, or none, or where the kernel writes the buffer too.
  package func source(ofCopyTo destination: BufferID) -> BufferID? {
    var loads: [ScalarID: (buffer: BufferID, address: IndexExpression)] = [:]
    var sources = Set<BufferID?>()
    var written = Set<BufferID>()
    body.forEachNode { node in
      switch node {
      case .define(let scalar, .load(.slot(let slot), let address, nil)):
        loads[scalar] = (slots[slot], address)
      case .store(let store):
        guard case .slot(let slot) = store.memory else { return }
        written.insert(slots[slot])
        guard slots[slot] == destination else { return }
        guard store.combining == nil, store.condition == nil, let load = loads[store.value],
          load.address.hasSameTerms(as: store.address)
        else {
          sources.insert(nil)
          return
        }
        sources.insert(load.buffer)
      case .define, .accumulate, .loop, .contract: break
      }
    }
    guard sources.count == 1, let found = sources.first, let source = found,
      !written.contains(source)
    else { return nil }
    return source
  }
}
