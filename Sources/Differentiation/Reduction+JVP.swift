import TensorIR

extension Reduction {
  /// The tangent of a reduction of an operand and an initial value.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    switch kind {
    case .add: return try sumTangent(of: operation, in: &pass)
    case .multiply: return try productTangent(of: operation, in: &pass)
    case .maximum: return try choiceTangent(of: operation, neutral: -.infinity, in: &pass)
    case .minimum: return try choiceTangent(of: operation, neutral: .infinity, in: &pass)
    case .and, .or: return nil
    }
  }

  /// The sum of the tangents, that of the initial value included.
  private func sumTangent(
    of operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let initialTangent = pass.tangent(operation.operands[1])
    guard let tangent = pass.tangent(operation.operands[0]) else {
      guard let initialTangent else { return nil }
      let shape = pass.type(operation.result).shape
      return try pass.builder.broadcast(initialTangent, to: shape, dimensions: [])
    }
    let initial = try initialTangent ?? pass.zero(pass.type(operation.operands[1]))
    return try pass.builder.emit(operation.op, [tangent, initial])
  }

  /// The mean of the tangents of all candidates that equal the result, as JAX has it.
  ///
  /// An initial value that is `neutral` is no candidate; any other one is, with the elements.
  private func choiceTangent(
    of operation: Operation, neutral: Double, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (operand, initial) = (operation.operands[0], operation.operands[1])
    let (type, resultType) = (pass.type(operand), pass.type(operation.result))
    let result = operation.result
    let kept = type.shape.indices.filter { !dimensions.contains($0) }
    let isReduced = dimensions.allSatisfy { type.shape[$0] == 1 }
    let counts = pass.knownSplat(initial) != neutral
    if !counts && dimensions.contains(where: { type.shape[$0] == 0 }) { return nil }
    if !counts && isReduced { return try reshapedTangent(of: operand, to: resultType, in: &pass) }

    let wide = try pass.builder.broadcast(result, to: type.shape, dimensions: kept)
    let mask = try pass.builder.compare(.equal, operand, wide)
    let flags = try pass.builder.convert(mask, to: type.element)
    var ties = try pass.builder.reduce(.add, flags, dimensions: dimensions)
    var total: ValueID?
    if let tangent = pass.tangent(operand) {
      total = try pass.builder.reduce(
        .add, pass.masked(tangent, where: mask), dimensions: dimensions)
    }
    if counts {
      let start = try pass.builder.broadcast(
        initial, to: resultType.shape, dimensions: [])
      let isChosen = try pass.builder.compare(.equal, start, result)
      ties = try pass.builder.add(ties, pass.builder.convert(isChosen, to: type.element))
      if let tangent = pass.tangent(initial) {
        let wideTangent = try pass.builder.broadcast(
          tangent, to: resultType.shape, dimensions: [])
        total = try pass.sum(total, pass.masked(wideTangent, where: isChosen))
      }
    }
    guard let total else { return nil }
    return try pass.scale(total, dividingBy: ties)
  }

  /// The tangent of a reduction that only drops axes of extent one.
  private func reshapedTangent(
    of operand: ValueID, to type: TensorType, in pass: inout ForwardPass
  ) throws -> ValueID? {
    guard let tangent = pass.tangent(operand) else { return nil }
    return try pass.builder.reshape(tangent, to: type.shape)
  }
}

// MARK: - Products

/// A value and its tangent, nil for zero.
private typealias Dual = (value: ValueID, tangent: ValueID?)

extension Reduction {
  /// The product rule along a tree of halves, which never divides and so is right for any number of
  /// zeros among the factors; JAX uses such a tree too.
  private func productTangent(
    of operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (operand, initial) = (operation.operands[0], operation.operands[1])
    let shape = pass.type(operation.result).shape
    func start(_ value: ValueID, in pass: inout ForwardPass) throws -> ValueID {
      try pass.builder.broadcast(value, to: shape, dimensions: [])
    }
    let initialTangent = try pass.tangent(initial).map { try start($0, in: &pass) }
    let extent = pass.type(operand).shape.selecting(dimensions).reduce(1, *)
    if extent == 0 { return initialTangent }
    let factors: Dual = (
      try rows(operand, extent, in: &pass),
      try pass.tangent(operand).map { try rows($0, extent, in: &pass) }
    )
    let elements = try product(ofRows: factors, in: &pass)
    let value = try pass.builder.reshape(elements.value, to: shape)
    let tangent = try elements.tangent.map { try pass.builder.reshape($0, to: shape) }
    return try pass.sum(
      pass.scaled(tangent, by: start(initial, in: &pass)),
      pass.scaled(initialTangent, by: value))
  }

  /// A value with its reduced axes merged into one, in front.
  private func rows(
    _ value: ValueID, _ extent: Int, in pass: inout ForwardPass
  ) throws -> ValueID {
    let shape = pass.builder[value].shape
    let kept = shape.indices.filter { !dimensions.contains($0) }
    let front = try pass.builder.transpose(value, permutation: dimensions + kept)
    return try pass.builder.reshape(front, to: [extent] + shape.selecting(kept))
  }

  /// The product of the rows along axis 0, as one row.
  private func product(ofRows rows: Dual, in pass: inout ForwardPass) throws -> Dual {
    var rows = rows
    var odd: [Dual] = []
    while true {
      let extent = pass.builder[rows.value].shape[0]
      if extent == 1 { break }
      let half = extent / 2
      if extent % 2 == 1 { odd.append(try slice(rows, extent - 1, extent, in: &pass)) }
      rows = try product(
        slice(rows, 0, half, in: &pass), slice(rows, half, 2 * half, in: &pass), in: &pass)
    }
    return try odd.reduce(rows) { try product($0, $1, in: &pass) }
  }

  /// The rows from `start` up to `limit`.
  private func slice(
    _ rows: Dual, _ start: Int, _ limit: Int, in pass: inout ForwardPass
  ) throws -> Dual {
    let shape = pass.builder[rows.value].shape
    var (starts, limits) = ([Int](repeating: 0, count: shape.count), shape)
    (starts[0], limits[0]) = (start, limit)
    let strides = [Int](repeating: 1, count: shape.count)
    let op = Op.shape(.slice(starts: starts, limits: limits, strides: strides))
    return (
      try pass.builder.emit(op, [rows.value]),
      try rows.tangent.map { try pass.builder.emit(op, [$0]) }
    )
  }

  /// The product of two values, by the product rule.
  private func product(
    _ left: Dual, _ right: Dual, in pass: inout ForwardPass
  ) throws -> Dual {
    let tangent = try pass.sum(
      pass.scaled(left.tangent, by: right.value), pass.scaled(right.tangent, by: left.value))
    return (try pass.builder.multiply(left.value, right.value), tangent)
  }
}
