import TensorIR
import TestSupport
import Testing

/// Sums of so many floats that one accumulator would lose most of their digits.
@Suite struct NativeLongSumTests {
  /// All elements are 0.03f, so the sum is known; one accumulator is 4·10⁻⁵ off after 300,000 of them.
  @Test(arguments: [[300_000], [300_000, 1], [300_000, 3], [300_000, 20], [2, 300_000]])
  func keepMostDigits(_ shape: [Int]) throws {
    let type = TensorType(shape, .f32)
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(type)
    let axis = shape[0] == 2 ? 1 : 0
    let sum = try builder.reduce(.add, x, dimensions: [axis])
    // A second sum, of squares of distances from the first one's mean, takes another way.
    let mean = try builder.multiply(sum, builder.splat(1.0 / 300_000, builder[sum]))
    let kept = shape.indices.filter { $0 != axis }
    let centered = try builder.add(
      x, builder.broadcast(mean, to: shape, dimensions: kept.isEmpty ? [] : kept))
    let squares = try builder.reduce(
      .add, builder.multiply(centered, centered), dimensions: [axis])
    let function = builder.finish(returning: [sum, squares])
    let results = try runNatively(function, [Literal(type, filledWith: 0.03)])
    let term = Double(Float(0.03))
    for (result, exact) in zip(results, [300_000 * term, 300_000 * 4 * term * term]) {
      for value in result.doubles {
        #expect(abs(value / exact - 1) < 5e-6, "\(shape): \(value) instead of \(exact)")
      }
    }
  }
}
