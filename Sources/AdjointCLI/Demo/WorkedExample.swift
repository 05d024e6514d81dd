import Adjoint

/// A small case with a known answer, as derivatives are taught with.
struct WorkedExample {
  /// The case in words.
  var name: String
  /// What the library computes.
  var computed: [Double]
  /// What it has to be.
  var expected: [Double]
  /// How far the two may be apart.
  var tolerance = 1e-12

  /// Whether the library is right.
  var holds: Bool {
    computed.count == expected.count
      && zip(computed, expected).allSatisfy { abs($0 - $1) <= tolerance }
  }

  /// The cases, computed.
  ///
  /// - Throws: `AdjointError` where something cannot be compiled.
  static func all() throws -> [WorkedExample] {
    try [line(), product(), squaredError(), fit(), sumTimes()]
  }

  /// The gradient of a line.
  private static func line() throws -> WorkedExample {
    let slope = jit(
      gradient(of: { (w: Tensor<Double>, x: Tensor<Double>, b: Tensor<Double>) in w * x + b })
    )
    let slopes = try slope(1, 2, 3)
    return WorkedExample(
      name: "y = w·x + b at (1, 2, 3): gradients",
      computed: [try slopes.0.item(), try slopes.1.item(), try slopes.2.item()],
      expected: [2, 1, 1])
  }

  /// The gradient of a product and a sum.
  private static func product() throws -> WorkedExample {
    let slope = jit(
      gradient(of: { (x: Tensor<Double>, w: Tensor<Double>, b: Tensor<Double>) in (x * w) + b })
    )
    let slopes = try slope(2, 3, 1)
    return WorkedExample(
      name: "z = (x·w) + b at (2, 3, 1): gradients",
      computed: [try slopes.0.item(), try slopes.1.item(), try slopes.2.item()],
      expected: [3, 2, 1])
  }

  /// Half a squared error and its slope.
  private static func squaredError() throws -> WorkedExample {
    let (x, b, y) = (Tensor<Double>(-2), Tensor<Double>(8), Tensor<Double>(2))
    let loss = { @Sendable (w: Tensor<Double>) -> Tensor<Double> in
      let error = w * x + b - y
      return 0.5 * error * error
    }
    let lossWithSlope = jit(valueWithGradient(of: loss))
    let (value, slope) = try lossWithSlope(2)
    return WorkedExample(
      name: "J = ½(w·x + b − y)² at w = 2, x = −2, b = 8, y = 2: J, ∂J/∂w",
      computed: [try value.item(), try slope.item()], expected: [2, -4])
  }

  /// A line fitted to points of 3x + 7 by gradient descent.
  private static func fit() throws -> WorkedExample {
    let x = Tensor((0..<20).map { Double($0) / 10 - 1 })
    let y = x * 3 + 7
    let step = jit { (w: Tensor<Double>, b: Tensor<Double>) in
      let slopes = try gradient(at: w, b) { w, b in
        let error = w * x + b - y
        return (error * error).sum() / 20
      }
      return (w - 0.5 * slopes.0, b - 0.5 * slopes.1)
    }
    var (w, b): (Tensor<Double>, Tensor<Double>) = (0, 0)
    for _ in 0..<200 { (w, b) = try step(w, b) }
    return WorkedExample(
      name: "fitting 3x + 7 by gradient descent, 200 steps: slope, offset",
      computed: [try w.item(), try b.item()], expected: [3, 7], tolerance: 1e-9)
  }

  /// The gradient of a sum times a number.
  private static func sumTimes() throws -> WorkedExample {
    let slope = jit(
      gradient(of: { (a: Tensor<Double>, b: Tensor<Double>, c: Tensor<Double>) in (a + b) * c })
    )
    let slopes = try slope(1, 2, 3)
    return WorkedExample(
      name: "(a + b)·c at (1, 2, 3): gradients",
      computed: [try slopes.0.item(), try slopes.1.item(), try slopes.2.item()],
      expected: [3, 3, 3])
  }
}
