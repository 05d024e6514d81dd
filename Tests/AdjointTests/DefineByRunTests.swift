import TensorIR
import Testing

@testable import Adjoint

/// Looks at values outside `jit`, and gradients of functions that look.
struct DefineByRunTests {
  /// Runs with a program cache of its own; how many programs were compiled.
  private func compilations(_ body: () throws -> Void) rethrows -> Int {
    try ProgramCache.$current.withValue(ProgramCache()) {
      try body()
      return ProgramCache.current.compilations
    }
  }

  @Test func slicesOfKnownValuesCompileNothing() throws {
    let x = Tensor<Float>.iota([60], axis: 0).reshaped(to: [3, 4, 5])
    _ = try x.scalars()
    let count = try compilations { () throws in
      for (i, j, k) in [(0, 0, 0), (1, 2, 3), (2, 3, 4), (-1, -1, -1)] {
        let place = ((i + 3) % 3 * 4 + (j + 4) % 4) * 5 + (k + 5) % 5
        #expect(try x[i, j, k].item() == Float(place))
      }
      #expect(try x[1].scalars() == (20..<40).map { Float($0) })
      #expect(try x[.all, 1].scalars() == [5, 6, 7, 8, 9, 25, 26, 27, 28, 29, 45, 46, 47, 48, 49])
      #expect(try x[1..<3, 2, 4].scalars() == [34, 54])
      #expect(try x[0, 0, stride(from: 0, to: 5, by: 2)].scalars() == [0, 2, 4])
      #expect(try x[.all, stride(from: 1, to: 4, by: 2), 0].scalars() == [5, 15, 25, 35, 45, 55])
      #expect(try x[1..<1].scalars() == [])
      #expect(try x[0..<1, .newAxis].shape == [1, 1, 4, 5])
    }
    #expect(count == 0)
    let mask = Tensor<Bool>([true, false, true])
    #expect(try [mask[0].item(), mask[1].item(), mask[2].item()] == [true, false, true])
  }

  @Test func looksAtElementsOfComputedValuesComputeThemOnce() throws {
    let x = Tensor((1...1000).map(Double.init))
    let count = try compilations { () throws in
      let y = x * x + 1
      for i in 0..<4 { #expect(try y[i].item() == Double((i + 1) * (i + 1) + 1)) }
    }
    #expect(count == 1)
  }

  /// Squares where the sum is above 5, and grows elsewhere.
  @Sendable private static func rounds(
    _ x: Tensor<Double>, _ count: Int
  ) throws -> Tensor<Double> {
    var y = x
    for _ in 0..<count {
      y = try y.sum().item() > 5 ? y * y / 16 : y * 1.5
    }
    return y.sum()
  }

  /// The same with numbers, and its derivative.
  private func rounds(_ x: Double, _ count: Int) -> (value: Double, slope: Double) {
    var (y, slope) = (x, 1.0)
    for _ in 0..<count {
      (y, slope) = y > 5 ? (y * y / 16, slope * y / 8) : (y * 1.5, slope * 1.5)
    }
    return (y, slope)
  }

  @Test func gradientsOfManyLooksCompileFewPrograms() throws {
    var counts: [Int] = []
    for total in [12, 24, 48] {
      let count = try compilations { () throws in
        let function = { @Sendable (x: Tensor<Double>) in try Self.rounds(x, total) }
        let (value, slope) = try valueWithGradient(at: Tensor<Double>([1.25]), of: function)
        let expected = rounds(1.25, total)
        #expect(abs(try value.item() / expected.value - 1) < 1e-12)
        #expect(abs(try slope.scalars()[0] / expected.slope - 1) < 1e-12)
      }
      counts.append(count)
    }
    #expect(counts[2] <= counts[1] + 2)
    #expect(counts[2] < 24)
  }

  @Test func partsShareArgumentsCapturesAndIntegers() throws {
    // The argument is read in every part, and so is a captured tensor; a counter is carried along.
    let scale = Tensor<Double>([2, 3])
    let function = { @Sendable (x: Tensor<Double>, n: Tensor<Int32>) in
      var (sum, count) = (Tensor<Double>([0, 0]), n)
      for round in 0..<10 {
        sum = sum + x * x * scale * Tensor<Double>(Double(round))
        count = count + 1
        if try sum.sum().item() < 0 { break }
      }
      return (sum * Tensor<Double>(count)).sum()
    }
    let (dx, dn) = try gradient(of: function)(Tensor([1, -2]), Tensor(5))
    // Σ round = 45, count = 15: 45 · 15 · 2 · scale · x.
    #expect(try dx.scalars() == [45 * 15 * 2 * 2, 45 * 15 * 2 * 3 * -2])
    #expect(try dn.item() == 0)
  }

  @Test func gradientsOfGradientsThatLook() throws {
    let function = { @Sendable (x: Tensor<Double>) in
      var y = x
      for _ in 0..<10 where try y.item() > -1 { y = y * x }
      return y
    }
    let slope = { @Sendable (x: Tensor<Double>) in try gradient(of: function)(x) }
    // x¹¹: 11·10·x⁹.
    #expect(abs(try gradient(of: slope)(Tensor(1.1)).item() / (110 * 2.357947691) - 1) < 1e-9)
  }

  @Test(arguments: [(16, false), (4096, false), (40_000, true)])
  func onlyLargeFunctionsAreCompiled(count: Int, isCompiled: Bool) throws {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<\(count)xf32>) -> tensor<\(count)xf32> {
          %0 = stablehlo.multiply %x, %x : tensor<\(count)xf32>
          %1 = stablehlo.add %0, %x : tensor<\(count)xf32>
          return %1 : tensor<\(count)xf32>
        }
        """, file: "test.mlir")
    let program = try ProgramCache().program(for: module.functions[0])
    #expect((program.body.executable != nil) == isCompiled)
    let budget = MemoryOptions(budget: 1 << 20)
    let planned = try ProgramCache().program(for: module.functions[0], memory: budget)
    #expect(planned.body.executable != nil)
  }

  @Test func smallFunctionsAgreeWithMachineCodeToLastBits() throws {
    // Machine code contracts products and sums and has elementary functions of its own.
    let function = { @Sendable (x: Tensor<Float>) in
      (exp(sin(x) * x) + log1p(x * x) / 3 - tanh(x)) * x.sum() / x.max()
    }
    let x = Tensor<Float>.randomUniform([40], seed: 7) * 3 + 0.1
    let (slow, fast) = (try function(x).scalars(), try jit(function)(x).scalars())
    for (a, b) in zip(slow, fast) { #expect(abs(a - b) <= 8 * max(a.ulp, Float(1).ulp)) }
    #expect(try function(x).scalars() == slow)
  }
}
