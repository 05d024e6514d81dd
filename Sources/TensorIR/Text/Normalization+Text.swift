// Batch normalization, read as the arithmetic that StableHLO's specification gives for it.

/// The operands of a batch normalization and what normalizes them.
private struct BatchNormalization {
  /// The axis of features.
  let axis: Int
  /// What is added to variances.
  let epsilon: Double
  /// The operand's type.
  let type: TensorType
  /// The type of one number for each feature.
  let features: TensorType

  /// All axes but that of features.
  var others: [Int] { type.shape.indices.filter { $0 != axis } }
  /// How many elements each feature has.
  var count: Double { Double(others.map { type.shape[$0] }.reduce(1, *)) }

  /// One number for each feature, repeated for all its elements.
  func spread(_ value: ValueID, in builder: inout FunctionBuilder) throws -> ValueID {
    try builder.broadcast(value, to: type.shape, dimensions: [axis])
  }

  /// The sums of all elements of each feature.
  func sum(_ value: ValueID, in builder: inout FunctionBuilder) throws -> ValueID {
    let zero = try builder.constant(Literal(TensorType([], type.element), filledWith: 0))
    return try builder.emit(.reduce(Reduction(.add, dimensions: others)), [value, zero])
  }

  /// The means of all elements of each feature.
  func mean(_ value: ValueID, in builder: inout FunctionBuilder) throws -> ValueID {
    try builder.divide(sum(value, in: &builder), builder.splat(count, features))
  }

  /// Variances with ε added.
  func shifted(_ variance: ValueID, in builder: inout FunctionBuilder) throws -> ValueID {
    try builder.add(variance, builder.splat(epsilon, features))
  }

  /// `(operand − mean) / √(variance + ε) · scale + offset`.
  func normalized(
    _ operand: ValueID, scale: ValueID, offset: ValueID, mean: ValueID, variance: ValueID,
    in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let centered = try builder.subtract(operand, spread(mean, in: &builder))
    let deviation = try builder.unary(.sqrt, shifted(variance, in: &builder))
    let unit = try builder.divide(centered, spread(deviation, in: &builder))
    let scaled = try builder.multiply(spread(scale, in: &builder), unit)
    return try builder.add(scaled, spread(offset, in: &builder))
  }
}

extension OperationDraft {
  /// Takes out the axis and ε, and checks that all other operands have a number for each feature.
  ///
  /// - C1: `feature_index` is an axis of the operand.
  /// - C2: elements are floats of one type.
  /// - C3: there is a number for each feature; `grad_output` has the operand's type.
  private mutating func batchNormalization(operands count: Int) throws -> BatchNormalization {
    func fail(_ constraint: Int, _ message: String) -> AdjointError {
      AdjointError(.type, "\(mnemonic) (C\(constraint)): \(message)", at: attributes.location)
    }
    guard operands.count == count, let type = operandTypes.first else {
      throw fail(1, "takes \(count) operands, not \(operands.count)")
    }
    let axis = try attributes.integer("feature_index")
    let epsilon = Double(Float(try attributes.float("epsilon")))
    guard type.shape.indices.contains(axis) else {
      throw fail(1, "feature_index \(axis) is no axis of \(type)")
    }
    guard type.element.isFloat else { throw fail(2, "elements must be floats, not \(type)") }
    let features = TensorType([type.shape[axis]], type.element)
    let isGradient = mnemonic == Expansion.batchNormGrad.rawValue
    for (index, other) in operandTypes.enumerated().dropFirst() {
      let wanted = isGradient && index == 4 ? type : features
      guard other == wanted else { throw fail(3, "operand \(index) is \(other), not \(wanted)") }
    }
    return BatchNormalization(axis: axis, epsilon: epsilon, type: type, features: features)
  }

  /// Adds a normalization by given means and variances.
  mutating func expandBatchNormInference(
    in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    let norm = try batchNormalization(operands: 5)
    return [
      try norm.normalized(
        operands[0], scale: operands[1], offset: operands[2], mean: operands[3],
        variance: operands[4], in: &builder)
    ]
  }

  /// Adds a normalization by the batch's own means and variances, which are results too.
  mutating func expandBatchNormTraining(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let norm = try batchNormalization(operands: 3)
    let mean = try norm.mean(operands[0], in: &builder)
    let centered = try builder.subtract(operands[0], norm.spread(mean, in: &builder))
    let variance = try norm.mean(builder.multiply(centered, centered), in: &builder)
    let output = try norm.normalized(
      operands[0], scale: operands[1], offset: operands[2], mean: mean, variance: variance,
      in: &builder)
    return [output, mean, variance]
  }

  /// Adds the cotangents of operand, scale and offset of a normalization in training:
  /// (operand, scale, mean, variance, grad_output).
  mutating func expandBatchNormGrad(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let norm = try batchNormalization(operands: 5)
    let (operand, scale, output) = (operands[0], operands[1], operands[4])
    let centered = try builder.subtract(operand, norm.spread(operands[2], in: &builder))
    let shifted = try norm.shifted(operands[3], in: &builder)
    let deviation = try builder.unary(.sqrt, shifted)
    let unit = try builder.divide(centered, norm.spread(deviation, in: &builder))
    let count = try builder.splat(norm.count, norm.features)
    let sum = try norm.sum(output, in: &builder)
    let moment = try norm.sum(builder.multiply(output, centered), in: &builder)
    let whole = try builder.multiply(output, norm.spread(count, in: &builder))
    let linear = try builder.divide(
      builder.multiply(norm.spread(moment, in: &builder), centered),
      norm.spread(shifted, in: &builder))
    let rest = try builder.subtract(
      builder.subtract(whole, norm.spread(sum, in: &builder)), linear)
    let factor = try builder.divide(builder.divide(scale, deviation), count)
    return [
      try builder.multiply(norm.spread(factor, in: &builder), rest),
      try norm.sum(builder.multiply(output, unit), in: &builder), sum,
    ]
  }
}
