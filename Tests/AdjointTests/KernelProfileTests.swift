import Adjoint
import Testing

/// Profiles of programs: counts, sources, and how the roofline follows from limits.
@Suite struct KernelProfileTests {
  private let text = """
    func.func @main(%x: tensor<1000xf64>) -> tensor<1000xf64> {
      %0 = stablehlo.multiply %x, %x : tensor<1000xf64>
      return %0 : tensor<1000xf64>
    }
    """

  private func argument() throws -> TensorData {
    try TensorData(TensorType([1000], .f64), doubles: (0..<1000).map(Double.init))
  }

  @Test func countsAndSources() throws {
    let program = try Program(parsing: text, file: "square.mlir").compile()
    let limits = MachineLimits(
      flopsPerSecond: 1e9,
      bandwidths: [
        .init(byteCount: 1000, bytesPerSecond: 8e9), .init(byteCount: 20_000, bytesPerSecond: 4e9),
        .init(byteCount: 1_000_000, bytesPerSecond: 1e9),
      ])
    let profile = try program.profile([argument()], repeats: 3, limits: limits)
    #expect(profile.count == 1)
    let kernel = try #require(profile.first)
    #expect(kernel.byteCount == 16_000)
    #expect(kernel.flops == 1000)
    #expect(kernel.sources.map(\.description) == ["square.mlir:2"])
    // 16 kB at 4 GB/s take 4 µs; 1000 operations on doubles at half of 1 GF/s take 2 µs.
    #expect(kernel.boundNanoseconds == 4000)
    #expect(kernel.minimumNanoseconds > 0)
    #expect(kernel.minimumNanoseconds <= kernel.meanNanoseconds)
    let product = kernel.rooflineFraction * kernel.minimumNanoseconds
    #expect(abs(product - 4000) < 1e-6)
  }

  @Test func mistakes() throws {
    let program = try Program(parsing: text, file: "square.mlir")
    let interpreted = try program.compile(engine: .interpreter)
    #expect(throws: AdjointError.self) { try interpreted.profile([argument()]) }
    let compiled = try program.compile()
    #expect(throws: AdjointError.self) { try compiled.profile([argument()], repeats: 0) }
    #expect(throws: AdjointError.self) { try compiled.profile([]) }
  }
}
