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
      return try householderTangents(results[0], results[1], tangent, in: &pass)
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

  /// L·(X below the diagonal) + (X on and above it)·U, where X = L⁻¹·P·dA·U⁻¹ (de Hoog and others 2011).
  private func luTangent(
    _ factors: ValueID, _ permutation: ValueID, _ tangent: ValueID, in pass: inout ForwardPass
  ) throws -> ValueID {
    let shape = pass.builder[factors].shape
    let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
    let rows = try pass.builder.matrixRows(tangent, permutation)
    let lower = try pass.builder.squareLower(factors, order: m)
    let upper = try pass.builder.squareUpper(factors, order: n)
    let left = try pass.builder.triangularSolve(
      lower, rows, isLower: true, hasUnitDiagonal: true)
    let both = try pass.builder.triangularSolve(upper, left, isLeft: false, isLower: false)
    let below = try pass.builder.lowerTriangle(both, diagonal: -1)
    let above = try pass.builder.upperTriangle(both)
    return try pass.builder.add(
      pass.builder.matrixProduct(lower, below), pass.builder.matrixProduct(above, upper))
  }

  // MARK: Reflectors

  /// The tangent of R = Qᴴ·A above the diagonal, and of reflectors below it.
  ///
  /// With dX = dA₁·R₁⁻¹ of the first columns and C = Qᴴ·dX, Ω is C below the diagonal minus its adjoint;
  /// dQ = dX − Q·(C − Ω), dR = (C − Ω)·R there (Walter and Lehmann 2018) and Qᴴ·dA₂ − Ω·R₂ in further
  /// columns. From Q to reflectors leads an LU decomposition: E − Q = V·U, and scales are U's diagonal
  /// (Ballard and others 2014).
  private func householderTangents(
    _ factors: ValueID, _ scales: ValueID, _ tangent: ValueID, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let type = pass.builder[factors]
    let (m, n) = (type.shape[type.rank - 2], type.shape[type.rank - 1])
    let k = min(m, n)
    let first = try pass.builder.matrixPart(factors, rows: 0..<m, columns: 0..<k)
    let q = try pass.builder.emit(.matrix(.reflectors), [first, scales])
    let r = try pass.builder.upperTriangle(
      pass.builder.matrixPart(factors, rows: 0..<k, columns: 0..<k))
    let columns = try pass.builder.matrixPart(tangent, rows: 0..<m, columns: 0..<k)
    let (dq, rest, omega) = try pass.builder.orthogonalTangents(q, r, columns)
    var dr = try pass.builder.matrixProduct(rest, r)
    if n > k {
      let others = try pass.builder.matrixPart(tangent, rows: 0..<m, columns: k..<n)
      let r2 = try pass.builder.matrixPart(factors, rows: 0..<k, columns: k..<n)
      let more = try pass.builder.subtract(
        pass.builder.adjointProduct(q, others),
        pass.builder.matrixProduct(omega, r2))
      dr = try pass.builder.emit(.shape(.concatenate(dimension: type.rank - 1)), [dr, more])
    }
    let (dv, dscales) = try reflectorTangents(first, scales, q, dq, in: &pass)
    let upper = try pass.builder.upperTriangle(
      pass.builder.paddedMatrices(dr, rows: m, columns: n))
    let all = try pass.builder.add(
      upper, pass.builder.paddedMatrices(dv, rows: m, columns: n))
    return [all, dscales]
  }

  /// The tangent of the thin Q of a decomposition in the same function, straight from its operand's;
  /// nil where it is something else.
  private func orthogonalTangent(
    _ operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    guard let origin = pass.decomposition(of: operation.operands),
      let tangent = pass.tangent(origin.operands[0])
    else { return nil }
    let shape = pass.builder[operation.results[0]].shape
    let (m, k) = (shape[shape.count - 2], shape[shape.count - 1])
    let r = try pass.builder.upperTriangle(
      pass.builder.matrixPart(operation.operands[0], rows: 0..<k, columns: 0..<k))
    let columns = try pass.builder.matrixPart(tangent, rows: 0..<m, columns: 0..<k)
    return try pass.builder.orthogonalTangents(operation.results[0], r, columns).q
  }

  /// The tangents of reflectors, below the diagonal, and of scales from that of their product.
  private func reflectorTangents(
    _ factors: ValueID, _ scales: ValueID, _ q: ValueID, _ dq: ValueID, in pass: inout ForwardPass
  ) throws -> (reflectors: ValueID, scales: ValueID) {
    let type = pass.builder[factors]
    let k = type.shape[type.rank - 1]
    let v = try pass.builder.unitLower(factors)
    let top = try pass.builder.matrixPart(v, rows: 0..<k, columns: 0..<k)
    let difference = try pass.builder.subtract(
      pass.builder.identityMatrices(TensorType(pass.builder[top].shape, type.element)),
      pass.builder.matrixPart(q, rows: 0..<k, columns: 0..<k))
    let product = try pass.builder.triangularSolve(
      top, difference, isLower: true, hasUnitDiagonal: true)
    // A reflection that does nothing has scale zero and no derivative; it stays as it is.
    let isZero = try pass.builder.compare(
      .equal, scales, pass.builder.splat(0, pass.builder[scales]))
    let safe = try pass.builder.select(
      isZero, pass.builder.splat(1, pass.builder[scales]), scales)
    let u = try pass.builder.replacingDiagonal(
      of: pass.builder.upperTriangle(product), with: safe)
    let exact = try pass.builder.replacingDiagonal(of: u, with: scales)
    let dtop = try pass.builder.negate(
      pass.builder.matrixPart(dq, rows: 0..<k, columns: 0..<k))
    let y = try pass.builder.triangularSolve(top, dtop, isLower: true, hasUnitDiagonal: true)
    let x = try pass.builder.triangularSolve(u, y, isLeft: false, isLower: false)
    let du = try pass.builder.upperTriangle(
      pass.builder.subtract(
        y, pass.builder.matrixProduct(pass.builder.lowerTriangle(x, diagonal: -1), exact)))
    let rest = try pass.builder.negate(
      pass.builder.add(dq, pass.builder.matrixProduct(v, du)))
    let dv = try pass.builder.triangularSolve(u, rest, isLeft: false, isLower: false)
    return (
      try pass.builder.lowerTriangle(dv, diagonal: -1), try pass.builder.matrixDiagonal(du)
    )
  }

  /// The tangent of Q = E − V·T·V₁ᴴ, where T = (I + D·S)⁻¹·D for the scales D and S the part of Vᴴ·V
  /// above the diagonal (Schreiber and Van Loan 1989).
  private func reflectorTangent(
    _ factors: ValueID, _ scales: ValueID, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let type = pass.builder[factors]
    let (m, n) = (type.shape[type.rank - 2], type.shape[type.rank - 1])
    let count = pass.builder[scales].shape.last ?? 0
    guard count > 0 else { return nil }
    let v = try pass.builder.unitLower(
      pass.builder.matrixPart(factors, rows: 0..<m, columns: 0..<count))
    let dense = try pass.denseTangent(factors)
    let dv = try pass.builder.lowerTriangle(
      pass.builder.matrixPart(dense, rows: 0..<m, columns: 0..<count), diagonal: -1)
    let dd = try pass.denseTangent(scales)
    let s = try pass.builder.upperTriangle(
      pass.builder.adjointProduct(v, v), diagonal: 1)
    let gram = try pass.builder.adjointProduct(v, dv)
    let ds = try pass.builder.upperTriangle(
      pass.builder.add(gram, pass.builder.adjointMatrices(gram)), diagonal: 1)
    let square = pass.builder[s]
    let d = try pass.builder.spreadColumns(scales, over: square)
    let wide = try pass.builder.spreadColumns(dd, over: square)
    let zero = try pass.builder.splat(0, square)
    let system = try pass.builder.multiply(d, s)
    let t = try pass.builder.triangularSolve(
      system, pass.builder.replacingDiagonal(of: zero, with: scales), isLower: false,
      hasUnitDiagonal: true)
    let dsystem = try pass.builder.add(
      pass.builder.multiply(wide, s), pass.builder.multiply(d, ds))
    let right = try pass.builder.subtract(
      pass.builder.replacingDiagonal(of: zero, with: dd), pass.builder.matrixProduct(dsystem, t))
    let dt = try pass.builder.triangularSolve(
      system, right, isLower: false, hasUnitDiagonal: true)
    let top = try pass.builder.matrixPart(v, rows: 0..<n, columns: 0..<count)
    let dtop = try pass.builder.matrixPart(dv, rows: 0..<n, columns: 0..<count)
    let inner = try pass.builder.add(
      pass.builder.productWithAdjoint(dt, top), pass.builder.productWithAdjoint(t, dtop))
    let outer = try pass.builder.matrixProduct(
      dv, pass.builder.productWithAdjoint(t, top))
    return try pass.builder.negate(
      pass.builder.add(outer, pass.builder.matrixProduct(v, inner)))
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

extension ForwardPass {
  /// The decomposition whose factors, or the first of their columns, and scales these are, as many of
  /// one as of the other; nil where they are not.
  fileprivate func decomposition(of operands: [ValueID]) -> Operation? {
    func definition(_ value: ValueID) -> Operation? {
      indexFacts.definitions[value.index].map { source.operations[$0] }
    }
    let type = type(operands[0])
    guard let origin = definition(operands[1]), origin.op == .matrix(.householder),
      origin.results[1] == operands[1],
      type.shape.last == self.type(operands[1]).shape.last
    else { return nil }
    if origin.results[0] == operands[0] { return origin }
    guard let slice = definition(operands[0]), slice.operands == [origin.results[0]],
      case .shape(.slice(let starts, _, let strides)) = slice.op,
      starts.allSatisfy({ $0 == 0 }), strides.allSatisfy({ $0 == 1 }),
      type.shape.dropLast() == self.type(origin.results[0]).shape.dropLast()
    else { return nil }
    return origin
  }
}

extension FunctionBuilder {
  /// The tangent of the orthonormal factor of columns with a given tangent, R's tangent without its last
  /// factor R, and the skew matrix between.
  fileprivate mutating func orthogonalTangents(
    _ q: ValueID, _ r: ValueID, _ tangent: ValueID
  ) throws -> (q: ValueID, rest: ValueID, omega: ValueID) {
    let x = try triangularSolve(r, tangent, isLeft: false, isLower: false)
    let c = try adjointProduct(q, x)
    let below = try lowerTriangle(c, diagonal: -1)
    var omega = try subtract(below, adjointMatrices(below))
    if self[c].element.isComplex {
      // R's diagonal is real: what turns it belongs to Q.
      let diagonal = try matrixDiagonal(c)
      let turn = try subtract(diagonal, widened(realPart(diagonal), as: self[c].element))
      omega = try replacingDiagonal(of: omega, with: turn)
    }
    let rest = try subtract(c, omega)
    return (try subtract(x, matrixProduct(q, rest)), rest, omega)
  }

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

  /// The reflectors that stand below the diagonal, with ones on it.
  fileprivate mutating func unitLower(_ factors: ValueID) throws -> ValueID {
    try add(lowerTriangle(factors, diagonal: -1), identityMatrices(self[factors]))
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
