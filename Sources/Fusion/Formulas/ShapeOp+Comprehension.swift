internal import LoopIR
internal import TensorIR

extension ShapeOp {
  /// The element of the result of `type` at the placeholder axes.
  func body(_ operandTypes: [TensorType], _ type: TensorType) -> Comprehension.Body {
    let axes = (0..<type.rank).map { IndexExpression(VariableID($0)) }
    switch self {
    case .broadcast(_, let dimensions):
      return .read(
        0,
        dimensions.enumerated().map { axis, target in
          operandTypes[0].shape[axis] == 1 ? IndexExpression(0) : axes[target]
        })
    case .reshape: return .read(0, reshapedIndex(axes, from: type.shape, to: operandTypes[0].shape))
    case .transpose(let permutation):
      var index = axes
      for (axis, source) in permutation.enumerated() { index[source] = axes[axis] }
      return .read(0, index)
    case .slice(let starts, _, let strides):
      return .read(0, axes.indices.map { axes[$0] * strides[$0] + starts[$0] })
    case .pad(let low, _, let interior):
      return paddedBody(axes, type, operandTypes[0].shape, low, interior)
    case .concatenate(let dimension): return concatenatedBody(axes, operandTypes, dimension)
    case .reverse(let dimensions):
      return .read(
        0,
        axes.indices.map {
          dimensions.contains($0) ? axes[$0] * -1 + (type.shape[$0] - 1) : axes[$0]
        })
    }
  }

  /// The operand's element where the place is not padding, else the padding value.
  ///
  /// Amounts beyond all of the result are as good as any that are beyond it, and those between
  /// elements mean nothing where there is one element, so that index arithmetic cannot overflow.
  private func paddedBody(
    _ axes: [IndexExpression], _ type: TensorType, _ shape: [Int], _ low: [Int], _ interior: [Int]
  ) -> Comprehension.Body {
    var bounds = [Bound]()
    var index = [IndexExpression]()
    for axis in axes.indices {
      let step = shape[axis] > 1 ? interior[axis] + 1 : 1
      // One less than this is the extent of the operand with what is between its elements.
      let span = shape[axis].multipliedReportingOverflow(by: step)
      guard type.shape[axis] > 0, !span.overflow, low[axis] > -span.partialValue,
        low[axis] < type.shape[axis]
      else { return .read(1, []) }
      let place = axes[axis] + -low[axis]
      let source = place.divided(by: step)
      bounds.append(Bound(source, lower: 0, upper: shape[axis]))
      if step > 1 { bounds.append(Bound(place.remainder(by: step), lower: 0, upper: 1)) }
      index.append(source)
    }
    return .guarded(bounds, .read(0, index), otherwise: .read(1, []))
  }

  /// The element of the operand that covers the place along `dimension`.
  private func concatenatedBody(
    _ axes: [IndexExpression], _ operandTypes: [TensorType], _ dimension: Int
  ) -> Comprehension.Body {
    var pieces = Comprehension.Pieces(place: axes[dimension], starts: [], end: 0, bodies: [])
    for (position, operand) in operandTypes.enumerated() {
      var index = axes
      index[dimension] = axes[dimension] + -pieces.end
      pieces.starts.append(pieces.end)
      pieces.bodies.append(.read(position, index))
      pieces.end += operand.shape[dimension]
    }
    return pieces.bodies.count == 1 ? pieces.bodies[0] : .pieces(pieces)
  }
}

/// The index into a tensor of shape `to` of the element at `index` in shape `from`, both row-major.
///
/// Axes are matched in groups of equal size, so that untouched axes stay plain variables and only
/// split axes need quotients and remainders.
func reshapedIndex(_ index: [IndexExpression], from: [Int], to: [Int]) -> [IndexExpression] {
  if to.contains(0) { return to.map { _ in IndexExpression(0) } }
  var result = [IndexExpression]()
  var (source, target) = (0, 0)
  while target < to.count {
    var flat = IndexExpression(0)
    var (sourceSize, targetSize) = (1, 1)
    let first = target
    repeat {
      if sourceSize <= targetSize && source < from.count
        && (sourceSize < targetSize || target > first)
      {
        flat = flat * from[source] + index[source]
        sourceSize *= from[source]
        source += 1
      } else if target < to.count {
        targetSize *= to[target]
        target += 1
      } else {
        break
      }
    } while sourceSize != targetSize
    result += delinearized(flat, shape: Array(to[first..<target]), size: targetSize)
  }
  return result
}

/// The row-major index into `shape` of the element at `flat`.
private func delinearized(_ flat: IndexExpression, shape: [Int], size: Int) -> [IndexExpression] {
  var remaining = size
  return shape.enumerated().map { axis, extent in
    if extent == 1 { return IndexExpression(0) }
    let inside = remaining == size ? flat : flat.remainder(by: remaining)
    remaining /= extent
    return inside.divided(by: remaining)
  }
}
