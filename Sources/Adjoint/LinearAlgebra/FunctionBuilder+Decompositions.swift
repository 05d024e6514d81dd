internal import TensorIR

// What the functions of this folder are made of: the operations of each decomposition, whose statuses
// come last where it may fail.

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

/// As many of the same as there are element types, with failed values of these in place of an error.
func decomposed(
  _ operands: [TensorNode], _ elements: [ElementType], at location: SourceLocation,
  _ body: (inout FunctionBuilder, [ValueID]) throws -> [ValueID]
) -> [TensorNode] {
  do {
    return try composed(operands, at: location) { builder, values in
      Array(try body(&builder, values).prefix(elements.count))
    }
  } catch let error as AdjointError {
    return elements.map { .failed(error, $0) }
  } catch {
    return elements.map { .failed(AdjointError(.system, "\(error)", at: location), $0) }
  }
}

extension FunctionBuilder {
  /// The means of square matrices and their adjoints.
  private mutating func symmetricPart(_ operand: ValueID, _ what: String) throws -> ValueID {
    try requireSquare(operand, what)
    let sum = try add(operand, adjointMatrices(operand))
    return try multiply(sum, splat(0.5, self[operand]))
  }

  /// Fails unless a value is square matrices.
  func requireSquare(_ operand: ValueID, _ what: String) throws {
    let shape = self[operand].shape
    guard shape.count >= 2, shape[shape.count - 1] == shape[shape.count - 2] else {
      throw AdjointError(.shape, "\(what) takes square matrices, not a tensor of shape \(shape)")
    }
  }

  /// Cholesky's factors, and statuses.
  mutating func choleskyFactors(_ matrix: ValueID, isUpper: Bool) throws -> [ValueID] {
    let whole = try symmetricPart(matrix, "cholesky")
    return try emitAll(.matrix(.cholesky(isLower: !isUpper)), [whole])
  }

  /// The factors, pivots from zero on, permutations, and statuses of LU decompositions.
  mutating func luFactors(_ matrix: ValueID) throws -> [ValueID] {
    let found = try emitAll(.matrix(.lu), [matrix])
    let pivots = try subtract(found[1], splat(1, self[found[1]]))
    return [found[0], pivots, found[2], found[3]]
  }

  /// Q and R.
  mutating func orthogonalFactors(_ matrix: ValueID, isFull: Bool) throws -> [ValueID] {
    let factors = try emitAll(.matrix(.householder), [matrix])
    let shape = self[matrix].shape
    let (m, n) = (shape[shape.count - 2], shape[shape.count - 1])
    let width = isFull ? m : min(m, n)
    let columns = try matrixPart(factors[0], rows: 0..<m, columns: 0..<min(width, n))
    let wide = try paddedMatrices(columns, rows: m, columns: width)
    let q = try emit(.matrix(.reflectors), [wide, factors[1]])
    let rows = try matrixPart(factors[0], rows: 0..<width, columns: 0..<n)
    return [q, try upperTriangle(rows)]
  }

  /// The eigenvalues and vectors of Hermitian matrices, and statuses.
  mutating func symmetricDecomposition(
    _ matrix: ValueID, isDegenerateSafe: Bool
  ) throws -> [ValueID] {
    let whole = try symmetricPart(matrix, "eigh")
    let op = MatrixOp.eigh(isLower: true, hasVectors: true, isDegenerateSafe: isDegenerateSafe)
    let found = try emitAll(.matrix(op), [whole])
    return [found[1], found[0], found[2]]
  }

  /// The eigenvalues of Hermitian matrices, and statuses.
  mutating func symmetricValues(_ matrix: ValueID) throws -> [ValueID] {
    let whole = try symmetricPart(matrix, "symmetricEigenvalues")
    return try emitAll(.matrix(.eigh(isLower: true, hasVectors: false)), [whole])
  }

  /// The eigenvalues and right vectors of square matrices, and statuses.
  mutating func generalDecomposition(_ matrix: ValueID) throws -> [ValueID] {
    try requireSquare(matrix, "eig")
    return try emitAll(.matrix(.eig(hasLeft: false, hasRight: true)), [matrix])
  }

  /// The eigenvalues of square matrices, and statuses.
  mutating func generalValues(_ matrix: ValueID) throws -> [ValueID] {
    try requireSquare(matrix, "eigenvalues")
    return try emitAll(.matrix(.eig(hasLeft: false, hasRight: false)), [matrix])
  }

  /// U, the singular values, Vᴴ, and statuses.
  mutating func singularDecomposition(_ matrix: ValueID, isFull: Bool) throws -> [ValueID] {
    let found = try emitAll(.matrix(.svd(isFull ? .full : .thin)), [matrix])
    return [found[1], found[0], found[2], found[3]]
  }

  /// The singular values, and statuses.
  mutating func singularValues(_ matrix: ValueID) throws -> [ValueID] {
    try emitAll(.matrix(.svd(.none)), [matrix])
  }
}
