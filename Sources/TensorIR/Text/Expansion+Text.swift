// Operations that are read as what they are made of: sorting, windows, reductions by other functions.

/// An operation that text may contain and that becomes simpler ones when it is read.
enum Expansion: String, CaseIterable {
  case sort = "stablehlo.sort"
  case reduceWindow = "stablehlo.reduce_window"
  case selectAndScatter = "stablehlo.select_and_scatter"
  case windowPlace = "adjoint.window_place"
  case windowCollect = "adjoint.window_collect"
  case windowScatter = "adjoint.window_scatter"
  case map = "stablehlo.map"
  case topK = "chlo.top_k"
  case besselI1 = "chlo.bessel_i1e"
  case highProduct = "chlo.mulhi"
  case randomBits = "stablehlo.rng_bit_generator"
  case cholesky = "stablehlo.cholesky"
  case customCall = "stablehlo.custom_call"
  case shardingConstraint = "sdy.sharding_constraint"
  case batchNormInference = "stablehlo.batch_norm_inference"
  case batchNormTraining = "stablehlo.batch_norm_training"
  case batchNormGrad = "stablehlo.batch_norm_grad"
  case dot = "stablehlo.dot"
  case broadcast = "stablehlo.broadcast"
  case einsum = "stablehlo.einsum"
  case unaryEinsum = "stablehlo.unary_einsum"
  case torchIndexSelect = "stablehlo.torch_index_select"
  /// This one and all others of `OpSyntax.broadcastingFunctions`.
  case broadcasting = "chlo.broadcast_add"
  case constantLike = "chlo.constant_like"
  case dynamicBroadcast = "stablehlo.dynamic_broadcast_in_dim"
  case dynamicReshape = "stablehlo.dynamic_reshape"
  case dynamicIota = "stablehlo.dynamic_iota"
  case dynamicPad = "stablehlo.dynamic_pad"
  case dynamicGather = "stablehlo.dynamic_gather"
  case dynamicConvolution = "stablehlo.dynamic_conv"
  case realDynamicSlice = "stablehlo.real_dynamic_slice"
  case getDimensionSize = "stablehlo.get_dimension_size"
  case setDimensionSize = "stablehlo.set_dimension_size"
  case rng = "stablehlo.rng"
  case tuple = "stablehlo.tuple"
  case getTupleElement = "stablehlo.get_tuple_element"
  case token = "stablehlo.create_token"
  case allTokens = "stablehlo.after_all"
  case partition = "stablehlo.partition_id"
  case replica = "stablehlo.replica_id"
  case crossReplicaSum = "stablehlo.cross-replica-sum"
  case allReduce = "stablehlo.all_reduce"
  case allGather = "stablehlo.all_gather"
  case reduceScatter = "stablehlo.reduce_scatter"
  case allToAll = "stablehlo.all_to_all"
  case collectivePermute = "stablehlo.collective_permute"
  case collectiveBroadcast = "stablehlo.collective_broadcast"
  case collectiveReduce = "stablehlo.collective_reduce"

  /// Whether the operation has a region.
  var hasRegion: Bool {
    switch self {
    case .sort, .reduceWindow, .selectAndScatter, .map, .allReduce, .reduceScatter,
      .collectiveReduce:
      true
    case .topK, .besselI1, .highProduct, .windowPlace, .windowCollect, .windowScatter, .cholesky,
      .customCall, .randomBits, .shardingConstraint, .batchNormInference, .batchNormTraining,
      .batchNormGrad, .dot, .broadcast, .einsum, .unaryEinsum, .torchIndexSelect, .broadcasting,
      .constantLike, .dynamicBroadcast, .dynamicReshape, .dynamicIota, .dynamicPad,
      .dynamicGather, .dynamicConvolution, .realDynamicSlice, .getDimensionSize,
      .setDimensionSize, .rng, .tuple, .getTupleElement, .token, .allTokens, .partition,
      .replica, .crossReplicaSum, .allGather, .allToAll, .collectivePermute,
      .collectiveBroadcast:
      false
    }
  }
}

extension OperationDraft {
  /// Whether the operation is read as what it is made of.
  var isExpanded: Bool {
    if case .expansion = syntax { return true }
    if syntax == .bitcast { return changesWidth }
    if syntax == .dot { return isProductOfBooleans }
    if case .binary(let op) = syntax, operandTypes.first?.element.isComplex == true {
      return op.isExpandedForComplexNumbers
    }
    if case .matrix = syntax { return operandTypes.contains { $0.element.isHalf } }
    if syntax == .scatter { return operands.count > 3 || scatterCombination == nil }
    guard syntax == .reduce, appliedKind == nil else { return false }
    return operands.count > 2 || regions.first?.region.combinedKind == nil
  }

  /// Whether bits of elements of one width become elements of another, or parts of complex numbers.
  private var changesWidth: Bool {
    guard let operand = operandTypes.first, let result = results.types.first else { return false }
    return operand.element.width != result.element.width || operand.element.isComplex
      || result.element.isComplex
  }

  /// The region, which must be the only one, of as many scalars as there are.
  private func onlyRegion(parameters: Int) throws -> Region {
    guard let region = regions.first?.region, regions.count == 1,
      region.parameters.count == parameters, region.parameterTypes.allSatisfy(\.isScalar)
    else {
      throw AdjointError(
        .syntax, "\(mnemonic) needs one region of \(parameters) scalars", at: attributes.location)
    }
    return region
  }

  /// Adds what the operation is made of and gives its results.
  mutating func expand(in builder: inout FunctionBuilder) throws -> [ValueID] {
    builder.location = attributes.location
    let results = try parts(in: &builder)
    try attributes.requireEmpty()
    return results
  }

  /// What an operation is made of that is an expansion, or one of another syntax in some types.
  private mutating func parts(in builder: inout FunctionBuilder) throws -> [ValueID] {
    switch syntax {
    case .expansion(let expansion): return try parts(of: expansion, in: &builder)
    case .bitcast:
      try requireOperands(1)
      return [try builder.bitcast(operands[0], to: resultType())]
    case .binary(let op):
      try requireOperands(2)
      return [try builder.complexBinary(op, operands[0], operands[1])]
    case .dot: return [try product(dotDimensions(), operands, in: &builder)]
    case .scatter: return try expandScatter(in: &builder)
    case .matrix(let syntax): return try builder.widened(matrixOp(syntax), operands)
    case .reduce: return try expandReduction(in: &builder)
    case .constant, .iota, .unary, .complex, .compare, .select, .clamp, .convert,
      .reducePrecision, .broadcast, .reshape, .transpose, .slice, .pad, .concatenate, .reverse,
      .convolution, .gather, .fft, .dynamicSlice, .dynamicUpdateSlice, .optimizationBarrier,
      .whileLoop, .branch, .scan, .custom, .order, .call, .composite:
      preconditionFailure("\(mnemonic) is read as it is")
    }
  }

  private mutating func parts(
    of expansion: Expansion, in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    switch expansion {
    case .sort: return try expandSort(in: &builder)
    case .reduceWindow: return try expandWindows(in: &builder)
    case .selectAndScatter: return try expandSelectAndScatter(in: &builder)
    case .windowPlace, .windowCollect, .windowScatter:
      return try expandWindowMove(in: &builder)
    case .map: return try expandMap(in: &builder)
    case .topK:
      try requireOperands(1)
      return try builder.greatest(attributes.integer("k"), of: operands[0])
    case .besselI1:
      try requireOperands(1)
      return [try builder.scaledBesselI1(operands[0])]
    case .highProduct:
      try requireOperands(2)
      return [try builder.highProduct(operands[0], operands[1])]
    case .randomBits:
      try requireOperands(1)
      return try expandRandomBits(in: &builder)
    case .rng: return try expandRandom(in: &builder)
    case .cholesky: return try expandCholesky(in: &builder)
    case .customCall: return try expandCustomCall(in: &builder)
    case .batchNormInference: return try expandBatchNormInference(in: &builder)
    case .batchNormTraining: return try expandBatchNormTraining(in: &builder)
    case .batchNormGrad: return try expandBatchNormGrad(in: &builder)
    case .dot: return try expandDot(in: &builder)
    case .einsum, .unaryEinsum: return try expandEinsum(in: &builder)
    case .torchIndexSelect: return try expandTorchIndexSelect(in: &builder)
    case .broadcast: return try expandBroadcast(in: &builder)
    case .broadcasting: return try expandBroadcasting(in: &builder)
    case .constantLike: return try expandConstantLike(in: &builder)
    case .dynamicBroadcast, .dynamicReshape, .dynamicIota, .dynamicPad, .dynamicGather,
      .dynamicConvolution, .realDynamicSlice, .getDimensionSize, .setDimensionSize:
      return try expandDynamic(in: &builder)
    case .tuple, .shardingConstraint: return operands
    case .token, .allTokens: return []
    case .getTupleElement: return try expandTupleElement()
    case .partition, .replica: return try expandDeviceNumber(in: &builder)
    case .crossReplicaSum, .allReduce, .allGather, .reduceScatter, .allToAll,
      .collectivePermute, .collectiveBroadcast, .collectiveReduce:
      return try expandCollective(in: &builder)
    }
  }

  /// Fails unless there are so many operands.
  func requireOperands(_ count: Int) throws {
    guard operands.count == count else {
      throw AdjointError(
        .type, "\(mnemonic) takes \(count) operands, not \(operands.count)",
        at: attributes.location)
    }
  }

  /// Fails unless operands have one shape.
  private func commonShape(_ types: ArraySlice<TensorType>) throws -> [Int] {
    guard let shape = types.first?.shape, types.allSatisfy({ $0.shape == shape }) else {
      throw AdjointError(
        .type, "\(mnemonic) needs operands of one shape", at: attributes.location)
    }
    return shape
  }

  private mutating func expandSort(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let shape = try commonShape(operandTypes[...])
    let isWritten = attributes.entries.contains { $0.name == "dimension" }
    let written = isWritten ? try attributes.integer("dimension") : -1
    let axis = written < 0 ? written + shape.count : written
    _ = try attributes.optionalBoolean("is_stable")
    guard shape.indices.contains(axis) else {
      throw AdjointError(
        .type, "\(mnemonic): there is no axis \(axis) of shape \(shape)",
        at: attributes.location)
    }
    let region = try onlyRegion(parameters: 2 * operands.count)
    return try builder.sorted(operands, along: axis, by: region)
  }

  private mutating func expandRandomBits(
    in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    let word = try attributes.word("rng_algorithm")
    guard let algorithm = RandomAlgorithm(word) else {
      throw AdjointError(.unsupported, "unknown algorithm \(word)", at: attributes.location)
    }
    guard results.types.count == 2 else {
      throw AdjointError(.type, "\(mnemonic) has 2 results", at: attributes.location)
    }
    return try builder.randomBits(algorithm, operands[0], results.types[1])
  }

  private mutating func expandMap(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let shape = try commonShape(operandTypes[...])
    _ = try attributes.optionalIntegers("dimensions")
    return try builder.mapped(
      onlyRegion(parameters: operands.count), operands, shape: shape)
  }

  private mutating func expandWindows(in builder: inout FunctionBuilder) throws -> [ValueID] {
    guard operands.count.isMultiple(of: 2), !operands.isEmpty else {
      throw AdjointError(
        .type, "\(mnemonic) takes as many operands as initial values", at: attributes.location)
    }
    let count = operands.count / 2
    let shape = try commonShape(operandTypes[..<count])
    let windows = try windows(over: shape.count)
    let region = try onlyRegion(parameters: operands.count)
    return try builder.windowed(
      Array(operands[..<count]), Array(operands[count...]), windows, by: region)
  }

  /// A reduction by a region that is no function with a name: of pairs of values and indices to the
  /// greatest or least value and its index, or of any number of operands in halves.
  private mutating func expandReduction(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let axes = try attributes.integers("dimensions")
    guard operands.count.isMultiple(of: 2), !operands.isEmpty else {
      throw AdjointError(
        .type, "\(mnemonic) takes as many operands as initial values", at: attributes.location)
    }
    let count = operands.count / 2
    let shape = try commonShape(operandTypes[..<count])
    let region = try onlyRegion(parameters: 2 * count)
    guard Set(axes).count == axes.count, axes.allSatisfy(shape.indices.contains) else {
      throw AdjointError(
        .type, "\(mnemonic) (C2): dimensions \(axes) of shape \(shape)", at: attributes.location)
    }
    for (operand, initial) in zip(operandTypes, operandTypes[count...])
    where initial != TensorType([], operand.element) {
      throw AdjointError(
        .type,
        "\(mnemonic) (C1): initial value \(initial) is not a scalar of the elements of \(operand)",
        at: attributes.location)
    }
    if count == 2, let kind = region.extremeKind,
      let iota = builder.definition(of: operands[1]), case .iota(_, let axis) = iota.op,
      axes.contains(axis)
    {
      return try builder.extreme(
        kind, operands[0], indices: operands[1], initial: Array(operands[2...]), along: axes)
    }
    let elements = operandTypes[..<count].map { TensorType([], $0.element) }
    guard region.parameterTypes == elements + elements, region.resultTypes == elements else {
      throw AdjointError(
        .type, "\(mnemonic): the region does not combine elements of the operands",
        at: attributes.location)
    }
    return try builder.folded(
      Array(operands[..<count]), Array(operands[count...]), along: axes, by: region)
  }
}

extension ElementType {
  /// Whether the type is a float of 16 bits.
  fileprivate var isHalf: Bool { self == .f16 || self == .bf16 }
}

extension FunctionBuilder {
  /// The results of an op of matrices, which is carried out in f32 where elements have 16 bits.
  mutating func widened(_ op: MatrixOp, _ operands: [ValueID]) throws -> [ValueID] {
    guard let half = operands.map({ self[$0].element }).first(where: \.isHalf) else {
      return try emitAll(.matrix(op), operands)
    }
    let wide = try operands.map { self[$0].element.isHalf ? try convert($0, to: .f32) : $0 }
    return try emitAll(.matrix(op), wide).map {
      self[$0].element == .f32 ? try convert($0, to: half) : $0
    }
  }
}

extension FunctionBuilder {
  /// The greatest or least values along axes and the first of their indices; NaN is both.
  mutating func extreme(
    _ kind: Reduction.Kind, _ operand: ValueID, indices: ValueID, initial: [ValueID],
    along axes: [Int]
  ) throws -> [ValueID] {
    let type = self[operand]
    let best = try emit(.reduce(Reduction(kind, dimensions: axes)), [operand, initial[0]])
    let kept = type.shape.indices.filter { !axes.contains($0) }
    let all = try broadcast(best, to: type.shape, dimensions: kept)
    var isBest = try compare(.equal, operand, all)
    if type.element.isFloat {
      isBest = try binary(.or, isBest, compare(.notEqual, operand, operand))
    }
    let element = self[indices].element
    let none = Literal.highest(element)
    let beyond = try constant(Literal(self[indices], splat: none.bytes))
    let chosen = try select(isBest, indices, beyond)
    let least = try reduce(.minimum, chosen, dimensions: axes)
    let shape = self[least].shape
    let isNone = try compare(
      .equal, least, constant(Literal(self[least], splat: none.bytes)))
    let usual = try broadcast(initial[1], to: shape, dimensions: [])
    return [best, try select(isNone, usual, least)]
  }
}

extension Function {
  /// The kind of a region that keeps the greater or lesser of two values with its index, of equal ones
  /// that with the lesser index, and a NaN on the left before all others; nil of another region.
  ///
  /// A region of comparisons and choices alone depends on how its parameters are ordered and on nothing
  /// else, so trying all orders tells what it does.
  var extremeKind: Reduction.Kind? {
    guard parameters.count == 4, results.count == 2 else { return nil }
    let kinds: [(Reduction.Kind, (Double, Double) -> Bool)] = [(.maximum, (>)), (.minimum, (<))]
    return kinds.first { _, isBetter in
      let values = [(0.0, 1.0), (1, 0), (0, 0), (.nan, 0), (0, .nan), (.nan, .nan)]
      let places = [(0.0, 1.0), (1, 0), (0, 0)]
      return values.allSatisfy { left, right in
        places.allSatisfy { first, second in
          guard let given = ordered([left, first, right, second]) else { return false }
          let isFloat = self[parameters[0]].element.isFloat
          if !isFloat, left.isNaN || right.isNaN { return true }
          let isLeft = isBetter(left, right) || left.isNaN
          let keepsIndex = isLeft || left == right && first < second
          let value = isLeft ? left : right
          let isSame = given[0] == value || given[0].isNaN && value.isNaN
          return isSame && given[1] == (keepsIndex ? first : second)
        }
      }
    }?.0
  }

  /// The results for numbers, of a region of comparisons and choices; nil of another.
  private func ordered(_ arguments: [Double]) -> [Double]? {
    var values: [ValueID: Double] = [:]
    for (parameter, value) in zip(parameters, arguments) { values[parameter] = value }
    for operation in operations {
      let operands = operation.operands.compactMap { values[$0] }
      guard operands.count == operation.operands.count else { return nil }
      let result: Double
      switch operation.op {
      case .compare(let comparison) where !comparison.isTotal:
        result = comparison.direction.holds(operands[0], operands[1]) ? 1 : 0
      case .select: result = operands[0] != 0 ? operands[1] : operands[2]
      case .binary(.and) where self[operation.result].element == .i1:
        result = operands[0] * operands[1]
      case .binary(.or) where self[operation.result].element == .i1:
        result = max(operands[0], operands[1])
      case .unary(.not) where self[operation.result].element == .i1: result = 1 - operands[0]
      default: return nil
      }
      values[operation.result] = result
    }
    return results.compactMap { values[$0] }
  }
}

extension Comparison.Direction {
  /// Whether the relation holds between two numbers.
  fileprivate func holds(_ left: Double, _ right: Double) -> Bool {
    switch self {
    case .equal: left == right
    case .notEqual: left != right
    case .greaterOrEqual: left >= right
    case .greater: left > right
    case .lessOrEqual: left <= right
    case .less: left < right
    }
  }
}

extension ModuleParser {
  /// Reads `(%x, k = 3)`.
  mutating func topKForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try cursor.expect("(")
    try operand(of: &draft, in: &body)
    try cursor.expect(",")
    try cursor.expect(word: "k")
    try cursor.expect("=")
    try draft.attributes.add("k", .integer(try cursor.integer()))
    try cursor.expect(")")
  }

  /// Reads `, (%y init: %d)` and so on: further operands of a reduction, with their initial values.
  mutating func furtherReductions(
    of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    while cursor.accept(",") {
      try cursor.expect("(")
      try operand(of: &draft, in: &body)
      try cursor.expect(word: "init")
      try cursor.expect(":")
      try operand(of: &draft, in: &body)
      try cursor.expect(")")
    }
    let count = draft.operands.count / 2
    if count > 1 {
      // In text each operand stands with its initial value, else all operands stand before these.
      let order = (0..<count).map { 2 * $0 } + (0..<count).map { 2 * $0 + 1 }
      draft.operands = order.map { draft.operands[$0] }
      draft.operandPositions = order.map { draft.operandPositions[$0] }
    }
  }
}

extension CapturingRegion {
  /// The region of a reduction with the left and right values of each operand side by side made one with
  /// all left values before all right ones.
  mutating func separateSides() {
    let count = region.parameters.count / 2
    region.parameters =
      (0..<count).map { region.parameters[2 * $0] }
      + (0..<count).map { region.parameters[2 * $0 + 1] }
  }
}
