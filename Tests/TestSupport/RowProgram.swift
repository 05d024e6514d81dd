import TensorIR

/// A random function of row programs over long axes, the same one for the same seed.
///
/// Chains of normalizations, sums along any axes, broadcasts back, products with what follows them
/// and reads at other places, so that vector remainders, interleaving and blocks for threads all
/// happen. Float values stay below about ten and nothing jumps; integers wrap.
///
/// - Parameter work: about how many elements the largest value may have.
package func randomRowFunction(
  seed: UInt64, element: ElementType, work: Int = 60_000, steps: ClosedRange<Int> = 4...16
) throws -> Function {
  var program = RowProgram(seed: seed, element: element, largestCount: work)
  return try program.generate(steps: steps)
}

/// A function that grows by steps over a few extents.
private struct RowProgram {
  /// A value and a number its elements' sizes do not exceed.
  struct Value {
    let id: ValueID
    let bound: Double
  }

  let element: ElementType
  let largestCount: Int
  var random: SplitMix64
  var builder = FunctionBuilder(name: "main")
  var values = [Value]()
  var extents = [Int]()

  init(seed: UInt64, element: ElementType, largestCount: Int) {
    self.element = element
    self.largestCount = largestCount
    random = SplitMix64(seed: seed)
  }

  private var isFloat: Bool { element.isFloat }

  /// Draws extents and parameters, then takes steps.
  mutating func generate(steps: ClosedRange<Int>) throws -> Function {
    let choices = [1, 2, 3, 4, 5, 15, 16, 17, 31, 63, 64, 65, 100, 128, 257, 1000, 1027, 5000]
    extents = (0..<random.int(in: 2...3)).map { _ in random.pick(choices) }
    for _ in 0..<random.int(in: 1...4) {
      let shape = randomShape()
      values.append(Value(id: builder.parameter(TensorType(shape, element)), bound: 2))
    }
    let target = random.int(in: steps)
    for _ in 0..<target { try step() }
    let uses = builder.function.useCounts()
    var results = Array(values.map(\.id).filter { uses[$0.index] == 0 }.suffix(8))
    if random.oneIn(3) { results.append(random.pick(values).id) }
    return builder.finish(returning: results)
  }

  private mutating func randomShape() -> [Int] {
    var shape = [Int]()
    for _ in 0..<random.pick([0, 1, 1, 2, 2, 2, 3, 3]) {
      let extent = random.pick(extents)
      if shape.reduce(extent, *) <= largestCount { shape.append(extent) }
    }
    return shape
  }

  private func type(_ value: Value) -> TensorType { builder[value.id] }

  private mutating func pick() -> Value {
    if random.oneIn(3) { return random.pick(values) }
    let recent = Array(values.suffix(4))
    let large = recent.filter { type($0).rank >= 2 }
    return random.pick(large.isEmpty || random.oneIn(3) ? recent : large)
  }

  private mutating func push(_ id: ValueID, _ bound: Double) throws {
    guard isFloat, bound > 6 else { return values.append(Value(id: id, bound: bound)) }
    let squashing = random.pick([UnaryOp.tanh, .sine, .logistic])
    values.append(Value(id: try builder.unary(squashing, id), bound: 1))
  }

  private mutating func step() throws {
    switch random.int(in: 0...19) {
    case 0, 1: try addUnary()
    case 2, 3, 4, 5: try addBinary()
    case 6, 7, 8: try addReduction()
    case 9, 10: try addNormalization()
    case 11, 12: try addProduct()
    case 13: try addTranspose()
    case 14: try addSlice()
    case 15: try addPadOrReverse()
    case 16: try addConcatenate()
    case 17: try addReshape()
    case 18: try addLookup()
    default: try addUpdateOrMask()
    }
  }

  // MARK: Elementwise

  private mutating func addUnary() throws {
    let operand = pick()
    guard isFloat else {
      return try push(try builder.unary(random.pick([.negate, .abs, .sign, .not]), operand.id), 2)
    }
    let (op, bound) = random.pick([
      (UnaryOp.tanh, 1.0), (.sine, 1), (.cosine, 1), (.logistic, 1), (.negate, operand.bound),
      (.square, operand.bound * operand.bound), (.abs, operand.bound),
    ])
    try push(try builder.unary(op, operand.id), bound)
  }

  /// Another value brought to the shape by repeating it along axes it lacks.
  private mutating func partner(_ shape: [Int]) throws -> Value {
    for _ in 0..<6 {
      let candidate = random.oneIn(2) ? random.pick(values) : pick()
      let own = type(candidate).shape
      if let dimensions = embedding(own, shape) {
        return Value(
          id: try builder.broadcast(candidate.id, to: shape, dimensions: dimensions),
          bound: candidate.bound)
      }
    }
    if random.oneIn(3), !shape.isEmpty {
      let axis = random.int(in: 0...(shape.count - 1))
      let index = try builder.emit(.iota(TensorType(shape, element), dimension: axis), [])
      guard isFloat else { return Value(id: index, bound: 1) }
      let scale = try builder.splat(1 / Double(shape[axis]), TensorType(shape, element))
      return Value(id: try builder.multiply(index, scale), bound: 1)
    }
    let value = isFloat ? random.double(in: -1.5...1.5) : Double(random.int(in: -3...3))
    return Value(id: try builder.splat(value, TensorType(shape, element)), bound: 3)
  }

  /// Increasing axes of `shape` that have the extents of `own`, or one of `own`'s is one.
  private mutating func embedding(_ own: [Int], _ shape: [Int]) -> [Int]? {
    guard own.count <= shape.count else { return nil }
    var choices = [[Int]]()
    for subset in 0..<(1 << shape.count) where subset.nonzeroBitCount == own.count {
      let axes = shape.indices.filter { subset >> $0 & 1 == 1 }
      if zip(own, axes).allSatisfy({ $0 == shape[$1] || $0 == 1 }) { choices.append(axes) }
    }
    return choices.isEmpty ? nil : random.pick(choices)
  }

  private mutating func addBinary() throws {
    let left = pick()
    let right = try partner(type(left).shape)
    let ops: [BinaryOp] = [.add, .subtract, .multiply, .maximum, .minimum]
    let op = random.pick(ops + (isFloat ? [.add, .divide] : [.and, .or]))
    let (first, second) = random.oneIn(2) ? (left, right) : (right, left)
    if op == .divide {
      let square = try builder.unary(.square, second.id)
      let positive = try builder.add(square, try builder.splat(0.5, type(second)))
      return try push(try builder.divide(first.id, positive), 2 * first.bound)
    }
    let bound = op == .multiply ? left.bound * right.bound : left.bound + right.bound
    try push(try builder.binary(op, first.id, second.id), bound)
  }

  // MARK: Reductions

  private mutating func someAxes(_ rank: Int) -> [Int] {
    guard rank > 1 else { return Array(0..<rank) }
    let subset = random.int(in: 1...((1 << rank) - (random.oneIn(3) ? 1 : 2)))
    return (0..<rank).filter { subset >> $0 & 1 == 1 }
  }

  private mutating func addReduction() throws {
    let operand = pick()
    let shape = type(operand).shape
    let axes = someAxes(shape.count)
    guard !axes.isEmpty else { return }
    var kinds: [Reduction.Kind] = [.add, .add, .add, .maximum, .minimum]
    if !isFloat { kinds += [.multiply, .and, .or] }
    let kind = random.pick(kinds)
    let terms = Double(axes.reduce(1) { $0 * shape[$1] })
    var initial = try builder.constant(kind.identity(of: element))
    if random.oneIn(4) {
      let scalar = values.filter { type($0).isScalar }.last
      initial =
        try scalar?.id
        ?? builder.constant(Literal(TensorType([], element), filledWith: isFloat ? 0.75 : 3))
    }
    var source = operand.id
    let isMean = isFloat && kind == .add && random.oneIn(2)
    if isMean {
      source = try builder.multiply(source, builder.splat(1 / terms, type(operand)))
    }
    let result = try builder.emit(.reduce(Reduction(kind, dimensions: axes)), [source, initial])
    guard isFloat, kind == .add, !isMean else { return try push(result, operand.bound + 6) }
    let scaled = try builder.multiply(result, builder.splat(1 / terms, builder[result]))
    try push(scaled, operand.bound + 6)
  }

  /// A softmax or a standardization along some axes.
  private mutating func addNormalization() throws {
    guard isFloat else { return try addReduction() }
    let operand = pick()
    let full = type(operand)
    let axes = someAxes(full.rank)
    guard !axes.isEmpty else { return }
    let kept = full.shape.indices.filter { !axes.contains($0) }
    func back(_ id: ValueID) throws -> ValueID {
      try builder.broadcast(id, to: full.shape, dimensions: Array(kept))
    }
    if random.oneIn(2) {
      let greatest = try builder.reduce(.maximum, operand.id, dimensions: axes)
      let shifted = try builder.subtract(operand.id, back(greatest))
      let powers = try builder.unary(.exponential, shifted)
      let sum = try builder.reduce(.add, powers, dimensions: axes)
      return try push(try builder.divide(powers, back(sum)), 1)
    }
    let terms = axes.reduce(1) { $0 * full.shape[$1] }
    let sum = try builder.reduce(.add, operand.id, dimensions: axes)
    let weight = try builder.splat(1 / Double(terms), builder[sum])
    let centered = try builder.subtract(operand.id, back(try builder.multiply(sum, weight)))
    let squares = try builder.unary(.square, centered)
    let variance = try builder.multiply(
      try builder.reduce(.add, squares, dimensions: axes), weight)
    let shifted = try builder.add(variance, try builder.splat(0.1, builder[variance]))
    let result = try builder.multiply(centered, back(try builder.unary(.rsqrt, shifted)))
    try push(result, 7)
  }

  // MARK: Products

  private mutating func addProduct() throws {
    let left = pick()
    let shape = type(left).shape
    guard !shape.isEmpty else { return }
    let axis = random.int(in: 0...(shape.count - 1))
    let fitting = values.filter { type($0).shape.contains(shape[axis]) }
    let right = random.pick(fitting)
    let rightShape = type(right).shape
    let rightAxis = random.pick(rightShape.indices.filter { rightShape[$0] == shape[axis] })
    var dimensions = DotDimensions(leftContracting: [axis], rightContracting: [rightAxis])
    for batch in shape.indices where batch != axis && random.oneIn(2) {
      let partner = rightShape.indices.first {
        $0 != rightAxis && rightShape[$0] == shape[batch] && !dimensions.rightBatching.contains($0)
          && !dimensions.rightContracting.contains($0)
      }
      guard let partner else { continue }
      if random.oneIn(3) {
        dimensions.leftContracting.append(batch)
        dimensions.rightContracting.append(partner)
      } else {
        dimensions.leftBatching.append(batch)
        dimensions.rightBatching.append(partner)
      }
    }
    let result = try Op.dot(dimensions).resultTypes([type(left), type(right)])[0]
    let terms = dimensions.leftContracting.reduce(1) { $0 * shape[$1] }
    guard result.rank <= 4, result.count <= largestCount, result.count * terms <= 60 * largestCount
    else { return }
    let product = try builder.emit(.dot(dimensions), [left.id, right.id])
    guard isFloat else { return try push(product, 1) }
    let scale = try builder.splat(1 / Double(terms), result)
    try push(try builder.multiply(product, scale), left.bound * right.bound)
  }

  // MARK: Other places

  private mutating func addTranspose() throws {
    let operand = pick()
    let permutation = Array(0..<type(operand).rank).shuffled(using: &random)
    try push(try builder.transpose(operand.id, permutation: permutation), operand.bound)
  }

  private mutating func addSlice() throws {
    let operand = pick()
    var (starts, limits, strides) = ([Int](), [Int](), [Int]())
    for extent in type(operand).shape {
      let start = random.oneIn(2) ? 0 : random.int(in: 0...(min(extent, 4) - 1))
      let limit = random.oneIn(2) ? extent : random.int(in: max(start + 1, extent - 3)...extent)
      starts.append(start)
      limits.append(limit)
      strides.append(random.pick([1, 1, 1, 2, 3]))
    }
    let op = ShapeOp.slice(starts: starts, limits: limits, strides: strides)
    try push(try builder.emit(.shape(op), [operand.id]), operand.bound)
  }

  private mutating func addPadOrReverse() throws {
    let operand = pick()
    let shape = type(operand).shape
    if random.oneIn(2) {
      let axes = shape.indices.filter { _ in random.oneIn(2) }
      let op = ShapeOp.reverse(dimensions: Array(axes))
      return try push(try builder.emit(.shape(op), [operand.id]), operand.bound)
    }
    let low = shape.map { _ in random.int(in: 0...2) }
    let high = shape.map { _ in random.int(in: -1...2) }
    let interior = shape.map { _ in random.oneIn(5) ? 1 : 0 }
    let op = ShapeOp.pad(low: low, high: high, interior: interior)
    let filling = try builder.constant(Literal(TensorType([], element), filledWith: 1))
    let result = try Op.shape(op).resultTypes([type(operand), TensorType([], element)])[0]
    guard result.count <= largestCount * 2, result.count > 0 else { return }
    try push(try builder.emit(.shape(op), [operand.id, filling]), max(operand.bound, 1))
  }

  private mutating func addConcatenate() throws {
    let first = pick()
    let shape = type(first).shape
    guard !shape.isEmpty else { return }
    let axis = random.int(in: 0...(shape.count - 1))
    let fitting = values.filter {
      let other = type($0).shape
      return other.count == shape.count
        && shape.indices.allSatisfy { $0 == axis || other[$0] == shape[$0] }
    }
    let operands = [first] + (0..<random.int(in: 1...2)).map { _ in random.pick(fitting) }
    guard operands.map({ type($0).count }).reduce(0, +) <= largestCount * 2 else { return }
    try push(
      try builder.emit(.shape(.concatenate(dimension: axis)), operands.map(\.id)),
      operands.map(\.bound).max() ?? 1)
  }

  private mutating func addReshape() throws {
    let operand = pick()
    let count = type(operand).count
    var shape = [Int]()
    var rest = count
    for extent in extents.shuffled(using: &random) where rest % extent == 0 && random.oneIn(2) {
      shape.append(extent)
      rest /= extent
    }
    shape.insert(rest, at: random.int(in: 0...shape.count))
    try push(try builder.reshape(operand.id, to: shape), operand.bound)
  }

  private mutating func indices(_ count: Int, rows: Int) throws -> ValueID {
    let numbers = (0..<count).map { _ in
      Int64(random.oneIn(8) ? random.pick([-2, rows, rows + 3]) : random.int(in: 0...(rows - 1)))
    }
    let type = TensorType([count, 1], random.pick([.i32, .i64]))
    return try builder.constant(Literal(type, integers: numbers))
  }

  private mutating func addLookup() throws {
    let operand = pick()
    let shape = type(operand).shape
    guard let rows = shape.first else { return }
    let count = random.pick([1, 3, 17, extents[0]])
    guard count * type(operand).count / rows <= largestCount else { return }
    let dimensions = GatherDimensions(
      offsetDims: Array(1..<shape.count), collapsedSliceDims: [0], startIndexMap: [0],
      indexVectorDim: 1, sliceSizes: [1] + shape.dropFirst())
    try push(
      try builder.emit(.gather(dimensions), [operand.id, try indices(count, rows: rows)]),
      operand.bound)
  }

  private mutating func addUpdateOrMask() throws {
    let operand = pick()
    let full = type(operand)
    guard !full.shape.isEmpty else { return }
    if random.oneIn(2) {
      let axis = random.int(in: 0...(full.rank - 1))
      let places = TensorType(full.shape, .i32)
      let index = try builder.emit(.iota(places, dimension: axis), [])
      let limit: ValueID
      if full.rank > 1, random.oneIn(2) {
        let other = (axis + 1) % full.rank
        limit = try builder.emit(.iota(places, dimension: other), [])
      } else {
        limit = try builder.splat(Double(random.int(in: 0...full.shape[axis])), places)
      }
      let mask = try builder.compare(
        random.pick(Comparison.Direction.allCases), index, limit)
      let other = try partner(full.shape)
      return try push(
        try builder.select(mask, operand.id, other.id), max(operand.bound, other.bound))
    }
    let fitting = values.filter {
      let other = type($0).shape
      return other.count == full.rank && other.dropFirst() == full.shape.dropFirst()
        && other[0] <= 300
    }
    guard let updates = fitting.isEmpty ? nil : random.pick(fitting) else { return }
    let count = type(updates).shape[0]
    let rows = full.shape[0]
    let isAdding = random.oneIn(2)
    let dimensions = ScatterDimensions(
      isAdding ? .add : .set, updateWindowDims: Array(1..<full.rank), insertedWindowDims: [0],
      scatterDimsToOperandDims: [0], indexVectorDim: 1)
    try push(
      try builder.emit(
        .scatter(dimensions), [operand.id, try indices(count, rows: rows), updates.id]),
      isAdding ? operand.bound + Double(count) * updates.bound : max(operand.bound, updates.bound))
  }
}
