import TensorIR

extension FunctionPadder {
  /// Pads a gather: indices are held within what is valid.
  mutating func padGather(
    _ operation: Operation, _ dimensions: GatherDimensions, _ ops: [Op], _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let (operand, indices) = (forms[0], forms[1])
    let sizes = operand.axes.indices.map { axis in
      number(ops) { if case .gather(let gather) = $0 { gather.sliceSizes[axis] } else { 0 } }
    }
    let batch = indices.axes.indices.filter { $0 != dimensions.indexVectorDim }
    let dropped = dimensions.collapsedSliceDims + dimensions.operandBatchingDims
    var kept = operand.axes.indices.filter { !dropped.contains($0) }[...]
    var places = batch[...]
    var axes: [AxisForm] = []
    for axis in 0..<last[operation.result].rank {
      guard dimensions.offsetDims.contains(axis) else {
        axes.append(indices.axes[places.removeFirst()])
        continue
      }
      let source = kept.removeFirst()
      if sizes[source] == operand.axes[source].extent {
        axes.append(operand.axes[source])
      } else if sizes[source].isFixed {
        axes.append(AxisForm(sizes[source]))
      } else {
        throw PaddingRefusal("takes slices whose size varies")
      }
    }
    for (axis, place) in zip(dimensions.operandBatchingDims, dimensions.startIndicesBatchingDims)
    where operand.axes[axis] != indices.axes[place] {
      throw PaddingRefusal("operands are padded in different ways")
    }
    let isVectorFixed =
      dimensions.indexVectorDim >= indices.axes.count
      || indices.axes[dimensions.indexVectorDim].isFixed
    guard isVectorFixed else { throw PaddingRefusal("has index vectors that are padded") }
    let limits = try dimensions.startIndexMap.map { axis -> TracedNumber? in
      let extent = operand.axes[axis].extent
      if operand.axes[axis].isFixed || sizes[axis] == extent { return nil }
      guard operand.axes[axis].isPrefix else {
        throw PaddingRefusal("looks up an axis whose valid elements lie scattered")
      }
      return TracedNumber(zip(extent.values, sizes[axis].values).map { $0 - $1 })
    }
    let starts = try held(
      operands[1], limits, sizes: dimensions.startIndexMap.map { (operand.axes[$0], sizes[$0]) },
      vector: dimensions.indexVectorDim)
    try emit(operation, operation.op, [operands[0], starts], [PaddedForm(axes)])
  }

  /// Index vectors of which some entries are at most an extent without the size of a slice.
  private mutating func held(
    _ indices: ValueID, _ limits: [TracedNumber?], sizes: [(AxisForm, TracedNumber)], vector: Int
  ) throws -> ValueID {
    guard limits.contains(where: { $0 != nil }) else { return indices }
    var indices = indices
    if builder[indices].element.width < 32 { indices = try builder.convert(indices, to: .i64) }
    let type = builder[indices]
    let entries = try zip(limits, sizes).map { limit, source -> ValueID in
      guard limit != nil else {
        let none = Literal.highest(type.element)
        return try builder.reshape(builder.constant(none), to: [1])
      }
      let extent = try scalar(source.0.extent)
      let size = try scalar(source.1)
      let most = try builder.convert(builder.subtract(extent, size), to: type.element)
      return try builder.reshape(most, to: [1])
    }
    let joined =
      entries.count == 1
      ? entries[0] : try builder.emit(.shape(.concatenate(dimension: 0)), entries)
    let most =
      vector < type.rank
      ? try builder.broadcast(joined, to: type.shape, dimensions: [vector])
      : try builder.broadcast(builder.reshape(joined, to: []), to: type.shape, dimensions: [])
    return try builder.binary(.minimum, indices, most)
  }

  /// Pads a scatter: updates that are not valid go to no place.
  mutating func padScatter(
    _ operation: Operation, _ dimensions: ScatterDimensions, _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let (operand, indices, updates) = (forms[0], forms[1], forms[2])
    let dropped = dimensions.insertedWindowDims + dimensions.inputBatchingDims
    let kept = operand.axes.indices.filter { !dropped.contains($0) }
    for (axis, source) in zip(dimensions.updateWindowDims, kept) {
      let isWhole = updates.axes[axis] == operand.axes[source]
      guard isWhole || (updates.axes[axis].isFixed && operand.axes[source].isFixed) else {
        throw PaddingRefusal("puts windows into an axis that is padded")
      }
    }
    for (axis, place) in zip(dimensions.inputBatchingDims, dimensions.scatterIndicesBatchingDims)
    where operand.axes[axis] != indices.axes[place] {
      throw PaddingRefusal("operands are padded in different ways")
    }
    for axis in dimensions.insertedWindowDims where !operand.axes[axis].isPrefix {
      throw PaddingRefusal("goes to an axis whose valid elements lie scattered")
    }
    let places = indices.axes.indices.filter { $0 != dimensions.indexVectorDim }
    let others = updates.axes.indices.filter { !dimensions.updateWindowDims.contains($0) }
    guard zip(places, others).allSatisfy({ indices.axes[$0] == updates.axes[$1] }),
      dimensions.indexVectorDim >= indices.axes.count
        || indices.axes[dimensions.indexVectorDim].isFixed
    else { throw PaddingRefusal("operands are padded in different ways") }
    let varied = places.filter {
      !indices.axes[$0].isFixed && !dimensions.scatterIndicesBatchingDims.contains($0)
    }
    var start = operands[1]
    if !varied.isEmpty {
      let extents = dimensions.scatterDimsToOperandDims.map { builder[operands[0]].shape[$0] }
      guard let beyond = extents.max() else { throw PaddingRefusal("has no place to go to") }
      if builder[start].element.width < 64 { start = try builder.convert(start, to: .i64) }
      let type = TensorType([], builder[start].element)
      let nowhere = try builder.constant(Literal(type, integers: [Int64(beyond)]))
      start = try masked(start, indices, along: varied, with: nowhere)
    }
    try emit(
      operation, operation.op, [operands[0], start, operands[2]], [PaddedForm(operand.axes)])
  }

  /// Pads a slice at a computed place, which is held within what is valid.
  mutating func padDynamicSlice(
    _ operation: Operation, _ operands: [ValueID], _ forms: [PaddedForm]
  ) throws {
    let sizes = extents(of: operation.result)
    var axes = created(operation.result)
    var starts = Array(operands.dropFirst())
    for (axis, form) in forms[0].axes.enumerated() {
      if sizes[axis] == form.extent {
        axes[axis] = form
      } else if !form.isFixed || !sizes[axis].isFixed {
        starts[axis] = try heldStart(starts[axis], form, sizes[axis])
      }
    }
    try emit(operation, operation.op, [operands[0]] + starts, [PaddedForm(axes)])
  }

  /// Pads an update at a computed place, which is held within what is valid.
  mutating func padDynamicUpdateSlice(
    _ operation: Operation, _ operands: [ValueID], _ forms: [PaddedForm]
  ) throws {
    var starts = Array(operands.dropFirst(2))
    for (axis, form) in forms[0].axes.enumerated() where forms[1].axes[axis] != form {
      let size = forms[1].axes[axis].extent
      if !form.isFixed || !size.isFixed {
        starts[axis] = try heldStart(starts[axis], form, size)
      }
    }
    try emit(
      operation, operation.op, Array(operands.prefix(2)) + starts, [PaddedForm(forms[0].axes)])
  }

  /// A start at most so far behind that a slice of some size is valid.
  private mutating func heldStart(
    _ start: ValueID, _ form: AxisForm, _ size: TracedNumber
  ) throws -> ValueID {
    guard size.isFixed, form.isPrefix else {
      throw PaddingRefusal("has slices whose size varies")
    }
    var start = start
    if builder[start].element.width < 32 { throw PaddingRefusal("starts are short integers") }
    let most = try builder.subtract(scalar(form.extent), scalar(size))
    start = try builder.binary(
      .minimum, start, builder.convert(most, to: builder[start].element))
    return start
  }
}
