internal import TensorIR

/// The mean of the squares of the differences.
public func meanSquaredError<Scalar: TensorFloatingPoint>(
  _ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>, file: String = #fileID,
  line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { square(prediction - target).mean() }
}

/// Half the square of each difference where it is at most `threshold`, and a straight line with the
/// slope there beyond (Huber, 1964).
public func huberLoss<Scalar: TensorFloatingPoint>(
  _ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>, threshold: Scalar = 1,
  file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    let distance = abs(prediction - target)
    let near = min(distance, .literal(threshold))
    return near * (distance - 0.5 * near)
  }
}

/// The cross-entropy of the softmax of `logits` along the last axis and the right classes, one number
/// for each row; a class beyond the axis gives zero.
public func softmaxCrossEntropy<Scalar: TensorFloatingPoint, Index>(
  logits: Tensor<Scalar>, classes: Tensor<Index>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> where Index: TensorNumeric & FixedWidthInteger {
  located(file, line) {
    logits.derived {
      if let failure = classes.node.failure { throw failure }
      guard logits.rank > 0, classes.shape == Array(logits.shape.dropLast()) else {
        throw AdjointError(
          .shape,
          "softmaxCrossEntropy: classes of shape \(classes.shape) do not name one for each row"
            + " of logits of shape \(logits.shape)")
      }
      let places = Tensor<Index>.iota(logits.shape.last ?? 0)
      let isClass = classes.expandingDims(at: -1) .== places
      return (-select(isClass, logits.logSoftmax(), 0).sum([-1])).node
    }
  }
}

/// The cross-entropy of the softmax of `logits` along the last axis and probabilities of the classes,
/// one number for each row.
public func softmaxCrossEntropy<Scalar: TensorFloatingPoint>(
  logits: Tensor<Scalar>, probabilities: Tensor<Scalar>, file: String = #fileID,
  line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { -(probabilities * logits.logSoftmax()).sum([-1]) }
}

/// The cross-entropy of the sigmoid of each element of `logits` and the probability in `labels`,
/// computed without overflow.
public func sigmoidCrossEntropy<Scalar: TensorFloatingPoint>(
  logits: Tensor<Scalar>, labels: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { softplus(logits) - logits * labels }
}

extension Tensor where Scalar: TensorFloatingPoint {
  /// Whether shapes are equal and all elements are: their difference is at most `absoluteTolerance`,
  /// or `relativeTolerance` times the greater magnitude; deferred operations run now.
  ///
  /// - Throws: `AdjointError` as `scalars()` does.
  public func isApproximatelyEqual(
    to other: Tensor, absoluteTolerance: Scalar = 0,
    relativeTolerance: Scalar = Scalar.ulpOfOne.squareRoot(), file: String = #fileID,
    line: Int = #line
  ) throws -> Bool {
    let (left, right) = (
      try scalars(file: file, line: line), try other.scalars(file: file, line: line)
    )
    guard shape == other.shape else { return false }
    return zip(left, right).allSatisfy { first, second in
      let scale = Swift.max(Swift.abs(first), Swift.abs(second))
      let tolerance = Swift.max(absoluteTolerance, relativeTolerance * scale)
      return first == second || (scale.isFinite && Swift.abs(first - second) <= tolerance)
    }
  }
}
