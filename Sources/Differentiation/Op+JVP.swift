import TensorIR

extension Operation {
  /// Emits the tangents of this operation's results from its operands' tangents; nil is zero.
  ///
  /// - Parameter position: where the operation stands in the source.
  /// - Requires: an operand has a tangent.
  func tangents(
    at position: Int, _ activity: Activity, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let wanted = RegionActivity(
      operands: operands.map { activity[$0] }, results: results.map { activity[$0] })
    switch op {
    case .whileLoop(let loop):
      return try loop.tangents(of: self, at: position, wanted, in: &pass)
    case .branch(let branch):
      return try branch.tangents(of: self, at: position, wanted, in: &pass)
    case .scan(let scan): return try scan.tangents(of: self, at: position, wanted, in: &pass)
    case .custom(let custom): return try custom.tangents(of: self, in: &pass)
    case .matrix(let op):
      return try op.tangents(of: self, wanted: wanted.results, in: &pass)
    case .foreign(let call): return try call.tangents(of: self, in: &pass)
    case .optimizationBarrier: return operands.map { pass.tangent($0) }
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .order,
      .call:
      return [try tangent(in: &pass)]
    }
  }

  /// Emits the tangent of this operation's one result.
  func tangent(in pass: inout ForwardPass) throws -> ValueID? {
    switch op {
    case .constant, .iota, .compare, .order: return nil
    case .unary(let op): return try op.tangent(of: self, in: &pass)
    case .binary(let op): return try op.tangent(of: self, in: &pass)
    case .select: return try selectTangent(in: &pass)
    case .clamp: return try clampTangent(in: &pass)
    case .convert(let element):
      guard element.isInexact, let tangent = pass.tangent(operands[0]) else { return nil }
      return try pass.builder.convert(tangent, to: element)
    case .bits(let op):
      guard op.isDifferentiable, let tangent = pass.tangent(operands[0]) else { return nil }
      return try pass.builder.emit(.bits(op), [tangent])
    case .complex(let op): return try op.tangent(of: self, in: &pass)
    case .fft:
      guard let tangent = pass.tangent(operands[0]) else { return nil }
      return try pass.builder.emit(op, [tangent])
    case .shape(let op): return try op.tangent(of: self, in: &pass)
    case .reduce(let reduction): return try reduction.tangent(of: self, in: &pass)
    case .dot(let dimensions): return try dimensions.tangent(of: self, in: &pass)
    case .convolution(let convolution): return try convolution.tangent(of: self, in: &pass)
    case .window(let op): return try op.tangent(of: self, in: &pass)
    case .gather(let dimensions): return try dimensions.tangent(of: self, in: &pass)
    case .scatter(let dimensions): return try dimensions.tangent(of: self, in: &pass)
    case .dynamicSlice:
      guard let tangent = pass.tangent(operands[0]) else { return nil }
      return try pass.builder.emit(op, [tangent] + operands.dropFirst())
    case .dynamicUpdateSlice:
      let parts = try operands.prefix(2).map { try pass.denseTangent($0) }
      return try pass.builder.emit(op, parts + operands.dropFirst(2))
    case .matrix, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      throw AdjointError(
        .notDifferentiable, "\(op.mnemonic) has no derivative of its own", at: location)
    }
  }

  /// The choice between the choices' tangents.
  private func selectTangent(in pass: inout ForwardPass) throws -> ValueID? {
    let predicate = operands[0]
    let type = pass.type(operands[1])
    var onTrue = try pass.tangent(operands[1]) ?? pass.zero(type)
    if pass.tangent(operands[1]) != nil,
      let tangent = try pass.tangentOfChosenNaN(predicate, operands[1], onTrue)
    {
      onTrue = tangent
    }
    let onFalse = try pass.tangent(operands[2]) ?? pass.zero(type)
    let chosen = try pass.builder.select(predicate, onTrue, onFalse)
    return try pass.sum(chosen, pass.guardedLogarithmTangent(self))
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
