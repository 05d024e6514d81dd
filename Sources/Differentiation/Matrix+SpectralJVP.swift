import TensorIR

// Tangents of eigenvalues and singular values; Docs/LinearAlgebra.md has the formulas with their sources.

extension MatrixOp {
  /// With C = Vᴴ·dA·V: dw is its real diagonal, and dV = V·(F∘C) where Fᵢⱼ = 1 / (wⱼ − wᵢ) off the
  /// diagonal (Giles 2008); values that are equal have no derivative of their vectors, or, where that is
  /// asked for, one that does not turn these vectors into each other.
  func eighTangents(
    _ operation: Operation, _ tangent: ValueID, _ isLower: Bool, _ wanted: [Bool],
    in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    guard case .eigh(_, let hasVectors, let isDegenerateSafe) = self else { return [] }
    let whole = try pass.builder.hermitian(tangent, isLower: isLower)
    var vectors = operation.results[0]
    if !hasVectors {
      let op = MatrixOp.eigh(isLower: isLower, hasVectors: true)
      vectors = try pass.builder.emitAll(.matrix(op), operation.operands)[0]
    }
    let product = try pass.builder.matrixProduct(whole, vectors)
    let type = pass.builder[vectors]
    let values = try pass.builder.columnProducts(vectors, product)
    guard hasVectors, wanted[0] else { return hasVectors ? [nil, values, nil] : [values, nil] }
    let c = try pass.builder.adjointProduct(vectors, product)
    let w = operation.results[1]
    let square = TensorType(type.shape, type.element.partType)
    let difference = try pass.builder.subtract(
      pass.builder.spreadRows(w, over: square), pass.builder.spreadColumns(w, over: square))
    let f =
      isDegenerateSafe
      ? try pass.builder.reciprocal(difference, beyondRoundingOf: w)
      : try pass.builder.reciprocalOffDiagonal(difference)
    let dv = try pass.builder.matrixProduct(
      vectors, pass.builder.multiply(pass.builder.widened(f, as: type.element), c))
    return [dv, values, nil]
  }

  /// With P = V⁻¹·dA·V for the right vectors V: dw is its diagonal, and dV = V·(F∘P) + V·diag(c), where
  /// Fᵢⱼ = 1 / (wⱼ − wᵢ) off the diagonal (Giles 2008) and c keeps each column's length and the phase of
  /// its component of greatest size, which is real. Left vectors are the right ones of Aᴴ.
  func eigTangents(
    _ operation: Operation, _ tangent: ValueID, _ hasLeft: Bool, _ hasRight: Bool,
    _ wanted: [Bool], in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let results = operation.results
    var right = results[hasLeft ? 2 : 1]
    if !hasRight {
      let op = MatrixOp.eig(hasLeft: false, hasRight: true)
      right = try pass.builder.emitAll(.matrix(op), operation.operands)[1]
    }
    let element = pass.builder[right].element
    let da = try pass.builder.widened(tangent, as: element)
    let (values, dright) = try pass.builder.eigenvectorTangents(
      right, results[0], da, hasVectors: hasRight && wanted[hasLeft ? 2 : 1])
    var found: [ValueID?] = [values]
    if hasLeft {
      let (_, dleft) = try pass.builder.eigenvectorTangents(
        results[1], pass.builder.conjugated(results[0]), pass.builder.adjointMatrices(da),
        hasVectors: wanted[1])
      found.append(dleft)
    }
    if hasRight { found.append(dright) }
    return found + [nil]
  }

  /// With C = Uᴴ·dA·V: ds is its real diagonal, dU = U·(F∘(C·S + S·Cᴴ)) + (I − U·Uᴴ)·dA·V·S⁻¹ and
  /// dV = V·(F∘(S·C + Cᴴ·S)) + (I − V·Vᴴ)·dAᴴ·U·S⁻¹ where Fᵢⱼ = 1 / (sⱼ² − sᵢ²) off the diagonal
  /// (Townsend 2016; Wan and Zhang 2019). Of complex matrices U takes what turns pairs of vectors: the
  /// imaginary part of C's diagonal divided by s.
  func svdTangents(
    _ operation: Operation, _ tangent: ValueID, _ vectors: Vectors, _ wanted: [Bool],
    in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let results = operation.results
    let type = pass.builder[operation.operands[0]]
    let (m, n) = (type.shape[type.rank - 2], type.shape[type.rank - 1])
    let hasOwn = vectors == .thin || vectors == .full && m == n
    let thin =
      hasOwn ? results : try pass.builder.emitAll(.matrix(.svd(.thin)), operation.operands)
    let (s, u, vt) = (thin[0], thin[1], thin[2])
    let av = try pass.builder.productWithAdjoint(tangent, vt)
    guard vectors != .none, wanted[1] || wanted[2] else {
      let values = try pass.builder.columnProducts(u, av)
      return vectors == .none ? [values, nil] : [values, nil, nil, nil]
    }
    let c = try pass.builder.adjointProduct(u, av)
    let values = try pass.builder.realPart(pass.builder.matrixDiagonal(c))
    guard hasOwn else {
      throw AdjointError(
        .notDifferentiable,
        "singular vectors beyond the number of singular values have no derivative",
        at: operation.location)
    }
    let f = try pass.builder.inverseDifferences(ofSquares: s, type.element)
    return [
      values,
      try pass.builder.leftTangent(thin, tangent, c, f),
      try pass.builder.rightTangent(thin, tangent, c, f), nil,
    ]
  }
}

extension FunctionBuilder {
  /// The real parts of the diagonals of leftᴴ·right.
  fileprivate mutating func columnProducts(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    let products = try multiply(conjugated(left), right)
    return try realPart(reduce(.add, products, dimensions: [self[products].rank - 2]))
  }

  /// Fᵢⱼ = 1 / (sⱼ² − sᵢ²) off the diagonal, as elements of a type.
  fileprivate mutating func inverseDifferences(
    ofSquares s: ValueID, _ element: ElementType
  ) throws -> ValueID {
    let type = self[s]
    let square = TensorType(type.shape + type.shape.suffix(1), type.element)
    let (row, column) = try (spreadRows(s, over: square), spreadColumns(s, over: square))
    let difference = try multiply(add(row, column), subtract(row, column))
    return try widened(reciprocalOffDiagonal(difference), as: element)
  }

  /// U·(F∘(C·S + S·Cᴴ)), and of tall matrices (I − U·Uᴴ)·dA·V·S⁻¹.
  ///
  /// - Parameter found: the singular values, U and Vᴴ.
  fileprivate mutating func leftTangent(
    _ found: [ValueID], _ tangent: ValueID, _ c: ValueID, _ f: ValueID
  ) throws -> ValueID {
    let (s, u, vt) = (found[0], found[1], found[2])
    let type = self[c]
    let wide = try widened(s, as: type.element)
    let cs = try multiply(c, spreadRows(wide, over: type))
    var inner = try multiply(f, add(cs, adjointMatrices(cs)))
    if type.element.isComplex {
      let turn = try divide(emit(.complex(.imaginary), [matrixDiagonal(c)]), s)
      let zero = try splat(0, self[s])
      inner = try replacingDiagonal(of: inner, with: emit(.complex(.make), [zero, turn]))
    }
    let inside = try matrixProduct(u, inner)
    let shape = self[u].shape
    guard shape[shape.count - 2] > shape[shape.count - 1] else { return inside }
    let rest = try subtract(productWithAdjoint(tangent, vt), matrixProduct(u, c))
    return try add(inside, divide(rest, spreadRows(wide, over: self[rest])))
  }

  /// The adjoint of V·(F∘(S·C + Cᴴ·S)), and of wide matrices that of (I − V·Vᴴ)·dAᴴ·U·S⁻¹.
  fileprivate mutating func rightTangent(
    _ found: [ValueID], _ tangent: ValueID, _ c: ValueID, _ f: ValueID
  ) throws -> ValueID {
    let (s, u, vt) = (found[0], found[1], found[2])
    let type = self[c]
    let wide = try widened(s, as: type.element)
    let sc = try multiply(spreadColumns(wide, over: type), c)
    let inside = try adjointProduct(multiply(f, add(sc, adjointMatrices(sc))), vt)
    let shape = self[vt].shape
    guard shape[shape.count - 1] > shape[shape.count - 2] else { return inside }
    let rest = try subtract(adjointProduct(u, tangent), matrixProduct(c, vt))
    return try add(inside, divide(rest, spreadColumns(wide, over: self[rest])))
  }
}

extension FunctionBuilder {
  /// One over elements off the diagonal, zero on it.
  fileprivate mutating func reciprocalOffDiagonal(_ operand: ValueID) throws -> ValueID {
    let type = self[operand]
    let identity = try identityMatrices(type)
    return try subtract(divide(splat(1, type), add(operand, identity)), identity)
  }

  /// One over differences of values, zero where they are equal to rounding: nearer to each other than
  /// n·ε times the greatest size among them.
  fileprivate mutating func reciprocal(
    _ difference: ValueID, beyondRoundingOf values: ValueID
  ) throws -> ValueID {
    let type = self[difference]
    let (n, rank) = (type.shape[type.rank - 1], type.rank)
    let greatest = try reduce(.maximum, unary(.abs, values), dimensions: [rank - 2])
    let epsilon = type.element == .f64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
    let bound = try multiply(greatest, splat(Double(n) * epsilon, self[greatest]))
    let wide = try broadcast(bound, to: type.shape, dimensions: Array(0..<(rank - 2)))
    let isEqual = try compare(.lessOrEqual, unary(.abs, difference), wide)
    let one = try splat(1, type)
    let divided = try divide(one, select(isEqual, one, difference))
    return try select(isEqual, splat(0, type), divided)
  }

  /// The tangents of eigenvalues and of right eigenvectors.
  fileprivate mutating func eigenvectorTangents(
    _ vectors: ValueID, _ values: ValueID, _ tangent: ValueID, hasVectors: Bool
  ) throws -> (values: ValueID, vectors: ValueID?) {
    let type = self[vectors]
    let p = try generalSolution(vectors, matrixProduct(tangent, vectors))
    let dvalues = try matrixDiagonal(p)
    guard hasVectors else { return (dvalues, nil) }
    let difference = try subtract(spreadRows(values, over: type), spreadColumns(values, over: type))
    let u = try matrixProduct(vectors, multiply(reciprocalOffDiagonal(difference), p))
    let along = try realPart(
      reduce(.add, multiply(conjugated(vectors), u), dimensions: [type.rank - 2]))
    let (component, change) = try (
      greatestComponent(vectors, of: vectors), greatestComponent(u, of: vectors)
    )
    let turn = try divide(
      emit(.complex(.imaginary), [change]), emit(.complex(.real), [component]))
    let c = try emit(.complex(.make), [negate(along), negate(turn)])
    return (dvalues, try add(u, multiply(vectors, spreadRows(c, over: type))))
  }

  /// The solution of a·x = b by LU.
  private mutating func generalSolution(_ a: ValueID, _ b: ValueID) throws -> ValueID {
    let found = try emitAll(.matrix(.lu), [a])
    let y = try triangularSolve(
      found[0], matrixRows(b, found[2]), isLower: true, hasUnitDiagonal: true)
    return try triangularSolve(found[0], y, isLower: false)
  }

  /// The elements where each column of other matrices has its greatest size, the first of equal ones.
  private mutating func greatestComponent(
    _ operand: ValueID, of vectors: ValueID
  ) throws -> ValueID {
    let type = self[vectors]
    let row = type.rank - 2
    let sizes = try unary(.abs, vectors)
    let greatest = try reduce(.maximum, sizes, dimensions: [row])
    let isGreatest = try compare(
      .greaterOrEqual, sizes, spreadRows(greatest, over: self[sizes]))
    let places = TensorType(type.shape, .i32)
    let number = try emit(.iota(places, dimension: row), [])
    let candidates = try select(isGreatest, number, splat(Double(type.shape[row]), places))
    let first = try reduce(.minimum, candidates, dimensions: [row])
    let isFirst = try compare(.equal, number, spreadRows(first, over: places))
    return try reduce(.add, select(isFirst, operand, splat(0, type)), dimensions: [row])
  }
}
