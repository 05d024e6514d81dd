extension FunctionBuilder {
  /// Operands into which updates are combined by a region, one window after the other in the order of
  /// the indices; a window that is not wholly inside is dropped.
  mutating func scattered(
    _ operands: [ValueID], _ indices: ValueID, _ updates: [ValueID],
    _ dimensions: ScatterDimensions,
    by region: Region
  ) throws -> [ValueID] {
    for (operand, update) in zip(operands, updates) {
      _ = try Op.scatter(dimensions).resultTypes([self[operand], self[indices], self[update]])
    }
    let shape = self[operands[0]].shape
    guard operands.allSatisfy({ self[$0].shape == shape }) else {
      throw AdjointError(.type, "operands of a scatter have different shapes", at: location)
    }
    let starts = try windowStarts(indices, dimensions, rank: shape.count)
    let count = self[starts].shape[0]
    if count == 0 { return operands }
    let windows = dimensions.updateWindowDims
    let batch = self[updates[0]].shape.indices.filter { !windows.contains($0) }
    let dropped = dimensions.insertedWindowDims + dimensions.inputBatchingDims
    var sizes = [Int](repeating: 1, count: shape.count)
    let kept = shape.indices.filter { !dropped.contains($0) }
    for (axis, window) in zip(kept, windows) { sizes[axis] = self[updates[0]].shape[window] }
    if sizes.contains(0) { return operands }
    let rows = try updates.map { update in
      try reshape(transpose(update, permutation: batch + windows), to: [count] + sizes)
    }
    let body = try scatteringBody(
      operands.map { self[$0] }, self[starts].element, sizes, by: region)
    let scan = Scan(length: count, captureCount: 0, carryCount: operands.count, body: body)
    return try emitAll(.scan(scan), operands + [starts] + rows)
  }

  /// Where each window starts along each axis of the operand, window after window.
  private mutating func windowStarts(
    _ indices: ValueID, _ dimensions: ScatterDimensions, rank: Int
  ) throws -> ValueID {
    let type = self[indices]
    var (vectors, axis) = (indices, dimensions.indexVectorDim)
    if axis == type.rank { vectors = try reshape(indices, to: type.shape + [1]) }
    let batch = (0..<self[vectors].rank).filter { $0 != axis }
    vectors = try transpose(vectors, permutation: batch + [axis])
    let counts = Array(self[vectors].shape.dropLast())
    let element: ElementType = type.element.width < 32 ? .i32 : type.element
    vectors = try convert(vectors, to: element)
    axis = counts.count
    let column = TensorType(counts + [1], element)
    let columns = try (0..<rank).map { operandAxis -> ValueID in
      if let component = dimensions.scatterDimsToOperandDims.firstIndex(of: operandAxis) {
        return try strided(
          vectors, starts: counts.map { _ in 0 } + [component], limits: counts + [component + 1],
          strides: counts.map { _ in 1 } + [1])
      }
      guard let place = dimensions.inputBatchingDims.firstIndex(of: operandAxis) else {
        return try splat(0, column)
      }
      let source = dimensions.scatterIndicesBatchingDims[place]
      let position = source > dimensions.indexVectorDim ? source - 1 : source
      return try emit(.iota(column, dimension: position), [])
    }
    let all =
      columns.isEmpty
      ? try splat(0, TensorType(counts + [0], element))
      : try emit(.shape(.concatenate(dimension: axis)), columns)
    return try reshape(all, to: [counts.reduce(1, *), rank])
  }

  /// One window: (index, operands…, starts, updates…) → operands.
  private func scatteringBody(
    _ types: [TensorType], _ index: ElementType, _ sizes: [Int], by region: Region
  ) throws -> Region {
    var builder = FunctionBuilder(name: "region", location: location)
    _ = builder.parameter(TensorType([], .i64))
    let carries = types.map { builder.parameter($0) }
    let row = builder.parameter(TensorType([sizes.count], index))
    let updates = types.map { builder.parameter(TensorType(sizes, $0.element)) }
    let starts = try sizes.indices.map { axis in
      try builder.reshape(
        builder.strided(row, starts: [axis], limits: [axis + 1], strides: [1]), to: [])
    }
    var isInside = try builder.splat(1, TensorType([], .i1))
    for (axis, start) in starts.enumerated() {
      let last = try builder.splat(
        Double(types[0].shape[axis] - sizes[axis]), TensorType([], index))
      let zero = try builder.splat(0, TensorType([], index))
      let isLow = try builder.compare(.lessOrEqual, start, last)
      isInside = try builder.binary(
        .and, isInside, builder.binary(.and, isLow, builder.compare(.greaterOrEqual, start, zero)))
    }
    let slices = try carries.map {
      try builder.emit(.dynamicSlice(sizes: sizes), [$0] + starts)
    }
    let combined = try builder.mapped(region, slices + updates, shape: sizes)
    let next = try zip(carries, zip(combined, slices)).map { carry, values in
      let kept = try builder.select(isInside, values.0, values.1)
      return try builder.emit(.dynamicUpdateSlice, [carry, kept] + starts)
    }
    return builder.finish(returning: next)
  }

  /// A tensor into which the source of each window is combined at a place of the window.
  ///
  /// - Parameter places: which place of each window, counted in row-major order; what is no place is
  ///   dropped.
  mutating func scattered(
    _ initial: ValueID, _ sources: ValueID, _ places: ValueID, _ windows: Windows, by region: Region
  ) throws -> ValueID {
    let (shape, counts) = (self[initial].shape, self[places].shape)
    let type = TensorType(counts, .i32)
    let zero = try splat(0, type)
    let isPlace = try binary(
      .and, compare(.greaterOrEqual, places, zero),
      compare(.less, places, splat(Double(windows.count), type)))
    var inner = windows.count
    let columns = try shape.indices.map { axis -> ValueID in
      inner /= max(windows.extents[axis], 1)
      let step = try binary(
        .remainder, divide(places, splat(Double(inner), type)),
        splat(Double(windows.extents[axis]), type))
      let start = try multiply(
        emit(.iota(type, dimension: axis), []), splat(Double(windows.strides[axis]), type))
      let moved = try add(start, multiply(step, splat(Double(windows.dilations[axis]), type)))
      let dilated = try subtract(moved, splat(Double(windows.low[axis]), type))
      let element = try divide(dilated, splat(Double(windows.baseDilations[axis]), type))
      return try reshape(select(isPlace, element, splat(-1, type)), to: counts + [1])
    }
    let indices = try emit(.shape(.concatenate(dimension: counts.count)), columns)
    let axes = Array(shape.indices)
    var dimensions = ScatterDimensions(
      .set, updateWindowDims: [], insertedWindowDims: axes, scatterDimsToOperandDims: axes,
      indexVectorDim: counts.count)
    if let combination = region.scatterCombination(of: self[initial].element) {
      dimensions.combination = combination
      return try emit(.scatter(dimensions), [initial, indices, sources])
    }
    return try scattered([initial], indices, [sources], dimensions, by: region)[0]
  }
}
