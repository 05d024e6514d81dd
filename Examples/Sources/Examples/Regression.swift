import Adjoint

/// The width of an iris's petal from its other three measures, by gradient descent.
///
/// The compiled step holds the loss, its gradient and the update; the same weights come from the
/// normal equations, which `leastSquares` solves.
func regression() throws {
  let irises = try Table(named: "iris")
  let x = irises.standardized[.all, 0..<3]
  let y = irises.measures[.all, 3]

  let step = jit { (w: Tensor<Double>, b: Tensor<Double>) in
    let (loss, (dw, db)) = try valueWithGradient(at: w, b) { w, b in
      meanSquaredError(matmul(x, w) + b, y)
    }
    return (loss, w - 0.3 * dw, b - 0.3 * db)
  }

  var (loss, w, b) = (Tensor<Double>(0), Tensor<Double>.zeros([3]), Tensor<Double>(0))
  for _ in 0..<1000 { (loss, w, b) = try step(w, b) }
  print("weights         ", try w.fixed(6))
  print("offset          ", try b.item().fixed(6))
  print("mean squared error", try loss.item().fixed(6))

  let columns = concatenated([x, .ones([150, 1])], axis: 1)
  let exact = leastSquares(columns, y.expandingDims(at: 1))[.all, 0]
  print("exact           ", try exact.fixed(6))
}
