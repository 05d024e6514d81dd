internal import TensorIR

// Solutions of linear equations, and what is computed through them. Matrices stand in the last two
// axes; all axes before them number matrices. Elements are Float, Double or complex numbers of these.

/// The solution of matrix·x = b, where `b` is a vector or has right-hand sides as columns.
///
/// The matrix is decomposed once, by `lu(_:)`, also for the derivative. Where a matrix is singular the
/// solution has infinities or NaN.
public func solve<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, _ b: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node, b.node], at: location) { builder, values in
      [try builder.solution(values[0], values[1]).x]
    }[0]
  }
}

/// The solution of triangular·x = b, where `b` is a vector or has right-hand sides as columns; of the
/// matrix only one triangle is read.
///
/// - Parameters:
///   - lower: whether the lower triangle is read.
///   - transposed: whether the matrix is transposed after that.
///   - conjugated: whether the matrix is conjugated too; with `transposed` that is its adjoint.
///   - unitDiagonal: whether the diagonal is one, whatever stands there.
public func triangularSolve<Scalar: TensorInexact>(
  _ triangular: Tensor<Scalar>, _ b: Tensor<Scalar>, lower: Bool = true, transposed: Bool = false,
  conjugated: Bool = false, unitDiagonal: Bool = false, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return triangular.derived {
    try composed([triangular.node, b.node], at: location) { builder, values in
      let (a, columns, shape) = try builder.system(values[0], values[1], "triangularSolve")
      let isAdjoint = transposed && conjugated
      let x = try builder.triangularSolve(
        conjugated && !transposed ? builder.conjugated(a) : a, columns, isLower: lower,
        hasUnitDiagonal: unitDiagonal, isTransposed: transposed, isAdjoint: isAdjoint)
      return [try builder.reshape(x, to: shape)]
    }[0]
  }
}

/// The inverse of matrices; to multiply by it, `solve(_:_:)` is quicker and more accurate.
public func inverse<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node], at: location) { builder, values in
      try builder.requireSquare(values[0], "inverse")
      return [try builder.inverses(values[0]).x]
    }[0]
  }
}

extension Tensor where Scalar: TensorInexact {
  /// The determinant of each matrix.
  public func determinant(file: String = #fileID, line: Int = #line) -> Tensor {
    let location = SourceLocation.here(file, line)
    return derived {
      try composed([node], at: location) { builder, values in
        try builder.requireSquare(values[0], "determinant")
        let found = try builder.emitAll(.matrix(.lu), values)
        let diagonal = try builder.matrixDiagonal(found[0])
        let axis = builder[diagonal].rank - 1
        let product = try builder.reduce(.multiply, diagonal, dimensions: [axis])
        return [try builder.multiply(product, builder.sign(ofPivots: found[1], Scalar.elementType))]
      }[0]
    }
  }

  /// The sign of the determinant of each matrix, a number of size one where elements are complex, and
  /// the logarithm of its absolute value.
  public func logDeterminant(
    file: String = #fileID, line: Int = #line
  ) -> (sign: Tensor, logarithm: Tensor<Scalar.Part>) {
    let location = SourceLocation.here(file, line)
    let element = Scalar.elementType
    let found = decomposed(
      [node], [element, Scalar.Part.elementType], at: location
    ) { builder, values in
      try builder.requireSquare(values[0], "logDeterminant")
      let found = try builder.emitAll(.matrix(.lu), values)
      let diagonal = try builder.matrixDiagonal(found[0])
      let axis = builder[diagonal].rank - 1
      let signs = try builder.reduce(
        .multiply, builder.unary(.sign, diagonal), dimensions: [axis])
      let logarithms = try builder.unary(.log, builder.unary(.abs, diagonal))
      return [
        try builder.multiply(signs, builder.sign(ofPivots: found[1], element)),
        try builder.reduce(.add, logarithms, dimensions: [axis]),
      ]
    }
    return (Tensor(found[0]), Tensor<Scalar.Part>(found[1]))
  }
}

/// The x of least ‖matrix·x − b‖, where `b` is a vector or has right-hand sides as columns; of a matrix
/// with more columns than rows, the solution of least length.
///
/// Through a QR decomposition: the matrix has full rank.
public func leastSquares<Scalar: TensorInexact>(
  _ matrix: Tensor<Scalar>, _ b: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node, b.node], at: location) { builder, values in
      [try builder.leastSquares(values[0], values[1]).x]
    }[0]
  }
}

extension FunctionBuilder {
  /// The matrices and right-hand sides of equations with the same axes before the last two, and the
  /// shape of the solution where both are square.
  mutating func system(
    _ matrix: ValueID, _ b: ValueID, _ what: String
  ) throws -> (a: ValueID, columns: ValueID, shape: [Int]) {
    let (left, right) = (self[matrix].shape, self[b].shape)
    let isVector = right.count == 1
    let rows = isVector ? right.first : right.dropLast().last
    guard left.count >= 2, let rows, rows == left[left.count - 2] else {
      throw AdjointError(.shape, "\(what): shapes \(left) and \(right) do not fit")
    }
    let width = isVector ? 1 : right[right.count - 1]
    let batches = [Array(left.dropLast(2)), isVector ? [] : Array(right.dropLast(2))]
    let batch = try Broadcasting.commonShape(batches, for: what, at: location)
    let wide = try spread(matrix, batch + left.suffix(2))
    let columns = try spread(reshape(b, to: isVector ? [rows, 1] : right), batch + [rows, width])
    return (wide, columns, batch + [rows] + (isVector ? [] : [width]))
  }

  /// A value repeated along new first axes, and along those of extent one.
  private mutating func spread(_ value: ValueID, _ shape: [Int]) throws -> ValueID {
    let own = self[value].shape
    return try broadcast(
      value, to: shape, dimensions: Array((shape.count - own.count)..<shape.count))
  }

  /// The solution of equations with square matrices, and the status of their decomposition.
  mutating func solution(
    _ matrix: ValueID, _ b: ValueID
  ) throws -> (x: ValueID, status: ValueID) {
    try requireSquare(matrix, "solve")
    // Decomposed before it is repeated for right-hand sides of more axes.
    let found = try emitAll(.matrix(.lu), [matrix])
    let (factors, columns, shape) = try system(found[0], b, "solve")
    let order = try spread(found[2], Array(self[factors].shape.dropLast()))
    let rows = try matrixRows(columns, order)
    let y = try triangularSolve(factors, rows, isLower: true, hasUnitDiagonal: true)
    let x = try triangularSolve(factors, y, isLower: false)
    return (try reshape(x, to: shape), found[3])
  }

  /// The inverses of square matrices, and the status of their decomposition.
  mutating func inverses(_ matrix: ValueID) throws -> (x: ValueID, status: ValueID) {
    try requireSquare(matrix, "inverse")
    return try solution(matrix, identityMatrices(self[matrix]))
  }

  /// The solution of least squares, and statuses: the first column, from one on, that is made of those
  /// before it to rounding, or zero.
  mutating func leastSquares(
    _ matrix: ValueID, _ b: ValueID
  ) throws -> (x: ValueID, status: ValueID) {
    let (a, columns, shape) = try system(matrix, b, "leastSquares")
    let extents = self[a].shape
    let (m, n) = (extents[extents.count - 2], extents[extents.count - 1])
    let isTall = m >= n
    let factors = try emitAll(.matrix(.householder), [isTall ? a : adjointMatrices(a)])
    let q = try emit(.matrix(.reflectors), factors)
    let order = min(m, n)
    let r = try matrixPart(factors[0], rows: 0..<order, columns: 0..<order)
    let x: ValueID
    if isTall {
      x = try triangularSolve(r, adjointProduct(q, columns), isLower: false)
    } else {
      x = try matrixProduct(q, triangularSolve(r, columns, isLower: false, isAdjoint: true))
    }
    var solution = shape
    solution[self[b].rank == 1 ? solution.count - 1 : solution.count - 2] = n
    return (try reshape(x, to: solution), try dependentColumns(r, greatest: max(m, n)))
  }

  /// For each upper triangular matrix the first diagonal element, from one on, that is zero to rounding
  /// beside the greatest one, or not a number; zero where there is none.
  private mutating func dependentColumns(_ r: ValueID, greatest extent: Int) throws -> ValueID {
    let sizes = try unary(.abs, unary(.stopGradient, matrixDiagonal(r)))
    let (type, rank) = (self[sizes], self[sizes].rank)
    let floor = try splat(0, TensorType([], type.element))
    let most = try emit(.reduce(Reduction(.maximum, dimensions: [rank - 1])), [sizes, floor])
    let precision = type.element == .f32 ? Double(Float.ulpOfOne) : Double.ulpOfOne
    let bound = try broadcast(
      multiply(most, splat(Double(extent) * precision, self[most])), to: type.shape,
      dimensions: Array(0..<(rank - 1)))
    let places = TensorType(type.shape, .i32)
    let number = try add(emit(.iota(places, dimension: rank - 1), []), splat(1, places))
    let none = try splat(Double(type.shape[rank - 1] + 1), places)
    let wrong = try select(compare(.greater, sizes, bound), none, number)
    let limit = try splat(Double(type.shape[rank - 1] + 1), TensorType([], .i32))
    let first = try emit(.reduce(Reduction(.minimum, dimensions: [rank - 1])), [wrong, limit])
    let isFull = try compare(.equal, first, splat(Double(type.shape[rank - 1] + 1), self[first]))
    return try select(isFull, splat(0, self[first]), first)
  }

  /// −1 to the power of the number of rows that were exchanged with another.
  fileprivate mutating func sign(
    ofPivots pivots: ValueID, _ element: ElementType
  ) throws -> ValueID {
    let type = self[pivots]
    let place = try add(
      emit(.iota(type, dimension: type.rank - 1), []), splat(1, type))
    let floats = TensorType(type.shape, element)
    let factors = try select(
      compare(.equal, pivots, place), splat(1, floats), splat(-1, floats))
    return try reduce(.multiply, factors, dimensions: [type.rank - 1])
  }
}
