import Differentiation
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// Code that notes how long its kernels take.
@Suite struct ProfileTests {
  private func function() throws -> Function {
    let module = try Module(parsing: programText("mlp_small"), file: "mlp_small.mlir")
    let entry = try #require(module.entry)
    return try module.inlined(entry).simplified().withGradient(of: [0, 1, 2, 3]).simplified()
  }

  @Test func profiledCodeGivesTheSameBitsAndATimeForEachKernel() throws {
    let function = try function()
    var random = SplitMix64(seed: 3)
    let arguments = function.parameterTypes.map {
      ArgumentValues.uniform(0.1...0.9).literal($0, using: &random)
    }
    var options = CodeOptions()
    let plain = try Executable(function, options: options)
    options.isProfiled = true
    let profiled = try Executable(function, options: options)
    #expect(try call(plain, arguments) == call(profiled, arguments))
    #expect(plain.kernels.isEmpty && plain.kernelNanoseconds.isEmpty)
    #expect(profiled.kernels.count == plain.report.kernelCount)
    #expect(profiled.kernelNanoseconds.count == profiled.kernels.count)
    #expect(profiled.kernelNanoseconds.allSatisfy { $0 > 0 })
    #expect(Set(profiled.kernels.map(\.name)).count == profiled.kernels.count)
    #expect(profiled.kernels.allSatisfy { !$0.sources.isEmpty && $0.byteCount > 0 })
  }

  /// Instructions emitted for value and gradient, about twice those for AVX-512, as machines with
  /// other vectors need more.
  @Test(arguments: [
    ("scalar", [0], 250), ("scalar2000", [0], 18000), ("rosenbrock", [0], 800),
    ("nbody", [0], 1000),
    ("mlp_small", [0, 1, 2, 3], 5000),
  ])
  func instructions(_ name: String, _ parameters: [Int], _ limit: Int) throws {
    let module = try Module(parsing: programText(name), file: name)
    let entry = try #require(module.entry)
    let function = try module.inlined(entry).simplified().withGradient(of: parameters).simplified()
    let count = try Executable(function).report.instructionCount
    #expect(count > function.operations.count)
    #expect(count <= limit)
  }

  @Test func theMachineHasLimits() throws {
    #expect(try Calibration.flopsPerSecond(threads: 1) > 1e8)
    #expect(try Calibration.bytesPerSecond(workingSet: 1 << 16, threads: 2) > 1e6)
  }
}
