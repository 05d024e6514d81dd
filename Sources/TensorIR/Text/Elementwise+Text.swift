// The text of unary ops, `compare` and `select`.

extension OperationDraft {
  /// Drops a `result_accuracy` that asks for the default.
  mutating func checkAccuracy() throws {
    guard let entry = attributes.take("result_accuracy") else { return }
    var mode: String?
    if case .fields(var fields) = entry.value {
      mode = try fields.optionalWord("mode")
      try fields.requireEmpty()
    }
    guard mode == "DEFAULT" else {
      throw AdjointError(
        .unsupported, "\(mnemonic) with another result_accuracy than DEFAULT", at: entry.location)
    }
  }

  /// The comparison's attributes.
  mutating func comparison() throws -> Comparison {
    let word = try attributes.word("comparison_direction")
    guard let direction = Comparison.Direction(rawValue: word) else {
      throw AdjointError(.syntax, "unknown comparison \(word)", at: attributes.location)
    }
    let type = try attributes.optionalWord("compare_type")
    guard type == nil || ["FLOAT", "SIGNED", "UNSIGNED", "NOTYPE"].contains(type) else {
      throw AdjointError(
        .unsupported, "compare type \(type ?? "") is not supported", at: attributes.location)
    }
    return Comparison(direction, writtenType: type == "NOTYPE" ? nil : type)
  }
}

extension ModuleParser {
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
  /// Writes a unary op: the chlo dialect has an arrow between its types.
  mutating func writeUnary(_ op: UnaryOp, _ operation: Operation) {
    guard op.rawValue.hasPrefix("chlo.") else {
      return write(op.rawValue, operation, oneType: true)
    }
    text += "\(op.rawValue) \(list(operation.operands)) : \(types(operation.operands))"
    text += " -> \(types(operation.results))"
  }

  /// Writes `stablehlo.compare LT, %a, %b, FLOAT : (…) -> …`.
  mutating func writeComparison(_ comparison: Comparison, _ operation: Operation) {
    let type = comparison.writtenType.map { ", " + $0 } ?? ""
    write("stablehlo.compare \(comparison.direction.rawValue),", operation, type)
  }

  /// Writes `stablehlo.select %p, %a, %b : predicate type, choices' type`.
  mutating func writeSelect(_ operation: Operation) {
    let operands = operation.operands
    text += "stablehlo.select \(list(operands)) : "
    text += operands.count == 3 ? types([operands[0], operands[1]]) : functionType(operation)
  }
}
