// The pretty forms: what follows the mnemonic where it is not in quotes.

extension ModuleParser {
  /// Reads what follows a bare mnemonic: operands, attributes and types.
  mutating func prettyForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    switch draft.syntax {
    case .expansion(let expansion):
      guard try expansionForm(expansion, of: &draft, in: &body) else { return }
    case .constant: return try constantForm(of: &draft)
    case .iota:
      try cursor.expect(word: "dim")
      try cursor.expect("=")
      try draft.attributes.add("iota_dimension", .integer(try cursor.integer()))
    case .unary, .convert, .bitcast, .reshape: try operands(1, of: &draft, in: &body)
    case .reducePrecision: try reducePrecisionForm(of: &draft, in: &body)
    case .binary: try operands(2, of: &draft, in: &body)
    case .complex(let op): try operands(op == .make ? 2 : 1, of: &draft, in: &body)
    case .fft: try fourierForm(of: &draft, in: &body)
    case .select, .clamp: try operands(3, of: &draft, in: &body)
    case .compare: try compareForm(of: &draft, in: &body)
    case .broadcast, .transpose, .slice, .pad, .concatenate, .reverse:
      try shapeForm(of: &draft, in: &body)
    case .reduce: return try reduceForm(of: &draft, in: &body)
    case .dot: try dotForm(of: &draft, in: &body)
    case .convolution: try convolutionForm(of: &draft, in: &body)
    case .gather, .scatter, .matrix, .order:
      throw cursor.failure(
        "\(draft.mnemonic) is only written in quotes", at: draft.position)
    case .dynamicSlice:
      try operandsBeforeWord(of: &draft, in: &body)
      try integers("sizes", as: "slice_sizes", of: &draft)
    case .dynamicUpdateSlice: try operandsBeforeWord(of: &draft, in: &body)
    case .optimizationBarrier: return try barrierForm(of: &draft, in: &body)
    case .whileLoop: return try whileForm(of: &draft, in: &body)
    case .branch, .scan, .custom:
      throw cursor.failure("\(draft.mnemonic) is only written in quotes", at: draft.position)
    case .composite:
      _ = try cursor.string()
      while cursor.isNext("%") {
        try operand(of: &draft, in: &body)
        guard cursor.accept(",") else { break }
      }
    case .call:
      try draft.attributes.add("callee", .symbol(try cursor.symbolName()))
      try operandList(of: &draft, in: &body)
    }
    if cursor.isNext("{") { try cursor.attributes(into: &draft.attributes) }
    if draft.syntax == .call {
      try cursor.expect(":")
      try functionType(of: &draft, in: &body)
    } else {
      try types(of: &draft, in: &body)
    }
  }

  /// Reads what follows the mnemonic of an operation that is expanded when it is read; whether types are
  /// still to come.
  private mutating func expansionForm(
    _ expansion: Expansion, of draft: inout OperationDraft, in body: inout BodyParser
  ) throws -> Bool {
    switch expansion {
    case .customCall:
      try customCallForm(of: &draft, in: &body)
      return false
    case .cholesky:
      try choleskyForm(of: &draft, in: &body)
      return false
    case .topK: try topKForm(of: &draft, in: &body)
    case .besselI1: try operands(1, of: &draft, in: &body)
    case .highProduct: try operands(2, of: &draft, in: &body)
    case .shardingConstraint:
      try operands(1, of: &draft, in: &body)
      try cursor.skipAngles()
    case .randomBits:
      try operands(1, of: &draft, in: &body)
      try cursor.expect(",")
      try cursor.expect(word: "algorithm")
      try cursor.expect("=")
      try draft.attributes.add("rng_algorithm", .word(try cursor.expectWord("an algorithm")))
    case .dot: try productForm(of: &draft, in: &body)
    case .broadcast:
      try operands(1, of: &draft, in: &body)
      try cursor.expect(",")
      try integers("sizes", as: "broadcast_sizes", of: &draft)
    case .einsum, .unaryEinsum:
      try operands(expansion == .einsum ? 2 : 1, of: &draft, in: &body)
      try cursor.expect(",")
      try cursor.expect(word: "config")
      try cursor.expect("=")
      try draft.attributes.add("einsum_config", .string(try cursor.string()))
    case .broadcasting: try operandsBeforeWord(of: &draft, in: &body)
    case .dynamicBroadcast, .dynamicReshape, .dynamicIota, .dynamicPad, .realDynamicSlice,
      .getDimensionSize, .setDimensionSize:
      try dynamicForm(expansion, of: &draft, in: &body)
    case .rng: try randomForm(of: &draft, in: &body)
    case .tuple, .token, .allTokens:
      try tupleForm(of: &draft, in: &body)
      return false
    case .getTupleElement: try tupleElementForm(of: &draft, in: &body)
    case .partition, .replica: break
    case .sort, .reduceWindow, .selectAndScatter, .windowPlace, .windowCollect, .windowScatter,
      .map, .allReduce, .batchNormInference, .batchNormTraining, .batchNormGrad,
      .torchIndexSelect, .constantLike, .dynamicGather, .dynamicConvolution, .crossReplicaSum,
      .allGather, .reduceScatter, .allToAll, .collectivePermute, .collectiveBroadcast,
      .collectiveReduce:
      throw cursor.failure("\(draft.mnemonic) is only written in quotes", at: draft.position)
    }
    return true
  }

  /// Reads operands separated by commas.
  mutating func operands(
    _ count: Int, of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    for index in 0..<count {
      if index > 0 { try cursor.expect(",") }
      try operand(of: &draft, in: &body)
    }
  }

  /// Reads `name = [integers]` as the attribute `attribute`.
  mutating func integers(
    _ name: String, as attribute: String, of draft: inout OperationDraft
  ) throws {
    try cursor.expect(word: name)
    try cursor.expect("=")
    try draft.attributes.add(attribute, .integers(try cursor.integers()))
  }

  /// Reads `dense<…> : type`.
  private mutating func constantForm(of draft: inout OperationDraft) throws {
    if cursor.isNext("{") { try cursor.attributes(into: &draft.attributes) }
    let start = cursor.position
    let isResource = cursor.accept(word: "dense_resource")
    if !isResource { try cursor.expect(word: "dense") }
    let literal = try isResource ? cursor.resourceLiteral() : cursor.denseLiteral()
    try draft.attributes.add("value", .literal(literal))
    draft.results.append(literal.type, at: start)
  }
}

extension FunctionPrinter {
  /// The text of an operation after its result names.
  mutating func write(_ operation: Operation) {
    let mnemonic = operation.op.mnemonic
    switch operation.op {
    case .constant(let literal): text += "\(mnemonic) \(literal.textForm) : \(literal.type)"
    case .iota(let type, let dimension): text += "\(mnemonic) dim = \(dimension) : \(type)"
    case .unary, .binary, .clamp: writeElementwise(mnemonic, operation)
    case .bits(let op): writeBits(op, operation)
    case .complex(let op): writeComplex(op, operation)
    case .fft(let transform): writeFourier(transform, operation)
    case .compare(let comparison): writeComparison(comparison, operation)
    case .select: writeSelect(operation)
    case .convert: write(mnemonic, operation, oneType: true)
    case .shape(let op): writeShape(op, operation)
    case .reduce(let reduction): writeReduction(reduction, operation)
    case .dot(let dimensions): writeDot(dimensions, operation)
    case .convolution(let convolution): writeConvolution(convolution, operation)
    case .window(let op): writeWindow(op, operation)
    case .gather(let dimensions): writeGather(dimensions, operation)
    case .scatter(let dimensions): writeScatter(dimensions, operation)
    case .dynamicSlice(let sizes):
      write(mnemonic, operation, ", sizes = \(sizes)")
    case .dynamicUpdateSlice: write(mnemonic, operation)
    case .matrix(let op): writeMatrix(op, operation)
    case .order(let ordering): writeOrdering(ordering, operation)
    case .foreign(let call): writeForeign(call, operation)
    case .optimizationBarrier: writeBarrier(operation)
    case .whileLoop(let loop): writeWhile(loop, operation)
    case .branch(let branch): writeBranch(branch, operation)
    case .scan(let scan): writeScan(scan, operation)
    case .custom(let custom): writeCustomDerivative(custom, operation)
    case .call(let callee):
      text += "\(callWord) @\(Module.symbol(callee.name))(\(list(operation.operands)))"
      text += " : \(functionType(operation))"
    }
  }

  /// Writes `mnemonic operands words : types`; the types are one where all are equal and the op's
  /// syntax allows it, else a function type.
  mutating func write(
    _ mnemonic: String, _ operation: Operation, _ words: String = "", oneType: Bool = false
  ) {
    text += mnemonic
    text += " "
    for (place, operand) in operation.operands.enumerated() {
      if place > 0 { text += ", " }
      text += name(operand)
    }
    text += words
    text += " : "
    if oneType, let first = operation.operands.first ?? operation.results.first,
      operation.operands.allSatisfy({ isSame($0, first) }),
      operation.results.allSatisfy({ isSame($0, first) })
    {
      text += type(first)
    } else {
      text += functionType(operation)
    }
  }

  /// Whether values have one type; undefined ones have one, too.
  private func isSame(_ value: ValueID, _ other: ValueID) -> Bool {
    let indices = function.types.indices
    guard indices.contains(value.index), indices.contains(other.index) else {
      return type(value) == type(other)
    }
    return function.types[value.index] == function.types[other.index]
  }
}
