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
}
