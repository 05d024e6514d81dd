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
}
