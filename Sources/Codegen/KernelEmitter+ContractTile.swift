internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// Emits the sums of a tile over a range of the depth, and its epilogue where they are complete.
  func emitTile(
    _ contract: Contract, _ tile: ContractTile, _ depths: DepthRange, _ waiting: PartialSums?
  ) {
    lanes = Lanes(
      variable: contract.column, width: contract.tiling.width, copies: tile.masks.count,
      masks: tile.masks)
    let places = waiting.map { self.places(of: $0, contract, tile) }
    let width = contract.tiling.width
    let vector = module.vector(memoryType(contract.element), width)
    let alignment = width * contract.element.byteCount
    let initial = (0..<tile.rows).map { row in
      tile.masks.indices.map { number in
        places.map { builder.load(vector, $0[row][number], alignment: alignment) }
          ?? builder.zero(vector)
      }
    }
    let sums = emitDepthLoop(contract, tile, depths, from: initial)
    if let places, waiting?.use == .wait {
      for (line, values) in zip(places, sums) {
        for (place, value) in zip(line, values) {
          builder.store(value, place, alignment: alignment)
        }
      }
    } else {
      emitEpilogue(contract, tile, sums)
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

  /// Carries out the product's body for each row of a tile, with columns in lanes.
  private func emitEpilogue(_ contract: Contract, _ tile: ContractTile, _ sums: [[LLVMValue]]) {
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

  /// The sums of all elements of a tile after a range of the depth, by row and vector.
  private func emitDepthLoop(
    _ contract: Contract, _ tile: ContractTile, _ depths: DepthRange,
    from initial: [[LLVMValue]]
  ) -> [[LLVMValue]] {
    let width = contract.tiling.width
    let element = memoryType(contract.element)
    let left = walk(contract.left, along: contract.row, contract, from: depths.first)
    let right =
      contract.tiling.panelDepth != nil
      ? FactorWalk(start: panelPointer(contract), line: 1, depth: contract.tileColumns)
      : walk(contract.right, along: contract.column, contract, from: depths.first)
    let size = contract.element.byteCount

    let before = builder.currentBlock
    let start = builder.appendBlock("depth")
    builder.br(start)
    builder.position(at: start)
    let step = carried(builder.int(0, module.i64), from: before)
    let leftPointer = carried(left.start, from: before)
    let rightPointer = carried(right.start, from: before)
    let sums = initial.map { line in line.map { carried($0, from: before) } }
    let panel = loadPanel(contract, tile, rightPointer)
    let next = (0..<tile.rows).map { row -> [LLVMValue] in
      let place = builder.gep(leftPointer, bytes: row * left.line * size)
      let factor = builder.load(element, place, alignment: size)
      let spread = width > 1 ? builder.splat(factor, width) : factor
      return tile.masks.indices.map { builder.fma(spread, panel[$0], sums[row][$0]) }
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
      builder.icmp(.slt, following, builder.int(depths.count, module.i64)), start, after)
    builder.position(at: after)
    return next
  }

  /// A value that a loop carries, as it enters from `block`.
  private func carried(_ initial: LLVMValue, from block: LLVMBlock) -> LLVMValue {
    let phi = builder.phi(initial.type)
    builder.addIncoming(phi, initial, from: block)
    return phi
  }

  /// The right factor's vectors of one step; a packed panel has all its lanes.
  private func loadPanel(
    _ contract: Contract, _ tile: ContractTile, _ pointer: LLVMValue
  ) -> [LLVMValue] {
    let width = contract.tiling.width
    let size = contract.element.byteCount
    let vector = module.vector(memoryType(contract.element), width)
    return tile.masks.enumerated().map { number, mask in
      let place = builder.gep(pointer, bytes: number * width * size)
      if contract.tiling.panelDepth != nil { return builder.load(vector, place, alignment: 64) }
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
    _ contract: Contract, _ tile: ContractTile, left: FactorWalk, right: FactorWalk,
    _ step: LLVMValue, _ rightPointer: LLVMValue
  ) {
    let size = contract.element.byteCount
    if contract.tiling.panelDepth != nil, left.depth == 1 {
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
