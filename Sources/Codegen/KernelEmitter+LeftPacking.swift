internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// Where elements of the left factor stand that were made before they are used.
struct LeftPanel {
  /// The variable along which they are made in lanes.
  var lane: VariableID
  var start: LLVMValue
  /// How far rows, and how far depths, are apart.
  var rowBytes: Int
  var depthBytes: Int
}

extension KernelEmitter {
  /// The panel for the left factor's elements; nil where they are made where they are used.
  func leftPanel(_ contract: Contract) -> LeftPanel? {
    guard let lane = contract.leftLanes(in: kernel) else { return nil }
    let size = contract.element.byteCount
    let start = stackArray(.leftPanel)
    return lane == contract.depth
      ? LeftPanel(lane: lane, start: start, rowBytes: lineLength(contract) * size, depthBytes: size)
      : LeftPanel(lane: lane, start: start, rowBytes: size, depthBytes: lineLength(contract) * size)
  }

  /// The bytes of the panel.
  func leftPanelByteCount(_ contract: Contract) -> Int {
    guard let lane = contract.leftLanes(in: kernel) else { return 0 }
    let lines = lane == contract.depth ? contract.tiling.rows : leftStrip(contract)
    return lines * lineLength(contract) * contract.element.byteCount
  }

  /// The elements of a line, whole vectors along the lanes.
  private func lineLength(_ contract: Contract) -> Int {
    let width = contract.tiling.width
    let lane = contract.leftLanes(in: kernel)
    let length = lane == contract.depth ? leftStrip(contract) : contract.tiling.rows
    return (length + width - 1) / width * width
  }

  /// The depths of a strip.
  private func leftStrip(_ contract: Contract) -> Int {
    min(kernel.variables[contract.depth.index].extent, EmissionCosts.Products.leftDepth)
  }

  /// Calls `body` for one strip of a tap's depths after the other, with the strip's first depth counted from
  /// the range's and with the left factor's elements of the strip made, handing on the sums.
  func forEachLeftStrip(
    _ panel: LeftPanel, _ contract: Contract, rows: Int, _ depths: DepthRange,
    from initial: [[LLVMValue]],
    _ body: (DepthRange, LLVMValue, [[LLVMValue]]) -> [[LLVMValue]]
  ) -> [[LLVMValue]] {
    let length = leftStrip(contract)
    let zero = builder.int(0, module.i64)
    guard depths.count > length else {
      makeLeft(panel, contract, rows: rows, depths)
      return body(depths, zero, initial)
    }
    let end = depths.depthEnd(builder)
    let before = builder.currentBlock
    let start = builder.appendBlock("strip")
    builder.br(start)
    builder.position(at: start)
    let first = builder.carried(zero, from: before)
    let sums = initial.map { line in line.map { builder.carried($0, from: before) } }
    var strip = depths
    strip.taps = 1
    strip.first = builder.add(depths.first, first)
    strip.count = length
    strip.limit = partLimit(from: first, by: length, of: depths.count, to: end)
    makeLeft(panel, contract, rows: rows, strip)
    let next = body(strip, first, sums)
    let following = builder.add(first, builder.int(length, module.i64))
    builder.addIncoming(first, following, from: builder.currentBlock)
    for (sum, value) in zip(sums.joined(), next.joined()) {
      builder.addIncoming(sum, value, from: builder.currentBlock)
    }
    let after = builder.appendBlock("strips")
    builder.condBr(builder.icmp(.slt, following, end), start, after)
    builder.position(at: after)
    return next
  }

  // MARK: Elements

  /// Makes the left factor's elements of a tile's rows over a strip.
  private func makeLeft(
    _ panel: LeftPanel, _ contract: Contract, rows: Int, _ strip: DepthRange
  ) {
    guard let firstRow = variables[contract.row] else { return }
    let (outer, outerDepth) = (lanes, variables[contract.depth])
    let zero = builder.int(0, module.i64)
    let end = strip.depthEnd(builder)
    if panel.lane == contract.depth {
      counted(from: zero, to: builder.int(rows, module.i64), step: 1, updating: []) { row in
        variables[contract.row] = builder.add(firstRow, row)
        makeLine(panel, contract, strip, end, row: row)
      }
    } else {
      let masks = laneMasks(columns: rows, width: contract.tiling.width)
      counted(from: zero, to: end, step: 1, updating: []) { depth in
        variables[contract.depth] = builder.add(strip.first, depth)
        makeVectors(panel, contract, masks, at: builder.mul(depth, bytes(panel.depthBytes)))
      }
    }
    variables[contract.row] = firstRow
    variables[contract.depth] = outerDepth
    lanes = outer
  }

  /// Makes a row's elements, whole vectors first.
  private func makeLine(
    _ panel: LeftPanel, _ contract: Contract, _ strip: DepthRange, _ end: LLVMValue, row: LLVMValue
  ) {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    let line = builder.mul(row, bytes(panel.rowBytes))
    let whole = builder.sub(end, builder.urem(end, bytes(width)))
    func make(_ depth: LLVMValue, _ mask: LLVMValue?) {
      variables[contract.depth] = builder.add(strip.first, depth)
      makeVectors(
        panel, contract, [mask], at: builder.add(line, builder.mul(depth, bytes(size))))
    }
    counted(from: bytes(0), to: whole, step: width, updating: []) { make($0, nil) }
    if strip.limit == nil {
      let rest = strip.count % width
      if rest > 0 { make(whole, laneMasks(columns: rest, width: width)[0]) }
      return
    }
    let (tail, after) = (builder.appendBlock("tail"), builder.appendBlock("after"))
    builder.condBr(builder.icmp(.slt, whole, end), tail, after)
    builder.position(at: tail)
    let rest = builder.splat(builder.sub(end, whole), width)
    let numbers = builder.constantVector((0..<width).map { bytes($0) })
    make(whole, builder.icmp(.slt, numbers, rest))
    builder.br(after)
    builder.position(at: after)
  }

  /// Makes elements side by side and stores them so many bytes from the panel's start.
  private func makeVectors(
    _ panel: LeftPanel, _ contract: Contract, _ masks: [LLVMValue?], at place: LLVMValue
  ) {
    let width = contract.tiling.width
    lanes = Lanes(variable: panel.lane, width: width, copies: masks.count, masks: masks)
    for node in contract.left.body { emit(node) }
    let target = builder.gep(module.i8, panel.start, place)
    let vectorBytes = width * contract.element.byteCount
    for number in masks.indices {
      builder.store(
        vector(contract.left.value, copy: number),
        builder.gep(target, bytes: number * vectorBytes),
        alignment: contract.element.byteCount)
    }
  }

  private func bytes(_ count: Int) -> LLVMValue { builder.int(count, module.i64) }
}
