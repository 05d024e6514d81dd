import TensorIR

extension ShapeOp {
  /// Moves cotangents back to where the elements came from.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let operand = operation.operands[0]
    switch self {
    case .broadcast(_, let dimensions):
      let type = pass.type(operand)
      try pass.accumulate(
        pass.builder.unbroadcast(cotangent, to: type.shape, dimensions: dimensions), on: operand)
    case .reshape:
      let shape = pass.type(operand).shape
      try pass.accumulate(pass.builder.reshape(cotangent, to: shape), on: operand)
    case .transpose(let permutation):
      try pass.accumulate(
        pass.builder.transpose(cotangent, permutation: permutation.inverted), on: operand)
    case .slice(let starts, let limits, let strides):
      let region = Window(starts: starts, limits: limits, strides: strides)
      pass.accumulate(cotangent, on: operand, region: region)
    case .pad(let low, let high, let interior):
      try transposePad(operation, cotangent, (low, high, interior), in: &pass)
    case .concatenate(let dimension):
      try transposeConcatenate(operation, cotangent, dimension, in: &pass)
    case .reverse:
      try pass.accumulate(pass.builder.emit(operation.op, [cotangent]), on: operand)
    }
  }

  /// The operand gets the elements it was placed at, the padding value the sum of all others.
  private func transposePad(
    _ operation: Operation, _ cotangent: ValueID,
    _ amounts: (low: [Int], high: [Int], interior: [Int]), in pass: inout ReversePass
  ) throws {
    let (operand, value) = (operation.operands[0], operation.operands[1])
    let shape = pass.type(operand).shape
    if pass.isLinear(operand) {
      let inner = try pass.builder.unpadded(cotangent, to: shape, amounts)
      try pass.accumulate(inner, on: operand)
    }
    if pass.isLinear(value) {
      // Counting the padding itself is exact, where the sum of all less the operand's is not.
      let isInner = try pass.builder.constant(
        Literal(TensorType(shape, .i1), filledWith: 0))
      let isPadding = try pass.builder.constant(Literal(TensorType([], .i1), filledWith: 1))
      let mask = try pass.builder.emit(operation.op, [isInner, isPadding])
      let type = pass.type(operation.result)
      let outer = try pass.builder.select(mask, cotangent, pass.builder.splat(0, type))
      let axes = Array(type.shape.indices)
      try pass.accumulate(pass.builder.reduce(.add, outer, dimensions: axes), on: value)
    }
  }

  /// Each operand gets its own stretch.
  private func transposeConcatenate(
    _ operation: Operation, _ cotangent: ValueID, _ dimension: Int, in pass: inout ReversePass
  ) throws {
    let shape = pass.type(operation.result).shape
    let strides = [Int](repeating: 1, count: shape.count)
    var start = 0
    for operand in operation.operands {
      let extent = pass.type(operand).shape[dimension]
      defer { start += extent }
      guard pass.isLinear(operand) else { continue }
      var (starts, limits) = ([Int](repeating: 0, count: shape.count), shape)
      (starts[dimension], limits[dimension]) = (start, start + extent)
      let stretch = try pass.builder.sliced(
        cotangent, starts: starts, limits: limits, strides: strides)
      try pass.accumulate(stretch, on: operand)
    }
  }
}

extension FunctionBuilder {
  /// The operand's elements in a range; itself where the range is everything.
  fileprivate mutating func sliced(
    _ operand: ValueID, starts: [Int], limits: [Int], strides: [Int]
  ) throws -> ValueID {
    let isAll = starts.allSatisfy { $0 == 0 } && strides.allSatisfy { $0 == 1 }
    if isAll, limits == self[operand].shape { return operand }
    return try emit(.shape(.slice(starts: starts, limits: limits, strides: strides)), [operand])
  }

  /// The sums over what each element of a tensor of `shape` was repeated into.
  fileprivate mutating func unbroadcast(
    _ operand: ValueID, to shape: [Int], dimensions: [Int]
  ) throws -> ValueID {
    let wide = self[operand].shape
    let isKept = wide.indices.map { axis in
      dimensions.firstIndex(of: axis).map { shape[$0] == wide[axis] } ?? false
    }
    let reduced = wide.indices.filter { !isKept[$0] }
    let sums = try reduce(.add, operand, dimensions: reduced)
    // What is left comes in the order of the wide axes.
    let order = dimensions.filter { isKept[$0] }
    let sorted = order.sorted()
    let permutation = order.map { axis in sorted.firstIndex(of: axis) ?? 0 }
    return try reshape(transpose(sums, permutation: permutation), to: shape)
  }

  /// The elements of a padded tensor that were the operand's; zeros where it was cut.
  fileprivate mutating func unpadded(
    _ operand: ValueID, to shape: [Int],
    _ amounts: (low: [Int], high: [Int], interior: [Int])
  ) throws -> ValueID {
    if shape.contains(0) { return try splat(0, TensorType(shape, self[operand].element)) }
    let restored = try padded(
      operand, low: amounts.low.map { max(-$0, 0) }, high: amounts.high.map { max(-$0, 0) })
    let starts = amounts.low.map { max($0, 0) }
    let strides = amounts.interior.map { $0 + 1 }
    let limits = shape.indices.map { starts[$0] + (shape[$0] - 1) * strides[$0] + 1 }
    return try sliced(restored, starts: starts, limits: limits, strides: strides)
  }
}
