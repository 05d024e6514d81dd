internal import TensorIR

extension IndexRanges {
  /// The range of an index expression where some bounds hold, by what they say of sums of its terms; nil
  /// where they cannot hold together.
  ///
  /// Of `8·i + j + k` where `0 ≤ i - 1 < 4` and `0 ≤ j + k < 8` the range is `8…39`: the expression is
  /// `8·(i - 1) + (j + k) + 8`.
  func range(of index: IndexExpression, where bounds: [Bound]) -> ClosedRange<Int>? {
    var bounds = bounds.flatMap(\.withQuotient)
    guard bounds.allSatisfy({ $0.lower < $0.upper }) else { return nil }
    var ranges = self
    for _ in 0..<2 {
      for bound in bounds {
        guard ranges.narrow(by: bound) else { return nil }
      }
      bounds += bounds.compactMap { ranges.bound(ofRemainderIn: $0) }
    }
    var guarded = GuardedRanges(ranges: ranges, bounds: bounds)
    let range = guarded.range(of: index)
    return guarded.isImpossible ? nil : range
  }

  /// What a bound of a remainder says of what is divided: its first and last value with such a remainder.
  private func bound(ofRemainderIn bound: Bound) -> Bound? {
    guard bound.index.terms.count == 1, bound.index.terms[0].coefficient == 1,
      case .remainder(let inner, let divisor) = bound.index.terms[0].atom, divisor > 0
    else { return nil }
    let whole = range(of: inner)
    let least = max(bound.lower - bound.index.constant, 0)
    let most = min(bound.upper - 1 - bound.index.constant, divisor - 1)
    guard whole.lowerBound > .min / 4, whole.upperBound < .max / 4, least <= most else {
      return nil
    }
    let last = (whole.upperBound - least).flooredQuotient(by: divisor) * divisor
    let first = -(most - whole.lowerBound).flooredQuotient(by: divisor) * divisor
    let low = first + max(least, whole.lowerBound - first)
    let high = last + min(most, whole.upperBound - last)
    return low <= high ? Bound(inner, lower: low, upper: high + 1) : nil
  }

  /// Narrows what is known of the variables and scalars that a bound is about.
  ///
  /// - Returns: false where the bound cannot hold.
  private mutating func narrow(by bound: Bound) -> Bool {
    guard range(of: bound.index).overlaps(bound.lower...(bound.upper - 1)) else { return false }
    for (position, term) in bound.index.terms.enumerated() {
      var others = bound.index
      others.terms.remove(at: position)
      guard let part = bound.range(of: term, besides: range(of: others)),
        narrow(term.atom, to: part)
      else { return false }
    }
    return true
  }
}

extension Bound {
  /// What the bound says of one term's atom where the others, with the constant, have a range; nil where
  /// it says that there is no such integer.
  fileprivate func range(
    of term: IndexExpression.Term, besides others: ClosedRange<Int>
  ) -> ClosedRange<Int>? {
    let part = (lower...(upper - 1)).adding(others.multiplied(by: -1 ... -1))
    guard part.lowerBound > .min / 2, part.upperBound < .max / 2 else { return .unknown }
    let (low, high) =
      term.coefficient > 0
      ? (part.lowerBound, part.upperBound) : (-part.upperBound, -part.lowerBound)
    let step = abs(term.coefficient)
    let (least, most) = (-(-low).flooredQuotient(by: step), high.flooredQuotient(by: step))
    return least <= most ? least...most : nil
  }

  /// The bound, and what it says of what a quotient is of.
  fileprivate var withQuotient: [Bound] {
    guard index.terms.count == 1, index.terms[0].coefficient == 1,
      case .quotient(let inner, let divisor) = index.terms[0].atom
    else { return [self] }
    let ends = [lower, upper].map { end -> Int? in
      let (place, overflow) = end.subtractingReportingOverflow(index.constant)
      let (product, overflows) = place.multipliedReportingOverflow(by: divisor)
      return overflow || overflows ? nil : product
    }
    guard let low = ends[0], let high = ends[1] else { return [self] }
    return [self] + Bound(inner, lower: low, upper: high).withQuotient
  }
}

/// What is known of index expressions where some bounds hold.
private struct GuardedRanges {
  let ranges: IndexRanges
  let bounds: [Bound]
  /// Whether two things are known that contradict each other, so that the bounds never hold together.
  private(set) var isImpossible = false
  /// The ranges of quotients and remainders that were asked for.
  private var atoms: [IndexExpression.Atom: ClosedRange<Int>] = [:]
  /// So many sums of terms may still be looked at.
  private var tries = 256

  init(ranges: IndexRanges, bounds: [Bound]) {
    self.ranges = ranges
    self.bounds = bounds
  }

  mutating func range(of index: IndexExpression) -> ClosedRange<Int> {
    for bound in bounds { note(bound) }
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
      if low <= high { result = intersection(result, low...high) }
    }
    return result
  }

  /// Notes what a bound says of quotients and remainders, and whether it can hold.
  private mutating func note(_ bound: Bound) {
    _ = intersection(range(of: bound.index, from: 0), bound.lower...(bound.upper - 1))
    for (position, term) in bound.index.terms.enumerated() {
      switch term.atom {
      case .variable, .scalar, .lookup: continue
      case .quotient, .remainder: break
      }
      var others = bound.index
      others.terms.remove(at: position)
      if let part = bound.range(of: term, besides: range(of: others, from: 0)) {
        atoms[term.atom] = intersection(range(of: term.atom), part)
      } else {
        isImpossible = true
      }
    }
  }

  /// The integers of two ranges that both hold.
  private mutating func intersection(
    _ one: ClosedRange<Int>, _ other: ClosedRange<Int>
  ) -> ClosedRange<Int> {
    guard one.overlaps(other) else {
      isImpossible = true
      return one
    }
    return one.clamped(to: other)
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
    var result = intersection(ranges.range(of: index), sum)
    for position in bounds.indices[position...] where tries > 0 {
      let bound = bounds[position]
      guard bound.lower < bound.upper, let (factor, rest) = index.split(by: bound.index) else {
        continue
      }
      tries -= 1
      let inside = (bound.lower...(bound.upper - 1)).multiplied(by: factor...factor)
      let others = range(of: rest, from: position + 1)
      result = intersection(result, inside.adding(others))
    }
    return result
  }

  /// The range of an atom whose inside the bounds may say something of.
  private mutating func range(of atom: IndexExpression.Atom) -> ClosedRange<Int> {
    switch atom {
    case .variable, .scalar, .lookup: return ranges.range(of: atom)
    case .quotient(let inner, let divisor), .remainder(let inner, let divisor):
      if let known = atoms[atom] { return known }
      var result = ranges.range(of: atom)
      let whole = range(of: inner, from: 0)
      if divisor > 0, whole.lowerBound > .min / 2 {
        if case .quotient = atom {
          let low = whole.lowerBound.flooredQuotient(by: divisor)
          result = intersection(result, low...whole.upperBound.flooredQuotient(by: divisor))
        } else if whole.isInside(0..<divisor) {
          result = intersection(result, whole)
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
