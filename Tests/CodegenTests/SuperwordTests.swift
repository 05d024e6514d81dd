import Codegen
import Fusion
import LLVMBridge
import LoopIR
import Targets
import TensorIR
import TestSupport
import Testing

/// Costly functions of scalars in the bodies of serial loops.
@Suite struct SuperwordTests {
  /// The code of a loop that carries scalars through `body`, which gives `%n`.
  private func code(_ count: Int, _ body: String) throws -> String {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<\(count)xf64>) -> tensor<\(count)xf64> {
          %0 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 50 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %s: tensor<\(count)xf64>):
            \(body)
            stablehlo.return %n : tensor<\(count)xf64>
          }) : (tensor<\(count)xf64>) -> tensor<\(count)xf64>
          return %0 : tensor<\(count)xf64>
        }
        """, file: "scan.mlir")
    let program = try LoopProgram(lowering: try #require(module.entry), for: .x86_64v4)
    let emitted = ProgramEmitter(program, target: .x86_64v4).emitted(entry: "f")
    try emitted.verify()
    return emitted.text
  }

  /// Elements that are computed alike are lanes, and so is what is done with all of them.
  @Test func equalFunctionsAreOneVector() throws {
    let text = try code(
      5,
      """
      %e = stablehlo.exponential %s : tensor<5xf64>
      %r = stablehlo.multiply %e, %e : tensor<5xf64>
      %n = stablehlo.divide %r, %s : tensor<5xf64>
      """)
    #expect(text.contains("@llvm.x86.avx512.mask.scalef.pd.512"))
    #expect(text.contains("fmul <8 x double>"))
    #expect(text.components(separatedBy: "fdiv <8 x double>").count - 1 == 1)
    #expect(!text.contains("fdiv double"))
  }

  /// What waits for another is no lane of it.
  @Test func chainsStayScalars() throws {
    let text = try code(
      1,
      """
      %e = stablehlo.exponential %s : tensor<1xf64>
      %n = stablehlo.exponential %e : tensor<1xf64>
      """)
    #expect(!text.contains("x double>"))
  }

  /// A ninth function stands alone beside eight lanes.
  @Test func lanesFillARegister() throws {
    let text = try code(9, "%n = stablehlo.divide %s, %s : tensor<9xf64>")
    #expect(text.components(separatedBy: "fdiv <8 x double>").count - 1 == 1)
    #expect(text.components(separatedBy: "fdiv double").count - 1 == 1)
  }
}
