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

  /// A profile is of the program as it is called: kernels that a memory budget runs again are there.
  @Test func budgetsAreProfiledToo() throws {
    let (type, weights) = ("tensor<512x64xf32>", "tensor<64x64xf32>")
    let layers = (1...8).map { layer in
      """
      %p\(layer) = stablehlo.dot_general %h\(layer - 1), %w, contracting_dims = [1] x [0]
          : (\(type), \(weights)) -> \(type)
      %h\(layer) = stablehlo.tanh %p\(layer) : \(type)
      """
    }
    let text = """
      func.func @main(%h0: \(type), %w: \(weights)) -> tensor<f32> {
        \(layers.joined(separator: "\n"))
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %s = stablehlo.reduce(%h8 init: %z) applies stablehlo.add across dimensions = [0, 1]
          : (\(type), tensor<f32>) -> tensor<f32>
        return %s : tensor<f32>
      }
      """
    let program = try Program(parsing: text, file: "chain.mlir")
    let limits = MachineLimits(
      flopsPerSecond: 1e9, bandwidths: [.init(byteCount: 1000, bytesPerSecond: 8e9)])
    func kernels(_ options: CompileOptions) throws -> (profile: Int, flops: Int, CompileReport) {
      let compiled = try program.compile(transform: .gradient([0, 1]), options: options)
      let arguments = try compiled.parameterTypes.map {
        try TensorData($0, doubles: [Double](repeating: 0.01, count: $0.count))
      }
      let profile = try compiled.profile(arguments, repeats: 1, limits: limits)
      return (profile.count, profile.reduce(0) { $0 + $1.flops }, compiled.report)
    }
    let whole = try kernels(CompileOptions(rematerialization: .saveAll))
    #expect(whole.profile == whole.2.kernelCount)
    let budget = ByteCount.bytes(whole.2.arenaByteCount * 2 / 3)
    let less = try kernels(CompileOptions(memoryBudget: budget))
    #expect(less.profile == less.2.kernelCount)
    // What is reported as added is what runs more.
    #expect(less.2.addedFlops > 0 && less.flops - whole.flops == less.2.addedFlops)
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
