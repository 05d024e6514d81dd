extension DependenceAnalysis {
  // MARK: Questions about memory

  /// Whether one buffer may stand in another's memory: wherever the kernel writes an element of the new
  /// one, it has read that element of the old one for the last time.
  ///
  /// Within loops that hold both accesses they have to meet in one iteration only, so that the order of
  /// iterations does not matter.
  ///
  /// - Parameters:
  ///   - old: The slot of the buffer that is read.
  ///   - new: The slot of the buffer that is written.
  ///   - sites: All sites of the kernel.
  fileprivate func mayReplace(_ old: Int, with new: Int, _ sites: MemorySites) -> Permission {
    let reads = sites.sites[.slot(old)] ?? []
    let writes = sites.sites[.slot(new)] ?? []
    if let write = reads.first(where: \.access.isWrite) {
      return .refused(.meeting(write.access.memory))
    }
    if let read = writes.first(where: \.access.isRead) {
      return .refused(.meeting(read.access.memory))
    }
    guard !writes.isEmpty else { return .refused(.shape) }
    for read in reads {
      for write in writes where !comes(read, before: write, sites.scalars) {
        guard isApart(read.access, from: write.access) else {
          return .refused(.meeting(.slot(old)))
        }
      }
    }
    return .granted
  }

  /// Whether a read comes before each write that touches its element.
  private func comes(
    _ read: AccessSite, before write: AccessSite, _ scalars: Set<ScalarID>
  ) -> Bool {
    let common = zip(read.frames, write.frames).prefix { $0 == $1 }.count
    for level in 0..<common {
      let variable = read.frames[level].variable
      let test = DependenceTest(
        ranges: ranges, guards: guards, extent: extent(variable), scalars: scalars)
      let distance = test.distance(
        read.inside(level), write.inside(level), shapes: shapes(of: read.access.memory))
      if distance == .never { return true }
      guard distance == .within(0...0) else { return false }
    }
    let isOfSameProduct = read.frames.contains { frame in
      frame.isFactor && write.frames.contains { $0.number == frame.number }
    }
    return read.position < write.position && !isOfSameProduct
  }
}

/// The accesses of a kernel by the memory they go to.
private struct MemorySites {
  var sites: [Memory: [AccessSite]]
  /// The scalars that the kernel defines.
  var scalars: Set<ScalarID>

  init(_ kernel: Kernel) {
    var collector = SiteCollector(kernel) { _ in true }
    // No loop is told apart from outside all of them.
    collector.collect(kernel.body, leader: VariableID(-1))
    sites = Dictionary(grouping: collector.sites, by: \.access.memory)
    scalars = collector.scalars
  }
}

/// Which buffers of a kernel may stand in the memory of which others: one look at the kernel for any
/// number of questions.
package final class ReplacementAnalysis {
  private let analysis: DependenceAnalysis
  private lazy var sites = MemorySites(kernel)

  /// Prepares questions about a kernel that others may be asked about, too.
  package init(_ analysis: DependenceAnalysis) { self.analysis = analysis }

  private var kernel: Kernel { analysis.kernel }
  private var program: LoopProgram { analysis.program }

  /// Whether one of the kernel's buffers may stand in another one's memory, or it does not use both.
  package func mayReplace(_ old: BufferID, with new: BufferID) -> Bool {
    guard let new = kernel.slots.firstIndex(of: new), let old = kernel.slots.firstIndex(of: old)
    else { return true }
    let types = [new, old].map { program.buffers[kernel.slots[$0].index].type }
    guard types[0].element.byteCount == types[1].element.byteCount,
      types[0].count == types[1].count
    else { return false }
    return analysis.mayReplace(old, with: new, sites).isGranted
  }
}

extension Kernel {
  /// Whether one of the kernel's buffers may stand in another one's memory, or it does not use both.
  package func mayReplace(
    _ old: BufferID, with new: BufferID, in program: LoopProgram
  ) -> Bool {
    ReplacementAnalysis(DependenceAnalysis(self, in: program)).mayReplace(old, with: new)
  }
}
