import Foundation
import Fusion
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Costly functions that several results take of neighbours.
@Suite struct NeighbourTests {
  /// Two results of one costly tensor, at one place and at the next.
  private func program() throws -> LoopProgram {
    let text = """
      func.func @main(%x: tensor<96xf32>, %y: tensor<95xf32>) -> (tensor<96xf32>, tensor<95xf32>) {
        %0 = stablehlo.exponential %x : tensor<96xf32>
        %1 = stablehlo.log_plus_one %0 : tensor<96xf32>
        %2 = stablehlo.add %1, %x : tensor<96xf32>
        %3 = stablehlo.multiply %1, %x : tensor<96xf32>
        %4 = stablehlo.slice %3 [1:96] : (tensor<96xf32>) -> tensor<95xf32>
        %5 = stablehlo.multiply %4, %y : tensor<95xf32>
        return %2, %5 : tensor<96xf32>, tensor<95xf32>
      }
      """
    let module = try Module(parsing: text, file: "neighbours")
    let entry = try #require(module.entry)
    let function = try module.inlined(entry).simplified()
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    try program.verify()
    return program
  }

  /// How often the kernels name a function.
  private func count(_ name: String, in program: LoopProgram) -> Int {
    program.description.components(separatedBy: name + "(").count - 1
  }

  @Test func costlyFunctionsAreComputedOnce() throws {
    let program = try program()
    #expect(count("log1p", in: program) == 1)
    #expect(count("exp", in: program) == 1)
  }
}
