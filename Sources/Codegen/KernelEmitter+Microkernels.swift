internal import LLVMBridge
internal import LoopIR
internal import Targets
internal import TensorIR

extension KernelEmitter {
  /// Emits the sums of a tile over a range of the depth, and its epilogue where they are complete, by a
  /// call of a microkernel; false where the product is not one for it.
  ///
  /// Sums go to memory: where the epilogue only stores them to where they belong, else to the stack.
  func emitMicrokernel(
    _ contract: Contract, _ tile: ContractTile, _ depths: DepthRange, _ waiting: PartialSums?
  ) -> Bool {
    guard
      var microkernel = contract.microkernel(
        in: kernel, for: module.target, rows: tile.rows, columns: tile.columns)
    else { return false }
    let left = FactorStream(left: contract, rows: tile.rows, from: depths, self).walks[0]
    let right =
      contract.tiling.panelDepth == nil
      ? FactorStream(right: contract, from: depths, self).walks[0]
      : FactorStream(panel: stackArray(.panel), of: contract, from: depths, self).walks[0]
    let direct = waiting == nil && tile.masks.allSatisfy { $0 == nil } ? contract.plainStore : nil
    let target: LLVMValue
    if let direct {
      target = builder.gep(
        memoryType(contract.element), base(direct.memory), index(direct.address))
    } else {
      target = waiting?.pointer ?? stackArray(.finishedTile)
    }
    let line = (direct?.line ?? contract.tileColumns) * contract.element.byteCount
    microkernel.adds = waiting != nil
    func word(_ value: Int) -> LLVMValue { builder.int(value, module.i64) }
    var arguments = [left.start, word(left.lineBytes), word(left.depthBytes), right.start]
    if case .inPlace = microkernel.right { arguments.append(word(right.depthBytes)) }
    arguments += [depths.depthEnd(builder), target, word(line)]
    guard let symbol = microkernels[microkernel] else {
      preconditionFailure("a microkernel of \(kernel.name) has no symbol")
    }
    builder.call(microkernel.declare(symbol, in: module), arguments)
    if waiting == nil, direct == nil { emitEpilogue(contract, tile, nil) }
    return true
  }
}

extension Kernel {
  /// The microkernels of all tiles of the kernel's products, each once.
  func microkernels(for target: TargetDescription) -> [Microkernel] {
    var found: [Microkernel] = []
    body.forEachNode { node in
      guard case .contract(let contract) = node else { return }
      for microkernel in contract.microkernels(in: self, for: target)
      where !found.contains(microkernel) { found.append(microkernel) }
    }
    return found
  }
}

extension Contract {
  /// The microkernel of whole tiles, or of the only one; nil where the loop over depth is a part of the
  /// kernel.
  func microkernel(in kernel: Kernel, for target: TargetDescription) -> Microkernel? {
    microkernel(
      in: kernel, for: target, rows: min(tiling.rows, kernel.variables[row.index].extent),
      columns: min(tileColumns, kernel.variables[column.index].extent))
  }

  /// The microkernels of whole tiles and of smaller ones at the edges.
  fileprivate func microkernels(in kernel: Kernel, for target: TargetDescription) -> [Microkernel] {
    func sizes(_ variable: VariableID, _ size: Int) -> [Int] {
      let extent = kernel.variables[variable.index].extent
      return [extent >= size ? size : 0, extent % size].filter { $0 > 0 }
    }
    let depth = termCount(in: kernel)
    let isDivided = tiling.panelDepth.map { $0 < depth } ?? false
    return sizes(column, tileColumns).flatMap { columns in
      sizes(row, tiling.rows).compactMap { rows in
        var microkernel = microkernel(in: kernel, for: target, rows: rows, columns: columns)
        microkernel?.adds = isDivided
        return microkernel
      }
    }
  }

  /// The microkernel for the sums of a tile of so many rows and columns; nil where the loop over depth is a
  /// part of the kernel.
  ///
  /// A factor that is more than a load, several taps, or sums whose rounding is kept are emitted where they
  /// are used, as are tiles of a small depth, beside which a call and the way over the stack take time.
  func microkernel(
    in kernel: Kernel, for target: TargetDescription, rows: Int, columns: Int
  ) -> Microkernel? {
    let terms = termCount(in: kernel)
    guard tap == nil, tiling.width > 1, !target.multipliesByLane,
      element == .f32 || element == .f64, terms <= EmissionCosts.Products.plainDepth,
      terms
        >= (plainStore == nil
          ? EmissionCosts.Products.leastDepth : EmissionCosts.Products.leastStoredDepth),
      let left = plainLoad(of: left, by: leftParts, in: kernel), left.lineStride != nil
    else { return nil }
    let vectors = (columns + tiling.width - 1) / tiling.width
    var right = Microkernel.Right.panel(vectors: tiling.vectors)
    if tiling.panelDepth == nil {
      // Columns that few rows stream past are asked for ahead of time.
      guard kernel.variables[row.index].extent > rows,
        let load = plainLoad(of: self.right, by: rightParts, in: kernel), load.lineStride == 1
      else { return nil }
      right = .inPlace(lastLanes: columns - (vectors - 1) * tiling.width)
    }
    return Microkernel(
      rows: rows, vectors: vectors, width: tiling.width, element: element, right: right,
      adds: false, prefetchesRows: tiling.panelDepth != nil && left.depthStride == 1)
  }

  /// A factor that is one load whose address grows evenly with depth.
  private func plainLoad(
    of factor: Factor, by parts: @autoclosure () -> FactorParts, in kernel: Kernel
  ) -> FactorParts.Load? {
    guard factor.body.count == 1, let load = parts().evenLoads.first, load.scalar == factor.value,
      kernel.scalars[load.scalar.index] == element
    else { return nil }
    if case .local(let local) = load.memory, kernel.locals[local].isPerLane { return nil }
    return load
  }

  /// The only statement of the body, where it stores the sum and rows are evenly apart in memory.
  var plainStore: (memory: Memory, address: IndexExpression, line: Int)? {
    guard body.count == 1, case .store(let store) = body[0], store.value == result,
      store.condition == nil, store.combining == nil, store.address.coefficient(of: column) == 1,
      let line = store.address.coefficient(of: row)
    else { return nil }
    return (store.memory, store.address, line)
  }

  /// The left factor's prologue, sorted.
  fileprivate var leftParts: FactorParts {
    FactorParts(left.body, line: row, depth: depth, tap: tap, tileLines: tiling.rows)
  }
}
