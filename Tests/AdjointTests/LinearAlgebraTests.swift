import Adjoint
import Testing

/// Linear algebra of tensors, by identities and by known values, inside and outside of `jit`.
struct LinearAlgebraTests {
  private let a = Tensor<Double>([[4, 1, 0.5], [1, 3, -1], [0.5, -1, 5]])
  private let b = Tensor<Double>([1, -2, 3])

  private func expectNear(
    _ actual: Tensor<Double>, _ expected: Tensor<Double>, _ bound: Double = 1e-12,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws {
    #expect(actual.shape == expected.shape, sourceLocation: sourceLocation)
    let pairs = try zip(actual.scalars(), expected.scalars())
    for (left, right) in pairs {
      #expect(abs(left - right) <= bound, "\(left) \(right)", sourceLocation: sourceLocation)
    }
  }

  @Test func factorsGiveTheMatrix() throws {
    let lower = cholesky(a)
    try expectNear(matmul(lower, lower.transposed()), a)
    let upper = cholesky(a, upper: true)
    try expectNear(matmul(upper.transposed(), upper), a)
    let decomposition = lu(a)
    try expectNear(matmul(decomposition.lower, decomposition.upper), a)
    let (q, r) = qr(a)
    try expectNear(matmul(q, r), a)
    let (u, s, vt) = svd(a)
    try expectNear(matmul(u * s, vt), a)
    let (values, vectors) = eigh(a)
    try expectNear(matmul(vectors * values, vectors.transposed()), a)
    try expectNear(symmetricEigenvalues(a), values)
    try expectNear(singularValues(a), s)
  }

  /// A quarter turn has the values ±i; the sum of squares of values is the trace of the square, whose
  /// gradient is twice the transpose.
  @Test func generalEigenvalues() throws {
    let turn = Tensor<Double>([[0, -1], [1, 0]])
    let (values, vectors) = eig(turn)
    #expect(try values.real.scalars().allSatisfy { abs($0) < 1e-15 })
    #expect(try Set(values.imaginary.scalars().map { $0.rounded() }) == [-1, 1])
    let sizes = vectors.magnitude
    try expectNear(sizes * sizes, Tensor<Double>([[0.5, 0.5], [0.5, 0.5]]))
    let matrix = Tensor<Double>([[1, 2, 0], [-3, 4, 1], [0.5, 0, 2]])
    let gradient = try gradient(at: matrix) { x in
      let w = eigenvalues(x)
      return (w * w).real.sum()
    }
    try expectNear(gradient, 2 * matrix.transposed(), 1e-11)
  }

  /// The space that vectors of equal values span, and the sum of these, have derivatives though single
  /// vectors have none.
  @Test func equalEigenvalues() throws {
    let double = Tensor<Double>([[2, 0], [0, 2]])
    let safe = try gradient(at: double) { x in
      let (values, vectors) = eigh(x, degenerateSafe: true)
      return matmul(vectors, vectors.transposed())[0, 1] + values.sum()
    }
    try expectNear(safe, Tensor<Double>([[1, 0], [0, 1]]))
    let unsafe = try gradient(at: double) { x in
      let (values, vectors) = eigh(x)
      return matmul(vectors * values, vectors.transposed())[0, 1]
    }
    #expect(try unsafe.scalars().contains { $0.isNaN })
  }

  @Test func rowsAreExchanged() throws {
    let swapped = lu(Tensor<Double>([[1, 2], [3, 4]]))
    #expect(try swapped.pivots.scalars() == [1, 1])
    #expect(try swapped.permutation.scalars() == [1, 0])
    try expectNear(swapped.upper, Tensor<Double>([[3, 4], [0, 2.0 / 3]]))
    try expectNear(Tensor<Double>([[1, 2], [3, 4]]).determinant(), Tensor(-2))
  }

  @Test func equationsHold() throws {
    let x = solve(a, b)
    try expectNear(matmul(a, x), b)
    try expectNear(matmul(a, inverse(a)), Tensor<Double>.identity(3))
    let lower = cholesky(a)
    let y = triangularSolve(lower, b)
    try expectNear(triangularSolve(lower, y, transposed: true), x)
    // Many right-hand sides for one matrix, and one for many matrices.
    let columns = stacked([b, b * 2], axis: 1)
    try expectNear(solve(a, columns), stacked([x, x * 2], axis: 1))
    let many = stacked([a, a * 2])
    try expectNear(solve(many, b), stacked([x, x / 2]))
  }

  @Test func leastSquaresOfTallAndWideMatrices() throws {
    let tall = Tensor<Double>([[1, 0], [1, 1], [1, 2], [1, 3]])
    let line = leastSquares(tall, Tensor<Double>([1, 3, 5, 7]))
    try expectNear(line, Tensor<Double>([1, 2]))
    let wide = Tensor<Double>([[1, 1, 0], [0, 1, 1]])
    let least = leastSquares(wide, Tensor<Double>([2, 2]))
    try expectNear(least, Tensor<Double>([2.0 / 3, 4.0 / 3, 2.0 / 3]))
  }

  @Test func exponentials() throws {
    try expectNear(expm(Tensor<Double>([[0, 1], [0, 0]])), Tensor<Double>([[1, 1], [0, 1]]))
    let angle = 40.0
    let rotation = expm(Tensor<Double>([[0, -angle], [angle, 0]]))
    let expected = Tensor<Double>([
      [-0.6669380616522619, -0.7451131604793488], [0.7451131604793488, -0.6669380616522619],
    ])
    try expectNear(rotation, expected, 1e-11)
  }

  @Test func derivativesAreThoseOfFormulas() throws {
    let inverted = inverse(a)
    try expectNear(
      try gradient(at: a) { $0.determinant() }, a.determinant() * inverted.transposed(), 1e-11)
    try expectNear(
      try gradient(at: a) { $0.logDeterminant().logarithm }, inverted.transposed(), 1e-11)
    let (da, db) = try gradient(at: a, b) { solve($0, $1).sum() }
    let adjoint = solve(a.transposed(), Tensor<Double>.ones([3]))
    try expectNear(db, adjoint, 1e-11)
    try expectNear(da, -outer(adjoint, solve(a, b)), 1e-11)
    // The trace of exp(A) has the derivative exp(A)ᵀ.
    let small = a * 0.3
    try expectNear(
      try gradient(at: small) { expm($0).trace() }, expm(small).transposed(), 1e-11)
    try expectNear(
      try gradient(at: a) { symmetricEigenvalues($0).sum() }, Tensor<Double>.identity(3), 1e-11)
  }

  /// Of a matrix whose rank is one less than its order, the gradient is the matrix of cofactors.
  @Test func determinantsOfSingularMatricesHaveGradients() throws {
    let diagonal = Tensor<Double>([[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 0]])
    let slope = try gradient(at: diagonal) { $0.determinant() }
    try expectNear(
      slope, Tensor<Double>([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 6]]))
    let dependent = Tensor<Double>([[1, 2, 3], [2, 4, 6], [1, 0, 1]])
    let cofactors = Tensor<Double>([[4, 4, -4], [-2, -2, 2], [0, 0, 0]])
    try expectNear(try gradient(at: dependent) { $0.determinant() }, cofactors)
  }

  @Test func compiledAndMappedFunctionsAgree() throws {
    let step = jit { (a: Tensor<Double>, b: Tensor<Double>) in solve(a, b) }
    try expectNear(try step(a, b), solve(a, b))
    let many = stacked([a, a * 2, a * 3])
    let mapped = try vmap { (a: Tensor<Double>) in solve(a, self.b) }(many)
    try expectNear(mapped, solve(many, b))
    let factors = try vmap { (a: Tensor<Double>) in cholesky(a) }(many)
    try expectNear(factors, cholesky(many))
  }

  @Test func mistakesAreErrors() throws {
    #expect(throws: AdjointError.self) { try cholesky(Tensor<Double>.ones([2, 3])).scalars() }
    #expect(throws: AdjointError.self) { try solve(a, Tensor<Double>.ones([2])).scalars() }
    let bad = Tensor<Double>([[1, 2], [2, 1]])
    #expect(try cholesky(bad).scalars().allSatisfy(\.isNaN))
    do {
      _ = try checkedCholesky(stacked([Tensor<Double>.identity(2), bad]))
      Issue.record("the second matrix is not positive definite")
    } catch let error as AdjointError {
      #expect(error.message == "matrix 1 is not positive definite: leading minor 2")
    }
    try expectNear(try checkedCholesky(a), cholesky(a))
  }
}
