// Operations that StableHLO has deprecated, read as those that took their place.

extension OperationDraft {
  /// Adds a product of vectors or matrices.
  ///
  /// - C1: operands have one or two axes.
  mutating func expandDot(in builder: inout FunctionBuilder) throws -> [ValueID] {
    try requireOperands(2)
    guard operandTypes.allSatisfy({ (1...2).contains($0.rank) }) else {
      throw AdjointError(
        .type,
        "\(mnemonic) (C1): operands have one or two axes, not \(operandTypes[0]) and "
          + "\(operandTypes[1])", at: attributes.location)
    }
    var dimensions = DotDimensions(
      leftContracting: [operandTypes[0].rank - 1], rightContracting: [0],
      precision: try precision())
    if let sum = results.types.first?.element, sum != operandTypes[0].element {
      dimensions.resultElement = sum
    }
    return [try product(dimensions, operands, in: &builder)]
  }

  /// Adds the operand repeated along new first axes.
  mutating func expandBroadcast(in builder: inout FunctionBuilder) throws -> [ValueID] {
    try requireOperands(1)
    let sizes = try attributes.integers("broadcast_sizes")
    guard sizes.allSatisfy({ $0 >= 0 }) else {
      throw AdjointError(
        .type, "\(mnemonic) (C1): sizes \(sizes) are negative", at: attributes.location)
    }
    let shape = sizes + operandTypes[0].shape
    let dimensions = operandTypes[0].shape.indices.map { $0 + sizes.count }
    try checkSize(TensorType(shape, operandTypes[0].element))
    return [
      try builder.emit(.shape(.broadcast(shape: shape, dimensions: dimensions)), operands)
    ]
  }

  /// Fails where a type's bytes cannot be counted.
  func checkSize(_ type: TensorType) throws {
    guard (type.shape.map { max($0, 1) } + [type.element.byteCount]).checkedCount != nil else {
      throw AdjointError(.type, "\(mnemonic): \(type) is too large", at: attributes.location)
    }
  }

  /// Adds slices of the operand along `dim`, at indices beyond `batch_dims` common first axes.
  ///
  /// - C1: 0 ≤ batch_dims ≤ dim, and dim is an axis of the operand.
  /// - C2: the first axes of both have equal extents.
  mutating func expandTorchIndexSelect(in builder: inout FunctionBuilder) throws -> [ValueID] {
    try requireOperands(2)
    let (axis, batch) = (try attributes.integer("dim"), try attributes.integer("batch_dims"))
    let (operand, index) = (operandTypes[0], operandTypes[1])
    guard operand.shape.indices.contains(axis), (0...axis).contains(batch), batch <= index.rank
    else {
      throw AdjointError(
        .type, "\(mnemonic) (C1): dim \(axis) and batch_dims \(batch) do not fit \(operand)",
        at: attributes.location)
    }
    guard operand.shape.prefix(batch) == index.shape.prefix(batch) else {
      throw AdjointError(
        .type, "\(mnemonic) (C2): \(operand) and \(index) differ in their first axes",
        at: attributes.location)
    }
    let common = Array(0..<batch)
    var sizes = operand.shape
    for axis in common + [axis] { sizes[axis] = min(sizes[axis], 1) }
    let gathered = index.rank - batch
    let offsets = Array(batch..<axis) + (axis + 1..<operand.rank).map { $0 + gathered - 1 }
    let dimensions = GatherDimensions(
      offsetDims: offsets, collapsedSliceDims: [axis], operandBatchingDims: common,
      startIndicesBatchingDims: common, startIndexMap: [axis], indexVectorDim: index.rank,
      sliceSizes: sizes)
    return [try builder.emit(.gather(dimensions), operands)]
  }
}

/// The letters of an `einsum`, as in `ab,bc->ac`.
private struct EinsumLetters {
  /// Those of each operand's axes.
  let operands: [[Character]]
  /// Those of the result's axes.
  let result: [Character]

  /// Reads them; nil of anything that is not letters, one comma for each further operand and an arrow.
  init?(_ text: String, operands count: Int) {
    let compact = text.filter { $0 != " " }
    guard let arrow = compact.firstRange(of: "->") else { return nil }
    operands = compact[..<arrow.lowerBound].split(
      separator: ",", omittingEmptySubsequences: false
    ).map { Array($0) }
    result = Array(compact[arrow.upperBound...])
    let all = operands.joined()
    guard operands.count == count, (Array(all) + result).allSatisfy({ $0.isLetter && $0.isASCII }),
      Set(result).count == result.count, Set(result).isSubset(of: all)
    else { return nil }
  }
}

extension OperationDraft {
  /// Adds a sum of products along axes that letters name: letters of both operands and of the result
  /// pair axes, those that the result lacks are summed.
  mutating func expandEinsum(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let count = mnemonic == Expansion.einsum.rawValue ? 2 : 1
    try requireOperands(count)
    let config = try attributes.string("einsum_config")
    guard let letters = EinsumLetters(config, operands: count) else {
      throw AdjointError(
        .unsupported, "\(mnemonic): \(config) is not a form such as ab,bc->ac",
        at: attributes.location)
    }
    for (axes, type) in zip(letters.operands, operandTypes) where axes.count != type.rank {
      throw AdjointError(
        .type, "\(mnemonic): \(String(axes)) does not name the axes of \(type)",
        at: attributes.location)
    }
    var sides = try zip(operands, letters.operands).map { value, axes in
      try builder.diagonals(of: value, axes)
    }
    for index in sides.indices {
      let others = Set(letters.result).union(
        sides.indices.filter { $0 != index }
          .flatMap { sides[$0].letters })
      sides[index] = try builder.summed(sides[index], keeping: others)
    }
    var product = sides[0]
    if count == 2 {
      let (left, right) = (sides[0].letters, sides[1].letters)
      let shared = left.filter { right.contains($0) }
      let batch = shared.filter { letters.result.contains($0) }
      let contracted = shared.filter { !letters.result.contains($0) }
      func axes(_ wanted: [Character], of side: [Character]) -> [Int] {
        wanted.compactMap { side.firstIndex(of: $0) }
      }
      var dimensions = DotDimensions(
        leftBatching: axes(batch, of: left), rightBatching: axes(batch, of: right),
        leftContracting: axes(contracted, of: left),
        rightContracting: axes(contracted, of: right), precision: try precision())
      if let sum = results.types.first?.element, sum != operandTypes[0].element {
        dimensions.resultElement = sum
      }
      let value = try self.product(dimensions, sides.map(\.value), in: &builder)
      let order =
        batch + left.filter { !shared.contains($0) } + right.filter { !shared.contains($0) }
      product = LetteredValue(value: value, letters: order)
    }
    let permutation = letters.result.compactMap { product.letters.firstIndex(of: $0) }
    return [try builder.transpose(product.value, permutation: permutation)]
  }
}

/// A value with a letter for each of its axes.
private struct LetteredValue {
  var value: ValueID
  var letters: [Character]
}

extension FunctionBuilder {
  /// The diagonals along axes of one letter, so that each letter names one axis.
  fileprivate mutating func diagonals(
    of value: ValueID, _ axes: [Character]
  ) throws -> LetteredValue {
    var (value, letters) = (value, axes)
    while let second = letters.indices.first(where: { letters[..<$0].contains(letters[$0]) }),
      let first = letters.firstIndex(of: letters[second])
    {
      let type = self[value]
      guard type.shape[first] == type.shape[second] else {
        throw AdjointError(
          .type, "axes \(first) and \(second) of \(type) differ, but have one letter",
          at: location)
      }
      let places = TensorType(type.shape, .i64)
      let isDiagonal = try compare(
        .equal, emit(.iota(places, dimension: first), []),
        emit(.iota(places, dimension: second), []))
      let kept = try select(isDiagonal, value, splat(0, type))
      value = try reduce(.add, kept, dimensions: [second])
      letters.remove(at: second)
    }
    return LetteredValue(value: value, letters: letters)
  }

  /// The sums along axes whose letters are not kept.
  fileprivate mutating func summed(
    _ side: LetteredValue, keeping kept: Set<Character>
  ) throws -> LetteredValue {
    let dropped = side.letters.indices.filter { !kept.contains(side.letters[$0]) }
    return LetteredValue(
      value: try reduce(.add, side.value, dimensions: dropped),
      letters: side.letters.filter { kept.contains($0) })
  }
}
