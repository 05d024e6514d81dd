extension FunctionBuilder {
  /// The operands in the order of a comparator along an axis; equal elements stay in theirs.
  ///
  /// - Parameter isBefore: of two elements of each operand, whether the first of them comes first.
  mutating func sorted(
    _ operands: [ValueID], along axis: Int, by isBefore: Region
  ) throws -> [ValueID] {
    if self[operands[0]].count == 0 { return operands }
    let order = try order(of: operands, along: axis, by: isBefore)
    return try operands.map { operand in
      // Indices in the order are the order.
      if let iota = definition(of: operand)?.op, case .iota(let type, axis) = iota {
        return try convert(order, to: type.element)
      }
      return try taken(operand, at: order, along: axis)
    }
  }

  /// The greatest elements along the last axis in falling order, and their indices.
  mutating func greatest(_ count: Int, of operand: ValueID) throws -> [ValueID] {
    let type = self[operand]
    guard let extent = type.shape.last, (0...extent).contains(count), !type.element.isComplex else {
      throw AdjointError(.type, "there are no \(count) elements along the last axis of \(type)")
    }
    let order = try emit(.order(Ordering(isDescending: [true], count: count)), [operand])
    return [try taken(operand, at: order, along: type.rank - 1), order]
  }

  /// Up to this extent every element is compared with every other one where there are no keys; longer
  /// rows go through a network.
  private static let longestCount = 64

  /// The indices of all elements in the order of a comparator.
  private mutating func order(
    of operands: [ValueID], along axis: Int, by isBefore: Region
  ) throws -> ValueID {
    let shape = self[operands[0]].shape
    if let keys = isBefore.sortKeys {
      return try order(of: operands, along: axis, by: keys, in: isBefore)
    }
    return shape[axis] > Self.longestCount
      ? try networkOrder(of: operands, along: axis, by: isBefore)
      : try countedOrder(of: operands, along: axis, by: isBefore)
  }

  /// The indices of all elements in the order of a comparator's keys.
  private mutating func order(
    of operands: [ValueID], along axis: Int, by keys: [SortKey], in comparator: Region
  ) throws -> ValueID {
    let shape = self[operands[0]].shape
    if keys.isEmpty { return try emit(.iota(TensorType(shape, .i32), dimension: axis), []) }
    var region = comparator
    region.results = keys.map(\.value)
    let values = try mapped(region, interleaved(operands, operands), shape: shape)
    let last = shape.indices.filter { $0 != axis } + [axis]
    let moved = try zip(values, keys).map { value, key in
      let ordered = key.isTotal ? value : try canonical(value)
      return try transpose(ordered, permutation: last)
    }
    let ordering = Ordering(isDescending: keys.map(\.isDescending), count: shape[axis])
    let order = try emit(.order(ordering), moved)
    return try transpose(order, permutation: shape.indices.map { last.firstIndex(of: $0) ?? $0 })
  }

  /// Floats whose order by bits is that by values, with one zero and one NaN, which is the greatest;
  /// other elements as they are.
  package mutating func canonical(_ value: ValueID) throws -> ValueID {
    let type = self[value]
    guard type.element.isFloat else { return value }
    let zero = try splat(0, type)
    let number = try select(compare(.equal, value, zero), zero, value)
    return try select(compare(.notEqual, value, value), splat(.nan, type), number)
  }

  /// The indices of all elements in the order of a comparator: an element's place is the number of those
  /// that come before it, and the element of a place the only one that has it.
  private mutating func countedOrder(
    of operands: [ValueID], along axis: Int, by isBefore: Region
  ) throws -> ValueID {
    let shape = self[operands[0]].shape
    let extent = shape[axis]
    var pairs = shape
    pairs.insert(extent, at: axis + 1)
    let (own, other) = try sides(of: operands, along: axis, pairs)
    let forward = try mapped(isBefore, interleaved(other, own), shape: pairs)[0]
    let backward = try mapped(isBefore, interleaved(own, other), shape: pairs)[0]
    return try places(forward, backward, shape: shape, along: axis, count: extent)
  }

  /// The indices in the order of keys along the last axis, counted likewise.
  package mutating func countedOrder(
    _ ordering: Ordering, of keys: [ValueID]
  ) throws -> ValueID {
    let shape = self[keys[0]].shape
    let axis = shape.count - 1
    var pairs = shape
    pairs.insert(shape[axis], at: axis + 1)
    let (own, other) = try sides(of: keys, along: axis, pairs)
    var (forward, backward): (ValueID?, ValueID?)
    for (index, isFalling) in ordering.isDescending.enumerated().reversed() {
      let (before, after) = try orders(other[index], own[index], isFalling)
      // What decides later counts where this key does not.
      forward =
        try forward.map { try binary(.or, before, binary(.and, $0, unary(.not, after))) }
        ?? before
      backward =
        try backward.map { try binary(.or, after, binary(.and, $0, unary(.not, before))) }
        ?? after
    }
    guard let forward, let backward else {
      throw AdjointError(.type, "an order needs keys", at: location)
    }
    return try places(forward, backward, shape: shape, along: axis, count: ordering.count)
  }

  /// The indices in the order of keys along the last axis, without the op of orders.
  package mutating func plainOrder(_ ordering: Ordering, of keys: [ValueID]) throws -> ValueID {
    let shape = self[keys[0]].shape
    if shape[shape.count - 1] <= Self.longestCount { return try countedOrder(ordering, of: keys) }
    var comparator = FunctionBuilder(name: "before", location: location)
    var isBefore: ValueID?
    let sides = keys.map { key in
      (0..<2).map { _ in comparator.parameter(TensorType([], self[key].element)) }
    }
    for (pair, isFalling) in zip(sides, ordering.isDescending).reversed() {
      let (before, after) = try comparator.orders(pair[0], pair[1], isFalling)
      isBefore =
        try isBefore.map {
          try comparator.binary(
            .or, before, comparator.binary(.and, $0, comparator.unary(.not, after)))
        } ?? before
    }
    let region = comparator.finish(returning: [isBefore].compactMap { $0 })
    let order = try networkOrder(of: keys, along: shape.count - 1, by: region)
    return try strided(
      order, starts: shape.map { _ in 0 }, limits: shape.dropLast() + [ordering.count],
      strides: shape.map { _ in 1 })
  }

  /// Whether the first of two keys comes before the second, and whether behind it.
  private mutating func orders(
    _ first: ValueID, _ second: ValueID, _ isDescending: Bool
  ) throws -> (before: ValueID, after: ValueID) {
    let isTotal = self[first].element.isFloat
    let op = Op.compare(Comparison(isDescending ? .greater : .less, isTotal: isTotal))
    return (try emit(op, [first, second]), try emit(op, [second, first]))
  }

  /// The indices of the first elements of an order, of which other elements come before own ones where
  /// `forward` says so, and behind them where `backward` does.
  private mutating func places(
    _ forward: ValueID, _ backward: ValueID, shape: [Int], along axis: Int, count: Int
  ) throws -> ValueID {
    let indices = TensorType(self[forward].shape, .i32)
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
  package mutating func taken(
    _ operand: ValueID, at indices: ValueID, along axis: Int
  ) throws -> ValueID {
    if self[indices].count == 0 {
      return try splat(0, TensorType(self[indices].shape, self[operand].element))
    }
    let rank = self[operand].rank
    let others = (0..<rank).filter { $0 != axis }
    let dimensions = GatherDimensions(
      offsetDims: [], collapsedSliceDims: [axis], operandBatchingDims: others,
      startIndicesBatchingDims: others, startIndexMap: [axis], indexVectorDim: rank,
      sliceSizes: Array(repeating: 1, count: rank), indicesAreSorted: false)
    return try emit(.gather(dimensions), [operand, indices])
  }
}
