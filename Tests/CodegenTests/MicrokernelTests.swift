import Fusion
import LLVMBridge
import LoopIR
import Targets
import TensorIR
import Testing

@testable import Codegen

/// Loops over depth that products share.
@Suite struct MicrokernelTests {
  /// Products one after the other, of matrices of these sizes.
  private func emitter(
    _ sizes: [Int], _ element: ElementType = .f32, _ target: TargetDescription = .x86_64v4,
    transform: (inout FunctionBuilder, ValueID) throws -> ValueID = { $1 }
  ) throws -> ProgramEmitter {
    var builder = FunctionBuilder(name: "main")
    var value = builder.parameter(TensorType([sizes[0], sizes[1]], element))
    let dimensions = DotDimensions(leftContracting: [1], rightContracting: [0])
    var results: [ValueID] = []
    for (depth, columns) in zip(sizes.dropFirst(), sizes.dropFirst(2)) {
      let factor = builder.parameter(TensorType([depth, columns], element))
      let product = try builder.emit(.dot(dimensions), [value, factor])
      value = try transform(&builder, product)
      results.append(value)
    }
    let program = try LoopProgram(
      lowering: builder.finish(returning: results), for: target)
    return ProgramEmitter(program, target: target)
  }

  private func microkernels(_ emitter: ProgramEmitter) -> [Microkernel] {
    emitter.codes.compactMap { code in
      if case .microkernel(let microkernel) = code.content { microkernel } else { nil }
    }
  }

  /// The multiply-adds in the text of a module.
  private func fmaCount(_ code: KernelCode) -> Int {
    ProgramEmitter.module(of: code, for: .x86_64v4).text
      .split(separator: "\n").count { $0.contains("call") && $0.contains("@llvm.fma") }
  }

  /// Shapes and strides are arguments: four products of different sizes have one loop over depth.
  @Test func productsOfDifferentSizesShareOne() throws {
    let emitter = try emitter([256, 128, 320, 192, 384, 64])
    let found = microkernels(emitter)
    #expect(found.count == 1, "\(found.map(\.name))")
    #expect(emitter.codes.count == 5)
    #expect(emitter.callees.filter { $0 == [4] }.count == 4)
    for (code, callees) in zip(emitter.codes, emitter.callees) {
      #expect(fmaCount(code) == (callees.isEmpty ? found[0].rows * found[0].vectors : 0))
    }
  }

  /// Tiles at the edges have microkernels of fewer rows and columns.
  @Test func edgesAreSmallerTiles() throws {
    let found = microkernels(try emitter([257, 128, 330]))
    #expect(Set(found.map(\.vectors)) == [1, 2])
    #expect(Set(found.map(\.rows)).count == 2)
    #expect(found.count == 4)
  }

  /// Sums that nothing but a store follows go straight to the result: the kernel has no sums at all.
  @Test func sumsAreStoredWhereTheyBelong() throws {
    func text(_ emitter: ProgramEmitter) -> String {
      ProgramEmitter.module(of: emitter.codes[0], for: .x86_64v4).text
    }
    let (plain, other) = (
      try emitter([256, 128, 256]),
      try emitter([256, 128, 256]) {
        try $0.unary(.tanh, $1)
      }
    )
    let tile = microkernels(plain)[0]
    let array = "alloca i8, i64 \(tile.rows * tile.vectors * tile.width * 4),"
    #expect(text(plain).contains("call void @adjoint_00000001("))
    #expect(!text(plain).contains(array))
    #expect(text(other).contains(array))
  }

  /// A small depth does not pay for calls, a factor that is computed has its own loop, and the multiply-adds
  /// by lane of ARM do too.
  @Test func otherProductsKeepTheirLoops() throws {
    #expect(try microkernels(emitter([256, 32, 256])).isEmpty)
    #expect(try microkernels(emitter([256, 128, 256], .f32, .aarch64)).isEmpty)
    let shallow = try microkernels(
      emitter([256, 64, 256]) { try $0.unary(.tanh, $1) })
    #expect(shallow.isEmpty)
    let deep = try microkernels(
      emitter([256, 128, 256]) { try $0.unary(.tanh, $1) })
    #expect(!deep.isEmpty)
  }

  /// What stands around a microkernel is not worth the time that better code of it takes, but where calls
  /// are short.
  @Test func loopsAroundAreMadeQuickly() throws {
    let deep = try emitter([256, 2048, 256])
    #expect(zip(deep.levels, deep.callees).allSatisfy { $0 == ($1.isEmpty ? 1 : 0) })
    let short = try emitter([256, 64, 256])
    #expect(short.callees[0] == [1])
    #expect(short.levels == [1, 1])
  }
}
