extension Windows {
  /// The most elements of a window that is written out.
  static let limit = 128

  /// The axis along which each window reaches from one end of the operand to the place of its result,
  /// and whether from the last element; nil where windows are others.
  func cumulativeAxis(of shape: [Int]) -> (axis: Int, isReverse: Bool)? {
    let wide = shape.indices.filter { extents[$0] != 1 || low[$0] != 0 || high[$0] != 0 }
    let isPlain = (strides + baseDilations + dilations).allSatisfy { $0 == 1 }
    guard isPlain, wide.count == 1, extents[wide[0]] == shape[wide[0]] else { return nil }
    let (axis, reach) = (wide[0], shape[wide[0]] - 1)
    if low[axis] == reach, high[axis] == 0 { return (axis, false) }
    return low[axis] == 0 && high[axis] == reach ? (axis, true) : nil
  }
}

extension FunctionBuilder {
  /// The elements of each window combined by a region.
  ///
  /// Windows that grow along an axis, as of cumulative sums, are scans; small ones combined by other
  /// functions than a reduction's are written out as a combination of slices.
  mutating func windowed(
    _ operands: [ValueID], _ initial: [ValueID], _ windows: Windows, by region: Region
  ) throws -> [ValueID] {
    let shape = self[operands[0]].shape
    let count = windows.count
    if let kind = region.combinedKind, operands.count == 1 {
      guard self[operands[0]].element.isComplex else {
        return [try windowed(operands[0], initial[0], windows, by: kind)]
      }
      if kind == .add {
        // Sums of complex numbers are those of their parts.
        let sums = try [ComplexOp.real, .imaginary].map { part in
          try windowed(
            emit(.complex(part), operands), emit(.complex(part), initial), windows, by: .add)
        }
        return [try emit(.complex(.make), sums)]
      }
    }
    if let (axis, isReverse) = windows.cumulativeAxis(of: shape), count > 8 {
      return try prefixes(operands, from: initial, along: axis, isReversed: isReverse, by: region)
    }
    guard count <= Windows.limit else {
      throw AdjointError(.unsupported, "windows of \(count) elements are not supported")
    }
    return try writtenOut(operands, initial, windows, by: region)
  }

  /// The elements of each window combined by a function with a name.
  private mutating func windowed(
    _ operand: ValueID, _ initial: ValueID, _ windows: Windows, by kind: Reduction.Kind
  ) throws -> ValueID {
    guard let (axis, isReverse) = windows.cumulativeAxis(of: self[operand].shape),
      windows.count > 8, isIdentity(initial, of: kind)
    else { return try emit(.window(.reduce(kind, windows)), [operand, initial]) }
    return try cumulative(operand, kind, along: axis, isReversed: isReverse)
  }

  /// Each element combined with all before it along an axis, or with all behind it, in the form that is
  /// best for the axis' extent; products are always scans, since the slopes of each row's products take work
  /// in proportion to its square.
  package mutating func cumulative(
    _ operand: ValueID, _ kind: Reduction.Kind, along axis: Int, isReversed: Bool = false
  ) throws -> ValueID {
    guard kind != .multiply, self[operand].shape[axis] <= Self.prefixBlock else {
      return try prefixes(operand, kind, along: axis, isReversed: isReversed)
    }
    if !isReversed { return try maskedPrefixes(operand, kind, along: axis) }
    return try reversed(
      maskedPrefixes(reversed(operand, along: axis), kind, along: axis), along: axis)
  }

  /// A value with the order of elements along an axis reversed.
  private mutating func reversed(_ operand: ValueID, along axis: Int) throws -> ValueID {
    try emit(.shape(.reverse(dimensions: [axis])), [operand])
  }

  /// Small windows as a combination of strided slices of the padded operands.
  private mutating func writtenOut(
    _ operands: [ValueID], _ initial: [ValueID], _ windows: Windows, by region: Region
  ) throws -> [ValueID] {
    let padded = try zip(operands, initial).map { operand, value in
      try emit(
        .shape(
          .pad(
            low: windows.low, high: windows.high, interior: windows.baseDilations.map { $0 - 1 })),
        [operand, value])
    }
    let base = self[padded[0]].shape
    let spans = zip(windows.extents, windows.dilations).map { ($0 - 1) * $1 + 1 }
    let counts = base.indices.map { axis in
      base[axis] < spans[axis] ? 0 : (base[axis] - spans[axis]) / windows.strides[axis] + 1
    }
    guard counts.allSatisfy({ $0 > 0 }), windows.extents.allSatisfy({ $0 > 0 }) else {
      return try initial.map { try broadcast($0, to: counts, dimensions: []) }
    }
    var results: [ValueID]?
    var offset = [Int](repeating: 0, count: base.count)
    repeat {
      let starts = base.indices.map { offset[$0] * windows.dilations[$0] }
      let limits = base.indices.map { starts[$0] + (counts[$0] - 1) * windows.strides[$0] + 1 }
      let part = try padded.map {
        try strided($0, starts: starts, limits: limits, strides: windows.strides)
      }
      results = try results.map { try mapped(region, $0 + part, shape: counts) } ?? part
    } while advance(&offset, windows.extents)
    return results ?? []
  }

  /// The next index in row-major order; false after the last.
  private func advance(_ index: inout [Int], _ extents: [Int]) -> Bool {
    for axis in extents.indices.reversed() {
      index[axis] += 1
      if index[axis] < extents[axis] { return true }
      index[axis] = 0
    }
    return false
  }

  /// The longest row that is reduced anew for each of its elements.
  private static let prefixBlock = 32

  /// The reduction over all elements up to each place, the others replaced by the identity.
  private mutating func maskedPrefixes(
    _ operand: ValueID, _ kind: Reduction.Kind, along axis: Int
  ) throws -> ValueID {
    let type = self[operand]
    var pairs = type.shape
    pairs.insert(type.shape[axis], at: axis)
    let axes = type.shape.indices.map { $0 < axis ? $0 : $0 + 1 }
    let indices = TensorType(pairs, .i32)
    let isInside = try compare(
      .lessOrEqual, emit(.iota(indices, dimension: axis + 1), []),
      emit(.iota(indices, dimension: axis), []))
    let identity = Literal(
      TensorType(pairs, type.element), splat: kind.identity(of: type.element).bytes)
    let masked = try select(
      isInside, broadcast(operand, to: pairs, dimensions: axes), constant(identity))
    return try reduce(kind, masked, dimensions: [axis + 1])
  }
}
