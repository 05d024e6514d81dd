extension MatrixOp {
  /// - C1: elements are f32 or f64, or complex numbers of these, of one type.
  /// - C2: there are at least two axes, and as many matrices in each operand.
  /// - C3: matrices are square where that is asked for.
  /// - C4: extents of operands fit each other.
  func resultTypes(_ check: TypingCheck) throws -> [TensorType] {
    try check.hasOperands(operandCount)
    let (a, batch) = (check.operands[0], try batchShape(check))
    let (m, n) = (a.shape.dropLast().last ?? 0, a.shape.last ?? 0)
    let k = min(m, n)
    let status = TensorType(batch, .i32)
    func type(_ shape: Int...) -> TensorType { TensorType(batch + shape, a.element) }
    func real(_ shape: Int...) -> TensorType { TensorType(batch + shape, a.element.partType) }
    func complex(_ shape: Int...) -> TensorType {
      TensorType(batch + shape, a.element.complexType ?? a.element)
    }
    switch self {
    case .cholesky:
      try requireSquare(check)
      return [a, status]
    case .triangularSolve(let solve):
      try requireSquare(check)
      let b = check.operands[1]
      let extent = solve.isLeft ? b.shape[b.rank - 2] : b.shape[b.rank - 1]
      try check.require(4, extent == n) { "\(a) does not fit \(b)" }
      return [b]
    case .lu:
      return [a, TensorType(batch + [k], .i32), TensorType(batch + [m], .i32), status]
    case .householder: return [a, type(k)]
    case .reflectors:
      let scales = check.operands[1]
      try check.require(4, m >= n) { "\(a) has more columns than rows" }
      try check.require(
        4, Array(scales.shape.dropLast()) == batch && (scales.shape.last ?? 0) <= n
      ) { "scales \(scales) do not fit reflectors \(a)" }
      return [a]
    case .eigh(_, let hasVectors, _):
      try requireSquare(check)
      return (hasVectors ? [a] : []) + [real(n), status]
    case .eig(let hasLeft, let hasRight):
      try requireSquare(check)
      let vectors = (hasLeft ? [complex(n, n)] : []) + (hasRight ? [complex(n, n)] : [])
      return [complex(n)] + vectors + [status]
    case .schur(let hasVectors):
      try requireSquare(check)
      return [a] + (hasVectors ? [a] : []) + [complex(n), status]
    case .hessenberg:
      try requireSquare(check)
      return [a, type(max(0, n - 1)), status]
    case .tridiagonalize:
      try requireSquare(check)
      return [a, real(n), real(max(0, n - 1)), type(max(0, n - 1)), status]
    case .svd(let vectors):
      switch vectors {
      case .none: return [real(k), status]
      case .thin: return [real(k), type(m, k), type(k, n), status]
      case .full: return [real(k), type(m, m), type(n, n), status]
      }
    case .tridiagonalSolve:
      let b = check.operands[3]
      for diagonal in check.operands.dropLast() {
        try check.require(4, diagonal.shape == Array(b.shape.dropLast())) {
          "diagonal \(diagonal) does not fit \(b)"
        }
      }
      return [b]
    }
  }

  /// The element types that matrices can have.
  private static let elements: [ElementType] = [.f32, .f64, .c64, .c128]

  /// How many operands there are.
  private var operandCount: Int {
    switch self {
    case .cholesky, .lu, .householder, .eigh, .svd, .eig, .schur, .hessenberg, .tridiagonalize: 1
    case .triangularSolve, .reflectors: 2
    case .tridiagonalSolve: 4
    }
  }

  /// The extents that number matrices.
  private func batchShape(_ check: TypingCheck) throws -> [Int] {
    let first = check.operands[0]
    for type in check.operands {
      try check.require(
        1, Self.elements.contains(type.element) && type.element == first.element
      ) {
        "elements must be f32, f64 or complex, not \(check.operands.map(\.description).joined(separator: ", "))"
      }
    }
    if case .tridiagonalSolve = self {
      let b = check.operands[3]
      try check.require(2, b.rank >= 2) { "\(b) is no matrix" }
      return Array(b.shape.dropLast(2))
    }
    try check.require(2, first.rank >= 2) { "\(first) is no matrix" }
    let batch = Array(first.shape.dropLast(2))
    if case .triangularSolve = self {
      let b = check.operands[1]
      try check.require(2, b.rank == first.rank && Array(b.shape.dropLast(2)) == batch) {
        "\(first) and \(b) are not as many matrices"
      }
    }
    return batch
  }

  /// Fails unless the first operand's matrices are square.
  private func requireSquare(_ check: TypingCheck) throws {
    let type = check.operands[0]
    try check.require(3, type.shape[type.rank - 1] == type.shape[type.rank - 2]) {
      "matrices must be square, not \(type)"
    }
  }
}
