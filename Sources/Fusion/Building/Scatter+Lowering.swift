internal import LoopIR
internal import TensorIR

extension ScatterDimensions {
  /// Adds the loops over all updates that combine each into its place in `memory`; updates whose
  /// window leaves the operand are dropped whole.
  func store(_ operation: Operation, _ graph: Graph, to memory: Memory, in nest: NestBuilder) {
    let (operand, indices, updates) = (
      graph.type(operation.operands[0]), graph.type(operation.operands[1]),
      graph.type(operation.operands[2])
    )
    let (loops, place) = nest.variables.nestIndex(in: nil, extents: updates.shape)
    let scope = nest.descend(from: nest.root, loops) { variable in
      max(
        nest.phase(of: operation.operands[2], at: place, at: variable),
        nest.phase(
          of: operation.operands[1], at: indices.shape.map { _ in IndexExpression(0) }, at: variable
        ))
    }.innermost
    let batch = place.indices.filter { !updateWindowDims.contains($0) }.map { place[$0] }
    let dropped = insertedWindowDims + inputBatchingDims
    let kept = operand.shape.indices.filter { !dropped.contains($0) }
    var index = [IndexExpression](repeating: IndexExpression(0), count: operand.rank)
    var bounds = [Bound]()
    for (axis, window) in zip(kept, updateWindowDims) { index[axis] = place[window] }
    for (axis, source) in zip(inputBatchingDims, scatterIndicesBatchingDims) {
      index[axis] = batch[source > indexVectorDim ? source - 1 : source]
    }
    for (component, axis) in scatterDimsToOperandDims.enumerated() {
      var vector = batch
      if indexVectorDim < indices.rank {
        vector.insert(IndexExpression(component), at: indexVectorDim)
      }
      let raw = nest.scalar(of: operation.operands[1], at: vector, in: scope)
      let wide =
        nest.kernel.scalars[raw.index] == .i64
        ? raw : nest.apply(.convert(to: .i64), [raw], in: scope)
      let start = IndexExpression(.scalar(wide))
      let position = kept.firstIndex(of: axis)
      let window = position.map { updates.shape[updateWindowDims[$0]] } ?? 1
      bounds.append(Bound(start, lower: 0, upper: operand.shape[axis] - window + 1))
      index[axis] += start
    }
    let holds = bounds.isEmpty ? nil : nest.define(.inBounds(bounds), .i1, in: scope)
    let value = nest.scalar(of: operation.operands[2], at: place, in: scope)
    nest.store(
      value, to: memory, nest.address(index, shape: operand.shape),
      combining: combination.kind, condition: holds, in: scope)
  }
}
