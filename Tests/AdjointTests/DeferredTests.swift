@testable import Adjoint
import Testing

/// Operations outside `jit`, which run when a value is needed, and small ones, which run at once.
struct DeferredTests {
  /// More numbers than are combined at once.
  private func ramp(_ scale: Double = 1) -> Tensor<Double> {
    Tensor((0..<1000).map { scale * Double($0) })
  }

  @Test func smallOperationsRunWhereTheyAreWritten() throws {
    try ProgramCache.$current.withValue(ProgramCache()) { () throws in
      let x = Tensor<Float>([[1, 2, 3], [4, 5, 6]])
      let row = Tensor<Float>([10, 20, 30])
      let results: [(Tensor<Float>, [Float])] = [
        (x + row, [11, 22, 33, 14, 25, 36]), (2 - x, [1, 0, -1, -2, -3, -4]),
        (x / 2, [0.5, 1, 1.5, 2, 2.5, 3]), (x.sum(axis: 0), [5, 7, 9]),
        (x.transposed(), [1, 4, 2, 5, 3, 6]), (max(x, 4), [4, 4, 4, 4, 5, 6]),
        (select(x .> 3, x, 0), [0, 0, 0, 4, 5, 6]), (.zeros([2]), [0, 0]),
        (square(x - x.mean()).sum(axis: 1), [8.75, 8.75]),
      ]
      for (result, expected) in results {
        #expect(result.node.knownAddress != nil)
        #expect(try result.scalars() == expected)
      }
      #expect(exp(x).node.knownAddress != nil && exp(ramp()).node.knownAddress == nil)
      #expect(ProgramCache.current.compilations == 0)
      let wrong = x + Tensor<Float>([1, 2])
      #expect(throws: AdjointError.self) { try wrong.scalars() }
    }
  }

  @Test func nothingRunsBeforeAValueIsNeeded() throws {
    try ProgramCache.$current.withValue(ProgramCache()) {
      let cache = ProgramCache.current
      let x = ramp(1e-3)
      let y = exp(x) * 2 + x
      #expect(cache.compilations == 0)
      _ = try y.scalars()
      #expect(cache.compilations == 1)
      _ = try y.scalars()
      #expect(cache.compilations == 1 && cache.hits == 0)
      _ = try (exp(y) * 2 + y).scalars()
      #expect(cache.compilations == 1 && cache.hits == 1)
    }
  }

  @Test func loopsFindTheirStepCompiled() throws {
    try ProgramCache.$current.withValue(ProgramCache()) {
      let cache = ProgramCache.current
      var x = Tensor<Double>.full([1000], 2)
      _ = try x.scalars()
      #expect(cache.compilations == 1)
      var iterations = 0
      while try x[0].item() < 1000 {
        x = x * x
        iterations += 1
      }
      #expect(try x[0].item() == 65536)
      #expect(iterations == 4 && cache.compilations == 2 && cache.hits == 3)
    }
  }

  @Test func changingNumbersDoNotCompileAgain() throws {
    try ProgramCache.$current.withValue(ProgramCache()) { () throws in
      for rate in [0.5, 0.25, 0.125] {
        #expect(try (ramp() * rate).scalars() == (0..<1000).map { rate * Double($0) })
      }
      #expect(ProgramCache.current.compilations == 1)
    }
  }

  @Test func valuesWantedTwiceAreKept() throws {
    try ProgramCache.$current.withValue(ProgramCache()) {
      let x = ramp(1e-3)
      let shared = exp(x)
      #expect(shared.node.knownAddress == nil)
      _ = try shared.sum().item()
      #expect(shared.node.knownAddress == nil)
      _ = try shared.max().item()
      #expect(shared.node.knownAddress != nil)
    }
  }

  @Test func longChainsDoNotOverflowTheStack() throws {
    var x = ramp()
    let one = Tensor<Double>(1)
    for _ in 0..<20_000 { x = x + one }
    #expect(try x[1].item() == 20_001)
  }

  @Test func gradientsOfProgramsThatBranchOnValues() throws {
    let halvings = { @Sendable (x: Tensor<Double>) in
      var y = x
      while try y.item() > 1 { y = y / 2 }
      return y * y
    }
    #expect(try gradient(of: halvings)(12).item() == 2 * 12 / 256.0)
    #expect(try gradient(of: halvings)(3).item() == 2 * 3 / 16.0)
    let twice = { @Sendable (x: Tensor<Double>) in try gradient(of: halvings)(x) }
    #expect(try gradient(of: twice)(3).item() == 2 / 16.0)
  }

  @Test func repeatedGradientsFindTheirProgram() throws {
    try ProgramCache.$current.withValue(ProgramCache()) {
      let data = Tensor<Double>([1, 2, 3])
      var w = Tensor([0.5])
      for rate in [0.5, 0.1, 0.2] {
        let slope = try gradient(of: { [data] (w: Tensor<Double>) in (w * data).sum() * rate })(w)
        #expect(try slope.item() == 6 * rate)
        w = w - slope
        _ = try w.item()
      }
      // The last step, `w - slope`, needs no program.
      #expect(ProgramCache.current.compilations == 1)
    }
  }
}
