internal import LoopIR
internal import Targets
internal import TensorIR

/// The question how many rows a block of a row chain has.
struct RowBlocks {
  var kernel: Kernel
  var parts: KernelParts
  /// Whether each block adds up arrays of its own.
  var hasSums: Bool
  /// What the block keeps of each row from step to step.
  var carriedBytes: Int
  var target: TargetDescription

  /// The rows of a block, or all where there is too little work for threads; nil where blocks that
  /// suit all steps would cost more than steps of their own: too few to share, so small that a right
  /// factor is packed or read too often, or so large that what they keep leaves the cache.
  var size: Int? {
    let extent = parts.extent(in: kernel)
    let most = carriedBytes == 0 ? extent : CostModel.Threads.carriedLimit / carriedBytes
    let wanted = blockCount
    if wanted == 1 { return extent <= most ? extent : nil }
    let factorBytes = parts.steps.map(bytesOfRightFactor).max() ?? 0
    if factorBytes > target.caches.secondLevel / 2 { return nil }
    let unit = parts.steps.reduce(1) { $0.leastCommonMultiple(with: $1.rowsTogether) }
    let least = max(
      hasSums ? (extent + CostModel.Threads.partialLimit - 1) / CostModel.Threads.partialLimit : 1,
      factorBytes > target.caches.secondLevel / 4 || parts.steps.contains(where: isPackedProduct)
        ? CostModel.Threads.rowsForLargeFactor : 1)
    let best =
      min(extent / CostModel.Threads.sharedBlocks, CostModel.Threads.preferredRows, most) / unit
      * unit
    let size = max(best, (least + unit - 1) / unit * unit)
    return size <= most && (extent + size - 1) / size >= wanted ? size : nil
  }

  /// Into how many blocks threads would share the most divided step, as far as that matters; one
  /// where no step is worth it.
  private var blockCount: Int {
    let counts = parts.steps.map { step in
      switch step {
      case .loop(let loop): kernel.blockCount(of: loop)
      case .contract(let contract): kernel.blocks(of: contract).count
      case .define, .store, .accumulate: 1
      }
    }
    return min(counts.max() ?? 1, CostModel.Threads.sharedBlocks)
  }

  /// What the right factor of a product takes; where that is more than half of the second-level cache,
  /// blocks are better cut by columns.
  private func bytesOfRightFactor(of step: Node) -> Int {
    guard case .contract(let contract) = step else { return 0 }
    let lines = contract.termCount(in: kernel)
    let columns = kernel.variables[contract.column.index].extent
    return lines * columns * contract.element.byteCount
  }

  /// Whether a step is a product that packs its right factor, once for each block.
  private func isPackedProduct(_ step: Node) -> Bool {
    if case .contract(let contract) = step { contract.tiling.panelDepth != nil } else { false }
  }
}

extension Node {
  /// How many rows a step works on together.
  var rowsTogether: Int {
    switch self {
    case .loop(let loop): loop.step
    case .contract(let contract): contract.tiling.rows
    case .define, .store, .accumulate: 1
    }
  }
}
