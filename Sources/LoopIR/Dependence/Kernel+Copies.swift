extension Kernel {
  /// The buffer that all stores to another one copy, element by element in the same places, so that the copy
  /// may stand for it; nil where there are other stores, or none, or where the kernel writes the buffer too.
  package func source(ofCopyTo destination: BufferID) -> BufferID? {
    guard let copy = slots.firstIndex(of: destination) else { return nil }
    var addresses: [ScalarID: IndexExpression] = [:]
    var written = Set<Int>()
    var isCopy = true
    body.forEachNode { node in
      guard case .store(let store) = node, case .slot(let slot) = store.memory else { return }
      written.insert(slot)
      guard slot == copy else { return }
      if store.combining != nil || store.condition != nil { isCopy = false }
      if let other = addresses.updateValue(store.address, forKey: store.value),
        !other.hasSameTerms(as: store.address)
      {
        isCopy = false
      }
    }
    guard isCopy, !addresses.isEmpty else { return nil }
    var sources = Set<Int>()
    body.forEachNode { node in
      guard case .define(let scalar, let expression) = node, let address = addresses[scalar] else {
        return
      }
      guard case .load(.slot(let slot), let place, nil) = expression,
        place.hasSameTerms(as: address)
      else {
        isCopy = false
        return
      }
      addresses[scalar] = nil
      sources.insert(slot)
    }
    guard isCopy, addresses.isEmpty, sources.count == 1, let source = sources.first,
      !written.contains(source)
    else { return nil }
    return slots[source]
  }
}
