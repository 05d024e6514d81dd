import Differentiation
import Foundation
import Fusion
import LLVMBridge
import LoopIR
import Optimizer
import Targets
import TensorIR
import Testing

@testable import Codegen

/// Kernels of several steps as functions.
@Suite struct KernelPieceTests {
  /// Sixteen steps of a recurrence over 3000 rows are one kernel; its steps share their code.
  @Test func stepsWithOneCodeAreCompiledOnce() throws {
    var builder = FunctionBuilder(name: "main")
    let start = builder.parameter(TensorType([3000, 32], .f32))
    let weights = builder.parameter(TensorType([32, 32], .f32))
    let dimensions = DotDimensions(
      leftBatching: [], rightBatching: [], leftContracting: [1], rightContracting: [0])
    var state = start
    for _ in 0..<16 {
      state = try builder.unary(.tanh, builder.emit(.dot(dimensions), [state, weights]))
    }
    let program = try LoopProgram(
      lowering: builder.finish(returning: [state]).simplified(), for: .x86_64v4)
    #expect(program.kernels.count == 1)
    #expect(program.arenaByteCount == 0)
    // From the argument, from one local to the other, back, and to the result.
    #expect(ProgramEmitter(program, target: .x86_64v4).functionCount <= 4)
  }

  /// A sum that is stored when all is done does not keep steps from sharing their code.
  @Test func aSumForTheEndLeavesStepsApart() throws {
    func weight(steps: Int) throws -> Int {
      var builder = FunctionBuilder(name: "main")
      let start = builder.parameter(TensorType([16, 32], .f32))
      let weights = builder.parameter(TensorType([32, 32], .f32))
      let dimensions = DotDimensions(
        leftBatching: [], rightBatching: [], leftContracting: [1], rightContracting: [0])
      var state = start
      for _ in 0..<steps {
        state = try builder.unary(.tanh, builder.emit(.dot(dimensions), [state, weights]))
      }
      let loss = try builder.reduce(
        .add, builder.binary(.multiply, state, state), dimensions: [0, 1])
      let function = try builder.finish(returning: [loss]).simplified().withGradient(of: [0])
      let program = try LoopProgram(lowering: function.simplified(), for: .x86_64v4)
      return ProgramEmitter(program, target: .x86_64v4).codes.reduce(0) {
        $0 + $1.weight(on: .x86_64v4)
      }
    }
    #expect(try weight(steps: 16) == weight(steps: 8))
  }

  /// A row that is read as a whole or not at all is read from zeros where it is not: no lane is masked.
  @Test func wholeRowsBesidePaddingNeedNoMasks() throws {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<15x32xf32>, %y: tensor<8x32xf32>) -> tensor<15x32xf32> {
          %zero = stablehlo.constant dense<0.0> : tensor<f32>
          %0 = stablehlo.pad %y, %zero, low = [7, 0], high = [0, 0], interior = [0, 0]
            : (tensor<8x32xf32>, tensor<f32>) -> tensor<15x32xf32>
          %1 = stablehlo.add %x, %0 : tensor<15x32xf32>
          return %1 : tensor<15x32xf32>
        }
        """, file: "rows.mlir")
    let function = try module.inlined(try #require(module.entry)).simplified()
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    let text = ProgramEmitter(program, target: .x86_64v4).emitted(entry: "f").text
    #expect(!text.contains("masked.load"))
    #expect(text.contains("@adjoint.zeros.64"))
  }

  /// Where rows of updates start is computed before the loop over updates: each update under a condition
  /// has a basic block of its own, in which these products would stand again.
  @Test func updatesShareWhereTheirRowsStart() throws {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<64000xf32>, %p: tensor<64000x1xi32>) -> tensor<1000xf32> {
          %zero = stablehlo.constant dense<0.0> : tensor<1000xf32>
          %0 = "stablehlo.scatter"(%zero, %p, %x) <{scatter_dimension_numbers =
              #stablehlo.scatter<inserted_window_dims = [0],
              scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
          ^bb0(%a: tensor<f32>, %b: tensor<f32>):
            %1 = stablehlo.add %a, %b : tensor<f32>
            stablehlo.return %1 : tensor<f32>
          }) : (tensor<1000xf32>, tensor<64000x1xi32>, tensor<64000xf32>) -> tensor<1000xf32>
          return %0 : tensor<1000xf32>
        }
        """, file: "segments.mlir")
    let function = try module.inlined(try #require(module.entry)).simplified()
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    let text = ProgramEmitter(program, target: .x86_64v4).emitted(entry: "f").text
    // Of the places, of what is added, and of the part that it is added to.
    #expect(text.components(separatedBy: ", 4000\n").count - 1 <= 2, "\(text)")
    let update = try #require(text.range(of: "then"))
    #expect(!text[update.lowerBound...].prefix(600).contains("mul i64"))
  }

  /// Code of a product does not depend on how many panels its depth has, nor on whether the last one is
  /// shorter: the tile of registers stands in it once for whole tiles, once for the rest.
  @Test(arguments: [(2000, 2), (2500, 2), (3200, 2), (320_000, 2), (300_007, 2)])
  func codeDoesNotGrowWithTheDepth(_ depth: Int, _ tiles: Int) throws {
    var builder = FunctionBuilder(name: "main")
    let left = builder.parameter(TensorType([depth, 128], .f32))
    let right = builder.parameter(TensorType([depth, 512], .f32))
    let dimensions = DotDimensions(leftContracting: [0], rightContracting: [0])
    let product = try builder.emit(.dot(dimensions), [left, right])
    let program = try LoopProgram(
      lowering: builder.finish(returning: [product]).simplified(), for: .x86_64v4)
    let text = ProgramEmitter(program, target: .x86_64v4).emitted(entry: "f").text
    let loops = text.split(separator: "\n").filter { $0.hasPrefix("depth") }
    #expect(loops.count == tiles, "\(depth)")
  }

  /// The powers of Hurwitz's zeta function are calls of one function, not code that stands there 33 times.
  @Test func termsOfTheZetaFunctionShareTheirCode() throws {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([100], .f32)
    let (order, start) = (builder.parameter(type), builder.parameter(type))
    let value = try builder.binary(.zeta, order, start)
    let program = try LoopProgram(lowering: builder.finish(returning: [value]), for: .x86_64v4)
    let text = ProgramEmitter(program, target: .x86_64v4).emitted(entry: "f").text
    let lines = text.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("define internal") && $0.contains("@zeta.power") })
    #expect(lines.count < 1500)
  }
}
