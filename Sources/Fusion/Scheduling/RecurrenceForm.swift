internal import LoopIR
internal import TensorIR

/// A number that does not depend on a carry: a literal that arithmetic is simplified for, or a scalar.
enum RecurrenceFactor: Hashable {
  case number(Double)
  case scalar(ScalarID)

  static let zero = RecurrenceFactor.number(0)
  static let one = RecurrenceFactor.number(1)
}

/// A scalar as a function of a carry c: (a·c + b)/(p·c + q).
struct RecurrenceForm: Hashable {
  var a = RecurrenceFactor.zero
  var b = RecurrenceFactor.zero
  var p = RecurrenceFactor.zero
  var q = RecurrenceFactor.one

  /// The carry itself.
  static let carry = RecurrenceForm(a: .one)

  /// Whether c stands in the numerator at most.
  var isLinear: Bool { p == .zero && q == .one }

  /// Whether c does not occur.
  var isConstant: Bool { isLinear && a == .zero }

  func hasDenominator(of other: RecurrenceForm) -> Bool { p == other.p && q == other.q }
}

/// Brings the next value of a carry into the form of a recurrence; the arithmetic on what does not depend on
/// the carry becomes new scalars.
struct RecurrenceBuilder {
  /// The types of all scalars, new ones behind the others.
  private(set) var scalars: [ElementType]
  /// The definitions of new scalars.
  private(set) var nodes: [Node] = []
  private var known: [Expression: ScalarID] = [:]
  private let element: ElementType

  init(scalars: [ElementType], element: ElementType) {
    self.scalars = scalars
    self.element = element
  }

  /// The form of an operation on forms; nil where it is none.
  mutating func apply(_ op: ScalarOp, _ operands: [Operand]) -> RecurrenceForm? {
    switch (op, operands.count) {
    case (.unary(.negate), 1): return negated(operands[0].form)
    case (.convert(to: element), 1): return operands[0].form
    case (.binary(let op), 2): return apply(op, operands[0].form, operands[1].form)
    case (.select, 3):
      guard case .other(let condition) = operands[0] else { return nil }
      return chosen(condition, operands[1].form, operands[2].form)
    case (_, _): return nil
    }
  }

  /// An operand of an operation.
  enum Operand {
    /// A number in terms of the carry.
    case number(RecurrenceForm)
    /// Something of another type that does not depend on the carry.
    case other(ScalarID)

    fileprivate var form: RecurrenceForm? {
      if case .number(let form) = self { form } else { nil }
    }
  }

  // MARK: Forms

  private mutating func negated(_ form: RecurrenceForm?) -> RecurrenceForm? {
    guard var form else { return nil }
    (form.a, form.b) = (negated(form.a), negated(form.b))
    return form
  }

  private mutating func apply(
    _ op: BinaryOp, _ left: RecurrenceForm?, _ right: RecurrenceForm?
  ) -> RecurrenceForm? {
    guard let left, let right else { return nil }
    switch op {
    case .add: return sum(left, right)
    case .subtract: return negated(right).flatMap { sum(left, $0) }
    case .multiply: return product(left, right) ?? product(right, left)
    case .divide: return quotient(left, right)
    case .maximum, .minimum, .and, .or, .xor, .shiftLeft, .shiftRightArithmetic,
      .shiftRightLogical, .nextAfter, .power, .remainder, .atan2, .polygamma, .zeta:
      return nil
    }
  }

  private mutating func sum(_ left: RecurrenceForm, _ right: RecurrenceForm) -> RecurrenceForm? {
    if left.hasDenominator(of: right) {
      return RecurrenceForm(
        a: add(left.a, right.a), b: add(left.b, right.b), p: left.p, q: left.q)
    }
    if right.isConstant { return sum(left, shiftedBy: right.b) }
    return left.isConstant ? sum(right, shiftedBy: left.b) : nil
  }

  /// n/d + k = (n + k·d)/d.
  private mutating func sum(
    _ form: RecurrenceForm, shiftedBy number: RecurrenceFactor
  ) -> RecurrenceForm {
    RecurrenceForm(
      a: add(form.a, multiply(number, form.p)), b: add(form.b, multiply(number, form.q)),
      p: form.p, q: form.q)
  }

  /// The product of two forms, the first of which has no carry in its numerator.
  private mutating func product(
    _ left: RecurrenceForm, _ right: RecurrenceForm
  ) -> RecurrenceForm? {
    guard left.a == .zero, left.isConstant || right.isLinear else { return nil }
    let denominator = left.isConstant ? right : left
    return RecurrenceForm(
      a: multiply(left.b, right.a), b: multiply(left.b, right.b), p: denominator.p,
      q: denominator.q)
  }

  private mutating func quotient(
    _ left: RecurrenceForm, _ right: RecurrenceForm
  ) -> RecurrenceForm? {
    if left.hasDenominator(of: right), !right.isConstant {
      return RecurrenceForm(a: left.a, b: left.b, p: right.a, q: right.b)
    }
    if right.isConstant {
      guard left.a != .zero, left.b != .zero, right.b != .one else {
        return RecurrenceForm(
          a: divide(left.a, right.b), b: divide(left.b, right.b), p: left.p, q: left.q)
      }
      let reciprocal = divide(.one, right.b)
      return RecurrenceForm(
        a: multiply(left.a, reciprocal), b: multiply(left.b, reciprocal), p: left.p, q: left.q)
    }
    guard left.isConstant else { return nil }
    return RecurrenceForm(
      a: multiply(left.b, right.p), b: multiply(left.b, right.q), p: right.a, q: right.b)
  }

  private mutating func chosen(
    _ condition: ScalarID, _ left: RecurrenceForm?, _ right: RecurrenceForm?
  ) -> RecurrenceForm? {
    guard let left, let right else { return nil }
    func pick(
      _ builder: inout RecurrenceBuilder, _ left: RecurrenceFactor, _ right: RecurrenceFactor
    ) -> RecurrenceFactor {
      if left == right { return left }
      let operands = [condition, builder.scalar(of: left), builder.scalar(of: right)]
      return .scalar(builder.define(.apply(.select, operands)))
    }
    return RecurrenceForm(
      a: pick(&self, left.a, right.a), b: pick(&self, left.b, right.b),
      p: pick(&self, left.p, right.p), q: pick(&self, left.q, right.q))
  }

  // MARK: Factors

  private mutating func negated(_ factor: RecurrenceFactor) -> RecurrenceFactor {
    switch factor {
    case .number(let number): .number(number == 0 ? 0 : -number)
    case .scalar(let scalar): .scalar(define(.apply(.unary(.negate), [scalar])))
    }
  }

  private mutating func add(
    _ left: RecurrenceFactor, _ right: RecurrenceFactor
  ) -> RecurrenceFactor {
    if left == .zero { return right }
    if right == .zero { return left }
    if case .number(let left) = left, case .number(let right) = right, isExact(left + right) {
      return .number(left + right)
    }
    return binary(.add, left, right)
  }

  private mutating func multiply(
    _ left: RecurrenceFactor, _ right: RecurrenceFactor
  ) -> RecurrenceFactor {
    if left == .zero || right == .zero { return .zero }
    if left == .one { return right }
    if right == .one { return left }
    if left == .number(-1) { return negated(right) }
    if right == .number(-1) { return negated(left) }
    return binary(.multiply, left, right)
  }

  private mutating func divide(
    _ left: RecurrenceFactor, _ right: RecurrenceFactor
  ) -> RecurrenceFactor {
    left == .zero || right == .one ? left : binary(.divide, left, right)
  }

  /// Whether a sum of small whole numbers is one.
  private func isExact(_ number: Double) -> Bool {
    number.rounded() == number && abs(number) <= 1024
  }

  private mutating func binary(
    _ op: BinaryOp, _ left: RecurrenceFactor, _ right: RecurrenceFactor
  ) -> RecurrenceFactor {
    .scalar(define(.apply(.binary(op), [scalar(of: left), scalar(of: right)])))
  }

  /// The scalar that a factor is.
  mutating func scalar(of factor: RecurrenceFactor) -> ScalarID {
    switch factor {
    case .number(let number):
      define(.literal(Literal(TensorType([], element), doubles: [number])))
    case .scalar(let scalar): scalar
    }
  }

  /// A scalar that is computed as another one, product or negative, is.
  mutating func twin(of scalar: ScalarID, _ definitions: [ScalarID: Expression]) -> ScalarID {
    switch definitions[scalar] {
    case .apply(.unary(.negate), let operands)?:
      define(.apply(.unary(.negate), [twin(of: operands[0], definitions)]))
    case .apply(.convert(to: element), let operands)? where scalars[operands[0].index] == element:
      twin(of: operands[0], definitions)
    case .apply(.binary(.multiply), let operands)?: define(.apply(.binary(.multiply), operands))
    case .apply(.unary(.square), let operands)?: define(.apply(.unary(.square), operands))
    case .apply?, .literal?, .load?, .index?, .inBounds?, nil: scalar
    }
  }

  private mutating func define(_ expression: Expression) -> ScalarID {
    if let scalar = known[expression] { return scalar }
    let scalar = ScalarID(scalars.count)
    scalars.append(element)
    nodes.append(.define(scalar, expression))
    known[expression] = scalar
    return scalar
  }
}
