import TensorIR

extension MatrixOp {
  /// The examples are more matrices. A triangular matrix that all examples have in common solves their
  /// right-hand sides as columns of one, or rows.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    if case .triangularSolve(let solve) = self, !operands[0].isBatched,
      pass.shape(operands[0]).count == 2
    {
      return [try solve.batched(operands[0].id, operands[1].id, in: &pass)]
    }
    let all = try operands.map { try pass.batch($0) }
    return try pass.builder.emitAll(.matrix(self), all).map {
      BatchingPass.Value(id: $0, isBatched: true)
    }
  }
}

extension TriangularSolve {
  /// One matrix with the right-hand sides of all examples.
  fileprivate func batched(
    _ a: ValueID, _ b: ValueID, in pass: inout BatchingPass
  ) throws -> BatchingPass.Value {
    let shape = pass.builder[b].shape
    let (size, rows, columns) = (shape[0], shape[1], shape[2])
    guard isLeft else {
      let flat = try pass.builder.reshape(b, to: [size * rows, columns])
      let x = try pass.builder.emit(.matrix(.triangularSolve(self)), [a, flat])
      return BatchingPass.Value(id: try pass.builder.reshape(x, to: shape), isBatched: true)
    }
    let side = try pass.builder.transpose(b, permutation: [1, 0, 2])
    let flat = try pass.builder.reshape(side, to: [rows, size * columns])
    let x = try pass.builder.emit(.matrix(.triangularSolve(self)), [a, flat])
    let back = try pass.builder.reshape(x, to: [rows, size, columns])
    return BatchingPass.Value(
      id: try pass.builder.transpose(back, permutation: [1, 0, 2]), isBatched: true)
  }
}
