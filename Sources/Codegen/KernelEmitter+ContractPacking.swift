internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// Columns that are packed together, and where they go.
  private struct ColumnGroup {
    /// For each vector, which columns exist; nil is all.
    var masks: [LLVMValue?]
    /// The columns that exist.
    var columns: Int
    /// The panel's element of the first column at the first depth.
    var target: LLVMValue
  }

  /// Makes the tile's columns of the right factor over a range of the depth, and puts them in a
  /// contiguous panel: a line of the tile's columns for each depth.
  ///
  /// Loads that are contiguous along depth are transposed in registers.
  func packRight(_ contract: Contract, columns: Int, _ depths: DepthRange) {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    let parts = contract.rightParts
    let transposed =
      width * size >= Self.chunkBytes ? parts.evenLoads.filter(\.isTransposed) : []
    let lineBytes = contract.tileColumns * size
    forEachTap(contract, depths) { [self] number in
      let line = number.map { builder.mul($0, builder.int(depths.count * lineBytes, module.i64)) }
      let panel = stackArray(.panel)
      let start = line.map { builder.gep(module.i8, panel, $0) } ?? panel
      packTap(contract, columns: columns, depths, parts, transposed, to: start)
    }
  }

  /// Packs the depths of one tap.
  private func packTap(
    _ contract: Contract, columns: Int, _ depths: DepthRange, _ parts: FactorParts,
    _ transposed: [FactorParts.Load], to panel: LLVMValue
  ) {
    let width = contract.tiling.width
    guard !transposed.isEmpty, let first = variables[contract.column] else {
      let masks = laneMasks(columns: columns, width: width)
      let group = ColumnGroup(masks: masks, columns: columns, target: panel)
      return pack(group, contract, parts, [], depths)
    }
    let packVector = { [self] (number: LLVMValue, columns: Int) in
      let column = builder.mul(number, builder.int(width, module.i64))
      variables[contract.column] = builder.add(first, column)
      let target = builder.gep(memoryType(contract.element), panel, column)
      let masks = laneMasks(columns: columns, width: width)
      let group = ColumnGroup(masks: masks, columns: columns, target: target)
      pack(group, contract, parts, transposed, depths)
    }
    let whole = builder.int(columns / width, module.i64)
    counted(from: builder.int(0, module.i64), to: whole, step: 1, updating: []) {
      packVector($0, width)
    }
    if columns % width > 0 { packVector(whole, columns % width) }
    variables[contract.column] = first
  }

  /// Packs a group of columns, as many depths at a time as a transposed load reads.
  private func pack(
    _ group: ColumnGroup, _ contract: Contract, _ parts: FactorParts,
    _ transposed: [FactorParts.Load], _ depths: DepthRange
  ) {
    lanes = Lanes(
      variable: contract.column, width: contract.tiling.width, copies: group.masks.count,
      masks: group.masks)
    variables[contract.depth] = depths.first
    for node in parts.fixed { emit(node) }
    let starts = transposed.map { load in
      let size = builder.int(element(of: load.scalar).byteCount, module.i64)
      return builder.gep(module.i8, start(of: load), builder.mul(index(load.tapOffset), size))
    }
    let length = transposed.isEmpty ? 1 : Self.chunkBytes / contract.element.byteCount
    let packLines = { [self] (depth: LLVMValue, count: Int) in
      let columns = zip(transposed, starts).map { load, start in
        transposedLoad(
          load, from: start, at: depth, columns: group.columns, width: contract.tiling.width,
          count: count, of: length)
      }
      for line in 0..<count {
        let place = builder.add(depth, builder.int(line, module.i64))
        variables[contract.depth] = builder.add(depths.first, place)
        for (load, values) in zip(transposed, columns) { scalars[load.scalar] = [values[line]] }
        for node in parts.shared + parts.varying {
          if case .define(let scalar, _) = node,
            transposed.contains(where: { $0.scalar == scalar })
          {
            continue
          }
          emit(node)
        }
        storeLine(group, contract, at: place)
      }
    }
    forEachChunk(
      of: depths, by: length, of: kernel.variables[contract.depth.index].extent, packLines)
  }

  /// Calls `body` for so many depths at a time of a range, then for the rest with their number.
  ///
  /// - Parameter extent: All depths, of which the last range has what the others leave.
  private func forEachChunk(
    of depths: DepthRange, by length: Int, of extent: Int, _ body: (LLVMValue, Int) -> Void
  ) {
    let zero = builder.int(0, module.i64)
    let end = depths.depthEnd(builder)
    let chunk = builder.int(length, module.i64)
    let whole = builder.sub(end, builder.urem(end, chunk))
    counted(from: zero, to: whole, step: length, updating: []) { body($0, length) }
    if end.constantInteger != nil {
      if depths.count % length > 0 { body(whole, depths.count % length) }
      return
    }
    for rest in Set([depths.count % length, extent % depths.count % length]).sorted() where rest > 0
    {
      let isRest = builder.icmp(
        .eq, builder.sub(end, whole), builder.int(rest, module.i64))
      let (tail, after) = (builder.appendBlock("tail"), builder.appendBlock("after"))
      builder.condBr(isRest, tail, after)
      builder.position(at: tail)
      body(whole, rest)
      builder.br(after)
      builder.position(at: after)
    }
  }

  /// Writes the factor's current elements to a line of the panel.
  private func storeLine(_ group: ColumnGroup, _ contract: Contract, at line: LLVMValue) {
    let vectorBytes = contract.tiling.width * contract.element.byteCount
    let lineBytes = contract.tileColumns * contract.element.byteCount
    let target = builder.gep(
      module.i8, group.target, builder.mul(line, builder.int(lineBytes, module.i64)))
    for number in group.masks.indices {
      builder.store(
        vector(contract.right.value, copy: number),
        builder.gep(target, bytes: number * vectorBytes), alignment: vectorBytes)
    }
  }
}
