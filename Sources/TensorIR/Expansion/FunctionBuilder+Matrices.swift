// Operations on matrices in the last two axes, made of others.

extension FunctionBuilder {
  /// The matrices with rows as columns.
  package mutating func transposedMatrices(_ operand: ValueID) throws -> ValueID {
    let rank = self[operand].rank
    return try transpose(
      operand, permutation: Array(0..<(rank - 2)) + [rank - 1, rank - 2])
  }

  /// The conjugates of complex numbers; real numbers stay.
  package mutating func conjugated(_ operand: ValueID) throws -> ValueID {
    self[operand].element.isComplex ? try emit(.complex(.conjugate), [operand]) : operand
  }

  /// The conjugates of matrices with rows as columns.
  package mutating func adjointMatrices(_ operand: ValueID) throws -> ValueID {
    try transposedMatrices(conjugated(operand))
  }

  /// The real parts of complex numbers; real numbers stay.
  package mutating func realPart(_ operand: ValueID) throws -> ValueID {
    self[operand].element.isComplex ? try emit(.complex(.real), [operand]) : operand
  }

  /// Real numbers as elements of a type that may be complex.
  package mutating func widened(_ operand: ValueID, as element: ElementType) throws -> ValueID {
    self[operand].element == element ? operand : try convert(operand, to: element)
  }

  /// The products leftᴴ·right.
  package mutating func adjointProduct(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    try matrixProduct(conjugated(left), right, transposingLeft: true)
  }

  /// The products left·rightᴴ.
  package mutating func productWithAdjoint(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    try matrixProduct(left, conjugated(right), transposingRight: true)
  }

  /// The products of matrices, each of them as it stands or with rows as columns.
  package mutating func matrixProduct(
    _ left: ValueID, _ right: ValueID, transposingLeft: Bool = false, transposingRight: Bool = false
  ) throws -> ValueID {
    let rank = self[left].rank
    let batch = Array(0..<(rank - 2))
    return try emit(
      .dot(
        DotDimensions(
          leftBatching: batch, rightBatching: batch,
          leftContracting: [transposingLeft ? rank - 2 : rank - 1],
          rightContracting: [transposingRight ? rank - 1 : rank - 2])), [left, right])
  }

  /// The solution of equations with triangular matrices.
  package mutating func triangularSolve(
    _ a: ValueID, _ b: ValueID, isLeft: Bool = true, isLower: Bool, hasUnitDiagonal: Bool = false,
    isTransposed: Bool = false, isAdjoint: Bool = false
  ) throws -> ValueID {
    let adjoint: TriangularSolve.Transposition =
      self[a].element.isComplex ? .adjoint : .transpose
    let solve = TriangularSolve(
      isLeft: isLeft, isLower: isLower, hasUnitDiagonal: hasUnitDiagonal,
      transposition: isAdjoint ? adjoint : isTransposed ? .transpose : .none)
    return try emit(.matrix(.triangularSolve(solve)), [a, b])
  }

  /// Where the difference of row and column fulfils a relation to a number.
  private mutating func mask(
    _ shape: [Int], _ direction: Comparison.Direction, offset: Int
  ) throws -> ValueID {
    let type = TensorType(shape, .i32)
    let row = try emit(.iota(type, dimension: shape.count - 2), [])
    let column = try emit(.iota(type, dimension: shape.count - 1), [])
    guard offset != 0 else { return try compare(direction, row, column) }
    let moved = try add(row, try splat(Double(offset), type))
    return try compare(direction, moved, column)
  }

  /// The matrices with zeros above a diagonal, which counts from the main one to the right.
  package mutating func lowerTriangle(_ operand: ValueID, diagonal: Int = 0) throws -> ValueID {
    let type = self[operand]
    let isKept = try mask(type.shape, .greaterOrEqual, offset: diagonal)
    return try select(isKept, operand, try splat(0, type))
  }

  /// The matrices with zeros below a diagonal, which counts from the main one to the right.
  package mutating func upperTriangle(_ operand: ValueID, diagonal: Int = 0) throws -> ValueID {
    let type = self[operand]
    let isKept = try mask(type.shape, .lessOrEqual, offset: diagonal)
    return try select(isKept, operand, try splat(0, type))
  }

  /// Matrices with ones on the diagonal.
  package mutating func identityMatrices(_ type: TensorType) throws -> ValueID {
    let isDiagonal = try mask(type.shape, .equal, offset: 0)
    return try select(isDiagonal, try splat(1, type), try splat(0, type))
  }

  /// The matrices with another diagonal.
  package mutating func replacingDiagonal(
    of operand: ValueID, with diagonal: ValueID
  ) throws -> ValueID {
    let type = self[operand]
    let wide = try spreadRows(diagonal, over: type)
    return try select(try mask(type.shape, .equal, offset: 0), wide, operand)
  }

  /// The elements on the diagonals of matrices that are at least as high as wide, or of their square
  /// part.
  package mutating func matrixDiagonal(_ operand: ValueID) throws -> ValueID {
    var square = operand
    let type = self[operand]
    let order = min(type.shape[type.rank - 1], type.shape[type.rank - 2])
    square = try matrixPart(operand, rows: 0..<order, columns: 0..<order)
    let isDiagonal = try mask(self[square].shape, .equal, offset: 0)
    let kept = try select(isDiagonal, square, try splat(0, self[square]))
    return try reduce(.add, kept, dimensions: [type.rank - 2])
  }

  /// A vector for each matrix, repeated as the rows of a type.
  package mutating func spreadRows(_ vector: ValueID, over type: TensorType) throws -> ValueID {
    let axes = Array(0..<(type.rank - 2)) + [type.rank - 1]
    return try broadcast(vector, to: type.shape, dimensions: axes)
  }

  /// A vector for each matrix, repeated as the columns of a type.
  package mutating func spreadColumns(_ vector: ValueID, over type: TensorType) throws -> ValueID {
    try broadcast(vector, to: type.shape, dimensions: Array(0..<(type.rank - 1)))
  }

  /// Some rows and columns of matrices.
  package mutating func matrixPart(
    _ operand: ValueID, rows: Range<Int>, columns: Range<Int>
  ) throws -> ValueID {
    let shape = self[operand].shape
    let rank = shape.count
    guard rows != 0..<shape[rank - 2] || columns != 0..<shape[rank - 1] else { return operand }
    let zeros = [Int](repeating: 0, count: rank - 2)
    return try emit(
      .shape(
        .slice(
          starts: zeros + [rows.lowerBound, columns.lowerBound],
          limits: Array(shape.dropLast(2)) + [rows.upperBound, columns.upperBound],
          strides: shape.map { _ in 1 })), [operand])
  }

  /// The matrices with zero columns behind, or zero rows below.
  package mutating func paddedMatrices(
    _ operand: ValueID, rows: Int, columns: Int
  ) throws -> ValueID {
    let shape = self[operand].shape
    let rank = shape.count
    let high = [rows - shape[rank - 2], columns - shape[rank - 1]]
    guard high != [0, 0] else { return operand }
    let zero = try splat(0, TensorType([], self[operand].element))
    let zeros = [Int](repeating: 0, count: rank)
    return try emit(
      .shape(.pad(low: zeros, high: zeros.dropLast(2) + high, interior: zeros)), [operand, zero])
  }

  /// The rows of matrices in the order of other matrices' row numbers.
  package mutating func matrixRows(_ operand: ValueID, _ order: ValueID) throws -> ValueID {
    let (type, rank) = (self[operand], self[operand].rank)
    guard type.shape[rank - 2] > 0 else { return operand }
    let batch = Array(0..<(rank - 2))
    let places = try reshape(order, to: self[order].shape + [1])
    var sizes = type.shape.map { _ in 1 }
    sizes[rank - 1] = type.shape[rank - 1]
    return try emit(
      .gather(
        GatherDimensions(
          offsetDims: [rank - 1], collapsedSliceDims: [rank - 2], operandBatchingDims: batch,
          startIndicesBatchingDims: batch, startIndexMap: [rank - 2], indexVectorDim: rank - 1,
          sliceSizes: sizes)), [operand, places])
  }
}
