internal import LoopIR
internal import Targets
internal import TensorIR

/// Makes drafts that go over the same rows one kernel, in order of execution.
func chainRows(_ drafts: [Draft], _ scheduler: inout Scheduler) -> [RowChain] {
  let readers = scheduler.readers
  let readerCounts = readers.mapValues(\.count)
  var chains = [RowChain]()
  /// The last chain that writes a buffer.
  var writers: [BufferID: Int] = [:]
  for draft in drafts {
    let sources = Set(draft.read.compactMap { writers[$0] }).sorted()
    let last = sources.last ?? 0
    let home = sources.reversed().first { home in
      scheduler.visitedChains += 1
      let others = (home + 1)..<(last + 1)
      guard chains[home].hasRows(of: draft) else { return false }
      let mayFollow = others.allSatisfy { other in
        scheduler.visitedChains += 1
        return chains[home].mayFollow(chains[other])
      }
      guard mayFollow else { return false }
      // What nobody reads after the chain is in use for longer where the chain moves.
      let prolonged = chains[home].read.filter { buffer in
        !others.isEmpty && (readers[buffer]?.last ?? 0) < draft.number
          && !others.contains { chains[$0].read.contains(buffer) }
      }
      return chains[home].join(
        draft, readers: readerCounts, prolonging: prolonged, &scheduler)
    }
    if let home {
      chains.insert(chains.remove(at: home), at: last)
    } else {
      chains.append(RowChain(draft))
    }
    for place in (home ?? chains.count - 1)..<chains.count {
      for buffer in chains[place].written { writers[buffer] = place }
    }
  }
  return chains
}

/// Kernels that go over the same rows, each for a row reading what those before wrote for that row:
/// a product, row statistics of it, and another product of what comes out.
///
/// They are one kernel that does a block of rows from the first step to the last, so that what a block
/// hands from step to step is still in the cache. What nobody else reads is a local of the block.
struct RowChain {
  /// The drafts in order.
  private(set) var members: [Draft]
  /// The buffers that the members read.
  private(set) var read: Set<BufferID>
  /// The buffers that the members write.
  private(set) var written: Set<BufferID>
  /// Whether the members' loops over rows are cut into strips.
  private(set) var isInStrips = true
  /// Rows of a block; nil where there is too little work for threads.
  private(set) var rows: Int?
  /// What the members hand on and nobody else reads.
  private var carried = CarriedRows()
  /// What all steps go over; nil where the kernel is none that others can join.
  let extent: Int?
  /// The first members as the rest of the schedule leaves them, as far as they were tried out.
  private var trial = Trial()

  init(_ draft: Draft) {
    members = [draft]
    read = draft.read
    written = draft.written
    extent = draft.rowExtent
  }

  var sums: Set<BufferID> { members.reduce(into: []) { $0.formUnion($1.sums) } }

  // MARK: Joining

  /// Whether the chain can come after another that comes after it now.
  func mayFollow(_ other: RowChain) -> Bool {
    !written.contains { other.read.contains($0) || other.written.contains($0) }
  }

  /// Whether a draft goes over the chain's rows, and one of them makes a product.
  func hasRows(of draft: Draft) -> Bool {
    guard let extent, extent > 1, extent == draft.rowExtent else { return false }
    return members.count < Self.memberLimit
      && (draft.hasProduct || members.contains(where: \.hasProduct))
  }

  /// Lets a draft follow the chain's last step, where it can and where that keeps something out of
  /// memory.
  ///
  /// - Parameters:
  ///   - draft: A kernel that reads what the chain writes, and else nothing written after it.
  ///   - readers: How many kernels read each buffer.
  ///   - prolonged: Buffers that are in use for longer then.
  /// - Returns: Whether it did.
  mutating func join(
    _ draft: Draft, readers: [BufferID: Int], prolonging prolonged: Set<BufferID>,
    _ scheduler: inout Scheduler
  ) -> Bool {
    let program = scheduler.program
    let members = self.members + [draft]
    guard let extent, hasRows(of: draft), draft.read.isDisjoint(with: lateResults),
      draft.readBesidesRows.isDisjoint(with: written)
    else { return false }
    let buffers = Self.buffersKept(by: members, readers: readers, program)
    let gained = buffers.subtracting(carried.buffers)
    guard !gained.isEmpty,
      program.arenaBytes(of: gained)
        >= program.arenaBytes(of: prolonged.subtracting(buffers))
    else { return false }
    let sums = sums.union(draft.sums)
    guard let fit = knownFit(of: members, keeping: buffers, sums: sums, &scheduler),
      scheduler.accept(
        "\(program.names(of: draft.written)) follows \(program.names(of: written)): "
          + "\(fit.size) of \(extent) rows at a time, \(fit.carried.bytes) bytes kept of each, "
          + "\(program.arenaBytes(of: gained)) bytes less memory")
    else { return false }
    self.members = members
    read.formUnion(draft.read)
    written.formUnion(draft.written)
    carried = fit.carried
    rows = fit.size < extent ? fit.size : nil
    isInStrips = fit.isInStrips
    return true
  }

  /// How kernels become one.
  struct Fit {
    /// What they hand on and nobody else reads.
    var carried: CarriedRows
    /// Rows of a block.
    var size: Int
    /// Whether their loops over rows are cut into strips.
    var isInStrips: Bool
  }

  /// How some kernels, the chain's first, become one; nil where they cannot. Of those that are equal to others
  /// but for their buffers, as those of layers are, it is known.
  private mutating func knownFit(
    of members: [Draft], keeping buffers: Set<BufferID>, sums: Set<BufferID>,
    _ scheduler: inout Scheduler
  ) -> Fit? {
    // What is counted has to be done.
    guard !scheduler.isReporting,
      let description = ChainDescription(members, keeping: buffers, sums: sums)
    else { return fit(of: members, keeping: buffers, sums: sums, scheduler) }
    if let known = scheduler.cache.fits[description.key] {
      return known.map { fit in
        var fit = fit
        fit.carried = fit.carried.mapping { description.buffers[$0.index] }
        return fit
      }
    }
    let fit = fit(of: members, keeping: buffers, sums: sums, scheduler)
    scheduler.cache.fits[description.key] = .some(
      fit.map { fit in
        var fit = fit
        fit.carried = fit.carried.mapping { description.number(of: $0) }
        return fit
      })
    return fit
  }

  /// How some kernels, the chain's first, become one, tried out.
  private mutating func fit(
    of members: [Draft], keeping buffers: Set<BufferID>, sums: Set<BufferID>,
    _ scheduler: Scheduler
  ) -> Fit? {
    let program = scheduler.program
    for member in members[trial.count..<(members.count - 1)] { trial.append(member, scheduler) }
    var tried = trial
    tried.append(members[members.count - 1], scheduler)
    let plain = tried.plain.kernel
    // What the last member does not touch was looked at when the others joined.
    let touched = members.count > 2 ? tried.plain.lastSteps.touchedMemory : nil
    guard let parts = KernelParts(plain),
      plain.mayShareRows(parts, sums: sums, touching: touched, in: program),
      let carried = CarriedRows(buffers, in: plain, parts, program)
    else { return nil }
    let rows = { [target = scheduler.target] (kernel: Kernel) -> Int? in
      KernelParts(kernel).flatMap { parts in
        RowBlocks(
          kernel: kernel, parts: parts, hasSums: !sums.isEmpty, carriedBytes: carried.bytes,
          target: target
        ).size
      }
    }
    let inStrips = rows(tried.inStrips.kernel)
    guard let size = inStrips ?? rows(plain) else { return nil }
    return Fit(carried: carried, size: size, isInStrips: inStrips != nil)
  }

  /// Members as the passes about one kernel leave them.
  private struct Trial {
    private(set) var count = 0
    private(set) var plain = JoinedKernel()
    private(set) var inStrips = JoinedKernel()

    mutating func append(_ draft: Draft, _ scheduler: Scheduler) {
      var scheduler = scheduler.forTrial
      var draft = draft
      draft.keepsRows = true
      scheduler.scheduleLoops(of: &draft) { $0 != "strip-mine" }
      plain.append(draft.kernel)
      scheduler.scheduleLoops(of: &draft) { $0 == "strip-mine" }
      inStrips.append(draft.kernel)
      count += 1
    }
  }

  /// What members carry is looked at anew with each member, so there are at most so many.
  private static let memberLimit = 24

  /// What is there only when all blocks are done: sums, and what is stored behind the loops.
  private var lateResults: Set<BufferID> {
    var late = sums
    for member in members {
      guard let parts = KernelParts(member.kernel) else { continue }
      for case .store(let store) in parts.tail {
        if case .slot(let slot) = store.memory { late.insert(member.kernel.slots[slot]) }
      }
    }
    return late
  }

  /// The arena buffers that the members write and nobody else reads.
  private static func buffersKept(
    by members: [Draft], readers: [BufferID: Int], _ program: LoopProgram
  ) -> Set<BufferID> {
    var kept = Set<BufferID>()
    for buffer in members.flatMap(\.written) where program.isArena(buffer) {
      let own = members.count { $0.read.contains(buffer) }
      if own > 0, own == readers[buffer, default: 0] { kept.insert(buffer) }
    }
    return members.reduce(into: kept) { $0.subtract($1.sums) }
  }

  /// Puts what only the members use in local arrays of the kernel that they are.
  ///
  /// - Parameter isCut: whether the kernel does `rows` rows at a time.
  func carry(in kernel: inout Kernel, isCut: Bool) {
    if members.count > 1, isCut || rows == nil { carried.carry(in: &kernel, blocksOf: rows) }
  }
}

/// What the fit of kernels depends on, with buffers as numbers in their order.
private struct ChainDescription {
  let key: SubgraphKey
  /// The buffers by number.
  let buffers: [BufferID]

  /// Describes kernels; nil where of one of them no form is known.
  init?(_ members: [Draft], keeping kept: Set<BufferID>, sums: Set<BufferID>) {
    buffers = Set(members.flatMap(\.kernel.slots)).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: zip(buffers, buffers.indices))
    var words = [members.count]
    for member in members {
      guard let form = member.form else { return nil }
      words += [form, member.kernel.slots.count]
      words += member.kernel.slots.compactMap { numbers[$0] }
    }
    for list in [kept, sums] {
      words.append(list.count)
      words += list.compactMap { numbers[$0] }.sorted()
    }
    key = SubgraphKey(words)
  }

  /// A buffer's number as a buffer.
  func number(of buffer: BufferID) -> BufferID {
    guard let number = buffers.firstIndex(of: buffer) else {
      preconditionFailure("kernels of a chain hand on what they read")
    }
    return BufferID(number)
  }
}

extension LoopProgram {
  /// The names of some buffers.
  fileprivate func names(of ids: Set<BufferID>) -> String {
    ids.sorted().map { buffers[$0.index].name }.joined(separator: ", ")
  }

  /// What those of some buffers take that are in the arena.
  fileprivate func arenaBytes(of ids: Set<BufferID>) -> Int {
    ids.reduce(0) { $0 + (isArena($1) ? buffers[$1.index].type.byteCount : 0) }
  }
}

extension Kernel {
  /// The buffers that the kernel reads.
  var readBuffers: Set<BufferID> { buffersRead(in: body) }

  /// The buffers that some of the kernel's nodes read.
  func buffersRead(in nodes: [Node]) -> Set<BufferID> {
    var read = Set<BufferID>()
    nodes.forEachMemory { memory, isRead, _ in
      if isRead, case .slot(let slot) = memory { read.insert(slots[slot]) }
    }
    return read
  }

  /// Whether blocks of rows can go through all steps in any order, with sums of their own.
  ///
  /// - Parameter touched: The memory that is looked at; nil is all.
  fileprivate func mayShareRows(
    _ parts: KernelParts, sums: Set<BufferID>, touching touched: Set<Memory>?,
    in program: LoopProgram
  ) -> Bool {
    DependenceAnalysis(self, in: program)
      .mayShareRows(parts.steps, reducing: memory(of: sums), touching: touched).isGranted
  }

  /// Some buffers as the kernel sees them.
  func memory(of buffers: Set<BufferID>) -> Set<Memory> {
    Set(slots.indices.filter { buffers.contains(slots[$0]) }.map { Memory.slot($0) })
  }
}
