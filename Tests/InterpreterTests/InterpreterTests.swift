import Interpreter
import TensorIR
import Testing

/// Whole functions: arguments, calls and errors.
@Suite struct InterpreterTests {
  private let scalar = TensorType([], .f64)

  /// A function `name` that gives its argument's square, or calls `callee` twice.
  private func function(_ name: String, calling callee: String? = nil) throws -> Function {
    var builder = FunctionBuilder(
      name: name, location: SourceLocation(file: "test.mlir", line: 3))
    let x = builder.parameter(scalar)
    guard let callee else {
      return builder.finish(returning: [try builder.unary(.square, x)])
    }
    let call = Op.call(Callee(callee, resultTypes: [scalar]))
    let once = try builder.emit(call, [x])
    return builder.finish(returning: [try builder.emit(call, [once]), once, x])
  }

  @Test("A call runs the function of the module")
  func calls() throws {
    let main = try function("main", calling: "f")
    let module = Module(functions: [main, try function("f")])
    let results = try Interpreter(module: module).run(main, [Literal(scalar, doubles: [3])])
    #expect(results.map(\.doubles) == [[81], [9], [3]])
  }

  @Test("Wrong arguments throw an error that names them and the place")
  func arguments() throws {
    let function = try function("f")
    let missing = #expect(throws: AdjointError.self) { try Interpreter().run(function, []) }
    #expect(missing?.description == "test.mlir:3: @f takes 1 argument, not 0")
    let wrong = #expect(throws: AdjointError.self) {
      try Interpreter().run(function, [Literal(TensorType([2], .f32), doubles: [1, 2])])
    }
    #expect(wrong?.kind == .argument)
    #expect(
      wrong?.message == "argument 0 of @f must be tensor<f64>, not tensor<2xf32>")
  }

  @Test("A missing callee throws at the place of the call")
  func missingCallee() throws {
    let main = try function("main", calling: "g")
    let error = #expect(throws: AdjointError.self) {
      try Interpreter().run(main, [Literal(scalar, doubles: [3])])
    }
    #expect(error?.description == "test.mlir:3: there is no function @g")
  }
}
