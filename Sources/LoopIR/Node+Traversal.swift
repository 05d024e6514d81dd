package import TensorIR

extension [Node] {
  /// Calls `body` with every node in execution order, loops before what they hold.
  package func forEachNode(_ body: (Node) throws -> Void) rethrows {
    for position in indices {
      try body(self[position])
      try self[position].forEachBody { try $0.forEachNode(body) }
    }
  }
}

extension Node {
  /// Calls `visit` with the nodes of a loop, or with those of a product's factors and of what follows it.
  @inlinable
  package func forEachBody(_ visit: ([Node]) throws -> Void) rethrows {
    switch self {
    case .define, .store, .accumulate: break
    case .loop(let loop): try visit(loop.body)
    case .contract(let contract):
      try visit(contract.left.body)
      try visit(contract.right.body)
      try visit(contract.body)
    }
  }

  /// The node with the nodes in it replaced, for each of its bodies at a time.
  package func mappingBodies(_ transform: ([Node]) throws -> [Node]) rethrows -> Node {
    switch self {
    case .define, .store, .accumulate: return self
    case .loop(var loop):
      loop.body = try transform(loop.body)
      return .loop(loop)
    case .contract(var contract):
      contract.left.body = try transform(contract.left.body)
      contract.right.body = try transform(contract.right.body)
      contract.body = try transform(contract.body)
      return .contract(contract)
    }
  }

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
  /// Calls `body` with every index and every scalar read.
  @inlinable
  package func forEachInput(index: (IndexExpression) -> Void, scalar: (ScalarID) -> Void) {
    switch self {
    case .literal: break
    case .index(let expression, _): index(expression)
    case .load(_, let address, let condition):
      index(address)
      if let condition { scalar(condition) }
    case .inBounds(let bounds): for bound in bounds { index(bound.index) }
    case .apply(_, let operands): operands.forEach(scalar)
    }
  }

  /// Calls `body` with every scalar the expression reads, once per occurrence.
  @inlinable
  package func forEachScalar(_ body: (ScalarID) -> Void) {
    forEachInput(index: { $0.forEachScalar(body) }, scalar: body)
  }

  /// Calls `body` with every variable the expression uses, once per occurrence.
  @inlinable
  package func forEachVariable(_ body: (VariableID) -> Void) {
    forEachInput(index: { $0.forEachVariable(body) }, scalar: { _ in })
  }
}

extension Node {
  /// Calls `body` with every scalar the node itself reads, without what stands in its loop.
  @inlinable
  package func forEachOwnScalar(_ body: (ScalarID) -> Void) {
    switch self {
    case .define(_, let expression): expression.forEachScalar(body)
    case .store(let store):
      body(store.value)
      store.address.forEachScalar(body)
      if let condition = store.condition { body(condition) }
    case .accumulate(_, let value): body(value)
    case .loop(let loop):
      if case .once(let holds) = loop.range { body(holds) }
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

extension Node {
  /// The scalars that the node leaves to the nodes behind it.
  package var definedScalars: [ScalarID] {
    switch self {
    case .define(let scalar, _): [scalar]
    case .loop(let loop): loop.accumulators.map(\.result) + loop.carries.map(\.result)
    case .store, .accumulate, .contract: []
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

  @inlinable
  package init(
    memory: Memory, address: IndexExpression, isRead: Bool, isWrite: Bool,
    combining: Reduction.Kind? = nil, condition: ScalarID? = nil
  ) {
    (self.memory, self.address) = (memory, address)
    (self.isRead, self.isWrite) = (isRead, isWrite)
    (self.combining, self.condition) = (combining, condition)
  }
}

extension Node {
  /// What the node itself reads or writes, without what stands in its loop.
  @inlinable
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
    forEachNode { node in
      switch node {
      case .define(_, .load(let memory, _, _)): body(memory, true, false)
      case .store(let store): body(store.memory, store.combining != nil, true)
      case .define, .accumulate, .loop, .contract: break
      }
    }
  }
}

extension [Node] {
  /// Whether a loop among the nodes ends when a condition does not hold any more.
  package var hasUnboundedLoops: Bool {
    holdsLoop { if case .condition = $0.range { true } else { false } }
  }

  /// Whether some loop is among the nodes.
  package func holdsLoop(where isWanted: (Loop) -> Bool) -> Bool {
    var isFound = false
    forEachNode { node in
      if case .loop(let loop) = node, isWanted(loop) { isFound = true }
    }
    return isFound
  }
}

extension Kernel {
  /// Whether there are loops or products, so that more than straight-line code is to be done.
  @inlinable
  package var hasLoops: Bool {
    body.contains { node in
      switch node {
      case .define, .store, .accumulate: false
      case .loop, .contract: true
      }
    }
  }

  /// Whether a loop ends when a condition does not hold any more.
  package var hasUnboundedLoops: Bool { body.hasUnboundedLoops }

  /// Forgets the buffers that no statement touches.
  package mutating func dropUnusedSlots() {
    var used = Set<Int>()
    body.forEachMemory { memory, _, _ in if case .slot(let slot) = memory { used.insert(slot) } }
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
