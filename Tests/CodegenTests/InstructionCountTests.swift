import Differentiation
import LLVMBridge
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

@testable import Codegen
@testable import Fusion

/// How much LLVM has to compile for a program: compile time, in counters that no machine changes.
@Suite struct InstructionCountTests {
  /// Codes, and instructions of LLVM IR, of value and gradient with respect to all floats.
  private func counts(_ name: String) throws -> (codes: Int, instructions: Int) {
    let module = try Module(parsing: programText(name), file: name)
    let entry = try #require(module.entry)
    let parameters = entry.parameterTypes.indices.filter {
      entry.parameterTypes[$0].element.isFloat
    }
    let function = try module.inlined(entry).simplified().withGradient(of: parameters).simplified()
    let emitter = ProgramEmitter(
      try LoopProgram(lowering: function, for: .x86_64v4), target: .x86_64v4, threads: 2)
    let counts = emitter.codes.map {
      ProgramEmitter.module(of: $0, for: .x86_64v4).instructionCount
    }
    return (counts.count, counts.reduce(0, +))
  }

  /// Instructions do not grow, and a limit that was left far behind is lowered.
  @Test(arguments: [
    ("blackscholes", 2, 428), ("char_lstm", 49, 4380), ("cox_survival_logcumsumexp", 46, 11_700),
    ("dropout_threefry", 19, 7000), ("gmm", 15, 3100), ("hodgkin_huxley", 4, 985),
    ("kalman_smoother_rts", 56, 6260), ("layernorm", 2, 576), ("lotka", 8, 336),
    ("mixture_of_experts_switch", 46, 2720), ("mlp", 15, 2620), ("mlp_small", 9, 2310),
    ("navier_stokes_fft_projection", 18, 3590), ("nbody", 2, 468),
    ("particle_filter_stochastic_volatility", 21, 4500), ("rosenbrock", 2, 331), ("scalar", 1, 62),
    ("scalar2000", 1, 9270), ("seismic_wave_inversion", 15, 2020), ("unet_dice", 39, 12_600),
    ("wavenet_mulaw", 62, 13_600),
  ])
  func instructions(_ name: String, _ codes: Int, _ limit: Int) throws {
    let counts = try counts(name)
    #expect(counts.codes == codes)
    #expect(counts.instructions <= limit)
    #expect(counts.instructions > limit * 9 / 10)
  }
}
