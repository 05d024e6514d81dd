import TensorIR

extension Op {
  /// Emits the operation for many examples.
  ///
  /// - Requires: an operand depends on examples.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    switch self {
    case .constant, .iota: preconditionFailure("\(mnemonic) has no operand")
    case .unary, .convert, .bits, .complex(.real), .complex(.imaginary), .complex(.conjugate), .fft:
      return try pass.emit(self, [operands[0].id])
    case .binary, .compare, .complex(.make):
      return try pass.emit(self, operands.map { try pass.batch($0) })
    case .select: return try selectBatched(operands, in: &pass)
    case .clamp: return try clampBatched(operands, in: &pass)
    case .shape(let op): return try op.batched(operands, in: &pass)
    case .reduce(let reduction): return try reduction.batched(operands, in: &pass)
    case .dot(let dimensions): return try dimensions.batched(operands, in: &pass)
    case .convolution(let convolution): return try convolution.batched(operands, in: &pass)
    case .window(let op): return try op.batched(operands, in: &pass)
    case .gather(let dimensions): return try dimensions.batched(operands, in: &pass)
    case .scatter(let dimensions): return try dimensions.batched(operands, in: &pass)
    case .dynamicSlice(let sizes): return try DynamicSlices.slice(sizes, operands, in: &pass)
    case .dynamicUpdateSlice: return try DynamicSlices.update(operands, in: &pass)
    case .matrix(let op): return try op.batched(operands, in: &pass)
    case .order(let ordering):
      return try pass.emit(.order(ordering), operands.map { try pass.batch($0) })
    case .foreign(let call): return try call.batched(operands, in: &pass)
    case .optimizationBarrier:
      return try zip(pass.builder.emitAll(self, operands.map(\.id)), operands).map {
        BatchingPass.Value(id: $0, isBatched: $1.isBatched)
      }
    case .whileLoop(let loop): return try loop.batched(operands, in: &pass)
    case .branch(let branch): return try branch.batched(operands, in: &pass)
    case .scan(let scan): return try scan.batched(operands, in: &pass)
    case .custom(let custom): return try custom.batched(operands, in: &pass)
    case .call:
      throw AdjointError(
        .unsupported, "\(mnemonic) has no form for many examples", at: pass.builder.location)
    }
  }

  /// A choice, whose predicate may be a scalar of each example.
  private func selectBatched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let shape = pass.shape(operands[1])
    let isScalar = pass.shape(operands[0]).isEmpty && !shape.isEmpty
    let predicate =
      switch (isScalar, operands[0].isBatched) {
      case (true, true): try pass.spread(operands[0], over: shape)
      case (true, false): operands[0].id
      case (false, _): try pass.batch(operands[0])
      }
    return try pass.emit(
      self, [predicate, try pass.batch(operands[1]), try pass.batch(operands[2])])
  }

  /// A clamp, whose bounds may be scalars of each example.
  private func clampBatched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let shape = pass.shape(operands[1])
    /// A bound in a form that fits the operand.
    func bound(_ value: BatchingPass.Value) throws -> ValueID {
      guard pass.shape(value).isEmpty else { return try pass.batch(value) }
      return value.isBatched ? try pass.spread(value, over: shape) : value.id
    }
    return try pass.emit(
      self, [try bound(operands[0]), try pass.batch(operands[1]), try bound(operands[2])])
  }
}
