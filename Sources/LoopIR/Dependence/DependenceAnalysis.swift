internal import TensorIR

/// The one place that knows which accesses of a kernel depend on which, and so which transformations
/// of its loops are right.
///
/// Answers are safe: what is refused may be right, what is granted is. Two accesses depend on one
/// another where they may touch one element and one of them writes; `DependenceTest` bounds how many
/// iterations apart that happens, for affine addresses, rows of blocks, looked-up indices and guards.
/// It holds a kernel and a program, which whoever asks shares.
package final class DependenceAnalysis {
  let kernel: Kernel
  let program: LoopProgram
  private(set) lazy var ranges = IndexRanges(kernel)
  /// What is known where a boolean holds.
  private(set) lazy var guards = kernel.guards
  /// The memory that the kernel writes.
  private(set) lazy var written = kernel.body.writtenMemory

  /// Prepares questions about a kernel, whose memory the program describes.
  package init(_ kernel: Kernel, in program: LoopProgram) {
    self.kernel = kernel
    self.program = program
  }

  // MARK: Questions about one loop

  /// Whether threads may carry out the loop's iterations in any order.
  ///
  /// - Parameter reduced: memory of which every thread gets an array of its own, where the loop only
  ///   combines into it.
  package func mayRunInParallel(_ loop: Loop, reducing reduced: Set<Memory> = []) -> Permission {
    guard loop.accumulators.isEmpty else { return .refused(.sum) }
    return iterationsAreSeparate(loop) { memory, sites in
      // Every thread has local arrays of its own.
      if case .local = memory { return areWrittenFirst(sites) }
      return reduced.contains(memory) && Self.areReductions(sites)
    }
  }

  /// Whether blocks of the loop's iterations may run in any order, each with sums of its own.
  package func mayRunInBlocks(_ loop: Loop, reducing reduced: Set<Memory>) -> Permission {
    var whole = loop
    whole.accumulators = []
    return mayRunInParallel(whole, reducing: reduced)
  }

  /// Whether the loop's iterations may be lanes of vectors.
  ///
  /// Lanes may combine into one element together where nothing else touches it, and carries may go
  /// through them by recurrences. What loops inside hand on each lane has for itself; where such a loop
  /// ends by a condition, lanes that are done wait for the others.
  ///
  /// - Parameter privatized: local arrays of which every lane gets one, besides those that have.
  package func mayRunInLanes(_ loop: Loop, privatizing privatized: Set<Int> = []) -> Permission {
    guard !loop.body.contains(where: \.hasContract) else { return .refused(.product) }
    guard loop.range.isCounted else { return .refused(.carry) }
    var loop = loop
    loop.carries.removeAll { $0.recurrence != nil }
    return iterationsAreSeparate(loop) { memory, sites in
      if case .local(let local) = memory {
        return privatized.contains(local) || kernel.locals[local].isPerLane
      }
      return Self.areReductions(sites)
        && sites.allSatisfy { $0.access.condition == nil && !varies($0.access.address, in: loop) }
    }
  }

  /// Whether the elements of a product along its rows, or its columns, may be finished in any order.
  func mayRunInTiles(_ contract: Contract, along line: VariableID) -> Permission {
    let written = contract.body.writtenMemory
    guard !written.isEmpty else { return .granted }
    var collector = SiteCollector(kernel) { written.contains($0) }
    collector.collect(contract.body, leader: line)
    let test = DependenceTest(
      ranges: ranges, guards: guards, extent: extent(line), scalars: collector.scalars,
      free: Set([contract.row, contract.column]).subtracting([line]))
    return separate(collector.sites, written, test) { _, sites in Self.areReductions(sites) }
  }

  /// Whether iterations of the loop touch different elements of what they write.
  private func iterationsAreSeparate(
    _ loop: Loop, besides isExempt: (Memory, [AccessSite]) -> Bool
  ) -> Permission {
    guard loop.carries.isEmpty else { return .refused(.carry) }
    let written = loop.body.writtenMemory
    guard !written.isEmpty else { return .granted }
    var collector = SiteCollector(kernel) { written.contains($0) }
    collector.collect(loop.body, leader: loop.variable)
    let test = DependenceTest(
      ranges: ranges, guards: guards, extent: extent(loop.variable), scalars: collector.scalars)
    return separate(collector.sites, written, test, besides: isExempt)
  }

  /// Whether sites in different iterations touch different elements of the memory written.
  func separate(
    _ sites: [AccessSite], _ written: Set<Memory>, _ test: DependenceTest,
    besides isExempt: (Memory, [AccessSite]) -> Bool
  ) -> Permission {
    for memory in written.sorted() {
      let own = sites.filter { $0.access.memory == memory }
      if isExempt(memory, own) { continue }
      if test.meeting(own, shapes: shapes(of: memory)) != nil { return .refused(.meeting(memory)) }
    }
    return .granted
  }

  /// Whether accesses of one memory only combine into it, all in one way.
  static func areReductions(_ sites: [AccessSite]) -> Bool {
    guard let kind = sites.first?.access.combining else { return false }
    return sites.allSatisfy { $0.access.combining == kind }
  }

  /// Whether an address differs between the loop's iterations.
  private func varies(_ address: IndexExpression, in loop: Loop) -> Bool {
    if address.uses(loop.variable) { return true }
    return address.isLookedUp && kernel.uniformity(in: loop).varies(address, in: loop.variable)
  }

  // MARK: Memory

  func extent(_ variable: VariableID) -> Int { kernel.variables[variable.index].extent }

  /// How many elements a memory has.
  package func elementCount(of memory: Memory) -> Int {
    shapes(of: memory).first?.reduce(1, *) ?? 0
  }

  /// The shapes that a memory's elements are said to have.
  func shapes(of memory: Memory) -> [[Int]] {
    switch memory {
    case .slot(let slot): [program.buffers[kernel.slots[slot].index].type.shape]
    case .local(let local): [kernel.locals[local].shape]
    }
  }
}

extension Kernel {
  /// What is known of indices where a boolean scalar holds.
  fileprivate var guards: [ScalarID: [Bound]] {
    var guards: [ScalarID: [Bound]] = [:]
    body.forEachNode { node in
      switch node {
      case .define(let scalar, .inBounds(let bounds)): guards[scalar] = bounds
      case .define(let scalar, .apply(.binary(.and), let operands)):
        let bounds = operands.flatMap { guards[$0] ?? [] }
        if !bounds.isEmpty { guards[scalar] = bounds }
      case .define, .store, .accumulate, .loop, .contract: break
      }
    }
    return guards
  }
}

extension Memory: Comparable {
  package static func < (left: Memory, right: Memory) -> Bool {
    switch (left, right) {
    case (.slot(let left), .slot(let right)), (.local(let left), .local(let right)): left < right
    case (.slot, .local): true
    case (.local, .slot): false
    }
  }
}

extension Loop.Range {
  /// Whether the number of iterations does not depend on what they compute.
  package var isCounted: Bool {
    switch self {
    case .full, .block: true
    case .condition, .once: false
    }
  }
}
