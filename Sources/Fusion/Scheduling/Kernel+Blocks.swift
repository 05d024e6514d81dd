internal import LoopIR
internal import Targets
internal import TensorIR

extension Kernel {
  /// The kernel with its outermost loops cut into blocks that threads can share, and a second kernel
  /// that combines the blocks' partial sums where there are any; nil where it stays in one piece.
  ///
  /// Blocks depend on the shapes alone, so results do not depend on the number of threads.
  ///
  /// - Parameters:
  ///   - sums: buffers that the kernel adds into from the identity on.
  ///   - rows: the rows of a block, where several steps go over the same ones.
  func cutIntoBlocks(
    rows: Int? = nil, sums: Set<BufferID>, _ scheduler: inout Scheduler
  ) -> [Kernel]? {
    guard let parts = KernelParts(self) else { return nil }
    guard let size = rows ?? blockSize(of: parts, sums: sums, in: scheduler) else {
      guard case .contract(let contract) = parts.steps[0], parts.steps.count == 1 else {
        return nil
      }
      return withBlocks(contract, at: parts.head.count, &scheduler).map { [$0] }
    }
    guard scheduler.accept("\(size) of \(parts.extent(in: self)) rows") else { return nil }
    var kernels = cut(
      parts, size, sums: memory(of: sums), in: &scheduler.program, for: scheduler.target)
    if kernels.count > 1 {
      var combine = Draft(kernels[1])
      scheduler.scheduleLoops(of: &combine) { $0 == "vectorize" || $0 == "tile" }
      kernels[1] = combine.kernel
    }
    return kernels
  }

  // MARK: Cutting

  /// The rows of a block of a kernel that is one loop; nil where it is not, is too little work, or has
  /// an order.
  private func blockSize(
    of parts: KernelParts, sums: Set<BufferID>, in scheduler: Scheduler
  ) -> Int? {
    guard parts.steps.count == 1, case .loop(let loop) = parts.steps[0] else { return nil }
    let extent = parts.extent(in: self)
    let findsThreads =
      sums.isEmpty && loop.accumulators.isEmpty
      && !writtenBuffers.isDisjoint(with: scheduler.sharedFactors)
    let blocks = blockCount(
      of: loop,
      above: findsThreads ? CostModel.Threads.factorWork : CostModel.Threads.serialWork)
    guard blocks > 1, extent > 1 else { return nil }
    let program = scheduler.program
    let analysis = DependenceAnalysis(self, in: program)
    guard analysis.mayRunInBlocks(loop, reducing: memory(of: sums)).isGranted else { return nil }
    let size = (extent + blocks - 1) / blocks
    let whole = (size + loop.step - 1) / loop.step * loop.step
    let rows = min(whole, longestSum(in: loop, extent, sums, program) ?? whole)
    // One block of all rows shares nothing.
    return rows < extent || !sums.isEmpty || !loop.accumulators.isEmpty ? rows : nil
  }

  /// The rows of a block after which its sums end, where they would have too many terms; nil where there
  /// are none.
  private func longestSum(
    in loop: Loop, _ extent: Int, _ sums: Set<BufferID>, _ program: LoopProgram
  ) -> Int? {
    let width = sums.reduce(loop.accumulators.count * 8) {
      $0 + program.buffers[$1.index].type.byteCount
    }
    guard width > 0 else { return nil }
    let most = max(1, CostModel.Threads.partialByteLimit / width)
    let least = (extent + most - 1) / most
    return max(
      CostModel.Threads.termLimit * loop.step, (least + loop.step - 1) / loop.step * loop.step)
  }

  /// How many blocks a loop is cut into by its work alone.
  ///
  /// - Parameter least: Less work stays in one piece.
  func blockCount(of loop: Loop, above least: Double = CostModel.Threads.serialWork) -> Int {
    let work = self.work(of: .loop(loop))
    guard work > least else { return 1 }
    let extent = variables[loop.variable.index].extent
    return min(
      CostModel.Threads.mostBlocks, max(2, Int(work / (CostModel.Threads.serialWork / 4))), extent)
  }

  private func cut(
    _ parts: KernelParts, _ size: Int, sums: Set<Memory>, in program: inout LoopProgram,
    for target: TargetDescription
  ) -> [Kernel] {
    var kernel = self
    let count = (parts.extent(in: self) + size - 1) / size
    let (block, steps) = kernel.cutting(parts.steps, size, count)
    var outer = Loop(block)
    outer.schedule = .parallel
    var combine = Kernel(name: name + "c")
    combine.sources = sources
    var zeroing = [Node]()
    for step in steps {
      guard case .loop(var loop) = step else {
        outer.body.append(step)
        continue
      }
      zeroing += kernel.redirect(
        sums, of: &loop, block, count, &combine, in: &program, for: target)
      outer.body.append(.loop(loop))
    }
    outer.body = zeroing + outer.body
    kernel.combineAccumulators(of: parts, block, count, into: &outer, &combine, in: &program)
    kernel.body = parts.head + [.loop(outer)]
    return combine.body.isEmpty ? [kernel] : [kernel, combine]
  }

  /// The steps with their rows limited to a block, and the variable that counts blocks.
  mutating func cutting(
    _ steps: [Node], _ size: Int, _ count: Int
  ) -> (block: VariableID, steps: [Node]) {
    let block = newVariable("blk", extent: count)
    let steps = steps.map { step -> Node in
      switch step {
      case .loop(var loop):
        loop.range = .block(block, size: size / loop.rowsOfStrip)
        return .loop(loop)
      case .contract(var contract):
        contract.block = Contract.Block(
          variable: block, rows: size, columns: variables[contract.column.index].extent)
        return .contract(contract)
      case .define, .store, .accumulate: return step
      }
    }
    return (block, steps)
  }

  /// Sends what a loop adds into some memory to an array of each block, and lets `combine` add
  /// those up. Returns the loops that clear the block's arrays.
  private mutating func redirect(
    _ sums: Set<Memory>, of loop: inout Loop, _ block: VariableID, _ count: Int,
    _ combine: inout Kernel, in program: inout LoopProgram, for target: TargetDescription
  ) -> [Node] {
    var partials: [Int: Int] = [:]
    var clearing = [Node]()
    for store in loop.combiningStores where sums.contains(store.memory) {
      guard case .slot(let slot) = store.memory, partials[slot] == nil,
        let kind = store.combining
      else { continue }
      let type = program.buffers[slots[slot].index].type
      let partial = program.addArena(
        "p\(program.buffers.count)", TensorType([count] + type.shape, type.element))
      slots.append(partial)
      partials[slot] = slots.count - 1
      clearing += fill(
        .slot(slots.count - 1), type, kind, at: IndexExpression(block) * type.count, for: target)
      combine.addSum(of: partial, count, type, kind, to: slots[slot])
    }
    let counts = slots.map { program.buffers[$0.index].type.count }
    loop.body = loop.body.map { node in
      node.mappingStores { store in
        guard store.combining != nil, case .slot(let slot) = store.memory,
          let partial = partials[slot]
        else { return store }
        var redirected = store
        redirected.memory = .slot(partial)
        redirected.address += IndexExpression(block) * counts[slot]
        return redirected
      }
    }
    return clearing
  }

  /// Stores a block's accumulators, and lets `combine` fold them and carry out what follows.
  private mutating func combineAccumulators(
    of parts: KernelParts, _ block: VariableID, _ count: Int, into outer: inout Loop,
    _ combine: inout Kernel, in program: inout LoopProgram
  ) {
    var folded: [ScalarID: ScalarID] = [:]
    for case .loop(let loop) in parts.steps {
      for accumulator in loop.accumulators {
        let element = scalars[accumulator.result.index]
        let partial = program.addArena("p\(program.buffers.count)", TensorType([count], element))
        slots.append(partial)
        outer.body.append(
          .store(Store(.slot(slots.count - 1), IndexExpression(block), accumulator.result)))
        folded[accumulator.result] = combine.addFold(of: partial, count, element, accumulator.kind)
      }
    }
    if !folded.isEmpty { combine.adopt(parts.head + parts.tail, of: self, renaming: folded) }
  }

  /// Loops that set memory from `start` on to a kind's identity.
  private mutating func fill(
    _ memory: Memory, _ type: TensorType, _ kind: Reduction.Kind, at start: IndexExpression,
    for target: TargetDescription
  ) -> [Node] {
    let variable = newVariable("z", extent: type.count)
    let zero = newScalar(type.element)
    var loop = Loop(variable)
    let width = target.lanes(ofBits: 8 * type.element.byteCount)
    loop.schedule = type.count >= width ? .vector(width: width, interleave: 1) : .serial
    loop.body = [
      .define(zero, .literal(kind.identity(of: type.element))),
      .store(Store(memory, start + IndexExpression(variable), zero)),
    ]
    return [.loop(loop)]
  }

  /// The kernel in one piece, with the buffers it adds into cleared first.
  func clearing(
    _ sums: Set<BufferID>, in program: LoopProgram, for target: TargetDescription
  ) -> Kernel {
    var kernel = self
    var clearing = [Node]()
    for (slot, buffer) in slots.enumerated() where sums.contains(buffer) {
      let type = program.buffers[buffer.index].type
      clearing += kernel.fill(.slot(slot), type, .add, at: IndexExpression(0), for: target)
    }
    let head = body.firstIndex { if case .define = $0 { false } else { true } } ?? body.count
    kernel.body.insert(contentsOf: clearing, at: head)
    return kernel
  }

  // MARK: Products

  /// A product cut into blocks of rows and columns in multiples of the tile; nil where there would be
  /// one.
  private func withBlocks(
    _ contract: Contract, at position: Int, _ scheduler: inout Scheduler
  ) -> Kernel? {
    var kernel = self
    let (count, blockRows, blockColumns) = blocks(of: contract)
    guard count > 1,
      scheduler.accept("\(count) blocks of \(blockRows)×\(blockColumns) of a product")
    else { return nil }
    let block = kernel.newVariable("blk", extent: count)
    var cut = contract
    cut.block = Contract.Block(variable: block, rows: blockRows, columns: blockColumns)
    var outer = Loop(block)
    outer.schedule = .parallel
    outer.body = [.contract(cut)]
    kernel.body[position] = .loop(outer)
    return kernel
  }

  /// How many blocks a product is cut into by itself, and their rows and columns.
  func blocks(of contract: Contract) -> (count: Int, rows: Int, columns: Int) {
    let rows = variables[contract.row.index].extent
    let columns = variables[contract.column.index].extent
    let tile = contract.tiling
    guard work(of: .contract(contract)) > CostModel.Threads.serialWork else {
      return (1, rows, columns)
    }
    let tileColumns = tile.vectors * tile.width
    let columnTiles = (columns + tileColumns - 1) / tileColumns
    let rowTiles = (rows + tile.rows - 1) / tile.rows
    let (rowBlocks, columnBlocks) = tile.blockShape(rows: rows, columns: columns)
    let blockRows = (rowTiles + rowBlocks - 1) / rowBlocks * tile.rows
    let blockColumns = (columnTiles + columnBlocks - 1) / columnBlocks * tileColumns
    let count = ((rows + blockRows - 1) / blockRows) * ((columns + blockColumns - 1) / blockColumns)
    return (count, blockRows, blockColumns)
  }

  // MARK: Work

  /// Roughly the instructions a node takes, counted per lane group for vector loops.
  func work(of node: Node) -> Double {
    switch node {
    case .define(_, .apply(let op, _)): return Double(op.weight)
    case .define, .store, .accumulate: return 1
    case .contract(let contract):
      return Double(variables[contract.row.index].extent)
        * Double(variables[contract.column.index].extent)
        * Double(contract.termCount(in: self)) / 16
    case .loop(let loop):
      var extent = Double(variables[loop.variable.index].extent)
      switch loop.range {
      case .full, .once: break
      case .block(_, let size): extent = min(extent, Double(size))
      case .condition: extent = CostModel.Threads.unknownTrips
      }
      if case .vector(let width, _) = loop.schedule { extent /= Double(width) }
      return loop.body.reduce(0) { $0 + work(of: $1) } * extent
    }
  }
}

extension Loop {
  /// How many rows the iterations are made for: one, or those of a strip where the loop counts strips.
  var rowsOfStrip: Int {
    for case .loop(let inner) in body {
      if case .block(variable, let size) = inner.range { return size }
    }
    return 1
  }

  /// How many rows are worked on together; blocks are multiples of it.
  var step: Int {
    switch schedule {
    case .serial, .unrolled, .parallel: rowsOfStrip
    case .vector(let width, let interleave): width * interleave
    case .tiled(let size): size
    }
  }

  /// The stores in the loop that combine into slots.
  var combiningStores: [Store] {
    var stores = [Store]()
    body.forEachNode { node in
      if case .store(let store) = node, store.combining != nil { stores.append(store) }
    }
    return stores
  }
}

extension Node {
  /// The node with every store in it replaced.
  func mappingStores(_ transform: (Store) -> Store) -> Node {
    if case .store(let store) = self { return .store(transform(store)) }
    return mappingBodies { $0.map { $0.mappingStores(transform) } }
  }
}

extension LoopProgram {
  /// A new arena buffer.
  mutating func addArena(_ name: String, _ type: TensorType) -> BufferID {
    buffers.append(Buffer(name: name, type: type, storage: .arena(offset: 0)))
    return BufferID(buffers.count - 1)
  }
}
