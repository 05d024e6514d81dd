extension DotDimensions {
  /// - C1: batch and contracting axes are distinct axes of their operand, as many left as right.
  /// - C2: paired extents are equal.
  /// - C3: element types agree and are numbers; the result's is of their kind and no shorter.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(2)
    let (left, right) = (check.operands[0], check.operands[1])
    try check.areAxes(1, leftBatching + leftContracting, rank: left.rank, "left axes")
    try check.areAxes(1, rightBatching + rightContracting, rank: right.rank, "right axes")
    let paired =
      leftBatching.count == rightBatching.count
      && leftContracting.count == rightContracting.count
    try check.require(1, paired) { "left and right name different numbers of axes" }
    let pairs = zip(leftBatching + leftContracting, rightBatching + rightContracting)
    for (leftAxis, rightAxis) in pairs {
      try check.require(2, left.shape[leftAxis] == right.shape[rightAxis]) {
        "axis \(leftAxis) of \(left) does not fit axis \(rightAxis) of \(right)"
      }
    }
    try check.require(3, left.element == right.element && left.element != .i1) {
      "element types must be equal numbers: \(left) and \(right)"
    }
    let element = resultElement ?? left.element
    try check.require(3, element.kind == left.element.kind && element.width >= left.element.width) {
      "elements of \(left) do not add up to \(element.rawValue)"
    }
    let shape =
      left.shape.selecting(leftBatching)
      + left.shape.selecting(leftFree(rank: left.rank))
      + right.shape.selecting(rightFree(rank: right.rank))
    return TensorType(shape, element)
  }
}
