import Differentiation
import Interpreter
import Runtime
import TensorIR
import TestSupport
import Testing

/// Loops over few numbers that compute many functions.
@Suite struct LongLoopTests {
  /// The sum of sines of sines of three numbers, and its gradient.
  private func program(_ count: Int) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    var value = builder.parameter(TensorType([3], .f64))
    for _ in 0..<count { value = try builder.unary(.sine, value) }
    let sum = try builder.reduce(.add, value, dimensions: [0])
    return try builder.finish(returning: [sum]).withGradient(of: [0])
  }

  @Test func functionsAreCalled() throws {
    let executable = try Executable(program(100))
    // Sine and cosine of one angle are one call; written out they take some fifty instructions.
    #expect(executable.report.instructionCount < 100 * 20)
    let function = try program(100)
    let point = Literal(TensorType([3], .f64), doubles: [0.5, -1, 2])
    let expected = try Interpreter().run(function, [point])
    let found = try runNatively(function, [point])
    for (one, other) in zip(found, expected) { expectClose(one, other, relative: 1e-13, "") }
  }
}
