internal import LoopIR
internal import TensorIR

/// The variables of a product and of the loops around it.
private struct ContractLoops {
  var outer: [VariableID]
  var row: VariableID
  var column: VariableID
  var tap: VariableID?
  var depth: VariableID
}

extension Lowering {
  /// Adds a product's loops, its tile, and the stores of its epilogue.
  func buildContract(
    _ dot: ValueID, _ shape: ContractionShape, _ plan: KernelPlan, storesProduct: Bool,
    in nest: NestBuilder
  ) {
    let type = graph.type(dot)
    let outer = nest.variables.nest(in: nil, extents: shape.outer)
    let parent = nest.descend(from: nest.root, outer) { _ in 0 }.innermost
    let row = nest.variables.unshared(in: outer.last, extent: shape.rows, name: "m")
    let column = nest.variables.unshared(in: row, extent: shape.columns, name: "n")
    let tap =
      shape.taps > 1 ? nest.variables.unshared(in: column, extent: shape.taps, name: "t") : nil
    let depth = nest.variables.unshared(in: tap ?? column, extent: shape.depth, name: "k")
    let tile = parent.addChild([row, column], phase: 0)
    let result = nest.newScalar(
      type.element,
      NestBuilder.ScalarInfo(scope: tile, phase: 0, weight: 1 << 20, expression: nil))
    let loops = ContractLoops(outer: outer, row: row, column: column, tap: tap, depth: depth)
    tile.contract = Contract(
      row: row, column: column, depth: depth, tap: tap,
      left: factor(0, of: dot, shape, loops, parent, in: nest),
      right: factor(1, of: dot, shape, loops, parent, in: nest),
      element: type.element, result: result, tiling: shape.tiling(type.element, target))
    let index =
      shape.form.map { form in form.result.map { $0.bound(to: axes(of: form, shape, loops)) } }
      ?? resultIndex(shape, type, outer: outer, row: row, column: column)
    tile.values[.init(value: dot, index: nest.indices.number(index))] = result
    for root in plan.roots where root.value != dot || storesProduct {
      let value =
        root.value == dot ? result : nest.scalar(of: root.value, at: index, in: tile)
      nest.store(
        value, to: nest.slot(buffer(root.value)), nest.address(index, shape: type.shape), in: tile)
    }
  }

  /// The prologue of a factor: a load, or what the operand is computed from.
  private func factor(
    _ side: Int, of dot: ValueID, _ shape: ContractionShape, _ loops: ContractLoops,
    _ parent: Scope, in nest: NestBuilder
  ) -> Contract.Factor {
    let (source, line) = side == 0 ? (shape.left, loops.row) : (shape.right, loops.column)
    let summed = [loops.depth] + (loops.tap.map { [$0] } ?? [])
    let scope = Scope(in: parent, variables: [line] + summed)
    let value: ScalarID
    if let form = shape.form {
      let axes = axes(of: form, shape, loops)
      let index = (side == 0 ? form.left : form.right).map { $0.bound(to: axes) }
      value = nest.scalar(of: source.operand, at: index, in: scope)
    } else if source.isExpression {
      let index = operandIndex(side, of: dot, shape, loops)
      value = nest.scalar(of: source.operand, at: index, in: scope)
    } else {
      let read = source.reads[0]
      var address = IndexExpression(read.offset)
      for (variable, stride) in zip(loops.outer, read.outer) {
        address += IndexExpression(variable) * stride
      }
      address += IndexExpression(line) * read.line + IndexExpression(loops.depth) * read.depth
      value = nest.define(
        .load(nest.slot(buffer(read.value)), address, condition: nil),
        graph.type(source.operand).element, in: scope)
    }
    return Contract.Factor(scope.assembled(), value)
  }

  /// The index along each axis of a product's form at the product's variables.
  private func axes(
    of form: ProductForm, _ shape: ContractionShape, _ loops: ContractLoops
  ) -> [IndexExpression] {
    var index = form.extents.map { _ in IndexExpression(0) }
    for (axis, variable) in zip(form.outer, loops.outer) { index[axis] = IndexExpression(variable) }
    split(loops.row, over: form.rows, of: form.extents, into: &index)
    split(loops.column, over: form.columns, of: form.extents, into: &index)
    if let tap = loops.tap { split(tap, over: shape.tapAxes, of: form.extents, into: &index) }
    split(loops.depth, over: form.depth, of: form.extents, into: &index)
    return index
  }

  /// The index into an operand of the element at the product's variables.
  private func operandIndex(
    _ side: Int, of dot: ValueID, _ shape: ContractionShape, _ loops: ContractLoops
  ) -> [IndexExpression] {
    guard let operation = graph.operation(dot), case .dot(let dimensions) = operation.op else {
      preconditionFailure("a product has a shape only where it is a dot")
    }
    let type = graph.type(operation.operands[side])
    let isLeft = side == 0
    let batching = isLeft ? dimensions.leftBatching : dimensions.rightBatching
    let free =
      isLeft ? dimensions.leftFree(rank: type.rank) : dimensions.rightFree(rank: type.rank)
    let outerFree = isLeft ? loops.outer.count - batching.count : 0
    var index = [IndexExpression](repeating: IndexExpression(0), count: type.rank)
    for (axis, variable) in zip(batching + free.prefix(outerFree), loops.outer) {
      index[axis] = type.shape[axis] == 1 ? IndexExpression(0) : IndexExpression(variable)
    }
    let contracting = isLeft ? dimensions.leftContracting : dimensions.rightContracting
    let line = isLeft ? loops.row : loops.column
    split(line, over: Array(free.dropFirst(outerFree)), of: type.shape, into: &index)
    split(loops.depth, over: contracting, of: type.shape, into: &index)
    return index
  }

  /// Sets the index along axes that a variable counts in row-major order.
  private func split(
    _ variable: VariableID, over axes: [Int], of shape: [Int], into index: inout [IndexExpression]
  ) {
    let extents = shape.selecting(axes)
    let parts = reshapedIndex(
      [IndexExpression(variable)], from: [extents.reduce(1, *)], to: extents)
    for (axis, part) in zip(axes, parts) { index[axis] = part }
  }

  /// The index into the product's result of the element at the tile's variables.
  private func resultIndex(
    _ shape: ContractionShape, _ type: TensorType, outer: [VariableID], row: VariableID,
    column: VariableID
  ) -> [IndexExpression] {
    var index = [IndexExpression](repeating: IndexExpression(0), count: type.rank)
    for (axis, variable) in zip(shape.outerAxes, outer) {
      index[axis] = type.shape[axis] == 1 ? IndexExpression(0) : IndexExpression(variable)
    }
    split(row, over: shape.rowAxes, of: type.shape, into: &index)
    split(column, over: shape.columnAxes, of: type.shape, into: &index)
    return index
  }
}
