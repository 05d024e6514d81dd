internal import LoopIR

/// A named step of scheduling.
package struct SchedulePass: Sendable {
  /// The name in options, reports and golden cases.
  package let name: String
  /// What it does, in one line.
  package let summary: String
  /// How it does it.
  let action: Action

  /// What a pass changes.
  enum Action: Sendable {
    /// Which kernels, in order of execution, are one.
    case chains(@Sendable ([Draft], inout Scheduler) -> [RowChain])
    /// The loops of one kernel.
    case kernel(@Sendable (inout Draft, inout Scheduler) -> Void)
    /// A kernel that goes to several threads, and what adds up what they leave.
    case blocks
    /// The loops of one kernel that has its blocks.
    case finish(@Sendable (inout Kernel, inout Scheduler) -> Void)
    /// Which buffers there are, and where they stand.
    case memory(@Sendable (inout LoopProgram, inout Scheduler) -> Void)
  }

  /// Whether a program can do without it.
  package var isOptional: Bool { name != "arena" }
}

/// The scheduling of a program's kernels, in order.
///
/// The first pass decides which kernels are one; the next ones then go over one kernel after the other,
/// and those about memory over the whole program. Each asks `DependenceAnalysis` before it changes the
/// order in which things happen.
package let schedule: [SchedulePass] = [
  SchedulePass(
    name: "chain-rows", summary: "joins kernels that go over the same rows",
    action: .chains { chainRows($0, &$1) }),
  SchedulePass(
    name: "mirror-sums", summary: "makes sums that are negatives of others differences",
    action: .kernel { $0.kernel.dropMirroredSums(&$1) }),
  SchedulePass(
    name: "collapse", summary: "makes nested loops that walk memory like one loop",
    action: .kernel { $0.kernel.collapseLoops(keepingOutermost: $0.keepsRows, &$1) }),
  SchedulePass(
    name: "split-axes", summary: "splits loops over merged axes that memory has the other way",
    action: .kernel { if !$0.keepsRows { $0.kernel.splitMergedAxes(&$1) } }),
  SchedulePass(
    name: "register-sums", summary: "keeps sums into a few elements of memory in registers",
    action: .kernel {
      $0.kernel.sumInRegisters(
        keepingOutermost: $0.keepsRows, sums: $0.sums, &$1)
    }),
  SchedulePass(
    name: "scatter-copies", summary: "adds many updates of few places into four copies of these",
    action: .kernel { if !$0.keepsRows { $0.kernel.addIntoCopies(&$1) } }),
  SchedulePass(
    name: "vectorize", summary: "puts the iterations of one loop of each path in lanes",
    action: .kernel { $0.kernel.vectorize(&$1) }),
  SchedulePass(
    name: "tile", summary: "transposes squares in registers",
    action: .kernel { $0.kernel.tileTransposes(&$1) }),
  SchedulePass(
    name: "write-out", summary: "writes out short loops in lanes that choose by their index",
    action: .kernel { $0.kernel.writeOutShortLoops(&$1) }),
  SchedulePass(
    name: "lane-sums", summary: "adds up what lanes add into a few elements when their loop ends",
    action: .kernel {
      $0.kernel.sumInRegisters(
        keepingOutermost: $0.keepsRows, sums: $0.sums, inLanes: true, &$1)
    }),
  SchedulePass(
    name: "strip-mine", summary: "cuts loops over rows into strips and distributes them",
    action: .kernel { $0.kernel.cutRowsIntoStrips(&$1) }),
  SchedulePass(
    name: "scatter-streams", summary: "goes through far parts of a scatter's updates side by side",
    action: .kernel { $0.kernel.interleaveScatters(sums: $0.sums, &$1) }),
  SchedulePass(
    name: "scatter-strips", summary: "computes in lanes what is written to computed places",
    action: .kernel { $0.kernel.distributeScatters(&$1) }),
  SchedulePass(
    name: "fold-sums", summary: "ends long sums after some hundred terms, and adds those in f64",
    action: .kernel { $0.kernel.foldLongSums(&$1) }),
  SchedulePass(
    name: "block", summary: "cuts outermost loops into blocks for threads", action: .blocks),
  SchedulePass(
    name: "unroll", summary: "takes short writes to computed places four at a time",
    action: .finish { $0.unrollScatters(&$1) }),
  SchedulePass(
    name: "dead-stores", summary: "drops stores that nothing reads",
    action: .memory { program, _ in
      program.dropUnreadStores()
      program.dropUnreadCarries()
    }),
  SchedulePass(
    name: "linear-carries", summary: "composes steps of carries that follow linearly, in lanes",
    action: .memory { program, scheduler in
      for kernel in program.kernels.indices {
        program.kernels[kernel].putCarriesInLanes(&scheduler)
      }
    }),
  SchedulePass(
    name: "stacked-carries", summary: "lets carries that are also stacked stand in the stack",
    action: .memory { program, scheduler in
      program.carryInStacks { change in scheduler.accept(change) }
    }),
  SchedulePass(
    name: "in-place", summary: "lets buffers stand in the memory of others",
    action: .memory {
      $0.updateInPlace(donated: $1.options.donated, knowing: $1.cache.replacements)
    }),
  SchedulePass(
    name: "self-copies", summary: "drops copies of what already stands there",
    action: .memory { program, _ in program.dropCopiesOntoThemselves() }),
  SchedulePass(
    name: "trailing-stacks", summary: "lets stacks stand where loops have read others' rows",
    action: .memory { program, scheduler in
      program.trailStacks { change in scheduler.accept(change) }
    }),
  SchedulePass(
    name: "share-loops", summary: "lets threads take blocks of lanes through whole loops",
    action: .memory { $0.shareLoops(&$1) }),
  SchedulePass(
    name: "arena", summary: "gives buffers their offsets, and large local arrays scratch memory",
    action: .memory { program, _ in
      for kernel in program.kernels.indices { program.kernels[kernel].moveLargeArraysToScratch() }
      program.dropUnusedBuffers()
      program.placeArena()
    }),
]
