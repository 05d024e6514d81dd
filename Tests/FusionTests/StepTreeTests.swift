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

  /// A body of a few scalars, loops and branches in it included, is one kernel without arena.
  @Test(arguments: ControlProgram.smallBodies)
  func smallBodiesAreOneKernel(_ control: ControlProgram) throws {
    let program = try LoopProgram(lowering: control.function(), for: .x86_64v4)
    #expect(program.kernels.count == 1, "\(program)")
    #expect(program.steps == [.kernel(0)])
    #expect(program.arenaByteCount == 0)
  }

  /// Of a carry that is changed in a row, no step copies the rest.
  @Test func rowsAreChangedInPlace() throws {
    let control = try #require(ControlProgram.all.first { $0.name == "rows changed in place" })
    let program = try LoopProgram(lowering: control.function(), for: .x86_64v4)
    let text = program.description
    #expect(text.contains("\nrepeat s0 in 0..<6, index i"))
    // One kernel brings the argument in; those of a step go over twenty elements.
    #expect(program.kernels.map { $0.variables.last?.extent } == [120, 20, 20])
    let strides = program.buffers.compactMap(\.view).map(\.strides)
    #expect(strides == [[Buffer.Stride(CounterID(0), byteCount: 160)]])
  }
}
