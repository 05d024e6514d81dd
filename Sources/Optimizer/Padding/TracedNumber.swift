/// A number, mostly an extent, in each of several traces of one closure; the last trace is that at the
/// bucket's size.
struct TracedNumber: Hashable, Sendable {
  /// The number in each trace.
  var values: [Int]

  init(_ values: [Int]) { self.values = values }

  /// A number that is the same in all of `count` traces.
  init(_ value: Int, count: Int) { values = Array(repeating: value, count: count) }

  /// Whether it is the same in all traces, and so does not depend on the size.
  var isFixed: Bool { values.allSatisfy { $0 == values[0] } }

  /// The number at the bucket's size.
  var padded: Int { values[values.count - 1] }

  /// Whether it is this number in all traces.
  func isAlways(_ value: Int) -> Bool { values.allSatisfy { $0 == value } }

  static func * (left: TracedNumber, right: TracedNumber) -> TracedNumber {
    TracedNumber(zip(left.values, right.values).map { $0 * $1 })
  }

  /// The quotient; nil where it is not a positive integer in every trace.
  func divided(by other: TracedNumber) -> TracedNumber? {
    guard zip(values, other.values).allSatisfy({ $1 > 0 && $0 > 0 && $0 % $1 == 0 }) else {
      return nil
    }
    return TracedNumber(zip(values, other.values).map { $0 / $1 })
  }
}

/// An axis as the product of extents, the outermost first: elements are valid where the index along each
/// is less than the extent at the call's size.
///
/// In the canonical form an extent that varies takes in the fixed ones behind it, since the valid part of
/// their product is a prefix, too.
struct AxisForm: Hashable, Sendable {
  /// The extents; never empty.
  let factors: [TracedNumber]

  /// The canonical form of a product.
  init(_ factors: [TracedNumber]) {
    var merged: [TracedNumber] = []
    for factor in factors where !factor.isAlways(1) {
      if let last = merged.last, factor.isFixed {
        merged[merged.count - 1] = last * factor
      } else {
        merged.append(factor)
      }
    }
    self.factors =
      merged.isEmpty ? [TracedNumber(1, count: factors[0].values.count)] : merged
  }

  /// An axis whose valid part is a prefix.
  init(_ extent: TracedNumber) { factors = [extent] }

  /// Whether no part of it depends on the size.
  var isFixed: Bool { factors.allSatisfy(\.isFixed) }

  /// Whether its valid part is a prefix.
  var isPrefix: Bool { factors.count == 1 }

  /// The extent of the axis.
  var extent: TracedNumber { factors.dropFirst().reduce(factors[0]) { $0 * $1 } }
}

/// What is known of a padded value.
struct PaddedForm: Hashable, Sendable {
  /// Its axes.
  var axes: [AxisForm]
  /// Whether the elements that stand for nothing are zero.
  var isZeroPadded: Bool

  init(_ axes: [AxisForm], isZeroPadded: Bool = false) {
    self.axes = axes
    self.isZeroPadded = isZeroPadded
  }

  /// Whether all elements are valid at every size.
  var isFixed: Bool { axes.allSatisfy(\.isFixed) }

  /// The axes of which a part is valid only.
  var variedAxes: [Int] { axes.indices.filter { !axes[$0].isFixed } }
}

extension [AxisForm] {
  /// The axes of the same elements in another shape; nil where the valid ones would not stand in products
  /// of prefixes.
  func reshaped(to extents: [TracedNumber]) -> [AxisForm]? {
    guard let count = (first?.factors.first ?? extents.first)?.values.count else { return self }
    var rest = isEmpty ? [] : AxisForm(flatMap(\.factors)).factors
    var axes: [AxisForm] = []
    for extent in extents.reversed() {
      var needed = extent
      var factors: [TracedNumber] = []
      while !needed.isAlways(1) {
        guard let factor = rest.popLast() else { return nil }
        if let more = needed.divided(by: factor) {
          factors.insert(factor, at: 0)
          needed = more
        } else if needed.isFixed, let outer = factor.divided(by: needed) {
          factors.insert(needed, at: 0)
          rest.append(outer)
          needed = TracedNumber(1, count: count)
        } else {
          return nil
        }
      }
      axes.insert(AxisForm(factors.isEmpty ? [TracedNumber(1, count: count)] : factors), at: 0)
    }
    return rest.allSatisfy { $0.isAlways(1) } ? axes : nil
  }
}
