import Foundation
import Synchronization
import TensorIR
import Testing

@testable import Adjoint

/// Operations that are written again while a function is traced.
struct TracingTests {
  /// How many operations of a name the trace of a function has.
  private func count(_ name: String, in text: String) -> Int {
    text.components(separatedBy: "\(name) ").count - 1
  }

  @Test func equalOperationsAreOne() throws {
    let calls = jit { (x: Tensor<Double>) in sin(x) * x + sin(x) * x - x * sin(x) }
    #expect(try abs(calls(0.5).item() - 0.5 * sin(0.5)) < 1e-15)
    let text = try calls.dump(stage: .traced)
    #expect(count("stablehlo.sine", in: text) == 1)
    #expect(count("stablehlo.multiply", in: text) == 2)
    #expect(count("stablehlo.add", in: text) == 1)
  }

  @Test func numbersAndTheirBroadcastsAreOne() throws {
    let step = jit { (x: Tensor<Float>) in
      var y = x
      for _ in 0..<3 { y = (y * 2 + 1) * 2 - 0.0 + -0.0 }
      return y
    }
    #expect(try step(Tensor([1, 2])).scalars() == [106, 170])
    let text = try step.dump(stage: .traced)
    // Zeros of both signs are two.
    #expect(count("stablehlo.constant", in: text) == 4)
    #expect(count("stablehlo.broadcast_in_dim", in: text) == 4)
    #expect(count("stablehlo.multiply", in: text) == 6)
  }

  @Test func attributesTypesAndOrderTellOperationsApart() throws {
    let parts = jit { (x: Tensor<Double>) in
      let slices = [x[0..<2], x[1..<3], x[0..<2]]
      let sums = [x.sum([0]), x.max([0]), x.sum([0])]
      let counted = [Tensor<Float>.iota([3], axis: 0), Tensor<Float>.iota([4], axis: 0)]
      return (
        slices[0] - slices[1] + slices[2], sums[0] - sums[1] + sums[2],
        counted[0].sum() + counted[1].sum() + Tensor<Float>(x.sum([0]))
          + Tensor<Float>(Tensor<Int32>(x.sum([0])))
      )
    }
    let (first, second, third) = try parts(Tensor([1.5, 2, 4]))
    #expect(try first.scalars() == [1.5 - 2 + 1.5, 2 - 4 + 2])
    #expect(try second.item() == 7.5 - 4 + 7.5)
    #expect(try third.item() == 3 + 6 + 7.5 + 7)
    let text = try parts.dump(stage: .traced)
    #expect(count("stablehlo.slice", in: text) == 2)
    #expect(count("stablehlo.iota", in: text) == 2)
    #expect(text.components(separatedBy: "applies stablehlo.add").count - 1 == 3)
  }

  @Test func gradientsOfRepeatedExpressions() throws {
    @Sendable func f(_ x: Tensor<Double>) -> Tensor<Double> {
      let y = sin(x) * x + sin(x) * x
      return (y * sin(x) + exp(x) / exp(x)).sum()
    }
    let points = [0.3, -1.2, 2.5]
    // 2x sin²x + 1 has the slope 2 sin²x + 4x sin x cos x.
    let expected = points.map { 2 * sin($0) * sin($0) + 4 * $0 * sin($0) * cos($0) }
    for slope in [gradient(of: f), { try jit(gradient(of: f))($0) }] {
      let found = try slope(Tensor(points)).scalars()
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-13 }, "\(found)")
    }
    let second = try gradient(of: { (x: Tensor<Double>) in try gradient(of: f)(x).sum() })(
      Tensor(points)
    ).scalars()
    for (found, x) in zip(second, points) {
      #expect(abs(found - (8 * sin(x) * cos(x) + 4 * x * cos(2 * x))) < 1e-12)
    }
  }

  @Test func twoGradientsOfOneFunctionAreOne() throws {
    let f = { @Sendable (x: Tensor<Double>) in (sin(x) * x).sum() }
    let both = jit { (x: Tensor<Double>) in
      try gradient(of: f)(x) + gradient(of: f)(x)
    }
    let once = jit { (x: Tensor<Double>) in try gradient(of: f)(x) }
    let x = Tensor<Double>([0.25, 3])
    #expect(try both(x).scalars() == once(x).scalars().map { 2 * $0 })
    let (text, shorter) = try (both.dump(stage: .traced), once.dump(stage: .traced))
    #expect(count("stablehlo.cosine", in: text) == count("stablehlo.cosine", in: shorter))
  }

  @Test func checkpointScopesStayApart() throws {
    let block = { @Sendable (x: Tensor<Double>) in
      let scope = checkpoint { (x: Tensor<Double>) in tanh(x) * tanh(x) }
      return try scope(x) + scope(x)
    }
    let function = jit(block)
    #expect(try abs(function(0.5).item() - 2 * tanh(0.5) * tanh(0.5)) < 1e-15)
    let text = try function.dump(stage: .traced)
    #expect(count("stablehlo.tanh", in: text) == 2)
    #expect(count("stablehlo.multiply", in: text) == 2)
    let slope = try jit(gradient(of: block))(0.5).item()
    #expect(abs(slope - 4 * tanh(0.5) * (1 - tanh(0.5) * tanh(0.5))) < 1e-14)
  }

  @Test func scopesOfTransformsSideBySideStayApart() throws {
    let block = { @Sendable (x: Tensor<Double>) in
      try gradient(at: x) { y in try checkpoint { (h: Tensor<Double>) in tanh(h) }(y) }
    }
    let counts = try [jit(block), jit { try block($0) + 2 * block($0) }].map { function in
      _ = try function(0.5).item()
      return count("stablehlo.tanh", in: try function.dump(stage: .traced))
    }
    #expect(counts[0] > 0 && counts[1] == 2 * counts[0])
  }

  @Test func operationsBelongToWhatIsInnermost() throws {
    let function = jit { (x: Tensor<Double>) in
      let outside = x * x
      // Values from outside a scope and from outside a transform come first and second.
      let inside = try checkpoint { (h: Tensor<Double>) in (x * x) * h + h * x }(x)
      let slope = try gradient(at: outside) { y in sin(x * y) + sin(y * x) }
      return outside + inside + slope
    }
    let x = 0.5
    let expected: Double = x * x + x * x * x + x * x + 2 * x * cos(x * x * x)
    #expect(try abs(function(Tensor(x)).item() - expected) < 1e-15)
    let text = try function.dump(stage: .traced)
    // x² outside, and in the scope x², which is h·x too, and x²·h.
    let scope = text.components(separatedBy: "stablehlo.add ")[0]
    #expect(count("stablehlo.multiply", in: scope) == 3)
  }

  @Test func namedValuesAndEffectsStayApart() throws {
    let seen = Mutex(0)
    let log = foreign(closure: "log", effects: true) { values in
      seen.withLock { $0 += 1 }
      return values
    }
    let function = jit { (x: Tensor<Double>) -> Tensor<Double> in
      let first: Tensor<Double> = log(x, shape: [])
      let second: Tensor<Double> = log(x, shape: [])
      let names = [saved(x * 2, as: "a"), saved(x * 2, as: "b"), saved(x * 2, as: "a")]
      return first + second + names[0] + names[1] + names[2]
    }
    #expect(try function(3).item() == 3 + 3 + 18)
    #expect(seen.withLock { $0 } == 2)
    let text = try function.dump(stage: .traced)
    #expect(count("stablehlo.custom_call", in: text) == 2)
    #expect(count("stablehlo.optimization_barrier", in: text) == 3)
    #expect(count("stablehlo.multiply", in: text) == 1)
  }

  @Test func randomDrawsStayApart() throws {
    let draws = jit { (key: RandomKey) -> (Tensor<Float>, Tensor<Float>, Tensor<Float>) in
      let keys = key.split()
      return (keys[0].uniform([4]), keys[1].uniform([4]), keys[0].uniform([4]))
    }
    let (first, second, again) = try draws(RandomKey(seed: 7))
    #expect(try first.scalars() != second.scalars())
    #expect(try first.scalars() == again.scalars())
  }

  @Test func regionsHaveTheirOwn() throws {
    let function = jit { (x: Tensor<Double>, n: Tensor<Int32>) in
      let outer = sin(x) + 1
      let chosen = try cond(n .> 0, { sin(x) + 1 }, { (sin(x) + 1) * 2 })
      let (state, _) = try scan(sin(x), over: Tensor<Double>([1, 2])) { state, item in
        (state + sin(x) * item, sin(x))
      }
      return outer + chosen + state
    }
    let y: Double = sin(0.5)
    #expect(try abs(function(0.5, 1).item() - (2 * (y + 1) + 4 * y)) < 1e-14)
    #expect(try abs(function(0.5, 0).item() - (3 * (y + 1) + 4 * y)) < 1e-14)
  }

  @Test func tracesAtOtherSizesHaveTheSameOperations() throws {
    // At size four the two numbers are the same one.
    let function = jit(buckets: .sizes([8])) { (x: Tensor<Float>) in
      (x * Tensor<Float>(Float(x.shape[0])) + 4).sum()
    }
    for size in [3, 4, 5] {
      let x = Tensor<Float>(Array(repeating: 1, count: size))
      #expect(try function(x).item() == Float(size * size + 4 * size))
    }
    #expect(function.compilationCount == 1, "\(function.explain())")
  }

  /// How many programs a loop of so many rounds takes that looks at a value in each.
  private func programsOfLooks(_ rounds: Int) throws -> Int {
    try ProgramCache.$current.withValue(ProgramCache()) {
      let slope = try gradient(at: Tensor<Double>(0.5)) { x -> Tensor<Double> in
        var y = x
        for _ in 0..<rounds {
          y = y * 0.75 + sin(x) * 2
          if try y.item() < 0 { y = -y }
        }
        return y
      }
      #expect(try slope.item() > 0)
      return ProgramCache.current.compilations
    }
  }

  @Test func roundsOfLooksAreEqualPrograms() throws {
    #expect(try programsOfLooks(6) == programsOfLooks(4))
  }

  /// Ends a trace before anything is compiled.
  private struct Stop: Error {}

  @Test func longChains() throws {
    let asked = ProcessInfo.processInfo.environment["ADJOINT_TRACE_LENGTH"].flatMap { Int($0) }
    let length = asked ?? 30_000
    let trace = jit { (x: Tensor<Double>) throws -> Tensor<Double> in
      var (y, z) = (x, x)
      for _ in 0..<(length / 4) {
        y = y * x + x
        // The same again.
        z = z * x + x
      }
      let names = [y, z].compactMap { tensor -> ValueID? in
        if case .traced(_, let value) = tensor.node.origin { value } else { nil }
      }
      #expect(names == [ValueID(2 * (length / 4)), ValueID(2 * (length / 4))])
      throw Stop()
    }
    #expect(throws: Stop.self) { try trace(2) }
  }
}
