/// Decompositions and solutions of equations of matrices, which stand in the last two axes of operands;
/// the axes before them number matrices that are treated one by one.
///
/// A `status` is an i32 for each matrix: zero where all went well. What a matrix without a
/// decomposition gives is NaN.
package enum MatrixOp: Hashable, Sendable {
  /// (a) → (factor, status): the triangular matrix L with L·Lᴴ = a, or U with Uᴴ·U = a, zeros beside
  /// it. Only that triangle of `a` is read. A status says which leading minor is not positive.
  case cholesky(isLower: Bool)
  /// (a, b) → x: the solution of equations with a triangular matrix.
  case triangularSolve(TriangularSolve)
  /// (a) → (factors, pivots, permutation, status): L·U = P·a with a unit lower triangular L below the
  /// diagonal and U on and above it, by rows with the greatest pivots. `pivots` are i32 from one on: row
  /// i was exchanged with row pivots[i], one after the other; row i of P·a is row permutation[i] of a.
  /// A status says which pivot is zero.
  case lu
  /// (a) → (factors, scales): Householder's reflectors that make `a` upper triangular, by columns. That
  /// triangle stands on and above the diagonal; below it stand the reflectors v, whose first element is
  /// one, and I − scale·v·vᴴ is the reflection.
  case householder
  /// (factors, scales) → q: the product of reflections, of its first columns as many as `factors` has.
  case reflectors
  /// (a) → (vectors, values, status): a = V·diag(w)·Vᴴ of a Hermitian matrix, of which one triangle is
  /// read, with rising values; without vectors, (values, status). Derivatives of vectors of values that
  /// are equal to rounding are NaN or huge, or, where that `isDegenerateSafe`, leave out what would turn
  /// these vectors into each other.
  case eigh(isLower: Bool, hasVectors: Bool, isDegenerateSafe: Bool = false)
  /// (a) → (values, u, vᴴ, status): a = U·diag(s)·Vᴴ with falling values; without vectors,
  /// (values, status).
  case svd(Vectors)
  /// (a) → (values, left vectors, right vectors, status): a·v = w·v and uᴴ·a = w·uᴴ for each column of
  /// complex vectors, which have length one and a component of greatest size that is real; only the
  /// vectors that are wanted are results.
  case eig(hasLeft: Bool, hasRight: Bool)
  /// (a) → (t, z, values, status): a = Z·T·Zᴴ with a unitary Z and an upper triangular T, whose diagonal
  /// are the values; of a real matrix T has blocks of order two on the diagonal for values that are not
  /// real. Without vectors, (t, values, status).
  case schur(hasVectors: Bool)
  /// (a) → (factors, scales, status): QᴴAQ without elements below the first subdiagonal, and below that
  /// the reflectors whose product Q is, as in `householder` one row further down.
  case hessenberg
  /// (a) → (factors, diagonal, subdiagonal, scales, status): the real elements of a matrix of three
  /// diagonals QᴴAQ of a Hermitian matrix, of which one triangle is read, and the reflectors beside.
  case tridiagonalize(isLower: Bool)
  /// (lower, diagonal, upper, b) → x: the solution of equations with a matrix of three diagonals, whose
  /// first element of `lower` and last one of `upper` are not read.
  case tridiagonalSolve

  /// Which singular vectors are wanted.
  package enum Vectors: String, Hashable, Sendable, CaseIterable {
    /// None.
    case none
    /// As many as there are singular values.
    case thin
    /// Whole orthogonal matrices.
    case full
  }

  /// For each result whether its elements are floats; the others are numbers of rows or statuses.
  package var hasFloatResults: [Bool] {
    switch self {
    case .cholesky: [true, false]
    case .triangularSolve, .reflectors, .tridiagonalSolve: [true]
    case .lu: [true, false, false, false]
    case .householder: [true, true]
    case .eigh(_, let hasVectors, _): hasVectors ? [true, true, false] : [true, false]
    case .svd(let vectors): vectors == .none ? [true, false] : [true, true, true, false]
    case .eig(let hasLeft, let hasRight):
      [true] + (hasLeft ? [true] : []) + (hasRight ? [true] : []) + [false]
    case .schur(let hasVectors): hasVectors ? [true, true, true, false] : [true, true, false]
    case .hessenberg: [true, true, false]
    case .tridiagonalize: [true, true, true, true, false]
    }
  }

  /// How the op is written.
  package var mnemonic: String {
    switch self {
    case .cholesky: "adjoint.cholesky"
    case .triangularSolve: "stablehlo.triangular_solve"
    case .lu: "adjoint.lu"
    case .householder: "adjoint.householder"
    case .reflectors: "adjoint.reflectors"
    case .eigh: "adjoint.eigh"
    case .svd: "adjoint.svd"
    case .eig: "adjoint.eig"
    case .schur: "adjoint.schur"
    case .hessenberg: "adjoint.hessenberg"
    case .tridiagonalize: "adjoint.tridiagonalize"
    case .tridiagonalSolve: "adjoint.tridiagonal_solve"
    }
  }
}

/// Which equations a triangular solve solves: op(a)·x = b, or x·op(a) = b from the right.
package struct TriangularSolve: Hashable, Sendable {
  /// What op(a) is; the raw value is its spelling in text.
  package enum Transposition: String, Hashable, Sendable, CaseIterable {
    case none = "NO_TRANSPOSE"
    case transpose = "TRANSPOSE"
    case adjoint = "ADJOINT"
  }

  /// Whether op(a) stands left of x.
  package var isLeft: Bool
  /// Whether the lower triangle of `a` is read, else the upper one.
  package var isLower: Bool
  /// Whether the diagonal is one, whatever stands there.
  package var hasUnitDiagonal: Bool
  /// What op(a) is.
  package var transposition: Transposition

  package init(
    isLeft: Bool = true, isLower: Bool, hasUnitDiagonal: Bool = false,
    transposition: Transposition = .none
  ) {
    self.isLeft = isLeft
    self.isLower = isLower
    self.hasUnitDiagonal = hasUnitDiagonal
    self.transposition = transposition
  }
}
