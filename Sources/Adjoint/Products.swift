internal import TensorIR

/// The matrix product, as NumPy's `matmul`: of the last two axes, with the axes before them
/// broadcast together; a vector counts as a row on the left and as a column on the right.
public func matmul<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return left.derived {
    if let failure = right.node.failure { throw failure }
    return try left.node.matrixProduct(right.node, at: location)
  }
}

/// The product summed over the contracted axes, paired in order: the result has the batching axes,
/// then the other axes of the left, then those of the right.
public func dotGeneral<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, batching: ([Int], [Int]) = ([], []),
  contracting: ([Int], [Int]), file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return left.derived {
    if let failure = right.node.failure { throw failure }
    let word = "dotGeneral"
    for pair in [batching, contracting] where pair.0.count != pair.1.count {
      throw AdjointError(
        .shape, "\(word): axes \(pair.0) and \(pair.1) must be as many", at: location)
    }
    let leftAxes = try (batching.0 + contracting.0).map {
      try left.type.axis($0, in: word, at: location)
    }
    let rightAxes = try (batching.1 + contracting.1).map {
      try right.type.axis($0, in: word, at: location)
    }
    for (axis, other) in zip(leftAxes, rightAxes) where left.shape[axis] != right.shape[other] {
      throw AdjointError(
        .shape,
        "\(word): axis \(axis) of shape \(left.shape) must be as long as axis \(other) of shape"
          + " \(right.shape)", at: location)
    }
    let count = batching.0.count
    let dimensions = DotDimensions(
      leftBatching: Array(leftAxes[..<count]), rightBatching: Array(rightAxes[..<count]),
      leftContracting: Array(leftAxes[count...]), rightContracting: Array(rightAxes[count...]))
    return .apply(.dot(dimensions), [left.node, right.node], at: location)
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// The matrix product with another tensor on the right, as `matmul(_:_:)`.
  public func multiplied(
    by right: Tensor, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    matmul(self, right, file: file, line: line)
  }
}

extension TensorNode {
  /// The matrix product by NumPy's rule.
  fileprivate func matrixProduct(
    _ right: TensorNode, at location: SourceLocation
  ) throws -> TensorNode {
    let (left, leftShape, rightShape) = (self, type.shape, right.type.shape)
    let contracted = (leftShape.last, rightShape.dropLast(rightShape.count > 1 ? 1 : 0).last)
    guard let inner = contracted.0, let other = contracted.1, inner == other else {
      throw AdjointError(
        .shape,
        "matmul: shapes \(leftShape) and \(rightShape) do not multiply:"
          + " the last axis of the left must be as long as the second to last of the right",
        at: location)
    }
    let leftBatch = Array(leftShape.dropLast(2))
    let rightBatch = Array(rightShape.dropLast(2))
    if rightBatch.isEmpty {
      let axis = rightShape.count > 1 ? rightShape.count - 2 : 0
      let dimensions = DotDimensions(
        leftContracting: [leftShape.count - 1], rightContracting: [axis])
      return .apply(.dot(dimensions), [left, right], at: location)
    }
    let batch = try Broadcasting.commonShape([leftBatch, rightBatch], for: "matmul", at: location)
    let wideLeft = left.broadcast(
      to: batch + leftShape.suffix(2).suffix(leftShape.count), at: location)
    let wideRight = right.broadcast(to: batch + rightShape.suffix(2), at: location)
    let axes = Array(batch.indices)
    let dimensions = DotDimensions(
      leftBatching: axes, rightBatching: axes, leftContracting: [wideLeft.type.rank - 1],
      rightContracting: [batch.count])
    return .apply(.dot(dimensions), [wideLeft, wideRight], at: location)
  }
}

/// The inner product of two vectors of equal length.
public func dot<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    left.derived {
      if let failure = right.node.failure { throw failure }
      guard left.rank == 1, left.shape == right.shape else {
        throw AdjointError(
          .shape,
          "dot: shapes \(left.shape) and \(right.shape) are not those of vectors of equal"
            + " length; use matmul(_:_:) for matrices")
      }
      return matmul(left, right).node
    }
  }
}

/// All products of an element of the left and one of the right: the axes of the left, then those of
/// the right.
public func outer<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    left.reshaped(to: left.shape + Array(repeating: 1, count: right.rank)) * right
  }
}

/// The Kronecker product: each element of the left times the whole of the right, in blocks.
public func kron<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    left.derived {
      if let failure = right.node.failure { throw failure }
      let rank = Swift.max(left.rank, right.rank)
      let leftShape = Array(repeating: 1, count: rank - left.rank) + left.shape
      let rightShape = Array(repeating: 1, count: rank - right.rank) + right.shape
      let blocks =
        left.reshaped(to: leftShape.flatMap { [$0, 1] })
        * right.reshaped(to: rightShape.flatMap { [1, $0] })
      return blocks.reshaped(to: zip(leftShape, rightShape).map { $0 &* $1 }).node
    }
  }
}

/// The product summed over the last `axes` axes of the left and as many first axes of the right.
public func tensordot<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, axes: Int, file: String = #fileID,
  line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    left.derived {
      if let failure = right.node.failure { throw failure }
      guard 0 <= axes, axes <= Swift.min(left.rank, right.rank) else {
        throw AdjointError(
          .shape,
          "tensordot: shapes \(left.shape) and \(right.shape) do not have \(axes) axes to sum over")
      }
      return tensordot(
        left, right, axes: (Array((left.rank - axes)..<left.rank), Array(0..<axes))
      ).node
    }
  }
}

/// The product summed over axes of the left and of the right, paired in order.
public func tensordot<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, axes: ([Int], [Int]), file: String = #fileID,
  line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    left.derived {
      if let failure = right.node.failure { throw failure }
      let leftAxes = try axes.0.map { try left.type.axis($0, in: "tensordot", at: .unknown) }
      let rightAxes = try axes.1.map { try right.type.axis($0, in: "tensordot", at: .unknown) }
      return dotGeneral(left, right, contracting: (leftAxes, rightAxes)).node
    }
  }
}
