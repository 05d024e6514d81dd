extension Op {
  /// The result types for operands of the given types, by the op's numbered constraints.
  ///
  /// - Throws: `AdjointError` that names the op, the constraint and the types that break it.
  package func resultTypes(_ operands: [TensorType]) throws -> [TensorType] {
    let check = TypingCheck(mnemonic: mnemonic, operands: operands)
    switch self {
    case .constant(let literal):
      try check.hasOperands(0)
      return [literal.type]
    case .iota(let type, let dimension): return [try iotaType(type, dimension, check)]
    case .unary(let op): return [try op.resultType(check)]
    case .binary(let op): return [try op.resultType(check)]
    case .compare(let comparison): return [try comparison.resultType(check)]
    case .select: return [try selectType(check)]
    case .clamp: return [try clampType(check)]
    case .convert(let element):
      try check.hasOperands(1)
      return [TensorType(operands[0].shape, element)]
    case .bits(let op): return [try op.resultType(check)]
    case .complex(let op): return [try op.resultType(check)]
    case .fft(let transform): return [try transform.resultType(check)]
    case .shape(let op): return [try op.resultType(check)]
    case .reduce(let reduction): return [try reduction.resultType(check)]
    case .dot(let dimensions): return [try dimensions.resultType(check)]
    case .convolution(let convolution): return [try convolution.resultType(check)]
    case .window(let op): return [try op.resultType(check)]
    case .gather(let dimensions): return [try dimensions.resultType(check)]
    case .scatter(let dimensions): return [try dimensions.resultType(check)]
    case .dynamicSlice(let sizes): return [try DynamicSliceTyping.slice(sizes, check)]
    case .dynamicUpdateSlice: return [try DynamicSliceTyping.update(check)]
    case .matrix(let op): return try op.resultTypes(check)
    case .order(let ordering): return [try ordering.resultType(check)]
    case .foreign(let call): return try call.resultTypes(check)
    case .optimizationBarrier: return operands
    case .whileLoop(let loop): return try loop.resultTypes(check)
    case .branch(let branch): return try branch.resultTypes(check)
    case .custom(let custom): return try custom.resultTypes(check)
    case .scan(let scan): return try scan.resultTypes(check)
    case .call(let callee): return callee.resultTypes
    }
  }

  /// - C1: there is no operand; `dimension` is an axis.
  /// - C2: elements are numbers.
  private func iotaType(
    _ type: TensorType, _ dimension: Int, _ check: TypingCheck
  ) throws -> TensorType {
    try check.hasOperands(0)
    try check.require(1, type.shape.indices.contains(dimension)) {
      "dimension \(dimension) is not an axis of \(type)"
    }
    try check.require(2, type.element != .i1) { "elements must be numbers, not \(type)" }
    return type
  }

  /// - C1: the predicate is boolean.
  /// - C2: both choices have one type.
  /// - C3: the predicate is a scalar or has the choices' shape.
  private func selectType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(3)
    let (predicate, onTrue, onFalse) = (check.operands[0], check.operands[1], check.operands[2])
    try check.require(1, predicate.element == .i1) { "predicate must be i1, not \(predicate)" }
    try check.require(2, onTrue == onFalse) { "choices differ: \(onTrue) and \(onFalse)" }
    try check.require(3, predicate.isScalar || predicate.shape == onTrue.shape) {
      "predicate \(predicate) is neither a scalar nor shaped as \(onTrue)"
    }
    return onTrue
  }

  /// - C1: element types agree and are numbers.
  /// - C2: each bound is a scalar or has the operand's shape.
  private func clampType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(3)
    let (low, operand, high) = (check.operands[0], check.operands[1], check.operands[2])
    try check.require(1, low.element == operand.element && high.element == operand.element) {
      "element types differ: \(low), \(operand), \(high)"
    }
    try check.require(1, operand.element != .i1 && !operand.element.isComplex) {
      "elements must be numbers with an order, not \(operand)"
    }
    for bound in [low, high] {
      try check.require(2, bound.isScalar || bound.shape == operand.shape) {
        "bound \(bound) is neither a scalar nor shaped as \(operand)"
      }
    }
    return operand
  }
}

/// The operands of one typing rule and the words for what breaks it.
struct TypingCheck {
  let mnemonic: String
  let operands: [TensorType]

  /// Fails with the numbered constraint unless `holds`.
  func require(_ constraint: Int, _ holds: Bool, _ message: () -> String) throws {
    guard !holds else { return }
    throw AdjointError(.type, "\(mnemonic) (C\(constraint)): \(message())")
  }

  /// Fails unless the op has this many operands.
  func hasOperands(_ count: Int) throws {
    guard operands.count != count else { return }
    throw AdjointError(
      .type, "\(mnemonic) takes \(count) operand\(count == 1 ? "" : "s"), not \(operands.count)")
  }

  /// Fails with the numbered constraint unless `axes` are distinct axes below `rank`.
  func areAxes(_ constraint: Int, _ axes: [Int], rank: Int, _ what: String) throws {
    try require(constraint, Set(axes).count == axes.count) { "\(what) \(axes) has repeats" }
    try require(constraint, axes.allSatisfy { (0..<rank).contains($0) }) {
      "\(what) \(axes) goes beyond the \(rank) axes"
    }
  }
}
