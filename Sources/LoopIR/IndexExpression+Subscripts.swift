/// Which subscripts a split of an address must give to count as one.
package enum SubscriptFit: Sendable {
  /// Each is inside its axis, so the split is the only one.
  case inside
  /// Each but the outermost is inside its axis, so different subscripts are different elements.
  case insideBelowOutermost
  /// Each is inside its axis somewhere, as a guarded access needs.
  case overlapping
}

extension IndexExpression {
  /// The index along each axis of a tensor whose row-major address this is; nil where there is no
  /// such split into affine parts.
  ///
  /// The sum of subscripts times strides is always the address.
  package func subscripts(
    in shape: [Int], _ ranges: IndexRanges, fit: SubscriptFit = .inside
  ) -> [IndexExpression]? {
    guard shape.allSatisfy({ $0 > 0 }) else { return nil }
    guard !shape.isEmpty else { return self == IndexExpression(0) ? [] : nil }
    var subscripts = [IndexExpression]()
    var rest = self
    for extent in shape.dropFirst().reversed() {
      let (digit, carry) = rest.digit(below: extent, ranges)
      subscripts.insert(digit, at: 0)
      rest = carry
    }
    subscripts.insert(rest, at: 0)
    let fits = zip(subscripts, shape).enumerated().allSatisfy { axis, pair in
      let range = ranges.range(of: pair.0)
      switch fit {
      case .inside: return range.isInside(0..<pair.1)
      case .insideBelowOutermost: return axis == 0 || range.isInside(0..<pair.1)
      case .overlapping: return range.overlap(0..<pair.1) > 0
      }
    }
    return fits ? subscripts : nil
  }

  /// The parts `(d, c)` with `self = d + c·extent` that keep `d` closest to `0..<extent`.
  private func digit(
    below extent: Int, _ ranges: IndexRanges
  ) -> (IndexExpression, carry: IndexExpression) {
    var digit = IndexExpression(0)
    var carry = IndexExpression(0)
    for term in terms {
      let atom = IndexExpression(term.atom)
      digit += atom * (term.coefficient % extent)
      carry += atom * (term.coefficient / extent)
    }
    let whole = constant.flooredQuotient(by: extent)
    let part = constant - whole * extent
    let above = ranges.range(of: digit + part).overlap(0..<extent)
    let below = ranges.range(of: digit + (part - extent)).overlap(0..<extent)
    return below > above
      ? (digit + (part - extent), carry + (whole + 1)) : (digit + part, carry + whole)
  }
}
