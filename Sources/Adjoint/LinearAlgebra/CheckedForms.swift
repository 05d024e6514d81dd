internal import TensorIR

// The forms of decompositions that throw where the plain ones give NaN. In functions that `jit` or a
// transform records there are no values yet: there a checked form is an effect, and the call of the compiled
// function throws, each time that it comes upon such a matrix.

/// The triangular Cholesky factor, as `cholesky(_:upper:)`.
///
/// - Throws: `AdjointError` where a matrix is not positive definite, with its number and that of the
///   first leading minor that is not positive.
public func checkedCholesky<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, upper: Bool = false, file: String = #fileID, line: Int = #line
) throws -> Tensor<Scalar> {
  let check = DecompositionCheck(failure: .notPositiveDefinite, location: .here(file, line))
  let found = try check.results([matrix.node]) {
    try $0.choleskyFactors($1[0], isUpper: upper)
  }
  return Tensor(found[0])
}

/// The LU decomposition, as `lu(_:)`.
///
/// - Throws: `AdjointError` where a matrix is singular, with its number and that of the first pivot that
///   is zero.
public func checkedLU<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) throws -> LUDecomposition<Scalar> {
  let check = DecompositionCheck(failure: .singular, location: .here(file, line))
  let found = try check.results([matrix.node]) { try $0.luFactors($1[0]) }
  return LUDecomposition(
    factors: Tensor(found[0]), pivots: Tensor(found[1]), permutation: Tensor(found[2]))
}

/// The solution of matrix·x = b, as `solve(_:_:)`.
///
/// - Throws: `AdjointError` where a matrix is singular, with its number and that of the first pivot that
///   is zero. A matrix that is singular only to rounding is not found.
public func checkedSolve<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, _ b: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) throws -> Tensor<Scalar> {
  let check = DecompositionCheck(failure: .singular, location: .here(file, line))
  let found = try check.results([matrix.node, b.node]) {
    let (x, status) = try $0.solution($1[0], $1[1])
    return [x, status]
  }
  return Tensor(found[0])
}

/// The inverse of matrices, as `inverse(_:)`.
///
/// - Throws: `AdjointError` where a matrix is singular, with its number and that of the first pivot that
///   is zero. A matrix that is singular only to rounding is not found.
public func checkedInverse<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) throws -> Tensor<Scalar> {
  let check = DecompositionCheck(failure: .singular, location: .here(file, line))
  let found = try check.results([matrix.node]) {
    let (x, status) = try $0.inverses($1[0])
    return [x, status]
  }
  return Tensor(found[0])
}

/// The x of least ‖matrix·x − b‖, as `leastSquares(_:_:)`.
///
/// - Throws: `AdjointError` where a matrix does not have full rank to rounding, with its number and that
///   of the first column, or of a wide matrix the first row, that is made of those before it.
public func checkedLeastSquares<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, _ b: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) throws -> Tensor<Scalar> {
  let check = DecompositionCheck(failure: .rankDeficient, location: .here(file, line))
  let found = try check.results([matrix.node, b.node]) {
    let (x, status) = try $0.leastSquares($1[0], $1[1])
    return [x, status]
  }
  return Tensor(found[0])
}

/// The eigenvalues and eigenvectors of symmetric or Hermitian matrices, as `eigh(_:degenerateSafe:)`.
///
/// - Throws: `AdjointError` where the iteration does not converge, as for NaN.
public func checkedEigh<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, degenerateSafe: Bool = false, file: String = #fileID, line: Int = #line
) throws -> (values: Tensor<Scalar.Part>, vectors: Tensor<Scalar>) {
  let check = DecompositionCheck(failure: .notConverged, location: .here(file, line))
  let found = try check.results([matrix.node]) {
    try $0.symmetricDecomposition($1[0], isDegenerateSafe: degenerateSafe)
  }
  return (Tensor(found[0]), Tensor(found[1]))
}

/// The eigenvalues of symmetric or Hermitian matrices, as `symmetricEigenvalues(_:)`.
///
/// - Throws: `AdjointError` where the iteration does not converge, as for NaN.
public func checkedSymmetricEigenvalues<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) throws -> Tensor<Scalar.Part> {
  let check = DecompositionCheck(failure: .notConverged, location: .here(file, line))
  return Tensor(try check.results([matrix.node]) { try $0.symmetricValues($1[0]) }[0])
}

/// The eigenvalues and right eigenvectors of square matrices, as `eig(_:)`.
///
/// - Throws: `AdjointError` where the iteration does not converge, as for NaN.
public func checkedEig<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) throws -> (values: Tensor<Complex<Scalar.Part>>, vectors: Tensor<Complex<Scalar.Part>>)
where Scalar.Part: ComplexPart {
  let check = DecompositionCheck(failure: .notConverged, location: .here(file, line))
  let found = try check.results([matrix.node]) { try $0.generalDecomposition($1[0]) }
  return (Tensor(found[0]), Tensor(found[1]))
}

/// The eigenvalues of square matrices, as `eigenvalues(_:)`.
///
/// - Throws: `AdjointError` where the iteration does not converge, as for NaN.
public func checkedEigenvalues<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) throws -> Tensor<Complex<Scalar.Part>> where Scalar.Part: ComplexPart {
  let check = DecompositionCheck(failure: .notConverged, location: .here(file, line))
  return Tensor(try check.results([matrix.node]) { try $0.generalValues($1[0]) }[0])
}

/// The singular value decomposition, as `svd(_:full:)`.
///
/// - Throws: `AdjointError` where the iteration does not converge, as for NaN.
public func checkedSVD<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, full: Bool = false, file: String = #fileID, line: Int = #line
) throws -> (u: Tensor<Scalar>, s: Tensor<Scalar.Part>, vt: Tensor<Scalar>) {
  let check = DecompositionCheck(failure: .notConverged, location: .here(file, line))
  let found = try check.results([matrix.node]) {
    try $0.singularDecomposition($1[0], isFull: full)
  }
  return (Tensor(found[0]), Tensor(found[1]), Tensor(found[2]))
}

/// The singular values of matrices, as `singularValues(_:)`.
///
/// - Throws: `AdjointError` where the iteration does not converge, as for NaN.
public func checkedSingularValues<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) throws -> Tensor<Scalar.Part> {
  let check = DecompositionCheck(failure: .notConverged, location: .here(file, line))
  return Tensor(try check.results([matrix.node]) { try $0.singularValues($1[0]) }[0])
}
