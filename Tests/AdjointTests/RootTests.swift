import Adjoint
import Foundation
import Testing

/// Roots of equations, and their derivatives by the implicit function theorem.
struct RootTests {
  /// The x with x − e·sin(x) = 0.7.
  @Sendable private static func anomaly(_ e: Tensor<Double>) throws -> Tensor<Double> {
    try root(at: e, near: Tensor<Double>(1), tolerance: 1e-12) { e, x in x - e * sin(x) - 0.7 }
  }

  @Test func derivativesUpToTheThirdOrder() throws {
    let e = 0.3
    let x = try Self.anomaly(Tensor(e)).item()
    #expect(abs(x - 0.7 - e * Foundation.sin(x)) < 1e-15)
    // With g = 1 − e cos x: x' = sin x / g, and so on by the chain rule.
    let (s, c) = (Foundation.sin(x), Foundation.cos(x))
    let g = 1 - e * c
    let first = s / g
    let second = (2 * c * first - e * s * first * first) / g
    let third =
      (3 * c * second - 3 * s * first * first - 3 * e * s * first * second
        - e * c * first * first * first) / g
    let slope = gradient(of: Self.anomaly)
    let curvature = gradient { (e: Tensor<Double>) in try slope(e) }
    let change = gradient { (e: Tensor<Double>) in try curvature(e) }
    #expect(abs(try slope(Tensor(e)).item() - first) < 1e-13)
    #expect(abs(try jit(slope)(Tensor(e)).item() - first) < 1e-13)
    #expect(abs(try curvature(Tensor(e)).item() - second) < 1e-12)
    #expect(abs(try change(Tensor(e)).item() - third) < 1e-11)
    let forward = try differential(at: Tensor(e), of: Self.anomaly)
    #expect(abs(try forward(1).item() - first) < 1e-13)
    let many = try vmap(slope)([0.1, 0.3]).scalars()
    #expect(abs(many[1] - first) < 1e-13)
  }

  @Test func theSearchStartsAnywhereNear() throws {
    for start in [0.5, 3, 20] {
      let x = try root(at: Tensor<Double>(2), near: Tensor(start)) { a, x in x * x - a }
      #expect(abs(try x.item() - 2.0.squareRoot()) < 1e-15)
    }
  }

  @Test func systemsOfEquations() throws {
    let solution = { @Sendable (radius: Tensor<Double>) in
      try root(at: radius, near: Tensor<Double>([1, 2])) { radius, p in
        stacked([square(p).sum() - square(radius), p[1] - exp(p[0]) + 1])
      }
    }
    let p = try solution(2).scalars()
    #expect(abs(p[0] * p[0] + p[1] * p[1] - 4) < 1e-14)
    #expect(abs(p[1] - Foundation.exp(p[0]) + 1) < 1e-14)
    try verify(at: Tensor<Double>(2)) { radius in try solution(radius)[0] }
  }

  @Test func tensorsThatAreReadBesidesParametersHaveDerivativesToo() throws {
    let slope = try gradient(at: Tensor<Double>(2)) { (a: Tensor<Double>) in
      try root(at: Tensor<Double>(0), near: Tensor<Double>(1)) { _, x in x * x - a }
    }
    #expect(abs(try slope.item() - 0.5 / 2.0.squareRoot()) < 1e-14)
  }

  @Test func thereMustBeAnEquationForEachUnknown() {
    let error = #expect(throws: AdjointError.self) {
      try root(at: Tensor<Double>(0), near: Tensor<Double>([1, 2])) { _, x in x.sum() }
    }
    #expect(
      error?.message
        == "root: the function gives shape [] for x of shape [2]; there must be an equation for each unknown"
    )
  }
}
