/// A matrix of doubles in rows.
struct DenseMatrix {
  let rows: Int
  let columns: Int
  var elements: [Double]

  init(_ rows: Int, _ columns: Int, _ elements: [Double]) {
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// Zeros.
  init(_ rows: Int, _ columns: Int) {
    self.init(rows, columns, [Double](repeating: 0, count: rows * columns))
  }

  /// Ones on the diagonal.
  static func identity(_ rows: Int, _ columns: Int) -> DenseMatrix {
    var matrix = DenseMatrix(rows, columns)
    for index in 0..<min(rows, columns) { matrix[index, index] = 1 }
    return matrix
  }

  subscript(_ row: Int, _ column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// Rows as columns.
  var transposed: DenseMatrix {
    var result = DenseMatrix(columns, rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }

  /// The matrix product.
  static func * (left: DenseMatrix, right: DenseMatrix) -> DenseMatrix {
    var result = DenseMatrix(left.rows, right.columns)
    for row in 0..<left.rows {
      for column in 0..<right.columns {
        for depth in 0..<left.columns {
          result[row, column] += left[row, depth] * right[depth, column]
        }
      }
    }
    return result
  }

  /// The matrix with one triangle reflected to the other.
  func reflected(isLower: Bool) -> DenseMatrix {
    var result = self
    for row in 0..<rows {
      for column in 0..<row {
        if isLower {
          result[column, row] = self[row, column]
        } else {
          result[row, column] = self[column, row]
        }
      }
    }
    return result
  }

  mutating func exchangeRows(_ first: Int, _ second: Int) {
    guard first != second else { return }
    for column in 0..<columns {
      let element = self[first, column]
      self[first, column] = self[second, column]
      self[second, column] = element
    }
  }
}

// MARK: - Decompositions, as textbooks have them

extension DenseMatrix {
  /// The lower Cholesky factor, and zero or the number of the first minor that is not positive
  /// (Golub and Van Loan, "Matrix Computations", 4.2).
  func cholesky() -> (factor: DenseMatrix, status: Int) {
    var factor = DenseMatrix(rows, rows)
    var status = 0
    for column in 0..<rows {
      for row in column..<rows {
        var sum = self[row, column]
        for depth in 0..<column { sum -= factor[row, depth] * factor[column, depth] }
        if row == column {
          if !(sum > 0 && sum.isFinite), status == 0 { status = column + 1 }
          factor[row, row] = sum.squareRoot()
        } else {
          factor[row, column] = sum / factor[column, column]
        }
      }
    }
    if status != 0 { factor.elements = factor.elements.map { _ in .nan } }
    return (factor, status)
  }

  /// The solution of a·x = b where `a` is this matrix's lower triangle.
  func solvedLower(_ b: DenseMatrix, hasUnitDiagonal: Bool) -> DenseMatrix {
    var x = b
    for column in 0..<b.columns {
      for row in 0..<rows {
        for depth in 0..<row { x[row, column] -= self[row, depth] * x[depth, column] }
        if !hasUnitDiagonal { x[row, column] /= self[row, row] }
      }
    }
    return x
  }

  /// The solution of a·x = b where `a` is this matrix's upper triangle.
  func solvedUpper(_ b: DenseMatrix, hasUnitDiagonal: Bool) -> DenseMatrix {
    var x = b
    for column in 0..<b.columns {
      for row in (0..<rows).reversed() {
        for depth in (row + 1)..<max(rows, row + 1) {
          x[row, column] -= self[row, depth] * x[depth, column]
        }
        if !hasUnitDiagonal { x[row, column] /= self[row, row] }
      }
    }
    return x
  }

  /// Gaussian elimination with the greatest pivots of columns (Golub and Van Loan, 3.4).
  func lu() -> (factors: DenseMatrix, pivots: [Int], permutation: [Int], status: Int) {
    var factors = self
    var pivots: [Int] = []
    var permutation = Array(0..<rows)
    var status = 0
    for column in 0..<min(rows, columns) {
      var pivot = column
      for row in column..<rows where abs(factors[row, column]) > abs(factors[pivot, column]) {
        pivot = row
      }
      pivots.append(pivot)
      factors.exchangeRows(column, pivot)
      permutation.swapAt(column, pivot)
      guard factors[column, column] != 0 else {
        if status == 0 { status = column + 1 }
        continue
      }
      for row in (column + 1)..<max(rows, column + 1) {
        factors[row, column] /= factors[column, column]
        for other in (column + 1)..<max(columns, column + 1) {
          factors[row, other] -= factors[row, column] * factors[column, other]
        }
      }
    }
    return (factors, pivots, permutation, status)
  }

  /// Householder's reflectors with the signs that LAPACK gives them (Golub and Van Loan, 5.2).
  func householder() -> (factors: DenseMatrix, scales: [Double]) {
    var factors = self
    var scales: [Double] = []
    for column in 0..<min(rows, columns) {
      let below = (column + 1)..<max(rows, column + 1)
      let tail = below.reduce(0) { $0.addingProduct(factors[$1, column], factors[$1, column]) }
      guard tail != 0 else {
        scales.append(0)
        continue
      }
      let first = factors[column, column]
      let length = (first * first + tail).squareRoot()
      let diagonal = first < 0 ? length : -length
      let scale = (diagonal - first) / diagonal
      scales.append(scale)
      for row in below { factors[row, column] /= first - diagonal }
      factors[column, column] = diagonal
      for other in (column + 1)..<max(columns, column + 1) {
        var product = factors[column, other]
        for row in below { product += factors[row, column] * factors[row, other] }
        factors[column, other] -= scale * product
        for row in below { factors[row, other] -= scale * product * factors[row, column] }
      }
    }
    return (factors, scales)
  }

  /// The first columns of the product of the reflections that this matrix holds.
  func reflectorProduct(_ scales: [Double]) -> DenseMatrix {
    var product = DenseMatrix.identity(rows, columns)
    for (number, scale) in scales.enumerated().reversed() {
      var reflector = [Double](repeating: 0, count: rows)
      reflector[number] = 1
      for row in (number + 1)..<max(rows, number + 1) { reflector[row] = self[row, number] }
      for column in 0..<columns {
        let sum = (0..<rows).reduce(0) { $0 + reflector[$1] * product[$1, column] }
        for row in 0..<rows { product[row, column] -= scale * sum * reflector[row] }
      }
    }
    return product
  }

  /// Eigenvalues, rising, and eigenvectors of a symmetric matrix, by Jacobi's rotations (Golub and Van
  /// Loan, 8.5), with the component of greatest size of each vector positive.
  func symmetricEigen() -> (vectors: DenseMatrix, values: [Double]) {
    guard elements.allSatisfy(\.isFinite) else {
      let nan = [Double](repeating: .nan, count: rows * rows)
      return (DenseMatrix(rows, rows, nan), Array(nan.prefix(rows)))
    }
    var a = self
    var vectors = DenseMatrix.identity(rows, rows)
    for _ in 0..<Self.sweeps {
      var rest = 0.0
      for row in 0..<rows {
        for column in 0..<row {
          rest += abs(a[row, column])
          a.rotate(column, row, &vectors)
        }
      }
      if rest == 0 { break }
    }
    let values = (0..<rows).map { a[$0, $0] }
    let order = values.indices.sorted { values[$0] < values[$1] }
    var sorted = DenseMatrix(rows, rows)
    for (place, column) in order.enumerated() {
      let vector = (0..<rows).map { vectors[$0, column] }
      let greatest = vector.max { abs($0) < abs($1) } ?? 1
      for row in 0..<rows { sorted[row, place] = greatest < 0 ? -vector[row] : vector[row] }
    }
    return (sorted, order.map { values[$0] })
  }

  /// More sweeps than Jacobi's method takes.
  private static let sweeps = 60

  /// Makes the elements (p, q) and (q, p) zero by a rotation.
  private mutating func rotate(_ p: Int, _ q: Int, _ vectors: inout DenseMatrix) {
    guard self[p, q] != 0 else { return }
    let theta = (self[q, q] - self[p, p]) / (2 * self[p, q])
    let t =
      theta.magnitude > 1e150
      ? 1 / (2 * theta)
      : (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
    let cosine = 1 / (t * t + 1).squareRoot()
    let sine = t * cosine
    for index in 0..<rows {
      let (x, y) = (self[index, p], self[index, q])
      self[index, p] = cosine * x - sine * y
      self[index, q] = sine * x + cosine * y
    }
    for index in 0..<rows {
      let (x, y) = (self[p, index], self[q, index])
      self[p, index] = cosine * x - sine * y
      self[q, index] = sine * x + cosine * y
    }
    (self[p, q], self[q, p]) = (0, 0)
    for index in 0..<rows {
      let (x, y) = (vectors[index, p], vectors[index, q])
      vectors[index, p] = cosine * x - sine * y
      vectors[index, q] = sine * x + cosine * y
    }
  }

  /// Singular values, falling, and vectors, by rotations of columns until these are orthogonal
  /// (Hestenes's one-sided Jacobi method; Golub and Van Loan, 8.6).
  ///
  /// `u` is square where `isFull`, else as wide as there are values.
  func singular(isFull: Bool) -> (values: [Double], u: DenseMatrix, vt: DenseMatrix) {
    if rows < columns {
      let other = transposed.singular(isFull: isFull)
      return (other.values, other.vt.transposed, other.u.transposed)
    }
    guard elements.allSatisfy(\.isFinite) else {
      func nan(_ rows: Int, _ columns: Int) -> DenseMatrix {
        DenseMatrix(rows, columns, [Double](repeating: .nan, count: rows * columns))
      }
      return (nan(1, columns).elements, nan(rows, isFull ? rows : columns), nan(columns, columns))
    }
    var work = self
    var v = DenseMatrix.identity(columns, columns)
    for _ in 0..<Self.sweeps where !work.orthogonalizeColumns(&v) { break }
    let lengths = (0..<columns).map { column in
      (0..<rows).reduce(0) { $0.addingProduct(work[$1, column], work[$1, column]) }.squareRoot()
    }
    let order = lengths.indices.sorted { lengths[$0] > lengths[$1] }
    var basis: [[Double]] = []
    var vt = DenseMatrix(columns, columns)
    for (place, column) in order.enumerated() {
      let vector = (0..<rows).map { work[$0, column] / lengths[column] }
      basis.append(lengths[column] > 0 ? vector : Self.orthogonal(to: basis, count: rows))
      for index in 0..<columns { vt[place, index] = v[index, column] }
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
        var (a, b, c) = (0.0, 0.0, 0.0)
        for row in 0..<rows {
          a += self[row, p] * self[row, p]
          b += self[row, q] * self[row, q]
          c += self[row, p] * self[row, q]
        }
        guard abs(c) > 1e-16 * (a * b).squareRoot() else { continue }
        isChanged = true
        let zeta = (b - a) / (2 * c)
        let t = (zeta < 0 ? -1 : 1) / (zeta.magnitude + (1 + zeta * zeta).squareRoot())
        let cosine = 1 / (1 + t * t).squareRoot()
        rotateColumns(p, q, cosine, t * cosine)
        v.rotateColumns(p, q, cosine, t * cosine)
      }
    }
    return isChanged
  }

  private mutating func rotateColumns(_ p: Int, _ q: Int, _ cosine: Double, _ sine: Double) {
    for row in 0..<rows {
      let (x, y) = (self[row, p], self[row, q])
      self[row, p] = cosine * x - sine * y
      self[row, q] = sine * x + cosine * y
    }
  }

  /// A vector of length one that is orthogonal to others, by Gram and Schmidt's method, twice.
  private static func orthogonal(to basis: [[Double]], count: Int) -> [Double] {
    var best = [Double](repeating: 0, count: count)
    var bestLength = 0.0
    for axis in 0..<count {
      var vector = [Double](repeating: 0, count: count)
      vector[axis] = 1
      for other in basis + basis {
        let product = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
        vector = zip(vector, other).map { $0 - product * $1 }
      }
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > bestLength { (best, bestLength) = (vector.map { $0 / length }, length) }
    }
    return best
  }
}
