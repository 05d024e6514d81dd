// The text of `custom_call`: functions of LAPACK as JAX names them, which are read as what they mean,
// and foreign functions.

extension ModuleParser {
  /// Reads `@name(operands) {attributes} : type`.
  mutating func customCallForm(
    of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    try draft.attributes.add("call_target_name", .string(try cursor.symbolName()))
    try operandList(of: &draft, in: &body)
    if cursor.isNext("{") { try cursor.attributes(into: &draft.attributes) }
    try cursor.expect(":")
    try functionType(of: &draft, in: &body)
  }
}

extension OperationDraft {
  /// Adds what a custom call means and gives its results.
  mutating func expandCustomCall(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let target = try attributes.string("call_target_name")
    let meaning =
      try emitMeaning(of: target, in: &builder) ?? emitDecomposition(of: target, in: &builder)
    if let meaning {
      for name in ["backend_config", "api_version", "called_computations", "has_side_effect"] {
        _ = attributes.take(name)
      }
      for name in ["mhlo.attributes", "mhlo.backend_config"] { _ = attributes.take(name) }
      return meaning
    }
    _ = attributes.take("mhlo.attributes")
    for name in ["backend_config", "api_version", "called_computations", "custom_call_schedule"] {
      if name != "backend_config" || !isFields(name) { _ = attributes.take(name) }
    }
    let hasEffects = try attributes.optionalBoolean("has_side_effect")
    var config = try configuration()
    if let written = attributes.take("adjoint.foreign") {
      guard case .string(let text) = written.value else {
        throw AdjointError(.syntax, "adjoint.foreign must be a text", at: written.location)
      }
      var declaration = try ForeignDeclaration(parsing: text)
      declaration.hasEffects = hasEffects
      return try builder.emitAll(
        .foreign(declaration.call(target, operandTypes, results.types)), operands)
    }
    if let function = LibraryFunction(named: target) {
      let given =
        function.hasOperandsForOptions
        ? try emitWithOptionsAsOperands(function, in: &builder)
        : try emit(function, &config, in: &builder)
      try config.requireEmpty()
      return given
    }
    guard var declaration = ForeignDeclaration.registered[target] else {
      throw AdjointError(
        .unsupported, "unknown function @\(target) of \(mnemonic)", at: attributes.location)
    }
    declaration.hasEffects = declaration.hasEffects || hasEffects
    return try builder.emitAll(
      .foreign(declaration.call(target, operandTypes, results.types)), operands)
  }

  private func isFields(_ name: String) -> Bool {
    attributes.entries.contains { entry in
      if entry.name == name, case .fields = entry.value { true } else { false }
    }
  }

  /// The dictionary of what the function is to do.
  private mutating func configuration() throws -> AttributeDictionary {
    for name in ["mhlo.backend_config", "backend_config"] where isFields(name) {
      return try attributes.fields(name)
    }
    return AttributeDictionary(of: mnemonic, at: attributes.location)
  }
}

extension FunctionPrinter {
  /// Writes a call of a foreign function; what it is differentiated by is not written.
  mutating func writeForeign(_ call: ForeignCall, _ operation: Operation) {
    text += "stablehlo.custom_call @\(Module.symbol(call.name))(\(list(operation.operands)))"
    text += " {adjoint.foreign = \(Module.quoted(call.signatureText))"
    if call.hasEffects { text += ", has_side_effect = true" }
    text += "} : \(functionType(operation))"
  }
}
