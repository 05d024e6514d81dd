import TensorIR

extension GatherDimensions {
  /// Adds the slices' cotangents back to where they were read.
  ///
  /// A gather moves windows inside its operand, but a scatter drops those that are not, so indices
  /// are clamped first unless they are known to be inside.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let (operand, indices) = (operation.operands[0], operation.operands[1])
    let type = pass.type(operand)
    var starts = try pass.residual(indices)
    let isInside = pass.indexFacts.areInBounds(indices, self, operand: type)
    if !isInside {
      let limits = startIndexMap.map { type.shape[$0] - sliceSizes[$0] }
      starts = try pass.builder.clamped(starts, to: limits, vectorAxis: indexVectorDim)
    }
    let adding = ScatterDimensions(
      .add, updateWindowDims: offsetDims, insertedWindowDims: collapsedSliceDims,
      inputBatchingDims: operandBatchingDims, scatterIndicesBatchingDims: startIndicesBatchingDims,
      scatterDimsToOperandDims: startIndexMap, indexVectorDim: indexVectorDim,
      indicesAreSorted: indicesAreSorted && isInside)
    let zero = try pass.builder.splat(0, type)
    try pass.accumulate(
      pass.builder.emit(.scatter(adding), [zero, starts, cotangent]), on: operand)
  }
}

extension ScatterDimensions {
  /// Gives the operand the cotangent, without what a `set` replaced, and each update the cotangent
  /// of the place it landed on.
  ///
  /// The linear part has a `set` only where no two updates meet.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let (operand, indices, updates) = (
      operation.operands[0], operation.operands[1], operation.operands[2]
    )
    if pass.isLinear(operand) {
      switch combination {
      case .add: try pass.accumulate(cotangent, on: operand)
      case .set:
        let zero = try pass.builder.splat(0, pass.type(updates))
        let kept = try pass.builder.emit(
          .scatter(self), [cotangent, pass.residual(indices), zero])
        try pass.accumulate(kept, on: operand)
      case .multiply, .minimum, .maximum: throw pass.notLinear(operation)
      }
    }
    guard pass.isLinear(updates) else { return }
    let read = try cotangentOfUpdates(operation, cotangent, in: &pass)
    try pass.accumulate(read, on: updates)
  }

  /// The cotangent at the place of each update; zero for updates that were dropped.
  private func cotangentOfUpdates(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws -> ValueID {
    let indices = operation.operands[1]
    let (type, updatesType) = (pass.type(operation.operands[0]), pass.type(operation.operands[2]))
    let starts = try pass.residual(indices)
    let read = try pass.builder.emit(
      .gather(reading(type, updates: updatesType)), [cotangent, starts])
    if pass.indexFacts.areInBounds(indices, self, operand: type, updates: updatesType) {
      return read
    }
    let window = window(operandRank: type.rank, updates: updatesType.shape)
    let limits = scatterDimsToOperandDims.map { type.shape[$0] - window[$0] }
    let clamped = try pass.builder.clamped(starts, to: limits, vectorAxis: indexVectorDim)
    var isInside = try pass.builder.compare(.equal, clamped, starts)
    if indexVectorDim < pass.type(indices).rank {
      isInside = try pass.builder.reduce(.and, isInside, dimensions: [indexVectorDim])
    }
    let batchAxes = updatesType.shape.indices.filter { !updateWindowDims.contains($0) }
    let mask = try pass.builder.broadcast(isInside, to: updatesType.shape, dimensions: batchAxes)
    return try pass.builder.select(mask, read, pass.builder.splat(0, updatesType))
  }

  /// The gather that reads the places this scatter writes, windows moved inside the operand.
  func reading(_ operand: TensorType, updates: TensorType) -> GatherDimensions {
    GatherDimensions(
      offsetDims: updateWindowDims, collapsedSliceDims: insertedWindowDims,
      operandBatchingDims: inputBatchingDims, startIndicesBatchingDims: scatterIndicesBatchingDims,
      startIndexMap: scatterDimsToOperandDims, indexVectorDim: indexVectorDim,
      sliceSizes: window(operandRank: operand.rank, updates: updates.shape),
      indicesAreSorted: indicesAreSorted)
  }
}

extension FunctionBuilder {
  /// Index vectors with each entry held between zero and its limit.
  fileprivate mutating func clamped(
    _ indices: ValueID, to limits: [Int], vectorAxis: Int
  ) throws -> ValueID {
    let type = self[indices]
    guard let first = limits.first else { return indices }
    let low = try constant(Literal(TensorType([], type.element), integers: [0]))
    // An index never reaches a limit beyond its type.
    let bounds = limits.map { min(Int64($0), type.element.greatestInteger ?? .max) }
    if limits.allSatisfy({ $0 == first }) || vectorAxis == type.rank {
      let high = try constant(Literal(TensorType([], type.element), integers: [bounds[0]]))
      return try emit(.clamp, [low, indices, high])
    }
    let vector = try constant(Literal(TensorType([limits.count], type.element), integers: bounds))
    let high = try broadcast(vector, to: type.shape, dimensions: [vectorAxis])
    return try emit(.clamp, [low, indices, high])
  }
}
