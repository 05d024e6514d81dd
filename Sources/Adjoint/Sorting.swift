internal import TensorIR

extension Tensor where Scalar: TensorNumeric & Comparable {
  /// The elements along an axis in rising order; NaN comes last.
  ///
  /// - Complexity: O(n) passes over digits along an axis of extent n.
  public func sorted(
    axis: Int = -1, descending: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      let order = argsorted(axis: axis, descending: descending)
      return derived { gatheringAlong(order, axis: axis).node }
    }
  }

  /// The indices that put the elements along an axis in rising order; equal ones stay in theirs, and
  /// NaN comes last, or first where the order falls.
  ///
  /// - Complexity: O(n) passes over digits along an axis of extent n.
  public func argsorted(
    axis: Int = -1, descending: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> {
    located(file, line) {
      if let failure = node.failure { return Tensor<Int32>(.failed(failure, .i32)) }
      return Tensor<Int32>(
        TensorNode.capturing(.i32) {
          let axis = try type.axis(axis, in: "argsorted", at: .unknown)
          let last = swappingAxes(axis, -1)
          let first = last.firstPlaces(shape[axis], isDescending: descending)
          return first.swappingAxes(axis, -1).node
        })
    }
  }

  /// The indices of the first elements of the order along the last axis; all NaNs are one number, and
  /// so are both zeros.
  private func firstPlaces(_ count: Int, isDescending: Bool) -> Tensor<Int32> {
    let ordering = Ordering(isDescending: [isDescending], count: count)
    return Tensor<Int32>(.apply(.order(ordering), [canonicalNode], at: .unknown))
  }

  /// The elements with one zero and one NaN, which is greater than all others by its bits.
  private var canonicalNode: TensorNode {
    guard type.element.isFloat else { return node }
    func splat(_ value: Double) -> TensorNode {
      TensorNode.capturing(type.element) {
        try TensorNode(Literal(TensorType([], type.element), filledWith: value), isLiteral: true)
          .broadcast(to: shape, at: .unknown)
      }
    }
    func compare(_ direction: Comparison.Direction, _ other: TensorNode) -> TensorNode {
      .apply(.compare(Comparison(direction)), [node, other], at: .unknown)
    }
    let zero = splat(0)
    let number = TensorNode.apply(.select, [compare(.equal, zero), zero, node], at: .unknown)
    return .apply(.select, [compare(.notEqual, node), splat(.nan), number], at: .unknown)
  }

  /// The `count` greatest elements along the last axis in falling order, and their indices.
  ///
  /// - Complexity: O(n + count) along an axis of extent n.
  public func topK(
    _ count: Int, file: String = #fileID, line: Int = #line
  ) -> (values: Tensor, indices: Tensor<Int32>) {
    located(file, line) {
      if let failure = node.failure {
        return (Tensor(.failed(failure, Scalar.elementType)), Tensor<Int32>(.failed(failure, .i32)))
      }
      let indices = Tensor<Int32>(
        TensorNode.capturing(.i32) {
          guard 0 <= count, count <= shape.last ?? 0 else {
            throw AdjointError(
              .shape, "topK: there are no \(count) elements along the last axis of shape \(shape)")
          }
          return firstPlaces(count, isDescending: true).node
        })
      if let failure = indices.node.failure {
        return (Tensor(.failed(failure, Scalar.elementType)), indices)
      }
      return (derived { gathering(indices).node }, indices)
    }
  }

  /// The elements at indices along the last axis, of which there may be fewer than elements.
  private func gathering(_ indices: Tensor<Int32>) -> Tensor {
    derived {
      let others = Array(0..<(rank - 1))
      let dimensions = GatherDimensions(
        offsetDims: [], collapsedSliceDims: [rank - 1], operandBatchingDims: others,
        startIndicesBatchingDims: others, startIndexMap: [rank - 1], indexVectorDim: rank,
        sliceSizes: shape.map { Swift.min(1, $0) })
      return .apply(.gather(dimensions), [node, indices.node], at: .unknown)
    }
  }
}

extension Tensor where Scalar: TensorFloatingPoint {
  /// The number below which a part `fraction` of the elements along an axis lies, interpolated between
  /// neighbours; NaN where an element is NaN.
  public func quantile(
    _ fraction: Double, axis: Int = -1, keepingDims: Bool = false, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived {
        let axis = try type.axis(axis, in: "quantile", at: .unknown)
        guard (0...1).contains(fraction), shape[axis] > 0 else {
          throw AdjointError(
            .argument,
            "quantile: there is no quantile \(fraction) along axis \(axis) of shape \(shape)")
        }
        let ordered = sorted(axis: axis).swappingAxes(axis, -1)
        let place = fraction * Double(shape[axis] - 1)
        let low = Int(place)
        let high = Swift.min(low + 1, shape[axis] - 1)
        let (below, above) = (ordered[..., low], ordered[..., high])
        let between = below + .literal(Scalar(place - Double(low))) * (above - below)
        let hasNaN = ordered.isNaN().any([-1])
        var result = select(hasNaN, .literal(.nan), low == high ? below : between)
        // Axes moved by the exchange come back to their places.
        result = result.expandingDims(at: -1).swappingAxes(axis, -1)
        return keepingDims ? result.node : result.squeezed([axis]).node
      }
    }
  }

  /// The middle one of the elements along an axis, or the mean of the middle two.
  public func median(
    axis: Int = -1, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { quantile(0.5, axis: axis, keepingDims: keepingDims, file: file, line: line) }
}
