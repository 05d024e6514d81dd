internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// A register tile's rows and columns; the last vector may be cut off.
  private struct Tile {
    var rows: Int
    /// For each vector of the tile, which columns exist; nil is all.
    var masks: [LLVMValue?]
  }

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
    let tileColumns = tiling.vectors * tiling.width
    let rowBlock = max(tiling.rowBlock / tiling.rows, 1) * tiling.rows
    let isOneBlock = (contract.block?.rows ?? rows) <= rowBlock
    let emitRows = { [self] (first: LLVMValue, end: LLVMValue) in
      emitTiles(
        from: columnRange.first, to: columnRange.end, size: tileColumns, extent: columns
      ) { column, count in
        variables[contract.column] = column
        let masks = masks(columns: count, width: tiling.width)
        if tiling.packsRight { packRight(contract, masks) }
        emitTiles(from: first, to: end, size: tiling.rows, extent: rows) { row, count in
          variables[contract.row] = row
          emitTile(contract, Tile(rows: count, masks: masks))
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

  private func masks(columns: Int, width: Int) -> [LLVMValue?] {
    let vectors = (columns + width - 1) / width
    var masks = [LLVMValue?](repeating: nil, count: vectors)
    if !columns.isMultiple(of: width), width > 1 {
      let inside = (0..<width).map { builder.bool($0 < columns % width) }
      masks[vectors - 1] = builder.constantVector(inside)
    }
    return masks
  }

  /// Copies the tile's columns of the right factor to a contiguous panel, all depths.
  private func packRight(_ contract: Contract, _ masks: [LLVMValue?]) {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    let vector = module.vector(memoryType(contract.element), width)
    let depth = builder.int(kernel.variables[contract.depth.index].extent, module.i64)
    let panel = panelPointer(contract)
    variables[contract.depth] = builder.int(0, module.i64)
    let right = walk(contract.right, contract)
    counted(from: builder.int(0, module.i64), to: depth, step: 1, updating: []) { step in
      let stride = builder.int(right.depth * size, module.i64)
      let source = builder.gep(module.i8, right.start, builder.mul(step, stride))
      let line = builder.int(contract.tiling.vectors * width * size, module.i64)
      let target = builder.gep(module.i8, panel, builder.mul(step, line))
      for (number, mask) in masks.enumerated() {
        let place = builder.gep(source, bytes: number * width * size)
        let value =
          mask.map {
            builder.maskedLoad(
              vector, place, mask: $0, passthru: builder.zero(vector), alignment: size)
          } ?? builder.load(vector, place, alignment: size)
        builder.store(value, builder.gep(target, bytes: number * width * size), alignment: 64)
      }
    }
  }

  /// The panel's memory, on the stack.
  private func panelPointer(_ contract: Contract) -> LLVMValue {
    if let panel = panels[contract.result] { return panel }
    let tiling = contract.tiling
    let depth = kernel.variables[contract.depth.index].extent
    let panel = builder.alloca(
      memoryType(contract.element), count: depth * tiling.vectors * tiling.width, alignment: 64)
    panels[contract.result] = panel
    return panel
  }

  // MARK: One tile

  private func emitTile(_ contract: Contract, _ tile: Tile) {
    lanes = Lanes(
      variable: contract.column, width: contract.tiling.width, copies: tile.masks.count,
      masks: tile.masks)
    let sums = emitDepthLoop(contract, tile)
    guard let first = variables[contract.row] else { return }
    let (shared, perRow) = splitByRow(contract)
    for node in shared { emit(node) }
    for row in 0..<tile.rows {
      variables[contract.row] = builder.add(first, builder.int(row, module.i64))
      scalars[contract.result] = sums[row]
      for node in perRow { emit(node) }
    }
    variables[contract.row] = first
  }

  /// The sums over depth of all elements of a tile, by row and vector.
  private func emitDepthLoop(_ contract: Contract, _ tile: Tile) -> [[LLVMValue]] {
    let depth = kernel.variables[contract.depth.index].extent
    let width = contract.tiling.width
    let element = memoryType(contract.element)
    let vector = module.vector(element, width)
    variables[contract.depth] = builder.int(0, module.i64)
    let left = walk(contract.left, contract)
    let right =
      contract.tiling.packsRight
      ? (start: panelPointer(contract), line: 1, depth: contract.tiling.vectors * width)
      : walk(contract.right, contract)
    let size = contract.element.byteCount
    let vectors = tile.masks.count

    let before = builder.currentBlock
    let start = builder.appendBlock("depth")
    builder.br(start)
    builder.position(at: start)
    let step = carried(builder.int(0, module.i64), from: before)
    let leftPointer = carried(left.start, from: before)
    let rightPointer = carried(right.start, from: before)
    let zero = builder.zero(vector)
    let sums = (0..<tile.rows).map { _ in
      (0..<vectors).map { _ in carried(zero, from: before) }
    }
    let panel = loadPanel(contract, tile, rightPointer)
    let lines = loadLines(contract, rows: tile.rows, leftPointer, line: left.line)
    // Each element is loaded where it is used: schedulers that hoist loads run out of registers.
    let next = (0..<tile.rows).map { row -> [LLVMValue] in
      let factor = self.factor(contract, row: row, in: lines, leftPointer, line: left.line)
      return (0..<vectors).map { builder.fma(factor, panel[$0], sums[row][$0]) }
    }
    prefetch(contract, tile, left: left, right: right, step, rightPointer)
    let following = builder.add(step, builder.int(1, module.i64))
    builder.addIncoming(step, following, from: start)
    builder.addIncoming(
      leftPointer, builder.gep(leftPointer, bytes: left.depth * size), from: start)
    builder.addIncoming(
      rightPointer, builder.gep(rightPointer, bytes: right.depth * size), from: start)
    for (row, values) in sums.enumerated() {
      for (number, sum) in values.enumerated() {
        builder.addIncoming(sum, next[row][number], from: start)
      }
    }
    let after = builder.appendBlock("finish")
    builder.condBr(
      builder.icmp(.slt, following, builder.int(depth, module.i64)), start, after)
    builder.position(at: after)
    return next
  }

  /// A value that a loop carries, as it enters from `block`.
  private func carried(_ initial: LLVMValue, from block: LLVMBlock) -> LLVMValue {
    let phi = builder.phi(initial.type)
    builder.addIncoming(phi, initial, from: block)
    return phi
  }

  /// The left factor's elements of one step in whole vectors of rows, where multiply-adds take a
  /// lane as a factor and rows are neighbours in memory; else nothing.
  private func loadLines(
    _ contract: Contract, rows: Int, _ pointer: LLVMValue, line: Int
  ) -> [LLVMValue] {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    guard module.target.multipliesByLane, line == 1, width > 1 else { return [] }
    let vector = module.vector(memoryType(contract.element), width)
    return (0..<rows / width).map { number in
      builder.load(
        vector, builder.gep(pointer, bytes: number * width * size), alignment: size)
    }
  }

  /// The left factor's element of a row in all lanes: of its line's vector, or from memory.
  private func factor(
    _ contract: Contract, row: Int, in lines: [LLVMValue], _ pointer: LLVMValue, line: Int
  ) -> LLVMValue {
    let width = contract.tiling.width
    if row < lines.count * width {
      return builder.shuffle(lines[row / width], [Int](repeating: row % width, count: width))
    }
    let size = contract.element.byteCount
    let place = builder.gep(pointer, bytes: row * line * size)
    let factor = builder.load(memoryType(contract.element), place, alignment: size)
    return width > 1 ? builder.splat(factor, width) : factor
  }

  /// The right factor's vectors of one step; a packed panel has all its lanes.
  private func loadPanel(
    _ contract: Contract, _ tile: Tile, _ pointer: LLVMValue
  ) -> [LLVMValue] {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    let vector = module.vector(memoryType(contract.element), width)
    return tile.masks.enumerated().map { number, mask in
      let place = builder.gep(pointer, bytes: number * width * size)
      if contract.tiling.packsRight { return builder.load(vector, place, alignment: 64) }
      guard let mask else { return builder.load(vector, place, alignment: size) }
      return builder.maskedLoad(
        vector, place, mask: mask, passthru: builder.zero(vector), alignment: size)
    }
  }

  /// Asks for what is needed next: the rows of the next tile where rows stream past a packed panel,
  /// or columns further down where no other tile has brought them into the cache.
  ///
  /// Rows of a tile lie one after the other, so a line for each step covers them.
  private func prefetch(
    _ contract: Contract, _ tile: Tile, left: (start: LLVMValue, line: Int, depth: Int),
    right: (start: LLVMValue, line: Int, depth: Int), _ step: LLVMValue, _ rightPointer: LLVMValue
  ) {
    let size = contract.element.byteCount
    if contract.tiling.packsRight, left.depth == 1 {
      let next = builder.gep(left.start, bytes: tile.rows * left.line * size)
      let line = builder.shl(step, builder.int(6, module.i64))
      builder.prefetch(builder.gep(module.i8, next, line))
    } else if kernel.variables[contract.row.index].extent <= tile.rows {
      for number in 0..<tile.masks.count {
        let distance = Self.prefetchedSteps * right.depth + number * contract.tiling.width
        builder.prefetch(builder.gep(rightPointer, bytes: distance * size))
      }
    }
  }

  /// How many steps ahead columns are asked for: about the time memory takes to answer.
  private static let prefetchedSteps = 32

  /// Where a factor's walk over depth starts, and its strides in elements.
  private func walk(
    _ factor: Contract.Factor, _ contract: Contract
  ) -> (start: LLVMValue, line: Int, depth: Int) {
    let base: LLVMValue =
      switch factor.memory {
      case .slot(let slot): slotPointers[slot]
      case .local(let local): localPointers[local]
      }
    let start = builder.gep(memoryType(contract.element), base, index(factor.address))
    return (
      start, factor.address.coefficient(of: contract.row) ?? 0,
      factor.address.coefficient(of: contract.depth) ?? 0
    )
  }

  /// The epilogue's nodes that are the same for all rows, and the others.
  private func splitByRow(_ contract: Contract) -> (shared: [Node], perRow: [Node]) {
    var dependent: Set<ScalarID> = [contract.result]
    var (shared, perRow) = ([Node](), [Node]())
    for node in contract.body {
      guard case .define(let scalar, let expression) = node else {
        perRow.append(node)
        continue
      }
      if expression.depends(on: contract.row, or: dependent) {
        dependent.insert(scalar)
        perRow.append(node)
      } else {
        shared.append(node)
      }
    }
    return (shared, perRow)
  }
}

extension Expression {
  /// Whether the expression uses the variable or one of the scalars.
  fileprivate func depends(on variable: VariableID, or scalars: Set<ScalarID>) -> Bool {
    func uses(_ index: IndexExpression) -> Bool {
      var result = index.uses(variable)
      index.forEachScalar { result = result || scalars.contains($0) }
      return result
    }
    switch self {
    case .literal: return false
    case .index(let index, _): return uses(index)
    case .load(_, let index, let condition):
      return uses(index) || (condition.map { scalars.contains($0) } ?? false)
    case .inBounds(let bounds): return bounds.contains { uses($0.index) }
    case .apply(_, let operands): return operands.contains { scalars.contains($0) }
    }
  }
}
