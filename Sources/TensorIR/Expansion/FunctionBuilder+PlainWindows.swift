extension FunctionBuilder {
  /// What an op over windows computes, made of operations that other tools know: for each place of a
  /// window a slice of the tensor with padding around.
  ///
  /// - Throws: `AdjointError` where windows have more than a thousand places.
  package mutating func plainWindow(_ op: WindowOp, _ operands: [ValueID]) throws -> ValueID {
    let windows = op.windows
    guard windows.count <= 1024 else {
      throw AdjointError(
        .unsupported, "\(op.mnemonic) of \(windows.count) places has no plain form", at: location)
    }
    switch op {
    case .reduce: return try emit(.window(op), operands)
    case .place(let isLast, _):
      return try plainPlaces(windows, operands[0], operands[1], isLast: isLast)
    case .collect:
      return try plainCollected(windows, operands[0], at: operands[1])
    case .scatter(_, let shape):
      return try plainScattered(windows, operands[0], at: operands[1], shape: shape)
    }
  }

  private mutating func plainPlaces(
    _ windows: Windows, _ operand: ValueID, _ extremes: ValueID, isLast: Bool
  ) throws -> ValueID {
    let type = self[operand]
    let places = TensorType(windows.counts(over: type.shape), .i32)
    let padded = try self.padded(operand, windows, with: 0)
    let ones = try splat(1, TensorType(type.shape, .i1))
    let inside = try self.padded(ones, windows, with: 0)
    var result = try splat(Double(WindowOp.noPlace(isLast: isLast)), places)
    guard places.count > 0 else { return result }
    for place in isLast ? Array(0..<windows.count) : (0..<windows.count).reversed() {
      let element = try slice(padded, windows, place, counts: places.shape)
      var isBest = try compare(.equal, element, extremes)
      if type.element.isFloat {
        isBest = try binary(.or, isBest, compare(.notEqual, element, element))
      }
      isBest = try binary(
        .and, isBest, slice(inside, windows, place, counts: places.shape))
      result = try select(isBest, splat(Double(place), places), result)
    }
    return result
  }

  private mutating func plainCollected(
    _ windows: Windows, _ operand: ValueID, at places: ValueID
  ) throws -> ValueID {
    let type = self[places]
    var result = try splat(0, TensorType(type.shape, self[operand].element))
    guard type.count > 0 else { return result }
    let padded = try self.padded(operand, windows, with: 0)
    for place in 0..<windows.count {
      let isHere = try compare(.equal, places, splat(Double(place), type))
      let element = try slice(padded, windows, place, counts: type.shape)
      result = try select(isHere, element, result)
    }
    return result
  }

  private mutating func plainScattered(
    _ windows: Windows, _ updates: ValueID, at places: ValueID, shape: [Int]
  ) throws -> ValueID {
    let (type, element) = (self[places], self[updates].element)
    let zeros = try splat(0, TensorType(shape, element))
    guard type.count > 0, !shape.contains(0) else { return zeros }
    let none = try splat(0, TensorType(type.shape, element))
    let zero = try splat(0, TensorType([], element))
    let whole = shape.indices.map {
      Convolution.dilated(shape[$0], windows.baseDilations[$0]) + windows.low[$0] + windows.high[$0]
    }
    var sum = try splat(0, TensorType(whole, element))
    for place in 0..<windows.count {
      let isHere = try compare(.equal, places, splat(Double(place), type))
      let low = offsets(of: place, windows)
      let high = shape.indices.map {
        whole[$0] - low[$0] - Convolution.dilated(type.shape[$0], windows.strides[$0])
      }
      let spread = try emit(
        .shape(.pad(low: low, high: high, interior: windows.strides.map { $0 - 1 })),
        [select(isHere, updates, none), zero])
      sum = try add(sum, spread)
    }
    let inner = try emit(
      .shape(
        .pad(
          low: windows.low.map { -$0 }, high: windows.high.map { -$0 },
          interior: shape.map { _ in 0 })), [sum, zero])
    return try strided(
      inner, starts: shape.map { _ in 0 }, limits: self[inner].shape,
      strides: windows.baseDilations)
  }

  /// A tensor with a number where windows find no element.
  private mutating func padded(
    _ operand: ValueID, _ windows: Windows, with value: Double
  ) throws -> ValueID {
    try padded(operand, windows, splat(value, TensorType([], self[operand].element)))
  }

  /// A tensor with a scalar beyond its ends and between its elements, as far as windows reach.
  private mutating func padded(
    _ operand: ValueID, _ windows: Windows, _ filler: ValueID
  ) throws -> ValueID {
    try emit(
      .shape(
        .pad(
          low: windows.low, high: windows.high, interior: windows.baseDilations.map { $0 - 1 })),
      [operand, filler])
  }

  /// The elements at one place of all windows.
  private mutating func slice(
    _ padded: ValueID, _ windows: Windows, _ place: Int, counts: [Int]
  ) throws -> ValueID {
    let starts = offsets(of: place, windows)
    let limits = starts.indices.map { starts[$0] + (counts[$0] - 1) * windows.strides[$0] + 1 }
    return try strided(padded, starts: starts, limits: limits, strides: windows.strides)
  }

  /// How far a place is from its window's first along each axis.
  private func offsets(of place: Int, _ windows: Windows) -> [Int] {
    zip(windows.extents.rowMajorStrides, windows.extents.indices).map { stride, axis in
      place / stride % windows.extents[axis] * windows.dilations[axis]
    }
  }

  /// The tangent of the product of each window: for each place the product of all others times the
  /// tangent there.
  ///
  /// - Throws: `AdjointError` where windows have more than a thousand places.
  package mutating func windowProductTangent(
    _ windows: Windows, _ operand: ValueID, _ initial: ValueID, tangent: ValueID
  ) throws -> ValueID {
    guard windows.count <= 1024 else {
      throw AdjointError(
        .notDifferentiable, "products of windows of \(windows.count) places have no derivative",
        at: location)
    }
    let counts = windows.counts(over: self[operand].shape)
    let type = TensorType(counts, self[operand].element)
    guard type.count > 0 else { return try splat(0, type) }
    let values = try padded(operand, windows, initial)
    let tangents = try padded(tangent, windows, with: 0)
    var before = [try broadcast(initial, to: counts, dimensions: [])]
    let factors = try (0..<windows.count).map { try slice(values, windows, $0, counts: counts) }
    for factor in factors.dropLast() {
      before.append(try multiply(before[before.count - 1], factor))
    }
    var (sum, after): (ValueID?, ValueID?)
    for place in (0..<windows.count).reversed() {
      let others = try after.map { try multiply(before[place], $0) } ?? before[place]
      let part = try multiply(others, slice(tangents, windows, place, counts: counts))
      sum = try sum.map { try add($0, part) } ?? part
      after = try after.map { try multiply(factors[place], $0) } ?? factors[place]
    }
    return try sum ?? splat(0, type)
  }
}
