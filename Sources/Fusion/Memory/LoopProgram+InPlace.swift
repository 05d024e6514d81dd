internal import LoopIR

extension LoopProgram {
  /// Lets buffers take over the memory of buffers of their size that die where they are written:
  /// element by element in the kernel that reads the last of the one and writes the other, or, for
  /// results, that of donated arguments nothing reads any more.
  ///
  /// - Parameters:
  ///   - donated: the arguments, by number, whose memory kernels may overwrite.
  ///   - answers: what is known of equal kernels.
  mutating func updateInPlace(donated: Set<Int>, knowing answers: ReplacementAnswers) {
    let donated = Set(
      buffers.indices.filter { position in
        guard case .argument(let number) = buffers[position].storage else { return false }
        return donated.contains(number)
      }.map { BufferID($0) })
    postponeUpdates(of: donated)
    var carries = carriesInPlace(knowing: answers)
    removeKernels { _ in false }
    dropCarriedCopies(&carries)
    var sharing = Sharing(self, donated: donated, homes: carries, answers)
    for step in kernels.indices { sharing.shareElementwise(at: step) }
    sharing.giveRemainingArguments()
    sharing.leaveArgumentsWithoutResult()
    for (position, home) in sharing.homes { buffers[position.index].home = home }
  }

  /// Moves a kernel that may write a result over a donated argument behind the steps that still
  /// read the argument, where nothing in between needs what it writes.
  private mutating func postponeUpdates(of donated: Set<BufferID>) {
    guard !donated.isEmpty else { return }
    var uses = StepUses(steps.map { buffersUsed(by: $0) })
    for step in steps.indices.reversed() {
      guard case .kernel(let number) = steps[step] else { continue }
      let kernel = kernels[number]
      let written = kernel.writtenBuffers
      let updated = Set(kernel.slots).intersection(donated).filter { argument in
        written.contains { buffer in
          guard case .result = buffers[buffer.index].storage else { return false }
          return mayReplace(argument, with: buffer, at: number)
        }
      }
      guard let last = updated.compactMap({ uses.last(of: $0) }).max(), last > step else {
        continue
      }
      let isFree = ((step + 1)...last).allSatisfy { other in
        written.isDisjoint(with: uses[other])
          && buffersWritten(by: steps[other]).isDisjoint(with: uses[step])
      }
      guard isFree else { continue }
      steps.insert(steps.remove(at: step), at: last)
      uses.move(step, to: last)
    }
  }

  /// What steps in a list use, and where each buffer is used for the last time.
  private struct StepUses {
    private var used: [Set<BufferID>]
    private var lasts: [BufferID: Int] = [:]

    init(_ used: [Set<BufferID>]) {
      self.used = used
      for (position, buffers) in used.enumerated() {
        for buffer in buffers { lasts[buffer] = position }
      }
    }

    /// What the step at a position uses.
    subscript(_ position: Int) -> Set<BufferID> { used[position] }

    /// The last position at which a buffer is used.
    func last(of buffer: BufferID) -> Int? { lasts[buffer] }

    /// Notes that a step went to a later position.
    mutating func move(_ position: Int, to last: Int) {
      used.insert(used.remove(at: position), at: last)
      for place in position...last {
        for buffer in used[place] where lasts[buffer].map({ $0 <= last }) ?? true {
          lasts[buffer] = place
        }
      }
    }
  }

  /// Whether a kernel replaces a buffer by one of its size, element by element.
  fileprivate func mayReplace(_ old: BufferID, with new: BufferID, at step: Int) -> Bool {
    haveOneSize(old, new) && kernels[step].slots.contains(old)
      && kernels[step].mayReplace(old, with: new, in: self)
  }

  /// Whether two buffers take as many bytes.
  fileprivate func haveOneSize(_ old: BufferID, _ new: BufferID) -> Bool {
    buffers[old.index].type.byteCount == buffers[new.index].type.byteCount
  }

  /// Makes parts of buffers parts of others.
  mutating func moveViews(_ bases: [BufferID: BufferID]) {
    for position in buffers.indices {
      guard case .view(var view) = buffers[position].storage, let base = bases[view.base] else {
        continue
      }
      view.base = base
      buffers[position].storage = .view(view)
    }
  }

  /// Removes stores that write back what they read in the same place, and kernels left without any;
  /// who reads such a copy reads what was copied.
  mutating func dropCopiesOntoThemselves() {
    var sources: [BufferID: BufferID] = [:]
    for step in kernels.indices {
      var kernel = kernels[step]
      // Nothing can be copied onto itself where all memory is apart.
      let mayCopy = Set(kernel.slots.map { home(of: $0) }).count < kernel.slots.count
      let isChanged =
        mayCopy
        && kernel.dropCopies { source, copy in
          guard source != copy, home(of: source) == home(of: copy) else { return false }
          let origin = sources[source] ?? source
          if origin != copy { sources[copy] = origin }
          return true
        }
      if !sources.isEmpty { kernel.replaceSlots { sources[$0] ?? $0 } }
      if isChanged { kernel.dropUnusedSlots() }
      kernels[step] = kernel
    }
    // Another way of a branch may have written the copy before.
    if !sources.isEmpty {
      for step in kernels.indices { kernels[step].replaceSlots { sources[$0] ?? $0 } }
    }
    steps = steps.mappingBuffers { sources[$0] ?? $0 }
    moveViews(sources)
    removeKernels { $0.body.isEmpty }
    dropUnusedBuffers()
    for step in kernels.indices { kernels[step].name = "k\(step)" }
  }
}

/// Which buffers stand in whose memory, while it is decided.
private struct Sharing {
  let program: LoopProgram
  let donated: Set<BufferID>
  /// Buffers that stand in another's memory, and that other one.
  private(set) var homes: [BufferID: BufferID] = [:]
  /// The buffers that stand in each other one.
  private var guests: [BufferID: [BufferID]] = [:]
  /// From the first use of a buffer, or of one that shares its memory, to the last.
  private var lives: [BufferID: ClosedRange<Int>]
  private let timeline: Timeline
  private let answers: ReplacementAnswers
  /// Buffers that exchange their memory with another's, and so have none that others could share.
  private let exchanged: Set<BufferID>

  init(
    _ program: LoopProgram, donated: Set<BufferID>, homes: [BufferID: BufferID],
    _ answers: ReplacementAnswers
  ) {
    self.answers = answers
    var program = program
    for (guest, host) in homes { program.buffers[guest.index].home = host }
    self.program = program
    self.donated = donated
    self.homes = homes
    for (guest, host) in homes { guests[host, default: []].append(guest) }
    timeline = Timeline(program)
    lives = program.lives(on: timeline)
    var exchanged = Set<BufferID>()
    for (_, loop) in timeline.loops {
      for carry in loop.carries where program.isExchanged(carry) {
        exchanged.formUnion([carry.current, carry.next])
      }
    }
    self.exchanged = exchanged
    for (guest, host) in homes {
      if let first = lives[guest], let second = lives[host] { lives[host] = first.union(second) }
    }
  }

  private func home(_ buffer: BufferID) -> BufferID { homes[buffer] ?? buffer }

  /// Lets what a kernel is first to write take the place of operands it is last to read.
  mutating func shareElementwise(at number: Int) {
    let kernel = program.kernels[number]
    guard let step = timeline.positions[number] else { return }
    let written = kernel.writtenBuffers.sorted()
    var replacements = answers.asker(kernel, in: program)
    let fresh = written.filter { lives[$0]?.lowerBound == step && mayMove($0) }
    guard !fresh.isEmpty else { return }
    for buffer in fresh.filter(isResult) + fresh.filter({ !isResult($0) }) {
      let dying = kernel.slots.filter { operand in
        lives[home(operand)]?.upperBound == step
          && !written.contains { home($0) == home(operand) }
          && mayGiveMemory(operand, to: buffer)
      }
      /// Asked of few operands only: it looks at all of the kernel.
      func fits(_ operand: BufferID) -> Bool {
        program.haveOneSize(operand, buffer) && replacements.mayReplace(operand, with: buffer)
          && (isArgument(home(operand)) || !kernel.storesReachNextRow(of: buffer))
      }
      // A result rather saves memory of the caller's, another buffer leaves that to results.
      let preferred = dying.first { isArgument(home($0)) == isResult(buffer) && fits($0) }
      if let operand = preferred ?? dying.first(where: fits) { join(buffer, home(operand)) }
    }
  }

  /// Gives each result without donated memory that of a donated argument which is dead before any
  /// kernel writes there.
  mutating func giveRemainingArguments() {
    func byteCount(_ buffer: BufferID) -> Int { program.buffers[buffer.index].type.byteCount }
    let idle = donated.filter { guests[$0]?.isEmpty ?? true }.sorted()
    var givers = Dictionary(grouping: idle, by: byteCount)
    for result in lives.keys.sorted() where isResult(result) && homes[result] == nil {
      guard let life = lives[result], let fitting = givers[byteCount(result)] else { continue }
      let position = fitting.firstIndex { (lives[$0]?.upperBound ?? Int.max) < life.lowerBound }
      guard let position else { continue }
      join(result, fitting[position])
      givers[byteCount(result)]?.remove(at: position)
    }
  }

  /// Takes buffers out of the memory of donated arguments that no result ends up in, so that
  /// whoever gives an argument away only has to look for results there.
  mutating func leaveArgumentsWithoutResult() {
    for argument in donated {
      let guests = (guests[argument] ?? []).sorted()
      guard let first = guests.first, !guests.contains(where: isResult) else { continue }
      for guest in guests { homes[guest] = guest == first ? nil : first }
    }
  }

  /// Makes one buffer, and what shares its memory, stand where another does; where the first is a
  /// result and the other is in the arena, all of them move to the result's memory.
  private mutating func join(_ buffer: BufferID, _ other: BufferID) {
    let (guest, host) = isResult(buffer) && !isArgument(other) ? (other, buffer) : (buffer, other)
    let members = (guests.removeValue(forKey: guest) ?? []) + [guest]
    for member in members { homes[member] = host }
    guests[host, default: []] += members
    guard let first = lives[guest], let second = lives[host] else { return }
    lives[host] = first.union(second)
  }

  /// Whether an operand's memory can hold a buffer that outlives it.
  private func mayGiveMemory(_ operand: BufferID, to buffer: BufferID) -> Bool {
    switch program.buffers[home(operand).index].storage {
    case .arena: !exchanged.contains(home(operand))
    case .argument: donated.contains(home(operand))
    case .result, .constant, .view: false
    }
  }

  /// Whether a buffer, with what shares its memory, can stand in another's: it has its own memory,
  /// and is no part of another or one of two that are exchanged.
  private func mayMove(_ buffer: BufferID) -> Bool {
    guard homes[buffer] == nil, !exchanged.contains(buffer) else { return false }
    switch program.buffers[buffer.index].storage {
    case .result, .arena: return true
    case .argument, .constant, .view: return false
    }
  }

  private func isResult(_ buffer: BufferID) -> Bool {
    if case .result = program.buffers[buffer.index].storage { return true }
    return false
  }

  private func isArgument(_ buffer: BufferID) -> Bool {
    if case .argument = program.buffers[buffer.index].storage { return true }
    return false
  }
}

extension Kernel {
  /// Drops stores of what was loaded from the same place of memory that is the same, of which only some
  /// buffers may be.
  ///
  /// - Returns: whether there were any.
  mutating func dropCopies(
    where isSame: (_ source: BufferID, _ copy: BufferID) -> Bool
  ) -> Bool {
    var loads: [ScalarID: (slot: Int, address: IndexExpression)] = [:]
    body.forEachNode { node in
      if case .define(let scalar, .load(.slot(let slot), let address, nil)) = node {
        loads[scalar] = (slot, address)
      }
    }
    let slots = slots
    let rest = body.removingStores { store in
      guard case .slot(let slot) = store.memory, store.combining == nil,
        let (source, address) = loads[store.value], address.hasSameTerms(as: store.address)
      else { return false }
      return isSame(slots[source], slots[slot])
    }
    guard rest != body else { return false }
    body = rest
    return true
  }

  /// Gives slots other buffers; slots of one buffer become one.
  mutating func replaceSlots(_ transform: (BufferID) -> BufferID) {
    slots = slots.map(transform)
    guard Set(slots).count < slots.count else { return }
    let slots = self.slots
    body = body.mappingAccesses { memory, address in
      guard case .slot(let slot) = memory else { return (memory, address) }
      return (.slot(slots.firstIndex(of: slots[slot]) ?? slot), address)
    }
    dropUnusedSlots()
  }

  /// Whether vectors that are cut off at the end of each short row store a buffer.
  ///
  /// The processor takes such a store for a whole vector, so a read of the next row from the same
  /// memory waits until the store has reached the cache.
  func storesReachNextRow(of buffer: BufferID) -> Bool {
    func isCutOff(_ variable: VariableID, width: Int) -> Bool {
      let extent = variables[variable.index].extent
      return !extent.isMultiple(of: width) && extent < 8 * width
    }
    func reaches(_ nodes: [Node], isCutOff isInside: Bool) -> Bool {
      nodes.contains { node in
        switch node {
        case .define, .accumulate: return false
        case .store(let store):
          guard isInside, case .slot(let slot) = store.memory else { return false }
          return slots[slot] == buffer
        case .loop(let loop):
          guard case .vector(let width, _) = loop.schedule else {
            return reaches(loop.body, isCutOff: isInside)
          }
          return reaches(loop.body, isCutOff: isCutOff(loop.variable, width: width))
        case .contract(let contract):
          return reaches(
            contract.body, isCutOff: isCutOff(contract.column, width: contract.tiling.width))
        }
      }
    }
    return reaches(body, isCutOff: false)
  }
}

extension [Node] {
  /// The nodes without some stores, and without the loops and scalars that only served them.
  func removingStores(where isIdle: (Store) -> Bool) -> [Node] {
    let nodes = droppingStores(where: isIdle)
    return nodes == self ? self : nodes.removingUnused()
  }

  /// The nodes without some stores, but with all that is read for them.
  func droppingStores(where isIdle: (Store) -> Bool) -> [Node] {
    filteringNodes { node in
      if case .store(let store) = node { return !isIdle(store) }
      return true
    }
  }

  /// The nodes without loops and scalars that nothing uses.
  func removingUnused() -> [Node] {
    var nodes = self
    var former: [Node]
    repeat {
      former = nodes
      var used = Set<ScalarID>()
      nodes.forEachNode { $0.forEachOwnScalar { used.insert($0) } }
      nodes = nodes.filteringNodes { node in
        switch node {
        case .define(let scalar, _), .accumulate(let scalar, _): used.contains(scalar)
        case .store: true
        case .loop(let loop):
          // What a loop without work carries is there behind it all the same.
          !loop.body.isEmpty || loop.carries.contains { used.contains($0.result) }
        case .contract(let contract): !contract.body.isEmpty
        }
      }
    } while nodes != former
    return nodes
  }

  /// The nodes of the tree that are wanted; a loop is asked about after what it holds.
  private func filteringNodes(_ isWanted: (Node) -> Bool) -> [Node] {
    compactMap { node in
      let node = node.mappingBodies { $0.filteringNodes(isWanted) }
      return isWanted(node) ? node : nil
    }
  }
}
