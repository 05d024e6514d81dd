import Adjoint

/// A perceptron of two layers.
struct Network: TensorTree {
  /// Weights of the hidden layer: pixels × hidden units.
  var hiddenWeight: Tensor<Float>
  /// Biases of the hidden layer.
  var hiddenBias: Tensor<Float>
  /// Weights of the output: hidden units × digits.
  var outputWeight: Tensor<Float>
  /// Biases of the output.
  var outputBias: Tensor<Float>

  /// Visits the four tensors.
  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&hiddenWeight)
    try visitor.visit(&hiddenBias)
    try visitor.visit(&outputWeight)
    try visitor.visit(&outputBias)
  }

  /// A network with random weights, scaled so that layers keep the size of their inputs (K. He et
  /// al., "Delving Deep into Rectifiers", 2015).
  init(hiddenCount: Int, seed: UInt64) {
    hiddenWeight = .randomNormal(
      [Digits.pixelCount, hiddenCount],
      standardDeviation: (2 / Float(Digits.pixelCount)).squareRoot(), seed: seed)
    hiddenBias = .zeros([hiddenCount])
    outputWeight = .randomNormal(
      [hiddenCount, Digits.classCount], standardDeviation: (1 / Float(hiddenCount)).squareRoot(),
      seed: seed &+ 1)
    outputBias = .zeros([Digits.classCount])
  }

  /// A network of the same shapes whose every number is zero.
  var zeroed: Network {
    var copy = self
    copy.hiddenWeight = .zeros(hiddenWeight.shape)
    copy.hiddenBias = .zeros(hiddenBias.shape)
    copy.outputWeight = .zeros(outputWeight.shape)
    copy.outputBias = .zeros(outputBias.shape)
    return copy
  }

  /// A score for each digit of each image.
  func scores(_ images: Tensor<Float>) -> Tensor<Float> {
    let hidden = relu(matmul(images, hiddenWeight) + hiddenBias)
    return matmul(hidden, outputWeight) + outputBias
  }

  /// The mean cross entropy of the scores against one-hot labels.
  func loss(_ images: Tensor<Float>, _ labels: Tensor<Float>) -> Tensor<Float> {
    -(labels * scores(images).logSoftmax(axis: 1)).sum() / Tensor(Float(images.shape[0]))
  }

  /// Each tensor combined with that of another network.
  func combined(
    _ other: Network, _ rule: (Tensor<Float>, Tensor<Float>) -> Tensor<Float>
  ) -> Network {
    var result = self
    result.hiddenWeight = rule(hiddenWeight, other.hiddenWeight)
    result.hiddenBias = rule(hiddenBias, other.hiddenBias)
    result.outputWeight = rule(outputWeight, other.outputWeight)
    result.outputBias = rule(outputBias, other.outputBias)
    return result
  }
}
