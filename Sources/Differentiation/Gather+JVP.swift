import TensorIR

extension GatherDimensions {
  /// The same slices of the tangent.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    guard let tangent = pass.tangent(operation.operands[0]) else { return nil }
    return try pass.builder.emit(operation.op, [tangent, operation.operands[1]])
  }
}

extension ScatterDimensions {
  /// The tangent of updates combined into an operand.
  func tangent(of operation: Operation, in pass: inout ForwardPass) throws -> ValueID? {
    if pass.type(operation.operands[0]).count == 0 { return nil }
    switch combination {
    case .add:
      return try scattered(
        pass.tangent(operation.operands[0]), pass.tangent(operation.operands[2]), operation,
        in: &pass)
    case .set:
      let updates = pass.type(operation.operands[2])
      if pass.indexFacts.areUnique(operation.operands[1], self, updates: updates) {
        return try scattered(
          pass.tangent(operation.operands[0]), pass.tangent(operation.operands[2]), operation,
          in: &pass)
      }
      return try winnersTangent(of: operation, in: &pass)
    case .minimum, .maximum: return try extremeTangent(of: operation, in: &pass)
    case .multiply: return try productTangent(of: operation, in: &pass)
    }
  }

  /// The product rule: the operand's tangent times what it is multiplied by, and each update's tangent
  /// times the element where it lands and the other updates there.
  private func productTangent(
    of operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (operand, indices, updates) = (
      operation.operands[0], operation.operands[1], operation.operands[2]
    )
    let (type, updatesType) = (pass.type(operand), pass.type(updates))
    var target: ValueID?
    if let tangent = pass.tangent(operand) {
      let ones = try pass.builder.splat(1, type)
      let factors = try pass.builder.emit(operation.op, [ones, indices, updates])
      target = try pass.scale(tangent, by: factors)
    }
    guard let tangent = pass.tangent(updates) else { return target }
    let others =
      pass.indexFacts.areUnique(indices, self, updates: updatesType)
      ? try pass.builder.emit(.gather(reading(type, updates: updatesType)), [operand, indices])
      : try productsOfOthers(operand, indices, updates, in: &pass.builder)
    let source = try pass.scale(tangent, by: others)
    var adding = self
    adding.combination = .add
    return try adding.scattered(target, source, operation, in: &pass)
  }

  /// The mean of the tangents of the element and of those updates that equal the result.
  private func extremeTangent(
    of operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let (operand, indices, updates) = (
      operation.operands[0], operation.operands[1], operation.operands[2]
    )
    let (operandType, updatesType) = (pass.type(operand), pass.type(updates))
    let seen = try pass.builder.emit(
      .gather(reading(operandType, updates: updatesType)), [operation.result, indices])
    let isKept = try pass.builder.compare(.equal, operand, operation.result)
    let isBest = try pass.builder.compare(.equal, updates, seen)
    var adding = self
    adding.combination = .add
    let counts = try pass.builder.emit(
      .scatter(adding),
      [
        pass.builder.convert(isKept, to: operandType.element), indices,
        pass.builder.convert(isBest, to: operandType.element),
      ])
    let target = try pass.tangent(operand).map { try pass.masked($0, where: isKept) }
    let source = try pass.tangent(updates).map { try pass.masked($0, where: isBest) }
    guard let sum = try adding.scattered(target, source, operation, in: &pass) else { return nil }
    return try pass.scale(sum, dividingBy: counts)
  }

  /// This scatter of tangents, zeros written out; only the operand's where adding nothing.
  private func scattered(
    _ operand: ValueID?, _ updates: ValueID?, _ operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    if combination == .add, updates == nil { return operand }
    let target = try operand ?? pass.zero(pass.type(operation.operands[0]))
    let source = try updates ?? pass.zero(pass.type(operation.operands[2]))
    return try pass.builder.emit(
      .scatter(self), [target, operation.operands[1], source])
  }

  /// The tangent where updates may meet: numbers scattered the same way tell which update stays at
  /// each place, as in JAX. The others are cut off, and the operand where any update lands.
  private func winnersTangent(
    of operation: Operation, in pass: inout ForwardPass
  ) throws -> ValueID? {
    let operandType = pass.type(operation.operands[0])
    let updatesType = pass.type(operation.operands[2])
    let indices = operation.operands[1]
    let numbers = try numbered(updatesType.shape, in: &pass.builder)
    let nobody = try pass.builder.splat(0, TensorType(operandType.shape, .i64))
    let winners = try pass.builder.emit(.scatter(self), [nobody, indices, numbers])
    let target = try pass.tangent(operation.operands[0]).map { tangent in
      let isUntouched = try pass.builder.compare(.equal, winners, nobody)
      return try pass.masked(tangent, where: isUntouched)
    }
    let source = try pass.tangent(operation.operands[2]).map { tangent in
      let seen = try pass.builder.emit(
        .gather(reading(operandType, updates: updatesType)), [winners, indices])
      return try pass.masked(tangent, where: pass.builder.compare(.equal, seen, numbers))
    }
    var adding = self
    adding.combination = .add
    return try adding.scattered(target, source, operation, in: &pass)
  }

  /// The numbers from one in row-major order of a shape.
  private func numbered(
    _ shape: [Int], in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let line = TensorType([shape.reduce(1, *)], .i64)
    let count = try builder.emit(.iota(line, dimension: 0), [])
    let fromOne = try builder.add(count, builder.splat(1, line))
    return try builder.reshape(fromOne, to: shape)
  }
}
