import Interpreter
import TensorIR
import TestSupport
import Testing

/// The example programs give the values that JAX computed.
@Suite struct ProgramTests {
  /// The function and the arguments of a program.
  private func load(_ name: String) throws -> (Module, Function, [Literal]) {
    let module = try Module(parsing: try programText(name), file: "\(name).mlir")
    let function = try #require(module.entry)
    let arguments = try function.parameters.indices.map {
      try readNpy(programFile(name, "in\($0).npy").path)
    }
    return (module, function, arguments)
  }

  @Test(
    "Programs with inputs give the value of value.npy",
    arguments: ["scalar", "rosenbrock", "mlp_small", "gmm"])
  func values(name: String) throws {
    let (module, function, arguments) = try load(name)
    let expected = try readNpy(programFile(name, "value.npy").path)
    let results = try Interpreter(module: module).run(function, arguments)
    try #require(results.count == 1)
    expectClose(results[0], expected, relative: expected.type.element == .f32 ? 2e-4 : 1e-10, name)
  }

  @Test("Central differences agree with the gradients that JAX computed", arguments: ["rosenbrock"])
  func gradients(name: String) throws {
    let (module, function, arguments) = try load(name)
    let gradient = try readNpy(programFile(name, "grad0.npy").path).doubles
    let numbers = arguments[0].doubles
    func value(_ position: Int, _ step: Double) throws -> Double {
      var moved = numbers
      moved[position] += step
      let argument = Literal(arguments[0].type, doubles: moved)
      return try Interpreter(module: module).run(function, [argument])[0].doubles[0]
    }
    for position in [0, numbers.count / 2, numbers.count - 1] {
      let slope = try (value(position, 1e-5) - value(position, -1e-5)) / 2e-5
      #expect(abs(slope - gradient[position]) <= 1e-5 * max(1, abs(gradient[position])))
    }
  }
}
