internal import TensorIR

// Decompositions of matrices, which stand in the last two axes; all axes before them number matrices.
// Elements are Float or Double.

/// The triangular Cholesky factor of symmetric positive definite matrices: L with L·Lᵀ = matrix, or U
/// with Uᵀ·U = matrix.
///
/// Of a matrix that is not symmetric the mean with its transpose is taken. The factor of a matrix that
/// is not positive definite is NaN; `checkedCholesky` throws instead.
public func cholesky<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, upper: Bool = false, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node], at: location) { builder, values in
      let whole = try builder.symmetricPart(values[0], "cholesky")
      return [try builder.emit(.matrix(.cholesky(isLower: !upper)), [whole])]
    }[0]
  }
}

/// The triangular Cholesky factor, as `cholesky(_:upper:)`, of matrices that are there.
///
/// - Throws: `AdjointError` where a matrix is not positive definite, with its number and that of the
///   first leading minor that is not positive; and inside of `jit`, where no values are there yet.
public func checkedCholesky<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, upper: Bool = false, file: String = #fileID, line: Int = #line
) throws -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  if let failure = matrix.node.failure { throw failure }
  let found = try composed([matrix.node], at: location) { builder, values in
    let whole = try builder.symmetricPart(values[0], "cholesky")
    return try builder.emitAll(.matrix(.cholesky(isLower: !upper)), [whole])
  }
  let statuses = try Tensor<Int32>(found[1]).scalars()
  if let number = statuses.firstIndex(where: { $0 != 0 }) {
    let which = statuses.count == 1 ? "the matrix" : "matrix \(number)"
    throw AdjointError(
      .argument, "\(which) is not positive definite: leading minor \(statuses[number])",
      at: location)
  }
  return Tensor(found[0])
}

/// An LU decomposition with row exchanges: L·U = P·matrix.
public struct LUDecomposition<Scalar: TensorFloatingPoint>: Sendable {
  /// L below the diagonal, whose own diagonal is one, and U on and above it.
  public let factors: Tensor<Scalar>
  /// Row i was exchanged with row pivots[i], one after the other; numbered from zero.
  public let pivots: Tensor<Int32>
  /// Row i of P·matrix is row permutation[i] of the matrix.
  public let permutation: Tensor<Int32>

  /// The unit lower triangular factor.
  public var lower: Tensor<Scalar> {
    factors.derived {
      try composed([factors.node], at: .unknown) { builder, values in
        let shape = builder[values[0]].shape
        let order = min(shape[shape.count - 1], shape[shape.count - 2])
        let part = try builder.matrixPart(
          values[0], rows: 0..<shape[shape.count - 2], columns: 0..<order)
        let below = try builder.lowerTriangle(part, diagonal: -1)
        return [try builder.add(below, builder.identityMatrices(builder[below]))]
      }[0]
    }
  }

  /// The upper triangular factor.
  public var upper: Tensor<Scalar> {
    factors.derived {
      try composed([factors.node], at: .unknown) { builder, values in
        let shape = builder[values[0]].shape
        let order = min(shape[shape.count - 1], shape[shape.count - 2])
        let part = try builder.matrixPart(
          values[0], rows: 0..<order, columns: 0..<shape[shape.count - 1])
        return [try builder.upperTriangle(part)]
      }[0]
    }
  }
}

/// The LU decomposition of matrices, with the greatest elements of columns as pivots.
public func lu<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> LUDecomposition<Scalar> {
  let location = SourceLocation.here(file, line)
  let found = decomposed([matrix.node], [Scalar.elementType, .i32, .i32], at: location) {
    let found = try $0.emitAll(.matrix(.lu), $1)
    let one = try $0.splat(1, $0[found[1]])
    return [found[0], try $0.subtract(found[1], one), found[2]]
  }
  return LUDecomposition(
    factors: Tensor(found[0]), pivots: Tensor(found[1]), permutation: Tensor(found[2]))
}

/// The QR decomposition of matrices: Q·R = matrix, with orthonormal columns of Q and an upper triangular
/// R; of an m×n matrix with k = min(m, n), Q is m×k and R is k×n, or m×m and m×n where `full`.
public func qr<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, full: Bool = false, file: String = #fileID, line: Int = #line
) -> (q: Tensor<Scalar>, r: Tensor<Scalar>) {
  let location = SourceLocation.here(file, line)
  let found = decomposed(
    [matrix.node], [Scalar.elementType, Scalar.elementType], at: location
  ) { builder, values in
    let factors = try builder.emitAll(.matrix(.householder), values)
    let shape = builder[values[0]].shape
    let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
    let width = full ? m : min(m, n)
    let columns = try builder.matrixPart(
      factors[0], rows: 0..<m, columns: 0..<min(width, n))
    let wide = try builder.paddedMatrices(columns, rows: m, columns: width)
    let q = try builder.emit(.matrix(.reflectors), [wide, factors[1]])
    let rows = try builder.matrixPart(factors[0], rows: 0..<width, columns: 0..<n)
    return [q, try builder.upperTriangle(rows)]
  }
  return (Tensor(found[0]), Tensor(found[1]))
}

/// The eigenvalues, rising, and eigenvectors, as columns, of symmetric matrices.
///
/// Of a matrix that is not symmetric the mean with its transpose is taken. The sign of a vector is left
/// open, and where values are equal so are their vectors, which have no derivative there: it is NaN, or,
/// where `degenerateSafe` is said, leaves out what would turn the vectors of values into each other that are
/// equal to rounding. That is right for functions of the space that such vectors span and of sums over their
/// values; others, such as V·f(w)·Vᵀ, lose a part of their derivative there.
public func eigh<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, degenerateSafe: Bool = false, file: String = #fileID, line: Int = #line
) -> (values: Tensor<Scalar>, vectors: Tensor<Scalar>) {
  let location = SourceLocation.here(file, line)
  let found = decomposed(
    [matrix.node], [Scalar.elementType, Scalar.elementType], at: location
  ) { builder, values in
    let whole = try builder.symmetricPart(values[0], "eigh")
    let op = MatrixOp.eigh(isLower: true, hasVectors: true, isDegenerateSafe: degenerateSafe)
    let found = try builder.emitAll(.matrix(op), [whole])
    return [found[1], found[0]]
  }
  return (Tensor(found[0]), Tensor(found[1]))
}

/// The eigenvalues, rising, of symmetric matrices.
public func symmetricEigenvalues<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  let found = decomposed([matrix.node], [Scalar.elementType], at: location) { builder, values in
    let whole = try builder.symmetricPart(values[0], "symmetricEigenvalues")
    return [try builder.emit(.matrix(.eigh(isLower: true, hasVectors: false)), [whole])]
  }
  return Tensor(found[0])
}

/// The eigenvalues, in no particular order, and right eigenvectors, as columns, of square matrices.
///
/// Vectors have length one, and their component of greatest size is real. Where values are equal, vectors
/// have no derivative.
public func eig<Part: ComplexPart>(
  _ matrix: Tensor<Part>, file: String = #fileID, line: Int = #line
) -> (values: Tensor<Complex<Part>>, vectors: Tensor<Complex<Part>>) {
  let found = decomposed(
    [matrix.node], [Part.complexElementType, Part.complexElementType], at: .here(file, line)
  ) { builder, values in
    try builder.requireSquare(values[0], "eig")
    let op = MatrixOp.eig(hasLeft: false, hasRight: true)
    return Array(try builder.emitAll(.matrix(op), values).prefix(2))
  }
  return (Tensor(found[0]), Tensor(found[1]))
}

/// The eigenvalues, in no particular order, of square matrices.
public func eigenvalues<Part: ComplexPart>(
  _ matrix: Tensor<Part>, file: String = #fileID, line: Int = #line
) -> Tensor<Complex<Part>> {
  let found = decomposed([matrix.node], [Part.complexElementType], at: .here(file, line)) {
    try $0.requireSquare($1[0], "eigenvalues")
    return [try $0.emit(.matrix(.eig(hasLeft: false, hasRight: false)), $1)]
  }
  return Tensor(found[0])
}

/// The singular value decomposition of matrices: U·diag(s)·Vᵀ = matrix, with falling values; of an m×n
/// matrix with k = min(m, n), U is m×k and Vᵀ is k×n, or m×m and n×n where `full`.
///
/// The signs of a pair of vectors are left open. Vectors of equal values have no derivative, nor have
/// those of `full` that no singular value belongs to.
public func svd<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, full: Bool = false, file: String = #fileID, line: Int = #line
) -> (u: Tensor<Scalar>, s: Tensor<Scalar>, vt: Tensor<Scalar>) {
  let location = SourceLocation.here(file, line)
  let element = Scalar.elementType
  let found = decomposed([matrix.node], [element, element, element], at: location) {
    Array(try $0.emitAll(.matrix(.svd(full ? .full : .thin)), $1).prefix(3))
  }
  return (Tensor(found[1]), Tensor(found[0]), Tensor(found[2]))
}

/// The singular values of matrices, falling.
public func singularValues<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  let found = decomposed([matrix.node], [Scalar.elementType], at: location) {
    [try $0.emit(.matrix(.svd(.none)), $1)]
  }
  return Tensor(found[0])
}

// MARK: - What they share

/// The results of operations on values: recorded where a function is traced, else computed now.
///
/// - Throws: `AdjointError` where operands failed before or do not fit.
func composed(
  _ operands: [TensorNode], at location: SourceLocation,
  _ body: (inout FunctionBuilder, [ValueID]) throws -> [ValueID]
) throws -> [TensorNode] {
  let place = location.isKnown ? location : SourceLocation.caller
  for operand in operands { if let failure = operand.failure { throw failure } }
  var builder = FunctionBuilder(name: "main", location: place)
  let parameters = operands.map { builder.parameter($0.type) }
  let results = try body(&builder, parameters)
  let function = builder.finish(returning: results)
  return try TracedFunction(function: function, captures: []).applied(to: operands, at: place)
}

/// The same, with failed values of the given element types in place of an error.
func decomposed(
  _ operands: [TensorNode], _ elements: [ElementType], at location: SourceLocation,
  _ body: (inout FunctionBuilder, [ValueID]) throws -> [ValueID]
) -> [TensorNode] {
  do {
    return try composed(operands, at: location, body)
  } catch let error as AdjointError {
    return elements.map { .failed(error, $0) }
  } catch {
    return elements.map { .failed(AdjointError(.system, "\(error)", at: location), $0) }
  }
}

extension FunctionBuilder {
  /// The means of square matrices and their transposes.
  mutating func symmetricPart(_ operand: ValueID, _ what: String) throws -> ValueID {
    try requireSquare(operand, what)
    let sum = try add(operand, transposedMatrices(operand))
    return try multiply(sum, splat(0.5, self[operand]))
  }

  /// Fails unless a value is square matrices.
  func requireSquare(_ operand: ValueID, _ what: String) throws {
    let shape = self[operand].shape
    guard shape.count >= 2, shape[shape.count - 1] == shape[shape.count - 2] else {
      throw AdjointError(.shape, "\(what) takes square matrices, not a tensor of shape \(shape)")
    }
  }
}
