extension FunctionBuilder {
  /// The operands in the order of a comparator along an axis; equal elements stay in theirs.
  ///
  /// - Parameter isBefore: of two elements of each operand, whether the first of them comes first.
  mutating func sorted(
    _ operands: [ValueID], along axis: Int, by isBefore: Region
  ) throws -> [ValueID] {
    let type = self[operands[0]]
    let order = try order(of: operands, along: axis, by: isBefore, count: type.shape[axis])
    return try operands.map { try taken($0, at: order, along: axis) }
  }

  /// The greatest elements along the last axis in falling order, and their indices.
  mutating func greatest(_ count: Int, of operand: ValueID) throws -> [ValueID] {
    let type = self[operand]
    guard let extent = type.shape.last, (0...extent).contains(count) else {
      throw AdjointError(.type, "there are no \(count) elements along the last axis of \(type)")
    }
    var comparator = FunctionBuilder(name: "greater", location: location)
    let sides = (0..<2).map { _ in comparator.parameter(TensorType([], type.element)) }
    let total = type.element.isFloat ? Comparison.totalOrder : nil
    let isGreater = try comparator.emit(
      .compare(Comparison(.greater, writtenType: total)), sides)
    let order = try order(
      of: [operand], along: type.rank - 1, by: comparator.finish(returning: [isGreater]),
      count: count)
    return [try taken(operand, at: order, along: type.rank - 1), order]
  }

  /// Up to this extent every element is compared with every other one, which is one pass over registers;
  /// longer rows go through a network.
  private static let longestCount = 1024

  /// The indices of the first elements in the order of a comparator: an element's place is the number of
  /// those that come before it, and the element of a place the only one that has it.
  private mutating func order(
    of operands: [ValueID], along axis: Int, by isBefore: Region, count: Int
  ) throws -> ValueID {
    let shape = self[operands[0]].shape
    let extent = shape[axis]
    if extent > Self.longestCount {
      let order = try networkOrder(of: operands, along: axis, by: isBefore)
      if count == extent { return order }
      return try emit(
        .shape(
          .slice(
            starts: shape.map { _ in 0 },
            limits: shape.indices.map { $0 == axis ? count : shape[$0] },
            strides: shape.map { _ in 1 })), [order])
    }
    var pairs = shape
    pairs.insert(extent, at: axis + 1)
    let (own, other) = try sides(of: operands, along: axis, pairs)
    let forward = try mapped(isBefore, interleaved(other, own), shape: pairs)[0]
    let backward = try mapped(isBefore, interleaved(own, other), shape: pairs)[0]
    let indices = TensorType(pairs, .i32)
    let isEarlier = try compare(
      .less, emit(.iota(indices, dimension: axis + 1), []),
      emit(.iota(indices, dimension: axis), []))
    let isTie = try binary(
      .and, binary(.and, unary(.not, forward), unary(.not, backward)), isEarlier)
    let isFirst = try convert(binary(.or, forward, isTie), to: .i32)
    let place = try reduce(.add, isFirst, dimensions: [axis + 1])
    var places = shape
    places.insert(count, at: axis)
    let type = TensorType(places, .i32)
    let axes = shape.indices.map { $0 < axis ? $0 : $0 + 1 }
    let isPlace = try compare(
      .equal, broadcast(place, to: places, dimensions: axes), emit(.iota(type, dimension: axis), [])
    )
    let zero = try splat(0, type)
    let chosen = try select(isPlace, emit(.iota(type, dimension: axis + 1), []), zero)
    return try reduce(.add, chosen, dimensions: [axis + 1])
  }

  /// Each operand repeated along one of two axes in place of the sorted one: own elements along the
  /// second, others along the first.
  private mutating func sides(
    of operands: [ValueID], along axis: Int, _ pairs: [Int]
  ) throws -> (own: [ValueID], other: [ValueID]) {
    let rank = pairs.count - 1
    let ownAxes = (0..<rank).map { $0 <= axis ? $0 : $0 + 1 }
    let otherAxes = (0..<rank).map { $0 < axis ? $0 : $0 + 1 }
    return (
      try operands.map { try broadcast($0, to: pairs, dimensions: ownAxes) },
      try operands.map { try broadcast($0, to: pairs, dimensions: otherAxes) }
    )
  }

  private func interleaved(_ first: [ValueID], _ second: [ValueID]) -> [ValueID] {
    zip(first, second).flatMap { [$0, $1] }
  }

  /// The operand's elements at the indices along an axis, for all other axes alike.
  private mutating func taken(
    _ operand: ValueID, at indices: ValueID, along axis: Int
  ) throws -> ValueID {
    let rank = self[operand].rank
    let others = (0..<rank).filter { $0 != axis }
    let dimensions = GatherDimensions(
      offsetDims: [], collapsedSliceDims: [axis], operandBatchingDims: others,
      startIndicesBatchingDims: others, startIndexMap: [axis], indexVectorDim: rank,
      sliceSizes: Array(repeating: 1, count: rank), indicesAreSorted: false)
    return try emit(.gather(dimensions), [operand, indices])
  }
}
