import Adjoint
import Foundation
import Testing

/// Derivatives of fixed points by the implicit function theorem.
struct FixedPointTests {
  /// The x with x = 0.7 + e·sin(x).
  @Sendable private static func anomaly(_ e: Tensor<Double>) throws -> Tensor<Double> {
    try fixedPoint(at: e, from: Tensor<Double>(1), tolerance: 1e-14) { e, x in 0.7 + e * sin(x) }
  }

  @Test func firstAndSecondDerivativesAreImplicit() throws {
    let e = 0.3
    let x = try Self.anomaly(Tensor(e)).item()
    #expect(abs(x - 0.7 - e * Foundation.sin(x)) < 1e-13)
    // x' = sin x / (1 − e cos x); x'' = (2 cos x · x' − e sin x · x'²) / (1 − e cos x).
    let (s, c) = (Foundation.sin(x), Foundation.cos(x))
    let first = s / (1 - e * c)
    let second = (2 * c * first - e * s * first * first) / (1 - e * c)
    let slope = gradient(of: Self.anomaly)
    #expect(abs(try slope(Tensor(e)).item() - first) < 1e-12)
    #expect(abs(try jit(slope)(Tensor(e)).item() - first) < 1e-12)
    let curvature = gradient { (e: Tensor<Double>) in try slope(e) }
    #expect(abs(try curvature(Tensor(e)).item() - second) < 1e-11)
  }

  @Test func systemsOfEquations() throws {
    // z = tanh(W z + b) with a small W; the gradient against central differences.
    let weight: Tensor<Double> = [[0.2, -0.1], [0.3, 0.1]]
    let loss = { @Sendable (b: Tensor<Double>) in
      try fixedPoint(at: b, from: Tensor<Double>([0, 0]), tolerance: 1e-14) { b, z in
        tanh(matmul(weight, z) + b)
      }.sum()
    }
    try verify(at: Tensor<Double>([0.4, -0.2]), of: loss)
  }
}
