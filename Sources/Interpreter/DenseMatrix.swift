/// A matrix of numbers in double precision, in rows.
struct DenseMatrix<Scalar: MatrixScalar> {
  let rows: Int
  let columns: Int
  var elements: [Scalar]

  init(_ rows: Int, _ columns: Int, _ elements: [Scalar]) {
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// Zeros.
  init(_ rows: Int, _ columns: Int) {
    self.init(rows, columns, [Scalar](repeating: .none, count: rows * columns))
  }

  /// Ones on the diagonal.
  static func identity(_ rows: Int, _ columns: Int) -> DenseMatrix {
    var matrix = DenseMatrix(rows, columns)
    for index in 0..<min(rows, columns) { matrix[index, index] = Scalar(1.0) }
    return matrix
  }

  subscript(_ row: Int, _ column: Int) -> Scalar {
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

  /// Rows as columns, of conjugates.
  var adjoint: DenseMatrix {
    var result = transposed
    result.elements = result.elements.map(\.conjugate)
    return result
  }

  /// The same matrix of complex numbers.
  var complex: DenseMatrix<ComplexValue> {
    DenseMatrix<ComplexValue>(rows, columns, elements.map(\.complex))
  }

  /// Whether all elements are finite.
  var isFinite: Bool { elements.allSatisfy(\.isFinite) }

  /// A matrix without numbers.
  static func undefined(_ rows: Int, _ columns: Int) -> DenseMatrix {
    DenseMatrix(rows, columns, [Scalar](repeating: .undefined, count: rows * columns))
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

  /// The Hermitian matrix with one triangle of this one, whose diagonal counts as real.
  func reflected(isLower: Bool) -> DenseMatrix {
    var result = self
    for row in 0..<rows {
      result[row, row] = Scalar(self[row, row].real)
      for column in 0..<row {
        if isLower {
          result[column, row] = self[row, column].conjugate
        } else {
          result[row, column] = self[column, row].conjugate
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
        for depth in 0..<column { sum -= factor[row, depth] * factor[column, depth].conjugate }
        if row == column {
          if !(sum.real > 0 && sum.real.isFinite), status == 0 { status = column + 1 }
          factor[row, row] = Scalar(sum.real.squareRoot())
        } else {
          factor[row, column] = sum / factor[column, column]
        }
      }
    }
    if status != 0 { factor.elements = factor.elements.map { _ in .undefined } }
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
      for row in column..<rows
      where factors[row, column].pivotSize > factors[pivot, column].pivotSize { pivot = row }
      pivots.append(pivot)
      factors.exchangeRows(column, pivot)
      permutation.swapAt(column, pivot)
      guard factors[column, column] != .none else {
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
}
