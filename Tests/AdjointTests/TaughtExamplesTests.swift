import Adjoint
import Testing

/// The examples that courses on automatic differentiation work out by hand.
struct TaughtExamplesTests {
  /// y = w·x + b.
  @Test func lineHasTheGradientsOfTheTextbook() throws {
    let line = { @Sendable (w: Tensor<Double>, x: Tensor<Double>, b: Tensor<Double>) in w * x + b }
    let (value, (dw, dx, db)) = try valueWithGradient(of: line)(1, 2, 3)
    #expect(try value.item() == 5)
    #expect(try [dw, dx, db].map { try $0.item() } == [2, 1, 1])
  }

  /// z = x·w + b, in another order of arguments.
  @Test func productPlusOffset() throws {
    let (dx, dw, db) = try gradient(
      of: { (x: Tensor<Float>, w: Tensor<Float>, b: Tensor<Float>) in (x * w) + b })(2, 3, 1)
    #expect(try [dx, dw, db].map { try $0.item() } == [3, 2, 1])
  }

  /// J = ½(w·x + b − y)².
  @Test func squaredErrorOfOneSample() throws {
    let cost = { @Sendable (w: Tensor<Double>) -> Tensor<Double> in
      let (x, b, y): (Tensor<Double>, Tensor<Double>, Tensor<Double>) = (-2, 8, 2)
      return 0.5 * square(w * x + b - y)
    }
    let (value, slope) = try valueWithGradient(of: cost)(2)
    #expect(try value.item() == 2)
    #expect(try slope.item() == -4)
  }

  /// (a + b)·c.
  @Test func sumTimesFactor() throws {
    let (da, db, dc) = try gradient(at: 1, 2, 3) {
      (a: Tensor<Double>, b: Tensor<Double>, c: Tensor<Double>) in (a + b) * c
    }
    #expect(try [da, db, dc].map { try $0.item() } == [3, 3, 3])
  }

  /// Fits 3x + 7 by gradient descent.
  @Test func fitsALine() throws {
    let x = Tensor<Double>.linspace(from: -1, to: 1, count: 11)
    let y = 3 * x + 7
    let step = jit { (w: Tensor<Double>, b: Tensor<Double>) in
      let (loss, (dw, db)) = try valueWithGradient(at: w, b) { w, b in
        square(w * x + b - y).mean()
      }
      return (loss, w - 0.4 * dw, b - 0.4 * db)
    }
    var (loss, w, b): (Tensor<Double>, Tensor<Double>, Tensor<Double>) = (0, 0, 0)
    for _ in 0..<60 { (loss, w, b) = try step(w, b) }
    #expect(try loss.item() < 1e-12)
    #expect(abs(try w.item() - 3) < 1e-6)
    #expect(abs(try b.item() - 7) < 1e-6)
    #expect(step.compilationCount == 1)
  }

  /// d²/dx² of x³ is 6x.
  @Test func secondDerivativeOfTheCube() throws {
    let cube = { @Sendable (x: Tensor<Double>) in x * x * x }
    let slope = { @Sendable (x: Tensor<Double>) in try gradient(of: cube)(x) }
    #expect(try slope(2).item() == 12)
    #expect(try gradient(of: slope)(2).item() == 12)
    #expect(try gradient(of: { (x: Tensor<Double>) in try gradient(of: slope)(x) })(2).item() == 6)
    #expect(try jit(gradient(of: slope))(5).item() == 30)
  }
}
