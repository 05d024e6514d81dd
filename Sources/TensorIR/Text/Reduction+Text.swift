// The text of `reduce`, by the name of its function or with a region.

extension Function {
  /// Whether this is a region of two scalars of `element` that gives one value.
  func isCombination(of element: ElementType) -> Bool {
    let scalar = TensorType([], element)
    return parameterTypes == [scalar, scalar] && results.count == 1
  }

  /// The function that a region applies to both its arguments, in either order.
  var combinedKind: Reduction.Kind? {
    guard let operation = operations.first, operations.count == 1, parameters.count == 2,
      case .binary(let op) = operation.op, results == operation.results,
      operation.operands == parameters || operation.operands == parameters.reversed()
    else { return nil }
    return Reduction.Kind(rawValue: op.rawValue)
  }
}

extension OperationDraft {
  /// The reduction's attributes, with the kind read from its region.
  mutating func reduction() throws -> Reduction {
    let dimensions = try attributes.integers("dimensions")
    guard operands.count == 2 else {
      throw AdjointError(
        .unsupported, "\(mnemonic) of several operands is not supported", at: attributes.location)
    }
    if let appliedKind { return Reduction(appliedKind, dimensions: dimensions) }
    guard let region = regions.first?.region, regions.count == 1 else {
      throw AdjointError(.syntax, "\(mnemonic) needs one region", at: attributes.location)
    }
    guard let kind = region.combinedKind, region.isCombination(of: try resultType().element)
    else {
      let kinds = Reduction.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw AdjointError(
        .unsupported, "the body of \(mnemonic) is not one of \(kinds) of its two scalars",
        at: attributes.location)
    }
    return Reduction(kind, dimensions: dimensions)
  }
}

extension ModuleParser {
  /// Reads `(%x init: %c) applies stablehlo.add across dimensions = [1] : types`, or the same without
  /// `applies` and with `reducer(…) {…}` behind the types.
  mutating func reduceForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try cursor.expect("(")
    try operand(of: &draft, in: &body)
    try cursor.expect(word: "init")
    try cursor.expect(":")
    try operand(of: &draft, in: &body)
    try cursor.expect(")")
    try furtherReductions(of: &draft, in: &body)
    let applied = cursor.accept(word: "applies") ? try reductionFunction() : nil
    draft.appliedKind = applied.flatMap { Reduction.Kind(rawValue: $0.rawValue) }
    try cursor.expect(word: "across")
    try integers("dimensions", as: "dimensions", of: &draft)
    if cursor.isNext("{") { try cursor.attributes(into: &draft.attributes) }
    try cursor.expect(":")
    try functionType(of: &draft, in: &body)
    if let applied {
      if draft.appliedKind == nil { try apply(applied, in: &draft, of: body) }
      return
    }
    try cursor.expect(word: "reducer")
    var reducer = try startRegion(in: body, capturing: false)
    while cursor.isNext("(") { try regionParameters(of: &reducer) }
    try cursor.expect("{")
    let results = try operations(of: &reducer)
    var region = reducer.finished(returning: results)
    if draft.operands.count > 2, region.region.parameters.count == draft.operands.count {
      region.separateSides()
    }
    draft.regions = [region]
  }

  /// Reads the name of a function of two elements.
  private mutating func reductionFunction() throws -> BinaryOp {
    cursor.skipBlanks()
    let start = cursor.position
    let word = try cursor.expectWord("the mnemonic of a reduction")
    guard let op = BinaryOp(rawValue: word) else {
      throw cursor.failure("unknown reduction \(word)", at: start, kind: .unsupported)
    }
    return op
  }

  /// Gives the draft the body that its form with `applies` stands for.
  private mutating func apply(
    _ op: BinaryOp, in draft: inout OperationDraft, of body: BodyParser
  ) throws {
    guard let initial = draft.operands.last else { return }
    var reducer = try startRegion(in: body, capturing: false)
    let scalar = TensorType([], body.builder[initial].element)
    let sides = [reducer.builder.parameter(scalar), reducer.builder.parameter(scalar)]
    let result = try reducer.builder.emit(.binary(op), sides)
    draft.regions = [reducer.finished(returning: [result])]
  }
}

extension FunctionPrinter {
  /// Writes `stablehlo.reduce(%x init: %c) applies stablehlo.add across dimensions = [1] : …`.
  mutating func writeReduction(_ reduction: Reduction, _ operation: Operation) {
    let operands = operation.operands.map { name($0) }
    text += "stablehlo.reduce(\(operands.joined(separator: " init: ")))"
    text += " applies \(reduction.kind.rawValue) across dimensions = \(reduction.dimensions)"
    text += " : \(functionType(operation))"
  }
}
