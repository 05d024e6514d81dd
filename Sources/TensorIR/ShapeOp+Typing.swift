extension ShapeOp {
  func resultType(_ check: TypingCheck) throws -> TensorType {
    switch self {
    case .broadcast(let shape, let dimensions):
      return try broadcastType(shape, dimensions, check)
    case .reshape(let shape): return try reshapeType(shape, check)
    case .transpose(let permutation): return try transposeType(permutation, check)
    case .slice(let starts, let limits, let strides):
      return try sliceType(starts, limits, strides, check)
    case .pad(let low, let high, let interior): return try padType(low, high, interior, check)
    case .concatenate(let dimension): return try concatenateType(dimension, check)
    case .reverse(let dimensions):
      try check.hasOperands(1)
      try check.areAxes(1, dimensions, rank: check.operands[0].rank, "dimensions")
      return check.operands[0]
    }
  }

  /// - C1: `dimensions` names one distinct result axis per operand axis.
  /// - C2: each operand extent is one or the extent of its result axis.
  private func broadcastType(
    _ shape: [Int], _ dimensions: [Int], _ check: TypingCheck
  ) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    try check.require(1, dimensions.count == operand.rank) {
      "dims \(dimensions) must name one axis for each of \(operand)"
    }
    try check.areAxes(1, dimensions, rank: shape.count, "dims")
    for (axis, target) in dimensions.enumerated() {
      try check.require(2, operand.shape[axis] == 1 || operand.shape[axis] == shape[target]) {
        "axis \(axis) of \(operand) does not fit axis \(target) of shape \(shape)"
      }
    }
    return TensorType(shape, operand.element)
  }

  /// - C1: the number of elements stays.
  private func reshapeType(_ shape: [Int], _ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    try check.require(1, shape.allSatisfy { $0 >= 0 } && shape.checkedCount == operand.count) {
      "\(operand) has another number of elements than shape \(shape)"
    }
    return TensorType(shape, operand.element)
  }

  /// - C1: `permutation` names every axis once.
  private func transposeType(_ permutation: [Int], _ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    try check.require(1, permutation.sorted() == Array(0..<operand.rank)) {
      "dims \(permutation) is not a permutation of the axes of \(operand)"
    }
    return TensorType(operand.shape.selecting(permutation), operand.element)
  }

  /// - C1: there is a start, limit and stride for each axis.
  /// - C2: 0 ≤ start ≤ limit ≤ extent.
  /// - C3: strides are positive.
  private func sliceType(
    _ starts: [Int], _ limits: [Int], _ strides: [Int], _ check: TypingCheck
  ) throws -> TensorType {
    try check.hasOperands(1)
    let operand = check.operands[0]
    try check.require(
      1, [starts, limits, strides].allSatisfy { $0.count == operand.rank }
    ) { "needs a range for each axis of \(operand)" }
    for axis in operand.shape.indices {
      let inRange = 0 <= starts[axis] && starts[axis] <= limits[axis]
      try check.require(2, inRange && limits[axis] <= operand.shape[axis]) {
        "range \(starts[axis]):\(limits[axis]) is outside axis \(axis) of \(operand)"
      }
      try check.require(3, strides[axis] > 0) { "stride \(strides[axis]) is not positive" }
    }
    let shape = operand.shape.indices.map {
      limits[$0] == starts[$0] ? 0 : (limits[$0] - starts[$0] - 1) / strides[$0] + 1
    }
    return TensorType(shape, operand.element)
  }

  /// - C1: the value is a scalar of the operand's element type.
  /// - C2: there are amounts for each axis; interior ones are not negative.
  /// - C3: the padded extents are not negative.
  private func padType(
    _ low: [Int], _ high: [Int], _ interior: [Int], _ check: TypingCheck
  ) throws -> TensorType {
    try check.hasOperands(2)
    let (operand, value) = (check.operands[0], check.operands[1])
    try check.require(1, value == TensorType([], operand.element)) {
      "padding value \(value) is not a scalar of the elements of \(operand)"
    }
    try check.require(2, [low, high, interior].allSatisfy { $0.count == operand.rank }) {
      "needs amounts for each axis of \(operand)"
    }
    try check.require(2, interior.allSatisfy { $0 >= 0 }) { "interior \(interior) is negative" }
    var shape = [Int]()
    for axis in operand.shape.indices {
      let extent = operand.shape[axis]
      let (gaps, overflow1) = max(extent - 1, 0).multipliedReportingOverflow(by: interior[axis])
      let (inner, overflow2) = gaps.addingReportingOverflow(extent)
      let (lower, overflow3) = inner.addingReportingOverflow(low[axis])
      let (total, overflow4) = lower.addingReportingOverflow(high[axis])
      let fits = !(overflow1 || overflow2 || overflow3 || overflow4) && total >= 0
      try check.require(3, fits) { "padding makes axis \(axis) of \(operand) negative or too long" }
      shape.append(total)
    }
    return TensorType(shape, operand.element)
  }

  /// - C1: there is an operand, and `dimension` is an axis.
  /// - C2: element types and all other extents agree.
  private func concatenateType(_ dimension: Int, _ check: TypingCheck) throws -> TensorType {
    try check.require(1, !check.operands.isEmpty) { "needs an operand" }
    let first = check.operands[0]
    try check.areAxes(1, [dimension], rank: first.rank, "dim")
    var shape = first.shape
    for other in check.operands.dropFirst() {
      let agrees =
        other.element == first.element && other.rank == first.rank
        && other.shape.removing([dimension]) == first.shape.removing([dimension])
      try check.require(2, agrees) {
        "\(first) and \(other) differ beside axis \(dimension)"
      }
      let (extent, overflow) = shape[dimension].addingReportingOverflow(other.shape[dimension])
      try check.require(2, !overflow) { "axis \(dimension) becomes too long" }
      shape[dimension] = extent
    }
    return TensorType(shape, first.element)
  }
}

extension [Int] {
  /// The product of the extents, or nil where it does not fit an `Int`.
  package var checkedCount: Int? {
    var product = 1
    for extent in self {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      product = next
    }
    return product
  }
}
