// Schur's form, eigenvalues and eigenvectors of general matrices, as textbooks have them.

extension DenseMatrix where Scalar == ComplexValue {
  /// An upper triangular QᴴAQ, and Q, by steps of one shift (Golub and Van Loan, 7.5); nil where it does
  /// not converge.
  func complexSchur() -> (form: DenseMatrix, q: DenseMatrix)? {
    guard isFinite else { return nil }
    let start = hessenberg()
    var (form, q) = (start.form, start.q)
    var (last, steps) = (rows - 1, 0)
    while last > 0 {
      var first = last
      while first > 0, !form.isNegligible(first) { first -= 1 }
      if first > 0 { form[first, first - 1] = .zero }
      guard first < last else {
        (last, steps) = (last - 1, 0)
        continue
      }
      steps += 1
      if steps > 30 * rows + 60 { return nil }
      let unusual = ComplexValue(form[last, last - 1].magnitude, 0)
      form.shiftedStep(
        first, last, steps % 10 == 0 ? form[last, last] + unusual : form.shift(last), &q)
    }
    return (form, q)
  }

  /// Whether an element of the subdiagonal is zero to rounding.
  private func isNegligible(_ row: Int) -> Bool {
    self[row, row - 1].magnitude
      <= Double.ulpOfOne * (self[row, row].magnitude + self[row - 1, row - 1].magnitude)
  }

  /// The eigenvalue of the last block of order two that is nearest to its last element.
  private func shift(_ last: Int) -> ComplexValue {
    let (a, d) = (self[last - 1, last - 1], self[last, last])
    let half = (a - d).scaled(by: 0.5)
    let root = (half * half + self[last - 1, last] * self[last, last - 1]).squareRoot
    let middle = (a + d).scaled(by: 0.5)
    let (x, y) = (middle + root, middle - root)
    return (x - d).magnitude < (y - d).magnitude ? x : y
  }

  /// One step by rotations of neighbouring rows and columns.
  private mutating func shiftedStep(
    _ first: Int, _ last: Int, _ shift: ComplexValue, _ q: inout DenseMatrix
  ) {
    for row in first...last { self[row, row] -= shift }
    var rotations: [(cosine: ComplexValue, sine: ComplexValue)] = []
    for row in first..<last {
      let (x, y) = (self[row, row], self[row + 1, row])
      let length = (x.squaredMagnitude + y.squaredMagnitude).squareRoot()
      let isZero = length == 0
      let cosine = isZero ? .one : x.scaled(by: 1 / length)
      let sine = isZero ? .zero : y.scaled(by: 1 / length)
      rotations.append((cosine, sine))
      for column in row..<columns {
        let (x, y) = (self[row, column], self[row + 1, column])
        self[row, column] = cosine.conjugate * x + sine.conjugate * y
        self[row + 1, column] = cosine * y - sine * x
      }
    }
    for (number, rotation) in rotations.enumerated() {
      turnColumns(first + number, rotation, limit: min(first + number + 2, last + 1))
      q.turnColumns(first + number, rotation, limit: rows)
    }
    for row in first...last { self[row, row] += shift }
  }

  private mutating func turnColumns(
    _ column: Int, _ rotation: (cosine: ComplexValue, sine: ComplexValue), limit: Int
  ) {
    for row in 0..<limit {
      let (x, y) = (self[row, column], self[row, column + 1])
      self[row, column] = x * rotation.cosine + y * rotation.sine
      self[row, column + 1] = y * rotation.cosine.conjugate - x * rotation.sine.conjugate
    }
  }

  /// Eigenvalues, and left and right eigenvectors of length one whose component of greatest size is
  /// positive, by back-substitution in Schur's form; nil where that does not converge.
  func eigen() -> (values: [ComplexValue], left: DenseMatrix, right: DenseMatrix)? {
    guard let (form, q) = complexSchur() else { return nil }
    var (left, right) = (DenseMatrix(rows, rows), DenseMatrix(rows, rows))
    let scale = form.elements.map(\.magnitude).max() ?? 0
    let least = ComplexValue(max(Double.ulpOfOne * scale, Double.leastNormalMagnitude), 0)
    for number in 0..<rows {
      let value = form[number, number]
      func divisor(_ row: Int) -> ComplexValue {
        let difference = form[row, row] - value
        return difference.magnitude < least.real ? least : difference
      }
      right[number, number] = .one
      for row in (0..<number).reversed() {
        var sum = ComplexValue.zero
        for column in (row + 1)...number { sum += form[row, column] * right[column, number] }
        right[row, number] = -sum / divisor(row)
      }
      left[number, number] = .one
      for row in (number + 1)..<max(rows, number + 1) {
        var sum = ComplexValue.zero
        for column in number..<row { sum += form[column, row].conjugate * left[column, number] }
        left[row, number] = -sum / divisor(row).conjugate
      }
    }
    return (
      (0..<rows).map { form[$0, $0] }, (q * left).withNormalColumns, (q * right).withNormalColumns
    )
  }

  /// Columns of length one whose component of greatest size is positive.
  private var withNormalColumns: DenseMatrix {
    var result = self
    for column in 0..<columns {
      let vector = (0..<rows).map { self[$0, column] }
      let length = vector.reduce(0) { $0 + $1.squaredMagnitude }.squareRoot()
      let greatest = vector.max { $0.magnitude < $1.magnitude } ?? .one
      let factor = greatest.phase.conjugate.scaled(by: 1 / length)
      for row in 0..<rows { result[row, column] = vector[row] * factor }
    }
    return result
  }
}
