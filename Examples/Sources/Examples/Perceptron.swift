import Adjoint

/// A network with one hidden layer.
struct Perceptron: TensorVector {
  var hidden: Dense
  var output: Dense

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&hidden)
    try visitor.visit(&output)
  }

  func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { output(relu(hidden(x))) }
}

/// An affine map of rows.
struct Dense: TensorVector {
  var weight: Tensor<Double>
  var bias: Tensor<Double>

  /// Random weights that keep the size of what goes through them (He et al., 2015).
  init(from inputs: Int, to outputs: Int, key: RandomKey) {
    weight = key.normal([inputs, outputs], of: Double.self) * (2 / Double(inputs)).squareRoot()
    bias = .zeros([outputs])
  }

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&weight)
    try visitor.visit(&bias)
  }

  func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { matmul(x, weight) + bias }
}

/// The cultivar of a wine from thirteen measures of its chemistry, by a perceptron trained with Adam on
/// two thirds of the wines and tested on the others.
func perceptron() throws {
  let wines = try Table(named: "wine")
  let order = RandomKey(seed: 1).permutation(178)
  let x = wines.standardized.gathering(order)
  let classes = wines.classes.gathering(order)
  let (trainX, testX) = (x[0..<120], x[120...])
  let (trainClasses, testClasses) = (classes[0..<120], classes[120...])

  let keys = RandomKey(seed: 2).split()
  var training = Training(
    Perceptron(
      hidden: Dense(from: 13, to: 16, key: keys[0]), output: Dense(from: 16, to: 3, key: keys[1])))

  let step = jitInPlace {
    (training: inout Training<Perceptron>, x: Tensor<Double>, classes: Tensor<Int32>) in
    try training.step(rate: 0.01) { model in
      softmaxCrossEntropy(logits: model(x), classes: classes).mean()
    }
  }
  for epoch in 1...20 {
    var loss = 0.0
    for start in stride(from: 0, to: 120, by: 30) {
      let batch = start..<(start + 30)
      loss += try step(&training, trainX[batch], trainClasses[batch]).item() / 4
    }
    if epoch % 5 == 0 { print("epoch \(epoch): loss \(loss.fixed(3))") }
  }

  let isRight = training.model(testX).argmax(axis: 1) .== testClasses
  print("right on \(try isRight.trueCount().item()) of \(testClasses.count) wines not seen before")
}
