import TensorIR

// Tangents of decompositions; Docs/LinearAlgebra.md has the formulas with their sources.

extension MatrixOp {
  /// The tangents of the results.
  ///
  /// - Requires: an operand has a tangent.
  func tangents(
    of operation: Operation, wanted: [Bool], in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let (operands, results) = (operation.operands, operation.results)
    switch self {
    case .triangularSolve(let solve):
      return [try solve.tangent(operands[0], operands[1], x: results[0], in: &pass)]
    case .tridiagonalSolve: return [try tridiagonalTangent(operation, in: &pass)]
    case .reflectors:
      if let direct = try orthogonalTangent(operation, in: &pass) { return [direct] }
      return [try reflectorTangent(operands[0], operands[1], in: &pass)]
    case .schur, .hessenberg, .tridiagonalize:
      throw AdjointError(
        .notDifferentiable, "\(mnemonic) has no derivative", at: operation.location)
    case .cholesky, .lu, .householder, .eigh, .svd, .eig: break
    }
    guard let tangent = pass.tangent(operands[0]) else { return results.map { _ in nil } }
    switch self {
    case .cholesky(let isLower):
      return [try choleskyTangent(results[0], tangent, isLower, in: &pass), nil]
    case .lu: return [try luTangent(results[0], results[2], tangent, in: &pass), nil, nil, nil]
    case .householder:
      return try householderTangents(of: operation, tangent, in: &pass)
    case .eigh(let isLower, _, _):
      return try eighTangents(operation, tangent, isLower, wanted, in: &pass)
    case .eig(let hasLeft, let hasRight):
      return try eigTangents(operation, tangent, hasLeft, hasRight, wanted, in: &pass)
    case .svd(let vectors): return try svdTangents(operation, tangent, vectors, wanted, in: &pass)
    case .triangularSolve, .tridiagonalSolve, .reflectors, .schur, .hessenberg, .tridiagonalize:
      return [nil]
    }
  }

  // MARK: Cholesky and LU

  /// L·Φ(L⁻¹·dA·L⁻ᴴ), where Φ is the lower triangle with half the diagonal (Murray 2016).
  private func choleskyTangent(
    _ factor: ValueID, _ tangent: ValueID, _ isLower: Bool, in pass: inout ForwardPass
  ) throws -> ValueID {
    let whole = try pass.builder.hermitian(tangent, isLower: isLower)
    // For an upper factor, with U for Lᴴ.
    let left = try pass.builder.triangularSolve(
      factor, whole, isLower: isLower, isAdjoint: !isLower)
    let both = try pass.builder.triangularSolve(
      factor, left, isLeft: false, isLower: isLower, isAdjoint: isLower)
    let type = pass.builder[both]
    let half = try pass.builder.multiply(both, pass.builder.splat(0.5, type))
    let strict =
      isLower
      ? try pass.builder.lowerTriangle(half, diagonal: -1)
      : try pass.builder.upperTriangle(half, diagonal: 1)
    let triangle =
      isLower ? try pass.builder.lowerTriangle(half) : try pass.builder.upperTriangle(half)
    let phi = try pass.builder.add(triangle, strict)
    return isLower
      ? try pass.builder.matrixProduct(factor, phi) : try pass.builder.matrixProduct(phi, factor)
  }

  /// L·X + (B − X·U on and above the diagonal), where B = L⁻¹·P·dA and X is B·U⁻¹ below the diagonal (de Hoog
  /// and others 2011).
  ///
  /// Of matrices that are not tall that part of B·U⁻¹ needs no last pivot, which is zero where the rank is
  /// one less than the order.
  private func luTangent(
    _ factors: ValueID, _ permutation: ValueID, _ tangent: ValueID, in pass: inout ForwardPass
  ) throws -> ValueID {
    let shape = pass.builder[factors].shape
    let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
    let rows = try pass.builder.matrixRows(tangent, permutation)
    let lower = try pass.builder.squareLower(factors, order: m)
    let left = try pass.builder.triangularSolve(
      lower, rows, isLower: true, hasUnitDiagonal: true)
    guard m > 1 else { return try pass.builder.upperTriangle(left) }
    let upper = try pass.builder.squareUpper(
      pass.builder.matrixPart(factors, rows: 0..<(m > n ? m : m - 1), columns: 0..<n), order: n)
    let both = try pass.builder.triangularSolve(upper, left, isLeft: false, isLower: false)
    let below = try pass.builder.lowerTriangle(both, diagonal: -1)
    let above = try pass.builder.subtract(left, pass.builder.matrixProduct(below, upper))
    return try pass.builder.add(
      pass.builder.matrixProduct(lower, below), pass.builder.upperTriangle(above))
  }

  // MARK: Equations

  /// x solves T·x = b, so T·dx = db − dT·x.
  private func tridiagonalTangent(
    _ operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (operands, x) = (operation.operands, operation.results[0])
    let type = pass.builder[x]
    let rows = type.rank - 2
    var right = pass.tangent(operands[3])
    for (number, shift) in [(0, 1), (1, 0), (2, -1)] {
      guard let tangent = pass.tangent(operands[number]) else { continue }
      var (low, high) = (type.shape.map { _ in 0 }, type.shape.map { _ in 0 })
      (low[rows], high[rows]) = (shift, -shift)
      let zero = try pass.builder.splat(0, TensorType([], type.element))
      let neighbour =
        shift == 0
        ? x
        : try pass.builder.emit(
          .shape(.pad(low: low, high: high, interior: type.shape.map { _ in 0 })), [x, zero])
      let product = try pass.builder.multiply(
        pass.builder.spreadColumns(tangent, over: type), neighbour)
      right =
        try right.map { try pass.builder.subtract($0, product) }
        ?? pass.builder.negate(product)
    }
    guard let right else { return nil }
    return try pass.builder.emit(
      .matrix(.tridiagonalSolve), Array(operands.prefix(3)) + [right])
  }
}

extension TriangularSolve {
  /// x solves op(a)·x = b, so op(a)·dx = db − op(da)·x; likewise from the right.
  fileprivate func tangent(
    _ a: ValueID, _ b: ValueID, x: ValueID, in pass: inout ForwardPass
  ) throws -> ValueID? {
    var right = pass.tangent(b)
    if let tangent = pass.tangent(a) {
      let diagonal = hasUnitDiagonal ? 1 : 0
      let whole =
        isLower
        ? try pass.builder.lowerTriangle(tangent, diagonal: -diagonal)
        : try pass.builder.upperTriangle(tangent, diagonal: diagonal)
      let read = transposition == .adjoint ? try pass.builder.conjugated(whole) : whole
      let isTransposed = transposition != .none
      let product =
        isLeft
        ? try pass.builder.matrixProduct(read, x, transposingLeft: isTransposed)
        : try pass.builder.matrixProduct(x, read, transposingRight: isTransposed)
      right =
        try right.map { try pass.builder.subtract($0, product) } ?? pass.builder.negate(product)
    }
    guard let right else { return nil }
    return try pass.builder.emit(.matrix(.triangularSolve(self)), [a, right])
  }
}

extension FunctionBuilder {
  /// Hermitian matrices with one triangle of the given ones, whose diagonal counts as real.
  mutating func hermitian(_ operand: ValueID, isLower: Bool) throws -> ValueID {
    let (triangle, strict) =
      isLower
      ? (try lowerTriangle(operand), try lowerTriangle(operand, diagonal: -1))
      : (try upperTriangle(operand), try upperTriangle(operand, diagonal: 1))
    guard self[operand].element.isComplex else {
      return try add(triangle, transposedMatrices(strict))
    }
    let diagonal = try widened(realPart(matrixDiagonal(operand)), as: self[operand].element)
    return try replacingDiagonal(of: add(strict, adjointMatrices(strict)), with: diagonal)
  }

  /// The square unit lower triangular factor of an LU decomposition.
  fileprivate mutating func squareLower(_ factors: ValueID, order: Int) throws -> ValueID {
    let shape = self[factors].shape
    let columns = min(order, shape[shape.count - 1])
    let part = try matrixPart(factors, rows: 0..<order, columns: 0..<columns)
    return try unitLower(
      paddedMatrices(lowerTriangle(part, diagonal: -1), rows: order, columns: order))
  }

  /// The square upper triangular factor of an LU decomposition, with ones on the diagonal below the
  /// rows that there are.
  fileprivate mutating func squareUpper(_ factors: ValueID, order: Int) throws -> ValueID {
    let shape = self[factors].shape
    let rows = min(order, shape[shape.count - 2])
    let part = try upperTriangle(matrixPart(factors, rows: 0..<rows, columns: 0..<order))
    guard rows < order else { return part }
    let padded = try paddedMatrices(part, rows: order, columns: order)
    var type = self[padded]
    type.shape[type.rank - 2] = order - rows
    // Ones below, from the first missing row on.
    let row = try emit(.iota(TensorType(type.shape, .i32), dimension: type.rank - 2), [])
    let column = try emit(.iota(TensorType(type.shape, .i32), dimension: type.rank - 1), [])
    let isDiagonal = try compare(
      .equal, add(row, splat(Double(rows), TensorType(type.shape, .i32))), column)
    let ones = try select(isDiagonal, splat(1, type), splat(0, type))
    return try emit(.shape(.concatenate(dimension: type.rank - 2)), [part, ones])
  }
}
