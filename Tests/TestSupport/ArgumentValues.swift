import TensorIR

/// Where the elements of a test argument come from; booleans are always drawn evenly.
package enum ArgumentValues: Hashable, Sendable {
  /// Evenly from a range; integers of it for integer elements.
  case uniform(ClosedRange<Double>)
  /// Absolute values evenly from a range, signs at random.
  case magnitude(ClosedRange<Double>)
  /// Multiples of `step`, shifted by `shift`: two arguments of different shift never tie.
  case lattice(step: Double, shift: Double)
  /// No two elements closer than `spacing`, in random order around zero.
  case distinct(spacing: Double)
  /// Away from whole numbers by at least 0.2, between −4 and 4; integers for integer elements.
  case betweenIntegers

  /// Whole numbers of a range.
  case whole(ClosedRange<Int>)

  /// A tensor of such elements.
  package func literal(_ type: TensorType, using random: inout SplitMix64) -> Literal {
    switch type.element.kind {
    case .boolean:
      Literal(type, integers: (0..<type.count).map { _ in Int64(random.int(in: 0...1)) })
    case .signed, .unsigned: Literal(type, integers: integers(type.count, using: &random))
    case .float: Literal(type, doubles: doubles(type.count, using: &random))
    case .complex:
      Literal(
        type, real: doubles(type.count, using: &random),
        imaginary: doubles(type.count, using: &random))
    }
  }

  /// `count` elements, made one after the other.
  private func filled(_ count: Int, _ element: () -> Double) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { buffer, filled in
      guard let start = buffer.baseAddress else { return }
      while filled < count {
        (start + filled).initialize(to: element())
        filled += 1
      }
    }
  }

  /// `count` float elements.
  private func doubles(_ count: Int, using random: inout SplitMix64) -> [Double] {
    switch self {
    case .uniform(let range): return filled(count) { random.double(in: range) }
    case .magnitude(let range):
      return filled(count) {
        let size = random.double(in: range)
        return random.oneIn(2) ? -size : size
      }
    case .lattice(let step, let shift):
      return (0..<count).map { _ in Double(random.int(in: -8...8)) * step + shift }
    case .whole(let range): return (0..<count).map { _ in Double(random.int(in: range)) }
    case .distinct(let spacing):
      let places = (0..<count).shuffled(using: &random)
      return places.map { (Double($0) - Double(count) / 2 + 0.25) * spacing }
    case .betweenIntegers:
      return (0..<count).map { _ in
        Double(random.int(in: -4...3)) + random.double(in: 0.2...0.8)
      }
    }
  }

  /// `count` integer elements.
  private func integers(_ count: Int, using random: inout SplitMix64) -> [Int64] {
    switch self {
    case .uniform(let range):
      let (low, high) = (Int(range.lowerBound.rounded(.up)), Int(range.upperBound.rounded(.down)))
      return (0..<count).map { _ in Int64(random.int(in: low...high)) }
    case .magnitude(let range):
      let (low, high) = (Int(range.lowerBound.rounded(.up)), Int(range.upperBound.rounded(.down)))
      return (0..<count).map { _ in
        Int64(random.oneIn(2) ? -random.int(in: low...high) : random.int(in: low...high))
      }
    case .lattice, .betweenIntegers: return (0..<count).map { _ in Int64(random.int(in: -9...9)) }
    case .whole(let range): return (0..<count).map { _ in Int64(random.int(in: range)) }
    case .distinct: return (0..<count).shuffled(using: &random).map { Int64($0 - count / 2) }
    }
  }
}

/// The values on which implementations of an op most often differ.
package enum SpecialValues {
  /// NaN, infinities, zeros of both signs, subnormal, huge, tiny and ordinary numbers.
  package static func doubles(_ element: ElementType) -> [Double] {
    guard let format = element.floatFormat else { return [] }
    let normal = Double(sign: .plus, exponent: format.leastExponent, significand: 1)
    let least = format.value(of: 1)
    let greatest = format.value(of: format.bits(of: .infinity) - 1)
    return [
      .nan, .infinity, -.infinity, 0, -0.0, least, -least, normal, -normal, greatest, -greatest,
      1, -1, 0.5, -2.5, 3, 1e-8, -1e-8, 90, -105,
    ]
  }

  /// The ends of the range, their neighbours, and small numbers of both signs.
  package static func integers(_ element: ElementType) -> [Int64] {
    let low = element.leastInteger ?? 0
    let high = element == .u64 ? -1 : element.greatestInteger ?? 0
    return [low, low &+ 1, high, high &- 1, 0, 1, -1, 2, -2, 3, 7, -8, 31, 33]
  }

  /// A tensor of special values: argument `position` of a call varies more slowly than those before
  /// it, so that tensors of `count * count` elements meet every pair.
  package static func literal(_ type: TensorType, position: Int, offset: Int) -> Literal {
    func spread<Value>(_ values: [Value]) -> [Value] {
      let period = (0..<position).reduce(1) { product, _ in product * values.count }
      return (0..<type.count).map { values[(($0 + offset) / period) % values.count] }
    }
    switch type.element.kind {
    case .boolean: return Literal(type, integers: spread([1, 0]))
    case .signed, .unsigned: return Literal(type, integers: spread(integers(type.element)))
    case .float: return Literal(type, doubles: spread(doubles(type.element)))
    case .complex:
      let parts: [Double] = [0, -0.0, 1, -1, 0.5, -2.5, 3, 1e-8, -1e-8, 20, -30]
      let pairs = parts.flatMap { real in parts.map { (real, $0) } }
      let all = spread(pairs)
      return Literal(type, real: all.map(\.0), imaginary: all.map(\.1))
    }
  }
}
