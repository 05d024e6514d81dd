import LoopIR
import TensorIR
import Testing

@testable import Codegen
@testable import Fusion

/// How much effort machine code takes, as far as its program has use for it.
@Suite struct EffortTests {
  private func levels(_ text: String) throws -> [Int] {
    let function = try #require(Module(parsing: text, file: "effort.mlir").entry)
    return ProgramEmitter(try LoopProgram(lowering: function, for: .x86_64v3), target: .x86_64v3)
      .levels
  }

  /// A product of so many rows, and the sine of a short vector.
  private func text(rows: Int) -> String {
    """
    func.func @main(%x: tensor<\(rows)x32xf32>, %y: tensor<32x64xf32>, %z: tensor<16xf32>) \
      -> (tensor<\(rows)x64xf32>, tensor<16xf32>) {
      %p = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] \
        : (tensor<\(rows)x32xf32>, tensor<32x64xf32>) -> tensor<\(rows)x64xf32>
      %s = stablehlo.sine %z : tensor<16xf32>
      return %p, %s : tensor<\(rows)x64xf32>, tensor<16xf32>
    }
    """
  }

  @Test func codeThatTakesNoTimeIsMadeQuickly() throws {
    #expect(try levels(text(rows: 4096)).sorted() == [0, 1])
    #expect(try levels(text(rows: 1)) == [1, 1])
  }

  /// A loop of unknown count may run for as long as it likes.
  @Test func loopsOfUnknownCountAreWorthIt() throws {
    let loop = """
      %n, %v = stablehlo.while(%i = %k, %w = %z) : tensor<i32>, tensor<16xf32>
      cond {
        %c = stablehlo.compare LT, %i, %m : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %c : tensor<i1>
      } do {
        %j = stablehlo.add %i, %one : tensor<i32>
        %u = stablehlo.sine %w : tensor<16xf32>
        stablehlo.return %j, %u : tensor<i32>, tensor<16xf32>
      }
      return %p, %v : tensor<4096x64xf32>, tensor<16xf32>
      """
    let text = text(rows: 4096)
      .replacing(
        "%z: tensor<16xf32>)", with: "%z: tensor<16xf32>, %k: tensor<i32>, %m: tensor<i32>)"
      )
      .replacing(
        "%s = stablehlo.sine %z : tensor<16xf32>",
        with: "%one = stablehlo.constant dense<1> : tensor<i32>"
      )
      .replacing("return %p, %s : tensor<4096x64xf32>, tensor<16xf32>", with: loop)
    #expect(try levels(text).allSatisfy { $0 == 1 })
  }
}
