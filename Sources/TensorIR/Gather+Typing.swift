extension GatherDimensions {
  /// - C1: indices are integers; the index vector axis is an axis of theirs or one past the last.
  /// - C2: collapsed, batching and indexed operand axes are distinct axes, with as many batching
  ///   axes of the indices, of equal extents.
  /// - C3: there is a slice size for each operand axis, at most its extent, and one where the axis
  ///   is collapsed or batching; that size may be zero only where the result is empty.
  /// - C4: the index vector has an entry for each mapped axis.
  /// - C5: offset axes are distinct, rising axes of the result, one per slice axis kept.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(2)
    let (operand, indices) = (check.operands[0], check.operands[1])
    try check.require(1, indices.element.isInteger) { "indices must be integers, not \(indices)" }
    try check.require(1, (0...indices.rank).contains(indexVectorDim)) {
      "index_vector_dim \(indexVectorDim) goes beyond \(indices)"
    }
    let dropped = collapsedSliceDims + operandBatchingDims
    try check.areAxes(2, dropped, rank: operand.rank, "collapsed and batching axes")
    try check.areAxes(
      2, startIndexMap + operandBatchingDims, rank: operand.rank, "mapped and batching axes")
    try check.areAxes(2, startIndicesBatchingDims, rank: indices.rank, "indices' batching axes")
    try check.require(
      2,
      startIndicesBatchingDims.count == operandBatchingDims.count
        && !startIndicesBatchingDims.contains(indexVectorDim)
        && zip(operandBatchingDims, startIndicesBatchingDims).allSatisfy {
          operand.shape[$0] == indices.shape[$1]
        }
    ) { "batching axes of \(operand) and \(indices) do not pair up" }
    try check.require(3, sliceSizes.count == operand.rank) {
      "slice_sizes \(sliceSizes) must name a size for each axis of \(operand)"
    }
    for axis in operand.shape.indices {
      let size = sliceSizes[axis]
      let fits = (0...operand.shape[axis]).contains(size) && (!dropped.contains(axis) || size <= 1)
      try check.require(3, fits) { "slice size \(size) does not fit axis \(axis) of \(operand)" }
    }
    let vector = indexVectorDim < indices.rank ? indices.shape[indexVectorDim] : 1
    try check.require(4, vector == startIndexMap.count) {
      "index vectors of \(vector) entries do not fit start_index_map \(startIndexMap)"
    }
    let window = sliceSizes.removing(dropped)
    let batch = indices.shape.removing([indexVectorDim])
    try check.areAxes(5, offsetDims, rank: window.count + batch.count, "offset_dims")
    try check.require(5, offsetDims.count == window.count && offsetDims == offsetDims.sorted()) {
      "offset_dims \(offsetDims) must be \(window.count) rising axes"
    }
    let shape = interleave(window, at: offsetDims, with: batch)
    let isReadable = shape.contains(0) || !sliceSizes.selecting(dropped).contains(0)
    try check.require(3, isReadable) { "slices \(sliceSizes) of \(operand) hold no element" }
    return TensorType(shape, operand.element)
  }
}

extension ScatterDimensions {
  /// - C1: indices are integers; the index vector axis is an axis of theirs or one past the last.
  /// - C2: operand and updates have one element type; booleans are only set, complex numbers only set
  ///   and added.
  /// - C3: inserted, batching and indexed operand axes are distinct axes, with as many batching axes
  ///   of the indices, of equal extents.
  /// - C4: the index vector has an entry for each mapped axis.
  /// - C5: update axes are the window axes, at most as long as the operand's, and the indices'.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(3)
    let (operand, indices, updates) = (check.operands[0], check.operands[1], check.operands[2])
    try check.require(1, indices.element.isInteger) { "indices must be integers, not \(indices)" }
    try check.require(1, (0...indices.rank).contains(indexVectorDim)) {
      "index_vector_dim \(indexVectorDim) goes beyond \(indices)"
    }
    try check.require(2, operand.element == updates.element) {
      "updates \(updates) have other elements than \(operand)"
    }
    try check.require(2, combination == .set || operand.element != .i1) {
      "booleans cannot be added"
    }
    let needsOrder = combination == .minimum || combination == .maximum
    try check.require(2, !needsOrder || !operand.element.isComplex) {
      "\(operand) have no order"
    }
    // Text gives a loop over the updates instead.
    try check.require(2, combination != .multiply || !operand.element.isComplex) {
      "\(operand) cannot be multiplied at places: a product needs both parts at once"
    }
    let dropped = insertedWindowDims + inputBatchingDims
    try check.areAxes(3, dropped, rank: operand.rank, "inserted and batching axes")
    try check.areAxes(
      3, scatterDimsToOperandDims + inputBatchingDims, rank: operand.rank,
      "mapped and batching axes")
    try check.areAxes(3, scatterIndicesBatchingDims, rank: indices.rank, "indices' batching axes")
    try check.require(
      3,
      scatterIndicesBatchingDims.count == inputBatchingDims.count
        && !scatterIndicesBatchingDims.contains(indexVectorDim)
        && zip(inputBatchingDims, scatterIndicesBatchingDims).allSatisfy {
          operand.shape[$0] == indices.shape[$1]
        }
    ) { "batching axes of \(operand) and \(indices) do not pair up" }
    let vector = indexVectorDim < indices.rank ? indices.shape[indexVectorDim] : 1
    try check.require(4, vector == scatterDimsToOperandDims.count) {
      "index vectors of \(vector) entries do not fit \(scatterDimsToOperandDims)"
    }
    try check.areAxes(5, updateWindowDims, rank: updates.rank, "update_window_dims")
    let window = updates.shape.selecting(updateWindowDims)
    let bounds = operand.shape.removing(dropped)
    try check.require(
      5,
      window.count == bounds.count && updateWindowDims == updateWindowDims.sorted()
        && zip(window, bounds).allSatisfy { $0 <= $1 }
        && updates.shape.removing(updateWindowDims) == indices.shape.removing([indexVectorDim])
    ) { "updates \(updates) do not fit \(operand) at \(indices)" }
    return operand
  }
}

/// A shape with `window` extents at the positions `places` and `batch` extents in the gaps.
private func interleave(_ window: [Int], at places: [Int], with batch: [Int]) -> [Int] {
  var shape = [Int]()
  var (windows, batches) = (window.makeIterator(), batch.makeIterator())
  for position in 0..<(window.count + batch.count) {
    if let extent = places.contains(position) ? windows.next() : batches.next() {
      shape.append(extent)
    }
  }
  return shape
}
