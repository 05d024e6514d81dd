import Adjoint
import Foundation
import Testing

/// Programs read from text: functions by name, transforms, stages, and their mistakes.
struct ProgramTests {
  private let text = """
    module @m {
      func.func public @main(%arg0: tensor<2xf64>, %arg1: tensor<2xi32>) -> (tensor<f64>) {
        %0 = call @dot(%arg0, %arg0) : (tensor<2xf64>, tensor<2xf64>) -> tensor<f64>
        return %0 : tensor<f64>
      }
      func.func private @dot(%arg0: tensor<2xf64>, %arg1: tensor<2xf64>) -> tensor<f64> {
        %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0] : (tensor<2xf64>, tensor<2xf64>) -> tensor<f64>
        return %0 : tensor<f64>
      }
    }
    """
  private let x: TensorData
  private let ids: TensorData

  init() throws {
    x = try Tensor<Double>([3, 4]).data()
    ids = try Tensor<Int32>([0, 1]).data()
  }

  private func program() throws -> Program { try Program(parsing: text, file: "m.mlir") }

  /// The doubles of each result.
  private func results(
    _ transform: Transform, _ arguments: [TensorData], function: String? = nil
  ) throws -> [[Double]] {
    let compiled = try program().compile(
      function: function, transform: transform, engine: .interpreter)
    #expect(compiled.parameterTypes == arguments.map(\.type))
    let results = try compiled.call(arguments)
    #expect(compiled.resultTypes == results.map(\.type))
    return results.map(\.doubles)
  }

  @Test func functionsHaveNamesAndTypes() throws {
    #expect(try program().functionNames == ["main", "dot"])
    #expect(
      try program().parameterTypes().map(\.description) == ["tensor<2xf64>", "tensor<2xi32>"])
    #expect(try program().resultTypes(of: "dot").map(\.description) == ["tensor<f64>"])
  }

  @Test func transforms() throws {
    let seed = try Tensor<Double>(10).data()
    #expect(try results(.none, [x, ids]) == [[25]])
    #expect(try results(.none, [x, x], function: "dot") == [[25]])
    #expect(try results(.gradient([0]), [x, ids]) == [[25], [6, 8]])
    #expect(try results(.gradient([1, 0]), [x, x], function: "dot") == [[25], [3, 4], [3, 4]])
    #expect(try results(.vjp([0]), [x, ids, seed]) == [[25], [60, 80]])
    #expect(try results(.jvp([0]), [x, ids, x]) == [[25], [50]])
  }

  @Test func unsafeCallsReadAndWriteMemory() throws {
    let compiled = try program().compile(engine: .interpreter)
    let result = try TensorData(TensorType([], .f64)) { target in
      try x.withUnsafeBytes { first in
        try ids.withUnsafeBytes { second in
          let addresses = [first.baseAddress, second.baseAddress].compactMap { $0 }
          let block = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 64)
          defer { block.deallocate() }
          try compiled.call(arguments: addresses, results: [block])
          target.copyMemory(from: UnsafeRawBufferPointer(start: block, count: 8))
        }
      }
    }
    #expect(result.doubles == [25])
  }

  @Test func stagesOfTensorIR() throws {
    let traced = try program().dump(stage: .traced)
    #expect(traced.contains("stablehlo.dot_general") && !traced.contains("call"))
    #expect(try program().dump(stage: .simplified, transform: .gradient([0])).contains("@main"))
    let adjoint = try program().dump(stage: .adjoint, transform: .gradient([0]))
    #expect(adjoint.contains("-> (tensor<f64>, tensor<2xf64>)"))
    let planned = try program().dump(stage: .planned, transform: .gradient([0]))
    let again = try Program(parsing: planned, file: "planned.mlir")
    let values = try again.compile(engine: .interpreter).call([x, ids]).map(\.doubles)
    #expect(values == [[25], [6, 8]])
  }

  @Test func mistakes() throws {
    let program = try program()
    let compiled = try program.compile(engine: .interpreter)
    #expect(message { _ = try compiled.call([x]) } == "the function takes 2 arguments, not 1")
    #expect(
      message { _ = try compiled.call([x, x]) }
        == "argument 1 must be tensor<2xi32>, not tensor<2xf64>")
    #expect(
      message { _ = try program.compile(function: "none") }
        == "m.mlir: there is no function @none, only @main, @dot")
    for transform in [Transform.gradient([1]), .vjp([2]), .jvp([-1]), .gradient([.max])] {
      #expect(throws: AdjointError.self) { _ = try program.compile(transform: transform) }
    }
    #expect(
      message { _ = try Program(contentsOf: "/no/such.mlir") }
        == "/no/such.mlir: the file cannot be read")
    #expect(
      message { _ = try Program(parsing: "module {\n  nonsense\n}", file: "x.mlir") }
        .hasPrefix("x.mlir:2:3: "))
    #expect(
      message { _ = try Program(parsing: "module {\n}", file: "x.mlir").compile() }
        == "x.mlir: the program has no function")
    #expect(
      message { _ = try TensorData(TensorType([2], .f32), bytes: [1]) }
        == "tensor<2xf32> takes 8 bytes, not 1")
    #expect(
      message { _ = try TensorData(TensorType([.max, 2], .f32), doubles: []) }
        == "shape [9223372036854775807, 2] has no size")
  }

  /// What an error says, with its place.
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch {
      return "\(error)"
    }
  }
}
