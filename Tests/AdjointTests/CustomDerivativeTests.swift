import Adjoint
import Testing

/// Functions whose derivative the user states.
struct CustomDerivativeTests {
  /// x³ with a pullback of the user's; `factor` tells whether that or the closure's own is used.
  private static func cube(
    factor: Double
  ) -> @Sendable (Tensor<Double>) throws -> Tensor<Double> {
    customDerivative(valueWithPullback: { (x: Tensor<Double>) in
      let square = x * x
      return (value: square * x, pullback: { factor * square * $0 })
    })
  }

  /// log(1 + eˣ) with a differential that does not overflow.
  private static let softplus = customDerivative(valueWithDifferential: { (x: Tensor<Double>) in
    (value: log1p(exp(x)), differential: { $0 * sigmoid(x) })
  })

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func pullbacksReplaceDerivatives() throws {
    let x = Tensor<Double>([1, 2, -3])
    let cube = Self.cube(factor: 5)
    #expect(try cube(x).scalars() == [1, 8, -27])
    let slope = gradient { (x: Tensor<Double>) in try cube(x).sum() }
    #expect(try slope(x).scalars() == [5, 20, 45])
    #expect(try jit(slope)(x).scalars() == [5, 20, 45])
    #expect(try jit { (x: Tensor<Double>) in try cube(x) }(x).scalars() == [1, 8, -27])
  }

  @Test func pullbacksTransposeToForwardMode() throws {
    let x = Tensor<Double>([1, 2, -3])
    let cube = Self.cube(factor: 5)
    let tangent = try differential(at: x, of: cube)(Tensor([1, 10, 100]))
    #expect(try tangent.scalars() == [5, 200, 4500])
  }

  @Test func secondDerivativesAreThoseOfTheStatedOnes() throws {
    let x = Tensor<Double>([1, 2, -3])
    let cube = Self.cube(factor: 5)
    let first = gradient { (x: Tensor<Double>) in try cube(x).sum() }
    let second = gradient { (x: Tensor<Double>) in try first(x).sum() }
    #expect(try second(x).scalars() == [10, 20, -30])
    let hvp = try differential(at: x, of: first)(Tensor([1, 1, 1]))
    #expect(try hvp.scalars() == [10, 20, -30])
    let reverseOfForward = gradient { (x: Tensor<Double>) in
      try differential(at: x, of: cube)(Tensor([1, 1, 1])).sum()
    }
    #expect(try reverseOfForward(x).scalars() == [10, 20, -30])
  }

  @Test func pullbacksNeedNotBeLinear() throws {
    let clipped = customDerivative(valueWithPullback: { (x: Tensor<Float>) in
      (value: x, pullback: { $0.clamped(to: -1...1) })
    })
    let x = Tensor<Float>([1, 2, 3])
    let slope = gradient { (x: Tensor<Float>) in
      try (clipped(x) * Tensor([0.5, 7, -9])).sum()
    }
    #expect(try slope(x).scalars() == [0.5, 1, -1])
    let text = message { _ = try differential(at: x, of: clipped)(x).scalars() }
    #expect(text.contains("a pullback that is not linear in its cotangent has no forward mode"))
  }

  @Test func differentialsWorkInBothModes() throws {
    let x = Tensor<Double>([0, 800])
    let slope = gradient { (x: Tensor<Double>) in try Self.softplus(x).sum() }
    #expect(try slope(x).scalars() == [0.5, 1])
    #expect(try differential(at: x, of: Self.softplus)(Tensor([2, 2])).scalars() == [1, 2])
    let second = gradient { (x: Tensor<Double>) in try slope(x).sum() }
    #expect(try second(Tensor(0)).item() == 0.25)
  }

  @Test func statedDerivativesHoldInLoopsAndForManyExamples() throws {
    let cube = Self.cube(factor: 5)
    let looped = gradient { (x: Tensor<Double>) in
      try forLoop(2, x) { _, x in try cube(x) }.sum()
    }
    // Each step multiplies the cotangent by 5·x².
    #expect(try looped(Tensor([2])).scalars() == [5.0 * 64 * 5 * 4])
    #expect(try jit(looped)(Tensor([2])).scalars() == [5.0 * 64 * 5 * 4])
    let x = Tensor<Double>([[1, 2], [3, 4]])
    let mapped = vmap { (row: Tensor<Double>) in try cube(row).sum() }
    #expect(try mapped(x).scalars() == [9, 91])
    let slopes = vmap(gradient { (row: Tensor<Double>) in try cube(row).sum() })
    #expect(try slopes(x).scalars() == [5, 20, 45, 80])
    let total = gradient { (x: Tensor<Double>) in try mapped(x).sum() }
    #expect(try total(x).scalars() == [5, 20, 45, 80])
  }

  @Test func severalArgumentsAndIntegers() throws {
    let gathered = customDerivative(
      valueWithPullback: { (table: Tensor<Double>, row: Tensor<Int32>) in
        (
          value: table * Tensor<Double>(row),
          pullback: { (2 * $0, .zeros([])) }
        )
      })
    let slope = gradient { (table: Tensor<Double>, row: Tensor<Int32>) in
      try gathered(table, row).sum()
    }
    let (table, row) = try slope(Tensor([1, 2]), Tensor(3))
    #expect(try table.scalars() == [2, 2])
    #expect(try row.item() == 0)
    let product = customDerivative(
      valueWithDifferential: { (x: Tensor<Double>, y: Tensor<Double>) in
        (value: x * y, differential: { dx, dy in dx * y + 10 * x * dy })
      })
    let both = gradient { (x: Tensor<Double>, y: Tensor<Double>) in try product(x, y).sum() }
    let (dx, dy) = try both(Tensor(3), Tensor(4))
    #expect(try [dx.item(), dy.item()] == [4, 30])
  }

  @Test func straightThroughKeepsTheSlope() throws {
    let slope = gradient { (x: Tensor<Float>) in
      try (straightThrough(x) { round($0) } * Tensor([2, 3])).sum()
    }
    #expect(try slope(Tensor([0.4, 1.6])).scalars() == [2, 3])
    #expect(try straightThrough(Tensor<Float>([0.4, 1.6])) { round($0) }.scalars() == [0, 2])
  }

  @Test func capturesMayBeReadButNotDifferentiated() throws {
    let scale = Tensor<Double>(2)
    let scaled = customDerivative(valueWithPullback: { (x: Tensor<Double>) in
      (value: x * scale, pullback: { $0 * scale })
    })
    #expect(try gradient(of: { (x: Tensor<Double>) in try scaled(x) })(Tensor(3)).item() == 2)
    let wrong = gradient { (y: Tensor<Double>) in
      try customDerivative(valueWithPullback: { (x: Tensor<Double>) in
        (value: x * y, pullback: { $0 * y })
      })(Tensor(3))
    }
    #expect(message { _ = try wrong(Tensor(2)).item() }.contains("make it an argument"))
  }

  @Test func derivativesMustHaveTheirShapes() {
    let wrong = customDerivative(valueWithPullback: { (x: Tensor<Double>) in
      (value: x, pullback: { $0.sum() })
    })
    let text = message { _ = try wrong(Tensor([1, 2])).scalars() }
    #expect(text.contains("a pullback must return the arguments' types"))
  }
}
