internal import TensorIR

extension IndexRanges {
  /// The range of an index expression where some bounds hold, by what they say of sums of its terms.
  ///
  /// Of `8·i + j + k` where `0 ≤ i - 1 < 4` and `0 ≤ j + k < 8` the range is `8…39`: the expression is
  /// `8·(i - 1) + (j + k) + 8`.
  func range(of index: IndexExpression, where bounds: [Bound]) -> ClosedRange<Int> {
    var guarded = GuardedRanges(ranges: narrowed(by: bounds), bounds: bounds)
    return guarded.range(of: index)
  }

  /// Whether all of some bounds may hold at once, as far as each says so by itself.
  func mayHold(_ bounds: [Bound]) -> Bool {
    bounds.allSatisfy { range(of: $0.index).overlap($0.lower..<max($0.lower, $0.upper)) > 0 }
  }
}

/// What is known of index expressions where some bounds hold.
private struct GuardedRanges {
  let ranges: IndexRanges
  let bounds: [Bound]
  /// The ranges of quotients and remainders that were asked for.
  private var atoms: [IndexExpression.Atom: ClosedRange<Int>] = [:]
  /// So many sums of terms may still be looked at.
  private var tries = 256

  init(ranges: IndexRanges, bounds: [Bound]) {
    self.ranges = ranges
    self.bounds = bounds
  }

  mutating func range(of index: IndexExpression) -> ClosedRange<Int> {
    var result = range(of: index, from: 0)
    for term in index.terms {
      guard case .quotient(let inner, let divisor) = term.atom,
        let multiple = index.multiplied(by: divisor, replacing: term, by: inner)
      else { continue }
      // d·(e/d) is between e - (d - 1) and e.
      let cut = (-(divisor - 1)...0).multiplied(by: term.coefficient...term.coefficient)
      let range = range(of: multiple, from: 0).adding(cut)
      guard range.lowerBound > .min / 2, range.upperBound < .max / 2 else { continue }
      let low = -(-range.lowerBound).flooredQuotient(by: divisor)
      let high = range.upperBound.flooredQuotient(by: divisor)
      if low <= high { result = result.intersection(low...high) }
    }
    return result
  }

  /// The range as far as bounds from a position on say what sums of terms are; which bounds go first
  /// makes no difference.
  private mutating func range(
    of index: IndexExpression, from position: Int
  ) -> ClosedRange<Int> {
    var sum = index.constant...index.constant
    for term in index.terms {
      let coefficient = term.coefficient...term.coefficient
      sum = sum.adding(range(of: term.atom).multiplied(by: coefficient))
    }
    var result = ranges.range(of: index).intersection(sum)
    for position in bounds.indices[position...] where tries > 0 {
      let bound = bounds[position]
      guard bound.lower < bound.upper, let (factor, rest) = index.split(by: bound.index) else {
        continue
      }
      tries -= 1
      let inside = (bound.lower...(bound.upper - 1)).multiplied(by: factor...factor)
      let others = range(of: rest, from: position + 1)
      result = result.intersection(inside.adding(others))
    }
    return result
  }

  /// The range of an atom whose inside the bounds may say something of.
  private mutating func range(of atom: IndexExpression.Atom) -> ClosedRange<Int> {
    switch atom {
    case .variable, .scalar: return ranges.range(of: atom)
    case .quotient(let inner, let divisor), .remainder(let inner, let divisor):
      if let known = atoms[atom] { return known }
      var result = ranges.range(of: atom)
      let whole = range(of: inner, from: 0)
      if divisor > 0, whole.lowerBound > .min / 2 {
        if case .quotient = atom {
          let low = whole.lowerBound.flooredQuotient(by: divisor)
          result = result.intersection(low...whole.upperBound.flooredQuotient(by: divisor))
        } else if whole.isInside(0..<divisor) {
          result = result.intersection(whole)
        }
      }
      atoms[atom] = result
      return result
    }
  }
}

extension IndexExpression {
  /// The expression times a factor, with a multiple of another one in place of a term; nil where that
  /// leaves 64 bits.
  fileprivate func multiplied(
    by factor: Int, replacing term: Term, by part: IndexExpression
  ) -> IndexExpression? {
    let largest = ([constant] + terms.map(\.coefficient)).map(\.magnitude).max() ?? 0
    guard factor > 0, largest < 1 << 30, factor < 1 << 30 else { return nil }
    var rest = self
    rest.terms.removeAll { $0 == term }
    return rest * factor + part * term.coefficient
  }

  /// The expression as `factor · part + rest` where the rest has none of the terms of `part`; nil where
  /// that cannot be.
  fileprivate func split(
    by part: IndexExpression
  ) -> (factor: Int, rest: IndexExpression)? {
    guard let first = part.terms.first,
      let own = terms.first(where: { $0.atom == first.atom }),
      own.coefficient.isMultiple(of: first.coefficient)
    else { return nil }
    let factor = own.coefficient / first.coefficient
    var rest = self
    for term in part.terms {
      let (product, overflow) = term.coefficient.multipliedReportingOverflow(by: factor)
      guard !overflow,
        let position = rest.terms.firstIndex(where: {
          $0.atom == term.atom && $0.coefficient == product
        })
      else { return nil }
      rest.terms.remove(at: position)
    }
    let (shift, overflow) = part.constant.multipliedReportingOverflow(by: factor)
    let (constant, constantOverflow) = rest.constant.subtractingReportingOverflow(shift)
    guard !overflow, !constantOverflow else { return nil }
    rest.constant = constant
    return (factor, rest)
  }
}

extension ClosedRange<Int> {
  /// The integers of both ranges; this one where they have none in common, since what is known of them
  /// holds nowhere then.
  fileprivate func intersection(_ other: ClosedRange<Int>) -> ClosedRange<Int> {
    overlaps(other) ? clamped(to: other) : self
  }
}
