import TensorIR

/// A function with one scan of random arithmetic, long enough for a memory budget to take it apart.
///
/// The body has sums of products of all kinds, since these are what rounds in another way where other
/// products are contracted: with captures, slices, the index, inside of matrix products and alone.
///
/// - Returns: a function of float vectors and matrices whose result is a scalar.
package func randomScan(seed: UInt64) throws -> Function {
  var scan = RandomScan(seed: seed)
  return try scan.function()
}

/// A function with one loop of random arithmetic, as long as its last argument says.
///
/// - Returns: a function of two vectors, a matrix, all of floats, and a number of iterations whose result is
///   a scalar.
package func randomWhile(seed: UInt64) throws -> Function {
  var scan = RandomScan(seed: seed)
  return try scan.dynamicFunction()
}

/// The state of making a random scan.
private struct RandomScan {
  private var random: SplitMix64
  private let type: TensorType
  private let length: Int
  private var body = FunctionBuilder(name: "region")
  private var pool: [ValueID] = []

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    // Serial kernels up to 36 elements, steps beyond.
    type = TensorType([random.pick([1, 3, 8, 16, 33, 40, 70])], random.pick([.f32, .f64]))
    length = random.pick([12, 31, 48, 97, 120])
  }

  mutating func function() throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let width = type.shape[0]
    let start = builder.parameter(type)
    let vector = builder.parameter(type)
    let matrix = builder.parameter(TensorType([width, width], type.element))
    let stack = builder.parameter(TensorType([length, width], type.element))
    let carries = random.int(in: 1...2)
    let (hasMatrix, hasStack) = (random.oneIn(2), random.oneIn(2))
    let index = body.parameter(TensorType([], .i64))
    pool = [body.parameter(type)]
    let ownMatrix = hasMatrix ? body.parameter(builder[matrix]) : nil
    let states = (0..<carries).map { _ in body.parameter(type) }
    pool += states
    if hasStack { pool.append(body.parameter(type)) }
    if random.oneIn(2) { pool.append(try spread(body.convert(index, to: type.element), 0.01)) }
    for _ in 0..<random.int(in: 3...14) { try grow(ownMatrix) }
    var results = try states.map { try next($0) }
    let outputs = random.int(in: 0...1)
    for _ in 0..<outputs { results.append(random.pick(pool)) }
    let scan = Scan(
      length: length, isReversed: random.oneIn(2), captureCount: hasMatrix ? 2 : 1,
      carryCount: carries, body: body.finish(returning: results))
    let operands =
      [vector] + (hasMatrix ? [matrix] : []) + [start, vector].prefix(carries)
      + (hasStack ? [stack] : [])
    let given = try builder.emitAll(.scan(scan), operands)
    return builder.finish(returning: [try loss(of: given, in: &builder)])
  }

  /// A loop with the scan's arithmetic that ends where an argument says.
  mutating func dynamicFunction() throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let (number, width) = (TensorType([], .i64), type.shape[0])
    let operands = [
      builder.parameter(type), builder.parameter(type),
      builder.parameter(TensorType([width, width], type.element)), builder.parameter(number),
    ]
    let (start, vector, matrix, end) = (operands[0], operands[1], operands[2], operands[3])
    let carries = random.int(in: 1...2)
    pool = [body.parameter(type)]
    let ownMatrix = body.parameter(builder[matrix])
    _ = body.parameter(number)
    let index = body.parameter(number)
    let states = (0..<carries).map { _ in body.parameter(type) }
    pool += states
    if random.oneIn(2) { pool.append(try spread(body.convert(index, to: type.element), 0.01)) }
    for _ in 0..<random.int(in: 3...14) { try grow(random.oneIn(2) ? ownMatrix : nil) }
    let one = try body.constant(Literal(number, integers: [1]))
    let results = try [body.add(index, one)] + states.map { try next($0) }
    var condition = FunctionBuilder(name: "region")
    let seen = [type, builder[matrix], number, number] + states.map { _ in type }
    let parameters = seen.map { condition.parameter($0) }
    let goesOn = try condition.compare(.less, parameters[3], parameters[2])
    let loop = While(
      captureCount: 3, condition: condition.finish(returning: [goesOn]),
      body: body.finish(returning: results))
    let first = try builder.constant(Literal(number, integers: [0]))
    let given = try builder.emitAll(
      .whileLoop(loop), [vector, matrix, end, first] + [start, vector].prefix(carries))
    return builder.finish(returning: [try loss(of: given.dropFirst(), in: &builder)])
  }

  /// The sum of squares of some values.
  private func loss(
    of given: some Sequence<ValueID>, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    var loss = try builder.splat(0, TensorType([], type.element))
    for value in given {
      let square = try builder.multiply(value, value)
      let axes = Array(builder[value].shape.indices)
      loss = try builder.add(loss, builder.reduce(.add, square, dimensions: axes))
    }
    return loss
  }

  /// A scalar times a number, everywhere.
  private mutating func spread(_ scalar: ValueID, _ factor: Double) throws -> ValueID {
    let small = try body.multiply(scalar, body.splat(factor, TensorType([], type.element)))
    return try body.broadcast(small, to: type.shape, dimensions: [])
  }

  /// A carry's next value, between −1 and 1 or near its old one.
  private mutating func next(_ state: ValueID) throws -> ValueID {
    let change = try body.unary(random.pick([.tanh, .sine]), random.pick(pool))
    guard random.oneIn(2) else { return change }
    let (kept, added) = (try body.splat(0.9, type), try body.splat(0.2, type))
    return try body.add(body.multiply(state, kept), body.multiply(change, added))
  }

  /// Adds a value that is made of others.
  private mutating func grow(_ matrix: ValueID?) throws {
    let (left, right, third) = (random.pick(pool), random.pick(pool), random.pick(pool))
    switch random.int(in: 0...8) {
    case 0: pool.append(try body.add(left, right))
    case 1: pool.append(try body.subtract(body.multiply(left, right), third))
    case 2: pool.append(try body.add(third, body.multiply(left, right)))
    case 3: pool.append(try body.unary(random.pick([.tanh, .sine, .logistic, .square]), left))
    case 4:
      let one = try body.splat(1, type)
      pool.append(try body.divide(left, body.add(one, body.multiply(right, right))))
    case 5:
      let sum = try body.reduce(.add, body.multiply(left, right), dimensions: [0])
      pool.append(try spread(sum, 0.1))
    case 6: pool.append(try body.binary(.maximum, left, right))
    case 7:
      guard let matrix else { return }
      let product = try body.emit(
        .dot(DotDimensions(leftContracting: [1], rightContracting: [0])), [matrix, left])
      pool.append(
        try body.unary(.tanh, body.add(product, right)))
    default: pool.append(try body.multiply(left, right))
    }
  }
}
