// Eigenvalues of Hermitian matrices and singular values, as textbooks have them.

extension DenseMatrix {
  /// More sweeps than Jacobi's methods take.
  private static var sweeps: Int { 60 }

  /// Eigenvalues, rising, and eigenvectors of a Hermitian matrix, by Jacobi's rotations (Golub and Van
  /// Loan, 8.5), with the component of greatest size of each vector positive.
  func symmetricEigen() -> (vectors: DenseMatrix, values: [Double]) {
    guard isFinite else {
      return (.undefined(rows, rows), [Double](repeating: .nan, count: rows))
    }
    var a = self
    var vectors = DenseMatrix.identity(rows, rows)
    for _ in 0..<Self.sweeps {
      var rest = 0.0
      for row in 0..<rows {
        for column in 0..<row {
          rest += a[row, column].magnitude
          a.rotate(column, row, &vectors)
        }
      }
      if rest == 0 { break }
    }
    let values = (0..<rows).map { a[$0, $0].real }
    let order = values.indices.sorted { values[$0] < values[$1] }
    var sorted = DenseMatrix(rows, rows)
    for (place, column) in order.enumerated() {
      let vector = (0..<rows).map { vectors[$0, column] }
      let greatest = vector.max { $0.magnitude < $1.magnitude } ?? Scalar(1.0)
      for row in 0..<rows { sorted[row, place] = vector[row] * greatest.phase.conjugate }
    }
    return (sorted, order.map { values[$0] })
  }

  /// Makes the elements (p, q) and (q, p) zero by a rotation.
  private mutating func rotate(_ p: Int, _ q: Int, _ vectors: inout DenseMatrix) {
    let size = self[p, q].magnitude
    guard size != 0 else { return }
    let phase = self[p, q].phase
    let theta = (self[q, q].real - self[p, p].real) / (2 * size)
    let t =
      theta.magnitude > 1e150
      ? 1 / (2 * theta)
      : (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
    let cosine = 1 / (t * t + 1).squareRoot()
    let sine = t * cosine
    rotateColumns(p, q, cosine, sine, phase.conjugate)
    for index in 0..<rows {
      let (x, y) = (self[p, index], self[q, index] * phase)
      self[p, index] = Scalar(cosine) * x - Scalar(sine) * y
      self[q, index] = Scalar(sine) * x + Scalar(cosine) * y
    }
    (self[p, q], self[q, p]) = (.none, .none)
    vectors.rotateColumns(p, q, cosine, sine, phase.conjugate)
  }

  /// Singular values, falling, and vectors, by rotations of columns until these are orthogonal
  /// (Hestenes's one-sided Jacobi method; Golub and Van Loan, 8.6).
  ///
  /// `u` is square where `isFull`, else as wide as there are values.
  func singular(isFull: Bool) -> (values: [Double], u: DenseMatrix, vt: DenseMatrix) {
    if rows < columns {
      let other = adjoint.singular(isFull: isFull)
      return (other.values, other.vt.adjoint, other.u.adjoint)
    }
    guard isFinite else {
      return (
        [Double](repeating: .nan, count: columns), .undefined(rows, isFull ? rows : columns),
        .undefined(columns, columns)
      )
    }
    var work = self
    var v = DenseMatrix.identity(columns, columns)
    for _ in 0..<Self.sweeps where !work.orthogonalizeColumns(&v) { break }
    let lengths = (0..<columns).map { column in
      (0..<rows).reduce(0) { $0 + work[$1, column].squaredMagnitude }.squareRoot()
    }
    let order = lengths.indices.sorted { lengths[$0] > lengths[$1] }
    var basis: [[Scalar]] = []
    var vt = DenseMatrix(columns, columns)
    for (place, column) in order.enumerated() {
      let vector = (0..<rows).map { work[$0, column] / Scalar(lengths[column]) }
      basis.append(lengths[column] > 0 ? vector : Self.orthogonal(to: basis, count: rows))
      for index in 0..<columns { vt[place, index] = v[index, column].conjugate }
    }
    while isFull, basis.count < rows { basis.append(Self.orthogonal(to: basis, count: rows)) }
    let u = DenseMatrix(basis.count, rows, basis.flatMap { $0 }).transposed
    return (order.map { lengths[$0] }, basis.isEmpty ? DenseMatrix(rows, 0) : u, vt)
  }

  /// One sweep; false where columns are orthogonal already.
  private mutating func orthogonalizeColumns(_ v: inout DenseMatrix) -> Bool {
    var isChanged = false
    for q in 0..<columns {
      for p in 0..<q {
        var (a, b, c) = (0.0, 0.0, Scalar.none)
        for row in 0..<rows {
          a += self[row, p].squaredMagnitude
          b += self[row, q].squaredMagnitude
          c += self[row, p].conjugate * self[row, q]
        }
        guard c.magnitude > 1e-16 * (a * b).squareRoot() else { continue }
        isChanged = true
        let zeta = (b - a) / (2 * c.magnitude)
        let t = (zeta < 0 ? -1 : 1) / (zeta.magnitude + (1 + zeta * zeta).squareRoot())
        let cosine = 1 / (1 + t * t).squareRoot()
        rotateColumns(p, q, cosine, t * cosine, c.phase.conjugate)
        v.rotateColumns(p, q, cosine, t * cosine, c.phase.conjugate)
      }
    }
    return isChanged
  }

  /// Rotates two columns, the second of which is multiplied by a number of size one before.
  private mutating func rotateColumns(
    _ p: Int, _ q: Int, _ cosine: Double, _ sine: Double, _ phase: Scalar
  ) {
    for row in 0..<rows {
      let (x, y) = (self[row, p], self[row, q] * phase)
      self[row, p] = Scalar(cosine) * x - Scalar(sine) * y
      self[row, q] = Scalar(sine) * x + Scalar(cosine) * y
    }
  }

  /// A vector of length one that is orthogonal to others, by Gram and Schmidt's method, twice.
  private static func orthogonal(to basis: [[Scalar]], count: Int) -> [Scalar] {
    var best = [Scalar](repeating: .none, count: count)
    var bestLength = 0.0
    for axis in 0..<count {
      var vector = [Scalar](repeating: .none, count: count)
      vector[axis] = Scalar(1.0)
      for other in basis + basis {
        let product = zip(vector, other).reduce(Scalar.none) { $0 + $1.0 * $1.1.conjugate }
        vector = zip(vector, other).map { $0 - product * $1 }
      }
      let length = vector.reduce(0) { $0 + $1.squaredMagnitude }.squareRoot()
      if length > bestLength {
        (best, bestLength) = (vector.map { $0 / Scalar(length) }, length)
      }
    }
    return best
  }
}
