import Adjoint
import Testing

/// Decompositions that throw where the plain forms give NaN, outside and inside of compiled functions.
@Suite struct CheckedFormsTests {
  private typealias Matrix = Tensor<Double>
  private static let good = Matrix([[4, 1], [1, 3]])
  private static let indefinite = Matrix([[1, 2], [2, 1]])
  private static let singular = Matrix([[1, 2], [2, 4]])
  private static let undefined = Matrix([[1, .nan], [.nan, 2]])

  /// A form with what it says of a matrix that it does not take.
  private struct Form: Sendable {
    let name: String
    let bad: Matrix
    let message: String
    let apply: @Sendable (Matrix) throws -> Matrix
  }

  private static let unconverged =
    "the decomposition of the matrix did not converge, or it holds NaN"

  private static let forms = [
    Form(
      name: "cholesky", bad: indefinite,
      message: "the matrix is not positive definite: leading minor 2"
    ) { try checkedCholesky($0) },
    Form(
      name: "lu", bad: singular, message: "the matrix is singular: pivot 2 is zero"
    ) { try checkedLU($0).upper },
    Form(
      name: "solve", bad: singular, message: "the matrix is singular: pivot 2 is zero"
    ) { try checkedSolve($0, Tensor<Double>([1, 2])) },
    Form(
      name: "inverse", bad: singular, message: "the matrix is singular: pivot 2 is zero"
    ) { try checkedInverse($0) },
    Form(
      name: "least squares", bad: singular,
      message: "the matrix does not have full rank: row or column 2 depends on those before it"
    ) { try checkedLeastSquares($0, Tensor<Double>([1, 2])) },
    Form(name: "eigh", bad: undefined, message: unconverged) { try checkedEigh($0).vectors },
    Form(name: "symmetric values", bad: undefined, message: unconverged) {
      try checkedSymmetricEigenvalues($0)
    },
    Form(name: "eig", bad: undefined, message: unconverged) { try checkedEig($0).values.real },
    Form(name: "eigenvalues", bad: undefined, message: unconverged) {
      try checkedEigenvalues($0).real
    },
    Form(name: "svd", bad: undefined, message: unconverged) { try checkedSVD($0).u },
    Form(name: "singular values", bad: undefined, message: unconverged) {
      try checkedSingularValues($0)
    },
  ]

  @Test(arguments: forms.indices) func badMatricesAreErrors(_ number: Int) throws {
    let form = Self.forms[number]
    #expect(message { _ = try form.apply(form.bad).scalars() } == form.message, "\(form.name)")
    let plain = try form.apply(Self.good).scalars()
    #expect(plain.allSatisfy { $0.isFinite })
    // Compiled, the same function gives values for one matrix and throws for another.
    let compiled = jit { (x: Matrix) in try form.apply(x) }
    #expect(try compiled(Self.good).scalars() == plain, "\(form.name)")
    #expect(message { _ = try compiled(form.bad).scalars() } == form.message, "\(form.name)")
    #expect(try compiled(Self.good).scalars() == plain, "\(form.name)")
  }

  @Test func errorsSayWhichMatrixAndWhere() throws {
    let many = stacked([Self.good, Self.singular])
    let line = #line + 1
    let step = jit { (x: Matrix) in try checkedSolve(x, Matrix([1, 2])) }
    do {
      _ = try step(many)
      Issue.record("the second matrix is singular")
    } catch let error as AdjointError {
      #expect(error.message == "matrix 1 is singular: pivot 2 is zero")
      #expect(error.location.line == line)
    }
  }

  @Test func gradientsAreThoseOfThePlainForms() throws {
    let slope = try gradient(at: Self.good) { try checkedCholesky($0).sum() }
    #expect(try slope.scalars() == gradient(at: Self.good) { cholesky($0).sum() }.scalars())
    #expect(throws: AdjointError.self) {
      try gradient(at: Self.indefinite) { try checkedCholesky($0).sum() }
    }
  }

  @Test func mappedFormsThrow() throws {
    let many = stacked([Self.good, Self.good * 2])
    let roots = try vmap { (x: Matrix) in try checkedCholesky(x) }(many)
    #expect(try roots.scalars() == cholesky(many).scalars())
    #expect(throws: AdjointError.self) {
      try vmap { (x: Matrix) in try checkedCholesky(x) }(stacked([Self.good, Self.indefinite]))
    }
  }

  @Test func complexMatrices() throws {
    let bad = Tensor<Complex<Double>>([[Complex(1, 0), Complex(0, 2)], [Complex(0, -2), 1]])
    #expect(
      message { _ = try checkedCholesky(bad) }
        == "the matrix is not positive definite: leading minor 2")
    let said = message { _ = try checkedInverse(bad - bad) }
    #expect(said == "the matrix is singular: pivot 1 is zero")
  }
}
