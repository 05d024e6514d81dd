import Differentiation
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// What is computed between loops, where a memory budget makes these loops over segments.
@Suite struct StackBudgetTests {
  /// The entropies of what a loop stacks: sums along rows, whose cotangents a loop takes as a stack.
  private static let entropies = """
    func.func @main(%a: tensor<12xf32>, %w: tensor<12x12xf32>, %xs: tensor<39x12xf32>) -> tensor<f32> {
      %0:2 = "adjoint.scan"(%a, %xs) <{carry_count = 1 : i64, length = 39 : i64, reverse = false}> ({
      ^bb0(%i: tensor<i64>, %h: tensor<12xf32>, %x: tensor<12xf32>):
        %zz = stablehlo.constant dense<0.0> : tensor<f32>
        %hb = stablehlo.broadcast_in_dim %h, dims = [0] : (tensor<12xf32>) -> tensor<12x12xf32>
        %s = stablehlo.add %hb, %w : tensor<12x12xf32>
        %e = stablehlo.exponential %s : tensor<12x12xf32>
        %n = stablehlo.reduce(%e init: %zz) applies stablehlo.add across dimensions = [0] : (tensor<12x12xf32>, tensor<f32>) -> tensor<12xf32>
        %l = stablehlo.log %n : tensor<12xf32>
        %m = stablehlo.add %l, %x : tensor<12xf32>
        %t = stablehlo.tanh %m : tensor<12xf32>
        stablehlo.return %t, %m : tensor<12xf32>, tensor<12xf32>
      }) : (tensor<12xf32>, tensor<39x12xf32>) -> (tensor<12xf32>, tensor<39x12xf32>)
      %z = stablehlo.constant dense<0.0> : tensor<f32>
      %p = stablehlo.slice %0#1 [1:39, 0:12] : (tensor<39x12xf32>) -> tensor<38x12xf32>
      %e = stablehlo.exponential %p : tensor<38x12xf32>
      %n = stablehlo.reduce(%e init: %z) applies stablehlo.add across dimensions = [1] : (tensor<38x12xf32>, tensor<f32>) -> tensor<38xf32>
      %nb = stablehlo.broadcast_in_dim %n, dims = [0] : (tensor<38xf32>) -> tensor<38x12xf32>
      %q = stablehlo.divide %e, %nb : tensor<38x12xf32>
      %l = stablehlo.log %q : tensor<38x12xf32>
      %r = stablehlo.multiply %q, %l : tensor<38x12xf32>
      %v = stablehlo.reduce(%r init: %z) applies stablehlo.add across dimensions = [0, 1] : (tensor<38x12xf32>, tensor<f32>) -> tensor<f32>
      return %v : tensor<f32>
    }
    """

  /// Sums of rows are made in one order, whether loops take stacks as they are or in segments.
  @Test func sumsOfStacksKeepTheirOrder() throws {
    let module = try Module(parsing: Self.entropies, file: "entropies.mlir")
    let function = try #require(module.entry).simplified().withGradient(of: [0, 1, 2]).simplified()
    let arguments = randomArguments(for: function, seed: 5)
    var options = CodeOptions()
    let whole = try Executable(function, options: options)
    let expected = try call(whole, arguments)
    for percent in [75, 50, 25] {
      options.memory = MemoryOptions(budget: whole.report.arenaByteCount * percent / 100)
      let part = try Executable(function, options: options)
      #expect(part.report.arenaByteCount < whole.report.arenaByteCount)
      #expect(try call(part, arguments) == expected, "\(percent) %")
    }
  }
}
