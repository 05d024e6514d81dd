import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Loops are split where a condition changes that decides what is computed.
@Suite struct SplitTests {
  /// Programs whose conditions all go away, with how many kernels they become.
  private static let programs: [(name: String, text: String, kernels: Int)] = [
    (
      "pieces of rows",
      """
      func.func @main(%a: tensor<100x50xf32>, %b: tensor<30x50xf32>) -> tensor<130x50xf32> {
        %0 = stablehlo.negate %a : tensor<100x50xf32>
        %1 = stablehlo.multiply %b, %b : tensor<30x50xf32>
        %2 = stablehlo.concatenate %0, %1, dim = 0 : (tensor<100x50xf32>, tensor<30x50xf32>) -> tensor<130x50xf32>
        return %2 : tensor<130x50xf32>
      }
      """, 1
    ),
    (
      "large pieces",
      """
      func.func @main(%a: tensor<200x100xf32>, %b: tensor<1x100xf32>) -> tensor<201x100xf32> {
        %0 = stablehlo.concatenate %b, %a, dim = 0 : (tensor<1x100xf32>, tensor<200x100xf32>) -> tensor<201x100xf32>
        return %0 : tensor<201x100xf32>
      }
      """, 2
    ),
    (
      "pieces of columns",
      """
      func.func @main(%a: tensor<40x32xf32>, %b: tensor<40x48xf32>) -> tensor<40x80xf32> {
        %0 = stablehlo.concatenate %a, %b, dim = 1 : (tensor<40x32xf32>, tensor<40x48xf32>) -> tensor<40x80xf32>
        %1 = stablehlo.sine %0 : tensor<40x80xf32>
        return %1 : tensor<40x80xf32>
      }
      """, 1
    ),
    (
      "padding on both sides",
      """
      func.func @main(%a: tensor<30x60xf32>, %z: tensor<f32>) -> tensor<33x58xf32> {
        %0 = stablehlo.pad %a, %z, low = [2, -3], high = [1, 1], interior = [0, 0] : (tensor<30x60xf32>, tensor<f32>) -> tensor<33x58xf32>
        return %0 : tensor<33x58xf32>
      }
      """, 1
    ),
    (
      "a stencil that wraps around",
      """
      func.func @main(%a: tensor<40x40xf32>) -> (tensor<40x40xf32>, tensor<40x40xf32>) {
        %0 = stablehlo.slice %a [1:40, 0:40] : (tensor<40x40xf32>) -> tensor<39x40xf32>
        %1 = stablehlo.slice %a [0:1, 0:40] : (tensor<40x40xf32>) -> tensor<1x40xf32>
        %2 = stablehlo.concatenate %0, %1, dim = 0 : (tensor<39x40xf32>, tensor<1x40xf32>) -> tensor<40x40xf32>
        %3 = stablehlo.slice %a [0:40, 39:40] : (tensor<40x40xf32>) -> tensor<40x1xf32>
        %4 = stablehlo.slice %a [0:40, 0:39] : (tensor<40x40xf32>) -> tensor<40x39xf32>
        %5 = stablehlo.concatenate %3, %4, dim = 1 : (tensor<40x1xf32>, tensor<40x39xf32>) -> tensor<40x40xf32>
        %6 = stablehlo.add %2, %5 : tensor<40x40xf32>
        %7 = stablehlo.multiply %6, %a : tensor<40x40xf32>
        return %6, %7 : tensor<40x40xf32>, tensor<40x40xf32>
      }
      """, 1
    ),
    (
      "backwards",
      """
      func.func @main(%a: tensor<30x40xf32>, %z: tensor<f32>) -> tensor<34x40xf32> {
        %0 = stablehlo.pad %a, %z, low = [3, 0], high = [1, 0], interior = [0, 0] : (tensor<30x40xf32>, tensor<f32>) -> tensor<34x40xf32>
        %1 = stablehlo.reverse %0, dims = [0] : tensor<34x40xf32>
        return %1 : tensor<34x40xf32>
      }
      """, 1
    ),
  ]

  private func lowered(_ text: String) throws -> (Function, LoopProgram) {
    let module = try Module(parsing: text, file: "split.mlir")
    let function = try module.inlined(#require(module.entry))
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    try program.verify()
    return (function, program)
  }

  @Test(arguments: SplitTests.programs)
  func nothingIsChosenByElement(_ name: String, _ text: String, _ kernels: Int) throws {
    let (function, program) = try lowered(text)
    #expect(program.kernels.count == kernels)
    #expect(!program.description.contains("?"), "\(program.description)")
    let arguments = randomArguments(for: function, seed: 7)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-5, name)
    }
  }

  /// Amounts of padding that index arithmetic cannot hold, products of more operations than an integer
  /// counts, and ten thousand pieces have loops.
  @Test func extremesHaveLoops() throws {
    let (padding, _) = try lowered(
      """
      func.func @main(%a: tensor<1xf32>, %z: tensor<f32>) -> (tensor<0xf32>, tensor<3xf32>) {
        %0 = stablehlo.pad %a, %z, low = [-9223372036854775808], high = [9223372036854775807], interior = [0] : (tensor<1xf32>, tensor<f32>) -> tensor<0xf32>
        %1 = stablehlo.pad %a, %z, low = [-9223372036854775807], high = [9223372036854775807], interior = [9223372036854775807] : (tensor<1xf32>, tensor<f32>) -> tensor<1xf32>
        %2 = stablehlo.pad %a, %z, low = [1], high = [1], interior = [9223372036854775807] : (tensor<1xf32>, tensor<f32>) -> tensor<3xf32>
        return %0, %2 : tensor<0xf32>, tensor<3xf32>
      }
      """)
    let argument = Literal(TensorType([1], .f32), doubles: [5])
    let zero = Literal(TensorType([], .f32), doubles: [0])
    let program = try LoopProgram(lowering: padding, for: .x86_64v4)
    let results = try LoopInterpreter.run(program, arguments: [argument, zero])
    #expect(results[1].doubles == [0, 5, 0])

    let side = 1 << 21
    let type = "tensor<\(side)x\(side)xf32>"
    let (_, product) = try lowered(
      """
      func.func @main(%a: \(type), %b: \(type)) -> \(type) {
        %1 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (\(type), \(type)) -> \(type)
        return %1 : \(type)
      }
      """)
    #expect(product.kernels.count == 1)
  }

  /// Ten thousand pieces are ten thousand loops, found without recursion.
  @Test func manyPiecesAreManyLoops() throws {
    var builder = FunctionBuilder(name: "main")
    let pieces = (0..<10_000).map { _ in builder.parameter(TensorType([16], .f32)) }
    let whole = try builder.emit(.shape(.concatenate(dimension: 0)), pieces)
    let program = try LoopProgram(
      lowering: builder.finish(returning: [whole]), for: .x86_64v4)
    #expect(program.kernels.count == 1)
    #expect(program.kernels[0].body.count == 10_000)
  }
}
