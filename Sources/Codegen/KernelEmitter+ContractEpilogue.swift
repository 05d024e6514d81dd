internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// Carries out the product's body for each row of a tile, with columns in lanes.
  ///
  /// A short body is written out for every row. A long one, and one behind a great depth, stands in a loop
  /// over rows, which finds the sums on the stack: its code would be many times as long, and compile as
  /// many times as long, without being faster.
  ///
  /// - Parameter sums: The tile's sums, by row and vector; nil where they wait on the stack.
  func emitEpilogue(_ contract: Contract, _ tile: ContractTile, _ sums: [[LLVMValue]]?) {
    guard let first = variables[contract.row] else { return }
    let (shared, perRow) = splitByRow(contract)
    for node in shared { emit(node) }
    if let sums, tile.rows == 1 || !isLoop(perRow, contract) {
      for row in 0..<tile.rows {
        scalars[contract.result] = sums[row]
        for node in perRow { emit(node.shifting(contract.row, by: row)) }
      }
    } else {
      if let sums { store(sums, contract) }
      emitRows(perRow, contract, tile, from: first)
    }
    variables[contract.row] = first
  }

  /// Whether a body stands in a loop over rows: an elementary function does, as more work does, and what is
  /// more than a store does behind so many products that the way over the stack takes no time beside them.
  private func isLoop(_ nodes: [Node], _ contract: Contract) -> Bool {
    nodes.weight > EmissionCosts.Products.writtenOutWeight
      || nodes.count > EmissionCosts.Products.writtenOutNodes
        && contract.termCount(in: kernel) >= EmissionCosts.Products.greatDepth
  }

  /// Puts a tile's sums on the stack.
  private func store(_ sums: [[LLVMValue]], _ contract: Contract) {
    let vectorBytes = contract.tiling.width * contract.element.byteCount
    let lineBytes = contract.tileColumns * contract.element.byteCount
    let waiting = stackArray(.finishedTile)
    for (row, values) in sums.enumerated() {
      for (number, value) in values.enumerated() {
        let place = builder.gep(waiting, bytes: row * lineBytes + number * vectorBytes)
        builder.store(value, place, alignment: vectorBytes)
      }
    }
  }

  /// Carries out nodes in a loop over the rows of a tile, whose sums wait on the stack.
  private func emitRows(
    _ nodes: [Node], _ contract: Contract, _ tile: ContractTile, from first: LLVMValue
  ) {
    let width = contract.tiling.width
    let vectorBytes = width * contract.element.byteCount
    let vector = module.vector(memoryType(contract.element), width)
    let lineBytes = contract.tileColumns * contract.element.byteCount
    let waiting = stackArray(.finishedTile)
    counted(
      from: builder.int(0, module.i64), to: builder.int(tile.rows, module.i64), step: 1,
      updating: []
    ) { row in
      let line = builder.gep(
        module.i8, waiting, builder.mul(row, builder.int(lineBytes, module.i64)))
      scalars[contract.result] = tile.masks.indices.map { number in
        builder.load(
          vector, builder.gep(line, bytes: number * vectorBytes), alignment: vectorBytes)
      }
      variables[contract.row] = builder.add(first, row)
      for node in nodes { emit(node) }
    }
  }

  /// The epilogue's nodes that are the same for all rows, and the others.
  private func splitByRow(_ contract: Contract) -> (shared: [Node], perRow: [Node]) {
    var dependent: Set<ScalarID> = [contract.result]
    var (shared, perRow) = ([Node](), [Node]())
    for node in contract.body {
      guard case .define(let scalar, let expression) = node else {
        perRow.append(node)
        dependent.formUnion(node.definedScalars)
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

extension [Node] {
  /// The work of the nodes outside loops, in additions.
  fileprivate var weight: Int {
    reduce(0) { sum, node in
      if case .define(_, .apply(let op, _)) = node { return sum + op.weight }
      return sum
    }
  }
}

extension Node {
  /// The node with a variable moved on by some steps, so that what is the same for all
  /// steps is one address, and the steps are constants.
  fileprivate func shifting(_ variable: VariableID, by steps: Int) -> Node {
    mappingIndices { $0.shifting(variable, by: steps) }
  }
}
