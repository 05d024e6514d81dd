// Functions of LAPACK and BLAS as JAX names them in custom calls, read as what they mean.

/// A function of LAPACK or BLAS, without the letter of its element type.
struct LibraryFunction {
  /// What it computes; the raw value is LAPACK's name of the form for real numbers.
  enum Name: String {
    case potrf, getrf, trsm, geqrf, orgqr, ormqr, syevd, gesdd, geev, gees, gehrd, sytrd, gtsv
  }

  var name: Name
  /// Whether what it is to do stands in scalar operands, as in text of JAX before 0.5, and there are
  /// results for its working memory.
  var hasOperandsForOptions: Bool

  /// The function that JAX calls so, as in `lapack_spotrf_ffi`, `lapack_spotrf` or `blas_strsm`.
  init?(named target: String) {
    let prefix = ["lapack_", "blas_"].first { target.hasPrefix($0) }
    guard let prefix else { return nil }
    let isTyped = target.hasSuffix("_ffi")
    let word = target.dropFirst(prefix.count).dropLast(isTyped ? "_ffi".count : 0)
    guard let letter = word.first, "sdcz".contains(letter) else { return nil }
    let known: Name? =
      switch word.dropFirst() {
      case "ungqr": .orgqr
      case "unmqr": .ormqr
      case "heevd": .syevd
      case "hetrd": .sytrd
      case "gesvd": .gesdd
      case let other: Name(rawValue: String(other))
      }
    guard let known, isTyped || known != .gtsv && known != .ormqr else { return nil }
    guard prefix == "lapack_" || !isTyped && known == .trsm else { return nil }
    name = known
    hasOperandsForOptions = !isTyped
  }
}

extension OperationDraft {
  /// Adds what a function means whose options are a dictionary.
  mutating func emit(
    _ function: LibraryFunction, _ config: inout AttributeDictionary,
    in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    func all(_ op: MatrixOp) throws -> [ValueID] { try builder.emitAll(.matrix(op), operands) }
    switch function.name {
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
    case .ormqr: return [try reflectorProduct(&config, in: &builder)]
    case .syevd:
      let hasVectors = try config.letter("mode", "V", or: "N")
      let found = try all(
        .eigh(isLower: config.letter("uplo", "L", or: "U"), hasVectors: hasVectors))
      return hasVectors ? found : [operands[0]] + found
    case .gesdd:
      let vectors: MatrixOp.Vectors =
        switch try config.character("mode") {
        case "A": .full
        case "S": .thin
        default: .none
        }
      return try singularValues(vectors, of: operands[0], in: &builder)
    case .geev:
      return try eigenvalues(
        of: operands[0], hasLeft: config.letter("compute_left", "V", or: "N"),
        hasRight: config.letter("compute_right", "V", or: "N"),
        types: results.types.suffix(3), in: &builder)
    case .gees:
      guard try !config.letter("sort", "S", or: "N") else { throw sortedForm }
      let hasVectors = try config.letter("mode", "V", or: "N")
      let (form, vectors, values, status) = try schurForm(
        of: operands[0], hasVectors: hasVectors, in: &builder)
      return [form, vectors] + values + [try builder.splat(0, builder[status]), status]
    case .gehrd:
      let shape = builder[operands[0]].shape
      let (low, high) = (try config.integer("low"), try config.integer("high"))
      guard low == 1, high == shape.last else {
        throw AdjointError(
          .unsupported, "low and high of \(mnemonic) must be all rows, not \(low) and \(high)",
          at: attributes.location)
      }
      return try all(.hessenberg)
    case .sytrd: return try all(.tridiagonalize(isLower: config.letter("uplo", "L", or: "U")))
    case .gtsv:
      let x = try builder.emit(.matrix(.tridiagonalSolve), operands)
      guard let status = results.types.last, results.types.count > 1 else { return [x] }
      return Array(operands.prefix(3)) + [x, try builder.splat(0, status)]
    }
  }

  // MARK: Options as operands

  /// Adds what a function means whose options are scalar operands before the matrices, which are given
  /// together with extents and numbers of matrices; these follow from the types.
  ///
  /// Results for working memory are zeros.
  mutating func emitWithOptionsAsOperands(
    _ function: LibraryFunction, in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    let count = function.name == .trsm || function.name == .orgqr ? 2 : 1
    let options = Array(operands.dropLast(count))
    let matrices = Array(operands.suffix(count))
    guard options.count == function.optionCount, matrices.count == count else {
      throw AdjointError(
        .syntax, "\(mnemonic) of this function takes \(function.optionCount + count) operands",
        at: attributes.location)
    }
    /// A number that is known.
    func option(_ position: Int) throws -> Int {
      guard case .constant(let literal)? = builder.definition(of: options[position])?.op,
        literal.type.isScalar, !literal.type.element.isInexact
      else {
        throw AdjointError(
          .unsupported, "operand \(position) of \(mnemonic) must be a constant number",
          at: attributes.location)
      }
      return Int(truncatingIfNeeded: literal.integers[0])
    }
    func all(_ op: MatrixOp) throws -> [ValueID] { try builder.emitAll(.matrix(op), matrices) }
    var given: [ValueID]
    switch function.name {
    case .trsm:
      let transpositions: [TriangularSolve.Transposition] = [.none, .transpose, .adjoint]
      let solve = TriangularSolve(
        isLeft: try option(0) != 0, isLower: try option(1) != 0,
        hasUnitDiagonal: try option(3) != 0,
        transposition: transpositions[min(2, max(0, try option(2)))])
      let type = builder[matrices[1]]
      let factor = try builder.broadcast(options[7], to: type.shape, dimensions: [])
      let right = try builder.multiply(factor, matrices[1])
      given = try builder.emitAll(.matrix(.triangularSolve(solve)), [matrices[0], right])
    case .getrf:
      let found = try all(.lu)
      given = [found[0], found[1], found[3]]
    case .geqrf, .orgqr:
      given = try all(function.name == .geqrf ? .householder : .reflectors)
    case .potrf: given = try all(.cholesky(isLower: option(0) != 0))
    case .gesdd:
      let isFull = try option(0) != 0
      given = try singularValues(
        option(1) == 0 ? .none : isFull ? .full : .thin, of: matrices[0], in: &builder)
    case .syevd: given = try all(.eigh(isLower: option(0) != 0, hasVectors: true))
    case .geev:
      let working = builder[matrices[0]].element.isComplex ? 2 : 3
      let types = Array(results.types.dropLast().suffix(2)) + results.types.suffix(1)
      given = try results.types.prefix(working).map { try builder.splat(0, $0) }
      given += try eigenvalues(
        of: matrices[0], hasLeft: option(2) == Self.letterV, hasRight: option(3) == Self.letterV,
        types: types[...], in: &builder)
    case .gees:
      guard try option(3) != Self.letterS else { throw sortedForm }
      let (form, vectors, values, status) = try schurForm(
        of: matrices[0], hasVectors: option(2) == Self.letterV, in: &builder)
      let isComplex = builder[matrices[0]].element.isComplex
      let working = isComplex ? Array(results.types.dropFirst().prefix(1)) : []
      given = [form] + (try working.map { try builder.splat(0, $0) }) + values + [vectors]
      given += [try builder.splat(0, builder[status]), status]
    case .gehrd: given = try all(.hessenberg)
    case .sytrd: given = try all(.tridiagonalize(isLower: option(1) != 0))
    case .gtsv, .ormqr: given = []
    }
    for type in results.types.dropFirst(given.count) { given.append(try builder.splat(0, type)) }
    return given
  }

  private static let letterV = 86
  private static let letterS = 83

  private var sortedForm: AdjointError {
    AdjointError(.unsupported, "\(mnemonic) cannot sort Schur's form", at: attributes.location)
  }

  /// A product with Q or its adjoint, from left or right.
  private func reflectorProduct(
    _ config: inout AttributeDictionary, in builder: inout FunctionBuilder
  ) throws -> ValueID {
    let isLeft = try config.optionalBoolean("left")
    let isAdjoint = try config.optionalBoolean("transpose")
    guard operands.count == 3 else {
      throw AdjointError(
        .syntax, "\(mnemonic) of this function takes 3 operands", at: attributes.location)
    }
    let (a, scales, c) = (builder[operands[0]], builder[operands[1]], builder[operands[2]])
    let batch = Array(a.shape.dropLast(2))
    guard a.rank >= 2, c.rank == a.rank, scales.rank == a.rank - 1,
      a.element == c.element, a.element == scales.element, a.element.isInexact,
      Array(c.shape.dropLast(2)) == batch, Array(scales.shape.dropLast()) == batch,
      (scales.shape.last ?? 0) <= min(a.shape[a.rank - 2], a.shape[a.rank - 1]),
      c.shape[isLeft ? c.rank - 2 : c.rank - 1] == a.shape[a.rank - 2]
    else {
      throw AdjointError(
        .shape, "reflectors \(a) and scales \(scales) do not multiply \(c)",
        at: attributes.location)
    }
    return try builder.reflectorProduct(
      operands[0], operands[1], operands[2], isLeft: isLeft, isAdjoint: isAdjoint)
  }

  // MARK: Several results

  /// The operand's place, values, vectors, which are zeros where not wanted, and the status.
  private func singularValues(
    _ vectors: MatrixOp.Vectors, of a: ValueID, in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    let found = try builder.emitAll(.matrix(.svd(vectors)), [a])
    guard vectors == .none else { return [a] + found }
    let unused = try results.types.dropFirst(2).prefix(2).map { try builder.splat(0, $0) }
    return [a, found[0]] + unused + [found[1]]
  }

  /// Values, for real matrices as two parts, left and right vectors, which are zeros where not wanted,
  /// and the status.
  ///
  /// - Parameter types: the types of both kinds of vectors and of the status.
  private func eigenvalues(
    of a: ValueID, hasLeft: Bool, hasRight: Bool, types: ArraySlice<TensorType>,
    in builder: inout FunctionBuilder
  ) throws -> [ValueID] {
    guard types.count == 3 else {
      throw AdjointError(
        .syntax, "\(mnemonic) of this function has more results", at: attributes.location)
    }
    let isComplex = builder[a].element.isComplex
    let found = try builder.emitAll(
      .matrix(.eig(hasLeft: hasLeft, hasRight: hasRight)), [a])
    let zero = try hasLeft && hasRight ? nil : builder.splat(0, types[types.startIndex])
    let left = hasLeft ? found[1] : zero
    let right = hasRight ? found[hasLeft ? 2 : 1] : zero
    let values = isComplex ? [found[0]] : try parts(of: found[0], in: &builder)
    return values + [left, right].compactMap { $0 } + [found[found.count - 1]]
  }

  /// Schur's form, vectors, which are zeros where not wanted, values, for real matrices as two parts,
  /// and the status.
  private func schurForm(
    of a: ValueID, hasVectors: Bool, in builder: inout FunctionBuilder
  ) throws -> (form: ValueID, vectors: ValueID, values: [ValueID], status: ValueID) {
    let found = try builder.emitAll(.matrix(.schur(hasVectors: hasVectors)), [a])
    let values = found[found.count - 2]
    return (
      found[0], hasVectors ? found[1] : try builder.splat(0, builder[a]),
      builder[a].element.isComplex ? [values] : try parts(of: values, in: &builder),
      found[found.count - 1]
    )
  }

  /// The real and the imaginary part of complex numbers.
  private func parts(of value: ValueID, in builder: inout FunctionBuilder) throws -> [ValueID] {
    try [
      builder.emit(.complex(.real), [value]), builder.emit(.complex(.imaginary), [value]),
    ]
  }
}

extension LibraryFunction {
  /// How many scalar operands stand before the matrices.
  fileprivate var optionCount: Int {
    switch name {
    case .trsm: 8
    case .getrf, .potrf, .syevd: 3
    case .geqrf, .geev, .gees: 4
    case .orgqr, .sytrd: 5
    case .gesdd, .gehrd: 6
    case .gtsv, .ormqr: 0
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
