internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// What products keep on the stack: lines of a tile's columns.
  enum StackArray: Hashable {
    /// The right factor's columns of a tile.
    case panel
    /// Sums of a block of rows that wait for the depths of the next panel.
    case partialSums
    /// A tile's sums on the way to a loop over its rows.
    case finishedTile
    /// A strip of the left factor's elements of a tile's rows.
    case leftPanel
  }

  /// An array on the stack, long enough for any product of the kernel; one product after the other
  /// uses it.
  func stackArray(_ use: StackArray) -> LLVMValue {
    if let known = stackArrays[use] { return known }
    var byteCount = 0
    kernel.body.forEachNode { node in
      guard case .contract(let contract) = node else { return }
      let lineBytes = contract.tileColumns * contract.element.byteCount
      byteCount = max(
        byteCount,
        use == .leftPanel ? leftPanelByteCount(contract) : lines(use, contract) * lineBytes)
    }
    let array = builder.alloca(module.i8, count: byteCount, alignment: 64)
    stackArrays[use] = array
    return array
  }

  /// How many lines a product needs.
  func lines(_ use: StackArray, _ contract: Contract) -> Int {
    let depth = contract.termCount(in: kernel)
    let tile = contract.tiling.rows
    switch use {
    case .panel: return min(depth, contract.tiling.panelDepth ?? 0)
    case .partialSums:
      guard let panelDepth = contract.tiling.panelDepth, panelDepth < depth else { return 0 }
      let rows = contract.block?.rows ?? kernel.variables[contract.row.index].extent
      return min((rows + tile - 1) / tile * tile, rowBlock(of: contract))
    case .finishedTile: return tile
    case .leftPanel: return 0
    }
  }
}
