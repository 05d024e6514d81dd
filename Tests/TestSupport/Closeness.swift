import TensorIR
import Testing

/// The largest differences between the elements of two tensors.
package struct MaximumError: Sendable, CustomStringConvertible {
  /// In units in the last place of the expected element; infinite where only one is NaN or where
  /// infinities differ.
  package var ulps = 0.0
  /// As a part of the expected element's size.
  package var relative = 0.0
  /// As a distance.
  package var absolute = 0.0
  /// The position of the element with the largest error in ULP.
  package var position = 0
  /// That element in both tensors.
  package var elements = (0.0, 0.0)

  package var description: String {
    "\(ulps) ulp, \(relative) relative, \(absolute) absolute, "
      + "worst at \(position): \(elements.0) instead of \(elements.1)"
  }
}

/// How far the elements of `actual` are from those of `expected`; NaN equals NaN, and −0 equals 0.
///
/// - Requires: the types are equal.
package func maximumError(_ actual: Literal, _ expected: Literal) -> MaximumError {
  precondition(actual.type == expected.type, "\(actual.type) is not \(expected.type)")
  var worst = MaximumError()
  guard actual != expected, actual.type.count > 0 else { return worst }
  for (position, pair) in zip(actual.parts.doubles, expected.parts.doubles).enumerated()
  where pair.0 != pair.1 {
    if pair.0.isNaN && pair.1.isNaN { continue }
    let distance = pair.0.isFinite && pair.1.isFinite ? abs(pair.0 - pair.1) : .infinity
    let ulps = distance / unitInLastPlace(pair.1, expected.type.element.partType)
    worst.absolute = max(worst.absolute, distance)
    worst.relative = max(worst.relative, pair.1 == 0 ? .infinity : distance / abs(pair.1))
    if ulps.isNaN || ulps > worst.ulps {
      worst.ulps = ulps.isNaN ? .infinity : ulps
      worst.position = position
      worst.elements = pair
    }
  }
  return worst
}

/// The distance to the next number of the element type; one for integers and booleans.
package func unitInLastPlace(_ value: Double, _ element: ElementType) -> Double {
  guard let format = element.floatFormat else { return 1 }
  let bits = format.bits(of: value.magnitude)
  let below = min(bits, format.bits(of: .infinity) - 2)
  return format.value(of: below + 1) - format.value(of: below)
}

/// The positions of elements that are further apart than `tolerance` allows; a difference in the
/// sign of zero counts where the tolerance is `exact`.
package func mismatches(
  _ actual: Literal, _ expected: Literal, within tolerance: Tolerance
) -> [Int] {
  guard actual.type == expected.type else { return [0] }
  guard actual != expected, actual.type.count > 0 else { return [] }
  let element = expected.type.element
  if element.isComplex { return complexMismatches(actual, expected, within: tolerance) }
  if !element.isFloat {
    return zip(actual.integers, expected.integers).enumerated().filter { $1.0 != $1.1 }.map(
      \.offset)
  }
  let epsilon = element.floatFormat?.epsilon ?? 0
  return zip(actual.doubles, expected.doubles).enumerated().filter { _, pair in
    if pair.0.isNaN || pair.1.isNaN { return !(pair.0.isNaN && pair.1.isNaN) }
    if tolerance == .exact { return pair.0.bitPattern != pair.1.bitPattern }
    if pair.0 == pair.1 { return false }
    let allowed = max(
      tolerance.ulps * unitInLastPlace(pair.1, element), tolerance.epsilons * epsilon)
    return !(pair.0.isFinite && pair.1.isFinite && abs(pair.0 - pair.1) <= allowed)
  }.map(\.offset)
}

/// As `mismatches`, for complex numbers: distances in the plane, in units of the expected number's size.
private func complexMismatches(
  _ actual: Literal, _ expected: Literal, within tolerance: Tolerance
) -> [Int] {
  if tolerance == .exact {
    return Set(mismatches(actual.parts, expected.parts, within: .exact).map { $0 / 2 }).sorted()
  }
  let element = expected.type.element.partType
  let epsilon = element.floatFormat?.epsilon ?? 0
  let (left, right) = (actual.parts.doubles, expected.parts.doubles)
  return (0..<expected.type.count).filter { index in
    let pairs = [(left[2 * index], right[2 * index]), (left[2 * index + 1], right[2 * index + 1])]
    let finite = pairs.filter { $0.0.isFinite && $0.1.isFinite }
    let others = pairs.filter { !($0.0.isFinite && $0.1.isFinite) }
    if others.contains(where: { $0.0 != $0.1 && !($0.0.isNaN && $0.1.isNaN) }) { return true }
    let size = finite.map { $0.1 * $0.1 }.reduce(0, +).squareRoot()
    let distance = finite.map { ($0.0 - $0.1) * ($0.0 - $0.1) }.reduce(0, +).squareRoot()
    return distance
      > max(
        tolerance.ulps * unitInLastPlace(size, element), tolerance.epsilons * epsilon)
  }
}

/// Records an issue unless `actual` has the type of `expected` and its elements within `tolerance`.
package func expectClose(
  _ actual: Literal, _ expected: Literal, _ tolerance: Tolerance = .exact, _ what: String = "",
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
  guard actual.type == expected.type else {
    Issue.record(
      "\(what): \(actual.type) instead of \(expected.type)", sourceLocation: sourceLocation)
    return
  }
  let wrong = mismatches(actual, expected, within: tolerance)
  guard let first = wrong.first else { return }
  let pair = (actual.doubles[first], expected.doubles[first])
  Issue.record(
    """
    \(what): \(wrong.count) of \(expected.type.count) elements differ, the first at \(first): \
    \(pair.0) instead of \(pair.1); at most \(maximumError(actual, expected))
    """, sourceLocation: sourceLocation)
}

/// Records an issue unless the largest difference, as a part of the largest expected element, is at
/// most `relative`.
package func expectClose(
  _ actual: Literal, _ expected: Literal, relative: Double, _ what: String = "",
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
  guard actual.type == expected.type else {
    Issue.record(
      "\(what): \(actual.type) instead of \(expected.type)", sourceLocation: sourceLocation)
    return
  }
  let scale = expected.parts.doubles.map(abs).filter(\.isFinite).max() ?? 0
  let error = maximumError(actual, expected)
  if !(error.absolute <= relative * scale) {
    Issue.record("\(what): \(error)", sourceLocation: sourceLocation)
  }
}
