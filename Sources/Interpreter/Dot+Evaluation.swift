import TensorIR

extension DotDimensions {
  /// The products of elements summed over the contracted axes, in row-major order of the left
  /// operand's axes as listed; sums of floats are accumulated in double precision and rounded once.
  func evaluated(_ left: Literal, _ right: Literal, _ type: TensorType) -> Literal {
    let leftAxes = leftBatching + leftFree(rank: left.type.rank) + leftContracting
    let rightAxes = rightBatching + rightFree(rank: right.type.rank) + rightContracting
    let extents = left.type.shape
    let sizes = ProductSizes(
      batches: extents.selecting(leftBatching).reduce(1, *),
      rows: extents.selecting(leftFree(rank: left.type.rank)).reduce(1, *),
      columns: right.type.shape.selecting(rightFree(rank: right.type.rank)).reduce(1, *),
      terms: extents.selecting(leftContracting).reduce(1, *))
    switch (left.permuted(leftAxes).exactElements, right.permuted(rightAxes).exactElements) {
    case (.doubles(let left), .doubles(let right)):
      return Literal(type, rounding: sizes.sums(left, right))
    case (.integers(let left), .integers(let right)):
      return Literal(type, wrapping: sizes.sums(left, right))
    case (.complexes(let left), .complexes(let right)):
      return Literal(type, rounding: sizes.sums(left, right))
    case (.doubles, _), (.integers, _), (.complexes, _):
      preconditionFailure("operands have one element type")
    }
  }
}

extension Literal {
  /// The literal with its axes in the order of `permutation`.
  func permuted(_ permutation: [Int]) -> Literal {
    let type = TensorType(self.type.shape.selecting(permutation), self.type.element)
    if isSplat || permutation == Array(permutation.indices) { return reshaped(to: type.shape) }
    let places = offsets(of: type.shape, strides: self.type.strides.selecting(permutation))
    return selecting(places, as: type)
  }
}

/// A batch of products of a `rows × terms` matrix with the transpose of a `columns × terms` one.
private struct ProductSizes {
  let batches: Int
  let rows: Int
  let columns: Int
  let terms: Int

  /// The products of floats. Pointers and counted loops, because this is where an interpreted
  /// program spends its time, also in builds without optimization.
  func sums(_ left: [Double], _ right: [Double]) -> [Double] {
    var results = [Double]()
    results.reserveCapacity(batches * rows * columns)
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        guard let leftBase = left.baseAddress, let rightBase = right.baseAddress, terms > 0 else {
          results = Array(repeating: 0, count: batches * rows * columns)
          return
        }
        forEachPair { row, column in
          let (leftRow, rightRow) = (leftBase + row * terms, rightBase + column * terms)
          var (sum, term) = (0.0, 0)
          while term < terms {
            sum += leftRow[term] * rightRow[term]
            term &+= 1
          }
          results.append(sum)
        }
      }
    }
    return results
  }

  /// The products of integers, wrapped.
  func sums(_ left: [Int64], _ right: [Int64]) -> [Int64] {
    var results = [Int64]()
    forEachPair { row, column in
      results.append(
        (0..<terms).reduce(0) { $0 &+ left[row * terms + $1] &* right[column * terms + $1] })
    }
    return results
  }

  /// The products of complex numbers.
  func sums(_ left: [ComplexValue], _ right: [ComplexValue]) -> [ComplexValue] {
    var results = [ComplexValue]()
    forEachPair { row, column in
      results.append(
        (0..<terms).reduce(.zero) { $0 + left[row * terms + $1] * right[column * terms + $1] })
    }
    return results
  }

  /// Visits the rows of left and right that meet, in the order of the results.
  private func forEachPair(_ body: (_ row: Int, _ column: Int) -> Void) {
    for batch in 0..<batches {
      for row in 0..<rows {
        for column in 0..<columns { body(batch * rows + row, batch * columns + column) }
      }
    }
  }
}
