// The functions of `chlo` whose operands are broadcast to a common shape, and its constants.

extension OpSyntax {
  /// The words behind `chlo.broadcast_`.
  static let broadcastingFunctions = [
    "add", "and", "atan2", "compare", "complex", "divide", "maximum", "minimum", "multiply",
    "next_after", "or", "polygamma", "power", "remainder", "select", "shift_left",
    "shift_right_arithmetic", "shift_right_logical", "subtract", "xor", "zeta",
  ]
  /// What stands before such a word.
  static let broadcastingPrefix = "chlo.broadcast_"
}

extension OperationDraft {
  /// Adds a function of operands that are broadcast: axes are paired from the last one on, and extents of
  /// one repeat. `broadcast_dimensions` names the axes of the operand that has fewer.
  mutating func expandBroadcasting(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let word = String(mnemonic.dropFirst(OpSyntax.broadcastingPrefix.count))
    let isChoice = word == "select"
    try requireOperands(isChoice ? 3 : 2)
    let written = attributes.take("broadcast_dimensions")
    let dimensions = written?.value.integerList
    let shape = try commonShape(dimensions)
    try checkSize(TensorType(shape, operandTypes.last?.element ?? .i1))
    let arguments = try zip(operands, operandTypes).map { operand, type in
      if isChoice, type == TensorType([], .i1) { return operand }
      return try builder.broadcast(
        operand, to: shape, dimensions: axes(of: type, in: shape, dimensions))
    }
    switch OpSyntax.byMnemonic["stablehlo." + word] ?? OpSyntax.byMnemonic["chlo." + word] {
    case .binary(let op):
      let isComplex = operandTypes[0].element.isComplex && op.isExpandedForComplexNumbers
      return [
        isComplex
          ? try builder.complexBinary(op, arguments[0], arguments[1])
          : try builder.emit(.binary(op), arguments)
      ]
    case .compare: return [try builder.emit(.compare(comparison()), arguments)]
    case .complex(let op): return [try builder.emit(.complex(op), arguments)]
    case .select: return [try builder.emit(.select, arguments)]
    default:
      throw AdjointError(.unsupported, "unknown op \(mnemonic)", at: attributes.location)
    }
  }

  /// The axes of the common shape at which an operand's stand.
  private func axes(of type: TensorType, in shape: [Int], _ dimensions: [Int]?) -> [Int] {
    if let dimensions, dimensions.count == type.rank, type.rank < shape.count { return dimensions }
    return type.shape.indices.map { $0 + shape.count - type.rank }
  }

  /// The shape that all operands are broadcast to.
  private func commonShape(_ dimensions: [Int]?) throws -> [Int] {
    let rank = operandTypes.map(\.rank).max() ?? 0
    var shape = [Int](repeating: 1, count: rank)
    func fail() -> AdjointError {
      let types = operandTypes.map(\.description).joined(separator: ", ")
      return AdjointError(
        .type, "\(mnemonic) (C1): \(types) have no common shape", at: attributes.location)
    }
    for type in operandTypes {
      let axes = axes(of: type, in: shape, dimensions)
      guard axes.allSatisfy(shape.indices.contains) else { throw fail() }
      for (axis, extent) in zip(axes, type.shape) where extent != 1 {
        guard shape[axis] == 1 || shape[axis] == extent else { throw fail() }
        shape[axis] = extent
      }
    }
    return shape
  }

  /// Adds a constant of the operand's shape.
  mutating func expandConstantLike(in builder: inout FunctionBuilder) throws -> [ValueID] {
    try requireOperands(1)
    let type = TensorType(operandTypes[0].shape, try resultType().element)
    let scalar = TensorType([], type.element)
    guard let entry = attributes.take("value") else {
      throw AdjointError(.syntax, "\(mnemonic) needs the attribute value", at: attributes.location)
    }
    let literal: Literal
    switch entry.value {
    case .integer(let value): literal = Literal(scalar, integers: [Int64(value)])
    case .float(let value): literal = Literal(scalar, filledWith: value)
    case .boolean(let value): literal = Literal(scalar, integers: [value ? 1 : 0])
    case .literal(let value) where value.type == scalar: literal = value
    case .literal, .string, .symbol, .word, .integers, .list, .fields, .convolution, .opaque:
      throw AdjointError(
        .syntax, "value of \(mnemonic) must be a number", at: entry.location)
    }
    return [try builder.broadcast(builder.constant(literal), to: type.shape, dimensions: [])]
  }
}
