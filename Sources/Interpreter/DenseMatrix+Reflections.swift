import Foundation

// Reflections, as textbooks have them.

/// A reflection E − scale·v·vᴴ, where v starts with one.
private struct Reflector<Scalar: MatrixScalar> {
  /// The vector.
  var vector: [Scalar]
  /// The scale; zero where nothing is done.
  var scale: Scalar
  /// What the adjoint of the reflection makes of the first element; the others become zero.
  var length: Scalar

  /// The reflection that makes a vector a real multiple of the first unit vector, with the sign that
  /// LAPACK gives it (Golub and Van Loan, "Matrix Computations", 5.1).
  init(_ x: [Scalar]) {
    let tail = x.dropFirst().reduce(0) { $0 + $1.squaredMagnitude }
    vector = x
    vector[0] = Scalar(1.0)
    guard tail != 0 || x[0].imaginary != 0 else {
      (scale, length) = (.none, x[0])
      return
    }
    let size = (x[0].squaredMagnitude + tail).squareRoot()
    let beta = x[0].real < 0 ? size : -size
    scale = (Scalar(beta) - x[0]) / Scalar(beta)
    length = Scalar(beta)
    for place in 1..<max(1, x.count) { vector[place] = x[place] / (x[0] - Scalar(beta)) }
  }

  /// A reflection that is known.
  init(vector: [Scalar], scale: Scalar) {
    (self.vector, self.scale, length) = (vector, scale, .none)
  }
}

extension DenseMatrix {
  /// Multiplies rows from `first` on by a reflection from the left, or its adjoint.
  private mutating func reflectRows(
    _ reflector: Reflector<Scalar>, first: Int, columns: Range<Int>, isAdjoint: Bool
  ) {
    let scale = isAdjoint ? reflector.scale.conjugate : reflector.scale
    for column in columns {
      var product = Scalar.none
      for (place, v) in reflector.vector.enumerated() {
        product += v.conjugate * self[first + place, column]
      }
      for (place, v) in reflector.vector.enumerated() {
        self[first + place, column] -= scale * product * v
      }
    }
  }

  /// Multiplies columns from `first` on by a reflection from the right.
  private mutating func reflectColumns(_ reflector: Reflector<Scalar>, first: Int) {
    for row in 0..<rows {
      var product = Scalar.none
      for (place, v) in reflector.vector.enumerated() { product += self[row, first + place] * v }
      for (place, v) in reflector.vector.enumerated() {
        self[row, first + place] -= reflector.scale * product * v.conjugate
      }
    }
  }

  /// Householder's reflectors with the signs that LAPACK gives them (Golub and Van Loan, 5.2).
  func householder() -> (factors: DenseMatrix, scales: [Scalar]) {
    var factors = self
    var scales: [Scalar] = []
    for column in 0..<min(rows, columns) {
      let reflector = Reflector((column..<rows).map { factors[$0, column] })
      scales.append(reflector.scale)
      factors.reflectRows(
        reflector, first: column, columns: (column + 1)..<max(columns, column + 1),
        isAdjoint: true)
      factors[column, column] = reflector.length
      guard reflector.scale != .none else { continue }
      for row in (column + 1)..<max(rows, column + 1) {
        factors[row, column] = reflector.vector[row - column]
      }
    }
    return (factors, scales)
  }

  /// The first columns of the product of the reflections that this matrix holds.
  func reflectorProduct(_ scales: [Scalar]) -> DenseMatrix {
    var product = DenseMatrix.identity(rows, columns)
    for (number, scale) in scales.enumerated().reversed() {
      let tail = ((number + 1)..<max(rows, number + 1)).map { self[$0, number] }
      product.reflectRows(
        Reflector(vector: [Scalar(1.0)] + tail, scale: scale), first: number,
        columns: 0..<columns, isAdjoint: false)
    }
    return product
  }

  /// QᴴAQ without elements below the first subdiagonal, Q, and what LAPACK keeps of both (Golub and
  /// Van Loan, 7.4).
  func hessenberg() -> (form: DenseMatrix, q: DenseMatrix, factors: DenseMatrix, scales: [Scalar]) {
    var form = self
    var (q, vectors) = (DenseMatrix.identity(rows, rows), DenseMatrix(rows, rows))
    var scales: [Scalar] = []
    for column in 0..<max(0, rows - 1) {
      let first = column + 1
      let reflector = Reflector((first..<rows).map { form[$0, column] })
      scales.append(reflector.scale)
      form.reflectColumns(reflector, first: first)
      form.reflectRows(reflector, first: first, columns: 0..<rows, isAdjoint: true)
      q.reflectColumns(reflector, first: first)
      for row in (first + 1)..<max(rows, first + 1) {
        form[row, column] = .none
        vectors[row, column] = reflector.vector[row - first]
      }
    }
    var factors = form
    for place in factors.elements.indices { factors.elements[place] += vectors.elements[place] }
    return (form, q, factors, scales)
  }

  /// What LAPACK keeps of a Hermitian matrix's reduction to three diagonals, and these (Golub and Van
  /// Loan, 8.3).
  func tridiagonal(
    isLower: Bool
  ) -> (factors: DenseMatrix, diagonal: [Double], beside: [Double], scales: [Scalar]) {
    var (form, factors) = (reflected(isLower: isLower), self)
    var scales = [Scalar](repeating: .none, count: max(0, rows - 1))
    var beside = [Double](repeating: 0, count: scales.count)
    for step in scales.indices {
      // Below the diagonal from the left, or above it from the right and upwards.
      let column = isLower ? step : rows - 1 - step
      let place = isLower ? step : column - 1
      let lines = isLower ? Array((column + 1)..<rows) : (0..<column).reversed()
      let reflector = Reflector(lines.map { form[$0, column] })
      form = form.turned(reflector, lines)
      scales[place] = reflector.scale
      beside[place] = reflector.length.real
      factors[lines[0], column] = reflector.length
      for (line, v) in zip(lines, reflector.vector).dropFirst() { factors[line, column] = v }
    }
    for row in 0..<rows { factors[row, row] = form[row, row] }
    return (factors, (0..<rows).map { form[$0, $0].real }, beside, scales)
  }

  /// Hᴴ·A·H for a reflection on some lines.
  private func turned(_ reflector: Reflector<Scalar>, _ lines: [Int]) -> DenseMatrix {
    var whole = DenseMatrix.identity(rows, rows)
    for (row, v) in zip(lines, reflector.vector) {
      for (column, w) in zip(lines, reflector.vector) {
        whole[row, column] -= reflector.scale * v * w.conjugate
      }
    }
    return whole.adjoint * self * whole
  }
}

// MARK: - Schur's form of real matrices

extension DenseMatrix where Scalar == Double {
  /// QᵀAQ with blocks of order one and two on the diagonal, and Q, by steps of two shifts (Francis 1961;
  /// Golub and Van Loan, 7.5); nil where it does not converge.
  func realSchur() -> (form: DenseMatrix, q: DenseMatrix)? {
    guard isFinite else { return nil }
    let start = hessenberg()
    var (form, q) = (start.form, start.q)
    var (last, steps) = (rows - 1, 0)
    while last > 0 {
      var first = last
      while first > 0, !form.isNegligible(first) { first -= 1 }
      if first > 0 { form[first, first - 1] = 0 }
      if first == last {
        (last, steps) = (last - 1, 0)
      } else if first == last - 1 {
        form.standardize(first, &q)
        (last, steps) = (last - 2, 0)
      } else {
        steps += 1
        if steps > 30 * rows + 60 { return nil }
        form.francisStep(first, last, isUnusual: steps % 10 == 0, &q)
      }
    }
    return (form, q)
  }

  /// Whether an element of the subdiagonal is zero to rounding.
  private func isNegligible(_ row: Int) -> Bool {
    abs(self[row, row - 1])
      <= Double.ulpOfOne * (abs(self[row, row]) + abs(self[row - 1, row - 1]))
  }

  /// One step with both eigenvalues of the last block as shifts.
  private mutating func francisStep(
    _ first: Int, _ last: Int, isUnusual: Bool, _ q: inout DenseMatrix
  ) {
    var sum = self[last - 1, last - 1] + self[last, last]
    var product =
      self[last - 1, last - 1] * self[last, last] - self[last - 1, last] * self[last, last - 1]
    if isUnusual {
      let size = abs(self[last, last - 1]) + abs(self[last - 1, last - 2])
      (sum, product) = (1.5 * size, size * size)
    }
    let (a, b) = (self[first, first], self[first, first + 1])
    let (c, d) = (self[first + 1, first], self[first + 1, first + 1])
    let start = [
      a * a + b * c - sum * a + product, c * (a + d - sum), c * self[first + 2, first + 1],
    ]
    reflect(Reflector(start), first, &q)
    for column in first..<(last - 1) {
      let height = min(3, last - column)
      let column = column
      reflect(
        Reflector((0..<height).map { self[column + 1 + $0, column] }), column + 1, &q)
      for row in (column + 2)..<min(column + 4, last + 1) { self[row, column] = 0 }
    }
  }

  /// A reflection from both sides, and of Q's columns.
  private mutating func reflect(
    _ reflector: Reflector<Double>, _ first: Int, _ q: inout DenseMatrix
  ) {
    reflectRows(reflector, first: first, columns: 0..<rows, isAdjoint: true)
    reflectColumns(reflector, first: first)
    q.reflectColumns(reflector, first: first)
  }

  /// Turns a block of order two so that it is triangular where its eigenvalues are real, and has equal
  /// elements on the diagonal where they are not.
  private mutating func standardize(_ row: Int, _ q: inout DenseMatrix) {
    let (a, b) = (self[row, row], self[row, row + 1])
    let (c, d) = (self[row + 1, row], self[row + 1, row + 1])
    let half = (a - d) / 2
    let discriminant = half * half + b * c
    let vector: (Double, Double)
    if discriminant >= 0 {
      let root = half < 0 ? -discriminant.squareRoot() : discriminant.squareRoot()
      // (half + root, c) is a vector of the eigenvalue d + half + root.
      vector = half + root == 0 && c == 0 ? (1, 0) : (half + root, c)
    } else {
      // Twice the angle is that of (b + c, d − a).
      let angle = atan2(d - a, b + c) / 2
      vector = (cos(angle), sin(angle))
    }
    let length = (vector.0 * vector.0 + vector.1 * vector.1).squareRoot()
    let (cosine, sine) = (vector.0 / length, vector.1 / length)
    for column in 0..<rows {
      let (x, y) = (self[row, column], self[row + 1, column])
      self[row, column] = cosine * x + sine * y
      self[row + 1, column] = cosine * y - sine * x
    }
    turnColumns(row, cosine, sine)
    q.turnColumns(row, cosine, sine)
    if discriminant >= 0 { self[row + 1, row] = 0 }
  }

  private mutating func turnColumns(_ column: Int, _ cosine: Double, _ sine: Double) {
    for row in 0..<rows {
      let (x, y) = (self[row, column], self[row, column + 1])
      self[row, column] = cosine * x + sine * y
      self[row, column + 1] = cosine * y - sine * x
    }
  }
}
