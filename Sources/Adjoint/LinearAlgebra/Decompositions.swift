internal import TensorIR

// Decompositions of matrices, which stand in the last two axes; all axes before them number matrices.
// Elements are Float, Double or complex numbers of these. Each function whose decomposition may fail gives
// NaN there, and has a form that throws, in `CheckedForms.swift`.

/// The triangular Cholesky factor of symmetric or Hermitian positive definite matrices: L with
/// L·Lᴴ = matrix, or U with Uᴴ·U = matrix.
///
/// Of a matrix that is not Hermitian the mean with its adjoint is taken. The factor of a matrix that
/// is not positive definite is NaN; `checkedCholesky` throws instead.
public func cholesky<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, upper: Bool = false, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node], at: location) { builder, values in
      [try builder.choleskyFactors(values[0], isUpper: upper)[0]]
    }[0]
  }
}

/// An LU decomposition with row exchanges: L·U = P·matrix.
public struct LUDecomposition<Scalar: TensorInexact>: Sendable {
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
public func lu<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> LUDecomposition<Scalar> {
  let location = SourceLocation.here(file, line)
  let found = decomposed([matrix.node], [Scalar.elementType, .i32, .i32], at: location) {
    try $0.luFactors($1[0])
  }
  return LUDecomposition(
    factors: Tensor(found[0]), pivots: Tensor(found[1]), permutation: Tensor(found[2]))
}

/// The QR decomposition of matrices: Q·R = matrix, with orthonormal columns of Q and an upper triangular
/// R; of an m×n matrix with k = min(m, n), Q is m×k and R is k×n, or m×m and m×n where `full`.
public func qr<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, full: Bool = false, file: String = #fileID, line: Int = #line
) -> (q: Tensor<Scalar>, r: Tensor<Scalar>) {
  let location = SourceLocation.here(file, line)
  let found = decomposed(
    [matrix.node], [Scalar.elementType, Scalar.elementType], at: location
  ) {
    try $0.orthogonalFactors($1[0], isFull: full)
  }
  return (Tensor(found[0]), Tensor(found[1]))
}

/// The eigenvalues, rising, and eigenvectors, as columns, of symmetric or Hermitian matrices.
///
/// Of a matrix that is not Hermitian the mean with its adjoint is taken. The sign of a vector, or of a
/// complex one its phase, is left open, and where values are equal so are their vectors, which have no derivative there: it is NaN, or,
/// where `degenerateSafe` is said, leaves out what would turn the vectors of values into each other that are
/// equal to rounding. That is right for functions of the space that such vectors span and of sums over their
/// values; others, such as V·f(w)·Vᵀ, lose a part of their derivative there.
public func eigh<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, degenerateSafe: Bool = false, file: String = #fileID, line: Int = #line
) -> (values: Tensor<Scalar.Part>, vectors: Tensor<Scalar>) {
  let location = SourceLocation.here(file, line)
  let found = decomposed(
    [matrix.node], [Scalar.Part.elementType, Scalar.elementType], at: location
  ) {
    try $0.symmetricDecomposition($1[0], isDegenerateSafe: degenerateSafe)
  }
  return (Tensor(found[0]), Tensor(found[1]))
}

/// The eigenvalues, rising, of symmetric or Hermitian matrices.
public func symmetricEigenvalues<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar.Part> {
  let location = SourceLocation.here(file, line)
  let found = decomposed([matrix.node], [Scalar.Part.elementType], at: location) {
    try $0.symmetricValues($1[0])
  }
  return Tensor(found[0])
}

/// The eigenvalues, in no particular order, and right eigenvectors, as columns, of square matrices.
///
/// Vectors have length one, and their component of greatest size is real. Where values are equal, vectors
/// have no derivative.
public func eig<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> (values: Tensor<Complex<Scalar.Part>>, vectors: Tensor<Complex<Scalar.Part>>)
where Scalar.Part: ComplexPart {
  let element = Scalar.Part.complexElementType
  let found = decomposed([matrix.node], [element, element], at: .here(file, line)) {
    try $0.generalDecomposition($1[0])
  }
  return (Tensor(found[0]), Tensor(found[1]))
}

/// The eigenvalues, in no particular order, of square matrices.
public func eigenvalues<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Complex<Scalar.Part>> where Scalar.Part: ComplexPart {
  let found = decomposed(
    [matrix.node], [Scalar.Part.complexElementType], at: .here(file, line)
  ) {
    try $0.generalValues($1[0])
  }
  return Tensor(found[0])
}

/// The singular value decomposition of matrices: U·diag(s)·Vᴴ = matrix, with falling values; of an m×n
/// matrix with k = min(m, n), U is m×k and Vᴴ, which is Vᵀ for real numbers, is k×n, or m×m and n×n where
/// `full`.
///
/// The signs, or phases, of a pair of vectors are left open. Vectors of equal values have no derivative, nor have
/// those of `full` that no singular value belongs to.
public func svd<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, full: Bool = false, file: String = #fileID, line: Int = #line
) -> (u: Tensor<Scalar>, s: Tensor<Scalar.Part>, vt: Tensor<Scalar>) {
  let location = SourceLocation.here(file, line)
  let element = Scalar.elementType
  let found = decomposed(
    [matrix.node], [element, Scalar.Part.elementType, element], at: location
  ) {
    try $0.singularDecomposition($1[0], isFull: full)
  }
  return (Tensor(found[0]), Tensor(found[1]), Tensor(found[2]))
}

/// The singular values of matrices, falling.
public func singularValues<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar.Part> {
  let location = SourceLocation.here(file, line)
  let found = decomposed([matrix.node], [Scalar.Part.elementType], at: location) {
    try $0.singularValues($1[0])
  }
  return Tensor(found[0])
}
