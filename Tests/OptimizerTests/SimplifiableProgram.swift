import TensorIR
import TestSupport

/// A random program full of what simplification looks for: repeated scalars, unit axes, moved axes,
/// signs, neutral constants, choices and reductions, on small shapes.
struct SimplifiableProgram {
  /// What numbers the program works on.
  enum Numbers: Sendable, CaseIterable {
    /// Special values of every element type, and no sums of floats: results keep every bit.
    case special
    /// Small whole numbers and sums of them, so that rounding plays no part.
    case whole
  }

  private var random: SplitMix64
  private let numbers: Numbers
  private var builder = FunctionBuilder(name: "main")
  private var values: [ValueID] = []
  /// The largest size of each value's elements, for whole numbers.
  private var bounds: [ValueID: Double] = [:]

  /// The program of a seed.
  static func make(seed: UInt64, _ numbers: Numbers, length: Int = 25) throws -> Function {
    var program = SimplifiableProgram(random: SplitMix64(seed: seed), numbers: numbers)
    for _ in 0..<3 {
      let type = TensorType(program.randomShape(), program.randomElement())
      program.note(program.builder.parameter(type), bound: 3)
    }
    for _ in 0..<length { try program.step() }
    return program.builder.finish(returning: Array(program.values.suffix(5)))
  }

  /// Arguments for a program.
  static func arguments(
    for function: Function, seed: UInt64, _ numbers: Numbers
  ) -> [Literal] {
    var random = SplitMix64(seed: seed)
    return function.parameterTypes.enumerated().map { position, type in
      switch numbers {
      case .special:
        return SpecialValues.literal(type, position: 0, offset: random.int(in: 0...20) + position)
      case .whole:
        return Literal(
          type, integers: (0..<type.count).map { _ in Int64(random.int(in: -3...3)) })
      }
    }
  }

  private init(random: SplitMix64, numbers: Numbers) {
    self.random = random
    self.numbers = numbers
  }

  // MARK: - Choices

  private mutating func randomShape() -> [Int] {
    (0..<random.int(in: 0...3)).map { _ in random.pick([1, 1, 2, 3, 3, random.oneIn(9) ? 0 : 2]) }
  }

  private mutating func randomElement() -> ElementType {
    numbers == .whole ? .f64 : random.pick([.f64, .f64, .f32, .i32, .i64, .i1])
  }

  private mutating func note(_ value: ValueID, bound: Double) {
    if numbers == .whole, bound > 1e12 { return }
    values.append(value)
    bounds[value] = bound
  }

  private mutating func pick() -> ValueID { random.pick(values.suffix(12)) }

  private func bound(_ value: ValueID) -> Double { bounds[value] ?? 1 }

  /// A value of a type: an earlier one, or a repeated constant.
  private mutating func pick(_ type: TensorType) throws -> ValueID {
    let fitting = values.filter { builder[$0] == type }
    if !fitting.isEmpty, !random.oneIn(3) { return random.pick(fitting) }
    let whole: [Double] = [0, 1, -1, 2, -3]
    let special: [Double] = [0, -0.0, 1, -1, 2, 0.25, 3, .infinity, -.infinity, .nan]
    var number = random.pick(numbers == .whole ? whole : special)
    if !type.element.isFloat, !number.isFinite { number = 0 }
    let value = try builder.splat(number, type)
    bounds[value] = 3
    return value
  }

  // MARK: - Steps

  private mutating func step() throws {
    let value = pick()
    let isFloat = builder[value].element.isFloat
    switch random.int(in: 0...9) {
    case 0...2: try shapeStep(value)
    case 3: try broadcastStep(value)
    case 4: try unaryStep(value)
    case 5, 6: try binaryStep(value)
    case 7: try choiceStep(value)
    case 8: try reduceStep(value)
    default:
      if numbers == .special, builder[value].element != .i1 || !isFloat {
        note(try builder.convert(value, to: random.pick([.f32, .f64, .i64, .i1])), bound: 1)
      } else {
        try dotStep(value)
      }
    }
  }

  private mutating func shapeStep(_ value: ValueID) throws {
    let shape = builder[value].shape
    let axes = Array(shape.indices)
    switch random.int(in: 0...6) {
    case 0:
      let dropped = axes.filter { shape[$0] != 1 || random.oneIn(2) }
      var target = shape.selecting(dropped)
      if random.oneIn(2) { target.insert(1, at: random.int(in: 0...target.count)) }
      note(try builder.reshape(value, to: target), bound: bound(value))
    case 1: note(try builder.reshape(value, to: [builder[value].count]), bound: bound(value))
    case 2:
      note(
        try builder.transpose(value, permutation: axes.shuffled(using: &random)),
        bound: bound(value))
    case 3:
      let starts = shape.map { random.int(in: 0...min($0, 1)) }
      let limits = zip(starts, shape).map { random.int(in: max($0, $1 - 1)...$1) }
      let strides = shape.map { _ in random.int(in: 1...2) }
      let slice = ShapeOp.slice(starts: starts, limits: limits, strides: strides)
      note(try builder.emit(.shape(slice), [value]), bound: bound(value))
    case 4:
      let filler = try pick(TensorType([], builder[value].element))
      let low = shape.map { _ in random.int(in: 0...1) }
      let high = shape.map { random.int(in: -min($0, 1)...1) }
      let interior = shape.map { _ in random.oneIn(4) ? 1 : 0 }
      note(
        try builder.emit(
          .shape(.pad(low: low, high: high, interior: interior)), [value, filler]),
        bound: max(bound(value), bound(filler)))
    case 5:
      guard let axis = axes.randomElement(using: &random) else { return }
      let other = try pick(builder[value])
      note(
        try builder.emit(.shape(.concatenate(dimension: axis)), [value, other, value]),
        bound: max(bound(value), bound(other)))
    default:
      let reversed = axes.filter { _ in random.oneIn(2) }
      note(try builder.emit(.shape(.reverse(dimensions: reversed)), [value]), bound: bound(value))
    }
  }

  private mutating func broadcastStep(_ value: ValueID) throws {
    let shape = builder[value].shape
    guard shape.count < 4 else { return }
    let rank = random.int(in: shape.count...min(shape.count + 1, 4))
    var places = Array((0..<rank).shuffled(using: &random).prefix(shape.count))
    if !random.oneIn(4) { places.sort() }
    var target = (0..<rank).map { _ in random.int(in: 1...3) }
    for (axis, place) in places.enumerated() where shape[axis] != 1 || random.oneIn(2) {
      target[place] = shape[axis]
    }
    note(try builder.broadcast(value, to: target, dimensions: places), bound: bound(value))
  }

  private mutating func unaryStep(_ value: ValueID) throws {
    let ops: [UnaryOp] =
      switch (numbers, builder[value].element.kind) {
      case (_, .boolean): [.not]
      case (.whole, _): [.negate, .abs, .square, .floor]
      case (_, .signed): [.negate, .abs, .not, .square]
      case (_, .unsigned): [.negate, .not, .square]
      case (_, .float): [.negate, .negate, .abs, .exponential, .floor, .square, .isFinite]
      case (_, .complex): [.negate, .exponential, .square]
      }
    let op = random.pick(ops)
    let size = op == .square ? bound(value) * bound(value) : bound(value)
    note(try builder.unary(op, value), bound: size)
  }

  private mutating func binaryStep(_ value: ValueID) throws {
    let type = builder[value]
    var ops: [BinaryOp] = [.add, .multiply, .maximum, .minimum]
    if type.element != .i1 { ops += [.subtract, .subtract] }
    if !type.element.isFloat { ops += [.and, .or] }
    if type.element.isFloat, numbers == .special { ops.append(.divide) }
    let op = random.pick(ops)
    let other = random.oneIn(6) ? value : try pick(type)
    let operands = random.oneIn(2) ? [value, other] : [other, value]
    note(
      try builder.emit(.binary(op), operands),
      bound: op == .multiply ? bound(value) * bound(other) : bound(value) + bound(other))
  }

  private mutating func choiceStep(_ value: ValueID) throws {
    let type = builder[value]
    let (left, right) = (try pick(type), try pick(type))
    let predicate =
      random.oneIn(3)
      ? try pick(TensorType(random.oneIn(2) ? [] : type.shape, .i1))
      : try builder.compare(random.pick(Comparison.Direction.allCases), value, left)
    note(predicate, bound: 1)
    let flipped = random.oneIn(3) ? try builder.unary(.not, predicate) : predicate
    guard builder[flipped].isScalar || builder[flipped].shape == type.shape else { return }
    note(try builder.select(flipped, value, right), bound: max(bound(value), bound(right)))
  }

  private mutating func reduceStep(_ value: ValueID) throws {
    let type = builder[value]
    var kinds: [Reduction.Kind] = [.maximum, .minimum]
    if numbers == .whole || !type.element.isFloat { kinds += [.add, .add] }
    if !type.element.isFloat { kinds += [.and, .or, .multiply] }
    let kind = random.pick(kinds)
    let axes = type.shape.indices.filter { _ in !random.oneIn(3) }.shuffled(using: &random)
    let size = bound(value) * Double(max(type.count, 1))
    if numbers == .whole, axes.contains(where: { type.shape[$0] == 0 }) { return }
    if random.oneIn(4) {
      let initial = try pick(TensorType([], type.element))
      note(
        try builder.emit(.reduce(Reduction(kind, dimensions: axes)), [value, initial]),
        bound: size + bound(initial))
    } else {
      note(try builder.reduce(kind, value, dimensions: axes), bound: size)
    }
  }

  private mutating func dotStep(_ value: ValueID) throws {
    let type = builder[value]
    let candidates = values.filter { builder[$0].element == type.element }
    guard numbers == .whole || type.element.isInteger, type.element != .i1,
      let other = candidates.last
    else { return }
    var (left, right) = ([Int](), [Int]())
    for axis in type.shape.indices.shuffled(using: &random) {
      let match = builder[other].shape.indices.first {
        !right.contains($0) && builder[other].shape[$0] == type.shape[axis]
      }
      guard let match, !random.oneIn(4) else { continue }
      left.append(axis)
      right.append(match)
    }
    let batch = random.int(in: 0...min(1, left.count))
    let dimensions = DotDimensions(
      leftBatching: Array(left.prefix(batch)), rightBatching: Array(right.prefix(batch)),
      leftContracting: Array(left.dropFirst(batch)), rightContracting: Array(right.dropFirst(batch))
    )
    let result = try dimensions.resultShape(type.shape, builder[other].shape)
    guard result.reduce(1, *) <= 400 else { return }
    let product = try builder.emit(.dot(dimensions), [value, other])
    note(product, bound: bound(value) * bound(other) * Double(max(type.count, 1)))
    if random.oneIn(2) {
      let order = Array(builder[product].shape.indices)
      let cut = random.int(in: 0...order.count)
      note(
        try builder.transpose(
          product, permutation: Array(order.dropFirst(cut)) + Array(order.prefix(cut))),
        bound: bounds[product] ?? .infinity)
    }
  }
}

extension DotDimensions {
  /// The shape of the product of operands of these shapes.
  fileprivate func resultShape(_ left: [Int], _ right: [Int]) throws -> [Int] {
    try Op.dot(self).resultTypes([TensorType(left, .f64), TensorType(right, .f64)])[0].shape
  }
}
