internal import TensorIR

/// The matrix product, as NumPy's `matmul`: of the last two axes, with the axes before them
/// broadcast together; a vector counts as a row on the left and as a column on the right.
public func matmul<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation(file: file, line: line)
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
  let location = SourceLocation(file: file, line: line)
  let dimensions = DotDimensions(
    leftBatching: batching.0, rightBatching: batching.1, leftContracting: contracting.0,
    rightContracting: contracting.1)
  return Tensor(TensorNode.apply(.dot(dimensions), [left.node, right.node], at: location))
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
