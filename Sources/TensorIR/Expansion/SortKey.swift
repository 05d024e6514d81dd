/// Keys by which a comparator orders elements.
///
/// Most comparators compute a key of either side and compare the two: x < y, |x| > |y|, real parts
/// before imaginary ones, one operand before the next. Elements can then be sorted by these keys.
struct SortKey {
  /// The value of the comparator's region that is the left side's key.
  var value: ValueID
  /// Whether the greater key comes first.
  var isDescending: Bool
  /// Whether floats are compared by their bits.
  var isTotal: Bool
}

extension Function {
  /// The keys of a comparator, the one that decides first in front; none where it says the same of all
  /// elements, and nil of a comparator that is no comparison of keys.
  ///
  /// - Requires: parameters are the left and the right element of each operand in turn.
  var sortKeys: [SortKey]? {
    guard results.count == 1 else { return nil }
    var reader = ComparatorReader(self)
    return reader.keys(of: results[0])
  }
}

/// Finds what a comparator compares.
private struct ComparatorReader {
  private let region: Function
  private let definitions: [Int?]
  /// What is known of pairs of values: whether the second is of right elements what the first is of
  /// left ones.
  private var known: [Pair: Bool] = [:]

  private struct Pair: Hashable {
    var left: ValueID
    var right: ValueID
  }

  init(_ region: Function) {
    self.region = region
    definitions = region.definitions()
  }

  private func definition(_ value: ValueID) -> Operation? {
    definitions[value.index].map { region.operations[$0] }
  }

  /// The keys that a truth value compares as "comes before".
  mutating func keys(of value: ValueID) -> [SortKey]? {
    guard let operation = definition(value) else { return nil }
    switch operation.op {
    case .constant(let literal): return literal.splatValue == nil ? nil : []
    case .compare(let comparison):
      switch comparison.direction {
      case .less, .lessOrEqual: return key(operation, comparison, isDescending: false)
      case .greater, .greaterOrEqual: return key(operation, comparison, isDescending: true)
      case .equal, .notEqual: return nil
      }
    case .unary(.not):
      guard var keys = keys(of: operation.operands[0]), keys.count == 1 else { return nil }
      keys[0].isDescending.toggle()
      return keys
    case .binary(.or):
      return firstOrTied(operation.operands[0], operation.operands[1])
        ?? firstOrTied(operation.operands[1], operation.operands[0])
    case .select:
      let (predicate, onTrue, onFalse) = (
        operation.operands[0], operation.operands[1], operation.operands[2]
      )
      if let first = keys(of: onFalse), areTied(first, predicate, .equal),
        let rest = keys(of: onTrue)
      {
        return first + rest
      }
      guard let first = keys(of: onTrue), areTied(first, predicate, .notEqual),
        let rest = keys(of: onFalse)
      else { return nil }
      return first + rest
    case .shape(.reshape(shape: [])), .shape(.broadcast(shape: [], dimensions: [])):
      return keys(of: operation.operands[0])
    case .iota, .unary, .binary, .clamp, .convert, .bits, .complex, .fft, .shape, .reduce, .dot,
      .convolution, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix,
      .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      return nil
    }
  }

  /// The keys of "first, or equal in it and rest".
  private mutating func firstOrTied(_ first: ValueID, _ other: ValueID) -> [SortKey]? {
    guard let both = definition(other), both.op == .binary(.and), let keys = keys(of: first) else {
      return nil
    }
    for (tie, rest) in [(0, 1), (1, 0)] {
      if areTied(keys, both.operands[tie], .equal), let more = self.keys(of: both.operands[rest]) {
        return keys + more
      }
    }
    return nil
  }

  /// Whether a truth value says that the one key is equal on both sides, or is not.
  private mutating func areTied(
    _ keys: [SortKey], _ value: ValueID, _ direction: Comparison.Direction
  ) -> Bool {
    guard keys.count == 1, let operation = definition(value),
      case .compare(let comparison) = operation.op, comparison.direction == direction,
      let tied = key(operation, comparison, isDescending: false)
    else { return false }
    return isSame(tied[0].value, keys[0].value) && tied[0].isTotal == keys[0].isTotal
  }

  /// The key that a comparison compares, if its sides are alike.
  private mutating func key(
    _ operation: Operation, _ comparison: Comparison, isDescending: Bool
  ) -> [SortKey]? {
    let (left, right) = (operation.operands[0], operation.operands[1])
    guard region[left].isScalar, !region[left].element.isComplex else { return nil }
    let isTotal = comparison.isTotal
    if isMirrored(left, right) {
      return [SortKey(value: left, isDescending: isDescending, isTotal: isTotal)]
    }
    guard isMirrored(right, left) else { return nil }
    return [SortKey(value: right, isDescending: !isDescending, isTotal: isTotal)]
  }

  /// Whether a value is made of right elements as another one is of left ones.
  private mutating func isMirrored(_ left: ValueID, _ right: ValueID) -> Bool {
    let pair = Pair(left: left, right: right)
    if let answer = known[pair] { return answer }
    let answer = isAlike(left, right) { reader, left, right in reader.isMirrored(left, right) }
    known[pair] = answer
    return answer
  }

  /// Whether two values are the same function of left elements.
  private mutating func isSame(_ first: ValueID, _ second: ValueID) -> Bool {
    if first == second { return true }
    guard definition(first) != nil, definition(second) != nil else { return false }
    return isAlike(first, second) { reader, first, second in reader.isSame(first, second) }
  }

  /// Whether two values come of one operation of operands that are alike.
  private mutating func isAlike(
    _ first: ValueID, _ second: ValueID,
    _ areAlike: (inout ComparatorReader, ValueID, ValueID) -> Bool
  ) -> Bool {
    guard let one = definition(first), let other = definition(second) else {
      guard let left = region.parameters.firstIndex(of: first),
        let right = region.parameters.firstIndex(of: second)
      else { return false }
      return left.isMultiple(of: 2) && right == left + 1
    }
    guard one.op == other.op, one.operands.count == other.operands.count else { return false }
    for (left, right) in zip(one.operands, other.operands) where !areAlike(&self, left, right) {
      return false
    }
    return true
  }
}
