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
    if let meaning = try emitMeaning(of: target, in: &builder) {
      for name in ["backend_config", "api_version", "called_computations", "has_side_effect"] {
        _ = attributes.take(name)
      }
      _ = attributes.take("mhlo.attributes")
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
      let given = try emit(function, &config, in: &builder)
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

  // MARK: LAPACK

  private func emit(
    _ function: LibraryFunction, _ config: inout AttributeDictionary,
    in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    func all(_ op: MatrixOp) throws -> [ValueID] { try builder.emitAll(.matrix(op), operands) }
    switch function {
    case .potrf: return try all(.cholesky(isLower: config.letter("uplo", "L", or: "U")))
    case .getrf:
      let found = try all(.lu)
      return [found[0], found[1], found[3]]
    case .trsm:
      let solve = TriangularSolve(
        isLeft: try config.letter("side", "L", or: "R"),
        isLower: try config.letter("uplo", "L", or: "U"),
        hasUnitDiagonal: try config.letter("diag", "U", or: "N"),
        transposition: try config.transposition("trans_x"))
      return try all(.triangularSolve(solve))
    case .geqrf: return try all(.householder)
    case .orgqr: return try all(.reflectors)
    case .syevd:
      let hasVectors = try config.letter("mode", "V", or: "N")
      let found = try all(
        .eigh(isLower: config.letter("uplo", "L", or: "U"), hasVectors: hasVectors))
      return hasVectors ? found : [operands[0]] + found
    case .gesdd:
      switch try config.character("mode") {
      case "A": return [operands[0]] + (try all(.svd(.full)))
      case "S": return [operands[0]] + (try all(.svd(.thin)))
      default:
        let found = try all(.svd(.none))
        let unused = try results.types.dropFirst(2).dropLast().map { try builder.splat(0, $0) }
        return [operands[0], found[0]] + unused + [found[1]]
      }
    case .gtsv:
      let x = try builder.emit(.matrix(.tridiagonalSolve), operands)
      guard let status = results.types.last else { return [x] }
      return Array(operands.prefix(3)) + [x, try builder.splat(0, status)]
    }
  }
}

/// The functions of LAPACK and BLAS that are read, without the letter of their element type.
private enum LibraryFunction: String {
  case potrf, getrf, trsm, geqrf, orgqr, syevd, gesdd, gtsv

  /// The function that JAX calls so, as in `lapack_spotrf_ffi`.
  init?(named target: String) {
    guard target.hasPrefix("lapack_"), target.hasSuffix("_ffi"), target.utf8.count > 12 else {
      return nil
    }
    let name = target.dropFirst("lapack_".count).dropLast("_ffi".count)
    guard let letter = name.first, "sdcz".contains(letter) else { return nil }
    switch name.dropFirst() {
    case "ungqr": self = .orgqr
    case "heevd": self = .syevd
    case "gesvd": self = .gesdd
    case let name:
      guard let known = LibraryFunction(rawValue: String(name)) else { return nil }
      self = known
    }
  }
}

extension AttributeDictionary {
  /// Takes out a letter, written as the number of its character.
  fileprivate mutating func character(_ name: String) throws -> Character {
    let code = try integer(name)
    guard let letter = UInt8(exactly: code) else {
      throw AdjointError(.unsupported, "\(name) of \(owner) cannot be \(code)", at: location)
    }
    return Character(Unicode.Scalar(letter))
  }

  /// Takes out a letter and says whether it is the first of two.
  fileprivate mutating func letter(
    _ name: String, _ first: Character, or second: Character
  ) throws -> Bool {
    let letter = try character(name)
    guard letter == first || letter == second else {
      throw AdjointError(
        .unsupported, "\(name) of \(owner) is not \(first) or \(second)", at: location)
    }
    return letter == first
  }

  /// Takes out whether a matrix is transposed.
  fileprivate mutating func transposition(
    _ name: String
  ) throws -> TriangularSolve.Transposition {
    switch try character(name) {
    case "N": return .none
    case "T": return .transpose
    case "C": return .adjoint
    default:
      throw AdjointError(.unsupported, "\(name) of \(owner) is not N, T or C", at: location)
    }
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
