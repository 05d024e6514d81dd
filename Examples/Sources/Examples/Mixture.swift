import Adjoint

/// A mixture of normal distributions of several variables.
struct Mixture: TensorVector {
  /// The logarithms of the weights, up to a constant.
  var logits: Tensor<Double>
  /// A row for each component.
  var means: Tensor<Double>
  /// For each component a triangular matrix L that whitens it: L·(x − mean) has variance one in all
  /// directions. The diagonal holds logarithms, so that any numbers are allowed.
  var factors: Tensor<Double>

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&logits)
    try visitor.visit(&means)
    try visitor.visit(&factors)
  }

  /// The logarithm of weight times density of each component, a column each, at the rows of x.
  func logDensities(_ x: Tensor<Double>) -> Tensor<Double> {
    let size = x.shape[1]
    let logScales = factors.diagonal()
    let whitening =
      factors.lowerTriangle(offset: -1)
      + exp(logScales).expandingDims(at: -1) * Tensor<Double>.identity(size)
    let distances = x.expandingDims(at: 1) - means
    let white = einsum("kij,nkj->nki", whitening, distances)
    let constant = -0.5 * Double(size) * 1.8378770664093453  // log 2π
    let logDensity = logScales.sum(axis: 1) - 0.5 * square(white).sum(axis: 2) + constant
    return logits.logSoftmax() + logDensity
  }

  /// The logarithm of the likelihood of the rows of x.
  func logLikelihood(_ x: Tensor<Double>) -> Tensor<Double> {
    logDensities(x).logSumExp([1]).sum()
  }
}

/// Three normal distributions fitted to the measures of 150 irises, without a look at the species.
///
/// The maximum of the likelihood is where expectation–maximization ends too, at −180.185.
func mixture() throws {
  let irises = try Table(named: "iris")
  let x = irises.measures
  var training = Training(
    Mixture(
      logits: .zeros([3]), means: x[[25, 75, 125]],
      factors: Tensor<Double>.identity(4).broadcast(to: [3, 4, 4]) * 0.7))

  let step = jitInPlace { (training: inout Training<Mixture>, rate: Tensor<Double>) in
    let loss = try training.step(rate: rate) { -$0.logLikelihood(x) / 150 }
    return -150 * loss
  }
  for round in 0...3000 {
    let rate = 0.03 * Swift.max(0.01, 1 - Double(round) / 2500)
    let likelihood = try step(&training, rate)
    if round % 1000 == 0 {
      print("step \(round): log-likelihood \(try likelihood.item().fixed(3))")
    }
  }

  let model = training.model
  print("weights", try model.logits.softmax().fixed(3))
  let component = model.logDensities(x).argmax(axis: 1)
  for species in 0..<3 {
    let found = try component[50 * species..<50 * species + 50].scalars()
    let counts = (0..<3).map { number in found.count { $0 == number } }
    print("species \(species): components have", counts)
  }
}
