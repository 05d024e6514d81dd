import LoopIR
import Targets
import TensorIR
import Testing

@testable import Codegen
@testable import Fusion
@testable import Runtime

/// Kernels that are compiled while the rest of their program is planned.
@Suite struct EarlyCompilationTests {
  /// Two products and what is made of them, in several kernels.
  private static let text = """
    func.func @main(%x: tensor<24x20xf32>, %y: tensor<20x36xf32>, %z: tensor<36x8xf32>) \
      -> (tensor<24x8xf32>, tensor<36xf32>) {
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %p = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] \
        : (tensor<24x20xf32>, tensor<20x36xf32>) -> tensor<24x36xf32>
      %t = stablehlo.tanh %p : tensor<24x36xf32>
      %q = stablehlo.dot_general %t, %z, contracting_dims = [1] x [0] \
        : (tensor<24x36xf32>, tensor<36x8xf32>) -> tensor<24x8xf32>
      %s = stablehlo.sine %q : tensor<24x8xf32>
      %r = stablehlo.reduce(%t init: %zero) applies stablehlo.add across dimensions = [0] \
        : (tensor<24x36xf32>, tensor<f32>) -> tensor<36xf32>
      return %s, %r : tensor<24x8xf32>, tensor<36xf32>
    }
    """

  /// The kernels in the order in which they are scheduled, and the program.
  private let told: [(kernel: Kernel, types: [TensorType])]
  private let emitter: ProgramEmitter

  init() throws {
    let function = try #require(Module(parsing: Self.text, file: "early.mlir").entry)
    var told: [(kernel: Kernel, types: [TensorType])] = []
    let lowered = try LoopProgram.lowered(
      function, for: .host, ScheduleOptions(),
      telling: KernelObserver { told.append(($0, $1)) })
    self.told = told
    emitter = ProgramEmitter(lowered.program, target: .host)
  }

  @Test func scheduledKernelsHaveTheCodeOfTheProgram() {
    let codes = told.flatMap {
      ProgramEmitter.codes(of: $0.kernel, slots: $0.types, for: .host)?.codes.map(\.code) ?? []
    }
    #expect(emitter.codes.count > 1)
    #expect(Set(codes).isSuperset(of: emitter.codes))
  }

  @Test func objectsAreTheSameAsThoseMadeLater() throws {
    let cache = CodeCache()
    let early = EarlyCompilation(KernelCompiler(target: .host, cache: cache))
    for (kernel, types) in told { early?.add(kernel, types) }
    let objects = try KernelCompilation.objects(
      of: emitter, for: .host, cache: cache, early: early)
    let later = try KernelCompilation.objects(of: emitter, for: .host, cache: nil)
    #expect(objects.map(\.object) == later.map(\.object))
    #expect(cache.counts.compiledKernels == emitter.codes.count + 1)
  }

  @Test func onlyWhatAProgramUsesIsCountedAndKept() throws {
    let cache = CodeCache()
    let compiler = KernelCompiler(target: .host, cache: cache)
    let code = emitter.codes[0]
    let key = CodeCache.KernelKey(code: code, target: .host, level: code.codegenLevel)
    let made = try compiler.made(
      code, level: code.codegenLevel, best: code.codegenLevel)
    #expect(cache.counts.compiledKernels == 0)
    #expect(cache.kernel(key) == nil)
    #expect(compiler.adopted(made, code).object == made.kernel.object)
    #expect(cache.counts.compiledKernels == 1)
    #expect(cache.kernel(key)?.object == made.kernel.object)
  }

  @Test func afterTheEndNothingIsBegun() {
    guard let early = EarlyCompilation(KernelCompiler(target: .host, cache: nil)) else { return }
    #expect(early.finish().isEmpty)
    for (kernel, types) in told { early.add(kernel, types) }
    #expect(early.finish().isEmpty)
  }
}
