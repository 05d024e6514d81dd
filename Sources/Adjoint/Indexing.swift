internal import TensorIR

extension Tensor {
  /// The slices at computed places of an axis: `x.gathering(ids)` looks up the rows `ids` of a table.
  ///
  /// The shape of `indices` stands in place of `axis`. Indices beyond the axis are moved to its
  /// nearest end.
  public func gathering<Index: TensorNumeric & FixedWidthInteger>(
    _ indices: Tensor<Index>, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    return derived {
      if let failure = indices.node.failure { throw failure }
      let written = axis
      let axis = try type.axis(axis, in: "gathering", at: location)
      guard shape[axis] > 0 || indices.count == 0 else {
        throw AdjointError(
          .shape, "gathering: axis \(written) of shape \(shape) has no elements", at: location)
      }
      var sizes = shape
      sizes[axis] = Swift.min(1, shape[axis])
      let offsets =
        (0..<axis).map { $0 }
        + ((axis + 1)..<Swift.max(rank, axis + 1)).map {
          $0 - 1 + indices.rank
        }
      let dimensions = GatherDimensions(
        offsetDims: offsets, collapsedSliceDims: [axis], startIndexMap: [axis],
        indexVectorDim: indices.rank, sliceSizes: sizes)
      return .apply(.gather(dimensions), [node, indices.node], at: location)
    }
  }

  /// The tensor with slices along its first axis replaced by `updates`, one per index; of several
  /// updates of one slice the last stays, and indices beyond the axis have no effect.
  ///
  /// `updates` has the shape of `indices` followed by that of a slice.
  public func scatteringSet<Index: TensorNumeric & FixedWidthInteger>(
    _ updates: Tensor, at indices: Tensor<Index>, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    scattering(.set, updates, indices.node, .here(file, line))
  }

  /// The tensor with `updates` written along its first axis.
  fileprivate func scattering(
    _ combination: ScatterDimensions.Combination, _ updates: Tensor, _ indices: TensorNode,
    _ location: SourceLocation
  ) -> Tensor {
    derived {
      for operand in [updates.node, indices] { if let failure = operand.failure { throw failure } }
      let rank = indices.type.rank
      guard self.rank > 0, updates.shape == indices.type.shape + shape.dropFirst() else {
        throw AdjointError(
          .shape,
          "scattering: updates of shape \(updates.shape) must have the shape of the indices,"
            + " \(indices.type.shape), followed by that of a slice of \(shape)", at: location)
      }
      let dimensions = ScatterDimensions(
        combination, updateWindowDims: Array(rank..<updates.rank), insertedWindowDims: [0],
        scatterDimsToOperandDims: [0], indexVectorDim: rank)
      return .apply(.scatter(dimensions), [node, indices, updates.node], at: location)
    }
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// The tensor with `updates` added to slices along its first axis, one per index; indices beyond
  /// the axis have no effect.
  ///
  /// `updates` has the shape of `indices` followed by that of a slice.
  public func scatteringAdd<Index: TensorNumeric & FixedWidthInteger>(
    _ updates: Tensor, at indices: Tensor<Index>, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    scattering(.add, updates, indices.node, .here(file, line))
  }

  /// One at each index's place of a new last axis of extent `depth` and zero elsewhere; indices
  /// beyond it give zeros only.
  public init<Index: TensorNumeric & FixedWidthInteger>(
    oneHot indices: Tensor<Index>, depth: Int, file: String = #fileID, line: Int = #line
  ) {
    let column = indices.expandingDims(at: -1, file: file, line: line)
    let places = Tensor<Index>.iota([depth], axis: 0, file: file, line: line)
    let location = SourceLocation.here(file, line)
    let isPlace = Tensor<Bool>(column.node.compare(.equal, places.node, at: location))
    self.init(isPlace, file: file, line: line)
  }
}

extension Tensor {
  /// The element at a computed place of an axis, for each place of the others: `indices` has the
  /// tensor's rank, and its extents but for `axis`. Indices beyond the axis are moved to its nearest
  /// end.
  public func gatheringAlong<Index: TensorNumeric & FixedWidthInteger>(
    _ indices: Tensor<Index>, axis: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived {
        if let failure = indices.node.failure { throw failure }
        let axis = try type.axis(axis, in: "gatheringAlong", at: .unknown)
        let others = Array(shape.indices).filter { $0 != axis }
        guard indices.rank == rank, indices.shape.removing([axis]) == shape.removing([axis]),
          shape[axis] > 0 || indices.count == 0
        else {
          throw AdjointError(
            .shape,
            "gatheringAlong: indices of shape \(indices.shape) must have the extents of shape"
              + " \(shape) but for axis \(axis)")
        }
        let dimensions = GatherDimensions(
          offsetDims: [], collapsedSliceDims: [axis], operandBatchingDims: others,
          startIndicesBatchingDims: others, startIndexMap: [axis], indexVectorDim: rank,
          sliceSizes: shape.map { Swift.min(1, $0) })
        return .apply(.gather(dimensions), [node, indices.node], at: .unknown)
      }
    }
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// The sums of the slices along the first axis that have the same number in `segments`, for the
  /// numbers from 0 to `count` − 1; others have no effect.
  public func segmentSum<Index: TensorNumeric & FixedWidthInteger>(
    _ segments: Tensor<Index>, count: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      let sums = Tensor.zeros([count] + shape.dropFirst(segments.rank))
      return derived { sums.scatteringAdd(self, at: segments).node }
    }
  }
}
