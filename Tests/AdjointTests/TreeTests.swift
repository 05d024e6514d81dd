import Testing

@testable import Adjoint

/// A layer with a static choice.
private struct Layer: TensorTree {
  var weight: Tensor<Float>
  var bias: Tensor<Float>?
  let isSquared: Bool

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&weight)
    try visitor.visit(&bias)
    visitor.visitStatic(isSquared)
  }

  func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
    let product = weight * x + (bias ?? 0)
    return isSquared ? square(product) : product
  }
}

/// A number that decides which operations a function has.
private struct Step: TensorTree {
  let number: Int

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws { visitor.visitStatic(number) }

  func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { x * Float(number) }
}

/// A model of layers and named numbers.
private struct Model: TensorTree {
  var layers: [Layer]
  var scales: [String: Tensor<Float>]
  var steps: Tensor<Int32>

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&layers)
    try visitor.visit(&scales)
    try visitor.visit(&steps)
  }

  func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
    let y = layers.reduce(x) { $1($0) }
    return y * (scales["out"] ?? 1) + (scales["in"] ?? 0) * x
  }
}

/// Structures of tensors as arguments and results.
struct TreeTests {
  private let model = Model(
    layers: [
      Layer(weight: 2, bias: 1, isSquared: false), Layer(weight: 3, bias: nil, isSquared: true),
    ], scales: ["out": 10, "in": 100], steps: 4)

  @Test func gradientHasTheModelsShape() throws {
    // y = 10·(3·(2x + 1))² + 100x at x = 1: 810 + 100.
    let loss = { @Sendable (model: Model, x: Tensor<Float>) in model(x) }
    let (value, (slope, dx)) = try valueWithGradient(of: loss)(model, 1)
    #expect(try value.item() == 910)
    #expect(try slope.layers[0].weight.item() == 10 * 2 * 9 * 3)
    #expect(try slope.layers[0].bias?.item() == 10 * 2 * 9 * 3)
    #expect(try slope.layers[1].weight.item() == 10 * 2 * 9 * 3)
    #expect(slope.layers[1].bias == nil)
    #expect(slope.layers[1].isSquared)
    #expect(try slope.scales["out"]?.item() == 81)
    #expect(try slope.scales["in"]?.item() == 1)
    #expect(try slope.steps.item() == 0)
    #expect(try dx.item() == 10 * 2 * 9 * 6 + 100)
    let compiled = jit(valueWithGradient(of: loss))
    let again = try compiled(model, 1)
    #expect(try again.value.item() == 910)
    #expect(try again.gradient.0.layers[0].weight.item() == 540)
    #expect(try again.gradient.1.item() == 1180)
  }

  @Test func modelsAreUpdatedInsideJit() throws {
    let step = jit { (model: Model, x: Tensor<Float>) in
      let slope = try gradient(of: { (model: Model) in model(x) })(model)
      var updated = model
      updated.layers[0].weight -= 0.5 * slope.layers[0].weight
      updated.steps += 1
      return (updated, updated.steps)
    }
    let (updated, steps) = try step(model, 1)
    #expect(try updated.layers[0].weight.item() == 2 - 270)
    #expect(try updated.layers[1].weight.item() == 3)
    #expect(try steps.item() == 5)
    #expect(try step(updated, 1).1.item() == 6)
    #expect(step.compilationCount == 1)
  }

  @Test func staticValuesAreInTheSignature() throws {
    let apply = jit { (layer: Layer, x: Tensor<Float>) in layer(x) }
    #expect(try apply(Layer(weight: 2, bias: 1, isSquared: false), 3).item() == 7)
    #expect(try apply(Layer(weight: 2, bias: 1, isSquared: true), 3).item() == 49)
    #expect(try apply(Layer(weight: 2, bias: nil, isSquared: true), 3).item() == 36)
    #expect(try apply(Layer(weight: 4, bias: 0, isSquared: true), 3).item() == 144)
    #expect(
      apply.explain() == """
        1. (tensor<f32>, tensor<f32>, tensor<f32>): first call
        2. (tensor<f32>, tensor<f32>, tensor<f32>): static value true instead of false
        3. (tensor<f32>, tensor<f32>): other number of tensors: 2 instead of 3
        """)
  }

  @Test func formsOfVaryingStaticValuesAreBounded() throws {
    // Static values that vary without end: the forms used last are kept, the first ones for good.
    let scale = jit { (step: Step, x: Tensor<Float>) in step(x) }
    let limit = Specializations.limits.residents + Specializations.limits.guests
    func call(_ number: Int) throws -> Float { try scale(Step(number: number), 2).item() }
    for number in 1...limit + 20 {
      #expect(try call(number) == Float(2 * number))
      #expect(scale.specializations.keptCount == min(number, limit))
    }
    #expect(scale.compilationCount == limit + 20)
    #expect(scale.explain().split(separator: "\n").count == limit)
    // A resident, and one of the last, are there; one in between is compiled again.
    #expect(try call(1) == 2 && call(limit + 19) == Float(2 * limit + 38))
    #expect(scale.compilationCount == limit + 20)
    #expect(scale.report != nil)
    let gone = Specializations.limits.residents + 1
    #expect(try call(gone) == Float(2 * gone))
    #expect(scale.compilationCount == limit + 21)
    #expect(scale.explain().contains("\(limit + 21). (tensor<f32>): static value \(gone)"))
  }

  @Test func arraysAndDictionariesAsResults() throws {
    let split = jit { (x: Tensor<Float>) in
      (["twice": 2 * x, "half": x / 2], [x, x + 1], x .> 0)
    }
    let (named, list, isPositive) = try split(4)
    #expect(try named["twice"]?.item() == 8)
    #expect(try named["half"]?.item() == 2)
    #expect(try list.map { try $0.item() } == [4, 5])
    #expect(try isPositive.item())
  }

  @Test func pullbackAndDifferentialOfTrees() throws {
    let layer = Layer(weight: 2, bias: 1, isSquared: true)
    let (value, back) = try valueWithPullback(at: layer, Tensor<Float>(3)) { [$0($1), $1] }
    #expect(try value[0].item() == 49)
    let (dLayer, dx) = try back([1, 10])
    #expect(try dLayer.weight.item() == 42)
    #expect(try dLayer.bias?.item() == 14)
    #expect(try dx.item() == 38)
    let (again, forward) = try valueWithDifferential(at: layer, Tensor<Float>(3)) { $0($1) }
    #expect(try again.item() == 49)
    let tangent = try forward(Layer(weight: 1, bias: 1, isSquared: true), 0)
    #expect(try tangent.item() == 42 + 14)
  }
}
