internal import TensorIR

// Solutions of linear equations, and what is computed through them. Matrices stand in the last two
// axes; all axes before them number matrices. Elements are Float or Double.

/// The solution of matrix·x = b, where `b` is a vector or has right-hand sides as columns.
///
/// The matrix is decomposed once, by `lu(_:)`, also for the derivative. Where a matrix is singular the
/// solution has infinities or NaN.
public func solve<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, _ b: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node, b.node], at: location) { builder, values in
      [try builder.solution(values[0], values[1])]
    }[0]
  }
}

/// The solution of triangular·x = b, where `b` is a vector or has right-hand sides as columns; of the
/// matrix only one triangle is read.
///
/// - Parameters:
///   - lower: whether the lower triangle is read.
///   - transposed: whether the matrix is transposed after that.
///   - unitDiagonal: whether the diagonal is one, whatever stands there.
public func triangularSolve<Scalar: TensorFloatingPoint>(
  _ triangular: Tensor<Scalar>, _ b: Tensor<Scalar>, lower: Bool = true, transposed: Bool = false,
  unitDiagonal: Bool = false, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return triangular.derived {
    try composed([triangular.node, b.node], at: location) { builder, values in
      let (a, columns, shape) = try builder.system(values[0], values[1], "triangularSolve")
      let x = try builder.triangularSolve(
        a, columns, isLower: lower, hasUnitDiagonal: unitDiagonal, isTransposed: transposed)
      return [try builder.reshape(x, to: shape)]
    }[0]
  }
}

/// The inverse of matrices; to multiply by it, `solve(_:_:)` is quicker and more accurate.
public func inverse<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node], at: location) { builder, values in
      try builder.requireSquare(values[0], "inverse")
      let identity = try builder.identityMatrices(builder[values[0]])
      return [try builder.solution(values[0], identity)]
    }[0]
  }
}

extension Tensor where Scalar: TensorFloatingPoint {
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

  /// The sign of the determinant of each matrix, and the logarithm of its absolute value.
  public func logDeterminant(
    file: String = #fileID, line: Int = #line
  ) -> (sign: Tensor, logarithm: Tensor) {
    let location = SourceLocation.here(file, line)
    let element = Scalar.elementType
    let found = decomposed([node], [element, element], at: location) { builder, values in
      try builder.requireSquare(values[0], "logDeterminant")
      let found = try builder.emitAll(.matrix(.lu), values)
      let diagonal = try builder.matrixDiagonal(found[0])
      let axis = builder[diagonal].rank - 1
      let sign = try builder.unary(.stopGradient, builder.unary(.sign, diagonal))
      let signs = try builder.reduce(.multiply, sign, dimensions: [axis])
      let logarithms = try builder.unary(.log, builder.unary(.abs, diagonal))
      return [
        try builder.multiply(signs, builder.sign(ofPivots: found[1], element)),
        try builder.reduce(.add, logarithms, dimensions: [axis]),
      ]
    }
    return (Tensor(found[0]), Tensor(found[1]))
  }
}

/// The x of least ‖matrix·x − b‖, where `b` is a vector or has right-hand sides as columns; of a matrix
/// with more columns than rows, the solution of least length.
///
/// Through a QR decomposition: the matrix has full rank.
public func leastSquares<Scalar: TensorFloatingPoint>(
  _ matrix: Tensor<Scalar>, _ b: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return matrix.derived {
    try composed([matrix.node, b.node], at: location) { builder, values in
      let (a, columns, shape) = try builder.system(values[0], values[1], "leastSquares")
      let extents = builder[a].shape
      let (m, n) = (extents[extents.count - 2], extents[extents.count - 1])
      let isTall = m >= n
      let factors = try builder.emitAll(
        .matrix(.householder), [isTall ? a : builder.transposedMatrices(a)])
      let q = try builder.emit(.matrix(.reflectors), factors)
      let order = min(m, n)
      let r = try builder.matrixPart(factors[0], rows: 0..<order, columns: 0..<order)
      let x: ValueID
      if isTall {
        let projected = try builder.matrixProduct(q, columns, transposingLeft: true)
        x = try builder.triangularSolve(r, projected, isLower: false)
      } else {
        let y = try builder.triangularSolve(r, columns, isLower: false, isTransposed: true)
        x = try builder.matrixProduct(q, y)
      }
      var solution = shape
      solution[builder[values[1]].rank == 1 ? solution.count - 1 : solution.count - 2] = n
      return [try builder.reshape(x, to: solution)]
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

  /// The solution of equations with square matrices.
  mutating func solution(_ matrix: ValueID, _ b: ValueID) throws -> ValueID {
    try requireSquare(matrix, "solve")
    let (a, columns, shape) = try system(matrix, b, "solve")
    let found = try emitAll(.matrix(.lu), [a])
    let rows = try matrixRows(columns, found[2])
    let y = try triangularSolve(found[0], rows, isLower: true, hasUnitDiagonal: true)
    return try reshape(triangularSolve(found[0], y, isLower: false), to: shape)
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
