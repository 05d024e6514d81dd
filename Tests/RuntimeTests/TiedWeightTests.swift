import Differentiation
import Interpreter
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// Layers that share a weight.
@Suite struct TiedWeightTests {
  private static let layers = 12
  private static let weightBytes = 96 * 96 * 4
  private static let layerBytes = 32 * 96 * 4

  private func gradient() throws -> Function {
    var text = """
      func.func @main(%u: tensor<96x96xf32>, %x0: tensor<32x96xf32>) -> tensor<f32> {
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %c = stablehlo.constant dense<0.05> : tensor<96x96xf32>
        %w = stablehlo.multiply %u, %c : tensor<96x96xf32>

      """
    for layer in 0..<Self.layers {
      text += """
          %p\(layer) = stablehlo.dot_general %x\(layer), %w, contracting_dims = [1] x [0] \
            : (tensor<32x96xf32>, tensor<96x96xf32>) -> tensor<32x96xf32>
          %x\(layer + 1) = stablehlo.tanh %p\(layer) : tensor<32x96xf32>

        """
    }
    text += """
        %v = stablehlo.reduce(%x\(Self.layers) init: %z) applies stablehlo.add \
          across dimensions = [0, 1] : (tensor<32x96xf32>, tensor<f32>) -> tensor<f32>
        return %v : tensor<f32>
      }
      """
    let module = try Module(parsing: text, file: "tied.mlir")
    return try #require(module.entry).simplified().withGradient(of: [0]).simplified()
  }

  /// The slopes of a weight are added up as they are made: besides the layers' values memory holds no
  /// more than the weight.
  @Test func slopesAreAddedUpAsTheyAreMade() throws {
    let function = try gradient()
    let arguments = randomArguments(for: function, seed: 8)
    let whole = try executable(function)
    #expect(
      whole.report.arenaByteCount < (Self.layers + 1) * Self.layerBytes + 2 * Self.weightBytes)
    let results = try call(whole, arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-4, "a weight that layers share")
    }
    var options = CodeOptions()
    options.memory = MemoryOptions(budget: whole.report.arenaByteCount / 2)
    let half = try Executable(function, options: options)
    #expect(half.report.arenaByteCount * 2 <= whole.report.arenaByteCount)
    #expect(try call(half, arguments) == results)
  }
}
