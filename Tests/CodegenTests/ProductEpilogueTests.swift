import Codegen
import Fusion
import LoopIR
import Targets
import TensorIR
import Testing

/// What becomes of a product's sums.
@Suite struct ProductEpilogueTests {
  /// How many hyperbolic tangents the code of a function of a product of 16×20 and 20×32 numbers has.
  private func tangents(_ body: String) throws -> Int {
    let module = try Module(
      parsing: """
        func.func @main(
          %x: tensor<16x20xf32>, %w: tensor<20x32xf32>, %b: tensor<16x32xf32>
        ) -> tensor<16x32xf32> {
          %p = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
            : (tensor<16x20xf32>, tensor<20x32xf32>) -> tensor<16x32xf32>
          \(body)
          return %r : tensor<16x32xf32>
        }
        """, file: "epilogue.mlir")
    let program = try LoopProgram(lowering: try #require(module.entry), for: .x86_64v4)
    try program.verify()
    #expect(program.kernels.count == 1)
    let text = ProgramEmitter(program, target: .x86_64v4).emitted(entry: "f").text
    return text.split(separator: "\n").count { $0.contains("call") && $0.contains("copysign") }
  }

  /// An elementary function is compiled once for all rows of a tile, however shallow the product is.
  @Test func functionsOfSumsStandInALoopOverRows() throws {
    #expect(try tangents("%r = stablehlo.tanh %p : tensor<16x32xf32>") == 1)
    let sum = """
      %s = stablehlo.add %p, %b : tensor<16x32xf32>
      %r = stablehlo.tanh %s : tensor<16x32xf32>
      """
    #expect(try tangents(sum) == 1)
  }
}
