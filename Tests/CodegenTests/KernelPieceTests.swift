import Codegen
import Fusion
import LLVMBridge
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Kernels of several steps as functions.
@Suite struct KernelPieceTests {
  /// Sixteen steps of a recurrence over 3000 rows are one kernel; its steps share their code.
  @Test func stepsWithOneCodeAreCompiledOnce() throws {
    var builder = FunctionBuilder(name: "main")
    let start = builder.parameter(TensorType([3000, 32], .f32))
    let weights = builder.parameter(TensorType([32, 32], .f32))
    let dimensions = DotDimensions(
      leftBatching: [], rightBatching: [], leftContracting: [1], rightContracting: [0])
    var state = start
    for _ in 0..<16 {
      state = try builder.unary(.tanh, builder.emit(.dot(dimensions), [state, weights]))
    }
    let program = try LoopProgram(
      lowering: builder.finish(returning: [state]).simplified(), for: .x86_64v4)
    #expect(program.kernels.count == 1)
    #expect(program.arenaByteCount == 0)
    // From the argument, from one local to the other, back, and to the result.
    #expect(ProgramEmitter(program, target: .x86_64v4).functionCount <= 4)
  }

  /// Code of a product does not depend on how many panels its depth has, nor on whether the last one is
  /// shorter: the tile of registers stands in it once for whole tiles, once for the rest.
  @Test(arguments: [(2000, 2), (2500, 2), (3200, 2), (320_000, 2), (300_007, 2)])
  func codeDoesNotGrowWithTheDepth(_ depth: Int, _ tiles: Int) throws {
    var builder = FunctionBuilder(name: "main")
    let left = builder.parameter(TensorType([depth, 128], .f32))
    let right = builder.parameter(TensorType([depth, 512], .f32))
    let dimensions = DotDimensions(leftContracting: [0], rightContracting: [0])
    let product = try builder.emit(.dot(dimensions), [left, right])
    let program = try LoopProgram(
      lowering: builder.finish(returning: [product]).simplified(), for: .x86_64v4)
    let text = ProgramEmitter(program, target: .x86_64v4).emitted(entry: "f").text
    let loops = text.split(separator: "\n").filter { $0.hasPrefix("depth") }
    #expect(loops.count == tiles, "\(depth)")
  }
}
