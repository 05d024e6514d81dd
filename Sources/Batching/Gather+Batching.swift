import TensorIR

extension GatherDimensions {
  /// Emits the lookups of each example: examples are a whole axis of the slices where only the operand
  /// depends on them, a further axis of the indices where only these do, and a batching axis of both
  /// else.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let (operand, indices) = (operands[0], operands[1])
    var moved = self
    moved.indicesAreSorted = false
    moved.offsetDims = offsetDims.map { $0 + 1 }
    if operand.isBatched {
      moved.collapsedSliceDims = collapsedSliceDims.map { $0 + 1 }
      moved.operandBatchingDims = operandBatchingDims.map { $0 + 1 }
      moved.startIndexMap = startIndexMap.map { $0 + 1 }
    }
    if indices.isBatched {
      moved.indexVectorDim = indexVectorDim + 1
      moved.startIndicesBatchingDims = startIndicesBatchingDims.map { $0 + 1 }
    }
    switch (operand.isBatched, indices.isBatched) {
    case (true, true):
      moved.operandBatchingDims.insert(0, at: 0)
      moved.startIndicesBatchingDims.insert(0, at: 0)
      moved.sliceSizes.insert(min(1, pass.size), at: 0)
    case (true, false):
      moved.offsetDims.insert(0, at: 0)
      moved.sliceSizes.insert(pass.size, at: 0)
    case (false, _): break
    }
    return try pass.emit(.gather(moved), [operand.id, indices.id])
  }
}

extension ScatterDimensions {
  /// Emits the updates of each example: examples are a whole axis of the windows where the indices do
  /// not depend on them, else a batching axis.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let indices = operands[1]
    var moved = self
    moved.indicesAreSorted = false
    moved.updateWindowDims = updateWindowDims.map { $0 + 1 }
    moved.insertedWindowDims = insertedWindowDims.map { $0 + 1 }
    moved.inputBatchingDims = inputBatchingDims.map { $0 + 1 }
    moved.scatterDimsToOperandDims = scatterDimsToOperandDims.map { $0 + 1 }
    if indices.isBatched {
      moved.indexVectorDim = indexVectorDim + 1
      moved.scatterIndicesBatchingDims = [0] + scatterIndicesBatchingDims.map { $0 + 1 }
      moved.inputBatchingDims.insert(0, at: 0)
    } else {
      moved.updateWindowDims.insert(0, at: 0)
    }
    return try pass.emit(
      .scatter(moved), [pass.batch(operands[0]), indices.id, pass.batch(operands[2])])
  }
}

/// Slices at computed places.
enum DynamicSlices {
  /// Emits a slice of each example: a slice where all start at one place, else a gather.
  static func slice(
    _ sizes: [Int], _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let (operand, starts) = (operands[0], Array(operands.dropFirst()))
    guard starts.contains(where: \.isBatched) else {
      let zero = try pass.builder.splat(0, TensorType([], starts.first.map(pass.element) ?? .i64))
      return try pass.emit(
        .dynamicSlice(sizes: [pass.size] + sizes), [operand.id, zero] + starts.map(\.id))
    }
    let dimensions = GatherDimensions(
      offsetDims: Array(sizes.indices), collapsedSliceDims: [],
      startIndexMap: Array(sizes.indices), indexVectorDim: 0, sliceSizes: sizes)
    let indices = BatchingPass.Value(id: try vectors(starts, in: &pass), isBatched: true)
    return try dimensions.batched([operand, indices], in: &pass)
  }

  /// Emits an updated slice of each example: a slice where all start at one place, else a scatter.
  static func update(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let (operand, update) = (operands[0], operands[1])
    let starts = Array(operands.dropFirst(2))
    guard starts.contains(where: \.isBatched) else {
      let zero = try pass.builder.splat(0, TensorType([], starts.first.map(pass.element) ?? .i64))
      return try pass.emit(
        .dynamicUpdateSlice,
        [try pass.batch(operand), try pass.batch(update), zero] + starts.map(\.id))
    }
    // A scatter leaves out what does not fit, where an update moves it until it does.
    let axes = pass.shape(operand).indices
    let held = try axes.map { axis in
      let type = TensorType([], pass.element(starts[axis]))
      let room = pass.shape(operand)[axis] - pass.shape(update)[axis]
      let (low, high) = (
        try pass.builder.splat(0, type), try pass.builder.splat(Double(room), type)
      )
      let start = try pass.builder.emit(.clamp, [low, starts[axis].id, high])
      return BatchingPass.Value(id: start, isBatched: starts[axis].isBatched)
    }
    let dimensions = ScatterDimensions(
      .set, updateWindowDims: Array(axes), insertedWindowDims: [],
      scatterDimsToOperandDims: Array(axes), indexVectorDim: 0)
    let indices = BatchingPass.Value(id: try vectors(held, in: &pass), isBatched: true)
    return try dimensions.batched([operand, indices, update], in: &pass)
  }

  /// Scalars of each example as a vector of each example.
  private static func vectors(
    _ scalars: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> ValueID {
    let columns = try scalars.map { scalar in
      try pass.builder.reshape(pass.batch(scalar), to: [pass.size, 1])
    }
    return columns.count == 1
      ? columns[0] : try pass.builder.emit(.shape(.concatenate(dimension: 1)), columns)
  }
}
