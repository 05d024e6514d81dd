import TensorIR

// Tangents of what is made of reflections; Docs/LinearAlgebra.md has the formulas with their sources.

extension MatrixOp {
  /// The tangent of R = Qᴴ·A above the diagonal, and of reflectors below it.
  ///
  /// With dX = dA₁·R₁⁻¹ of the first columns and C = Qᴴ·dX, Ω is C below the diagonal minus its adjoint;
  /// dQ = dX − Q·(C − Ω), dR = (C − Ω)·R there (Walter and Lehmann 2018) and Qᴴ·dA₂ − Ω·R₂ in further
  /// columns. From Q to reflectors leads an LU decomposition: E − Q = V·U, and scales are U's diagonal
  /// (Ballard and others 2014); that is left out where nothing but R and a thin Q is made of them.
  func householderTangents(
    of operation: Operation, _ tangent: ValueID, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let (factors, scales) = (operation.results[0], operation.results[1])
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
    let upper = try pass.builder.upperTriangle(
      pass.builder.paddedMatrices(dr, rows: m, columns: n))
    guard pass.readsReflectors(of: operation) else { return [upper, nil] }
    let (dv, dscales) = try reflectorTangents(first, scales, q, dq, in: &pass)
    let all = try pass.builder.add(
      upper, pass.builder.paddedMatrices(dv, rows: m, columns: n))
    return [all, dscales]
  }

  /// The tangent of the thin Q of a decomposition in the same function, straight from its operand's;
  /// nil where it is something else.
  func orthogonalTangent(
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
  func reflectorTangent(
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

  /// The reflectors that stand below the diagonal, with ones on it.
  mutating func unitLower(_ factors: ValueID) throws -> ValueID {
    try add(lowerTriangle(factors, diagonal: -1), identityMatrices(self[factors]))
  }
}
