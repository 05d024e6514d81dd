// The text of unary ops, `compare` and `select`.

extension OperationDraft {
  /// Drops a `result_accuracy` that functions here have: the default, the highest that there is, or a
  /// tolerance of two units in the last place or more.
  mutating func checkAccuracy() throws {
    guard let entry = attributes.take("result_accuracy") else { return }
    guard case .fields(var fields) = entry.value else {
      throw AdjointError(
        .syntax, "result_accuracy of \(mnemonic) has no fields", at: entry.location)
    }
    let mode = try fields.optionalWord("mode")
    func number(_ name: String) throws -> Double {
      fields.entries.contains { $0.name == name } ? try fields.float(name) : 0
    }
    let (absolute, relative) = (try number("atol"), try number("rtol"))
    let units = try fields.optionalInteger("ulps")
    try fields.requireEmpty()
    let digits = operandTypes.first?.element.partType.floatFormat?.fractionBits ?? 0
    let unit = Double(sign: .plus, exponent: -digits, significand: 1)
    let isReached: Bool =
      switch mode {
      case nil, "DEFAULT", "HIGHEST": true
      case "TOLERANCE": units >= 2 || relative >= 2 * unit
      default: false
      }
    guard isReached else {
      let wanted = "atol = \(absolute), rtol = \(relative), ulps = \(units)"
      throw AdjointError(
        .unsupported, "\(mnemonic) with result_accuracy \(mode ?? "") \(wanted)",
        at: entry.location)
    }
  }

  /// The comparison's attributes; its type, where it is written, is the elements' natural one or the
  /// total order of floats.
  mutating func comparison() throws -> Comparison {
    let word = try attributes.word("comparison_direction")
    guard let direction = Comparison.Direction(rawValue: word) else {
      throw AdjointError(.syntax, "unknown comparison \(word)", at: attributes.location)
    }
    let type = try attributes.optionalWord("compare_type")
    guard type == nil || ["FLOAT", "TOTALORDER", "SIGNED", "UNSIGNED", "NOTYPE"].contains(type)
    else {
      throw AdjointError(
        .unsupported, "compare type \(type ?? "") is not supported", at: attributes.location)
    }
    let isTotal = type == Comparison.totalOrder
    if let type, type != "NOTYPE", let operand = operandTypes.first {
      let natural = Comparison.naturalType(of: operand.element)
      guard type == natural || isTotal && operand.element.isFloat else {
        throw AdjointError(
          .type, "\(mnemonic) (C2): compare type \(type) does not fit \(operand)",
          at: attributes.location)
      }
      attributes.location.trail.spellsDefaults = true
    }
    return Comparison(direction, isTotal: isTotal)
  }
}

extension Comparison {
  /// How the total order of floats is written.
  fileprivate static let totalOrder = "TOTALORDER"

  /// How the natural order of elements is written.
  fileprivate static func naturalType(of element: ElementType) -> String {
    switch element.kind {
    case .float, .complex: "FLOAT"
    case .signed: "SIGNED"
    case .boolean, .unsigned: "UNSIGNED"
    }
  }
}

extension OperationDraft {
  /// The bits of exponent and fraction that precision is reduced to.
  mutating func reducedPrecision() throws -> BitsOp {
    .reducePrecision(
      exponentBits: try attributes.integer("exponent_bits"),
      fractionBits: try attributes.integer("mantissa_bits"))
  }
}

extension ModuleParser {
  /// Reads `%x, format = e8m7`.
  mutating func reducePrecisionForm(
    of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    try operands(1, of: &draft, in: &body)
    try cursor.expect(",")
    try cursor.expect(word: "format")
    try cursor.expect("=")
    cursor.skipBlanks()
    let start = cursor.position
    let word = try cursor.expectWord("a format")
    let parts = word.dropFirst().split(separator: "m", maxSplits: 1)
    guard word.hasPrefix("e"), parts.count == 2, let exponent = Int(parts[0]),
      let fraction = Int(parts[1])
    else { throw cursor.failure("\(word) is not a format such as e8m7", at: start) }
    try draft.attributes.add("exponent_bits", .integer(exponent))
    try draft.attributes.add("mantissa_bits", .integer(fraction))
  }

  /// Reads `LT, %a, %b, FLOAT`; the last word may be missing.
  mutating func compareForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    let direction = try cursor.expectWord("a comparison")
    try draft.attributes.add("comparison_direction", .word(direction))
    try cursor.expect(",")
    try operands(2, of: &draft, in: &body)
    if cursor.accept(",") {
      try draft.attributes.add("compare_type", .word(try cursor.expectWord("a compare type")))
    }
  }
}

extension FunctionPrinter {
  /// Writes a function of one or two operands: the chlo dialect has an arrow between its types.
  mutating func writeElementwise(_ mnemonic: String, _ operation: Operation) {
    guard mnemonic.hasPrefix("chlo.") else { return write(mnemonic, operation, oneType: true) }
    text += "\(mnemonic) \(list(operation.operands)) : \(types(operation.operands))"
    text += " -> \(types(operation.results))"
  }

  /// Writes `stablehlo.compare LT, %a, %b, FLOAT : (…) -> …`.
  mutating func writeComparison(_ comparison: Comparison, _ operation: Operation) {
    let operand = operation.operands.first?.index ?? 0
    var type = ""
    if comparison.isTotal {
      type = ", " + Comparison.totalOrder
    } else if operation.location.trail.spellsDefaults, function.types.indices.contains(operand) {
      type = ", " + Comparison.naturalType(of: function.types[operand].element)
    }
    write("stablehlo.compare \(comparison.direction.rawValue),", operation, type)
  }

  /// Writes `stablehlo.bitcast_convert %x` or `stablehlo.reduce_precision %x, format = e8m7`.
  mutating func writeBits(_ op: BitsOp, _ operation: Operation) {
    switch op {
    case .cast: write(operation.op.mnemonic, operation)
    case .reducePrecision(let exponentBits, let fractionBits):
      write(
        operation.op.mnemonic, operation, ", format = e\(exponentBits)m\(fractionBits)",
        oneType: true)
    }
  }

  /// Writes `stablehlo.select %p, %a, %b : predicate type, choices' type`.
  mutating func writeSelect(_ operation: Operation) {
    let operands = operation.operands
    text += "stablehlo.select \(list(operands)) : "
    text += operands.count == 3 ? types([operands[0], operands[1]]) : functionType(operation)
  }
}
