import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// The example programs shrink to known numbers of operations.
@Suite struct ProgramTests {
  /// A program, its operations once calls are inlined, and what is left of them.
  struct Count: Sendable, CustomTestStringConvertible {
    let program: String
    let before: Int
    let after: Int

    var testDescription: String { program }
  }

  static let counts = [
    Count(program: "blackscholes", before: 46, after: 37),
    Count(program: "gmm", before: 102, after: 58),
    Count(program: "layernorm", before: 32, after: 22),
    Count(program: "mlp", before: 41, after: 26),
    Count(program: "nbody", before: 14, after: 11),
    Count(program: "rosenbrock", before: 16, after: 15),
    Count(program: "scalar", before: 2, after: 2),
    Count(program: "scalar2000", before: 4954, after: 3586),
  ]

  @Test(arguments: counts)
  func shrinks(count: Count) throws {
    let function = try inlined(count.program)
    let simple = try function.simplified()
    try simple.verify()
    #expect(function.operations.count == count.before)
    #expect(simple.operations.count == count.after)
    #expect(try simple.simplified() == simple)
  }

  @Test(arguments: ["gmm", "mlp_small", "rosenbrock", "scalar"])
  func keepsValue(program: String) throws {
    let function = try inlined(program)
    let arguments = try function.parameters.indices.map {
      try readNpy(programFile(program, "in\($0).npy").path)
    }
    try expectSimplificationKeeps(function, arguments, program)
  }

  @Test func locationsStay() throws {
    let simple = try inlined("mlp").simplified()
    for operation in simple.operations {
      #expect(operation.location.file == "mlp.mlir")
      #expect(operation.location.line > 0)
    }
  }

  /// The entry of a program, without calls.
  private func inlined(_ program: String) throws -> Function {
    let module = try Module(parsing: programText(program), file: program + ".mlir")
    return try module.inlined(try #require(module.entry))
  }
}
