package import TensorIR

extension [Node] {
  /// Calls `body` with every node in execution order, loops before what they hold.
  package func forEachNode(_ body: (Node) throws -> Void) rethrows {
    for node in self {
      try body(node)
      switch node {
      case .define, .store, .accumulate: break
      case .loop(let loop): try loop.body.forEachNode(body)
      case .contract(let contract):
        for nodes in [contract.left.body, contract.right.body, contract.body] {
          try nodes.forEachNode(body)
        }
      }
    }
  }
}

extension Node {
  /// Whether a product stands in the node.
  package var hasContract: Bool {
    switch self {
    case .define, .store, .accumulate: false
    case .loop(let loop): loop.body.contains(where: \.hasContract)
    case .contract: true
    }
  }
}

extension Expression {
  /// Calls `body` with every scalar the expression reads, once per occurrence.
  package func forEachScalar(_ body: (ScalarID) -> Void) {
    switch self {
    case .literal: break
    case .index(let index, _): index.forEachScalar(body)
    case .load(_, let address, let condition):
      address.forEachScalar(body)
      if let condition { body(condition) }
    case .inBounds(let bounds): for bound in bounds { bound.index.forEachScalar(body) }
    case .apply(_, let operands): operands.forEach(body)
    }
  }
}

extension Expression {
  /// Calls `body` with every variable the expression uses, once per occurrence.
  package func forEachVariable(_ body: (VariableID) -> Void) {
    switch self {
    case .literal, .apply: break
    case .index(let index, _), .load(_, let index, _): index.forEachVariable(body)
    case .inBounds(let bounds): for bound in bounds { bound.index.forEachVariable(body) }
    }
  }
}

extension Node {
  /// Calls `body` with every scalar the node itself reads, without what stands in its loop.
  package func forEachOwnScalar(_ body: (ScalarID) -> Void) {
    switch self {
    case .define(_, let expression): expression.forEachScalar(body)
    case .store(let store):
      body(store.value)
      store.address.forEachScalar(body)
      if let condition = store.condition { body(condition) }
    case .accumulate(_, let value): body(value)
    case .loop(let loop):
      for carry in loop.carries {
        body(carry.initial)
        body(carry.next)
        carry.recurrence?.coefficients.forEach(body)
      }
    case .contract(let contract):
      body(contract.left.value)
      body(contract.right.value)
    }
  }
}

/// A read or write of memory by a kernel.
package struct Access: Hashable, Sendable {
  package var memory: Memory
  package var address: IndexExpression
  package var isRead: Bool
  package var isWrite: Bool
  /// How a written value meets what is there; nil replaces it.
  package var combining: Reduction.Kind?
  /// A boolean without which it does not happen; nil always happens.
  package var condition: ScalarID?

  /// What a node itself reads and writes, without what stands in its loop.
  package static func all(of node: Node) -> [Access] { node.access.map { [$0] } ?? [] }
}

extension Node {
  /// What the node itself reads or writes, without what stands in its loop.
  package var access: Access? {
    switch self {
    case .define(_, .load(let memory, let address, let condition)):
      Access(
        memory: memory, address: address, isRead: true, isWrite: false, condition: condition)
    case .store(let store):
      Access(
        memory: store.memory, address: store.address, isRead: store.combining != nil,
        isWrite: true, combining: store.combining, condition: store.condition)
    case .define, .accumulate, .loop, .contract: nil
    }
  }
}

extension [Node] {
  /// The reads and writes of the nodes, with what stands in their loops.
  package var accesses: [Access] {
    var accesses = [Access]()
    forEachNode { if let access = $0.access { accesses.append(access) } }
    return accesses
  }

  /// Calls `body` with the memory of every access of the nodes, with what stands in their loops, and
  /// whether it is read and written.
  package func forEachMemory(_ body: (Memory, _ isRead: Bool, _ isWritten: Bool) -> Void) {
    for position in indices {
      switch self[position] {
      case .define(_, .load(let memory, _, _)): body(memory, true, false)
      case .store(let store): body(store.memory, store.combining != nil, true)
      case .define, .accumulate: break
      case .loop(let loop): loop.body.forEachMemory(body)
      case .contract(let contract):
        contract.left.body.forEachMemory(body)
        contract.right.body.forEachMemory(body)
        contract.body.forEachMemory(body)
      }
    }
  }

  /// The nodes with the memory and address of every access replaced.
  package func mappingAccesses(
    _ transform: (Memory, IndexExpression) -> (Memory, IndexExpression)
  ) -> [Node] {
    map { node in
      switch node {
      case .define(let scalar, .load(let memory, let address, let condition)):
        let (memory, address) = transform(memory, address)
        return .define(scalar, .load(memory, address, condition: condition))
      case .define, .accumulate: return node
      case .store(var store):
        (store.memory, store.address) = transform(store.memory, store.address)
        return .store(store)
      case .loop(var loop):
        loop.body = loop.body.mappingAccesses(transform)
        return .loop(loop)
      case .contract(var contract):
        contract.left.body = contract.left.body.mappingAccesses(transform)
        contract.right.body = contract.right.body.mappingAccesses(transform)
        contract.body = contract.body.mappingAccesses(transform)
        return .contract(contract)
      }
    }
  }
}

extension Kernel {
  /// Whether a loop ends when a condition does not hold any more.
  package var hasUnboundedLoops: Bool {
    var isFound = false
    body.forEachNode { node in
      if case .loop(let loop) = node, case .condition = loop.range { isFound = true }
    }
    return isFound
  }

  /// Forgets the buffers that no statement touches.
  package mutating func dropUnusedSlots() {
    var used = Set<Int>()
    body.forEachNode { node in
      for access in Access.all(of: node) {
        if case .slot(let slot) = access.memory { used.insert(slot) }
      }
    }
    guard used.count < slots.count else { return }
    let kept = used.sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
    slots = kept.map { slots[$0] }
    body = body.mappingAccesses { memory, address in
      guard case .slot(let slot) = memory, let place = places[slot] else {
        return (memory, address)
      }
      return (.slot(place), address)
    }
  }

  /// The buffers that the kernel writes.
  package var writtenBuffers: Set<BufferID> {
    var written = Set<BufferID>()
    body.forEachMemory { memory, _, isWritten in
      if isWritten, case .slot(let slot) = memory { written.insert(slots[slot]) }
    }
    return written
  }
}
