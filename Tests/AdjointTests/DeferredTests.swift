@testable import Adjoint
import Testing

/// Operations outside `jit`, which run when a value is needed.
struct DeferredTests {
  @Test func nothingRunsBeforeAValueIsNeeded() throws {
    try ProgramCache.$current.withValue(ProgramCache()) {
      let cache = ProgramCache.current
      let x = Tensor<Double>([1, 2])
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
      var x = Tensor([2.0])
      var iterations = 0
      while try x.item() < 1000 {
        x = x * x
        iterations += 1
      }
      #expect(try x.item() == 65536)
      #expect(iterations == 4 && cache.compilations == 1 && cache.hits == 3)
    }
  }

  @Test func changingNumbersDoNotCompileAgain() throws {
    try ProgramCache.$current.withValue(ProgramCache()) { () throws in
      let x = Tensor<Float>([1, 2])
      for rate in [0.5, 0.25, 0.125] as [Float] {
        #expect(try (x * rate).scalars() == [rate, 2 * rate])
      }
      #expect(ProgramCache.current.compilations == 1)
    }
  }

  @Test func valuesWantedTwiceAreKept() throws {
    try ProgramCache.$current.withValue(ProgramCache()) {
      let x = Tensor<Double>([1, 2, 3])
      let shared = exp(x)
      #expect(shared.node.knownAddress == nil)
      _ = try shared.sum().item()
      #expect(shared.node.knownAddress == nil)
      _ = try shared.max().item()
      #expect(shared.node.knownAddress != nil)
    }
  }

  @Test func longChainsDoNotOverflowTheStack() throws {
    var x = Tensor<Double>(0)
    let one = Tensor<Double>(1)
    for _ in 0..<20_000 { x = x + one }
    #expect(try x.item() == 20_000)
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
      #expect(ProgramCache.current.compilations == 2)
    }
  }
}
