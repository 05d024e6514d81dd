internal import TensorIR

extension Tensor {
  /// The slices at computed places of an axis: `x.gathering(ids)` looks up the rows `ids` of a table.
  ///
  /// The shape of `indices` stands in place of `axis`. Indices beyond the axis are moved to its
  /// nearest end.
  public func gathering<Index: TensorNumeric & FixedWidthInteger>(
    _ indices: Tensor<Index>, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation(file: file, line: line)
    return derived {
      if let failure = indices.node.failure { throw failure }
      let axis = try type.axis(axis, in: "gathering", at: location)
      guard shape[axis] > 0 || indices.count == 0 else {
        throw AdjointError(
          .shape, "gathering: axis \(axis) of shape \(shape) has no elements", at: location)
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
    scattering(.set, updates, indices.node, SourceLocation(file: file, line: line))
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
    scattering(.add, updates, indices.node, SourceLocation(file: file, line: line))
  }

  /// One at each index's place of a new last axis of extent `depth` and zero elsewhere; indices
  /// beyond it give zeros only.
  public init<Index: TensorNumeric & FixedWidthInteger>(
    oneHot indices: Tensor<Index>, depth: Int, file: String = #fileID, line: Int = #line
  ) {
    let column = indices.expandingDims(at: -1, file: file, line: line)
    let places = Tensor<Index>.iota([depth], axis: 0, file: file, line: line)
    let location = SourceLocation(file: file, line: line)
    let isPlace = Tensor<Bool>(column.node.compare(.equal, places.node, at: location))
    self.init(isPlace, file: file, line: line)
  }
}
