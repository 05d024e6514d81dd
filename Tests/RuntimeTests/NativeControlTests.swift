import Interpreter
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Loops and branches as native control flow, against the interpreter.
@Suite struct NativeControlTests {
  @Test(arguments: ControlProgram.all)
  func programsKeepTheirMeaning(_ program: ControlProgram) throws {
    let function = try program.function()
    let arguments = randomArguments(for: function, seed: 7)
    let expected = try Interpreter().run(function, arguments)
    let results = try runNatively(function, arguments, threads: 1)
    #expect(try runNatively(function, arguments, threads: 2) == results)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, relative: 1e-5, "\(program)")
    }
  }
}
