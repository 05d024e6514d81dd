// Dynamic operations whose results have static types: shapes, amounts and sizes that are operands follow
// from constants, so that each is its counterpart with attributes.

extension Expansion {
  /// Whether operands are looked up as constants.
  var readsConstants: Bool {
    switch self {
    case .dynamicBroadcast, .dynamicReshape, .dynamicIota, .dynamicPad, .dynamicGather,
      .realDynamicSlice, .dynamicConvolution, .setDimensionSize, .rng, .customCall:
      true
    case .sort, .reduceWindow, .selectAndScatter, .windowPlace, .windowCollect, .windowScatter,
      .map, .topK, .besselI1, .highProduct, .randomBits, .cholesky, .allReduce,
      .shardingConstraint, .batchNormInference, .batchNormTraining, .batchNormGrad, .dot,
      .broadcast, .einsum, .unaryEinsum, .torchIndexSelect, .broadcasting, .constantLike,
      .getDimensionSize, .tuple, .getTupleElement, .token, .allTokens, .partition, .replica,
      .crossReplicaSum, .allGather, .reduceScatter, .allToAll, .collectivePermute,
      .collectiveBroadcast, .collectiveReduce:
      false
    }
  }
}

extension OperationDraft {
  /// The elements of an operand of integers, which must follow from constants.
  private func constant(_ index: Int) throws -> [Int] {
    guard known.indices.contains(index), let values = known[index] else {
      throw AdjointError(
        .unsupported, "operand \(index) of \(mnemonic) does not follow from constants",
        at: attributes.location)
    }
    return values
  }

  /// The shape of the result, which that given by an operand must not contradict.
  ///
  /// - C1: the shape operand, where it is known, is the result's shape.
  private func shape(givenBy index: Int) throws -> [Int] {
    let shape = try resultType().shape
    if known.indices.contains(index), let given = known[index], given != shape {
      throw AdjointError(
        .type, "\(mnemonic) (C1): operand \(index) is \(given), but the result has shape \(shape)",
        at: attributes.location)
    }
    return shape
  }

  /// Adds a dynamic operation of static types.
  mutating func expandDynamic(in builder: inout FunctionBuilder) throws -> [ValueID] {
    guard case .expansion(let expansion) = syntax else { return [] }
    let op: Op
    var count = 1
    switch expansion {
    case .dynamicBroadcast:
      try requireOperands(2)
      for name in ["known_expanding_dimensions", "known_nonexpanding_dimensions"] {
        _ = try attributes.optionalIntegers(name)
      }
      op = .shape(
        .broadcast(
          shape: try shape(givenBy: 1),
          dimensions: try attributes.integers("broadcast_dimensions")))
    case .dynamicReshape:
      try requireOperands(2)
      op = .shape(.reshape(shape: try shape(givenBy: 1)))
    case .dynamicIota:
      try requireOperands(1)
      _ = try shape(givenBy: 0)
      op = .iota(try resultType(), dimension: try attributes.integer("iota_dimension"))
      count = 0
    case .dynamicPad:
      try requireOperands(5)
      op = .shape(.pad(low: try constant(2), high: try constant(3), interior: try constant(4)))
      count = 2
    case .dynamicGather:
      try requireOperands(3)
      try attributes.add("slice_sizes", .integers(constant(2)))
      op = .gather(try gatherDimensions())
      count = 2
    case .dynamicConvolution:
      try requireOperands(3)
      _ = attributes.take("padding")
      try attributes.add("padding", .integers(constant(2)))
      op = .convolution(try convolution())
      count = 2
    case .realDynamicSlice:
      try requireOperands(4)
      return [try slice(in: &builder)]
    case .getDimensionSize: return [try dimensionSize(in: &builder)]
    case .setDimensionSize: return [try unchangedSize()]
    default: preconditionFailure("\(mnemonic) is not dynamic")
    }
    return [try builder.emit(op, Array(operands.prefix(count)))]
  }

  /// A slice whose starts, limits and strides are operands: (operand, starts, limits, strides). Where
  /// starts are not known, strides must be one, and the result's extents are the sizes.
  private func slice(in builder: inout FunctionBuilder) throws -> ValueID {
    let strides = try constant(3)
    if let starts = known[1] {
      return try builder.emit(
        .shape(.slice(starts: starts, limits: constant(2), strides: strides)), [operands[0]])
    }
    guard strides.allSatisfy({ $0 == 1 }) else { _ = try constant(1); return operands[0] }
    let starts = try strides.indices.map { axis in
      try builder.reshape(
        builder.emit(
          .shape(.slice(starts: [axis], limits: [axis + 1], strides: [1])), [operands[1]]), to: [])
    }
    let sizes = try resultType().shape
    return try builder.emit(.dynamicSlice(sizes: sizes), [operands[0]] + starts)
  }

  /// The axis that an operation of extents names.
  private mutating func sizedAxis() throws -> Int {
    let axis = try attributes.integer("dimension")
    guard let type = operandTypes.first, type.shape.indices.contains(axis) else {
      throw AdjointError(
        .type, "\(mnemonic) (C1): dimension \(axis) is no axis", at: attributes.location)
    }
    return axis
  }

  /// An extent as an i32.
  private mutating func dimensionSize(in builder: inout FunctionBuilder) throws -> ValueID {
    try requireOperands(1)
    let extent = operandTypes[0].shape[try sizedAxis()]
    guard let size = Int32(exactly: extent) else {
      throw AdjointError(
        .unsupported, "\(mnemonic): \(extent) exceeds an i32", at: attributes.location)
    }
    return try builder.constant(Literal(TensorType([], .i32), integers: [Int64(size)]))
  }

  /// The operand of an extent that is set to what it is.
  private mutating func unchangedSize() throws -> ValueID {
    try requireOperands(2)
    let extent = operandTypes[0].shape[try sizedAxis()]
    guard try constant(1) == [extent] else {
      throw AdjointError(
        .unsupported, "\(mnemonic) to another extent than \(extent) is dynamic",
        at: attributes.location)
    }
    return operands[0]
  }
}

extension ModuleParser {
  /// Reads what follows the mnemonic of a dynamic operation.
  mutating func dynamicForm(
    _ expansion: Expansion, of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    try operandsBeforeWord(of: &draft, in: &body)
    switch expansion {
    case .dynamicBroadcast: try integers("dims", as: "broadcast_dimensions", of: &draft)
    case .dynamicIota: try number("dim", as: "iota_dimension", of: &draft)
    case .getDimensionSize, .setDimensionSize: try number("dim", as: "dimension", of: &draft)
    default: break
    }
  }

  /// Reads `name = integer` as the attribute `attribute`.
  private mutating func number(
    _ name: String, as attribute: String, of draft: inout OperationDraft
  ) throws {
    try cursor.expect(word: name)
    try cursor.expect("=")
    try draft.attributes.add(attribute, .integer(try cursor.integer()))
  }
}
