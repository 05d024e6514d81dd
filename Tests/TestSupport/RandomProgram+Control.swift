import TensorIR

/// Loops and branches, whose regions are random programs themselves.
extension RandomProgram {
  /// Values for a region: captures, and what it is given besides.
  private struct Captures {
    var values: [Value]
    /// Which of them are known to the last bit, by position.
    var exact: [Int]
  }

  /// Some values that a region reads from outside, a parameter among them.
  private mutating func pickCaptures() -> Captures {
    var captures = Captures(values: [], exact: [])
    for _ in 0..<random.int(in: 0...2) { captures.values.append(pickValue()) }
    if let parameter = parameters.randomElement(using: &random) {
      captures.exact.append(captures.values.count)
      captures.values.append(parameter)
    }
    return captures
  }

  /// A program for a region, with captures as its first parameters.
  ///
  /// - Parameter index: whether a whole number comes before them.
  private mutating func regionProgram(_ captures: Captures, index: Bool) -> (
    program: RandomProgram, index: ValueID?
  ) {
    var inner = RandomProgram(
      seed: random.next(), element: element, isSmooth: isSmooth, hasRegions: depth < 1)
    inner.depth = depth + 1
    let counter = index ? inner.builder.parameter(TensorType([], .i64)) : nil
    for (position, value) in captures.values.enumerated() {
      let id = inner.builder.parameter(type(of: value))
      inner.values.append(Value(id: id, bound: value.bound))
      if captures.exact.contains(position) {
        inner.parameters.append(Value(id: id, bound: value.bound))
      }
    }
    return (inner, counter)
  }

  /// Grows a region by a few operations.
  private mutating func growRegion() throws {
    if values.isEmpty { values.append(try addConstant([])) }
    let target = builder.function.operations.count + random.int(in: 1...6)
    let steps = Step.allCases.filter {
      ($0.isSmooth || !isSmooth) && ($0.hasRegion ? hasRegions : true)
        && !(parameters.isEmpty && ($0 == .jump || $0 == .integers))
    }
    var tries = 0
    while builder.function.operations.count < target, tries < 20 {
      try take(random.pick(steps))
      tries += 1
    }
  }

  /// A value of a type between −1 and 1, made of a recent value and one of that type.
  private mutating func squashed(_ type: TensorType, from start: Value) throws -> ValueID {
    let other = pickValue()
    let sum = try builder.reduce(
      .add, other.id, dimensions: Array(self.type(of: other).shape.indices))
    let count = max(1, self.type(of: other).count)
    let mean = try builder.multiply(sum, builder.splat(1 / Double(count), builder[sum]))
    let spread = try builder.broadcast(mean, to: type.shape, dimensions: [])
    let same = pickValue { $0 == type }
    let half = try builder.splat(0.5, type)
    let kept = try builder.multiply((same ?? start).id, half)
    return try builder.unary(.tanh, builder.add(kept, spread))
  }

  // MARK: Loops

  /// A loop over slices of a value, or of a number of steps, forwards or backwards.
  mutating func addScan() throws {
    let captures = pickCaptures()
    let carries = (0..<random.int(in: 1...2)).map { _ in pickValue() }
    let stack = random.oneIn(2) ? pickValue { !$0.shape.isEmpty && $0.shape[0] <= 7 } : nil
    let length = stack.map { type(of: $0).shape[0] } ?? random.int(in: 0...5)
    var (inner, index) = regionProgram(captures, index: true)
    var starts = [Value]()
    for carry in carries {
      let value = Value(
        id: inner.builder.parameter(type(of: carry)), bound: max(1, carry.bound))
      starts.append(value)
      inner.values.append(value)
    }
    if let stack {
      let whole = type(of: stack)
      let slice = TensorType(Array(whole.shape.dropFirst()), whole.element)
      inner.values.append(Value(id: inner.builder.parameter(slice), bound: stack.bound))
    }
    if let index, random.oneIn(2) {
      let number = try inner.builder.convert(index, to: element)
      let small = try inner.builder.multiply(
        number, inner.builder.splat(0.2, TensorType([], element)))
      inner.values.append(Value(id: small, bound: 1.4))
    }
    try inner.growRegion()
    var results = [ValueID]()
    for start in starts {
      results.append(try inner.squashed(inner.type(of: start), from: start))
    }
    // Carries that change places, stay or are returned twice are what memory plans go wrong at.
    if results.count == 2, inner.type(of: starts[0]) == inner.type(of: starts[1]) {
      switch inner.random.int(in: 0...3) {
      case 0: results.swapAt(0, 1)
      case 1: results[1] = starts[0].id
      case 2: results[0] = results[1]
      default: break
      }
    }
    var stacked = [Value]()
    for _ in 0..<inner.random.int(in: 0...2) { stacked.append(inner.pickValue()) }
    results += stacked.map(\.id)
    let scan = Scan(
      length: length, isReversed: random.oneIn(3), captureCount: captures.values.count,
      carryCount: carries.count, body: inner.builder.finish(returning: results))
    let operands = (captures.values + carries).map(\.id) + (stack.map { [$0.id] } ?? [])
    let given = try builder.emitAll(.scan(scan), operands)
    for (value, carry) in zip(given, carries) { try push(value, bound: max(1, carry.bound)) }
    for (value, inside) in zip(given.dropFirst(carries.count), stacked)
    where builder[value].count > 0 && builder[value].count <= Self.largestCount
      && builder[value].rank <= 3
    {
      try push(value, bound: inside.bound)
    }
  }

  /// A loop that runs as often as a parameter says, which nobody knows before.
  mutating func addLoop() throws {
    guard let parameter = parameters.randomElement(using: &random) else { return }
    let captures = pickCaptures()
    let carry = pickValue()
    let count = try wholeNumber(of: parameter)
    let integer = TensorType([], ElementType.i64)
    var conditionBuilder = FunctionBuilder(name: "main")
    for value in captures.values { _ = conditionBuilder.parameter(type(of: value)) }
    let (counter, limit) = (
      conditionBuilder.parameter(integer), conditionBuilder.parameter(integer)
    )
    _ = conditionBuilder.parameter(type(of: carry))
    let goesOn = try conditionBuilder.compare(.less, counter, limit)
    var (inner, _) = regionProgram(captures, index: false)
    let (step, end) = (inner.builder.parameter(integer), inner.builder.parameter(integer))
    let start = Value(id: inner.builder.parameter(type(of: carry)), bound: max(1, carry.bound))
    inner.values.append(start)
    try inner.growRegion()
    let next = try inner.squashed(inner.type(of: start), from: start)
    let one = try inner.builder.splat(1, integer)
    let body = inner.builder.finish(returning: [try inner.builder.add(step, one), end, next])
    let loop = While(
      captureCount: captures.values.count, condition: conditionBuilder.finish(returning: [goesOn]),
      body: body)
    let zero = try builder.splat(0, integer)
    let results = try builder.emitAll(
      .whileLoop(loop), captures.values.map(\.id) + [zero, count, carry.id])
    try push(results[2], bound: max(1, carry.bound))
  }

  /// An element of a parameter as a whole number from 0 to 4.
  private mutating func wholeNumber(of parameter: Value) throws -> ValueID {
    let twice = try builder.multiply(
      builder.unary(.abs, element(of: parameter)), builder.splat(2, TensorType([], element)))
    return try builder.convert(builder.unary(.floor, twice), to: .i64)
  }

  /// The first element of a value.
  private mutating func element(of value: Value) throws -> ValueID {
    let shape = type(of: value).shape
    let op = ShapeOp.slice(
      starts: shape.map { _ in 0 }, limits: shape.map { _ in 1 }, strides: shape.map { _ in 1 })
    return try builder.reshape(builder.emit(.shape(op), [value.id]), to: [])
  }

  // MARK: Branches

  /// One of two or three regions, chosen by an element of a parameter.
  mutating func addBranch() throws {
    guard let parameter = parameters.randomElement(using: &random) else { return }
    let captures = pickCaptures()
    let result = pickValue()
    let isIndex = random.oneIn(2)
    let selector: ValueID
    if isIndex {
      selector = try builder.convert(wholeNumber(of: parameter), to: .i32)
    } else {
      let limit = try builder.splat(random.double(in: -1...1), TensorType([], element))
      selector = try builder.compare(.less, element(of: parameter), limit)
    }
    let given = Captures(values: captures.values + [result], exact: captures.exact)
    let regions = try (0..<(isIndex ? 3 : 2)).map { _ -> Region in
      var (inner, _) = regionProgram(given, index: false)
      let start = inner.values[inner.values.count - 1]
      if random.oneIn(4) { return inner.builder.finish(returning: [start.id]) }
      try inner.growRegion()
      return inner.builder.finish(returning: [
        try inner.squashed(inner.type(of: start), from: start)
      ])
    }
    let branch = Branch(isIndex ? .index : .predicate, branches: regions)
    let value = try builder.emit(.branch(branch), [selector] + given.values.map(\.id))
    try push(value, bound: max(1, result.bound))
  }
}
