import TensorIR

extension MatrixOp {
  /// The results for each matrix on its own, computed in doubles and rounded at the end.
  func evaluated(_ operands: [Literal], _ types: [TensorType]) -> [Literal] {
    let elements = operands.map(\.doubleElements)
    let batch =
      isTridiagonal ? operands[3].type.shape.dropLast(2) : operands[0].type.shape.dropLast(2)
    let count = batch.reduce(1, *)
    var results = types.map { _ in [Double]() }
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
      type.element.isFloat
        ? Literal(type, rounding: elements)
        : Literal(type, wrapping: elements.map { Int64($0) })
    }
  }

  private var isTridiagonal: Bool { self == .tridiagonalSolve }

  /// The elements of the results for one matrix.
  private func decomposed(_ operands: [DenseMatrix]) -> [[Double]] {
    let a = operands[0]
    switch self {
    case .cholesky(let isLower):
      let (factor, status) = (isLower ? a : a.transposed).cholesky()
      return [(isLower ? factor : factor.transposed).elements, [Double(status)]]
    case .triangularSolve(let solve): return [solve.solved(a, operands[1]).elements]
    case .lu:
      let (factors, pivots, permutation, status) = a.lu()
      return [
        factors.elements, pivots.map { Double($0 + 1) }, permutation.map { Double($0) },
        [Double(status)],
      ]
    case .householder:
      let (factors, scales) = a.householder()
      return [factors.elements, scales]
    case .reflectors: return [a.reflectorProduct(operands[1].elements).elements]
    case .eigh(let isLower, let hasVectors):
      let (vectors, values) = a.reflected(isLower: isLower).symmetricEigen()
      let status = values.contains { $0.isNaN } ? 1.0 : 0
      return (hasVectors ? [vectors.elements] : []) + [values, [status]]
    case .svd(let vectors):
      let (values, u, vt) = a.singular(isFull: vectors == .full)
      let status = values.contains { $0.isNaN } ? 1.0 : 0
      return vectors == .none ? [values, [status]] : [values, u.elements, vt.elements, [status]]
    case .tridiagonalSolve:
      var whole = DenseMatrix(operands[3].rows, operands[3].rows)
      for row in 0..<whole.rows {
        whole[row, row] = operands[1].elements[row]
        if row > 0 { whole[row, row - 1] = operands[0].elements[row] }
        if row + 1 < whole.rows { whole[row, row + 1] = operands[2].elements[row] }
      }
      let (factors, _, permutation, _) = whole.lu()
      var b = operands[3]
      for row in 0..<b.rows {
        for column in 0..<b.columns { b[row, column] = operands[3][permutation[row], column] }
      }
      let y = factors.solvedLower(b, hasUnitDiagonal: true)
      return [factors.solvedUpper(y, hasUnitDiagonal: false).elements]
    }
  }
}

extension TriangularSolve {
  /// The solution of the equations.
  fileprivate func solved(_ a: DenseMatrix, _ b: DenseMatrix) -> DenseMatrix {
    // x·op(a) = b is op(a)ᵀ·xᵀ = bᵀ.
    let isTransposed = (transposition != .none) != !isLeft
    let matrix = isTransposed ? a.transposed : a
    let right = isLeft ? b : b.transposed
    let x =
      isLower != isTransposed
      ? matrix.solvedLower(right, hasUnitDiagonal: hasUnitDiagonal)
      : matrix.solvedUpper(right, hasUnitDiagonal: hasUnitDiagonal)
    return isLeft ? x : x.transposed
  }
}
