import TensorIR

/// A place where functions are not smooth: where two values meet, or a value is zero.
struct Kink: Hashable {
  /// The value on one side.
  var left: ValueID
  /// The value on the other side; nil is zero.
  var right: ValueID?
}

/// The kinks of a function whose slopes it multiplies again, as first derivatives do: there two
/// slopes of one kink can cancel, and derivatives need care (`ForwardPass+Kinks.swift`).
struct Kinks {
  /// One side of a kink.
  struct Side {
    /// The kink.
    var kink: Kink
    /// One where the sign of left − right is meant, minus one where the opposite is.
    var sign: Double
  }

  /// The function.
  private let function: Function
  /// Where each value is defined.
  private let definitions: [Int?]
  /// The differences that absolute values are taken of, by the operands.
  private var differences: [Kink: ValueID] = [:]
  /// The kinks to take care of.
  private(set) var kinks: [Kink] = []

  /// How many kinks a function may have for them to be taken care of.
  private static let limit = 64

  /// Finds the kinks of absolute values whose sign is also taken, and of maxima and minima whose
  /// operands' equality also chooses between 1/2 and 1, as their derivatives do.
  init(_ function: Function, _ definitions: [Int?]) {
    self.function = function
    self.definitions = definitions
    var marked: [Kink] = []
    var sources: Set<Kink> = []
    for operation in function.operations {
      guard case .unary(.abs) = operation.op, let (x, y) = difference(operation.operands[0]) else {
        continue
      }
      differences[Kink(left: x, right: y)] = operation.operands[0]
    }
    for operation in function.operations {
      switch operation.op {
      case .unary(.sign) where function[operation.operands[0]].element.isFloat:
        marked.append(Kink(left: operation.operands[0], right: nil))
      case .select:
        if let kink = tie(operation) { marked.append(kink) }
      default: if let side = source(operation) { sources.insert(side.kink) }
      }
    }
    guard !marked.isEmpty else { return }
    kinks = sources.intersection(marked).sorted { $0.left.index < $1.left.index }
    if kinks.count > Kinks.limit { kinks = [] }
  }

  /// The kink of an absolute value, maximum or minimum: (x + y)/2 ± |x − y|/2 for the latter two.
  func source(_ operation: Operation) -> Side? {
    switch operation.op {
    case .unary(.abs):
      guard function[operation.operands[0]].element.isFloat else { return nil }
      return Side(kink: Kink(left: operation.operands[0], right: nil), sign: 1)
    case .binary(.maximum), .binary(.minimum):
      var side = side(operation.operands[0], operation.operands[1])
      if operation.op == .binary(.minimum) { side?.sign.negate() }
      return side
    default: return nil
    }
  }

  /// Whether an operation has an odd part with respect to a kink whatever its operands have.
  func starts(_ operation: Operation, _ kink: Kink) -> Bool {
    switch operation.op {
    case .unary(.sign): return kink == Kink(left: operation.operands[0], right: nil)
    case .select: return cut(operation)?.side.kink == kink
    default: return source(operation)?.kink == kink
    }
  }

  /// The kink on one side of which this operation keeps a value, and that value; ties are kept.
  func cut(_ operation: Operation) -> (side: Side, kept: ValueID)? {
    guard case .select = operation.op, let predicate = definition(operation.operands[0]),
      case .compare(let comparison) = predicate.op
    else { return nil }
    let isFirst = function.knownSplat(operation.operands[2], definitions) == 0
    guard isFirst || function.knownSplat(operation.operands[1], definitions) == 0 else {
      return nil
    }
    guard var side = side(predicate.operands[0], predicate.operands[1]) else { return nil }
    switch (comparison.direction, isFirst) {
    case (.greaterOrEqual, true), (.less, false): break
    case (.lessOrEqual, true), (.greater, false): side.sign.negate()
    default: return nil
    }
    return (side, operation.operands[isFirst ? 1 : 2])
  }

  /// The kink at which a select chooses one half instead of one.
  private func tie(_ operation: Operation) -> Kink? {
    guard let predicate = definition(operation.operands[0]),
      case .compare(let comparison) = predicate.op, comparison.direction == .equal,
      function.knownSplat(operation.operands[1], definitions) == 0.5,
      function.knownSplat(operation.operands[2], definitions) == 1
    else { return nil }
    return side(predicate.operands[0], predicate.operands[1])?.kink
  }

  /// The kink where two values meet, in one form for all ways to write it.
  private func side(_ x: ValueID, _ y: ValueID) -> Side? {
    guard function[x].element.isFloat else { return nil }
    if function.knownSplat(y, definitions) == 0 {
      return Side(kink: Kink(left: x, right: nil), sign: 1)
    }
    if function.knownSplat(x, definitions) == 0 {
      return Side(kink: Kink(left: y, right: nil), sign: -1)
    }
    if let value = differences[Kink(left: x, right: y)] {
      return Side(kink: Kink(left: value, right: nil), sign: 1)
    }
    if let value = differences[Kink(left: y, right: x)] {
      return Side(kink: Kink(left: value, right: nil), sign: -1)
    }
    let isOrdered = x.index <= y.index
    let kink = isOrdered ? Kink(left: x, right: y) : Kink(left: y, right: x)
    return Side(kink: kink, sign: isOrdered ? 1 : -1)
  }

  /// The operands of a value that is a difference.
  private func difference(_ value: ValueID) -> (ValueID, ValueID)? {
    guard let definition = definition(value), case .binary(.subtract) = definition.op else {
      return nil
    }
    return (definition.operands[0], definition.operands[1])
  }

  /// What defines a value; nil for parameters.
  private func definition(_ value: ValueID) -> Operation? {
    definitions[value.index].map { function.operations[$0] }
  }
}
