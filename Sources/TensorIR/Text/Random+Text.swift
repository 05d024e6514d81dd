// `rng`, whose numbers StableHLO leaves to implementations, with state or without.

extension OperationDraft {
  /// Adds random numbers between bounds, or of a mean and a deviation: (a, b, shape).
  ///
  /// The bits are those of `rng_bit_generator` by Philox with the key 0 and the counter 2⁴⁰ · n, for the
  /// n-th operation of this kind in the text, from zero on; so every run gives the same numbers.
  mutating func expandRandom(in builder: inout FunctionBuilder) throws -> [ValueID] {
    try requireOperands(3)
    let type = try resultType()
    if let shape = known[2], shape != type.shape {
      throw AdjointError(
        .type, "\(mnemonic) (C3): operand 2 is \(shape), but the result has shape \(type.shape)",
        at: attributes.location)
    }
    let scalar = TensorType([], type.element)
    guard operandTypes[0] == scalar, operandTypes[1] == scalar else {
      throw AdjointError(
        .type, "\(mnemonic) (C1): \(operandTypes[0]) and \(operandTypes[1]) are not \(scalar)",
        at: attributes.location)
    }
    let word = try attributes.word("rng_distribution")
    let counter = Int64(randomNumber) << 40
    let bounds = try operands.prefix(2).map {
      try builder.broadcast($0, to: type.shape, dimensions: [])
    }
    switch (word, type.element.kind) {
    case ("UNIFORM", .float):
      let unit = try builder.randomFractions(type, counter, isCentered: false)
      let width = try builder.subtract(bounds[1], bounds[0])
      let number = try builder.add(bounds[0], builder.multiply(width, unit))
      // Rounding must not reach the end of the range.
      let isInside = try builder.compare(.less, number, bounds[1])
      return [try builder.select(isInside, number, bounds[0])]
    case ("UNIFORM", .signed), ("UNIFORM", .unsigned):
      let bits = try builder.randomWords(TensorType(type.shape, .u64), counter)
      let ends = try bounds.map { try builder.convert($0, to: .u64) }
      let width = try builder.subtract(ends[1], ends[0])
      let offset = try builder.binary(.remainder, bits, width)
      return [try builder.convert(builder.add(ends[0], offset), to: type.element)]
    case ("NORMAL", .float):
      let unit = try builder.randomFractions(type, counter, isCentered: true)
      let element = builder[unit].element
      let two = try builder.splat(2, builder[unit])
      let one = try builder.splat(1, builder[unit])
      let centered = try builder.subtract(builder.multiply(unit, two), one)
      let root = try builder.splat(2.0.squareRoot(), builder[unit])
      let number = try builder.multiply(root, builder.unary(.erfInverse, centered))
      let wide = try bounds.map { try builder.convert($0, to: element) }
      let scaled = try builder.add(wide[0], builder.multiply(wide[1], number))
      return [try builder.convert(scaled, to: type.element)]
    default:
      throw AdjointError(
        .unsupported, "\(mnemonic) \(word) of \(type.element.rawValue) is not supported",
        at: attributes.location)
    }
  }
}

extension FunctionBuilder {
  /// The bits of a counter that no state changes.
  fileprivate mutating func randomWords(_ type: TensorType, _ counter: Int64) throws -> ValueID {
    let state = try constant(Literal(TensorType([2], .u64), integers: [0, counter]))
    return try randomBits(.philox, state, type)[1]
  }

  /// Random numbers from zero to one: multiples of a power of two below one, or where they are centered,
  /// odd multiples. Floats of 16 bits are given as f32 where they are centered.
  fileprivate mutating func randomFractions(
    _ type: TensorType, _ counter: Int64, isCentered: Bool
  ) throws -> ValueID {
    let element: ElementType = type.element == .f64 ? .f64 : .f32
    let word: ElementType = element == .f64 ? .u64 : .u32
    let isShort = type.element != element && !isCentered
    let digits = (isShort ? type.element : element).floatFormat?.fractionBits ?? 0
    let bits = try randomWords(TensorType(type.shape, word), counter)
    let shift = try splat(Double(word.width - digits), self[bits])
    let number = try convert(binary(.shiftRightLogical, bits, shift), to: element)
    let half = try splat(isCentered ? 0.5 : 0, self[number])
    let scale = try splat(Double(sign: .plus, exponent: -digits, significand: 1), self[number])
    let fraction = try multiply(add(number, half), scale)
    return isCentered ? fraction : try convert(fraction, to: type.element)
  }
}

extension ModuleParser {
  /// Reads `%a, %b, %shape, distribution = UNIFORM`.
  mutating func randomForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try operandsBeforeWord(of: &draft, in: &body)
    try cursor.expect(word: "distribution")
    try cursor.expect("=")
    try draft.attributes.add(
      "rng_distribution", .word(try cursor.expectWord("a distribution")))
  }
}
