import Differentiation
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// Values that a memory budget has computed again, and that are made of a table of constants.
@Suite struct RecipeConstantTests {
  /// Attention over rows of several lengths. The kernels are written out along the axis of the lengths, so that
  /// each has its number in the code and no memory holds the table.
  private static let text = """
    func.func @main(%x: tensor<4x16x4xf32>, %v: tensor<4x16x4xf32>) -> tensor<f32> {
      %lengths = stablehlo.constant dense<[[50], [31], [7], [1]]> : tensor<4x1xi32>
      %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %0 = stablehlo.dot_general %x, %x, batching_dims = [0] x [0], contracting_dims = [2] x [2]
        : (tensor<4x16x4xf32>, tensor<4x16x4xf32>) -> tensor<4x16x16xf32>
      %1 = stablehlo.reduce(%0 init: %low) applies stablehlo.maximum across dimensions = [2]
        : (tensor<4x16x16xf32>, tensor<f32>) -> tensor<4x16xf32>
      %2 = stablehlo.broadcast_in_dim %1, dims = [0, 1] : (tensor<4x16xf32>) -> tensor<4x16x16xf32>
      %3 = stablehlo.subtract %0, %2 : tensor<4x16x16xf32>
      %4 = stablehlo.exponential %3 : tensor<4x16x16xf32>
      %5 = stablehlo.reduce(%4 init: %zero) applies stablehlo.add across dimensions = [2]
        : (tensor<4x16x16xf32>, tensor<f32>) -> tensor<4x16xf32>
      %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<4x16xf32>) -> tensor<4x16x16xf32>
      %7 = stablehlo.divide %4, %6 : tensor<4x16x16xf32>
      %8 = stablehlo.iota dim = 1 : tensor<4x16xi32>
      %9 = stablehlo.broadcast_in_dim %lengths, dims = [0, 1] : (tensor<4x1xi32>) -> tensor<4x16xi32>
      %10 = stablehlo.compare LT, %8, %9, SIGNED : (tensor<4x16xi32>, tensor<4x16xi32>) -> tensor<4x16xi1>
      %11 = stablehlo.broadcast_in_dim %10, dims = [0, 2] : (tensor<4x16xi1>) -> tensor<4x16x16xi1>
      %12 = stablehlo.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<4x16x16xf32>
      %13 = stablehlo.select %11, %7, %12 : tensor<4x16x16xi1>, tensor<4x16x16xf32>
      %14 = stablehlo.dot_general %13, %v, batching_dims = [0] x [0], contracting_dims = [2] x [1]
        : (tensor<4x16x16xf32>, tensor<4x16x4xf32>) -> tensor<4x16x4xf32>
      %15 = stablehlo.multiply %14, %14 : tensor<4x16x4xf32>
      %16 = stablehlo.reduce(%15 init: %zero) applies stablehlo.add across dimensions = [0, 1, 2]
        : (tensor<4x16x4xf32>, tensor<f32>) -> tensor<f32>
      return %16 : tensor<f32>
    }
    """

  @Test func tablesThatNoMemoryHoldsAreNotRead() throws {
    let module = try Module(parsing: Self.text, file: "masked.mlir")
    let function = try module.inlined(try #require(module.entry)).simplified()
      .withGradient(of: [0, 1]).simplified()
    let arguments = randomArguments(for: function, seed: 4)
    var options = CodeOptions()
    options.memory = MemoryOptions(policy: .saveAll)
    let whole = try Executable(function, options: options)
    let budget = whole.report.arenaByteCount * 9 / 10
    options.memory = MemoryOptions(budget: budget)
    do {
      let planned = try Executable(function, options: options)
      #expect(planned.report.arenaByteCount <= budget)
      #expect(try call(planned, arguments) == call(whole, arguments))
    } catch let error as AdjointError {
      #expect(error.kind == .memory)
    }
  }
}
