import Interpreter
import TensorIR

// A ladder and a scan are the same only where the combination is associative, which text does not say.
// Elementwise combinations are tried at a hundred points of three magnitudes: two rational functions
// that differ do so at nearly all of them (Schwartz 1980, Zippel 1979), and other functions in
// practice.

extension Ladder {
  /// How many points a combination is tried at.
  private static let points = 96

  /// Whether combining is associative, as far as rounding lets see.
  func isAssociative(in function: Function) -> Bool {
    if elements.count == 1, combination[0].kind != nil { return true }
    guard !combination.contains(where: \.hasThreshold) else { return false }
    var random: UInt64 = 0
    let elements = elements.map { function[$0].element }
    guard elements.allSatisfy(\.isTried) else { return false }
    let types = elements.map { TensorType([Self.points], $0.trialType) }
    let sets = (0..<3).map { _ in types.map { Literal(trialOf: $0, &random) } }
    var scalars: [ValueID: Literal] = [:]
    for case .scalar(let value) in combination.flatMap(\.nodes) where scalars[value] == nil {
      let type = function[value].element.trialType
      let one = Literal(trialOf: TensorType([], type), &random)
      scalars[value] = Literal(TensorType([Self.points], type), splat: one.bytes)
    }
    func combined(_ before: [Literal], _ behind: [Literal]) -> [Literal]? {
      try? combination.map { try $0.value(before, behind, scalars, count: Self.points) }
    }
    guard let first = combined(sets[0], sets[1]), let left = combined(first, sets[2]),
      let last = combined(sets[1], sets[2]), let right = combined(sets[0], last)
    else { return false }
    return zip(left, right).allSatisfy { areEqual($0, $1) }
  }

  /// The difference relative to numbers above one that rounding may make.
  private static let tolerance = 1e-7

  /// Whether two tensors differ by no more than rounding.
  private func areEqual(_ left: Literal, _ right: Literal) -> Bool {
    guard left.type.element.isFloat else { return left.bytes == right.bytes }
    return zip(left.doubles, right.doubles).allSatisfy { x, y in
      x == y || (x.isNaN && y.isNaN) || abs(x - y) <= Self.tolerance * max(1, abs(x), abs(y))
    }
  }
}

extension LadderExpression {
  /// Whether numbers are compared with others that the text names, so that the expression may be one
  /// function at all points tried and another one beyond: min(x + y, 1000).
  fileprivate var hasThreshold: Bool {
    let compares = nodes.contains { node in
      switch node {
      case .apply(.compare, _), .apply(.clamp, _), .apply(.binary(.maximum), _),
        .apply(.binary(.minimum), _):
        true
      case .apply, .leaf, .splat, .scalar: false
      }
    }
    return compares
      && nodes.contains { node in
        guard case .splat(let literal) = node else { return false }
        let number = literal.doubles[0]
        return number.isFinite && abs(number) != 1 && number != 0
      }
  }

  /// What the expression is of `count` elements of each tensor.
  fileprivate func value(
    _ before: [Literal], _ behind: [Literal], _ scalars: [ValueID: Literal], count: Int
  ) throws -> Literal {
    var values: [Literal] = []
    for node in nodes {
      switch node {
      case .leaf(isBefore: let isBefore, let element):
        values.append(isBefore ? before[element] : behind[element])
      case .splat(let literal):
        let type = TensorType([count], literal.type.element.trialType)
        values.append(
          type.element == literal.type.element
            ? Literal(type, splat: literal.bytes) : Literal(type, filledWith: literal.doubles[0]))
      case .scalar(let value):
        guard let literal = scalars[value] else {
          preconditionFailure("all scalars of a combination have a trial value")
        }
        values.append(literal)
      case .apply(.convert(let element), let operands):
        values.append(try Op.convert(to: element.trialType).evaluated([values[operands[0]]])[0])
      case .apply(let op, let operands):
        values.append(try op.evaluated(operands.map { values[$0] })[0])
      }
    }
    return values[values.count - 1]
  }
}

extension ElementType {
  /// Whether combinations of the type are tried at all: scans of short floats would round at each
  /// step.
  fileprivate var isTried: Bool {
    switch self {
    case .i1, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .f32, .f64: true
    case .i4, .u4, .f16, .bf16, .c64, .c128: false
    }
  }

  /// The type that combinations are tried in: all floats are f64, so that rounding hides nothing.
  fileprivate var trialType: ElementType { isFloat ? .f64 : self }
}

extension Literal {
  /// Numbers of three magnitudes, most of them of either sign; booleans of both kinds.
  fileprivate init(trialOf type: TensorType, _ state: inout UInt64) {
    var place = 0
    func draw() -> Double {
      // The generator SplitMix64 (Steele, Lea and Flood 2014).
      state &+= 0x9E37_79B9_7F4A_7C15
      var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((bits ^ (bits >> 31)) >> 11) * 0x1p-53
    }
    let values = (0..<type.count).map { _ -> Double in
      place += 1
      let fraction = draw()
      switch place % 3 {
      case 0: return 0.1 + 0.9 * fraction
      case 1: return 4 * fraction - 2
      default: return 40 * fraction - 20
      }
    }
    if type.element.isFloat {
      self.init(type, doubles: values)
    } else {
      let isSigned = type.element.kind == .signed
      self.init(
        type,
        integers: values.map { value in
          type.element == .i1 ? (value > 0.55 ? 1 : 0) : Int64(isSigned ? value : abs(value))
        })
    }
  }
}
