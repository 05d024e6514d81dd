import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Loops and branches as trees of steps, run by the loop interpreter, against the tensor interpreter.
@Suite struct StepTreeTests {
  private func check(_ function: Function, _ what: String, seed: UInt64 = 3) throws {
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    do { try program.verify() } catch { print(program); throw error }
    let arguments = randomArguments(for: function, seed: seed)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    let expected = try Interpreter().run(function, arguments)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, relative: 1e-6, "\(what)\n\(program)")
    }
  }

  @Test(arguments: ControlProgram.all)
  func programsKeepTheirMeaning(_ program: ControlProgram) throws {
    try check(program.function(), "\(program)")
    try check(program.function().simplified(), "\(program), simplified")
  }
}
