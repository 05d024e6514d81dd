import Differentiation
import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Gradients of maxima, which are told by comparing elements with the result.
@Suite struct NativeMaximumTests {
  /// A kernel stores a matrix row by row and finds the maxima of its columns: a product that is the same in a
  /// column stands outside of that loop, where no sum takes it in, and is rounded before the sum in both places.
  @Test(arguments: 0..<16) func greatestOfColumnsAreFound(_ seed: Int) throws {
    let module = try Module(
      parsing: """
        func.func @main(%a: tensor<6x6xf64>, %b: tensor<6x6xf64>, %c: tensor<6x6xf64>, %d: tensor<6x6xf64>) -> tensor<f64> {
          %zero = stablehlo.constant dense<0.0> : tensor<f64>
          %low = stablehlo.constant dense<0xFFF0000000000000> : tensor<f64>
          %tenth = stablehlo.constant dense<0.1> : tensor<6x6xf64>
          %s = stablehlo.reduce(%a init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<6x6xf64>, tensor<f64>) -> tensor<f64>
          %ws = stablehlo.broadcast_in_dim %s, dims = [] : (tensor<f64>) -> tensor<6x6xf64>
          %m = stablehlo.reduce(%a init: %low) applies stablehlo.maximum across dimensions = [0] : (tensor<6x6xf64>, tensor<f64>) -> tensor<6xf64>
          %wm = stablehlo.broadcast_in_dim %m, dims = [1] : (tensor<6xf64>) -> tensor<6x6xf64>
          %pm = stablehlo.multiply %wm, %tenth : tensor<6x6xf64>
          %b0 = stablehlo.subtract %b, %ws : tensor<6x6xf64>
          %b1 = stablehlo.add %b0, %pm : tensor<6x6xf64>
          %t = stablehlo.reduce(%b1 init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<6x6xf64>, tensor<f64>) -> tensor<f64>
          %wt = stablehlo.broadcast_in_dim %t, dims = [] : (tensor<f64>) -> tensor<6x6xf64>
          %n = stablehlo.reduce(%b1 init: %low) applies stablehlo.maximum across dimensions = [0] : (tensor<6x6xf64>, tensor<f64>) -> tensor<6xf64>
          %wn = stablehlo.broadcast_in_dim %n, dims = [1] : (tensor<6xf64>) -> tensor<6x6xf64>
          %pn = stablehlo.multiply %wn, %tenth : tensor<6x6xf64>
          %a0 = stablehlo.subtract %a, %wt : tensor<6x6xf64>
          %a1 = stablehlo.add %a0, %pn : tensor<6x6xf64>
          %x = stablehlo.multiply %a1, %c : tensor<6x6xf64>
          %y = stablehlo.multiply %b1, %d : tensor<6x6xf64>
          %z = stablehlo.add %x, %y : tensor<6x6xf64>
          %r = stablehlo.reduce(%z init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<6x6xf64>, tensor<f64>) -> tensor<f64>
          return %r : tensor<f64>
        }
        """, file: "columns.mlir")
    let function = try #require(module.entry).simplified().withGradient(of: [0, 1]).simplified()
    let arguments = randomArguments(for: function, seed: UInt64(seed))
    let expected = try Interpreter().run(function, arguments)
    let results = try runNatively(function, arguments, threads: 1)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, relative: 1e-12, "greatest of columns")
    }
  }
}
