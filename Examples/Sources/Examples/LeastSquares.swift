import Adjoint

/// A curve fitted to measurements: NIST's problem Misra1a, b₁·(1 − exp(−b₂·x)), by the method of
/// Levenberg and Marquardt. NIST certifies the result to eleven digits.
func leastSquaresFit() throws {
  let y: Tensor<Double> = [
    10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40,
    75.47, 81.78,
  ]
  let x: Tensor<Double> = [
    77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1,
    689.1, 760.0,
  ]
  let residuals = { @Sendable (b: Tensor<Double>) in b[0] * (1 - exp(-b[1] * x)) - y }
  let sumOfSquares = jit { (b: Tensor<Double>) in square(residuals(b)).sum() }
  /// The parameters after a step; a larger damping makes it shorter and turns it downhill.
  let step = jit { (b: Tensor<Double>, damping: Tensor<Double>) in
    let slopes = try jacobian(at: b, of: residuals)
    let normal = matmul(slopes.transposed(), slopes)
    let matrix = normal + damping * Tensor<Double>(diagonal: normal.diagonal())
    return b - solve(matrix, matmul(slopes.transposed(), residuals(b)))
  }

  var (b, damping): (Tensor<Double>, Double) = ([500, 0.0001], 0.001)
  var error = try sumOfSquares(b).item()
  for _ in 0..<100 {
    let next = try step(b, damping)
    let nextError = try sumOfSquares(next).item()
    if nextError < error {
      (b, error, damping) = (next, nextError, damping / 10)
    } else {
      damping *= 10
    }
  }
  let values = try b.scalars()
  print("b1", values[0].fixed(8), " certified 238.94212918")
  print("b2", (values[1] * 1e4).fixed(10), " certified 5.5015643181, both times 10⁻⁴")
  print("sum of squares", error.fixed(10), " certified 0.1245513889")
}
