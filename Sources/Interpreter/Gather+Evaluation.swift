import TensorIR

/// Where the windows of a gather or scatter start: one per place of the indices' batch axes.
private struct WindowStarts {
  /// The operand's shape.
  let operand: [Int]
  /// The operand axes that the entries of an index vector count along.
  let mappedAxes: [Int]
  /// The window's extent along each operand axis.
  let window: [Int]
  /// The operand axes that run together with axes of the indices, and those axes.
  let batching: [(operand: Int, indices: Int)]
  /// The axis of the indices that holds index vectors; their rank where each is an index itself.
  let vectorAxis: Int

  /// For each batch place in row-major order, the element where its window starts: nil where the
  /// window would leave the operand, unless starts are clamped so that it does not.
  func starts(_ indices: Literal, isClamping: Bool) -> [Int?] {
    let strides = operand.rowMajorStrides
    let shape = indices.type.shape
    let batchShape = shape.removing([vectorAxis])
    let vectors = offsets(of: batchShape, strides: indices.type.strides.removing([vectorAxis]))
    let entryStride = vectorAxis < shape.count ? indices.type.strides[vectorAxis] : 0
    let values = indices.indices
    let fits = zip(window, operand).allSatisfy { $0 <= $1 }
    return zip(vectors, batchOffsets(rank: shape.count, batchShape)).map { vector, batchOffset in
      guard fits else { return nil }
      var start = batchOffset
      for (entry, axis) in mappedAxes.enumerated() {
        let last = operand[axis] - window[axis]
        let index = values[vector + entry * entryStride]
        guard isClamping || (index >= 0 && index <= last) else { return nil }
        start += min(max(index, 0), last) * strides[axis]
      }
      return start
    }
  }

  /// For each batch place, how far the batching axes alone move its window.
  private func batchOffsets(rank: Int, _ batchShape: [Int]) -> [Int] {
    var perAxis = [Int](repeating: 0, count: rank)
    for pair in batching { perAxis[pair.indices] = operand.rowMajorStrides[pair.operand] }
    return offsets(of: batchShape, strides: perAxis.removing([vectorAxis]))
  }
}

extension GatherDimensions {
  /// The slices at the index vectors; starts are clamped so that slices stay inside the operand.
  func evaluated(_ operand: Literal, _ indices: Literal, _ type: TensorType) -> Literal {
    let dropped = collapsedSliceDims + operandBatchingDims
    let starts = WindowStarts(
      operand: operand.type.shape, mappedAxes: startIndexMap, window: sliceSizes,
      batching: Array(zip(operandBatchingDims, startIndicesBatchingDims)),
      vectorAxis: indexVectorDim
    ).starts(indices, isClamping: true)
    let window = offsets(
      of: sliceSizes.removing(dropped), strides: operand.type.strides.removing(dropped))
    let batchPlaces = offsets(
      of: type.shape.removing(offsetDims), strides: type.strides.removing(offsetDims))
    let windowPlaces = offsets(
      of: type.shape.selecting(offsetDims), strides: type.strides.selecting(offsetDims))
    var sources = [Int](repeating: 0, count: type.count)
    for (start, batchPlace) in zip(starts, batchPlaces) {
      for (offset, windowPlace) in zip(window, windowPlaces) {
        sources[batchPlace + windowPlace] = (start ?? 0) + offset
      }
    }
    return operand.selecting(sources, as: type)
  }
}

extension ScatterDimensions {
  /// The operand with the updates combined into it, in row-major order of the updates.
  ///
  /// An update window that is not wholly inside the operand is dropped as a whole, as XLA does; f32
  /// sums are accumulated in double precision and rounded once.
  func evaluated(_ operand: Literal, _ indices: Literal, _ updates: Literal) -> Literal {
    let dropped = insertedWindowDims + inputBatchingDims
    let strides = operand.type.strides
    var window = [Int](repeating: 1, count: operand.type.rank)
    let kept = operand.type.shape.indices.filter { !dropped.contains($0) }
    for (axis, updateAxis) in zip(kept, updateWindowDims) {
      window[axis] = updates.type.shape[updateAxis]
    }
    let starts = WindowStarts(
      operand: operand.type.shape, mappedAxes: scatterDimsToOperandDims, window: window,
      batching: Array(zip(inputBatchingDims, scatterIndicesBatchingDims)),
      vectorAxis: indexVectorDim
    ).starts(indices, isClamping: false)
    // Update `k` in row-major order belongs to batch place `batches[k]` and to an offset inside the
    // window; both are read off the update's axes.
    let shape = updates.type.shape
    var windowStrides = [Int](repeating: 0, count: shape.count)
    for (axis, updateAxis) in zip(kept, updateWindowDims) {
      windowStrides[updateAxis] = strides[axis]
    }
    let batches = offsets(of: shape, strides: batchStrides(shape))
    let windowOffsets = offsets(of: shape, strides: windowStrides)
    var (targets, sources) = ([Int](), [Int]())
    for (position, (batch, offset)) in zip(batches, windowOffsets).enumerated() {
      guard let start = starts[batch] else { continue }
      targets.append(start + offset)
      sources.append(position)
    }
    return combine(operand, updates, targets, sources)
  }

  /// Strides that give the row-major place of an update among the batch axes alone.
  private func batchStrides(_ shape: [Int]) -> [Int] {
    let batchAxes = shape.indices.filter { !updateWindowDims.contains($0) }
    var strides = [Int](repeating: 0, count: shape.count)
    for (axis, stride) in zip(batchAxes, shape.selecting(batchAxes).rowMajorStrides) {
      strides[axis] = stride
    }
    return strides
  }

  /// The operand with element `sources[k]` of the updates combined into element `targets[k]`.
  private func combine(
    _ operand: Literal, _ updates: Literal, _ targets: [Int], _ sources: [Int]
  ) -> Literal {
    switch combination {
    case .set: return operand.replacing(targets, with: updates, at: sources)
    case .add:
      switch (operand.exactElements, updates.exactElements) {
      case (.doubles(var sums), .doubles(let terms)):
        for (target, source) in zip(targets, sources) { sums[target] += terms[source] }
        return Literal(operand.type, rounding: sums)
      case (.integers(var sums), .integers(let terms)):
        for (target, source) in zip(targets, sources) { sums[target] &+= terms[source] }
        return Literal(operand.type, wrapping: sums)
      case (.complexes(var sums), .complexes(let terms)):
        for (target, source) in zip(targets, sources) {
          sums[target] = sums[target] + terms[source]
        }
        return Literal(operand.type, rounding: sums)
      case (.doubles, _), (.integers, _), (.complexes, _):
        preconditionFailure("operand and updates have one element type")
      }
    case .multiply, .minimum, .maximum: return combineStepwise(operand, updates, targets, sources)
    }
  }

  /// The operand with updates combined one after the other, each result rounded.
  private func combineStepwise(
    _ operand: Literal, _ updates: Literal, _ targets: [Int], _ sources: [Int]
  ) -> Literal {
    guard let function = combination.kind?.binary else { return operand }
    let element = operand.type.element
    switch (operand.exactElements, updates.exactElements) {
    case (.doubles(var values), .doubles(let others)):
      for (target, source) in zip(targets, sources) {
        values[target] = element.rounded(function.applied(values[target], others[source]))
      }
      return Literal(operand.type, rounding: values)
    case (.integers(var values), .integers(let others)):
      for (target, source) in zip(targets, sources) {
        values[target] = element.wrapped(
          function.applied(values[target], others[source], element))
      }
      return Literal(operand.type, wrapping: values)
    case (.complexes(var values), .complexes(let others)):
      for (target, source) in zip(targets, sources) {
        values[target] = function.applied(values[target], others[source])
      }
      return Literal(operand.type, rounding: values)
    case (.doubles, _), (.integers, _), (.complexes, _):
      preconditionFailure("operand and updates have one element type")
    }
  }
}
