internal import TensorIR

extension Tensor where Scalar: TensorNumeric & Comparable {
  /// The elements along an axis in rising order; NaN comes last.
  ///
  /// - Complexity: O(n²) comparisons along an axis of extent n, side by side.
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
  /// - Complexity: O(n²) comparisons along an axis of extent n, side by side.
  public func argsorted(
    axis: Int = -1, descending: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> {
    located(file, line) {
      if let failure = node.failure { return Tensor<Int32>(.failed(failure, .i32)) }
      let placed = TensorNode.capturing(.i32) {
        let axis = try type.axis(axis, in: "argsorted", at: .unknown)
        let last = swappingAxes(axis, -1)
        let ranks = last.ranks(descending)
        // The element of rank k is the only one whose rank is k.
        let extent = shape[axis]
        let places = Tensor<Int32>.iota([extent, extent], axis: 0)
        let wanted = Tensor<Int32>.iota([extent, extent], axis: 1)
        let isPlace = ranks.expandingDims(at: -1) .== wanted
        return select(isPlace, places, 0).sum([-2]).swappingAxes(axis, -1).node
      }
      return Tensor<Int32>(placed)
    }
  }

  /// For each element the number of those that come before it along the last axis.
  private func ranks(_ descending: Bool) -> Tensor<Int32> {
    let extent = shape.last ?? 0
    let (own, other) = (expandingDims(at: -1), expandingDims(at: -2))
    let (first, second) = descending ? (own, other) : (other, own)
    let isBefore = (first .< second) | ((second .!= second) & (first .== first))
    let areEqual = (own .== other) | ((own .!= own) & (other .!= other))
    let isEarlier =
      Tensor<Int32>.iota([extent, extent], axis: 1)
      .< Tensor<Int32>.iota([extent, extent], axis: 0)
    return (isBefore | (areEqual & isEarlier)).trueCount([-1])
  }

  /// The `count` greatest elements along the last axis in falling order, and their indices.
  public func topK(
    _ count: Int, file: String = #fileID, line: Int = #line
  ) -> (values: Tensor, indices: Tensor<Int32>) {
    located(file, line) {
      let all = argsorted(descending: true)
      let indices = all.derived {
        guard 0 <= count, count <= all.shape.last ?? 0 else {
          throw AdjointError(
            .shape, "topK: there are no \(count) elements along the last axis of shape \(shape)")
        }
        return all[..., 0..<count].node
      }
      if let failure = indices.node.failure {
        return (Tensor(.failed(failure, Scalar.elementType)), indices)
      }
      return (derived { gatheringAlong(indices, axis: -1).node }, indices)
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
