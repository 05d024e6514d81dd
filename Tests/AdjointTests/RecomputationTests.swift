import Adjoint
import Testing

/// What is computed again, and that it gives the same: scopes in scopes, gradients of gradients, loops and random
/// numbers within a memory budget.
@Suite struct RecomputationTests {
  /// How many values of a type are saved, local or computed again so many times, by a planned text.
  private func verdicts(of type: String, in text: String) -> [String: Int] {
    text.split(separator: "\n").reduce(into: [:]) { counts, line in
      guard line.hasPrefix("// "), line.contains(": \(type), "),
        let verdict = line.firstMatch(of: /bytes: ([^,]+),/)?.1
      else { return }
      counts[String(verdict), default: 0] += 1
    }
  }

  /// Two scopes of two scopes of three layers, and a layer behind: the results of the outer ones are kept.
  /// Backward, the result of an outer scope's first inner one is made again for the second, and its layers once
  /// more for their own turn.
  @Test func scopesInScopes() throws {
    let weights = (0..<13).map { layer in
      Tensor<Float>.linspace(from: -0.2, to: 0.21 + 0.01 * Float(layer), count: 32 * 32)
        .reshaped(to: [32, 32])
    }
    let x = Tensor<Float>.linspace(from: -1, to: 1, count: 64 * 32).reshaped(to: [64, 32])
    let plain = jit(rematerialization: .saveAll) { (w: [Tensor<Float>], x: Tensor<Float>) in
      try valueWithGradient(at: w) { w in square(w.reduce(x) { tanh(matmul($0, $1)) }).sum() }
    }
    let nested = jit { (w: [Tensor<Float>], x: Tensor<Float>) in
      try valueWithGradient(at: w) { w -> Tensor<Float> in
        var h = x
        for outer in 0..<2 {
          let scope = checkpoint { (h: Tensor<Float>) -> Tensor<Float> in
            var h = h
            for inner in 0..<2 {
              let first = 6 * outer + 3 * inner
              let scope = checkpoint { (h: Tensor<Float>) in
                (first..<first + 3).reduce(h) { tanh(matmul($0, w[$1])) }
              }
              h = try scope(h)
            }
            return h
          }
          h = try scope(h)
        }
        return square(tanh(matmul(h, w[12]))).sum()
      }
    }
    let (value, gradient) = try plain(weights, x)
    let (nestedValue, nestedGradient) = try nested(weights, x)
    #expect(try value.item() == nestedValue.item())
    for (expected, found) in zip(gradient, nestedGradient) {
      #expect(try expected.scalars() == found.scalars())
    }
    let all = verdicts(of: "tensor<64x32xf32>", in: try plain.dump(stage: .planned))
    #expect(all["saved"] == 12)
    let kept = verdicts(of: "tensor<64x32xf32>", in: try nested.dump(stage: .planned))
    #expect(kept["saved"] == 2)
    #expect(kept["recomputed 1×"] == 6)
    #expect(kept["recomputed 2×"] == 4)
    let report = try #require(nested.report)
    #expect(report.savedByteCount == 2 * 64 * 32 * 4)
    #expect(report.recomputedByteCount == 10 * 64 * 32 * 4)
    #expect(try report.arenaByteCount < #require(plain.report).arenaByteCount)
  }

  /// The slope of the squared length of a gradient, within three fifths of the bytes.
  @Test func gradientsOfGradients() throws {
    let w = Tensor<Float>.linspace(from: -0.3, to: 0.25, count: 32 * 32).reshaped(to: [32, 32])
    let x = Tensor<Float>.linspace(from: -1, to: 1, count: 64 * 32).reshaped(to: [64, 32])
    func slope(
      _ budget: ByteCount?, _ policy: Rematerialization
    ) -> CompiledFunction<Tensor<Float>, Tensor<Float>> {
      jit(memoryBudget: budget, rematerialization: policy) { (w: Tensor<Float>) in
        try gradient(at: w) { w in
          let inner = try gradient(at: w) { w in
            square((0..<4).reduce(x) { h, _ in tanh(matmul(h, w)) }).sum()
          }
          return square(inner).sum()
        }
      }
    }
    let whole = slope(nil, .saveAll)
    let expected = try whole(w).scalars()
    #expect(expected.contains { $0 != 0 })
    let arena = try #require(whole.report).arenaByteCount
    let budget = arena / 5 * 3
    let planned = slope(.bytes(budget), .automatic)
    #expect(try planned(w).scalars() == expected)
    let report = try #require(planned.report)
    #expect(report.arenaByteCount <= budget && report.addedFlops > 0)
    for policy in [Rematerialization.saveNothing, .saveProducts] {
      let planned = slope(nil, policy)
      #expect(try planned(w).scalars() == expected, "\(policy)")
      // All that is read backward is a product's.
      let recomputed = try #require(planned.report).recomputedByteCount
      #expect((recomputed > 0) == (policy == .saveNothing))
    }
  }

  /// Masks that each step of a loop draws anew are the same ones where steps are run again.
  @Test func randomNumbersInALoop() throws {
    let w = Tensor<Float>.linspace(from: -0.4, to: 0.3, count: 16 * 16).reshaped(to: [16, 16])
    func slope(
      _ budget: ByteCount?, _ policy: Rematerialization
    ) -> CompiledFunction<Tensor<Float>, RandomKey, Tensor<Float>> {
      jit(memoryBudget: budget, rematerialization: policy) {
        (w: Tensor<Float>, key: RandomKey) in
        try gradient(at: w) { w in
          let start = Tensor<Float>.ones([8, 16])
          let (last, sums) = try scan(start, count: 48) { h, step in
            let mask = key.folding(Tensor<UInt32>(step)).bernoulli([8, 16], probability: 0.75)
            let next = tanh(matmul(h, w)) * Tensor<Float>(mask) / 0.75
            return (next, next.sum())
          }
          return square(last).sum() + sums.sum()
        }
      }
    }
    let key = RandomKey(seed: 5)
    let whole = slope(nil, .saveAll)
    let expected = try whole(w, key).scalars()
    #expect(try whole(w, RandomKey(seed: 6)).scalars() != expected)
    let arena = try #require(whole.report).arenaByteCount
    let planned = slope(.bytes(arena / 2), .automatic)
    #expect(try planned(w, key).scalars() == expected)
    let report = try #require(planned.report)
    #expect(report.arenaByteCount <= arena / 2 && report.recomputedByteCount > 0)
    #expect(try slope(nil, .saveNothing)(w, key).scalars() == expected)
  }

  /// The gradient of a loop whose length is an argument, within a fifth of the bytes.
  @Test func loopsOfUnknownLength() throws {
    let start = Tensor<Double>.linspace(from: 0.5, to: 1.5, count: 64)
    func slope(
      _ budget: ByteCount?
    ) -> CompiledFunction<Tensor<Double>, Tensor<Int32>, Tensor<Double>> {
      jit(memoryBudget: budget) { (x: Tensor<Double>, count: Tensor<Int32>) in
        try gradient(at: x) { x in
          let first = (Tensor<Int32>(0), x)
          let (_, last) = try whileLoop(first, while: { $0.0 .< count }) { state in
            (state.0 + 1, state.1 - 0.01 * state.1 * state.1 * state.1)
          }
          return last.sum()
        }
      }
    }
    let whole = slope(nil)
    let expected = try whole(start, 300).scalars()
    let arena = try #require(whole.report).arenaByteCount
    // Two tables of 64 states of 64 numbers.
    #expect(arena >= 2 * 64 * 64 * 8)
    let budget = arena / 5
    let planned = slope(.bytes(budget))
    for (found, expected) in zip(try planned(start, 300).scalars(), expected) {
      #expect(abs(found - expected) <= 1e-12 * abs(expected))
    }
    let (all, report) = try (#require(whole.report), #require(planned.report))
    #expect(report.arenaByteCount <= budget)
    // Snapshots, and the states of a segment whose steps are run again.
    #expect(all.savedByteCount == 64 * 64 * 8 && all.recomputedByteCount == 64 * 64 * 8)
    #expect(all.saveAllByteCount == arena && report.saveAllByteCount == arena)
    #expect(report.savedByteCount > 0 && report.savedByteCount <= budget / 2)
    #expect(report.savedByteCount.isMultiple(of: 64 * 8))
    #expect(report.recomputedByteCount == report.savedByteCount)
    let text = try planned.dump(stage: .planned)
    #expect(text.contains(" snapshots of a loop of unknown length, and as many states"))
    #expect(throws: AdjointError.self) { try slope(.bytes(1000))(start, 300) }
  }
}
