import TensorIR
import TestSupport

/// Makes verified, smooth functions from a seed: every op has a derivative at nearly every point,
/// and values stay of the order of one.
struct RandomProgram {
  /// The function under construction.
  private var builder = FunctionBuilder(name: "main")
  /// The source of choices.
  private var random: SplitMix64
  /// The float values so far.
  private var values: [ValueID] = []

  /// The function a seed stands for; its parameters are floats, and one result is returned.
  static func function(seed: UInt64, operations: Int = 14) throws -> Function {
    var program = RandomProgram(random: SplitMix64(seed: seed))
    for _ in 0..<program.random.int(in: 1...3) {
      let rank = program.random.int(in: 0...3)
      let shape = (0..<rank).map { _ in program.random.int(in: 1...4) }
      program.values.append(program.builder.parameter(TensorType(shape, .f64)))
    }
    for _ in 0..<operations { try program.grow() }
    return program.builder.finish(returning: [program.values[program.values.count - 1]])
  }

  private init(random: SplitMix64) { self.random = random }

  /// Adds one value, computed from those there are.
  private mutating func grow() throws {
    let operand = random.oneIn(2) ? values[values.count - 1] : random.pick(values)
    let grown: ValueID
    switch random.int(in: 0...9) {
    case 0, 1: grown = try unary(operand)
    case 2, 3: grown = try binary(operand)
    case 4: grown = try reduced(operand)
    case 5, 6: grown = try rearranged(operand)
    case 7: grown = try product(operand)
    case 8: grown = try indexed(operand)
    default: grown = try chosen(operand)
    }
    let type = builder[grown]
    // Without this, chains of products and exponentials leave the range where differences work.
    values.append(
      type.count > 64
        ? try builder.reduce(.add, builder.unary(.tanh, grown), dimensions: [0]) : grown)
  }

  /// A bounded function of a value.
  private mutating func unary(_ operand: ValueID) throws -> ValueID {
    let op = random.pick([UnaryOp.tanh, .sine, .cosine, .logistic, .erf, .exponential, .square])
    let tame = try builder.unary(.tanh, operand)
    if random.oneIn(4) {
      let two = try builder.splat(2, builder[operand])
      let positive = random.pick([UnaryOp.sqrt, .rsqrt, .log, .logPlusOne])
      return try builder.unary(positive, builder.add(tame, two))
    }
    return try builder.unary(op, tame)
  }

  /// A value of the same shape as another, if need be that one's sine.
  private mutating func partner(of operand: ValueID) throws -> ValueID {
    let alike = values.filter { builder[$0] == builder[operand] && $0 != operand }
    if !alike.isEmpty { return random.pick(alike) }
    let scalars = values.filter { builder[$0].isScalar }
    if !scalars.isEmpty, random.oneIn(2) {
      return try builder.broadcast(
        random.pick(scalars), to: builder[operand].shape, dimensions: [])
    }
    return try builder.unary(.sine, operand)
  }

  /// A function of two values.
  private mutating func binary(_ operand: ValueID) throws -> ValueID {
    let other = try partner(of: operand)
    switch random.int(in: 0...5) {
    case 0: return try builder.add(operand, other)
    case 1: return try builder.subtract(operand, other)
    case 2: return try builder.multiply(operand, builder.unary(.tanh, other))
    case 3: return try builder.binary(random.oneIn(2) ? .maximum : .minimum, operand, other)
    case 4:
      let base = try builder.add(
        builder.unary(.logistic, operand), builder.splat(0.5, builder[operand]))
      return try builder.binary(.power, base, builder.unary(.tanh, other))
    default:
      let square = try builder.unary(.square, other)
      return try builder.divide(operand, builder.add(square, builder.splat(1, builder[operand])))
    }
  }

  /// A reduction along some axes.
  private mutating func reduced(_ operand: ValueID) throws -> ValueID {
    let axes = builder[operand].shape.indices.filter { _ in random.oneIn(2) }
    let kind = random.pick([Reduction.Kind.add, .add, .maximum, .minimum, .multiply])
    let tame = try builder.unary(.tanh, operand)
    if random.oneIn(3) {
      let initial = try builder.constant(scalar(0.3))
      return try builder.emit(.reduce(Reduction(kind, dimensions: axes)), [tame, initial])
    }
    return try builder.reduce(kind, tame, dimensions: axes.shuffled(using: &random))
  }

  /// The elements in other places.
  private mutating func rearranged(_ operand: ValueID) throws -> ValueID {
    let shape = builder[operand].shape
    let axes = Array(shape.indices)
    switch random.int(in: 0...5) {
    case 0: return try builder.transpose(operand, permutation: axes.shuffled(using: &random))
    case 1: return try builder.reshape(operand, to: [shape.reduce(1, *)])
    case 2:
      let dimensions = axes.filter { _ in random.oneIn(2) }
      return try builder.emit(.shape(.reverse(dimensions: dimensions)), [operand])
    case 3:
      let starts = shape.map { random.int(in: 0...($0 - 1)) }
      let limits = zip(starts, shape).map { random.int(in: ($0 + 1)...$1) }
      let strides = shape.map { _ in random.int(in: 1...2) }
      return try builder.emit(
        .shape(.slice(starts: starts, limits: limits, strides: strides)), [operand])
    case 4:
      let op = Op.shape(
        .pad(
          low: shape.map { _ in random.int(in: 0...1) },
          high: shape.map { $0 > 1 ? random.int(in: -1...1) : 0 },
          interior: shape.map { _ in random.int(in: 0...1) }))
      let scalars = values.filter { builder[$0].isScalar }
      let value = try scalars.isEmpty ? builder.constant(scalar(0.7)) : random.pick(scalars)
      return try builder.emit(op, [operand, value])
    default:
      guard let axis = axes.randomElement(using: &random) else {
        return try builder.broadcast(operand, to: [3], dimensions: [])
      }
      let other = try partner(of: operand)
      return try builder.emit(
        .shape(.concatenate(dimension: axis)), [operand, other, operand])
    }
  }

  /// A product of a value with another over one axis.
  private mutating func product(_ operand: ValueID) throws -> ValueID {
    let other = try partner(of: operand)
    let rank = builder[operand].rank
    guard rank > 0 else { return try builder.multiply(operand, builder.unary(.sine, other)) }
    var axes = Array(0..<rank).shuffled(using: &random)
    let contracted = [axes.removeLast()]
    let batch = Array(axes.prefix(max(random.int(in: 0...rank) - 1, 0)))
    let dimensions = DotDimensions(
      leftBatching: batch, rightBatching: batch, leftContracting: contracted,
      rightContracting: contracted)
    return try builder.emit(.dot(dimensions), [operand, builder.unary(.tanh, other)])
  }

  /// Rows read or written at constant, computed or repeated places.
  private mutating func indexed(_ operand: ValueID) throws -> ValueID {
    let shape = builder[operand].shape
    guard let extent = shape.first else { return try builder.unary(.sine, operand) }
    let count = random.int(in: 1...4)
    let places = (0..<count).map { _ in Int64(random.int(in: -1...extent)) }
    let indices = try builder.constant(Literal(TensorType([count, 1], .i32), integers: places))
    let windowDims = Array(1..<shape.count)
    let gather = GatherDimensions(
      offsetDims: windowDims, collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1,
      sliceSizes: [1] + shape.dropFirst())
    let rows = try builder.emit(.gather(gather), [operand, indices])
    if random.oneIn(3) { return rows }
    let scatter = ScatterDimensions(
      random.oneIn(2) ? .add : .set, updateWindowDims: windowDims, insertedWindowDims: [0],
      scatterDimsToOperandDims: [0], indexVectorDim: 1)
    let updates = try builder.unary(.tanh, rows)
    return try builder.emit(.scatter(scatter), [operand, indices, updates])
  }

  /// A choice between two values, or a value held between bounds.
  private mutating func chosen(_ operand: ValueID) throws -> ValueID {
    let other = try partner(of: operand)
    if random.oneIn(3) {
      let (low, high) = (try builder.constant(scalar(-0.6)), try builder.constant(scalar(0.8)))
      return try builder.emit(.clamp, [low, operand, high])
    }
    let predicate = try builder.compare(.less, operand, builder.unary(.cosine, other))
    return try builder.select(predicate, operand, other)
  }
}
