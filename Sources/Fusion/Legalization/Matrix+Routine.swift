internal import TensorIR

extension MatrixOp {
  /// The greatest order of matrices that are decomposed without LAPACK.
  private static let smallOrder = 32

  /// The call of the routine for many matrices of these types; complex elements are pairs of real ones
  /// along one more axis.
  func routine(_ operandTypes: [TensorType], _ resultTypes: [TensorType]) -> ForeignCall {
    let own = operandTypes[0].shape
    let (m, n) = (own.dropLast().last ?? 0, own.last ?? 0)
    let name = routineName + "_" + operandTypes[0].element.routineSuffix
    let inputs = operandTypes.indices.map { ForeignCall.Parameter.operand($0) }
    let numbers = routineNumbers(operandTypes).map { ForeignCall.Parameter.number($0) }
    return ForeignCall(
      name,
      .routine(
        name,
        needsLibrary: needsLibrary(order: max(m, n), isComplex: operandTypes[0].element.isComplex)),
      parameters: [.context] + inputs + routineResults + numbers, returning: .status,
      operandTypes: operandTypes.map(\.interleaved), resultTypes: resultTypes.map(\.interleaved))
  }

  /// The name of the routine without the element type.
  private var routineName: String {
    switch self {
    case .cholesky: "cholesky"
    case .triangularSolve: "solve"
    case .lu: "lu"
    case .householder: "householder"
    case .reflectors: "reflectors"
    case .eigh: "eigh"
    case .svd: "svd"
    case .eig: "eig"
    case .schur: "schur"
    case .hessenberg: "hessenberg"
    case .tridiagonalize: "tridiagonalize"
    case .tridiagonalSolve: "tridiagonal"
    }
  }

  /// Where the routine puts its results; null where vectors are not wanted.
  private var routineResults: [ForeignCall.Parameter] {
    switch self {
    case .eigh(_, hasVectors: false, _): [.number(0), .result(0), .result(1)]
    case .svd(.none): [.result(0), .number(0), .number(0), .result(1)]
    case .eig(let hasLeft, let hasRight):
      [
        .result(0), hasLeft ? .result(1) : .number(0),
        hasRight ? .result(hasLeft ? 2 : 1) : .number(0),
        .result(hasFloatResults.count - 1),
      ]
    case .schur(hasVectors: false): [.result(0), .number(0), .result(1), .result(2)]
    case .cholesky, .triangularSolve, .lu, .householder, .reflectors, .eigh, .svd, .schur,
      .hessenberg, .tridiagonalize, .tridiagonalSolve:
      hasFloatResults.indices.map { .result($0) }
    }
  }

  /// How many matrices there are, their extents and what else the routine is told.
  private func routineNumbers(_ types: [TensorType]) -> [Int] {
    let (own, last) = (types[0].shape, types[types.count - 1].shape)
    let (m, n) = (own.dropLast().last ?? 0, own.last ?? 0)
    let count = own.dropLast(2).reduce(1, *)
    switch self {
    case .cholesky(let isLower): return [count, n, isLower ? 1 : 0]
    case .triangularSolve(let solve):
      return [count, n, solve.isLeft ? last[last.count - 1] : last[last.count - 2], solve.flags]
    case .lu, .householder: return [count, m, n]
    case .reflectors: return [count, m, n, last.last ?? 0]
    case .eigh(let isLower, _, _): return [count, n, isLower ? 1 : 0]
    case .svd(let vectors): return [count, m, n, vectors.code]
    case .eig, .schur, .hessenberg: return [count, n]
    case .tridiagonalize(let isLower): return [count, n, isLower ? 1 : 0]
    case .tridiagonalSolve:
      return [last.dropLast(2).reduce(1, *), last[last.count - 2], last[last.count - 1]]
    }
  }

  /// Whether matrices of an order are decomposed by LAPACK.
  private func needsLibrary(order: Int, isComplex: Bool) -> Bool {
    switch self {
    case .cholesky, .triangularSolve: isComplex && order > Self.smallOrder
    case .lu, .householder, .reflectors: order > Self.smallOrder
    case .eigh, .svd, .eig, .schur, .hessenberg, .tridiagonalize: order > 0
    case .tridiagonalSolve: false
    }
  }
}

extension TensorType {
  /// The type as it stands in memory: complex numbers are pairs along one more axis.
  var interleaved: TensorType {
    element.isComplex ? TensorType(shape + [2], element.partType) : self
  }
}

extension ElementType {
  /// The end of the names of routines for the type.
  var routineSuffix: String {
    isComplex ? "c\(width)" : rawValue
  }
}

extension MatrixOp.Vectors {
  /// The letter that LAPACK has for it.
  fileprivate var code: Int {
    switch self {
    case .none: 78
    case .thin: 83
    case .full: 65
    }
  }
}

extension TriangularSolve {
  /// The choices as bits: left, lower, unit diagonal, transposed, conjugated besides.
  fileprivate var flags: Int {
    let transposed =
      switch transposition {
      case .none: 0
      case .transpose: 8
      case .adjoint: 8 + 16
      }
    return (isLeft ? 1 : 0) + (isLower ? 2 : 0) + (hasUnitDiagonal ? 4 : 0) + transposed
  }
}

extension ForeignCall.Parameter {
  /// A number that a routine takes; zero for a null pointer.
  static func number(_ value: Int) -> Self {
    .constant(Literal(TensorType([], .i64), integers: [Int64(value)]))
  }
}
