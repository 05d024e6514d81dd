internal import LoopIR
internal import Targets
internal import TensorIR

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
  /// The members as one scheduled kernel, with outermost loops as they were; nil where there is one
  /// member.
  private(set) var joined: Kernel?
  /// Rows of a block; nil where there is too little work for threads.
  private(set) var rows: Int?
  /// What the members hand on and nobody else reads.
  private var carried = CarriedRows()
  /// What all steps go over; nil where the kernel is none that others can join.
  let extent: Int?
  private let scheduler: KernelScheduler
  private var target: TargetDescription { scheduler.target }

  init(_ draft: Draft, _ scheduler: KernelScheduler) {
    members = [draft]
    read = draft.read
    written = draft.written
    self.scheduler = scheduler
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
    in program: LoopProgram
  ) -> Bool {
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
    let plain = joined(members, inStrips: false)
    guard let parts = KernelParts(plain),
      DependenceAnalysis(plain, in: program).mayShareRows(parts.steps).isGranted,
      let carried = CarriedRows(buffers, in: plain, parts, program)
    else { return false }
    let hasSums = !sums.union(draft.sums).isEmpty
    let rows = { [target] (kernel: Kernel) -> Int? in
      KernelParts(kernel).flatMap { parts in
        RowBlocks(
          kernel: kernel, parts: parts, hasSums: hasSums, carriedBytes: carried.bytes,
          target: target
        ).size
      }
    }
    var joined = self.joined(members, inStrips: true)
    var size = rows(joined)
    if size == nil { (joined, size) = (plain, rows(plain)) }
    guard let size else { return false }
    self.members = members
    read.formUnion(draft.read)
    written.formUnion(draft.written)
    self.joined = joined
    self.carried = carried
    self.rows = size < extent ? size : nil
    return true
  }

  /// With each member all of them are joined and checked anew, so there are at most so many.
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
    for buffer in members.flatMap(\.written) {
      guard case .arena = program.buffers[buffer.index].storage else { continue }
      let own = members.count { $0.read.contains(buffer) }
      if own > 0, own == readers[buffer, default: 0] { kept.insert(buffer) }
    }
    return members.reduce(into: kept) { $0.subtract($1.sums) }
  }

  private func joined(_ members: [Draft], inStrips: Bool) -> Kernel {
    var result = Kernel(name: members[0].kernel.name)
    var (heads, steps, tails) = ([Node](), [Node](), [Node]())
    for member in members {
      let kernel = scheduler.scheduled(member.kernel, keepingRows: true, inStrips: inStrips)
      guard let parts = KernelParts(kernel) else { preconditionFailure("only loops are joined") }
      var transplant = Transplant(from: kernel, into: result)
      heads += transplant.moved(parts.head)
      steps += transplant.moved(parts.steps)
      tails += transplant.moved(parts.tail)
      result = transplant.kernel
      result.sources += kernel.sources.filter { !result.sources.contains($0) }
    }
    result.body = heads + steps + tails
    return result
  }

  // MARK: Kernels

  /// The chain's kernels, cut into blocks.
  func kernels(in program: inout LoopProgram) -> [Kernel] {
    guard let joined else {
      let kernel = scheduler.scheduled(members[0].kernel)
      return members[0].isUpdate
        ? [kernel] : kernel.cutIntoBlocks(in: &program, sums: sums, for: target)
    }
    var kernels = joined.cutIntoBlocks(rows: rows, in: &program, sums: sums, for: target)
    carried.carry(in: &kernels[0], blocksOf: rows)
    return kernels
  }
}

extension LoopProgram {
  /// What those of some buffers take that are in the arena.
  fileprivate func arenaBytes(of ids: Set<BufferID>) -> Int {
    ids.reduce(0) { sum, id in
      guard case .arena = buffers[id.index].storage else { return sum }
      return sum + buffers[id.index].type.byteCount
    }
  }
}

extension Kernel {
  /// The buffers that the kernel reads.
  var readBuffers: Set<BufferID> { buffersRead(in: body) }

  /// The buffers that some of the kernel's nodes read.
  func buffersRead(in nodes: [Node]) -> Set<BufferID> {
    var read = Set<BufferID>()
    for access in nodes.accesses where access.isRead {
      if case .slot(let slot) = access.memory { read.insert(slots[slot]) }
    }
    return read
  }
}
