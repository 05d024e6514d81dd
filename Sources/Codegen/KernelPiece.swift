internal import LoopIR
internal import TensorIR

/// A part of a kernel that is compiled by itself.
///
/// A kernel that takes rows through products and loops is a function for each of these steps, and one
/// that calls them for each block of rows: steps with the same code, in one kernel or in several, are
/// compiled once, and others at the same time. A kernel of one step is one piece.
struct KernelPiece {
  /// What the piece does; a block of it where the whole kernel has blocks.
  var code: KernelCode
  /// Where the memory behind each of the piece's slots is found: a slot of the whole kernel, or a
  /// local that it shares with other pieces, and the byte in it.
  var memories: [(memory: Memory, offset: Int)]

  /// The pieces of a kernel, in the order in which each block goes through them.
  static func pieces(of kernel: Kernel, in program: LoopProgram) -> [KernelPiece] {
    let (head, block, nodes) = kernel.outline
    let groups = nodes.steps { kernel.mayShareMemory($0, $1, in: program) }
    guard groups.count > 1 else {
      let (code, offsets) = KernelCode.of(kernel, in: program)
      let slots = kernel.slots.indices.map { Memory.slot($0) }
      return [KernelPiece(code: code, memories: Array(zip(slots, offsets)))]
    }
    let shared = kernel.locals.indices.filter { local in
      groups.count { $0.uses(.local(local)) } > 1
    }
    // Shared locals are buffers of the program for the pieces.
    var program = program
    var whole = kernel
    for local in shared {
      let type = TensorType(kernel.locals[local].shape, kernel.locals[local].element)
      whole.slots.append(BufferID(program.buffers.count))
      program.buffers.append(Buffer(name: "l\(local)", type: type, storage: .arena(offset: 0)))
    }
    let memories = kernel.slots.indices.map { Memory.slot($0) } + shared.map { Memory.local($0) }
    return groups.map { group in
      let nodes = group.mappingAccesses { memory, address in
        guard case .local(let local) = memory, let place = shared.firstIndex(of: local) else {
          return (memory, address)
        }
        return (.slot(kernel.slots.count + place), address)
      }
      var transplant = Transplant(from: whole, into: Kernel(name: kernel.name))
      let body = head.needed(by: nodes) + [nodes.wrapped(in: block)].flatMap { $0 }
      let moved = transplant.mapped(body)
      var piece = transplant.kernel
      piece.body = moved
      let (code, offsets) = KernelCode.of(piece, in: program)
      let places = piece.slots.map { buffer in
        memories[whole.slots.firstIndex(of: buffer) ?? 0]
      }
      return KernelPiece(code: code, memories: Array(zip(places, offsets)))
    }
  }
}

extension Kernel {
  /// Whether two memories that the kernel sees may be one: a result may stand in an argument's.
  fileprivate func mayShareMemory(_ one: Memory, _ other: Memory, in program: LoopProgram) -> Bool {
    guard case .slot(let one) = one, case .slot(let other) = other else { return one == other }
    func owners(_ slot: Int) -> Set<BufferID> {
      Set([slots[slot]] + program.bases(of: slots[slot]))
    }
    return !program.donations.isEmpty || !owners(one).isDisjoint(with: owners(other))
  }

  /// The definitions before everything else, the parallel loop without its body, and what a block, or
  /// the kernel where it has none, goes through.
  fileprivate var outline: (head: [Node], block: Loop?, nodes: [Node]) {
    let first = body.firstIndex { if case .define = $0 { false } else { true } } ?? body.count
    let (head, rest) = (Array(body[..<first]), Array(body[first...]))
    guard rest.count == 1, case .loop(var loop) = rest[0], loop.schedule == .parallel else {
      return (head, nil, rest)
    }
    let nodes = loop.body
    loop.body = []
    return (head, loop, nodes)
  }
}

extension [Node] {
  /// The nodes in groups that can be carried out by themselves: a product, or the loops between
  /// products with what becomes of their sums. One group where there is no product.
  ///
  /// - Parameter meets: Whether two places may be one memory.
  fileprivate func steps(where meets: (Memory, Memory) -> Bool) -> [[Node]] {
    guard contains(where: \.hasContract) else { return [self] }
    var groups: [[Node]] = [[]]
    var definers: [ScalarID: Int] = [:]
    for node in self {
      let isProduct = node.hasContract
      let startsGroup =
        node.isRepetition && groups[groups.count - 1].contains(where: \.hasContract)
        || isProduct && groups[groups.count - 1].contains(where: \.isRepetition)
      if startsGroup { groups.append([]) }
      var place = groups.count - 1
      var first = place
      for scalar in [node].scalarsRead {
        if let definer = definers[scalar] { first = Swift.min(first, definer) }
      }
      // What needs a sum of an earlier group alone goes there; else it makes one group of that and all that
      // follow.
      if first < place, node.mayPrecede(groups[(first + 1)...].joined(), where: meets),
        [node].scalarsRead.allSatisfy({ definers[$0, default: first] <= first })
      {
        place = first
      } else if first < place {
        groups[first...] = [Array(groups[first...].joined())]
        for (scalar, definer) in definers where definer > first { definers[scalar] = first }
        place = first
      }
      groups[place].append(node)
      for scalar in node.definedScalars { definers[scalar] = place }
    }
    return groups
  }

  /// The definitions that some nodes need, directly or through each other.
  fileprivate func needed(by nodes: [Node]) -> [Node] {
    var used = nodes.scalarsRead
    var kept = [Node]()
    for node in reversed() where node.definedScalars.contains(where: used.contains) {
      used.formUnion([node].scalarsRead)
      kept.insert(node, at: 0)
    }
    return kept
  }

  fileprivate func wrapped(in block: Loop?) -> [Node] {
    guard var block else { return self }
    block.body = self
    return [.loop(block)]
  }

  fileprivate func uses(_ memory: Memory) -> Bool {
    accesses.contains { $0.memory == memory }
  }

  /// The scalars that the nodes, or nodes in them, read.
  fileprivate var scalarsRead: Set<ScalarID> {
    var read = Set<ScalarID>()
    forEachNode { node in node.forEachOwnScalar { read.insert($0) } }
    return read
  }
}

extension Node {
  /// Whether the node is no loop and can as well be carried out before other nodes, whose scalars it
  /// does not read: none of them uses memory that it writes, and it reads none.
  fileprivate func mayPrecede(
    _ others: some Sequence<Node>, where meets: (Memory, Memory) -> Bool
  ) -> Bool {
    switch self {
    case .define(_, let expression):
      if case .load = expression { return false }
      return true
    case .store(let store):
      return !Array(others).accesses.contains { meets($0.memory, store.memory) }
    case .accumulate, .loop, .contract: return false
    }
  }

  fileprivate var isRepetition: Bool {
    switch self {
    case .loop, .contract: true
    case .define, .store, .accumulate: false
    }
  }
}
