/// Sorting by a network of comparisons of pairs (Batcher 1968): of n elements ½·log₂n·(log₂n + 1) rounds,
/// in each of which all elements meet a partner at the same time.
extension FunctionBuilder {
  /// The indices of all elements in the order of a comparator along an axis, equal ones in theirs.
  ///
  /// Elements go through the network with their indices, which decide where the comparator does not, so
  /// it gives what a stable sort would. The extent is filled up to a power of two with elements behind
  /// all others.
  mutating func networkOrder(
    of operands: [ValueID], along axis: Int, by isBefore: Region
  ) throws -> ValueID {
    let shape = self[operands[0]].shape
    let extent = shape[axis]
    let others = shape.indices.filter { $0 != axis }
    let rows = shape.selecting(others).reduce(1, *)
    var width = 1
    while width < extent { width *= 2 }
    let wide = [rows, width]
    let values = try operands.map { operand -> ValueID in
      let moved = try transpose(operand, permutation: others + [axis])
      let flat = try reshape(moved, to: [rows, extent])
      let zero = try constant(Literal(TensorType([], self[operand].element), filledWith: 0))
      return try emit(
        .shape(.pad(low: [0, 0], high: [0, width - extent], interior: [0, 0])), [flat, zero])
    }
    let places = try emit(.iota(TensorType(wide, .i32), dimension: 1), [])
    let rounds = Self.rounds(width)
    let count = TensorType([rounds.count], .i32)
    let stacks = try [rounds.map(\.distance), rounds.map(\.span)].map { numbers in
      try constant(Literal(count, integers: numbers.map(Int64.init)))
    }
    let body = try round(values.map { self[$0] }, extent: extent, by: isBefore)
    let scan = Scan(
      length: rounds.count, captureCount: 0, carryCount: 1 + values.count, body: body)
    let sorted = try emitAll(.scan(scan), [places] + values + stacks)[0]
    let kept = try emit(
      .shape(.slice(starts: [0, 0], limits: [rows, extent], strides: [1, 1])), [sorted])
    let unfolded = try reshape(kept, to: shape.selecting(others) + [extent])
    var permutation = Array(others.indices)
    permutation.insert(others.count, at: axis)
    return try transpose(unfolded, permutation: permutation)
  }

  /// The rounds of a network: how far partners are apart, and how long the runs are that come out sorted,
  /// every second one backwards.
  private static func rounds(_ width: Int) -> [(distance: Int, span: Int)] {
    var rounds: [(distance: Int, span: Int)] = []
    var span = 2
    while span <= width {
      var distance = span / 2
      while distance > 0 {
        rounds.append((distance, span))
        distance /= 2
      }
      span *= 2
    }
    return rounds
  }

  /// One round: (index, indices, values…, distance, span) → (indices, values…).
  private func round(
    _ types: [TensorType], extent: Int, by isBefore: Region
  ) throws -> Region {
    var builder = FunctionBuilder(name: "round", location: location)
    let places = TensorType(types[0].shape, .i32)
    let number = TensorType([], ElementType.i32)
    _ = builder.parameter(TensorType([], .i64))
    let own = ([places] + types).map { builder.parameter($0) }
    let (distance, span) = (builder.parameter(number), builder.parameter(number))
    let place = try builder.emit(.iota(TensorType([places.shape[1]], .i32), dimension: 0), [])
    func spread(_ value: ValueID) throws -> ValueID {
      try builder.broadcast(value, to: [places.shape[1]], dimensions: [])
    }
    let partner = try builder.binary(.xor, place, spread(distance))
    let column = try builder.reshape(partner, to: [places.shape[1], 1])
    let gather = GatherDimensions(
      offsetDims: [0], collapsedSliceDims: [1], startIndexMap: [1], indexVectorDim: 1,
      sliceSizes: [places.shape[0], 1])
    let other = try own.map { try builder.emit(.gather(gather), [$0, column]) }
    let zero = try builder.splat(0, TensorType([places.shape[1]], .i32))
    let isLower = try builder.compare(
      .equal, builder.binary(.and, place, spread(distance)), zero)
    let isRising = try builder.compare(.equal, builder.binary(.and, place, spread(span)), zero)
    let keepsLesser = try builder.unary(.not, builder.binary(.xor, isLower, isRising))
    let isFirst = try builder.comesFirst(other, own, extent: extent, by: isBefore)
    let wanted = try builder.broadcast(keepsLesser, to: places.shape, dimensions: [1])
    let isTaken = try builder.unary(.not, builder.binary(.xor, isFirst, wanted))
    let next = try zip(other, own).map { try builder.select(isTaken, $0, $1) }
    return builder.finish(returning: next)
  }

  /// Whether other elements come before own ones; both are indices, then values.
  private mutating func comesFirst(
    _ other: [ValueID], _ own: [ValueID], extent: Int, by isBefore: Region
  ) throws -> ValueID {
    let shape = self[own[0]].shape
    func sides(_ first: [ValueID], _ second: [ValueID]) -> [ValueID] {
      zip(first.dropFirst(), second.dropFirst()).flatMap { [$0, $1] }
    }
    let forward = try mapped(isBefore, sides(other, own), shape: shape)[0]
    let backward = try mapped(isBefore, sides(own, other), shape: shape)[0]
    let isEarlier = try compare(.less, other[0], own[0])
    let isTie = try unary(.not, binary(.or, forward, backward))
    let byValue = try binary(.or, forward, binary(.and, isTie, isEarlier))
    // What was filled in has greater indices than all elements.
    let limit = try splat(Double(extent), self[own[0]])
    let isFilling = try compare(
      .greaterOrEqual, binary(.maximum, other[0], own[0]), limit)
    return try select(isFilling, isEarlier, byValue)
  }
}
