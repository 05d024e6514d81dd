internal import LoopIR

extension LoopProgram {
  /// Lets a loop inside of another work on the outer one's carry in place, where the carry is only
  /// copied in front of the inner loop and copied back behind it.
  ///
  ///     Before:  repeat a <- b { h = a; repeat h { … h … }; b = h }
  ///     After:   repeat a { repeat a { … a … } }
  ///
  /// Copies from one inner loop to the next one go first, so that a carry is handed through all of them.
  ///
  /// - Parameter homes: the next values of carries that stand in the current one's memory; changed to
  ///   what remains of them.
  mutating func dropCarriedCopies(_ homes: inout [BufferID: BufferID]) {
    for find in [Self.copiesBetweenLoops, Self.carriedCopies] {
      while true {
        let names = find(self)(homes)
        if names.isEmpty { break }
        rename(names, &homes)
      }
    }
  }

  /// What carries that are copied to another buffer and back in each iteration are replaced by. No buffer
  /// has two parts in this, so that one change leaves the reasons for the others as they are.
  private func carriedCopies(_ homes: [BufferID: BufferID]) -> [BufferID: BufferID] {
    var names: [BufferID: BufferID] = [:]
    var taken = Set<BufferID>()
    lazy var outside = BufferUses(self)
    steps.forEachStep { step in
      guard case .loop(let loop) = step else { return }
      lazy var uses = loop.body.map { buffersUsed(by: $0) }
      lazy var own = BufferUses(self, in: loop.body)
      for carry in loop.carries where carry.current != carry.next {
        guard let inner = self.inner(of: carry, in: loop, homes, uses),
          outside.stays(inner, carry, own),
          taken.isDisjoint(with: [inner, carry.current, carry.next])
        else { continue }
        (names[inner], names[carry.next]) = (carry.current, carry.current)
        taken.formUnion([inner, carry.current, carry.next])
      }
    }
    return names
  }

  /// What buffers of loops' bodies are replaced by that are copies of others which nothing uses after them,
  /// no buffer in two parts.
  private func copiesBetweenLoops(_ homes: [BufferID: BufferID]) -> [BufferID: BufferID] {
    var names: [BufferID: BufferID] = [:]
    var taken = Set<BufferID>()
    lazy var outside = BufferUses(self)
    steps.forEachStep { step in
      guard case .loop(let loop) = step, loop.body.contains(where: { $0.isLoop }) else { return }
      lazy var uses = loop.body.map { buffersUsed(by: $0) }
      lazy var own = BufferUses(self, in: loop.body)
      for (position, step) in loop.body.enumerated() {
        guard case .kernel(let number) = step, kernels[number].slots.count == 2,
          let copy = kernels[number].writtenBuffers.first,
          let source = kernels[number].source(ofCopyTo: copy),
          taken.isDisjoint(with: [source, copy]), haveOneType(source, copy),
          [source, copy].allSatisfy({ isOwn($0, of: loop, homes) }),
          [source, copy].allSatisfy({ outside.isOnly($0, in: own) }),
          uses[..<position].allSatisfy({ !$0.contains(copy) }),
          uses[(position + 1)...].allSatisfy({ !$0.contains(source) })
        else { continue }
        names[copy] = source
        taken.formUnion([source, copy])
      }
    }
    return names
  }

  /// Whether a buffer has a fixed place in the arena that is no carry's of a loop itself.
  private func isOwn(
    _ buffer: BufferID, of loop: StepLoop, _ homes: [BufferID: BufferID]
  ) -> Bool {
    isArena(buffer) && homes[buffer] == nil
      && !loop.carries.contains { [$0.current, $0.next].contains(buffer) }
      && !isExchanged(buffer, in: loop.body, homes)
  }

  /// Whether loops in a list of steps exchange a buffer with another one, so that it has no fixed place.
  private func isExchanged(
    _ buffer: BufferID, in steps: [Step], _ homes: [BufferID: BufferID]
  ) -> Bool {
    var isExchanged = false
    steps.forEachStep { step in
      guard case .loop(let loop) = step else { return }
      for carry in loop.carries where [carry.current, carry.next].contains(buffer) {
        if carry.current != carry.next, homes[carry.next] != carry.current { isExchanged = true }
      }
    }
    return isExchanged
  }

  private func haveOneType(_ first: BufferID, _ second: BufferID) -> Bool {
    let (first, second) = (buffers[first.index].type, buffers[second.index].type)
    return first.byteCount == second.byteCount && first.element == second.element
  }

  /// How often steps of a program use each buffer.
  private struct BufferUses {
    private var counts: [BufferID: Int] = [:]

    init(_ program: LoopProgram, in steps: [Step]? = nil) {
      var counts: [BufferID: Int] = [:]
      (steps ?? program.steps).forEachStep { step in
        var buffers = step.ownBuffers
        if case .kernel(let number) = step { buffers += program.kernels[number].slots }
        for buffer in buffers { counts[program.root(of: buffer), default: 0] += 1 }
      }
      self.counts = counts
    }

    /// Whether a buffer is used in a loop's body alone, whose uses are given.
    func isOnly(_ buffer: BufferID, in own: BufferUses) -> Bool {
      counts[buffer] == own.counts[buffer]
    }

    /// Whether a buffer is used in a loop's body alone, and a carry's next value only there and by the
    /// loop itself.
    func stays(_ inner: BufferID, _ carry: StepCarry, _ own: BufferUses) -> Bool {
      isOnly(inner, in: own) && counts[carry.next] == (own.counts[carry.next] ?? 0) + 1
    }
  }

  /// The buffer that a carry is copied to and from in a loop's body, and that can stand in its place.
  ///
  /// - Parameter uses: what each step of the body uses.
  private func inner(
    of carry: StepCarry, in loop: StepLoop, _ homes: [BufferID: BufferID],
    _ uses: @autoclosure () -> [Set<BufferID>]
  ) -> BufferID? {
    let body = loop.body
    guard loop.carries.count(where: { $0.next == carry.next }) == 1,
      case .arena = buffers[carry.next.index].storage,
      body.contains(where: { isCopy($0, to: carry.next) })
    else { return nil }
    // What a body of many steps uses takes long to find.
    let uses = uses()
    guard let end = uses.firstIndex(where: { $0.contains(carry.next) }),
      case .kernel(let last) = body[end],
      let inner = kernels[last].source(ofCopyTo: carry.next), inner != carry.current,
      case .arena = buffers[inner.index].storage, homes[inner] == nil,
      haveOneType(inner, carry.current)
    else { return nil }
    let inside = uses.indices.filter { uses[$0].contains(inner) }
    guard inside.last == end, inside.count > 2, case .kernel(let first) = body[inside[0]],
      kernels[first].source(ofCopyTo: inner) == carry.current
    else { return nil }
    // From the first use of what is in between, nobody needs the carry.
    let isFree = uses.indices.allSatisfy { position in
      position < inside[1] || !uses[position].contains(carry.current)
    }
    guard isFree else { return nil }
    return isExchanged(inner, in: body, homes) ? nil : inner
  }

  /// Whether a step is a kernel that copies a buffer as a whole to a given one.
  private func isCopy(_ step: Step, to buffer: BufferID) -> Bool {
    guard case .kernel(let number) = step else { return false }
    return kernels[number].source(ofCopyTo: buffer) != nil
  }

  /// Puts buffers in the place of others, and drops copies of a buffer onto itself.
  private mutating func rename(
    _ names: [BufferID: BufferID], _ homes: inout [BufferID: BufferID]
  ) {
    for number in kernels.indices where kernels[number].slots.contains(where: { names[$0] != nil })
    {
      kernels[number].replaceSlots { names[$0] ?? $0 }
      if kernels[number].dropCopies(where: { $0 == $1 }) { kernels[number].dropUnusedSlots() }
    }
    moveViews(names)
    steps = steps.mappingBuffers { names[$0] ?? $0 }
    for name in names.keys { homes[name] = nil }
    homes = homes.mapValues { names[$0] ?? $0 }
    removeKernels { $0.body.isEmpty }
  }

  // MARK: Unread carries

  /// Drops carries that nothing reads, and the stores that made them: those of them that do not
  /// change how often a product is used, and so how sums are rounded.
  mutating func dropUnreadCarries() {
    while true {
      let unread = unreadBuffers
      var idle = Set<BufferID>()
      steps = steps.mappingLoops { loop in
        func isIdle(_ carry: StepCarry) -> Bool {
          carry.current != carry.next && unread.isSuperset(of: [carry.current, carry.next])
        }
        for carry in loop.carries where isIdle(carry) {
          idle.formUnion([carry.current, carry.next])
        }
        loop.carries.removeAll(where: isIdle)
      }
      guard !idle.isEmpty else { break }
      for number in kernels.indices { kernels[number].drop(storesTo: idle, mayBeAll: true) }
      // What only fills such buffers has nothing left to do.
      removeKernels { $0.body.isEmpty }
      dropIdleFills()
    }
    removeKernels { $0.body.isEmpty }
    dropUnusedBuffers()
  }

  /// The pieces of arena that nothing but loops that hand them on reads.
  private var unreadBuffers: Set<BufferID> {
    let read = buffersRead()
    return Set(buffers.indices.map { BufferID($0) }.filter { isArena($0) && !read.contains($0) })
  }

  /// The buffers that kernels, conditions, branches, and calls read, with what views are parts of.
  private func buffersRead() -> Set<BufferID> {
    var read = Set<BufferID>()
    func add(_ buffer: BufferID) { read.formUnion([buffer, root(of: buffer)]) }
    for kernel in kernels { kernel.readBuffers.forEach(add) }
    steps.forEachStep { step in
      switch step {
      case .kernel: break
      case .loop(let loop):
        if case .condition(_, let condition) = loop.trips { add(condition) }
      case .branch(let branch): add(branch.selector)
      case .call(let call): (call.inputs + call.outputs).forEach(add)
      }
    }
    return read
  }

  /// Drops what only fills buffers that no step uses in another way.
  private mutating func dropIdleFills() {
    var used = buffersRead()
    steps.forEachStep { step in
      for buffer in step.ownBuffers { used.formUnion([buffer, root(of: buffer)]) }
    }
    let idle = unreadBuffers.subtracting(used)
    for number in kernels.indices where !idle.isDisjoint(with: kernels[number].slots) {
      kernels[number].drop(storesTo: idle, mayBeAll: true)
    }
    removeKernels { $0.body.isEmpty }
  }
}
