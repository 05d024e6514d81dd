/// Cumulative reductions as scans, whose work is in proportion to the elements.
extension FunctionBuilder {
  /// Each element combined with all before it along an axis, or with all behind it.
  ///
  /// Sums of floats are added up in f64 and rounded once for each element.
  package mutating func prefixes(
    _ operand: ValueID, _ kind: Reduction.Kind, along axis: Int, isReversed: Bool
  ) throws -> ValueID {
    let element = self[operand].element
    let isWidened = kind == .add && element.isFloat && element != .f64
    let wide: ElementType = isWidened ? .f64 : element
    let start = try constant(kind.identity(of: wide))
    return try scanned([operand], from: [start], along: axis, isReversed: isReversed) {
      builder, sums, elements in
      let next = try builder.binary(
        kind.binary, sums[0], builder.convert(elements[0], to: wide))
      return ([next], [try builder.convert(next, to: element)])
    }[0]
  }

  /// Each element combined by a region with all before it along an axis, or with all behind it.
  ///
  /// The order of combination is the implementation's, and the initial scalars change no element: long rows
  /// are combined in blocks side by side.
  mutating func prefixes(
    _ operands: [ValueID], from initial: [ValueID], along axis: Int, isReversed: Bool,
    by region: Region
  ) throws -> [ValueID] {
    var shape = self[operands[0]].shape
    let length = shape.remove(at: axis)
    if length >= region.leastBlockedPrefix, shape.reduce(1, *) <= Self.mostPrefixLanes {
      return try blockedPrefixes(
        operands, from: initial, along: axis, isReversed: isReversed, by: region)
    }
    return try scanned(operands, from: initial, along: axis, isReversed: isReversed) {
      builder, states, elements in
      let next = try builder.mapped(region, states + elements, shape: shape)
      return (next, next)
    }
  }

  /// Rows side by side that keep a scan's vectors busy without blocks.
  private static let mostPrefixLanes = 8
  /// Blocks are as many as vectors of any kind have lanes, or more.
  private static let prefixBlockMultiple = 16

  /// The same in about as many blocks as each has elements: blocks by themselves, then what stands before
  /// each, then both combined; the last elements, less than a block, are one more.
  ///
  /// No element is added and none is dropped, so nothing but what is combined has a value or a slope.
  private mutating func blockedPrefixes(
    _ operands: [ValueID], from initial: [ValueID], along axis: Int, isReversed: Bool,
    by region: Region
  ) throws -> [ValueID] {
    let shape = self[operands[0]].shape
    let extent = shape[axis]
    let root = Int(Double(extent).squareRoot())
    let blocks = (root / Self.prefixBlockMultiple + 1) * Self.prefixBlockMultiple
    let length = extent / blocks
    let rest = extent - blocks * length
    let (main, tail) =
      isReversed ? (rest..<extent, 0..<rest) : (0..<extent - rest, extent - rest..<extent)
    var split = shape
    split[axis] = length
    split.insert(blocks, at: axis)
    let inside = try prefixes(
      operands.map { try reshape(part(of: $0, main, along: axis), to: split) }, from: initial,
      along: axis + 1, isReversed: isReversed, by: region)
    let ends = try inside.map { block in
      let last = isReversed ? 0 : length - 1
      let end = try part(of: block, last..<last + 1, along: axis + 1)
      return try reshape(end, to: shape.replacing(axis, with: blocks))
    }
    // What stands before all blocks but the first one, in the order of the combination.
    let earlier = isReversed ? 1..<blocks : 0..<blocks - 1
    let combined = rest > 0 ? 0..<blocks : earlier
    let sums = try prefixes(
      ends.map { try part(of: $0, combined, along: axis) }, from: initial, along: axis,
      isReversed: isReversed, by: region)
    let before = try zip(sums, initial).map { sum, scalar in
      let kept = rest > 0 ? try part(of: sum, earlier, along: axis) : sum
      let moved = try extended(kept, along: axis, with: scalar, atEnd: isReversed)
      return try broadcast(
        moved, to: split, dimensions: shape.indices.map { $0 <= axis ? $0 : $0 + 1 })
    }
    let results = try mapped(region, before + inside, shape: split).map {
      try reshape($0, to: shape.replacing(axis, with: main.count))
    }
    guard rest > 0 else { return results }
    let own = try prefixes(
      operands.map { try part(of: $0, tail, along: axis) }, from: initial, along: axis,
      isReversed: isReversed, by: region)
    let all = try sums.map { sum in
      let end = isReversed ? 0 : blocks - 1
      let whole = try part(of: sum, end..<end + 1, along: axis)
      return try broadcast(
        reshape(whole, to: shape.removing(axis)), to: shape.replacing(axis, with: rest),
        dimensions: shape.indices.filter { $0 != axis })
    }
    let last = try mapped(region, all + own, shape: shape.replacing(axis, with: rest))
    return try zip(results, last).map { first, second in
      try emit(
        .shape(.concatenate(dimension: axis)), isReversed ? [second, first] : [first, second])
    }
  }

  /// The operand with a scalar before it or behind it along an axis.
  private mutating func extended(
    _ operand: ValueID, along axis: Int, with scalar: ValueID, atEnd: Bool
  ) throws -> ValueID {
    let none = self[operand].shape.map { _ in 0 }
    let one = none.replacing(axis, with: 1)
    let padding = ShapeOp.pad(low: atEnd ? none : one, high: atEnd ? one : none, interior: none)
    return try emit(.shape(padding), [operand, scalar])
  }

  /// Neighbouring elements along an axis.
  private mutating func part(
    of operand: ValueID, _ range: Range<Int>, along axis: Int
  ) throws -> ValueID {
    let shape = self[operand].shape
    if range == 0..<shape[axis] { return operand }
    var (starts, limits) = (shape.map { _ in 0 }, shape)
    (starts[axis], limits[axis]) = (range.lowerBound, range.upperBound)
    let slice = ShapeOp.slice(starts: starts, limits: limits, strides: shape.map { _ in 1 })
    return try emit(.shape(slice), [operand])
  }

  /// Whether a scalar is known to leave any element unchanged when combined with it.
  package func isIdentity(_ initial: ValueID, of kind: Reduction.Kind) -> Bool {
    var value = initial
    while let operation = definition(of: value) {
      if case .constant(let literal) = operation.op {
        let identity = kind.identity(of: self[initial].element)
        return literal.splatValue != nil && literal.splatValue == identity.splatValue
      }
      guard case .shape(.broadcast) = operation.op else { return false }
      value = operation.operands[0]
    }
    return false
  }

  /// A scan along an axis, from scalars on.
  ///
  /// - Parameter step: of states and elements the next states and what is stacked.
  private mutating func scanned(
    _ operands: [ValueID], from initial: [ValueID], along axis: Int, isReversed: Bool,
    _ step: (
      _ builder: inout FunctionBuilder, _ states: [ValueID], _ elements: [ValueID]
    ) throws -> (states: [ValueID], stacked: [ValueID])
  ) throws -> [ValueID] {
    let rank = self[operands[0]].rank
    let length = self[operands[0]].shape[axis]
    let front = [axis] + (0..<rank).filter { $0 != axis }
    var others = self[operands[0]].shape
    others.remove(at: axis)
    let stacks = try operands.map { try transpose($0, permutation: front) }
    let starts = try initial.map { try broadcast($0, to: others, dimensions: []) }
    var body = FunctionBuilder(name: "region", location: location)
    _ = body.parameter(TensorType([], .i64))
    let states = starts.map { body.parameter(self[$0]) }
    let elements = operands.map { body.parameter(TensorType(others, self[$0].element)) }
    let next = try step(&body, states, elements)
    let scan = Scan(
      length: length, isReversed: isReversed, captureCount: 0, carryCount: states.count,
      body: body.finish(returning: next.states + next.stacked))
    let results = try emitAll(.scan(scan), starts + stacks).dropFirst(states.count)
    let back = (0..<rank).map { axis in front.firstIndex(of: axis) ?? axis }
    return try results.map { try transpose($0, permutation: back) }
  }
}

extension Function {
  /// The least number of elements that a region combines in blocks rather than one after the other.
  fileprivate var leastBlockedPrefix: Int {
    let isCostly = operations.contains { operation in
      if case .unary(let op) = operation.op { return op.isTranscendental }
      return operation.op == .binary(.power)
    }
    return isCostly ? 512 : 4096
  }
}

extension [Int] {
  /// The extents with another one at an axis.
  fileprivate func replacing(_ axis: Int, with extent: Int) -> [Int] {
    var extents = self
    extents[axis] = extent
    return extents
  }

  /// The extents without an axis.
  fileprivate func removing(_ axis: Int) -> [Int] {
    var extents = self
    extents.remove(at: axis)
    return extents
  }
}
