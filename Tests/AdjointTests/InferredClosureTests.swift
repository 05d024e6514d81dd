import Adjoint
import Testing

/// Closures of one line of arithmetic whose parameters' types are not written: the compiler finds them
/// from the other arguments, in milliseconds.
struct InferredClosureTests {
  private let x: Tensor<Double> = 2
  private let w: Tensor<Float> = 3

  @Test func loops() throws {
    #expect(try forLoop(3, x) { _, x in 3 * x + 1 }.item() == 67)
    #expect(try forLoop(1, x) { _, x in x + 0.5 * (1 - x) * x }.item() == 1)
    #expect(try forLoop(1, w) { _, w in sin(0 * w) * 2 + w / 2 - 1 }.item() == 0.5)
    let (last, sums) = try scan(x, over: [1, 2] as Tensor<Double>) { s, x in
      (0.5 * s + 0.5 * x, 2 * s + 1)
    }
    #expect(try last.item() == 1.75)
    #expect(try sums.scalars() == [5, 4])
    let (number, steps) = try whileLoop(
      (Tensor<Int32>(27), Tensor<Int32>(0)), while: { number, _ in number .> 1 }
    ) { number, steps in
      (select((number % 2) .== 0, number / 2, 3 * number + 1), steps + 1)
    }
    #expect(try number.item() == 1)
    #expect(try steps.item() == 111)
  }

  @Test func derivatives() throws {
    #expect(try gradient(at: x) { x in x + 0.5 * (1 - x) * x }.item() == -0.5)
    let (value, (dw, db)) = try valueWithGradient(at: w, Tensor(1)) { w, b in
      square(2 * w * w + b - 3 * w).mean()
    }
    #expect(try [value, dw, db].map { try $0.item() } == [100, 180, 20])
    #expect(try hessian(at: x) { x in 2 * x + 0.5 * (1 - x) * x }.scalars() == [-1])
    let root = try fixedPoint(at: x, from: x) { a, x in 0.5 * (x + a / x) }
    #expect(abs(try root.item() - 1.4142135623730951) < 1e-12)
  }

  @Test func numbersOfSwiftStandOnEitherSide() throws {
    let s = 0.5
    let t: Float = 4
    #expect(try forLoop(1, x) { _, x in s * x + x / s - s }.item() == 4.5)
    #expect(try gradient(at: w) { w in (w * t + t / w - t * 2) * 9 }.item() == 32)
  }

  /// Parameters of pullbacks, of many arguments, and of gradients within compiled closures are found too.
  @Test func nestedAndMany() throws {
    #expect(try pullback(at: x) { x in 2 * x + 0.5 * (1 - x) * x }(1).item() == 0.5)
    let compiled = jit { (x: Tensor<Double>) in
      try gradient(at: x) { x in (x - 0.5 * (1 - x) * x).sum() }
    }
    #expect(try compiled(2).item() == 2.5)
    let slopes = try gradient(at: x, x, x, x, x, x) { a, b, c, d, e, f in
      a * b + 0.5 * (1 - c) * d + e * f
    }
    #expect(
      try [slopes.0, slopes.2, slopes.3, slopes.5].map { try $0.item() } == [2, -1, -0.5, 2])
    let cotangents = try pullback(at: x, x, x, x, x) { a, b, c, d, e in a * b * c + d * e }(1)
    #expect(try [cotangents.0, cotangents.4].map { try $0.item() } == [4, 2])
  }

  /// Numbers stand where a scalar tensor does, as in calls of compiled functions.
  @Test func numbersAsStatesAndArguments() throws {
    #expect(try forLoop(3, Float(1)) { _, x in 2 * x + 1 }.item() == 15)
    let (sum, sums) = try scan(Double(0), over: [1, 2, 3] as Tensor<Double>) { s, x in
      (s + x, s + 0.5 * x)
    }
    #expect(try sum.item() == 6)
    #expect(try sums.scalars() == [0.5, 2, 4.5])
    #expect(try gradient(at: Float(3)) { x in x * x - 2 * x }.item() == 4)
    let (low, high) = try whileLoop((Float(0), x), while: { low, _ in low .< 3 }) { low, high in
      (low + 1, high * 2)
    }
    #expect(try low.item() == 3)
    #expect(try high.item() == 16)
  }

  /// In a generic function the closures' parameters have its type parameter for their type.
  @Test func genericTrees() throws {
    func descended<Model: TensorVector>(
      _ model: Model, _ loss: @escaping @Sendable (Model) throws -> Tensor<Double>
    ) throws -> Model {
      let (_, slope) = try valueWithGradient(at: model) { model in try loss(model) + 1 }
      let first: Model = model - 0.25 * slope
      return try forLoop(2, first) { _, model in
        model - 0.25 * (try gradient(at: model, of: loss))
      }
    }
    let last = try descended(["w": x]) { model in square(model["w"] ?? 0).sum() }
    #expect(try last["w"]?.item() == 0.25)
  }
}
