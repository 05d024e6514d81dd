extension FunctionBuilder {
  /// The next state and the bits that `rng_bit_generator` gives for a state of two u64: a key, and a
  /// counter that grows by the blocks used; for Philox a third one may be the counter's upper half, which
  /// else starts from the key.
  ///
  /// The bits are those of XLA on a CPU. Sources: J. Salmon and others, "Parallel Random Numbers: As Easy
  /// as 1, 2, 3" (2011), for both ciphers.
  mutating func randomBits(
    _ algorithm: RandomAlgorithm, _ state: ValueID, _ type: TensorType
  ) throws -> [ValueID] {
    let isLong = algorithm == .philox && self[state] == TensorType([3], .u64)
    guard isLong || self[state] == TensorType([2], .u64), type.element.isInteger,
      type.element.width >= 8
    else {
      throw AdjointError(
        .unsupported,
        "stablehlo.rng_bit_generator of \(type) from \(self[state]) is not supported")
    }
    if let element = type.element.unsignedOfSameWidth {
      let made = try randomBits(algorithm, state, TensorType(type.shape, element))
      return [made[0], try emit(.bits(.cast(to: type.element)), [made[1]])]
    }
    let key = try reshape(strided(state, starts: [0], limits: [1], strides: [1]), to: [])
    let counter = try reshape(strided(state, starts: [1], limits: [2], strides: [1]), to: [])
    let above =
      try isLong
      ? reshape(strided(state, starts: [2], limits: [3], strides: [1]), to: []) : nil
    let (bits, blocks) =
      switch algorithm {
      case .threefry: try threefry(key, counter, type)
      case .philox: try philox(key, counter, above: above ?? key, type)
      }
    let next = try add(counter, word(Int64(blocks), TensorType([], .u64)))
    var parts = [key, next]
    if let above {
      let carry = try convert(compare(.less, next, counter), to: .u64)
      parts.append(try add(above, carry))
    }
    parts = try parts.map { try reshape($0, to: [1]) }
    return [try emit(.shape(.concatenate(dimension: 0)), parts), bits]
  }

  // MARK: Words

  /// A constant repeated.
  private mutating func word(_ value: Int64, _ type: TensorType) throws -> ValueID {
    try broadcast(
      constant(Literal(TensorType([], type.element), integers: [value])), to: type.shape,
      dimensions: [])
  }

  /// The low and the high half of 64-bit words.
  private mutating func halves(_ value: ValueID) throws -> [ValueID] {
    let high = try binary(.shiftRightLogical, value, word(32, self[value]))
    return [try convert(value, to: .u32), try convert(high, to: .u32)]
  }

  /// 64-bit words of low and high halves.
  private mutating func joined(_ low: ValueID, _ high: ValueID) throws -> ValueID {
    let wide = try convert(high, to: .u64)
    let moved = try binary(.shiftLeft, wide, word(32, self[wide]))
    return try binary(.or, moved, convert(low, to: .u64))
  }

  /// A counter plus 0, 1, … in a shape.
  private mutating func counters(_ start: ValueID, _ shape: [Int]) throws -> ValueID {
    let count = shape.reduce(1, *)
    let places = try emit(.iota(TensorType([count], .u64), dimension: 0), [])
    return try reshape(
      add(broadcast(start, to: [count], dimensions: []), places), to: shape)
  }

  private mutating func rotated(_ value: ValueID, _ distance: Int64) throws -> ValueID {
    let type = self[value]
    return try binary(
      .or, binary(.shiftLeft, value, word(distance, type)),
      binary(.shiftRightLogical, value, word(32 - distance, type)))
  }

  // MARK: Threefry

  /// Two words of each counter. Words of 32 bits fill the first axis of even extent, else the longest,
  /// in turns; those of 64 bits are both.
  private mutating func threefry(
    _ key: ValueID, _ counter: ValueID, _ type: TensorType
  ) throws -> (ValueID, Int) {
    if type.element == .u64 {
      let inputs = try halves(counters(counter, type.shape))
      let words = try threefry(key, inputs[0], inputs[1])
      return (try joined(words.0, words.1), type.count)
    }
    let shape = type.shape
    guard
      let axis = shape.firstIndex(where: { $0 % 2 == 0 })
        ?? shape.indices.max(by: { shape[$0] < shape[$1] }).map({ longest in
          shape.firstIndex(of: shape[longest]) ?? longest
        })
    else {
      let inputs = try halves(counters(counter, []))
      return (try convert(threefry(key, inputs[0], inputs[1]).0, to: type.element), 1)
    }
    var half = shape
    half[axis] = (shape[axis] + 1) / 2
    let inputs = try halves(counters(counter, half))
    let words = try threefry(key, inputs[0], inputs[1])
    var paired = half
    paired.insert(1, at: axis + 1)
    let pairs = try [words.0, words.1].map { try reshape($0, to: paired) }
    var whole = half
    whole[axis] *= 2
    let all = try reshape(
      emit(.shape(.concatenate(dimension: axis + 1)), pairs), to: whole)
    let cut = try strided(
      all, starts: shape.map { _ in 0 }, limits: shape, strides: shape.map { _ in 1 })
    return (try convert(cut, to: type.element), half.reduce(1, *))
  }

  /// Threefry-2x32 with 20 rounds.
  private mutating func threefry(
    _ key: ValueID, _ first: ValueID, _ second: ValueID
  ) throws -> (ValueID, ValueID) {
    let type = self[first]
    var keys = try halves(key)
    let parity = try binary(
      .xor, binary(.xor, keys[0], keys[1]), word(0x1BD1_1BDA, TensorType([], .u32)))
    keys = try (keys + [parity]).map { try broadcast($0, to: type.shape, dimensions: []) }
    let rotations: [[Int64]] = [[13, 15, 26, 6], [17, 29, 16, 24]]
    var (x, y) = (try add(first, keys[0]), try add(second, keys[1]))
    for round in 0..<5 {
      for distance in rotations[round % 2] {
        x = try add(x, y)
        y = try binary(.xor, rotated(y, distance), x)
      }
      x = try add(x, keys[(round + 1) % 3])
      y = try add(add(y, keys[(round + 2) % 3]), word(Int64(round + 1), type))
    }
    return (x, y)
  }

  // MARK: Philox

  /// Four words of each counter of 128 bits, whose upper half is given.
  private mutating func philox(
    _ key: ValueID, _ counter: ValueID, above: ValueID, _ type: TensorType
  ) throws -> (ValueID, Int) {
    let words = type.element == .u64 ? 2 * type.count : type.count
    let blocks = (words + 3) / 4
    let count = [blocks]
    let low = try counters(counter, count)
    let start = try broadcast(counter, to: count, dimensions: [])
    let carry = try convert(compare(.less, low, start), to: .u64)
    let high = try add(broadcast(above, to: count, dimensions: []), carry)
    var state = try halves(low) + halves(high)
    var round = try halves(key).map { try broadcast($0, to: count, dimensions: []) }
    for _ in 0..<10 {
      let first = try wideProduct(state[0], 0xD251_1F53)
      let second = try wideProduct(state[2], 0xCD9E_8D57)
      state = [
        try binary(.xor, binary(.xor, second[1], state[1]), round[0]), second[0],
        try binary(.xor, binary(.xor, first[1], state[3]), round[1]), first[0],
      ]
      let steps: [Int64] = [0x9E37_79B9, 0xBB67_AE85]
      round = try zip(round, steps).map { try add($0, word($1, self[$0])) }
    }
    let columns = try state.map { try reshape($0, to: [blocks, 1]) }
    var all = try reshape(
      emit(.shape(.concatenate(dimension: 1)), columns), to: [4 * blocks])
    if type.element == .u64 {
      all = try bitcast(
        reshape(all, to: [2 * blocks, 2]), to: TensorType([2 * blocks], .u64))
    }
    let cut = try strided(all, starts: [0], limits: [type.count], strides: [1])
    return (try convert(reshape(cut, to: type.shape), to: type.element), blocks)
  }

  /// The low and the high half of products with a constant.
  private mutating func wideProduct(_ value: ValueID, _ factor: Int64) throws -> [ValueID] {
    let wide = try convert(value, to: .u64)
    return try halves(multiply(wide, word(factor, self[wide])))
  }
}

/// A cipher that makes random bits of counters.
enum RandomAlgorithm {
  case threefry, philox

  /// The algorithm of the name in text; the default one is a CPU's.
  init?(_ name: String) {
    switch name {
    case "THREE_FRY": self = .threefry
    case "PHILOX", "DEFAULT": self = .philox
    default: return nil
    }
  }
}
