// The text of an order: `"adjoint.order"(%a, %b) <{count = 3 : i64, descending = array<i1: false, true>}>`.

extension OperationDraft {
  /// The order's directions and count.
  mutating func ordering() throws -> Ordering {
    let directions = try attributes.optionalBooleans("descending")
    return Ordering(
      isDescending: directions ?? operands.map { _ in false },
      count: try attributes.integer("count"))
  }
}

extension FunctionPrinter {
  /// Writes an order in the form with quotes.
  mutating func writeOrdering(_ ordering: Ordering, _ operation: Operation) {
    let directions = ordering.isDescending.map { "\($0)" }.joined(separator: ", ")
    text += "\"adjoint.order\"(\(list(operation.operands))) <{count = \(ordering.count) : i64"
    text += ", descending = array<i1: \(directions)>}> : \(functionType(operation))"
  }
}
