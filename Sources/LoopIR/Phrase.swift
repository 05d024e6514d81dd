internal import TensorIR

/// A piece of text in C's grammar and how tightly its outermost operator binds.
struct Phrase: Hashable {
  /// How tightly operators bind, as in C, loosest first.
  enum Precedence: Int, Comparable {
    case choice, conjunction, or, and, equality, relation, sum, product, prefix, atom

    static func < (left: Precedence, right: Precedence) -> Bool { left.rawValue < right.rawValue }

    /// The next tighter level.
    var tighter: Precedence { Precedence(rawValue: rawValue + 1) ?? .atom }
  }

  var text: String
  var precedence: Precedence
  /// Whether memory is read, so that the text must not move past a store.
  var readsMemory = false

  init(_ text: String, _ precedence: Precedence, readsMemory: Bool = false) {
    self.text = text
    self.precedence = precedence
    self.readsMemory = readsMemory
  }

  /// The text where operators at least as tight as `precedence` need no parentheses.
  func text(at precedence: Precedence) -> String {
    self.precedence < precedence ? "(\(text))" : text
  }
}

extension ScalarOp {
  /// The function applied to operands.
  func phrase(_ operands: [Phrase]) -> Phrase {
    var phrase = bare(operands)
    phrase.readsMemory = operands.contains(where: \.readsMemory)
    return phrase
  }

  private func bare(_ operands: [Phrase]) -> Phrase {
    switch self {
    case .unary(let op) where operands.count == 1: return op.phrase(operands[0])
    case .binary(let op) where operands.count == 2: return op.phrase(operands[0], operands[1])
    case .compare(let direction) where operands.count == 2:
      return direction.phrase(operands[0], operands[1])
    case .select where operands.count == 3:
      let predicate = operands[0].text(at: .conjunction)
      let onTrue = operands[1].text(at: .conjunction)
      return Phrase("\(predicate) ? \(onTrue) : \(operands[2].text(at: .conjunction))", .choice)
    case .convert(let element) where operands.count == 1:
      return Phrase("\(element.rawValue)(\(operands[0].text))", .atom)
    case .bits(.cast(let element)) where operands.count == 1:
      return Phrase("bits_\(element.rawValue)(\(operands[0].text))", .atom)
    case .bits(.reducePrecision(let exponentBits, let fractionBits)) where operands.count == 1:
      return Phrase("e\(exponentBits)m\(fractionBits)(\(operands[0].text))", .atom)
    case .unary, .binary, .compare, .select, .convert, .bits:
      let all = operands.map(\.text).joined(separator: ", ")
      return Phrase("invalid(\(all))", .atom)
    }
  }
}

extension UnaryOp {
  fileprivate func phrase(_ operand: Phrase) -> Phrase {
    switch self {
    case .negate: Phrase("-" + operand.text(at: .atom), .prefix)
    case .not: Phrase("!" + operand.text(at: .atom), .prefix)
    case .abs, .sign, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh,
      .sine, .cosine, .sqrt, .rsqrt, .floor, .ceil, .roundEven, .roundAway, .cubeRoot, .tangent,
      .isFinite, .stopGradient, .populationCount, .leadingZeros, .erf, .erfc, .erfInverse, .square,
      .sinh, .cosh,
      .asin, .acos, .atan, .asinh, .acosh, .atanh, .logGamma, .digamma, .isInfinite,
      .isPositiveInfinite, .isNegativeInfinite:
      Phrase("\(name)(\(operand.text))", .atom)
    }
  }

  /// The function's name in C, or the nearest thing to it.
  private var name: String {
    switch self {
    case .abs: "abs"
    case .negate: "neg"
    case .sign: "sign"
    case .exponential: "exp"
    case .exponentialMinusOne: "expm1"
    case .log: "log"
    case .logPlusOne: "log1p"
    case .logistic: "logistic"
    case .tanh: "tanh"
    case .sine: "sin"
    case .cosine: "cos"
    case .sqrt: "sqrt"
    case .rsqrt: "rsqrt"
    case .floor: "floor"
    case .isFinite: "isfinite"
    case .not: "not"
    case .stopGradient: "constant"
    case .ceil: "ceil"
    case .roundEven: "roundeven"
    case .roundAway: "round"
    case .cubeRoot: "cbrt"
    case .tangent: "tan"
    case .populationCount: "popcount"
    case .leadingZeros: "clz"
    case .erf: "erf"
    case .erfc: "erfc"
    case .erfInverse: "erfinv"
    case .sinh: "sinh"
    case .cosh: "cosh"
    case .asin: "asin"
    case .acos: "acos"
    case .atan: "atan"
    case .asinh: "asinh"
    case .acosh: "acosh"
    case .atanh: "atanh"
    case .logGamma: "lgamma"
    case .digamma: "digamma"
    case .isInfinite: "isinf"
    case .isPositiveInfinite: "isposinf"
    case .isNegativeInfinite: "isneginf"
    case .square: "square"
    }
  }
}

extension BinaryOp {
  fileprivate func phrase(_ left: Phrase, _ right: Phrase) -> Phrase {
    switch self {
    case .add: infix(left, " + ", right, .sum)
    case .subtract: infix(left, " - ", right, .sum)
    case .multiply: infix(left, "*", right, .product)
    case .divide: infix(left, "/", right, .product)
    case .maximum: Phrase("max(\(left.text), \(right.text))", .atom)
    case .minimum: Phrase("min(\(left.text), \(right.text))", .atom)
    case .power: call("pow", left, right)
    case .remainder: call("rem", left, right)
    case .atan2: call("atan2", left, right)
    case .nextAfter: call("nextafter", left, right)
    case .polygamma: call("polygamma", left, right)
    case .zeta: call("zeta", left, right)
    case .xor: call("xor", left, right)
    case .shiftLeft: call("shl", left, right)
    case .shiftRightArithmetic: call("ashr", left, right)
    case .shiftRightLogical: call("lshr", left, right)
    case .and: infix(left, " & ", right, .and)
    case .or: infix(left, " | ", right, .or)
    }
  }

  private func call(_ name: String, _ left: Phrase, _ right: Phrase) -> Phrase {
    Phrase("\(name)(\(left.text), \(right.text))", .atom)
  }
}

extension Comparison.Direction {
  fileprivate func phrase(_ left: Phrase, _ right: Phrase) -> Phrase {
    switch self {
    case .equal: infix(left, " == ", right, .equality)
    case .notEqual: infix(left, " != ", right, .equality)
    case .greaterOrEqual: infix(left, " >= ", right, .relation)
    case .greater: infix(left, " > ", right, .relation)
    case .lessOrEqual: infix(left, " <= ", right, .relation)
    case .less: infix(left, " < ", right, .relation)
    }
  }
}

/// A left-associative operator between operands.
private func infix(
  _ left: Phrase, _ symbol: String, _ right: Phrase, _ precedence: Phrase.Precedence
) -> Phrase {
  let text = left.text(at: precedence) + symbol + right.text(at: precedence.tighter)
  return Phrase(text, precedence)
}

extension Reduction.Kind {
  /// The sign behind an accumulator.
  var symbol: String {
    switch self {
    case .add: "+"
    case .multiply: "*"
    case .maximum: "max"
    case .minimum: "min"
    case .and: "&"
    case .or: "|"
    }
  }

  /// The statement that combines a value into a target.
  func statement(_ target: String, _ value: Phrase) -> String {
    switch self {
    case .add, .multiply, .and, .or: "\(target) \(symbol)= \(value.text)"
    case .maximum, .minimum: "\(target) = \(symbol)(\(target), \(value.text))"
    }
  }
}

extension Literal {
  /// The only element as a number.
  ///
  /// - Requires: the literal is a scalar.
  var phrase: Phrase {
    let text = elementText(0)
    return Phrase(text, text.hasPrefix("-") ? .prefix : .atom)
  }

  /// One element, floats with the fewest digits that tell them apart.
  func elementText(_ position: Int) -> String {
    let element = type.element
    switch element.kind {
    case .float:
      let value = doubles[position]
      return Self.short(element == .f64 ? value.description : Float(value).description)
    case .signed: return integers[position].description
    case .unsigned: return UInt64(bitPattern: integers[position]).description
    case .boolean: return integers[position] == 0 ? "false" : "true"
    case .complex: return "(\(realParts[position]), \(imaginaryParts[position]))"
    }
  }

  private static func short(_ text: String) -> String {
    text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension TensorType {
  /// The type as in a C declaration: element and extents, `f32[4096,1024]`.
  var loopDescription: String {
    element.rawValue + "[" + shape.map(\.description).joined(separator: ",") + "]"
  }
}
