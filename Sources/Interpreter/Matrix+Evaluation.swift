import TensorIR

extension MatrixOp {
  /// The results for each matrix on its own, computed in double precision and rounded at the end.
  func evaluated(_ operands: [Literal], _ types: [TensorType]) -> [Literal] {
    operands[0].type.element.isComplex
      ? evaluated(operands, operands.map(\.complexElements), types)
      : evaluated(operands, operands.map(\.doubleElements), types)
  }

  private func evaluated<Scalar: MatrixScalar>(
    _ operands: [Literal], _ elements: [[Scalar]], _ types: [TensorType]
  ) -> [Literal] {
    let batch =
      isTridiagonal ? operands[3].type.shape.dropLast(2) : operands[0].type.shape.dropLast(2)
    let count = batch.reduce(1, *)
    var results = types.map { _ in [ComplexValue]() }
    for number in 0..<count {
      let matrices = zip(operands, elements).map { operand, elements in
        let shape = operand.type.shape.dropFirst(batch.count)
        let size = shape.reduce(1, *)
        return DenseMatrix(
          shape.first ?? 1, shape.count > 1 ? shape[shape.endIndex - 1] : 1,
          Array(elements[(number * size)..<((number + 1) * size)]))
      }
      for (place, result) in decomposed(matrices).enumerated() { results[place] += result }
    }
    return zip(types, results).map { type, elements in
      switch type.element.kind {
      case .complex: Literal(type, rounding: elements)
      case .float: Literal(type, rounding: elements.map(\.real))
      case .boolean, .signed, .unsigned:
        Literal(type, wrapping: elements.map { Int64($0.real) })
      }
    }
  }

  private var isTridiagonal: Bool { self == .tridiagonalSolve }

  /// The elements of the results for one matrix.
  private func decomposed<Scalar: MatrixScalar>(
    _ operands: [DenseMatrix<Scalar>]
  ) -> [[ComplexValue]] {
    let a = operands[0]
    switch self {
    case .cholesky(let isLower):
      let (factor, status) = (isLower ? a : a.adjoint).cholesky()
      return [(isLower ? factor : factor.adjoint).complex.elements, [ComplexValue(status)]]
    case .triangularSolve(let solve): return [solve.solved(a, operands[1]).complex.elements]
    case .lu:
      let (factors, pivots, permutation, status) = a.lu()
      return [
        factors.complex.elements, pivots.map { ComplexValue($0 + 1) },
        permutation.map { ComplexValue($0) }, [ComplexValue(status)],
      ]
    case .householder:
      let (factors, scales) = a.householder()
      return [factors.complex.elements, scales.map(\.complex)]
    case .reflectors: return [a.reflectorProduct(operands[1].elements).complex.elements]
    case .eigh(let isLower, let hasVectors, _):
      let (vectors, values) = a.reflected(isLower: isLower).symmetricEigen()
      let status = values.contains { $0.isNaN } ? 1 : 0
      return (hasVectors ? [vectors.complex.elements] : [])
        + [values.map(\.complex), [ComplexValue(status)]]
    case .svd(let vectors):
      let (values, u, vt) = a.singular(isFull: vectors == .full)
      let status = values.contains { $0.isNaN } ? 1 : 0
      let both = vectors == .none ? [] : [u.complex.elements, vt.complex.elements]
      return [values.map(\.complex)] + both + [[ComplexValue(status)]]
    case .eig(let hasLeft, let hasRight):
      let (values, left, right, status) = a.generalEigen()
      return [values] + (hasLeft ? [left.elements] : []) + (hasRight ? [right.elements] : [])
        + [[ComplexValue(status)]]
    case .schur(let hasVectors):
      let (form, q, values, status) = a.schur()
      return [form.complex.elements] + (hasVectors ? [q.complex.elements] : [])
        + [values, [ComplexValue(status)]]
    case .hessenberg:
      let (_, _, factors, scales) = a.hessenberg()
      return [factors.complex.elements, scales.map(\.complex), [.zero]]
    case .tridiagonalize(let isLower):
      let (factors, diagonal, beside, scales) = a.tridiagonal(isLower: isLower)
      return [
        factors.complex.elements, diagonal.map(\.complex), beside.map(\.complex),
        scales.map(\.complex), [.zero],
      ]
    case .tridiagonalSolve:
      let x = DenseMatrix.solvedTridiagonal(
        lower: a, diagonal: operands[1], upper: operands[2], operands[3])
      return [x.complex.elements]
    }
  }
}

extension ComplexValue {
  /// A whole number.
  fileprivate init(_ value: Int) { self.init(Double(value), 0) }
}

extension DenseMatrix {
  /// The solution of equations with a matrix of three diagonals.
  fileprivate static func solvedTridiagonal(
    lower: DenseMatrix, diagonal: DenseMatrix, upper: DenseMatrix, _ b: DenseMatrix
  ) -> DenseMatrix {
    var whole = DenseMatrix(b.rows, b.rows)
    for row in 0..<b.rows {
      whole[row, row] = diagonal.elements[row]
      if row > 0 { whole[row, row - 1] = lower.elements[row] }
      if row + 1 < b.rows { whole[row, row + 1] = upper.elements[row] }
    }
    let (factors, _, permutation, _) = whole.lu()
    var right = b
    for row in 0..<b.rows {
      for column in 0..<b.columns { right[row, column] = b[permutation[row], column] }
    }
    let y = factors.solvedLower(right, hasUnitDiagonal: true)
    return factors.solvedUpper(y, hasUnitDiagonal: false)
  }

  /// Eigenvalues, left and right eigenvectors, and zero where they were found.
  fileprivate func generalEigen() -> (
    values: [ComplexValue], left: DenseMatrix<ComplexValue>, right: DenseMatrix<ComplexValue>,
    status: Int
  ) {
    if let (values, left, right) = complex.eigen() { return (values, left, right, 0) }
    let undefined = DenseMatrix<ComplexValue>.undefined(rows, rows)
    let values = [ComplexValue](repeating: .undefined, count: rows)
    return (values, undefined, undefined, 1)
  }

  /// Schur's form, its vectors, the eigenvalues, and zero where it converged; of real matrices the form
  /// is real.
  fileprivate func schur() -> (
    form: DenseMatrix, q: DenseMatrix, values: [ComplexValue], status: Int
  ) {
    func failed() -> (form: DenseMatrix, q: DenseMatrix, values: [ComplexValue], status: Int) {
      let values = [ComplexValue](repeating: .undefined, count: rows)
      return (.undefined(rows, rows), .undefined(rows, rows), values, 1)
    }
    if let own = self as? DenseMatrix<ComplexValue> {
      guard let (form, q) = own.complexSchur() as? (DenseMatrix, DenseMatrix) else {
        return failed()
      }
      return (form, q, (0..<rows).map { form[$0, $0].complex }, 0)
    }
    guard let own = self as? DenseMatrix<Double>, let (real, vectors) = own.realSchur(),
      let form = real as? DenseMatrix, let q = vectors as? DenseMatrix
    else { return failed() }
    return (form, q, real.blockValues, 0)
  }
}

extension DenseMatrix where Scalar == Double {
  /// The eigenvalues of a matrix with blocks of order one and two on the diagonal; of two that are
  /// conjugates the one with the positive imaginary part comes first.
  fileprivate var blockValues: [ComplexValue] {
    var values: [ComplexValue] = []
    while values.count < rows {
      let row = values.count
      guard row + 1 < rows, self[row + 1, row] != 0 else {
        values.append(ComplexValue(self[row, row], 0))
        continue
      }
      let imaginary = (-self[row, row + 1] * self[row + 1, row]).squareRoot()
      values.append(ComplexValue(self[row, row], imaginary))
      values.append(ComplexValue(self[row, row], -imaginary))
    }
    return values
  }
}

extension TriangularSolve {
  /// The solution of the equations.
  fileprivate func solved<Scalar: MatrixScalar>(
    _ a: DenseMatrix<Scalar>, _ b: DenseMatrix<Scalar>
  ) -> DenseMatrix<Scalar> {
    // x·op(a) = b is op(a)ᵀ·xᵀ = bᵀ.
    let isTransposed = (transposition != .none) != !isLeft
    var matrix = isTransposed ? a.transposed : a
    if transposition == .adjoint { matrix.elements = matrix.elements.map(\.conjugate) }
    let right = isLeft ? b : b.transposed
    let x =
      isLower != isTransposed
      ? matrix.solvedLower(right, hasUnitDiagonal: hasUnitDiagonal)
      : matrix.solvedUpper(right, hasUnitDiagonal: hasUnitDiagonal)
    return isLeft ? x : x.transposed
  }
}
