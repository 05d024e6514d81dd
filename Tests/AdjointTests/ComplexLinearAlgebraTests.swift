import Adjoint
import Foundation
import Testing

/// Linear algebra of complex tensors: identities, and gradients against central differences.
///
/// A step D changes a real function by the real part of ΣG·D, where G is its gradient.
@Suite struct ComplexLinearAlgebraTests {
  private typealias C = Complex<Double>
  private typealias Loss = @Sendable (Tensor<C>) -> Tensor<Double>

  /// Fixed numbers that look random.
  private static func numbers(_ shape: [Int], seed: Double) -> Tensor<C> {
    let count = shape.reduce(1, *)
    return Tensor<C>(
      shape: shape,
      scalars: (0..<count).map {
        C(sin(seed + 1.7 * Double($0 * $0)), cos(3 * seed + 2.3 * Double($0)))
      })
  }

  private static func adjoint(_ matrix: Tensor<C>) -> Tensor<C> {
    matrix.conjugate.swappingAxes(-1, -2)
  }

  /// A Hermitian positive definite function of a matrix.
  private static func positive(_ matrix: Tensor<C>) -> Tensor<C> {
    matmul(matrix, adjoint(matrix)) + Tensor<C>.identity(matrix.shape[0])
  }

  private static func complex(_ x: Tensor<Double>) -> Tensor<C> {
    Tensor<C>(real: x, imaginary: 0 * x)
  }

  /// A real number made of all elements with fixed weights.
  private static func weighed(_ x: Tensor<C>, _ seed: Double = 0.3) -> Tensor<Double> {
    (x * numbers(x.shape, seed: seed)).real.sum()
  }

  private static func weighed(_ x: Tensor<Double>, _ seed: Double = 0.3) -> Tensor<Double> {
    (x * numbers(x.shape, seed: seed).real).sum()
  }

  private func expectNear<Scalar: TensorInexact>(
    _ actual: Tensor<Scalar>, _ expected: Tensor<Scalar>, _ bound: Double = 1e-12,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws where Scalar.Magnitude: BinaryFloatingPoint {
    #expect(actual.shape == expected.shape, sourceLocation: sourceLocation)
    for (left, right) in try zip(actual.scalars(), expected.scalars()) {
      #expect(
        Double((left - right).magnitude) <= bound, "\(left) \(right)",
        sourceLocation: sourceLocation)
    }
  }

  @Test func factorsGiveTheMatrix() throws {
    let a = Self.numbers([2, 4, 4], seed: 1)
    let h = matmul(a, Self.adjoint(a)) + Tensor<C>.identity(4)
    let lower = cholesky(h)
    try expectNear(matmul(lower, Self.adjoint(lower)), h)
    let upper = cholesky(h, upper: true)
    try expectNear(matmul(Self.adjoint(upper), upper), h)
    let (values, vectors) = eigh(h)
    let scaled = vectors * Self.complex(values).expandingDims(at: 1)
    try expectNear(matmul(scaled, Self.adjoint(vectors)), h, 1e-11)
    try expectNear(symmetricEigenvalues(h), values)
    let general = eig(a)
    try expectNear(
      matmul(a, general.vectors), general.vectors * general.values.expandingDims(at: 1), 1e-11)
    try expectNear(eigenvalues(a), general.values, 1e-11)
    let decomposition = lu(a[0])
    let rows = decomposition.permutation
    try expectNear(
      matmul(decomposition.lower, decomposition.upper), a[0].gathering(rows))
  }

  @Test(arguments: [[5, 3], [3, 5], [4, 4]]) func orthogonalFactors(_ shape: [Int]) throws {
    let a = Self.numbers(shape, seed: 2)
    let (q, r) = qr(a)
    try expectNear(matmul(q, r), a)
    try expectNear(matmul(Self.adjoint(q), q), Tensor<C>.identity(q.shape[1]))
    let (u, s, vh) = svd(a)
    try expectNear(matmul(u * Self.complex(s), vh), a)
    try expectNear(singularValues(a), s)
    let whole = svd(a, full: true)
    #expect(whole.u.shape == [shape[0], shape[0]])
    #expect(whole.vt.shape == [shape[1], shape[1]])
  }

  @Test func equationsHold() throws {
    let a = Self.numbers([4, 4], seed: 1)
    let b = Self.numbers([4], seed: 5)
    try expectNear(matmul(a, solve(a, b)), b)
    try expectNear(matmul(a, inverse(a)), Tensor<C>.identity(4))
    let lower = lu(a).upper.swappingAxes(0, 1)
    try expectNear(matmul(lower, triangularSolve(lower, b)), b)
    try expectNear(
      matmul(lower.swappingAxes(0, 1), triangularSolve(lower, b, transposed: true)), b)
    try expectNear(matmul(lower.conjugate, triangularSolve(lower, b, conjugated: true)), b)
    try expectNear(
      matmul(Self.adjoint(lower), triangularSolve(lower, b, transposed: true, conjugated: true)), b)
    let (sign, logarithm) = a.logDeterminant()
    try expectNear(sign * Self.complex(exp(logarithm)), a.determinant())
    let tall = Self.numbers([5, 3], seed: 2)
    let right = Self.numbers([5], seed: 6)
    let x = leastSquares(tall, right)
    try expectNear(
      matmul(Self.adjoint(tall), matmul(tall, x) - right), Tensor<C>.zeros([3]))
    let wide = Self.adjoint(tall)
    let y = leastSquares(wide, x)
    try expectNear(matmul(wide, y), x)
    // The solution of least length is made of the rows' conjugates.
    try expectNear(matmul(tall, leastSquares(tall, y)), y)
  }

  @Test func singlePrecision() throws {
    let a = Tensor<Complex<Float>>([
      [Complex(1, 2), Complex(0, -1)], [Complex(3, 0), Complex(1, 1)],
    ])
    let b = Tensor<Complex<Float>>([Complex(1, 0), Complex(0, 1)])
    try expectNear(matmul(a, solve(a, b)), b, 1e-6)
    let (u, s, vh) = svd(a)
    let wide = Tensor<Complex<Float>>(real: s, imaginary: 0 * s)
    try expectNear(matmul(u * wide, vh), a, 1e-6)
  }

  /// The determinant of exp(A) is e to the trace of A.
  @Test func exponentials() throws {
    let a = Self.numbers([3, 3], seed: 4)
    let e = expm(a)
    try expectNear(e.determinant(), exp(a.trace()), 1e-11)
    try expectNear(matmul(e, expm(-a)), Tensor<C>.identity(3), 1e-11)
  }

  /// Functions of a 4×4 matrix with names; what has phases of its own counts by what does not change with
  /// them.
  private static let losses: [(String, Loss)] = [
    ("cholesky", { weighed(cholesky(positive($0))) }),
    ("upper cholesky", { weighed(cholesky(positive($0), upper: true)) }),
    ("lu", { weighed(lu($0).lower) + weighed(lu($0).upper, 2) }),
    ("solve", { weighed(solve($0, numbers([4, 2], seed: 7))) }),
    ("right-hand side", { weighed(solve(numbers([4, 4], seed: 8), $0)) }),
    ("triangular", { weighed(triangularSolve($0, numbers([4], seed: 7))) }),
    ("transposed", { weighed(triangularSolve($0, numbers([4], seed: 7), transposed: true)) }),
    ("conjugated", { weighed(triangularSolve($0, numbers([4], seed: 7), conjugated: true)) }),
    (
      "adjoint",
      {
        weighed(
          triangularSolve(
            $0, numbers([4], seed: 7), lower: false, transposed: true, conjugated: true))
      }
    ),
    ("inverse", { weighed(inverse($0)) }),
    ("determinant", { weighed($0.determinant()) }),
    ("sign", { weighed($0.logDeterminant().sign) }),
    ("logarithm", { $0.logDeterminant().logarithm }),
    ("qr", { weighed(qr($0).q) + weighed(qr($0).r, 2) }),
    ("tall qr", { weighed(qr($0[0..., 0..<2]).q) + weighed(qr($0[0..., 0..<2]).r, 2) }),
    ("wide qr", { weighed(qr($0[0..<2]).q) + weighed(qr($0[0..<2]).r, 2) }),
    (
      "eigh",
      {
        let (values, vectors) = eigh(positive($0))
        return weighed(vectors.magnitude) + weighed(values)
      }
    ),
    ("symmetric values", { weighed(symmetricEigenvalues(positive($0))) }),
    ("eig", { weighed(eig($0).vectors) + weighed(eig($0).values, 2) }),
    ("eigenvalues", { weighed(eigenvalues($0)) }),
    ("singular values", { weighed(singularValues($0)) }),
    (
      "svd",
      {
        let (u, s, vh) = svd($0[0..., 0..<3])
        return weighed(matmul(u * complex(s * s * s), vh)) + weighed(u.magnitude)
      }
    ),
    ("least squares", { weighed(leastSquares($0[0..., 0..<2], numbers([4], seed: 7))) }),
    ("least length", { weighed(leastSquares($0[0..<2], numbers([2], seed: 7))) }),
    ("expm", { weighed(expm($0)) }),
  ]

  @Test(arguments: losses.indices) func gradients(_ number: Int) throws {
    let (name, loss) = Self.losses[number]
    let point = Self.numbers([4, 4], seed: 1)
    let slope = try gradient(at: point, of: loss)
    let compiled = jit(loss)
    for seed in [11.0, 12] {
      let direction = Self.numbers([4, 4], seed: seed)
      let step = 1e-5
      let change = direction * Tensor<C>(C(step))
      let (above, below) = try (compiled(point + change).item(), compiled(point - change).item())
      let difference = (above - below) / (2 * step)
      let predicted = try (slope * direction).real.sum().item()
      #expect(abs(predicted - difference) <= 2e-7 * max(1, abs(difference)), "\(name)")
    }
  }

  /// The Hessian times a direction is the difference of gradients.
  @Test(arguments: ["solve", "cholesky", "svd", "qr", "logarithm"])
  func secondOrder(_ name: String) throws {
    let loss = try #require(Self.losses.first { $0.0 == name }).1
    let point = Self.numbers([4, 4], seed: 1)
    let direction = Self.numbers([4, 4], seed: 11)
    let slope = { @Sendable (x: Tensor<C>) in
      Self.weighed(try gradient(at: x, of: loss), 3)
    }
    let change = try gradient(at: point, of: slope)
    let step = 1e-5
    let small = direction * Tensor<C>(C(step))
    let (above, below) = try (slope(point + small).item(), slope(point - small).item())
    let difference = (above - below) / (2 * step)
    let predicted = try (change * direction).real.sum().item()
    #expect(abs(predicted - difference) <= 1e-6 * max(1, abs(difference)), "\(name)")
  }
}
