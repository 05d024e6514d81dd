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
      precision: try precision())
    try numbers.requireEmpty()
    try checkAlgorithm()
    if let sum = results.types.first?.element, sum != operandTypes.first?.element {
      dimensions.resultElement = sum
    }
    return dimensions
  }

  /// Whether elements are booleans, whose products are read as those of integers.
  var isProductOfBooleans: Bool { syntax == .dot && operandTypes.first?.element == .i1 }

  /// Adds a product of two operands and gives its result.
  func product(
    _ dimensions: DotDimensions, _ operands: [ValueID], in builder: inout FunctionBuilder
  ) throws -> ValueID {
    guard let first = operands.first, builder[first].element == .i1 else {
      return try builder.emit(.dot(dimensions), operands)
    }
    // Sums of booleans are "or": whether any pair has two that are true.
    let counted = try operands.map { try builder.convert($0, to: .i32) }
    var counting = dimensions
    counting.resultElement = nil
    let sums = try builder.emit(.dot(counting), counted)
    let zeros = try builder.splat(0, builder[sums])
    return try builder.compare(.notEqual, sums, zeros)
  }

  /// The precision asked of a product's operands; empty where it is the default one of both.
  mutating func precision() throws -> [Precision] {
    let precision = try attributes.optionalWords("precision_config").map { word in
      guard let precision = Precision(rawValue: word) else {
        throw AdjointError(
          .syntax, "precision is DEFAULT, HIGH or HIGHEST", at: attributes.location)
      }
      return precision
    }
    guard precision.allSatisfy({ $0 == .standard }) else { return precision }
    if !precision.isEmpty { attributes.location.trail.spellsDefaults = true }
    return []
  }

  /// Drops an `algorithm` that asks for no more precision than products have here: factors as they are
  /// stored, sums in f32 or in the elements' own type where that is wider.
  private mutating func checkAlgorithm() throws {
    guard let entry = attributes.take("algorithm") else { return }
    guard case .fields(var fields) = entry.value, let element = operandTypes.first?.element else {
      throw AdjointError(.syntax, "algorithm of \(mnemonic) has no fields", at: entry.location)
    }
    let roles = ["lhs_precision_type", "rhs_precision_type", "accumulation_type"]
    for role in roles {
      let word = try fields.word(role)
      let isWide = word == "f64" && element != .f64 && element.isFloat
      guard AlgorithmTypes.known.contains(word), !isWide else {
        throw AdjointError(
          .unsupported, "\(mnemonic) of \(element.rawValue) with \(role) = \(word)",
          at: entry.location)
      }
    }
    for count in ["lhs_component_count", "rhs_component_count", "num_primitive_operations"] {
      _ = try fields.integer(count)
    }
    _ = try fields.optionalBoolean("allow_imprecise_accumulation")
    try fields.requireEmpty()
  }
}

extension [Precision] {
  /// The precisions that the text of a product says.
  func written(at location: SourceLocation) -> [Precision] {
    isEmpty && location.trail.spellsDefaults ? [.standard, .standard] : self
  }
}

/// The element types that algorithms of products name.
private enum AlgorithmTypes {
  static let known: Set = ["bf16", "f16", "f32", "f64", "tf32", "f8E5M2", "f8E4M3FN"]
}

extension ModuleParser {
  /// Reads `%a, %b, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT,
  /// DEFAULT], algorithm = <…>`; all but the contracting axes may be missing.
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
      } else if cursor.isNext(word: "algorithm") {
        let place = cursor.location(at: cursor.position)
        try cursor.expect(word: "algorithm")
        try cursor.expect("=")
        let fields = try cursor.fields(of: "the algorithm", at: place)
        try draft.attributes.add("algorithm", .fields(fields), at: place)
      } else {
        throw cursor.expected("batching_dims, contracting_dims, precision or algorithm")
      }
    }
    try draft.attributes.add("dot_dimension_numbers", .fields(numbers))
  }

  /// Reads `%a, %b, precision = [DEFAULT, DEFAULT]`; the precision may be missing.
  mutating func productForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try operands(2, of: &draft, in: &body)
    guard cursor.accept(",") else { return }
    let place = cursor.location(at: cursor.position)
    try cursor.expect(word: "precision")
    try cursor.expect("=")
    try draft.attributes.add("precision_config", try cursor.attributeValue(), at: place)
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
    let precision = dimensions.precision.written(at: operation.location)
    if !precision.isEmpty {
      words += ", precision = [\(precision.map(\.rawValue).joined(separator: ", "))]"
    }
    write("stablehlo.dot_general", operation, words)
  }
}
