import Adjoint
import Testing

/// Compiled functions stand where closures do.
struct CompiledFunctionTransformTests {
  private let lengths = jit { (x: Tensor<Float>) in square(x).sum() }
  private let products = jit { (x: Tensor<Float>, y: Tensor<Float>) in (x * y, x) }

  @Test func manyExamples() throws {
    #expect(try vmap(lengths)([[1, 2], [3, 4]]).scalars() == [5, 25])
    let (scaled, same) = try vmap(in: [0, nil], products)([1, 2], 3)
    #expect(try scaled.scalars() == [3, 6])
    #expect(try same.scalars() == [1, 2])
    #expect(try jit(vmap(products))([1, 2], [3, 4]).0.scalars() == [3, 8])
  }

  @Test func gradients() throws {
    #expect(try gradient(at: Tensor([1, 2]), of: lengths).scalars() == [2, 4])
    #expect(try gradient(of: lengths)([1, 2]).scalars() == [2, 4])
    let (value, slope) = try jit(valueWithGradient(of: lengths))([1, 2])
    #expect(try value.item() == 5)
    #expect(try slope.scalars() == [2, 4])
    #expect(try valueWithGradient(at: Tensor([1, 2]), of: lengths).value.item() == 5)
  }

  /// A compiled closure of one line may return what `valueWithGradient` does.
  @Test func pairWithLabels() throws {
    let step = jit { (w: Tensor<Float>) in
      try valueWithGradient(at: w) { w in square(w).sum() }
    }
    let (value, slope) = try step([1, 2])
    #expect(try value.item() == 5)
    #expect(try slope.scalars() == [2, 4])
  }
}
