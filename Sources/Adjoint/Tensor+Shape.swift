internal import TensorIR

extension Tensor {
  /// The same elements in row-major order in another shape; one extent may be −1, which stands for
  /// what is left.
  public func reshaped(
    to shape: [Int], file: String = #fileID, line: Int = #line
  ) -> Tensor {
    var shape = shape
    if let open = shape.firstIndex(of: -1) {
      var others = shape
      others.remove(at: open)
      if let known = others.checkedCount, known > 0, count % known == 0 {
        shape[open] = count / known
      }
    }
    return Tensor(node.reshape(to: shape, at: .here(file, line)))
  }

  /// All elements in row-major order as a vector.
  public func flattened(file: String = #fileID, line: Int = #line) -> Tensor {
    reshaped(to: [count], file: file, line: line)
  }

  /// The tensor with its axes in reverse order, or with axis `permutation[i]` as axis `i`.
  public func transposed(
    _ permutation: [Int]? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    return derived {
      guard let permutation else {
        return node.transpose(Array(shape.indices.reversed()), at: location)
      }
      let axes = try permutation.map { try type.axis($0, in: "transposed", at: location) }
      guard axes.sorted() == Array(shape.indices) else {
        throw AdjointError(
          .shape, "transposed: \(permutation) must name each axis of shape \(shape) once",
          at: location)
      }
      return node.transpose(axes, at: location)
    }
  }

  /// The tensor repeated to fill a shape, its axes aligned at the last one.
  public func broadcast(
    to shape: [Int], file: String = #fileID, line: Int = #line
  ) -> Tensor {
    Tensor(node.broadcast(to: shape, at: .here(file, line)))
  }

  /// The tensor with a new axis of extent one before `axis`; −1 puts it last.
  public func expandingDims(
    at axis: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    return derived {
      let position = axis < 0 ? axis + rank + 1 : axis
      guard (0...rank).contains(position) else {
        throw AdjointError(
          .shape, "expandingDims: axis \(axis) is beyond shape \(shape)", at: location)
      }
      var shape = shape
      shape.insert(1, at: position)
      return node.reshape(to: shape, at: location)
    }
  }

  /// The tensor without the given axes, which have extent one; nil for all such axes.
  public func squeezed(
    _ axes: [Int]? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    return derived {
      let ones = shape.indices.filter { shape[$0] == 1 }
      let removed = try type.axes(axes ?? ones, in: "squeezed", at: location)
      if removed.contains(where: { shape[$0] != 1 }) {
        let long = (axes ?? []).first { shape[$0 < 0 ? $0 + rank : $0] != 1 } ?? 0
        throw AdjointError(
          .shape, "squeezed: axis \(long) of shape \(shape) does not have extent 1", at: location)
      }
      return node.reshape(to: shape.removing(removed), at: location)
    }
  }

  /// The tensor read backwards along the given axes; nil for all.
  public func reversed(
    _ axes: [Int]? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    return derived {
      let axes = try type.axes(axes, in: "reversed", at: location)
      return .apply(.shape(.reverse(dimensions: axes)), [node], at: location)
    }
  }

  /// The tensor with `low[i]` and `high[i]` elements of `value` at the ends of axis `i`, and
  /// `interior[i]` between neighbours; negative amounts at the ends cut elements off.
  public func padded(
    low: [Int], high: [Int], interior: [Int]? = nil, with value: Tensor, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    let between = interior ?? Array(repeating: 0, count: rank)
    return derived {
      try requireAxisCount(low, "low", in: "padded", at: location)
      try requireAxisCount(high, "high", in: "padded", at: location)
      try requireAxisCount(between, "interior", in: "padded", at: location)
      if value.node.failure == nil, value.rank > 0 {
        throw AdjointError(
          .shape, "padded: the value must be a scalar, not of shape \(value.shape)", at: location)
      }
      let op = ShapeOp.pad(low: low, high: high, interior: between)
      return .apply(.shape(op), [node, value.node], at: location)
    }
  }

  /// Fails unless there is a number for each axis.
  private func requireAxisCount(
    _ numbers: [Int], _ name: String, in word: String, at location: SourceLocation
  ) throws {
    guard numbers.count != rank else { return }
    throw AdjointError(
      .shape,
      "\(word): \(name) \(numbers) must have a number for each of the \(rank) axes of shape \(shape)",
      at: location)
  }

  /// The elements `starts[i]`, `starts[i] + strides[i]`, … before `limits[i]` of each axis `i`.
  public func sliced(
    from starts: [Int], to limits: [Int], strides: [Int]? = nil, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    let steps = strides ?? Array(repeating: 1, count: rank)
    return derived {
      try requireAxisCount(starts, "starts", in: "sliced", at: location)
      try requireAxisCount(limits, "limits", in: "sliced", at: location)
      try requireAxisCount(steps, "strides", in: "sliced", at: location)
      for axis in shape.indices {
        let (start, limit) = (starts[axis], limits[axis])
        guard 0 <= start, start <= limit, limit <= shape[axis], steps[axis] > 0 else {
          let stride = steps[axis] == 1 ? "" : " in steps of \(steps[axis])"
          throw AdjointError(
            .shape,
            "sliced: elements from \(start) to \(limit)\(stride) are not in axis \(axis) of shape \(shape)",
            at: location)
        }
      }
      let op = ShapeOp.slice(starts: starts, limits: limits, strides: steps)
      return .apply(.shape(op), [node], at: location)
    }
  }

  /// A tensor made by `body`, or a failed one where this one failed or `body` throws.
  func derived(_ body: () throws -> TensorNode) -> Tensor {
    Tensor(
      TensorNode.capturing(Scalar.elementType) {
        if let failure = node.failure { throw failure }
        return try body()
      })
  }
}

/// Tensors one after the other along an axis they have; all other extents must agree.
public func concatenated<Scalar: TensorScalar>(
  _ tensors: [Tensor<Scalar>], axis: Int = 0, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  guard let first = tensors.first else {
    return Tensor(failing: "concatenated: there is no tensor", .argument, file, line)
  }
  return first.derived {
    let dimension = try first.type.axis(axis, in: "concatenated", at: location)
    for other in tensors.dropFirst() where other.node.failure == nil {
      guard other.rank == first.rank,
        other.shape.removing([dimension]) == first.shape.removing([dimension])
      else {
        throw AdjointError(
          .shape,
          "concatenated: shapes \(first.shape) and \(other.shape) must agree but for axis \(axis)",
          at: location)
      }
    }
    let op = ShapeOp.concatenate(dimension: dimension)
    return .apply(.shape(op), tensors.map(\.node), at: location)
  }
}

/// Tensors of equal shape one after the other along a new axis.
public func stacked<Scalar: TensorScalar>(
  _ tensors: [Tensor<Scalar>], axis: Int = 0, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  guard let first = tensors.first else {
    return Tensor(failing: "stacked: there is no tensor", .argument, file, line)
  }
  let known = tensors.filter { $0.node.failure == nil }
  if first.node.failure == nil, let other = known.first(where: { $0.shape != first.shape }) {
    let message = "stacked: shapes \(first.shape) and \(other.shape) must be equal"
    return Tensor(failing: message, .shape, file, line)
  }
  let rows = tensors.map { $0.expandingDims(at: axis, file: file, line: line) }
  return concatenated(rows, axis: axis, file: file, line: line)
}

extension Tensor where Scalar: TensorNumeric {
  /// The tensor with `low[i]` and `high[i]` zeros at the ends of axis `i`; negative amounts cut elements off.
  public func padded(
    low: [Int], high: [Int], file: String = #fileID, line: Int = #line
  ) -> Tensor {
    padded(low: low, high: high, with: 0, file: file, line: line)
  }
}
