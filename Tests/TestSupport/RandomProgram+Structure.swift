import TensorIR

extension RandomProgram {
  /// A value repeated along a new axis.
  mutating func addBroadcast() throws {
    let operand = pickValue()
    var shape = type(of: operand).shape
    let place = random.int(in: 0...shape.count)
    shape.insert(random.int(in: 1...7), at: place)
    guard shape.count <= 3, shape.reduce(1, *) <= Self.largestCount else { return }
    let dimensions = shape.indices.filter { $0 != place }
    try push(
      try builder.broadcast(operand.id, to: shape, dimensions: dimensions), bound: operand.bound)
  }

  /// A value with an axis split off, dropped, or all axes joined.
  mutating func addReshape() throws {
    let operand = pickValue()
    let count = type(of: operand).count
    let first = random.pick((1...count).filter { count % $0 == 0 })
    let rest = count / first
    let shapes =
      [[count], [first, rest], [first, 1, rest]] + (count == 1 ? [[]] : [])
    try push(try builder.reshape(operand.id, to: random.pick(shapes)), bound: operand.bound)
  }

  /// A value with its axes in another order.
  mutating func addTranspose() throws {
    let operand = pickValue()
    let permutation = Array(0..<type(of: operand).rank).shuffled(using: &random)
    try push(try builder.transpose(operand.id, permutation: permutation), bound: operand.bound)
  }

  /// A part of a value, with steps now and then.
  mutating func addSlice() throws {
    let operand = pickValue()
    let shape = type(of: operand).shape
    let starts = shape.map { random.int(in: 0...($0 - 1)) }
    let limits = zip(starts, shape).map { random.int(in: ($0 + 1)...$1) }
    let strides = shape.map { _ in random.oneIn(3) ? random.int(in: 2...3) : 1 }
    let op = ShapeOp.slice(starts: starts, limits: limits, strides: strides)
    try push(try builder.emit(.shape(op), [operand.id]), bound: operand.bound)
  }

  /// A value with elements added outside, between, or cut off; every axis keeps an element.
  mutating func addPad() throws {
    let operand = pickValue()
    let shape = type(of: operand).shape
    var (low, high, interior, count) = ([Int](), [Int](), [Int](), 1)
    for extent in shape {
      let gap = random.oneIn(3) ? random.int(in: 1...2) : 0
      let spread = extent + (extent - 1) * gap
      let before = random.int(in: -1...2)
      let after = max(random.int(in: -1...2), 1 - spread - before)
      low.append(before)
      high.append(after)
      interior.append(gap)
      count *= spread + before + after
    }
    guard count <= Self.largestCount else { return }
    let filling = try addConstant([])
    let op = ShapeOp.pad(low: low, high: high, interior: interior)
    try push(
      try builder.emit(.shape(op), [operand.id, filling.id]), bound: max(operand.bound, 1.5))
  }

  /// Two or three values one after the other.
  mutating func addConcatenate() throws {
    let first = pickValue()
    let shape = type(of: first).shape
    guard !shape.isEmpty else { return }
    let axis = random.int(in: 0...(shape.count - 1))
    var operands = [first]
    for _ in 0..<random.int(in: 1...2) {
      let fitting = pickValue {
        $0.rank == shape.count && $0.shape.removing([axis]) == shape.removing([axis])
      }
      operands.append(fitting ?? first)
    }
    guard operands.map({ type(of: $0).count }).reduce(0, +) <= Self.largestCount else { return }
    let bound = operands.reduce(0) { max($0, $1.bound) }
    try push(
      try builder.emit(.shape(.concatenate(dimension: axis)), operands.map(\.id)), bound: bound)
  }

  /// A value read backwards along some axes.
  mutating func addReverse() throws {
    let operand = pickValue()
    var axes = [Int]()
    for axis in 0..<type(of: operand).rank where random.oneIn(2) { axes.append(axis) }
    try push(
      try builder.emit(.shape(.reverse(dimensions: axes)), [operand.id]), bound: operand.bound)
  }

  /// A sum along some axes, or a product of few factors.
  mutating func addReduction() throws {
    let operand = pickValue()
    let shape = type(of: operand).shape
    var axes = [Int]()
    for axis in shape.indices where !random.oneIn(3) { axes.append(axis) }
    let terms = shape.selecting(axes).reduce(1, *)
    guard !axes.isEmpty else { return }
    if terms <= 4 && operand.bound <= 2 && random.oneIn(3) {
      return try push(try builder.reduce(.multiply, operand.id, dimensions: axes), bound: 16)
    }
    let sum = try builder.reduce(.add, operand.id, dimensions: axes)
    let mean = try builder.multiply(sum, builder.splat(1 / Double(terms), builder[sum]))
    try push(mean, bound: operand.bound)
  }

  /// A dot product over one axis, with a batch axis where one fits.
  mutating func addProduct() throws {
    let left = pickValue()
    let shape = type(of: left).shape
    guard !shape.isEmpty else { return }
    let axis = random.int(in: 0...(shape.count - 1))
    let fitting = random.oneIn(3) ? nil : pickValue { $0.shape.contains(shape[axis]) }
    let right = fitting ?? left
    let rightShape = type(of: right).shape
    let rightAxis = random.pick(rightShape.indices.filter { rightShape[$0] == shape[axis] })
    var dimensions = DotDimensions(leftContracting: [axis], rightContracting: [rightAxis])
    if random.oneIn(2) {
      for batch in shape.indices where batch != axis && dimensions.leftBatching.isEmpty {
        let partner = rightShape.indices.first {
          $0 != rightAxis && rightShape[$0] == shape[batch]
        }
        guard let partner else { continue }
        dimensions.leftBatching = [batch]
        dimensions.rightBatching = [partner]
      }
    }
    let type = try Op.dot(dimensions).resultTypes([type(of: left), type(of: right)])[0]
    guard type.rank <= 3, type.count <= Self.largestCount else { return }
    let product = try builder.emit(.dot(dimensions), [left.id, right.id])
    let scale = try builder.splat(1 / Double(shape[axis]), type)
    try push(try builder.multiply(product, scale), bound: left.bound * right.bound)
  }

  /// Rows of a value looked up at constant places, some of them clamped.
  mutating func addLookup() throws {
    let operand = pickValue()
    let shape = type(of: operand).shape
    guard let rows = shape.first else { return }
    let indices = try addIndices(random.int(in: 1...6), rows: rows)
    let dimensions = GatherDimensions(
      offsetDims: Array(1..<shape.count), collapsedSliceDims: [0], startIndexMap: [0],
      indexVectorDim: 1, sliceSizes: [1] + shape.dropFirst())
    try push(
      try builder.emit(.gather(dimensions), [operand.id, indices]), bound: operand.bound)
  }

  /// Rows of a value replaced or added to at constant places, some of them dropped.
  mutating func addUpdate() throws {
    let operand = pickValue()
    let shape = type(of: operand).shape
    guard let rows = shape.first else { return }
    let updates = pickValue {
      $0.rank == shape.count && $0.shape.dropFirst() == shape.dropFirst() && $0.shape[0] < 8
    }
    let source = try updates ?? addConstant([random.int(in: 1...4)] + shape.dropFirst())
    let count = type(of: source).shape[0]
    let indices = try addIndices(count, rows: rows)
    let isAdding = random.oneIn(2)
    let dimensions = ScatterDimensions(
      isAdding ? .add : .set, updateWindowDims: Array(1..<shape.count), insertedWindowDims: [0],
      scatterDimsToOperandDims: [0], indexVectorDim: 1)
    try push(
      try builder.emit(.scatter(dimensions), [operand.id, indices, source.id]),
      bound: isAdding
        ? operand.bound + Double(count) * source.bound : max(operand.bound, source.bound))
  }

  /// Constant row numbers as a column of index vectors; one in eight lies outside.
  private mutating func addIndices(_ count: Int, rows: Int) throws -> ValueID {
    let numbers = (0..<count).map { _ in
      Int64(random.oneIn(8) ? random.pick([-2, rows, rows + 3]) : random.int(in: 0...(rows - 1)))
    }
    let type = TensorType([count, 1], random.pick(ElementType.integers))
    return try builder.constant(Literal(type, integers: numbers))
  }
}
