import TensorIR

/// Decompositions of matrices and solutions of equations.
let matrixRows: [OpRow] = [
  matrixRow("cholesky lower", [[3, 3], [1, 1], [2, 4, 4], [0, 0], [0, 3, 3], [17, 2, 2]]) {
    try $0.emit(.matrix(.cholesky(isLower: true)), [$0.positive($1[0])])
  },
  matrixRow("cholesky upper", [[3, 3], [9, 9]]) {
    try $0.emit(.matrix(.cholesky(isLower: false)), [$0.positive($1[0])])
  },
  matrixRow("lu", [[3, 3], [1, 1], [5, 3], [3, 5], [2, 4, 4], [0, 3], [3, 0], [9, 3, 3]]) {
    try $0.emit(.matrix(.lu), [$0.dominant($1[0])])
  },
  matrixRow("householder", [[4, 3], [3, 3], [3, 5], [2, 4, 2], [1, 1], [0, 2], [2, 0]]) {
    try $0.emit(.matrix(.householder), [$0.dominant($1[0])])
  },
  matrixRow("reflectors", [[4, 3], [3, 3], [2, 4, 2], [1, 1], [2, 0]]) {
    let found = try $0.emitAll(.matrix(.householder), [$0.dominant($1[0])])
    return try $0.emit(.matrix(.reflectors), found)
  },
  matrixRow("eigenvalues", [[3, 3], [1, 1], [2, 4, 4], [0, 0]]) {
    let op = MatrixOp.eigh(isLower: true, hasVectors: false)
    return try $0.emit(.matrix(op), [$0.dominant($1[0])])
  },
  matrixRow("eigenvalues beside vectors", [[3, 3]]) {
    let op = MatrixOp.eigh(isLower: false, hasVectors: true)
    return try $0.emitAll(.matrix(op), [$0.dominant($1[0])])[1]
  },
  matrixRow("singular values", [[3, 3], [4, 2], [2, 4], [2, 3, 3], [1, 1], [0, 2]]) {
    try $0.emit(.matrix(.svd(.none)), [$0.dominant($1[0])])
  },
  matrixRow("singular values beside vectors", [[3, 3], [4, 2]]) {
    try $0.emit(.matrix(.svd(.full)), [$0.dominant($1[0])])
  },
  matrixRow("general eigenvalues of one number", [[1, 1], [3, 1, 1], [0, 0]]) {
    try $0.emit(.matrix(.eig(hasLeft: false, hasRight: false)), [$1[0]])
  },
  matrixRow("schur of one number", [[1, 1], [3, 1, 1], [0, 0]], hasDerivative: false) {
    try $0.emit(.matrix(.schur(hasVectors: false)), [$1[0]])
  },
  matrixRow("hessenberg", [[4, 4], [1, 1], [2, 3, 3], [0, 0]], hasDerivative: false) {
    try $0.emit(.matrix(.hessenberg), [$0.dominant($1[0])])
  },
  matrixRow("tridiagonalize lower", [[4, 4], [1, 1], [2, 3, 3], [0, 0]], hasDerivative: false) {
    try $0.emit(.matrix(.tridiagonalize(isLower: true)), [$0.dominant($1[0])])
  },
  matrixRow("tridiagonalize upper", [[4, 4], [2, 3, 3]], hasDerivative: false) {
    try $0.emit(.matrix(.tridiagonalize(isLower: false)), [$0.dominant($1[0])])
  },
  OpRow(
    "matrix tridiagonal solve", matrixElements,
    values: [.uniform(-1...1), .uniform(3...4), .uniform(-1...1)], derivative: .smooth(),
    tolerance: matrixTolerance,
    variants: [
      OpVariant(.matrix(.tridiagonalSolve), [4], [4], [4], [4, 2]),
      OpVariant(.matrix(.tridiagonalSolve), [1], [1], [1], [1, 1]),
      OpVariant(.matrix(.tridiagonalSolve), [2, 3], [2, 3], [2, 3], [2, 3, 1]),
      OpVariant(.matrix(.tridiagonalSolve), [0], [0], [0], [0, 2]),
    ]),
  OpRow(
    "matrix triangular solve", matrixElements, values: [.uniform(-1...1)],
    derivative: .smooth(), tolerance: matrixTolerance,
    variants: triangularVariants),
]

/// Every way to solve a triangular system, and shapes for one of them.
private let triangularVariants: [OpVariant] = {
  var variants: [OpVariant] = []
  for isLeft in [true, false] {
    for isLower in [true, false] {
      for hasUnitDiagonal in [true, false] {
        for transposition in TriangularSolve.Transposition.allCases {
          let solve = TriangularSolve(
            isLeft: isLeft, isLower: isLower, hasUnitDiagonal: hasUnitDiagonal,
            transposition: transposition)
          variants.append(triangularVariant(solve, [3, 3], isLeft ? [3, 2] : [2, 3]))
        }
      }
    }
  }
  let usual = TriangularSolve(isLower: true)
  for (a, b) in [
    ([1, 1], [1, 1]), ([4, 4], [4, 7]), ([2, 3, 3], [2, 3, 1]), ([0, 0], [0, 2]),
    ([2, 2], [2, 0]), ([17, 2, 2], [17, 2, 5]), ([0, 2, 2], [0, 2, 1]),
  ] {
    variants.append(triangularVariant(usual, a, b))
  }
  return variants
}()

private func triangularVariant(
  _ solve: TriangularSolve, _ a: [Int], _ b: [Int]
) -> OpVariant {
  let name =
    "\(solve.isLeft ? "left" : "right") \(solve.isLower ? "lower" : "upper") "
    + "\(solve.hasUnitDiagonal ? "unit " : "")\(solve.transposition.rawValue) \(a) \(b)"
  return OpVariant(name, [OpVariant.Parameter(a), OpVariant.Parameter(b)]) {
    try $0.emit(.matrix(.triangularSolve(solve)), [$0.dominant($1[0]), $1[1]])
  }
}

/// How far results of decompositions may be from the interpreter's, which computes in doubles.
private let matrixTolerance = Tolerance(ulps: 256, epsilons: 2048)

/// The element types that matrices can have.
private let matrixElements = ElementType.floats + ElementType.complexNumbers

private func matrixRow(
  _ name: String, _ shapes: [[Int]], hasDerivative: Bool = true, body: @escaping OpVariant.Body
) -> OpRow {
  OpRow(
    "matrix " + name, matrixElements, values: [.uniform(-1...1)],
    derivative: hasDerivative ? .smooth() : .none("a reduction without one"),
    tolerance: matrixTolerance,
    variants: shapes.map { OpVariant("\($0)", [OpVariant.Parameter($0)], body: body) })
}

extension FunctionBuilder {
  /// A·Aᴴ plus a multiple of the identity.
  package mutating func positive(_ operand: ValueID) throws -> ValueID {
    try dominant(productWithAdjoint(operand, operand))
  }

  /// The matrix with a diagonal that rises from two on, so that pivots and orders of values are clear.
  package mutating func dominant(_ operand: ValueID) throws -> ValueID {
    let type = self[operand]
    let place = try emit(.iota(type, dimension: type.rank - 1), [])
    let rising = try add(place, splat(2, type))
    return try add(operand, multiply(rising, identityMatrices(type)))
  }
}
