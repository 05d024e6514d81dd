import TensorIR

extension Operation {
  /// Gives the tangents this operation reads the cotangents that its result's cotangent implies.
  ///
  /// - Throws: `AdjointError` for an op that forward mode never emits on tangents.
  func transpose(_ cotangent: ValueID, in pass: inout ReversePass) throws {
    switch op {
    case .constant, .iota, .compare, .clamp, .dynamicSlice, .dynamicUpdateSlice,
      .optimizationBarrier, .whileLoop, .branch, .scan, .call:
      throw pass.notLinear(self)
    case .unary(let op): try op.transpose(self, cotangent, in: &pass)
    case .binary(let op): try op.transpose(self, cotangent, in: &pass)
    case .select: try transposeSelect(cotangent, in: &pass)
    case .convert:
      let element = pass.type(operands[0]).element
      try pass.accumulate(pass.builder.convert(cotangent, to: element), on: operands[0])
    case .shape(let op): try op.transpose(self, cotangent, in: &pass)
    case .reduce(let reduction): try reduction.transpose(self, cotangent, in: &pass)
    case .dot(let dimensions): try dimensions.transpose(self, cotangent, in: &pass)
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
