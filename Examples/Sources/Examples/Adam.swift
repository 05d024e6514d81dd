import Adjoint

/// The optimizer Adam (Kingma and Ba, 2015) for any model whose arithmetic is written `a + 0.1 * b`.
struct Adam<Model: TensorVector>: TensorTree {
  /// The running means of the gradients and of their squares.
  var mean: Model, square: Model
  /// How many steps there were.
  var step: Tensor<Double> = 0

  init(for model: Model) {
    mean = model.zeroed()
    square = model.zeroed()
  }

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&mean)
    try visitor.visit(&square)
    try visitor.visit(&step)
  }

  /// Moves a model against its gradient.
  mutating func update(
    _ model: inout Model, along gradient: Model, rate: Tensor<Double>
  ) {
    step += 1
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * (gradient * gradient)
    let (first, second) = (1 - pow(0.9, step), 1 - pow(0.999, step))
    let direction = mean.zipTensors(with: square) { (mean: Tensor<Double>, square) in
      (mean / first) / (sqrt(square / second) + 1e-8)
    }
    model -= rate * direction
  }
}

/// A model in training, with its optimizer.
struct Training<Model: TensorVector>: TensorTree {
  var model: Model
  var adam: Adam<Model>

  init(_ model: Model) {
    self.model = model
    adam = Adam(for: model)
  }

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&model)
    try visitor.visit(&adam)
  }

  /// Moves the model against the gradient of a loss; returns the loss before.
  mutating func step(
    rate: Tensor<Double>, _ loss: (Model) throws -> Tensor<Double>
  ) throws -> Tensor<Double> {
    let (value, gradient) = try valueWithGradient(at: model, of: loss)
    adam.update(&model, along: gradient, rate: rate)
    return value
  }
}
