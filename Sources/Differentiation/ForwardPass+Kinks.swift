import TensorIR

// Tangents at kinks.
//
// At a kink, where s = sign(x − y) is 0, a slope made of s stands for the mean of both sides: 0 for |x|,
// 1/2 for a maximum. The mean of a product is not the product of means: s · s is 1 on both sides, so
// 1 at the kink too, or x², written |x| · |x|, would lose its second derivative at 0. In a function
// that multiplies such slopes (`Kinks`), values and tangents are therefore followed as even + s · odd:
//
//     value                        odd part         odd part of the tangent
//     sign(x)                      1                0
//     |x|                          0                ẋ
//     max(x, y)                    0                (ẋ − ẏ)/2
//     x ≥ y ? c : 0, halved        itself           its tangent
//     c · d                        c₁·d + c·d₁      ċ₁·d + c·ḋ₁ + ċ·d₁ + c₁·ḋ
//
// The even part is the ordinary one, to whose tangent products add ċ₁·d₁ + c₁·ḋ₁ at the kink alone.
// Sums, choices and conversions take odd parts along; other functions those of tangents only.

/// The odd parts of values and tangents with respect to one kink, by the source value's id.
struct OddParts {
  /// The odd parts of values.
  var values: [Int: ValueID] = [:]
  /// The odd parts of tangents.
  var tangents: [Int: ValueID] = [:]
}

extension ForwardPass {
  /// Adds to an operation's tangent what kinks whose slopes cancel give it, and notes odd parts.
  mutating func followKinks(_ operation: Operation) throws {
    guard operation.op.isElementwise, let result = operation.results.first,
      source[result].element.isFloat
    else { return }
    builder.location = operation.location
    for kink in kinks.kinks {
      let known = oddParts[kink] ?? OddParts()
      let isReached = operation.operands.contains {
        known.values[$0.index] != nil || known.tangents[$0.index] != nil
      }
      guard isReached || kinks.starts(operation, kink) else { continue }
      var odd = try propagatedTangent(operation, known)
      var value: ValueID?
      if let side = kinks.source(operation), side.kink == kink {
        odd = try oddTangent(ofSource: operation, side)
      } else if let cut = kinks.cut(operation), cut.side.kink == kink {
        let part = known.tangents[cut.kept.index]
        try addAtKink(kink, part.map { try signed($0, cut.side.sign) }, to: result)
        odd = try tangent(result).map { try signed($0, cut.side.sign) }
        value = try signed(result, cut.side.sign)
      } else if case .unary(.sign) = operation.op {
        value = try builder.splat(1, source[result])
      } else {
        value = try oddValue(operation, known)
        let even = operation.operands.map { tangent($0) }
        odd = try sum(odd, productTangent(operation, value, known, even))
        let odds = operation.operands.map { known.tangents[$0.index] }
        try addAtKink(kink, productTangent(operation, value, known, odds), to: result)
      }
      oddParts[kink, default: OddParts()].values[result.index] = value
      oddParts[kink, default: OddParts()].tangents[result.index] = odd
    }
  }

  /// A value, or its opposite for a sign below zero.
  private mutating func signed(_ value: ValueID, _ sign: Double) throws -> ValueID {
    sign > 0 ? value : try builder.negate(value)
  }

  /// The odd part of the tangent of an absolute value, maximum or minimum.
  private mutating func oddTangent(
    ofSource operation: Operation, _ side: Kinks.Side
  ) throws -> ValueID? {
    guard case .binary(let op) = operation.op else { return tangent(operation.operands[0]) }
    let (left, right) = (tangent(operation.operands[0]), tangent(operation.operands[1]))
    // Half the difference of the operands' tangents, first less second for a maximum.
    let (more, less) = op == .maximum ? (left, right) : (right, left)
    guard let gap = try sum(more, less.map { try builder.negate($0) }) else { return nil }
    let isOrdered = (op == .maximum) == (side.sign > 0)
    let half = try builder.splat(isOrdered ? 0.5 : -0.5, builder[gap])
    return try builder.multiply(gap, half)
  }

  /// The odd part of a tangent that the tangent rule gives from the operands' odd parts.
  private mutating func propagatedTangent(
    _ operation: Operation, _ known: OddParts
  ) throws -> ValueID? {
    guard operation.operands.contains(where: { known.tangents[$0.index] != nil }) else {
      return nil
    }
    substitutes = known.tangents
    defer { substitutes = nil }
    return try operation.tangent(in: &self)
  }

  /// The odd part of a value computed linearly from values with odd parts.
  private mutating func oddValue(_ operation: Operation, _ known: OddParts) throws -> ValueID? {
    let operands = operation.operands
    let parts = operands.map { known.values[$0.index] }
    guard parts.contains(where: { $0 != nil }) else { return nil }
    switch operation.op {
    case .unary(.negate): return try parts[0].map { try builder.negate($0) }
    case .binary(.add): return try sum(parts[0], parts[1])
    case .binary(.subtract):
      return try sum(parts[0], parts[1].map { try builder.negate($0) })
    case .binary(.multiply):
      return try sum(scaled(parts[0], by: operands[1]), scaled(parts[1], by: operands[0]))
    case .binary(.divide):
      guard parts[1] == nil else { return nil }
      return try parts[0].map { try scale($0, dividingBy: operands[1]) }
    case .convert(let element): return try parts[0].map { try builder.convert($0, to: element) }
    case .select:
      let type = source[operation.result]
      let (onTrue, onFalse) = (try parts[1] ?? zero(type), try parts[2] ?? zero(type))
      return try builder.select(operands[0], onTrue, onFalse)
    default: return nil
    }
  }

  /// What the operands' odd parts and `tangents`, those of the operands, make of a product or
  /// quotient: ċ·d₁ + c₁·ḋ for a product c·d, and −z₁·ḋ / d for a quotient z = c/d.
  private mutating func productTangent(
    _ operation: Operation, _ value: ValueID?, _ known: OddParts, _ tangents: [ValueID?]
  ) throws -> ValueID? {
    guard let value, case .binary(let op) = operation.op else { return nil }
    let (left, right) = (operation.operands[0], operation.operands[1])
    switch op {
    case .multiply:
      var first: ValueID?
      if let odd = known.values[right.index] { first = try scaled(tangents[0], by: odd) }
      guard let odd = known.values[left.index] else { return first }
      return try sum(first, scaled(tangents[1], by: odd))
    case .divide:
      guard let inner = tangents[1] else { return nil }
      return try scale(builder.negate(scale(inner, by: value)), dividingBy: right)
    default: return nil
    }
  }

  /// Adds to a result's tangent at the kink alone.
  private mutating func addAtKink(_ kink: Kink, _ part: ValueID?, to result: ValueID) throws {
    guard let part else { return }
    let right = try kink.right ?? zero(source[kink.left])
    let isMet = try builder.compare(.equal, kink.left, right)
    setTangent(try sum(tangent(result), masked(part, where: isMet)), of: result)
  }
}

extension Op {
  /// Whether each element of the result depends on the operands' elements at its place alone.
  fileprivate var isElementwise: Bool {
    switch self {
    case .unary, .binary, .select, .convert: true
    default: false
    }
  }
}
