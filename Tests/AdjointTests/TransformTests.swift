import Adjoint
import Testing

private typealias Vector = Tensor<Double>

/// A model of two layers.
private struct Model: TensorVector {
  var body: [Tensor<Float>] = [[1, 2], [3, 4]]
  var head: Tensor<Float> = 5
  var count: Tensor<Int32> = 7

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&body)
    try visitor.visit(&head)
    try visitor.visit(&count)
  }
}

/// The optimizer of Kingma and Ba (2015) for any tree, as a user would write it.
private struct Adam<Tree: TensorVector>: TensorTree {
  var mean, variance: Tree
  var step: Tensor<Float> = 0

  init(for tree: Tree) { (mean, variance) = (tree.zeroed(), tree.zeroed()) }

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&mean)
    try visitor.visit(&variance)
    try visitor.visit(&step)
  }

  mutating func update(_ tree: inout Tree, along slope: Tree, rate: Double) {
    step += 1
    mean = 0.9 * mean + 0.1 * slope
    variance = 0.999 * variance + 0.001 * (slope * slope)
    let scale = sqrt(1 - pow(0.999, step)) / (1 - pow(0.9, step))
    tree -=
      rate
      * (scale
        * mean.zipTensors(with: variance) { (m: Tensor<Float>, v) in
          m / (sqrt(v) + 1e-8)
        })
  }
}

/// Transforms of functions, and operations on trees.
struct TransformTests {
  @Test func gradientsOfOneToFourArguments() throws {
    let x: Vector = [1, 2]
    #expect(try gradient(at: x) { square($0).sum() }.scalars() == [2, 4])
    #expect(try valueWithGradient(at: x) { square($0).sum() }.gradient.scalars() == [2, 4])
    let (a, b) = try gradient(at: x, x) { ($0 * square($1)).sum() }
    #expect(try a.scalars() == [1, 4])
    #expect(try b.scalars() == [2, 8])
    let three = try valueWithGradient(at: x, x, x) { ($0 * $1 * $2).sum() }
    #expect(try three.value.item() == 9)
    #expect(try three.gradient.2.scalars() == [1, 4])
    let four = try gradient(at: x, x, x, x) { ($0 * $1 * $2 * $3).sum() }
    #expect(try four.3.scalars() == [1, 8])
    let five = try gradient(of: { (a: Vector, b: Vector, c: Vector, d: Vector, e: Vector) in
      (a * b * c * d * e).sum()
    })(x, x, x, x, x)
    #expect(try five.4.scalars() == [1, 16])
    let (value, back) = try valueWithPullback(at: x) { square($0) }
    #expect(try value.scalars() == [1, 4])
    #expect(try back([1, 10]).scalars() == [2, 40])
    #expect(try pullback(at: x, x) { $0 * $1 }([1, 1]).0.scalars() == [1, 2])
  }

  @Test func transformsOfTransforms() throws {
    let cube = { @Sendable (x: Vector) in (x * x * x).sum() }
    let slope = gradient(of: cube)
    #expect(try differential(at: Vector([1, 2]), of: slope)([1, 0]).scalars() == [6, 0])
    #expect(try jit(slope)([1, 2]).scalars() == [3, 12])
    let second = gradient(of: { (x: Vector) in try slope(x).sum() })
    #expect(try jit(second)([1, 2]).scalars() == [6, 12])
    let product = { @Sendable (x: Vector, y: Vector) in (x * x * y).sum() }
    let (dx, dy) = try differential(at: Vector(2), 3, of: gradient(of: product))(1, 0)
    #expect(try [dx, dy].map { try $0.item() } == [6, 4])
    let compiled = jit(valueWithGradient(of: product))
    let (value, (first, other)) = try compiled(2, 3)
    #expect(try [value, first, other].map { try $0.item() } == [12, 12, 4])
    #expect(try jit(valueWithGradient(of: cube))([2]).gradient.scalars() == [12])
    let along = try hessianVectorProduct(at: Vector([1, 2]), along: [1, 1], of: cube)
    #expect(try along.scalars() == [6, 12])
    // A closure that is used at once need not be `@Sendable`.
    let local = { (x: Vector) in (x * x * x).sum() }
    let again = try hessianVectorProduct(at: Vector([1, 2]), along: [1, 1], of: local)
    #expect(try again.scalars() == [6, 12])
    let (sine, cosine) = try differential(at: Vector(0)) { (sin($0), cos($0)) }(2)
    #expect(try [sine, cosine].map { try $0.item() } == [2, 0])
  }

  @Test func furtherResultsAreNotDifferentiated() throws {
    let result = try valueWithGradient(at: Vector([1, 2])) { x in (square(x).sum(), ["x": 3 * x]) }
    #expect(try result.value.item() == 5)
    #expect(try result.auxiliary["x"]?.scalars() == [3, 6])
    #expect(try result.gradient.scalars() == [2, 4])
    let step = jit { (x: Vector) in
      let result = try valueWithGradient(at: x, x) { a, b in ((a * b).sum(), a + b) }
      return (result.value, result.auxiliary, result.gradient.1)
    }
    #expect(try step([2, 3]).1.scalars() == [4, 6])
  }

  @Test func partsOfArguments() throws {
    let loss = { @Sendable (model: Model) in (model.body[0] * model.head).sum() }
    let (value, slope) = try valueWithGradient(at: Model(), for: \.head, of: loss)
    #expect(try value.item() == 15)
    #expect(try slope.item() == 3)
    let body = try gradient(at: Model(), for: \.body, of: loss)
    #expect(try body.map { try $0.scalars() } == [[5, 5], [0, 0]])
  }

  @Test func constantsHaveNoDerivativeOfAnyOrder() throws {
    let function = { @Sendable (x: Vector) in (x * withoutDerivative(at: x * x)).sum() }
    #expect(try gradient(of: function)([3]).scalars() == [9])
    #expect(try jit(gradient(of: function))([3]).scalars() == [9])
    #expect(
      try gradient(of: { (x: Vector) in try gradient(of: function)(x).sum() })([3]).scalars() == [0]
    )
    #expect(try differential(at: Vector([3]), of: function)([1]).item() == 9)
    let fixed = try gradient(at: Model()) { model in
      withoutDerivative(at: model).head * model.head
    }
    #expect(try fixed.head.item() == 5)
    let compiled = jit(gradient(of: function))
    _ = try compiled([3])
    #expect(try compiled.dump(stage: .traced).contains("adjoint.stop_gradient"))
    #expect(try !compiled.dump(stage: .planned).contains("adjoint.stop_gradient"))
    // A step with the derivative of the identity.
    let through = { @Sendable (x: Vector) in (x + withoutDerivative(at: floor(x) - x)).sum() }
    let (value, slope) = try valueWithGradient(of: through)([1.5])
    #expect(try value.item() == 1)
    #expect(try slope.scalars() == [1])
  }

  @Test func arithmeticOfTrees() throws {
    let model = Model()
    let sum = model + 2 * model - model / 2
    #expect(try sum.body[1].scalars() == [7.5, 10])
    #expect(try sum.head.item() == 12.5)
    #expect(try sum.count.item() == 7)
    #expect(try (model * model).head.item() == 25)
    #expect(try (Tensor<Double>(3) * model).head.item() == 15)
    #expect(try model.zeroed().body[0].scalars() == [0, 0])
    #expect(try model.globalNorm().item() == Float(55).squareRoot())
    let clipped = model.clipped(toGlobalNorm: 1)
    #expect(try Swift.abs(clipped.globalNorm().item() - 1) < 1e-6)
    #expect(try model.clipped(toGlobalNorm: 100).head.item() == 5)
    let counted = model.mapTensors { (count: Tensor<Int32>) in count + 1 }
    #expect(try counted.count.item() == 8)
    let named = try model.namedTensors(of: Float.self)
    #expect(named.map(\.name) == ["body[0]", "body[1]", "head"])
    #expect(try named[2].tensor.item() == 5)
    var short = model
    short.body.removeLast()
    #expect(throws: AdjointError.self) { try (model + short).head.item() }
    let step = jit { (model: Model) in
      model - 0.1 * (try gradient(at: model) { ($0.head * $0.body[0]).sum() })
    }
    #expect(try Swift.abs(step(model).head.item() - 4.7) < 1e-6)
  }

  @Test func adamOutsideThePackage() throws {
    var (model, adam) = (Model(), Adam(for: Model()))
    let step = jitInPlace { (state: inout Pair, goal: Tensor<Float>) in
      let (loss, slope) = try valueWithGradient(at: state.model) {
        square($0.head - goal) + square($0.body[0] - goal).sum()
      }
      state.adam.update(&state.model, along: slope, rate: 0.1)
      return loss
    }
    var state = Pair(model: model, adam: adam)
    var losses: [Float] = []
    for _ in 0..<200 { losses.append(try step(&state, Float(3)).item()) }
    (model, adam) = (state.model, state.adam)
    #expect(losses[0] == 9)
    #expect(losses[199] < 1e-3)
    // The first step has the length of the rate, whatever the gradient.
    #expect(try model.body[1].scalars() == [3, 4])
    #expect(try adam.step.item() == 200)
  }

  /// A model and its optimizer.
  private struct Pair: TensorTree {
    var model: Model
    var adam: Adam<Model>

    mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
      try visitor.visit(&model)
      try visitor.visit(&adam)
    }
  }

  @Test func numbersAreArguments() throws {
    let scaled = jit { (x: Tensor<Float>, rate: Tensor<Float>, n: Tensor<Int>) in
      (x * rate).sum() + Tensor<Float>(n)
    }
    let rate: Float = 0.5
    for count in 1...3 {
      #expect(try scaled(Tensor([2, 4]), rate, count).item() == 3 + Float(count))
    }
    #expect(try scaled([2, 4], 2, 1).item() == 13)
    #expect(scaled.compilationCount == 1)
  }
}
