import TensorIR

/// Which values of a function under construction hold zeros that a choice, padding or scattering
/// made, found once for each operation from its operands.
struct ZeroFacts {
  /// What is known of a value.
  struct Fact: OptionSet {
    let rawValue: UInt8

    /// All elements are zero.
    static let isZero = Fact(rawValue: 1)
    /// It is a conversion of booleans, possibly repeated or rearranged.
    static let isFlags = Fact(rawValue: 2)
    /// It is a choice between a value and zero, seen through linear ops of one operand.
    static let isMasked = Fact(rawValue: 4)
    /// As `isMasked`, where following the predicate has a cost.
    static let isMaskedAtCost = Fact(rawValue: 8)
    /// Scaling can be moved in front of what made its zeros.
    static let holdsZeros = Fact(rawValue: 16)
    /// As `holdsZeros`, where moving has a cost.
    static let holdsZerosAtCost = Fact(rawValue: 32)

    /// What holds of a linear op's result because a predicate follows its operand.
    var followed: Fact {
      var fact: Fact = []
      if contains(.isMasked) { fact.formUnion([.isMasked, .holdsZeros]) }
      if contains(.isMaskedAtCost) { fact.formUnion([.isMaskedAtCost, .holdsZerosAtCost]) }
      return fact
    }
  }

  /// The facts of the values defined by the operations seen so far, by id.
  private var facts: [Fact] = []
  /// How many operations were seen.
  private var seen = 0

  /// Facts of what will follow a function; of its own values only whether they are zero or flags,
  /// since none of them is a tangent.
  init(behind function: Function) {
    update(function)
    for index in facts.indices { facts[index].formIntersection([.isZero, .isFlags]) }
  }

  /// The facts of a value of the function, which only grew since the last question.
  mutating func of(_ value: ValueID, in function: Function) -> Fact {
    update(function)
    return facts[value.index]
  }

  /// Looks at the operations that are new.
  private mutating func update(_ function: Function) {
    guard facts.count < function.types.count else { return }
    facts += Array(repeating: [], count: function.types.count - facts.count)
    for operation in function.operations[seen...] {
      guard operation.results.count == 1, let result = operation.results.first else { continue }
      facts[result.index] = fact(of: operation, in: function)
    }
    seen = function.operations.count
  }

  /// The facts of an operation's result.
  private func fact(of operation: Operation, in function: Function) -> Fact {
    let operands = operation.operands.map { facts[$0.index] }
    let masked: Fact = [.isMasked, .isMaskedAtCost, .holdsZeros, .holdsZerosAtCost]
    let held: Fact = [.holdsZeros, .holdsZerosAtCost]
    switch operation.op {
    case .constant(let literal): return literal.splatValue == 0 ? .isZero : []
    case .convert(let element):
      guard element.isInexact else { return [] }
      if function[operation.operands[0]].element == .i1 { return .isFlags }
      return operands[0].followed
    case .select:
      let zeros = operands[1...].count { $0.contains(.isZero) }
      return zeros == 1 ? masked : zeros == 2 ? .isZero : []
    case .unary(.negate): return operands[0].intersection(masked)
    case .binary(.add), .binary(.subtract):
      return operands[0].intersection(operands[1]).intersection(held)
    case .binary(.multiply):
      if operands.contains(where: { $0.contains(.isFlags) }) { return masked }
      return operands[0].union(operands[1]).intersection(held)
    case .binary(.divide): return operands[0].intersection(held)
    case .shape(.reshape), .shape(.transpose), .shape(.reverse): return operands[0]
    case .shape(.broadcast):
      return operands[0].followed.union(operands[0].intersection([.isZero, .isFlags]))
    case .shape(.slice):
      return operands[0].followed.union(operands[0].intersection(.holdsZerosAtCost))
    case .gather:
      return operands[0].contains(.isMaskedAtCost) ? [.isMaskedAtCost, .holdsZerosAtCost] : []
    case .reduce(let reduction):
      // A sum is zero where all its terms are, which only choices make likely.
      let isSum = reduction.kind == .add && operands[1].contains(.isZero)
      return isSum && operands[0].contains(.holdsZeros) ? .holdsZerosAtCost : []
    case .shape(.pad(let low, let high, _)):
      let grows = (low + high).allSatisfy { $0 >= 0 } && operands[1].contains(.isZero)
      return grows ? .holdsZerosAtCost : []
    case .shape(.concatenate):
      let some = operands.contains { !$0.isDisjoint(with: [.isZero, .holdsZerosAtCost]) }
      return some && operands.count <= ZeroFacts.pieces ? .holdsZerosAtCost : []
    case .scatter(let dimensions):
      let adds = dimensions.combination == .add && operands[0].contains(.isZero)
      return adds ? .holdsZerosAtCost : []
    default: return []
    }
  }

  /// How many pieces a concatenation may have for scaling them one by one.
  private static let pieces = 16
}
