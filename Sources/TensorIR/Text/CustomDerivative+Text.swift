// The text of functions with a stated derivative: always in quotes, with closed regions.

extension OperationDraft {
  /// The function with its derivative.
  mutating func customDerivative(_ kind: CustomDerivative.Kind) throws -> CustomDerivative {
    let captureCount = try attributes.integer("capture_count")
    guard regions.count == 2 else {
      throw AdjointError(.syntax, "\(mnemonic) needs two regions", at: attributes.location)
    }
    return CustomDerivative(
      kind, captureCount: captureCount, function: regions[0].region, rule: regions[1].region)
  }
}

extension FunctionPrinter {
  /// Writes `"adjoint.custom_jvp"(operands) <{…}> ({…}, {…}) : types`.
  mutating func writeCustomDerivative(_ custom: CustomDerivative, _ operation: Operation) {
    text += "\"\(custom.kind.rawValue)\"(\(list(operation.operands)))"
    text += " <{capture_count = \(custom.captureCount) : i64}> ("
    for (position, region) in custom.regions.enumerated() {
      text += position == 0 ? "{\n" : ", {\n"
      writeClosedRegion(region, of: operation)
      text += "\(indent)}"
    }
    text += ") : \(functionType(operation))"
  }
}
