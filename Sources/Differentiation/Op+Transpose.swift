import TensorIR

extension Operation {
  /// Gives the tangents this operation reads the cotangents that its results' cotangents imply; nil
  /// is zero, and one is not.
  ///
  /// - Throws: `AdjointError` for an op that forward mode never emits on tangents.
  func transpose(_ cotangents: [ValueID?], in pass: inout ReversePass) throws {
    switch op {
    case .whileLoop(let loop): try loop.transpose(self, cotangents, in: &pass)
    case .branch(let branch): try branch.transpose(self, cotangents, in: &pass)
    case .custom(let custom): try custom.transpose(self, cotangents, in: &pass)
    case .scan(let scan): try scan.transpose(self, cotangents, in: &pass)
    case .foreign(let call): try call.transpose(self, cotangents, in: &pass)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .optimizationBarrier, .call, .window:
      guard let cotangent = cotangents[0] else { return }
      try transpose(cotangent, in: &pass)
    }
  }

  /// Transposes an operation with one result.
  private func transpose(_ cotangent: ValueID, in pass: inout ReversePass) throws {
    switch op {
    case .constant, .iota, .compare, .clamp, .order, .foreign, .optimizationBarrier, .whileLoop,
      .branch,
      .scan,
      .custom, .call:
      throw pass.notLinear(self)
    case .dynamicSlice:
      let zeros = try pass.builder.splat(0, pass.type(operands[0]))
      let starts = try operands.dropFirst().map { try pass.residual($0) }
      let wide = try pass.builder.emit(.dynamicUpdateSlice, [zeros, cotangent] + starts)
      try pass.accumulate(wide, on: operands[0])
    case .dynamicUpdateSlice:
      let update = pass.type(operands[1])
      let starts = try operands.dropFirst(2).map { try pass.residual($0) }
      if pass.isLinear(operands[0]) {
        let zeros = try pass.builder.splat(0, update)
        let rest = try pass.builder.emit(.dynamicUpdateSlice, [cotangent, zeros] + starts)
        try pass.accumulate(rest, on: operands[0])
      }
      if pass.isLinear(operands[1]) {
        let part = try pass.builder.emit(.dynamicSlice(sizes: update.shape), [cotangent] + starts)
        try pass.accumulate(part, on: operands[1])
      }
    case .matrix(let op): try op.transpose(self, cotangent, in: &pass)
    case .unary(let op): try op.transpose(self, cotangent, in: &pass)
    case .binary(let op): try op.transpose(self, cotangent, in: &pass)
    case .select: try transposeSelect(cotangent, in: &pass)
    case .convert:
      let element = pass.type(operands[0]).element
      try pass.accumulate(pass.builder.convert(cotangent, to: element), on: operands[0])
    case .bits(let op):
      guard op.isDifferentiable else { throw pass.notLinear(self) }
      try pass.accumulate(pass.builder.emit(.bits(op), [cotangent]), on: operands[0])
    case .complex(let op): try op.transpose(self, cotangent, in: &pass)
    case .fft(let transform): try transform.transpose(self, cotangent, in: &pass)
    case .shape(let op): try op.transpose(self, cotangent, in: &pass)
    case .reduce(let reduction): try reduction.transpose(self, cotangent, in: &pass)
    case .dot(let dimensions): try dimensions.transpose(self, cotangent, in: &pass)
    case .convolution(let convolution): try convolution.transpose(self, cotangent, in: &pass)
    case .window(let op): try op.transpose(self, cotangent, in: &pass)
    case .gather(let dimensions): try dimensions.transpose(self, cotangent, in: &pass)
    case .scatter(let dimensions): try dimensions.transpose(self, cotangent, in: &pass)
    }
  }

  /// Each choice gets the cotangent where it was chosen.
  private func transposeSelect(_ cotangent: ValueID, in pass: inout ReversePass) throws {
    let (onTrue, onFalse) = (operands[1], operands[2])
    let type = pass.type(onTrue)
    if onTrue == onFalse { return try pass.accumulate(cotangent, on: onTrue) }
    let predicate = try pass.residual(operands[0])
    let zero = try pass.builder.splat(0, type)
    if pass.isLinear(onTrue) {
      try pass.accumulate(pass.builder.select(predicate, cotangent, zero), on: onTrue)
    }
    if pass.isLinear(onFalse) {
      try pass.accumulate(pass.builder.select(predicate, zero, cotangent), on: onFalse)
    }
  }
}
