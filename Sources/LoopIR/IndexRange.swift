internal import TensorIR

extension ClosedRange<Int> {
  /// The range of an integer of which nothing is known.
  package static let unknown = Int.min...Int.max

  /// The range of the sum of two integers; unknown where it leaves 64 bits.
  func adding(_ other: ClosedRange<Int>) -> ClosedRange<Int> {
    let (low, lowOverflow) = lowerBound.addingReportingOverflow(other.lowerBound)
    let (high, highOverflow) = upperBound.addingReportingOverflow(other.upperBound)
    return lowOverflow || highOverflow ? .unknown : low...high
  }

  /// The range of the product of two integers; unknown where it leaves 64 bits.
  func multiplied(by other: ClosedRange<Int>) -> ClosedRange<Int> {
    var (low, high) = (Int.max, Int.min)
    for left in [lowerBound, upperBound] {
      for right in [other.lowerBound, other.upperBound] {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        if overflow { return .unknown }
        (low, high) = (Swift.min(low, product), Swift.max(high, product))
      }
    }
    return low...high
  }

  /// The range that holds both.
  package func union(_ other: ClosedRange<Int>) -> ClosedRange<Int> {
    Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
  }

  /// Whether every integer of the range is in `other`.
  func isInside(_ other: Range<Int>) -> Bool {
    other.contains(lowerBound) && other.contains(upperBound)
  }

  /// How many integers are in both, up to the end of `Int`.
  func overlap(_ other: Range<Int>) -> Int {
    guard !other.isEmpty else { return 0 }
    let low = Swift.max(lowerBound, other.lowerBound)
    let high = Swift.min(upperBound, other.upperBound - 1)
    guard low <= high else { return 0 }
    let (distance, overflow) = high.subtractingReportingOverflow(low)
    return overflow || distance == .max ? .max : distance + 1
  }
}

/// What is known of the integers of a kernel before it runs: the least and greatest value of each
/// loop variable and scalar, by interval arithmetic.
package struct IndexRanges {
  private var variables: [ClosedRange<Int>]
  private var scalars: [ClosedRange<Int>]
  /// For variables that count within blocks, the variable that counts the blocks, and their size.
  private var blocks: [VariableID: (number: VariableID, size: Int)] = [:]

  /// Finds the ranges in a kernel, which need not be verified.
  package init(_ kernel: Kernel) {
    variables = kernel.variables.map { 0...max($0.extent - 1, 0) }
    scalars = kernel.scalars.map(\.range)
    var ranges: [VariableID: Loop.Range] = [:]
    let (elements, table) = (kernel.scalars, kernel.variables)
    kernel.body.forEachNode { node in
      switch node {
      case .define(let scalar, let expression): note(scalar, expression, elements)
      case .loop(let loop):
        // Loops of one variable that differ in their range leave it without blocks.
        let isKnown = ranges[loop.variable, default: loop.range] == loop.range
        // Nobody knows how far a loop with a condition goes.
        if case .condition = loop.range { variables[loop.variable.index] = 0 ... .max }
        ranges[loop.variable] = isKnown ? loop.range : .full
        blocks[loop.variable] = nil
        if isKnown, case .block(let number, let size) = loop.range, size > 0 {
          blocks[loop.variable] = (number, size)
        }
      case .contract(let contract):
        if let block = contract.block, block.rows > 0, contract.hasWholeRows(block, of: table) {
          blocks[contract.row] = (block.variable, block.rows)
        }
      case .store, .accumulate: break
      }
    }
  }

  private mutating func note(
    _ scalar: ScalarID, _ expression: Expression, _ elements: [ElementType]
  ) {
    guard elements.indices.contains(scalar.index) else { return }
    let element = elements[scalar.index]
    // Numbers of u64 are bits, whose order is another one.
    guard !element.isFloat, element != .u64 else { return }
    let range = range(of: expression)
    let fits = range.isInside(element.range)
    scalars[scalar.index] = fits ? range : element.range
  }

  /// The ranges where some bounds hold, as far as each is about one variable or scalar.
  package func narrowed(by bounds: [Bound]) -> IndexRanges {
    var result = self
    for bound in bounds where bound.lower < bound.upper && bound.index.terms.count == 1 {
      let term = bound.index.terms[0]
      let (low, high) = (bound.lower - bound.index.constant, bound.upper - 1 - bound.index.constant)
      guard term.coefficient == 1 else { continue }
      let known = result.range(of: term.atom)
      guard known.overlaps(low...high) else { continue }
      switch term.atom {
      case .variable(let variable): result.variables[variable.index] = known.clamped(to: low...high)
      case .scalar(let scalar): result.scalars[scalar.index] = known.clamped(to: low...high)
      case .lookup, .quotient, .remainder: continue
      }
    }
    return result
  }

  /// Narrows what is known of a variable or scalar.
  ///
  /// - Returns: false where it is never in the range.
  mutating func narrow(_ atom: IndexExpression.Atom, to range: ClosedRange<Int>) -> Bool {
    let known = self.range(of: atom)
    guard known.overlaps(range) else { return false }
    switch atom {
    case .variable(let variable): variables[variable.index] = known.clamped(to: range)
    case .scalar(let scalar): scalars[scalar.index] = known.clamped(to: range)
    case .lookup, .quotient, .remainder: break
    }
    return true
  }

  /// The range of a loop variable.
  package func range(of variable: VariableID) -> ClosedRange<Int> {
    variables.indices.contains(variable.index) ? variables[variable.index] : .unknown
  }

  /// The range of a scalar of integers or booleans.
  package func range(of scalar: ScalarID) -> ClosedRange<Int> {
    scalars.indices.contains(scalar.index) ? scalars[scalar.index] : .unknown
  }

  /// The range of an index expression; a place within a block counted from the block's start is
  /// known to be less than its size.
  package func range(of index: IndexExpression) -> ClosedRange<Int> {
    let whole = index.terms.reduce(index.constant...index.constant) { sum, term in
      let coefficient = term.coefficient...term.coefficient
      return sum.adding(range(of: term.atom).multiplied(by: coefficient))
    }
    // The last block may end beyond the variable's extent, so either range may be the tighter one.
    guard let (inside, rest) = splitBlock(index) else { return whole }
    return whole.clamped(to: inside.adding(range(of: rest)))
  }

  /// The range of a variable's distance from the start of its block, and the rest of the index, where
  /// the index contains both the variable and its block, or the block's block:
  /// `i = size · block + distance`.
  private func splitBlock(
    _ index: IndexExpression
  ) -> (inside: ClosedRange<Int>, rest: IndexExpression)? {
    for term in index.terms {
      guard case .variable(let variable) = term.atom else { continue }
      var size = 1
      var inner = variable
      while let (number, count) = blocks[inner] {
        let (product, overflow) = size.multipliedReportingOverflow(by: count)
        let (start, startOverflow) = term.coefficient.multipliedReportingOverflow(by: product)
        if overflow || startOverflow { break }
        (size, inner) = (product, number)
        guard index.terms.contains(where: { $0.atom == .variable(number) }) else { continue }
        var rest = index
        rest.terms.removeAll { $0 == term }
        let distance = (0...(size - 1)).multiplied(by: term.coefficient...term.coefficient)
        return (distance, rest + IndexExpression(number) * start)
      }
    }
    return nil
  }

  /// The range of an atom.
  package func range(of atom: IndexExpression.Atom) -> ClosedRange<Int> {
    switch atom {
    case .variable(let variable): return range(of: variable)
    case .scalar(let scalar): return range(of: scalar)
    case .lookup: return .unknown
    case .quotient(let inner, let divisor):
      let whole = range(of: inner)
      guard divisor > 0, whole.lowerBound > .min / 2 else { return .unknown }
      return whole.lowerBound
        .flooredQuotient(by: divisor)...whole.upperBound.flooredQuotient(by: divisor)
    case .remainder(let inner, let divisor):
      guard divisor > 0 else { return .unknown }
      let whole = range(of: inner)
      guard whole.lowerBound > .min / 2 else { return 0...(divisor - 1) }
      let quotient = whole.lowerBound.flooredQuotient(by: divisor)
      guard quotient == whole.upperBound.flooredQuotient(by: divisor) else {
        return 0...(divisor - 1)
      }
      return (whole.lowerBound - quotient * divisor)...(whole.upperBound - quotient * divisor)
    }
  }

  private func range(of expression: Expression) -> ClosedRange<Int> {
    switch expression {
    case .literal(let literal):
      guard literal.type.isScalar, !literal.type.element.isFloat, literal.type.element != .u64
      else { return .unknown }
      let value = Int(literal.integers[0])
      return value...value
    case .index(let index, _): return range(of: index)
    case .load, .inBounds: return .unknown
    case .apply(let op, let operands):
      return range(of: op, operands.map { range(of: $0) })
    }
  }

  private func range(of op: ScalarOp, _ operands: [ClosedRange<Int>]) -> ClosedRange<Int> {
    switch op {
    case .unary, .compare, .bits: return .unknown
    case .convert: return operands.first ?? .unknown
    case .select: return operands.count == 3 ? operands[1].union(operands[2]) : .unknown
    case .binary(let binary):
      guard operands.count == 2 else { return .unknown }
      let (left, right) = (operands[0], operands[1])
      switch binary {
      case .add: return left.adding(right)
      case .subtract: return left.adding(right.multiplied(by: -1 ... -1))
      case .multiply: return left.multiplied(by: right)
      case .maximum:
        return max(left.lowerBound, right.lowerBound)...max(left.upperBound, right.upperBound)
      case .minimum:
        return min(left.lowerBound, right.lowerBound)...min(left.upperBound, right.upperBound)
      case .divide, .power, .remainder, .and, .or, .xor, .shiftLeft, .shiftRightArithmetic,
        .shiftRightLogical, .atan2, .nextAfter, .polygamma, .zeta:
        return .unknown
      }
    }
  }
}

extension ElementType {
  /// The integers an element can be; unknown for floats.
  fileprivate var range: ClosedRange<Int> {
    guard width < 64, let integerRange else { return .unknown }
    return Int(integerRange.lowerBound)...Int(integerRange.upperBound)
  }
}

extension ClosedRange<Int> {
  /// Whether every integer of the range is in `other`.
  fileprivate func isInside(_ other: ClosedRange<Int>) -> Bool {
    other.contains(lowerBound) && other.contains(upperBound)
  }
}
