import Foundation
import TensorIR

extension FourierTransform {
  /// The transform along the last axes, one after the other, in double precision and rounded once.
  func evaluated(_ operand: Literal, _ type: TensorType) -> Literal {
    guard type.count > 0 else { return Literal(type, bytes: []) }
    var grid = Grid(shape: operand.type.shape, values: operand.complexOrFloatElements)
    let first = operand.type.rank - lengths.count
    let last = operand.type.rank - 1
    switch kind {
    case .forward, .inverse:
      for axis in (first...last).reversed() { grid.transform(axis, isInverse: kind == .inverse) }
    case .real:
      grid.transform(last, isInverse: false)
      grid.truncate(last, to: resultExtents[lengths.count - 1])
      for axis in (first..<last).reversed() { grid.transform(axis, isInverse: false) }
    case .realInverse:
      for axis in first..<last { grid.transform(axis, isInverse: true) }
      grid.complete(last, to: lengths[lengths.count - 1])
      grid.transform(last, isInverse: true)
    }
    return type.element.isComplex
      ? Literal(type, rounding: grid.values)
      : Literal(type, rounding: grid.values.map(\.real))
  }
}

extension Literal {
  /// The elements of a complex or float tensor as complex numbers.
  fileprivate var complexOrFloatElements: [ComplexValue] {
    type.element.isComplex ? complexElements : doubleElements.map { ComplexValue($0, 0) }
  }
}

/// Complex numbers in row-major order.
private struct Grid {
  var shape: [Int]
  var values: [ComplexValue]

  /// Calls `body` with the places of each line along an axis, and puts back what it gives; the axis
  /// has `extent` elements afterwards.
  private mutating func mapLines(
    _ axis: Int, to extent: Int, _ body: ([ComplexValue]) -> [ComplexValue]
  ) {
    let (count, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    let outer = shape[..<axis].reduce(1, *)
    var results = [ComplexValue](repeating: .zero, count: outer * extent * inner)
    for row in 0..<outer {
      for column in 0..<inner {
        let line = body((0..<count).map { values[(row * count + $0) * inner + column] })
        for (index, value) in line.enumerated() {
          results[(row * extent + index) * inner + column] = value
        }
      }
    }
    shape[axis] = extent
    values = results
  }

  /// Transforms along an axis; the inverse divides by its extent.
  mutating func transform(_ axis: Int, isInverse: Bool) {
    let count = shape[axis]
    let roots = unitRoots(count, isInverse: isInverse)
    mapLines(axis, to: count) { line in
      let result = fourierSums(line, roots: roots)
      return isInverse ? result.map { $0.scaled(by: 1 / Double(count)) } : result
    }
  }

  /// Keeps the first elements along an axis.
  mutating func truncate(_ axis: Int, to count: Int) {
    mapLines(axis, to: count) { Array($0.prefix(count)) }
  }

  /// Adds the conjugates that the second half of a spectrum of real numbers is.
  ///
  /// The imaginary parts of the first element and, for even extents, of the middle one count as zero.
  mutating func complete(_ axis: Int, to count: Int) {
    mapLines(axis, to: count) { line in
      (0..<count).map { index in
        let mirror = count - index
        if index == 0 || 2 * index == count { return ComplexValue(line[index].real, 0) }
        return index < mirror ? line[index] : line[mirror].conjugate
      }
    }
  }
}

/// exp(∓2πi·k/n) for each k below n, each from an angle of at most an eighth of a turn.
private func unitRoots(_ count: Int, isInverse: Bool) -> [ComplexValue] {
  (0..<count).map { index in
    let root = FourierTransform.root(index, of: count)
    return ComplexValue(root.cosine, isInverse ? root.sine : -root.sine)
  }
}

/// Σ x[j] · w^(jk) for each k, where the roots are the powers of w: sums of every p-th element for the
/// least prime p of the count are transformed first.
private func fourierSums(_ line: [ComplexValue], roots: [ComplexValue]) -> [ComplexValue] {
  let count = line.count
  if count <= 1 { return line }
  let divisor = (2...count).first { count % $0 == 0 } ?? count
  let rest = count / divisor
  let step = roots.count / count
  let parts = (0..<divisor).map { part in
    rest == 1
      ? [line[part]]
      : fourierSums((0..<rest).map { line[$0 * divisor + part] }, roots: roots)
  }
  return (0..<count).map { index in
    (0..<divisor).reduce(.zero) { sum, part in
      sum + parts[part][index % rest] * roots[part * index % count * step]
    }
  }
}
