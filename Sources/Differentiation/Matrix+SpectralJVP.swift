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
    let values = try pass.builder.realPart(
      pass.builder.reduce(
        .add, pass.builder.multiply(pass.builder.conjugated(vectors), product),
        dimensions: [type.rank - 2]))
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
    let c = try pass.builder.adjointProduct(u, av)
    let diagonal = try pass.builder.matrixDiagonal(c)
    let values = try pass.builder.realPart(diagonal)
    guard vectors != .none else { return [values, nil] }
    guard wanted[1] || wanted[2] else { return [values, nil, nil, nil] }
    guard hasOwn else {
      throw AdjointError(
        .notDifferentiable,
        "singular vectors beyond the number of singular values have no derivative",
        at: operation.location)
    }
    let square = TensorType(pass.builder[c].shape, type.element.partType)
    let row = try pass.builder.spreadRows(s, over: square)
    let column = try pass.builder.spreadColumns(s, over: square)
    let f = try pass.builder.widened(
      pass.builder.reciprocalOffDiagonal(
        pass.builder.multiply(
          pass.builder.add(row, column), pass.builder.subtract(row, column))),
      as: type.element)
    let cs = try pass.builder.multiply(c, pass.builder.widened(row, as: type.element))
    let sc = try pass.builder.multiply(pass.builder.widened(column, as: type.element), c)
    var inner = try pass.builder.multiply(
      f, pass.builder.add(cs, pass.builder.adjointMatrices(cs)))
    if type.element.isComplex {
      let turn = try pass.builder.divide(
        pass.builder.emit(.complex(.imaginary), [diagonal]), s)
      let zero = try pass.builder.splat(0, pass.builder[s])
      inner = try pass.builder.replacingDiagonal(
        of: inner, with: pass.builder.emit(.complex(.make), [zero, turn]))
    }
    var du = try pass.builder.matrixProduct(u, inner)
    var dv = try pass.builder.adjointProduct(
      pass.builder.multiply(f, pass.builder.add(sc, pass.builder.adjointMatrices(sc))), vt)
    if m > n {
      let rest = try pass.builder.subtract(av, pass.builder.matrixProduct(u, c))
      let scaled = try pass.builder.divide(
        rest,
        pass.builder.spreadRows(
          pass.builder.widened(s, as: type.element), over: pass.builder[rest]))
      du = try pass.builder.add(du, scaled)
    }
    if n > m {
      let au = try pass.builder.adjointProduct(u, tangent)
      let rest = try pass.builder.subtract(au, pass.builder.matrixProduct(c, vt))
      let scaled = try pass.builder.divide(
        rest,
        pass.builder.spreadColumns(
          pass.builder.widened(s, as: type.element), over: pass.builder[rest]))
      dv = try pass.builder.add(dv, scaled)
    }
    return [values, du, dv, nil]
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
