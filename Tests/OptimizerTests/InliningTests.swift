import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Calls become the operations of the functions called.
@Suite struct InliningTests {
  private let source = """
    func.func public @main(%x: tensor<2xf64>, %y: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>) {
      %0:2 = call @swap(%x, %y) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
      %1 = call @twice(%0#0) : (tensor<2xf64>) -> tensor<2xf64>
      %2 = call @twice(%1) : (tensor<2xf64>) -> tensor<2xf64>
      return %2, %0#1 : tensor<2xf64>, tensor<2xf64>
    }
    func.func private @swap(%a: tensor<2xf64>, %b: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>) {
      return %b, %a : tensor<2xf64>, tensor<2xf64>
    }
    func.func private @twice(%a: tensor<2xf64>) -> tensor<2xf64> {
      %0 = call @sum(%a, %a) : (tensor<2xf64>, tensor<2xf64>) -> tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    func.func private @sum(%a: tensor<2xf64>, %b: tensor<2xf64>) -> tensor<2xf64> {
      %0 = stablehlo.add %a, %b : tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    """

  @Test func inlinesAllTheWay() throws {
    let module = try Module(parsing: source, file: "calls.mlir")
    let main = try #require(module.entry)
    let inlined = try module.inlined(main)
    try inlined.verify()
    #expect(inlined.operations.map(\.op) == [.binary(.add), .binary(.add)])
    #expect(inlined.operations.map(\.location.line) == [15, 15])
    #expect(inlined.name == main.name)
    let arguments = randomArguments(for: main, seed: 1)
    #expect(
      try Interpreter().run(inlined, arguments)
        == Interpreter(module: module).run(main, arguments))
  }

  @Test func refusesRecursion() throws {
    let type = TensorType([], .f64)
    var functions: [Function] = []
    for (name, other) in [("a", "b"), ("b", "a")] {
      var builder = FunctionBuilder(name: name)
      let parameter = builder.parameter(type)
      let result = try builder.emit(.call(Callee(other, resultTypes: [type])), [parameter])
      functions.append(builder.finish(returning: [result]))
    }
    let module = Module(functions: functions)
    #expect(throws: AdjointError(.unsupported, "function @a calls itself")) {
      try module.inlined(module.functions[0])
    }
  }

  @Test func refusesWrongCallees() throws {
    let (f32, f64) = (TensorType([], .f32), TensorType([], .f64))
    var builder = FunctionBuilder(name: "main")
    let parameter = builder.parameter(f64)
    let result = try builder.emit(.call(Callee("other", resultTypes: [f64])), [parameter])
    let main = builder.finish(returning: [result])
    #expect(throws: AdjointError(.type, "there is no function @other")) {
      try Module(functions: [main]).inlined(main)
    }
    var other = FunctionBuilder(name: "other")
    let operand = other.parameter(f32)
    let module = Module(functions: [main, other.finish(returning: [operand])])
    #expect(throws: AdjointError(.type, "the call does not have the types of @other")) {
      try module.inlined(main)
    }
  }

  /// Fifty functions, each calling the next twice, would give 2⁵⁰ operations.
  @Test func refusesExplosions() throws {
    let type = TensorType([], .f64)
    var functions: [Function] = []
    for index in 0..<50 {
      var builder = FunctionBuilder(name: "f\(index)")
      var value = builder.parameter(type)
      for _ in 0..<2 {
        value = try builder.emit(.call(Callee("f\(index + 1)", resultTypes: [type])), [value])
      }
      functions.append(builder.finish(returning: [value]))
    }
    var last = FunctionBuilder(name: "f50")
    let parameter = last.parameter(type)
    functions.append(last.finish(returning: [try last.emit(.unary(.sine), [parameter])]))
    let module = Module(functions: functions)
    #expect(
      throws: AdjointError(.unsupported, "inlining calls gives more than 10000 operations")
    ) {
      try module.inlined(module.functions[0], limit: 10_000)
    }
  }

  /// Fifty functions, each adding what the next one gives twice, are fifty additions.
  @Test func sharesEqualCalls() throws {
    let type = TensorType([], .f64)
    var functions: [Function] = []
    for index in 0..<50 {
      var builder = FunctionBuilder(name: "f\(index)")
      let parameter = builder.parameter(type)
      let values = try (0..<2).map { _ in
        try builder.emit(.call(Callee("f\(index + 1)", resultTypes: [type])), [parameter])
      }
      functions.append(builder.finish(returning: [try builder.emit(.binary(.add), values)]))
    }
    var last = FunctionBuilder(name: "f50")
    let parameter = last.parameter(type)
    functions.append(last.finish(returning: [try last.emit(.unary(.sine), [parameter])]))
    let module = Module(functions: functions)
    let inlined = try module.inlined(module.functions[0], limit: 200)
    try inlined.verify()
    #expect(
      inlined.operations.map(\.op)
        == [.unary(.sine)] + Array(repeating: .binary(.add), count: 50))
    let result = try Interpreter().run(inlined, [Literal(type, doubles: [0.5])])
    #expect(result == [Literal(type, doubles: [0x1p50 * sinOfHalf])])
  }

  /// The sine of ½, as the interpreter has it.
  private let sinOfHalf = 0.47942553860420300027

  /// What may have effects is carried out as often as it is called.
  @Test func keepsCallsWithEffects() throws {
    let type = TensorType([2], .f64)
    let source = """
      func.func public @main(%x: tensor<2xf64>) -> tensor<2xf64> {
        %0 = call @noted(%x) : (tensor<2xf64>) -> tensor<2xf64>
        %1 = call @noted(%x) : (tensor<2xf64>) -> tensor<2xf64>
        %2 = stablehlo.add %0, %1 : tensor<2xf64>
        return %2 : tensor<2xf64>
      }
      func.func private @noted(%x: tensor<2xf64>) -> tensor<2xf64> {
        %0 = stablehlo.custom_call @note(%x) {adjoint.foreign = "libf.so:note:in0,out0->void", \
      has_side_effect = true} : (tensor<2xf64>) -> tensor<2xf64>
        return %0 : tensor<2xf64>
      }
      """
    let module = try Module(parsing: source, file: "effects.mlir")
    let main = try #require(module.entry)
    #expect(main.resultTypes == [type])
    #expect(try module.inlined(main).operations.count == 3)
  }

  @Test func deepCallsNeedNoStack() throws {
    let type = TensorType([], .f64)
    let depth = 5000
    var functions: [Function] = []
    for index in 0...depth {
      var builder = FunctionBuilder(name: "f\(index)")
      let parameter = builder.parameter(type)
      let op =
        index == depth
        ? Op.unary(.sine) : .call(Callee("f\(index + 1)", resultTypes: [type]))
      functions.append(builder.finish(returning: [try builder.emit(op, [parameter])]))
    }
    let module = Module(functions: functions)
    #expect(try module.inlined(module.functions[0]).operations.map(\.op) == [.unary(.sine)])
  }
}
