@testable import Adjoint
import Testing

/// Programs that one executable serves for a range of sizes.
struct BucketTests {
  /// A batch of n rows with elements between 0.25 and 2.
  private func batch(_ n: Int, _ width: Int = 3) -> Tensor<Double> {
    let scalars = (0..<(n * width)).map { index -> Double in
      let step = (index * 5 + index / 7) % 8
      return 0.25 + Double(step) / 4 + Double(index) / 1000
    }
    return Tensor(shape: [n, width], scalars: scalars)
  }

  /// Weights of shape [3, 3].
  private var weights: Tensor<Double> {
    Tensor(
      shape: [3, 3],
      scalars: (0..<9).map { (index: Int) -> Double in 0.3 - 0.11 * Double(index * 4 % 9) })
  }

  @Test(arguments: BucketCase.all)
  func valuesAreThoseOfTheSizeItself(_ test: BucketCase) throws {
    let shared = jit(buckets: .powersOfTwo.arguments(1)) { (w: Tensor<Double>, x: Tensor<Double>) in
      try test.function(w, x)
    }
    let sizes = [6, 5, 8, 7]
    for n in sizes {
      let found = try shared(weights, batch(n))
      let expected = try Engine.$preferred.withValue(.interpreter) {
        let exact = jit { (w: Tensor<Double>, x: Tensor<Double>) in try test.function(w, x) }
        return try exact(weights, batch(n))
      }
      #expect(found.count == expected.count)
      for (index, (found, expected)) in zip(found, expected).enumerated() {
        #expect(found.shape == expected.shape)
        let pairs = try zip(found.scalars(), expected.scalars())
        let isEqual = pairs.allSatisfy { left, right in
          left == right || (left.isNaN && right.isNaN)
            || abs(left - right) <= 1e-12 * Swift.max(1, abs(right))
        }
        #expect(isEqual, "result \(index) for \(n) rows: \(found) instead of \(expected)")
      }
    }
    if test.isShared {
      #expect(shared.compilationCount == 1, "\(shared.explain())")
      #expect(shared.explain().hasSuffix("; for sizes 5…8, 4 of which were called"))
    } else {
      #expect(shared.compilationCount == sizes.count)
      #expect(
        shared.explain().split(separator: "\n").allSatisfy {
          $0.contains("; for this size alone: ")
        })
    }
  }
}
