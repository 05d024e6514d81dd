internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// Emits the sums of a tile over a range of the depth, and its epilogue where they are complete.
  ///
  /// - Parameter waiting: The sums over other ranges; nil where the range is all of the depth.
  func emitTile(
    _ contract: Contract, _ tile: ContractTile, _ depths: DepthRange?, _ waiting: PartialSums?
  ) {
    lanes = Lanes(
      variable: contract.column, width: contract.tiling.width, copies: tile.masks.count,
      masks: tile.masks)
    if let depths, emitMicrokernel(contract, tile, depths, waiting) { return }
    let places = waiting.map { self.places(of: $0, contract, tile) }
    let sums = depths.map { emitDepths(contract, tile, $0) }
    guard let places else { return emitEpilogue(contract, tile, sums ?? []) }
    let vector = module.vector(memoryType(contract.element), contract.tiling.width)
    let alignment = contract.tiling.width * contract.element.byteCount
    let total = places.enumerated().map { row, line in
      line.enumerated().map { number, place in
        let sum = builder.load(vector, place, alignment: alignment)
        return sums.map { builder.fadd(sum, $0[row][number]) } ?? sum
      }
    }
    guard waiting?.use == .add else { return emitEpilogue(contract, tile, total) }
    for (place, value) in zip(places.joined(), total.joined()) {
      builder.store(value, place, alignment: alignment)
    }
  }

  /// Where each vector of a tile's waiting sums stands.
  private func places(
    of sums: PartialSums, _ contract: Contract, _ tile: ContractTile
  ) -> [[LLVMValue]] {
    let size = contract.element.byteCount
    return (0..<tile.rows).map { row in
      tile.masks.indices.map { number in
        let element = row * contract.tileColumns + number * contract.tiling.width
        return builder.gep(sums.pointer, bytes: element * size)
      }
    }
  }

  // MARK: Depth

  /// The sums of all elements of a tile over a range of the depth, by row and vector.
  ///
  /// A great depth is summed up in parts, and what rounding takes from the sum of the parts is summed
  /// up beside it: an element that is added to millions of others would lose most of its bits.
  private func emitDepths(
    _ contract: Contract, _ tile: ContractTile, _ depths: DepthRange
  ) -> [[LLVMValue]] {
    let part = EmissionCosts.Products.summedDepth
    guard contract.termCount(in: kernel) > EmissionCosts.Products.plainDepth,
      depths.terms > 2 * part
    else { return emitDepthLoop(contract, tile, depths) }
    let isOfTaps = depths.isOfTaps
    let size = isOfTaps ? max(part / depths.count, 1) : part
    let extent = isOfTaps ? depths.taps : depths.count
    let end = isOfTaps ? depths.tapEnd(builder) : depths.depthEnd(builder)
    let vector = module.vector(memoryType(contract.element), contract.tiling.width)
    let before = builder.currentBlock
    let start = builder.appendBlock("part")
    builder.br(start)
    builder.position(at: start)
    let first = builder.carried(builder.int(0, module.i64), from: before)
    let sums = (0..<tile.rows).map { _ in
      tile.masks.map { _ in
        CompensatedSum(
          total: builder.carried(builder.zero(vector), from: before),
          rest: builder.carried(builder.zero(vector), from: before))
      }
    }
    func added(_ range: DepthRange, to sums: [[CompensatedSum]]) -> [[CompensatedSum]] {
      zip(sums, emitDepthLoop(contract, tile, range)).map { line, terms in
        zip(line, terms).map { $0.adding($1, builder) }
      }
    }
    let limit = partLimit(from: first, by: size, of: extent, to: end)
    let next = added(depths.part(from: first, size, limit, builder), to: sums)
    let following = builder.add(first, builder.int(size, module.i64))
    builder.addIncoming(first, following, from: builder.currentBlock)
    for (sum, following) in zip(sums.joined(), next.joined()) {
      builder.addIncoming(sum.total, following.total, from: builder.currentBlock)
      builder.addIncoming(sum.rest, following.rest, from: builder.currentBlock)
    }
    let after = builder.appendBlock("rest")
    builder.condBr(builder.icmp(.slt, following, end), start, after)
    builder.position(at: after)
    return next.map { line in line.map { builder.fadd($0.total, $0.rest) } }
  }

  /// The sums of all elements of a tile over a range of the depth, each in one register.
  private func emitDepthLoop(
    _ contract: Contract, _ tile: ContractTile, _ depths: DepthRange
  ) -> [[LLVMValue]] {
    let vector = module.vector(memoryType(contract.element), contract.tiling.width)
    let panel = leftPanel(contract)
    let left =
      panel.map { FactorStream($0, of: contract) }
      ?? FactorStream(left: contract, rows: tile.rows, from: depths, self)
    let right =
      contract.tiling.panelDepth == nil
      ? FactorStream(right: contract, from: depths, self)
      : FactorStream(panel: stackArray(.panel), of: contract, from: depths, self)
    let zeros = [[LLVMValue]](
      repeating: [LLVMValue](repeating: builder.zero(vector), count: tile.masks.count),
      count: tile.rows)
    let run = { [self] (sums: [[LLVMValue]], number: LLVMValue?) in
      guard let panel else {
        return emitRun(contract, tile, depths, (left, right), from: sums, tap: number)
      }
      return forEachLeftStrip(panel, contract, rows: tile.rows, depths, from: sums) {
        emitRun(contract, tile, $0, (left, right), from: $2, tap: number, behind: $1)
      }
    }
    guard let tap = contract.tap, let firstTap = depths.firstTap else { return run(zeros, nil) }
    let before = builder.currentBlock
    let start = builder.appendBlock("tap")
    builder.br(start)
    builder.position(at: start)
    let number = builder.carried(builder.int(0, module.i64), from: before)
    let sums = zeros.map { line in line.map { builder.carried($0, from: before) } }
    variables[tap] = builder.add(firstTap, number)
    let next = run(sums, number)
    let following = builder.add(number, builder.int(1, module.i64))
    builder.addIncoming(number, following, from: builder.currentBlock)
    update(sums, with: next)
    let after = builder.appendBlock("taps")
    builder.condBr(
      builder.icmp(.slt, following, depths.tapEnd(builder)), start, after)
    builder.position(at: after)
    return next
  }

  /// Gives sums that a loop carries their values for the next iteration.
  private func update(_ sums: [[LLVMValue]], with next: [[LLVMValue]]) {
    for (sum, value) in zip(sums.joined(), next.joined()) {
      builder.addIncoming(sum, value, from: builder.currentBlock)
    }
  }

  /// Adds the products of one tap's depths to a tile's sums.
  ///
  /// - Parameters:
  ///   - number: which tap of the range it is.
  ///   - skipped: how many depths of the tap come before, that the right factor's places move on by.
  private func emitRun(
    _ contract: Contract, _ tile: ContractTile, _ depths: DepthRange,
    _ streams: (left: FactorStream, right: FactorStream), from initial: [[LLVMValue]],
    tap number: LLVMValue?, behind skipped: LLVMValue? = nil
  ) -> [[LLVMValue]] {
    let (left, right) = streams
    var origins = [left, right].map { stream in
      stream.walks.map { self.start(of: $0, tap: number) }
    }
    if let skipped {
      origins[1] = zip(right.walks, origins[1]).map { walk, place in
        let bytes = builder.mul(skipped, builder.int(walk.depthBytes, module.i64))
        return walk.moved(place, by: bytes, builder)
      }
    }
    let before = builder.currentBlock
    let start = builder.appendBlock("depth")
    builder.br(start)
    builder.position(at: start)
    let step = builder.carried(builder.int(0, module.i64), from: before)
    let places = origins.map { $0.map { builder.carried($0, from: before) } }
    let sums = initial.map { line in line.map { builder.carried($0, from: before) } }
    let columns = columnElements(right, contract, tile, places[1], depths, step)
    // Each element is loaded where it is used: schedulers that hoist loads run out of registers.
    var next = [[LLVMValue]]()
    forEachRow(left, contract, tile, places[0], depths, step) { row, factor in
      next.append(zip(columns, sums[row]).map { builder.fma(factor, $0, $1) })
    }
    prefetch(contract, tile, left, right, places[1], step)
    let following = builder.add(step, builder.int(1, module.i64))
    builder.addIncoming(step, following, from: builder.currentBlock)
    for (stream, current) in zip([left, right], places) {
      for (walk, place) in zip(stream.walks, current) {
        builder.addIncoming(place, walk.next(place, builder), from: builder.currentBlock)
      }
    }
    update(sums, with: next)
    let after = builder.appendBlock("finish")
    builder.condBr(
      builder.icmp(.slt, following, depths.depthEnd(builder)), start, after)
    builder.position(at: after)
    return next
  }

  /// Calls `use` with each row and the left factor's element of it at one depth, in all lanes.
  private func forEachRow(
    _ left: FactorStream, _ contract: Contract, _ tile: ContractTile, _ pointers: [LLVMValue],
    _ depths: DepthRange, _ step: LLVMValue, _ use: (Int, LLVMValue) -> Void
  ) {
    guard let first = variables[contract.row] else { return }
    let width = contract.tiling.width
    if left.isMade {
      for row in 0..<tile.rows {
        let place = builder.gep(pointers[0], bytes: row * left.walks[0].lineBytes)
        let value = builder.load(
          memoryType(contract.element), place, alignment: contract.element.byteCount)
        use(row, builder.splat(value, width))
      }
      return
    }
    let lines = loadLines(left, contract, rows: tile.rows, pointers)
    let outer = lanes
    lanes = nil
    variables[contract.depth] = builder.add(depths.first, step)
    let emit = { [self] (nodes: [Node], row: Int) in
      for node in nodes {
        guard case .define(let scalar, _) = node,
          let place = left.place(of: scalar, row: row, pointers, builder)
        else {
          self.emit(node)
          continue
        }
        let element = self.element(of: scalar)
        let value = builder.load(memoryType(element), place, alignment: element.byteCount)
        scalars[scalar] = [fromMemory(value, element)]
      }
    }
    emit(left.parts.shared, 0)
    for row in 0..<tile.rows {
      if row < lines.count * width {
        let lane = [Int](repeating: row % width, count: width)
        use(row, builder.shuffle(lines[row / width], lane))
        continue
      }
      if row < left.fixed.count { scalars.merge(left.fixed[row]) { $1 } }
      variables[contract.row] = builder.add(first, builder.int(row, module.i64))
      emit(left.parts.varying, row)
      use(row, builder.splat(uniform(contract.left.value), width))
    }
    variables[contract.row] = first
    lanes = outer
  }

  /// The left factor's elements of one step in whole vectors of rows, where multiply-adds take a
  /// lane as a factor and rows are neighbours in memory; else nothing.
  private func loadLines(
    _ left: FactorStream, _ contract: Contract, rows: Int, _ pointers: [LLVMValue]
  ) -> [LLVMValue] {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    guard module.target.multipliesByLane, width > 1, left.walks.count == 1,
      !left.walks[0].isOffset,
      left.walks[0].lineBytes == size, contract.left.body.count == 1,
      case .define(contract.left.value, .load) = contract.left.body[0]
    else { return [] }
    let vector = module.vector(memoryType(contract.element), width)
    return (0..<rows / width).map { number in
      builder.load(
        vector, builder.gep(pointers[0], bytes: number * width * size), alignment: size)
    }
  }

  /// The right factor's vectors at one depth; a packed panel has all its lanes.
  private func columnElements(
    _ right: FactorStream, _ contract: Contract, _ tile: ContractTile, _ pointers: [LLVMValue],
    _ depths: DepthRange, _ step: LLVMValue
  ) -> [LLVMValue] {
    let vectorBytes = contract.tiling.width * contract.element.byteCount
    let vector = module.vector(memoryType(contract.element), contract.tiling.width)
    if contract.tiling.panelDepth != nil {
      return tile.masks.indices.map {
        builder.load(
          vector, builder.gep(pointers[0], bytes: $0 * vectorBytes), alignment: vectorBytes)
      }
    }
    variables[contract.depth] = builder.add(depths.first, step)
    for node in right.parts.shared + right.parts.varying {
      guard case .define(let scalar, _) = node,
        let place = right.place(of: scalar, row: 0, pointers, builder)
      else {
        emit(node)
        continue
      }
      let element = self.element(of: scalar)
      let vector = module.vector(memoryType(element), contract.tiling.width)
      scalars[scalar] = tile.masks.enumerated().map { number, mask in
        let bytes = number * contract.tiling.width * element.byteCount
        let value = loadLine(
          vector, builder.gep(place, bytes: bytes), mask: mask,
          alignment: element.byteCount)
        return fromMemory(value, element)
      }
    }
    return tile.masks.indices.map { self.vector(contract.right.value, copy: $0) }
  }

  /// Asks for what is needed next: the rows of the next tile where rows stream past a packed panel,
  /// or columns further down where no other tile has brought them into the cache.
  ///
  /// Rows of a tile lie one after the other, so a line for each step covers them.
  private func prefetch(
    _ contract: Contract, _ tile: ContractTile, _ left: FactorStream, _ right: FactorStream,
    _ rightPointers: [LLVMValue], _ step: LLVMValue
  ) {
    let size = contract.element.byteCount
    if contract.tiling.panelDepth != nil {
      guard contract.tap == nil, !left.isMade, left.walks.count == 1, !left.walks[0].isOffset,
        left.walks[0].depthBytes == size
      else { return }
      let next = builder.gep(left.walks[0].start, bytes: tile.rows * left.walks[0].lineBytes)
      let line = builder.shl(step, builder.int(6, module.i64))
      builder.prefetch(builder.gep(module.i8, next, line))
    } else if kernel.variables[contract.row.index].extent <= tile.rows {
      for (walk, pointer) in zip(right.walks, rightPointers) {
        for number in 0..<tile.masks.count {
          let columnBytes = number * contract.tiling.width * walk.lineBytes
          let distance = Self.prefetchedSteps * walk.depthBytes + columnBytes
          builder.prefetch(builder.gep(pointer, bytes: distance))
        }
      }
    }
  }

  /// How many steps ahead columns are asked for: about the time memory takes to answer.
  private static let prefetchedSteps = 32
}

extension DepthRange {
  /// A part of the range: some of its taps where there are several, else of its depths.
  ///
  /// - Parameter limit: How many the part has where that is known when the code runs only.
  fileprivate func part(
    from start: LLVMValue, _ count: Int, _ limit: LLVMValue?, _ builder: IRBuilder
  ) -> DepthRange {
    var part = self
    part.limit = limit
    if isOfTaps, let firstTap {
      part.firstTap = builder.add(firstTap, start)
      part.taps = count
      part.packedBefore = builder.mul(start, builder.int(self.count, builder.module.i64))
    } else {
      part.first = builder.add(first, start)
      part.count = count
      part.packedBefore = start
    }
    return part
  }
}

/// A sum, and the sum of what was rounded off; after Knuth, "The Art of Computer Programming" 4.2.2.
private struct CompensatedSum {
  var total: LLVMValue
  var rest: LLVMValue

  /// The sum with a term added.
  func adding(_ term: LLVMValue, _ builder: IRBuilder) -> CompensatedSum {
    let sum = builder.fadd(total, term)
    let added = builder.fsub(sum, total)
    let lost = builder.fadd(
      builder.fsub(total, builder.fsub(sum, added)), builder.fsub(term, added))
    return CompensatedSum(total: sum, rest: builder.fadd(rest, lost))
  }
}
