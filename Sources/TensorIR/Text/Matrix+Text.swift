// The text of decompositions and of solutions of equations.

/// How a decomposition is written, before its attributes are known.
enum MatrixSyntax: String, CaseIterable {
  case cholesky = "adjoint.cholesky"
  case triangularSolve = "stablehlo.triangular_solve"
  case lu = "adjoint.lu"
  case householder = "adjoint.householder"
  case reflectors = "adjoint.reflectors"
  case eigh = "adjoint.eigh"
  case svd = "adjoint.svd"
  case eig = "adjoint.eig"
  case schur = "adjoint.schur"
  case hessenberg = "adjoint.hessenberg"
  case tridiagonalize = "adjoint.tridiagonalize"
  case tridiagonalSolve = "adjoint.tridiagonal_solve"
}

extension ModuleParser {
  /// Reads `%a, lower = true : type`.
  mutating func choleskyForm(
    of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    try operand(of: &draft, in: &body)
    if cursor.accept(",") {
      try cursor.expect(word: "lower")
      try cursor.expect("=")
      try draft.attributes.add("lower", try cursor.attributeValue())
    }
    if cursor.isNext("{") { try cursor.attributes(into: &draft.attributes) }
    try types(of: &draft, in: &body)
  }
}

extension OperationDraft {
  /// The decomposition with its attributes.
  mutating func matrixOp(_ syntax: MatrixSyntax) throws -> MatrixOp {
    switch syntax {
    case .cholesky: return .cholesky(isLower: try attributes.optionalBoolean("lower"))
    case .lu: return .lu
    case .householder: return .householder
    case .reflectors: return .reflectors
    case .tridiagonalSolve: return .tridiagonalSolve
    case .eigh:
      return .eigh(
        isLower: try attributes.optionalBoolean("lower"),
        hasVectors: try attributes.optionalBoolean("vectors"),
        isDegenerateSafe: try attributes.optionalBoolean("degenerate_safe"))
    case .eig:
      return .eig(
        hasLeft: try attributes.optionalBoolean("left_vectors"),
        hasRight: try attributes.optionalBoolean("right_vectors"))
    case .schur: return .schur(hasVectors: try attributes.optionalBoolean("vectors"))
    case .hessenberg: return .hessenberg
    case .tridiagonalize:
      return .tridiagonalize(isLower: try attributes.optionalBoolean("lower"))
    case .svd:
      let word = try attributes.word("vectors")
      guard let vectors = MatrixOp.Vectors(rawValue: word) else {
        throw AdjointError(
          .syntax, "vectors of \(mnemonic) are none, thin or full", at: attributes.location)
      }
      return .svd(vectors)
    case .triangularSolve:
      let word = try attributes.optionalWord("transpose_a") ?? "NO_TRANSPOSE"
      guard let transposition = TriangularSolve.Transposition(rawValue: word) else {
        throw AdjointError(
          .syntax, "transpose_a of \(mnemonic) cannot be \(word)", at: attributes.location)
      }
      return .triangularSolve(
        TriangularSolve(
          isLeft: try attributes.optionalBoolean("left_side"),
          isLower: try attributes.optionalBoolean("lower"),
          hasUnitDiagonal: try attributes.optionalBoolean("unit_diagonal"),
          transposition: transposition))
    }
  }

  /// Adds StableHLO's Cholesky decomposition, which has no status.
  mutating func expandCholesky(in builder: inout FunctionBuilder) throws -> [ValueID] {
    let op = MatrixOp.cholesky(isLower: try attributes.optionalBoolean("lower"))
    return [try builder.widened(op, operands)[0]]
  }
}

extension FunctionPrinter {
  /// Writes a decomposition in the form with quotes.
  mutating func writeMatrix(_ op: MatrixOp, _ operation: Operation) {
    text += "\"\(op.mnemonic)\"(\(list(operation.operands)))"
    let attributes = op.writtenAttributes
    if !attributes.isEmpty {
      text += " <{\(attributes.map { "\($0) = \($1)" }.joined(separator: ", "))}>"
    }
    text += " : \(functionType(operation))"
  }
}

extension MatrixOp {
  /// The names and values of the attributes in text.
  fileprivate var writtenAttributes: [(String, String)] {
    switch self {
    case .cholesky(let isLower): return [("lower", "\(isLower)")]
    case .eigh(let isLower, let hasVectors, let isDegenerateSafe):
      return [("lower", "\(isLower)"), ("vectors", "\(hasVectors)")]
        + (isDegenerateSafe ? [("degenerate_safe", "true")] : [])
    case .eig(let hasLeft, let hasRight):
      return [("left_vectors", "\(hasLeft)"), ("right_vectors", "\(hasRight)")]
    case .schur(let hasVectors): return [("vectors", "\(hasVectors)")]
    case .tridiagonalize(let isLower): return [("lower", "\(isLower)")]
    case .svd(let vectors): return [("vectors", "#adjoint<vectors \(vectors.rawValue)>")]
    case .triangularSolve(let solve):
      return [
        ("left_side", "\(solve.isLeft)"), ("lower", "\(solve.isLower)"),
        ("transpose_a", "#stablehlo<transpose \(solve.transposition.rawValue)>"),
        ("unit_diagonal", "\(solve.hasUnitDiagonal)"),
      ]
    case .lu, .householder, .reflectors, .tridiagonalSolve, .hessenberg: return []
    }
  }
}
