// The text of `dot_general`.

extension OperationDraft {
  /// The product's attributes.
  mutating func dotDimensions() throws -> DotDimensions {
    var numbers = try attributes.fields("dot_dimension_numbers")
    var dimensions = DotDimensions(
      leftBatching: try numbers.optionalIntegers("lhs_batching_dimensions"),
      rightBatching: try numbers.optionalIntegers("rhs_batching_dimensions"),
      leftContracting: try numbers.optionalIntegers("lhs_contracting_dimensions"),
      rightContracting: try numbers.optionalIntegers("rhs_contracting_dimensions"),
      writtenPrecision: try attributes.optionalWords("precision_config"))
    try numbers.requireEmpty()
    if let sum = results.types.first?.element, sum != operandTypes.first?.element {
      dimensions.resultElement = sum
    }
    let known: Set = ["DEFAULT", "HIGH", "HIGHEST"]
    guard dimensions.writtenPrecision.allSatisfy(known.contains) else {
      throw AdjointError(
        .syntax, "precision is DEFAULT, HIGH or HIGHEST", at: attributes.location)
    }
    return dimensions
  }
}

extension ModuleParser {
  /// Reads `%a, %b, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT,
  /// DEFAULT]`; batching and precision may be missing.
  mutating func dotForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try operands(2, of: &draft, in: &body)
    var numbers = AttributeDictionary(of: draft.mnemonic, at: draft.attributes.location)
    while cursor.accept(",") {
      if cursor.accept(word: "batching_dims") {
        try sides("batching_dimensions", of: &numbers)
      } else if cursor.accept(word: "contracting_dims") {
        try sides("contracting_dimensions", of: &numbers)
      } else if cursor.isNext(word: "precision") {
        let place = cursor.location(at: cursor.position)
        try cursor.expect(word: "precision")
        try cursor.expect("=")
        try draft.attributes.add("precision_config", try cursor.attributeValue(), at: place)
      } else {
        throw cursor.expected("batching_dims, contracting_dims or precision")
      }
    }
    try draft.attributes.add("dot_dimension_numbers", .fields(numbers))
  }

  /// Reads `= [0] x [0]`: axes of the left and of the right operand.
  private mutating func sides(
    _ name: String, of numbers: inout AttributeDictionary
  ) throws {
    try cursor.expect("=")
    try numbers.add("lhs_" + name, .integers(try cursor.integers()))
    try cursor.expect(word: "x")
    try numbers.add("rhs_" + name, .integers(try cursor.integers()))
  }
}

extension FunctionPrinter {
  /// Writes `stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : …`.
  mutating func writeDot(_ dimensions: DotDimensions, _ operation: Operation) {
    var words = ""
    if !dimensions.leftBatching.isEmpty || !dimensions.rightBatching.isEmpty {
      words += ", batching_dims = \(dimensions.leftBatching) x \(dimensions.rightBatching)"
    }
    words += ", contracting_dims = \(dimensions.leftContracting) x \(dimensions.rightContracting)"
    if !dimensions.writtenPrecision.isEmpty {
      words += ", precision = [\(dimensions.writtenPrecision.joined(separator: ", "))]"
    }
    write("stablehlo.dot_general", operation, words)
  }
}
