internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// Copies the tile's columns of the right factor over a range of the depth to a contiguous panel:
  /// a line of the tile's columns for each depth.
  func packRight(_ contract: Contract, columns: Int, _ depths: DepthRange) {
    let right = walk(contract.right, along: contract.column, contract, from: depths.first)
    let vectorBytes = contract.tiling.width * contract.element.byteCount
    if right.line != 1, right.depth == 1, vectorBytes >= Self.chunkBytes {
      packTransposed(contract, right, columns: columns, depths)
    } else {
      packLines(contract, right, columns: columns, depths)
    }
  }

  /// The panel's memory, on the stack.
  func panelPointer(_ contract: Contract) -> LLVMValue {
    let depth = kernel.variables[contract.depth.index].extent
    return stackArray(
      .panel(contract.result), contract, lines: min(depth, contract.tiling.panelDepth ?? depth))
  }

  /// Copies one depth after the other, with columns in lanes.
  private func packLines(
    _ contract: Contract, _ right: FactorWalk, columns: Int, _ depths: DepthRange
  ) {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    let vector = module.vector(memoryType(contract.element), width)
    let masks = laneMasks(columns: columns, width: width)
    let panel = panelPointer(contract)
    counted(
      from: builder.int(0, module.i64), to: builder.int(depths.count, module.i64), step: 1,
      updating: []
    ) { step in
      let stride = builder.int(right.depth * size, module.i64)
      let source = builder.gep(module.i8, right.start, builder.mul(step, stride))
      let line = builder.int(contract.tileColumns * size, module.i64)
      let target = builder.gep(module.i8, panel, builder.mul(step, line))
      for (number, mask) in masks.enumerated() {
        let place = builder.gep(source, bytes: number * width * right.line * size)
        let value = loadLine(vector, place, stride: right.line, mask: mask, alignment: size)
        builder.store(
          value, builder.gep(target, bytes: number * width * size), alignment: width * size)
      }
    }
  }

  /// The elements in steps of `stride` from a place on; zero where the mask does not hold.
  private func loadLine(
    _ vector: LLVMType, _ place: LLVMValue, stride: Int, mask: LLVMValue?, alignment: Int
  ) -> LLVMValue {
    let width = vector.vectorWidth
    if stride != 1, width > 1 {
      let indices = builder.constantVector((0..<width).map { builder.int($0 * stride, module.i64) })
      return builder.gather(
        vector, base: place, indices: indices,
        mask: mask ?? builder.splat(builder.bool(true), width),
        passthru: builder.zero(vector))
    }
    guard let mask else { return builder.load(vector, place, alignment: alignment) }
    return builder.maskedLoad(
      vector, place, mask: mask, passthru: builder.zero(vector), alignment: alignment)
  }

  // MARK: Transposes

  /// Bytes of a column that are read at once where columns are contiguous.
  private static let chunkBytes = 16

  /// Copies columns that are contiguous along depth, transposing them in registers.
  private func packTransposed(
    _ contract: Contract, _ right: FactorWalk, columns: Int, _ depths: DepthRange
  ) {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    let panel = panelPointer(contract)
    let pack = { [self] (group: LLVMValue, columns: Int) in
      let columnBytes = builder.int(width * right.line * size, module.i64)
      let source = builder.gep(module.i8, right.start, builder.mul(group, columnBytes))
      let lanes = builder.mul(group, builder.int(width * size, module.i64))
      packGroup(
        contract, from: source, line: right.line, columns: columns,
        to: builder.gep(module.i8, panel, lanes), depths: depths.count)
    }
    let whole = builder.int(columns / width, module.i64)
    counted(from: builder.int(0, module.i64), to: whole, step: 1, updating: []) {
      pack($0, width)
    }
    if columns % width > 0 { pack(whole, columns % width) }
  }

  /// Packs the columns of one vector; lanes behind the last repeat it.
  private func packGroup(
    _ contract: Contract, from source: LLVMValue, line: Int, columns: Int, to target: LLVMValue,
    depths: Int
  ) {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    let length = Self.chunkBytes / size
    let chunk = module.vector(memoryType(contract.element), length)
    let lineBytes = contract.tileColumns * size
    let copy = { [self] (depth: LLVMValue, count: Int) in
      let first = builder.gep(memoryType(contract.element), source, depth)
      let mask = laneMasks(columns: count, width: length)[0]
      let chunks = (0..<width).map { lane in
        let place = builder.gep(first, bytes: min(lane, columns - 1) * line * size)
        return loadLine(chunk, place, stride: 1, mask: mask, alignment: size)
      }
      let start = builder.gep(
        module.i8, target, builder.mul(depth, builder.int(lineBytes, module.i64)))
      for (number, value) in builder.transposed(chunks).prefix(count).enumerated() {
        builder.store(
          value, builder.gep(start, bytes: number * lineBytes), alignment: width * size)
      }
    }
    let whole = builder.int(depths / length * length, module.i64)
    counted(from: builder.int(0, module.i64), to: whole, step: length, updating: []) {
      copy($0, length)
    }
    if depths % length > 0 { copy(whole, depths % length) }
  }
}
