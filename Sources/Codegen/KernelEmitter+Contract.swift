internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// A register tile's rows and columns; the last vector may be cut off.
struct ContractTile {
  var rows: Int
  /// The columns that exist.
  var columns: Int
  /// For each vector of the tile, which columns exist; nil is all.
  var masks: [LLVMValue?]
}

/// A range of what a product sums over: all depths of some taps, or some depths of one tap.
struct DepthRange {
  /// The first tap; nil where the product has one only.
  var firstTap: LLVMValue?
  var taps = 1
  var first: LLVMValue
  var count: Int
  /// How many of the taps, or of one tap's depths, there are where that is known when the code runs only:
  /// the last of several ranges has fewer.
  var limit: LLVMValue?
  /// How many products of a packed panel come before the range; nil is none.
  var packedBefore: LLVMValue?

  /// The number of products, or the most that there may be.
  var terms: Int { taps * count }

  /// Whether the range is one of taps.
  var isOfTaps: Bool { taps > 1 }

  /// The number of taps.
  func tapEnd(_ builder: IRBuilder) -> LLVMValue {
    isOfTaps ? limit ?? builder.int(taps, builder.module.i64) : builder.int(1, builder.module.i64)
  }

  /// The number of depths of each tap.
  func depthEnd(_ builder: IRBuilder) -> LLVMValue {
    let limit = isOfTaps ? nil : limit
    return limit ?? builder.int(count, builder.module.i64)
  }
}

extension KernelEmitter {
  /// Emits a product as loops over row blocks, column tiles and row tiles around a loop over depth
  /// that keeps the whole tile in registers.
  ///
  /// The order keeps a block of left rows in the second-level cache and a panel of right columns in
  /// the first, after Goto and van de Geijn (2008), "Anatomy of High-Performance Matrix
  /// Multiplication".
  func emit(_ contract: Contract) {
    let outer = lanes
    let rows = kernel.variables[contract.row.index].extent
    let columns = kernel.variables[contract.column.index].extent
    let tiling = contract.tiling
    let (rowRange, columnRange) = ranges(of: contract, rows: rows, columns: columns)
    let rowBlock = rowBlock(of: contract)
    let isOneBlock = (contract.block?.rows ?? rows) <= rowBlock
    let emitRows = { [self] (first: LLVMValue, end: LLVMValue) in
      emitTiles(
        from: columnRange.first, to: columnRange.end, size: contract.tileColumns, extent: columns
      ) { column, count in
        variables[contract.column] = column
        let masks = laneMasks(columns: count, width: tiling.width)
        emitDepths(contract, columns: count) { depths, use in
          emitTiles(from: first, to: end, size: tiling.rows, extent: rows) { row, rowCount in
            variables[contract.row] = row
            emitTile(
              contract, ContractTile(rows: rowCount, columns: count, masks: masks), depths,
              use.map { partialSums($0, contract, row: builder.sub(row, first)) })
          }
        }
      }
    }
    if isOneBlock {
      emitRows(rowRange.first, rowRange.end)
    } else {
      counted(from: rowRange.first, to: rowRange.end, step: rowBlock, updating: []) { first in
        let end = builder.add(first, builder.int(rowBlock, module.i64))
        emitRows(first, builder.smin(end, rowRange.end))
      }
    }
    lanes = outer
  }

  /// The rows of a block, a multiple of the tile's.
  func rowBlock(of contract: Contract) -> Int {
    max(contract.tiling.rowBlock / contract.tiling.rows, 1) * contract.tiling.rows
  }

  // MARK: Depth

  /// What is done with a tile's sums that wait in memory between two panels.
  enum SumsUse {
    /// The sums over a range of the depth are added to them.
    case add
    /// They are complete.
    case finish
  }

  /// Calls `body` for each range of the depth that a panel holds, with the panel packed, and at last
  /// without a range for what follows the sums; without panels, or where one is deep enough, once for all
  /// of it.
  ///
  /// All ranges share one loop, so that code does not depend on whether the last one is as long as the
  /// others.
  private func emitDepths(
    _ contract: Contract, columns: Int, _ body: (DepthRange?, SumsUse?) -> Void
  ) {
    let depth = kernel.variables[contract.depth.index].extent
    let taps = contract.tap.map { kernel.variables[$0.index].extent } ?? 1
    let zero = builder.int(0, module.i64)
    let firstTap = contract.tap == nil ? nil : zero
    guard let panelDepth = contract.tiling.panelDepth, panelDepth < depth * taps else {
      let all = DepthRange(firstTap: firstTap, taps: taps, first: zero, count: depth)
      if contract.tiling.panelDepth != nil { packRight(contract, columns: columns, all) }
      return body(all, nil)
    }
    clearPartialSums(contract)
    func add(_ part: DepthRange) {
      packRight(contract, columns: columns, part)
      body(part, .add)
    }
    if panelDepth >= depth {
      let group = panelDepth / depth
      forEachPart(of: taps, by: group) { first, limit in
        add(DepthRange(firstTap: first, taps: group, first: zero, count: depth, limit: limit))
      }
    } else {
      counted(
        from: zero, to: builder.int(taps, module.i64), step: 1, updating: []
      ) { tap in
        forEachPart(of: depth, by: panelDepth) { first, limit in
          let firstTap = contract.tap == nil ? nil : tap
          add(DepthRange(firstTap: firstTap, first: first, count: panelDepth, limit: limit))
        }
      }
    }
    body(nil, .finish)
  }

  /// Calls `body` with the first of each part of a range from zero on, in a loop, and with how many the
  /// part has where the last has fewer than the others.
  func forEachPart(of extent: Int, by size: Int, _ body: (LLVMValue, LLVMValue?) -> Void) {
    let end = builder.int(extent, module.i64)
    counted(from: builder.int(0, module.i64), to: end, step: size, updating: []) { first in
      body(first, partLimit(from: first, by: size, of: extent, to: end))
    }
  }

  /// How many a part of a range has; nil is as many as all others have.
  ///
  /// - Parameters:
  ///   - extent: What the range has at most.
  ///   - end: What it has.
  func partLimit(
    from first: LLVMValue, by size: Int, of extent: Int, to end: LLVMValue
  ) -> LLVMValue? {
    if end.constantInteger != nil, extent.isMultiple(of: size) { return nil }
    return builder.smin(builder.sub(end, first), builder.int(size, module.i64))
  }

  /// Calls `body` with the number of each tap of a range, counted from its first, in a loop, with the
  /// tap's variable set; once, with nil, where there are no taps.
  func forEachTap(
    _ contract: Contract, _ depths: DepthRange, _ body: (LLVMValue?) -> Void
  ) {
    guard let tap = contract.tap, let first = depths.firstTap else { return body(nil) }
    let end = depths.tapEnd(builder)
    counted(from: builder.int(0, module.i64), to: end, step: 1, updating: []) { number in
      variables[tap] = builder.add(first, number)
      body(number)
    }
  }

  /// The sums of a tile that wait between two panels, and what becomes of them.
  struct PartialSums {
    var use: SumsUse
    var pointer: LLVMValue
  }

  private func partialSums(
    _ use: SumsUse, _ contract: Contract, row: LLVMValue
  ) -> PartialSums {
    let line = builder.int(contract.tileColumns * contract.element.byteCount, module.i64)
    return PartialSums(
      use: use,
      pointer: builder.gep(module.i8, stackArray(.partialSums), builder.mul(row, line)))
  }

  private func clearPartialSums(_ contract: Contract) {
    let width = contract.tiling.width
    let vector = module.vector(memoryType(contract.element), width)
    let pointer = stackArray(.partialSums)
    let count = builder.int(lines(.partialSums, contract) * contract.tileColumns, module.i64)
    counted(from: builder.int(0, module.i64), to: count, step: width, updating: []) { index in
      let place = builder.gep(memoryType(contract.element), pointer, index)
      builder.store(builder.zero(vector), place, alignment: contract.element.byteCount)
    }
  }

  // MARK: Ranges

  /// The rows and columns of this block, or all of them.
  private func ranges(of contract: Contract, rows: Int, columns: Int) -> (
    rows: (first: LLVMValue, end: LLVMValue), columns: (first: LLVMValue, end: LLVMValue)
  ) {
    let zero = builder.int(0, module.i64)
    let rowExtent = builder.int(rows, module.i64)
    let columnExtent = builder.int(columns, module.i64)
    guard let block = contract.block else { return ((zero, rowExtent), (zero, columnExtent)) }
    func range(_ number: LLVMValue, _ size: Int, _ extent: Int, _ limit: LLVMValue) -> (
      first: LLVMValue, end: LLVMValue
    ) {
      if size >= extent { return (zero, limit) }
      let first = builder.mul(number, builder.int(size, module.i64))
      return (first, builder.smin(builder.add(first, builder.int(size, module.i64)), limit))
    }
    let rowBlocks = builder.int((rows + block.rows - 1) / block.rows, module.i64)
    let number = variable(block.variable)
    return (
      range(builder.urem(number, rowBlocks), block.rows, rows, rowExtent),
      range(builder.udiv(number, rowBlocks), block.columns, columns, columnExtent)
    )
  }

  /// Full tiles from `first` on, then a smaller one where the extent is no multiple of the size.
  ///
  /// - Requires: `first` is a multiple of `size`, and `end` is too or is the extent.
  private func emitTiles(
    from first: LLVMValue, to end: LLVMValue, size: Int, extent: Int,
    _ body: (LLVMValue, Int) -> Void
  ) {
    let rest = extent % size
    let whole = builder.sub(
      end, builder.urem(builder.sub(end, first), builder.int(size, module.i64)))
    if extent >= size {
      counted(from: first, to: whole, step: size, updating: []) { body($0, size) }
    }
    guard rest > 0 else { return }
    if end.constantInteger != nil { return body(whole, rest) }
    let tail = builder.appendBlock("tail")
    let after = builder.appendBlock("after")
    builder.condBr(builder.icmp(.slt, whole, end), tail, after)
    builder.position(at: tail)
    body(whole, rest)
    builder.br(after)
    builder.position(at: after)
  }

  /// For each vector of `columns` lanes side by side, which exist; nil is all.
  func laneMasks(columns: Int, width: Int) -> [LLVMValue?] {
    let vectors = (columns + width - 1) / width
    var masks = [LLVMValue?](repeating: nil, count: vectors)
    if !columns.isMultiple(of: width), width > 1 {
      let inside = (0..<width).map { builder.bool($0 < columns % width) }
      masks[vectors - 1] = builder.constantVector(inside)
    }
    return masks
  }
}

extension Contract {
  /// The columns of a register tile.
  var tileColumns: Int { tiling.vectors * tiling.width }
}
