import Adjoint
import Testing

/// Memory budgets, policies, `checkpoint` scopes and names in Swift.
@Suite struct MemoryTests {
  private static let width = 64

  private func layer(_ w: Tensor<Float>, _ x: Tensor<Float>) -> Tensor<Float> {
    tanh(matmul(x, w))
  }

  private func scalars(_ tensors: [Tensor<Float>]) throws -> [[Float]] {
    try tensors.map { try $0.scalars() }
  }

  /// The weights of a network of 24 layers, and a batch.
  private func network() -> (weights: [Tensor<Float>], x: Tensor<Float>) {
    let width = Self.width
    let weights = (0..<24).map { layer in
      Tensor<Float>.linspace(from: -0.2, to: 0.21 + 0.01 * Float(layer), count: width * width)
        .reshaped(to: [width, width])
    }
    return (
      weights,
      Tensor<Float>.linspace(from: -1, to: 1, count: 512 * width).reshaped(to: [512, width])
    )
  }

  /// Scopes of four layers keep five values of 24 behind the argument: the plan is as small as the one made by
  /// hand, five kept, four computed again, and the cotangent, which each layer's takes the place of.
  @Test func scopesOfFourLayersKeepSixValues() throws {
    let (weights, x) = network()
    let plain = jit(rematerialization: .saveAll) { (w: [Tensor<Float>], x: Tensor<Float>) in
      let (value, gradient) = try valueWithGradient(at: w) { w in
        square(w.reduce(x) { self.layer($1, $0) }).sum()
      }
      return (value, gradient)
    }
    let scoped = jit { (w: [Tensor<Float>], x: Tensor<Float>) in
      let (value, gradient) = try valueWithGradient(at: w) { w -> Tensor<Float> in
        var h = x
        for group in 0..<6 {
          let block = checkpoint { (h: Tensor<Float>) in
            (0..<4).reduce(h) { self.layer(w[4 * group + $1], $0) }
          }
          h = try block(h)
        }
        return square(h).sum()
      }
      return (value, gradient)
    }
    let (value, gradient) = try plain(weights, x)
    let (scopedValue, scopedGradient) = try scoped(weights, x)
    #expect(try value.item() == scopedValue.item())
    for (expected, found) in zip(gradient, scopedGradient) {
      #expect(try expected.scalars() == found.scalars())
    }
    let layerBytes = 512 * Self.width * 4
    let whole = try #require(plain.report).arenaByteCount
    let planned = try #require(scoped.report).arenaByteCount
    #expect(whole >= 24 * layerBytes)
    #expect(planned <= 10 * layerBytes)
  }

  @Test func budgetsHoldAndChangeNothing() throws {
    let (weights, x) = network()
    let loss = { @Sendable (w: [Tensor<Float>], x: Tensor<Float>) in
      square(w.reduce(x) { tanh(matmul($0, $1)) }).sum()
    }
    let plain = jit(rematerialization: .saveAll, valueWithGradient(of: loss))
    let (value, gradient) = try plain(weights, x)
    let whole = try #require(plain.report).arenaByteCount
    let half = jit(memoryBudget: .bytes(whole / 2), valueWithGradient(of: loss))
    let (halfValue, halfGradient) = try half(weights, x)
    #expect(try #require(half.report).arenaByteCount <= whole / 2)
    #expect(try #require(half.report).addedFlops > 0)
    #expect(try value.item() == halfValue.item())
    #expect(try scalars(gradient.0) == scalars(halfGradient.0))
    // A transform's own budget, in `jit` and outside.
    let inner = jit(valueWithGradient(memoryBudget: .bytes(whole / 2), of: loss))
    #expect(try scalars(inner(weights, x).gradient.0) == scalars(gradient.0))
    #expect(try #require(inner.report).arenaByteCount <= whole / 2)
    let outside = try Adjoint.gradient(memoryBudget: .bytes(whole / 2), of: loss)(weights, x)
    #expect(try scalars(outside.0) == scalars(gradient.0))
  }

  /// The forms that take the arguments have budgets and policies too.
  @Test func gradientsAtArgumentsTakeBudgets() throws {
    let (weights, x) = network()
    let loss = { @Sendable (w: [Tensor<Float>]) in
      square(w.reduce(x) { tanh(matmul($0, $1)) }).sum()
    }
    let plain = jit(rematerialization: .saveAll) { (w: [Tensor<Float>]) in
      try gradient(at: w, of: loss)
    }
    let expected = try scalars(plain(weights))
    let whole = try #require(plain.report).arenaByteCount
    let half = jit { (w: [Tensor<Float>]) in
      try gradient(at: w, memoryBudget: .bytes(whole / 2), of: loss)
    }
    #expect(try scalars(half(weights)) == expected)
    #expect(try #require(half.report).arenaByteCount <= whole / 2)
    let outside = try valueWithGradient(
      at: weights, rematerialization: .saveProducts, of: loss
    ).gradient
    #expect(try scalars(outside) == expected)
    #expect(throws: AdjointError.self) {
      try gradient(at: weights, memoryBudget: .kilobytes(1), of: loss).map { try $0.scalars() }
    }
  }

  @Test func whatCannotFitThrows() throws {
    let (weights, x) = network()
    let small = jit(memoryBudget: .kilobytes(1)) { (w: [Tensor<Float>], x: Tensor<Float>) in
      try gradient(at: w) { w in square(w.reduce(x) { tanh(matmul($0, $1)) }).sum() }
    }
    let error = #expect(throws: AdjointError.self) { try small(weights, x) }
    #expect(error?.kind == .memory)
    #expect(error?.message.contains("needs at least") == true)
  }

  @Test func namedValuesAreKept() throws {
    let x = Tensor<Float>.linspace(from: -1, to: 1, count: 256 * 64).reshaped(to: [256, 64])
    let w = Tensor<Float>.linspace(from: -0.3, to: 0.2, count: 64 * 64).reshaped(to: [64, 64])
    func step(_ policy: Rematerialization) -> CompiledFunction<Tensor<Float>, Tensor<Float>> {
      jit(rematerialization: policy) { (w: Tensor<Float>) in
        try gradient(at: w) { w in
          let first = saved(tanh(matmul(x, w)), as: "first")
          let second = saved(tanh(matmul(first, w)), as: "second")
          return square(matmul(second, w)).sum()
        }
      }
    }
    let all = step(.saveAll)
    let expected = try all(w)
    for names in [["first"], ["second"], ["first", "second"], []] as [Set<String>] {
      let named = step(.save(named: names))
      #expect(try named(w).scalars() == expected.scalars())
      let text = try named.dump(stage: .planned)
      let recomputed = text.split(separator: "\n").filter {
        $0.hasPrefix("//") && $0.contains(": recomputed")
      }
      let kept = text.split(separator: "\n").filter { $0.contains("kept as") }
      #expect(kept.count == names.count, "\(text)")
      #expect(recomputed.isEmpty == (names.count == 2), "\(text)")
    }
  }

  @Test(
    arguments: [
      ("200MB", 200_000_000), ("1.5GB", 1_500_000_000), ("64KiB", 65536), ("4096", 4096),
      ("7 B", nil), ("-1MB", nil), ("MB", nil), ("nanMB", nil), ("1e30GB", 1 << 62),
    ] as [(String, Int?)])
  func countsOfBytesAreRead(_ text: String, _ bytes: Int?) {
    #expect(ByteCount(text)?.bytes == bytes)
  }
}
