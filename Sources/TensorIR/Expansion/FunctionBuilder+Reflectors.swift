// Products with what a QR decomposition leaves, without its Q.

extension FunctionBuilder {
  /// The product of other matrices with the Q that reflectors and their scales stand for, or with Qᴴ.
  ///
  /// Q = H₁·…·H_k with H = 1 − τ·v·vᴴ is 1 − V·T·Vᴴ, where T = (1 + D·S)⁻¹·D for the diagonal D of scales
  /// and the part S of Vᴴ·V above the diagonal (Schreiber and Van Loan 1989; the inverse after Puglisi
  /// 1992). No square matrix of V's height comes about, and what is made is differentiated as any product.
  package mutating func reflectorProduct(
    _ factors: ValueID, _ scales: ValueID, _ other: ValueID, isLeft: Bool, isAdjoint: Bool
  ) throws -> ValueID {
    guard isLeft else {
      // C·Q is the adjoint of Qᴴ·Cᴴ.
      let turned = try reflectorProduct(
        factors, scales, adjointMatrices(other), isLeft: true, isAdjoint: !isAdjoint)
      return try adjointMatrices(turned)
    }
    let (rank, shape) = (self[factors].rank, self[factors].shape)
    let count = self[scales].shape[rank - 2]
    let columns = try matrixPart(factors, rows: 0..<shape[rank - 2], columns: 0..<count)
    let v = try add(lowerTriangle(columns, diagonal: -1), identityMatrices(self[columns]))
    let overlap = try upperTriangle(adjointProduct(v, v), diagonal: 1)
    let system = try multiply(spreadColumns(scales, over: self[overlap]), overlap)
    var inner = try adjointProduct(v, other)
    if isAdjoint {
      let solved = try triangularSolve(
        system, inner, isLower: false, hasUnitDiagonal: true, isAdjoint: true)
      inner = try multiply(spreadColumns(conjugated(scales), over: self[solved]), solved)
    } else {
      let scaled = try multiply(spreadColumns(scales, over: self[inner]), inner)
      inner = try triangularSolve(system, scaled, isLower: false, hasUnitDiagonal: true)
    }
    return try subtract(other, matrixProduct(v, inner))
  }
}
