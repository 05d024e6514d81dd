import TensorIR

extension Operation {
  /// Emits the tangent of this operation's result from its operands' tangents; nil is zero.
  ///
  /// - Requires: an operand has a tangent.
  func tangent(in pass: inout ForwardPass) throws -> ValueID? {
    switch op {
    case .constant, .iota, .compare: return nil
    case .unary(let op): return try op.tangent(of: self, in: &pass)
    case .binary(let op): return try op.tangent(of: self, in: &pass)
    case .select: return try selectTangent(in: &pass)
    case .clamp: return try clampTangent(in: &pass)
    case .convert(let element):
      guard element.isFloat, let tangent = pass.tangent(operands[0]) else { return nil }
      return try pass.builder.convert(tangent, to: element)
    case .shape(let op): return try op.tangent(of: self, in: &pass)
    case .reduce(let reduction): return try reduction.tangent(of: self, in: &pass)
    case .dot(let dimensions): return try dimensions.tangent(of: self, in: &pass)
    case .gather(let dimensions): return try dimensions.tangent(of: self, in: &pass)
    case .scatter(let dimensions): return try dimensions.tangent(of: self, in: &pass)
    case .dynamicSlice, .dynamicUpdateSlice, .optimizationBarrier, .whileLoop, .branch, .scan,
      .call:
      throw AdjointError(
        .notDifferentiable, "\(op.mnemonic) has no derivative of its own", at: location)
    }
  }

  /// The choice between the choices' tangents.
  private func selectTangent(in pass: inout ForwardPass) throws -> ValueID? {
    let predicate = operands[0]
    let type = pass.type(operands[1])
    let onTrue = try pass.tangent(operands[1]) ?? pass.zero(type)
    let onFalse = try pass.tangent(operands[2]) ?? pass.zero(type)
    return try pass.builder.select(predicate, onTrue, onFalse)
  }

  /// The tangent of the operand strictly between the bounds, and of a bound where it is met: of the
  /// upper one where the operand or the lower bound reaches it, else of the lower one.
  ///
  /// So one of the three is chosen everywhere. An operand that meets a constant bound has slope 0,
  /// as in JAX; one that meets a bound made of itself, as in clamp(0, x, x), keeps its slope.
  private func clampTangent(in pass: inout ForwardPass) throws -> ValueID? {
    let shape = pass.type(operands[1]).shape
    let low = try pass.builder.broadcast(
      operands[0], to: shape, scalar: pass.type(operands[0]).isScalar)
    let operand = operands[1]
    let high = try pass.builder.broadcast(
      operands[2], to: shape, scalar: pass.type(operands[2]).isScalar)
    var sum: ValueID?
    if let tangent = pass.tangent(operands[0]) {
      let isAbove = try pass.builder.compare(.greaterOrEqual, low, operand)
      let isBelow = try pass.builder.compare(.less, low, high)
      let isChosen = try pass.builder.binary(.and, isAbove, isBelow)
      let wide = try pass.builder.broadcast(
        tangent, to: shape, scalar: pass.type(operands[0]).isScalar)
      sum = try pass.masked(wide, where: isChosen)
    }
    if let tangent = pass.tangent(operands[1]) {
      let isAbove = try pass.builder.compare(.greater, operand, low)
      let isBelow = try pass.builder.compare(.less, operand, high)
      let isInside = try pass.builder.binary(.and, isAbove, isBelow)
      sum = try pass.sum(sum, pass.masked(tangent, where: isInside))
    }
    if let tangent = pass.tangent(operands[2]) {
      let raised = try pass.builder.binary(.maximum, low, operand)
      let isChosen = try pass.builder.compare(.lessOrEqual, high, raised)
      let wide = try pass.builder.broadcast(
        tangent, to: shape, scalar: pass.type(operands[2]).isScalar)
      sum = try pass.sum(sum, pass.masked(wide, where: isChosen))
    }
    return sum
  }
}

extension FunctionBuilder {
  /// A value repeated over `shape` if it is a scalar, else the value itself.
  fileprivate mutating func broadcast(
    _ value: ValueID, to shape: [Int], scalar: Bool
  ) throws -> ValueID {
    scalar ? try broadcast(value, to: shape, dimensions: []) : value
  }
}
