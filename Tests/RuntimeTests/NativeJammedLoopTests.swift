import Interpreter
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Serial loops inside vector loops, some iterations of which are carried out together.
@Suite struct NativeJammedLoopTests {
  /// log Σ exp over the rows of a matrix plus a vector, for depths and widths that leave rests.
  @Test(arguments: [2, 3, 5, 8, 17], [8, 9, 16, 24])
  func sumsOfExponentials(_ rows: Int, _ columns: Int) throws {
    let module = try Module(
      parsing: """
        func.func @main(%a: tensor<\(rows)x\(columns)xf64>, %v: tensor<\(rows)xf64>) -> (tensor<\(columns)xf64>, tensor<\(columns)xf64>) {
          %z = stablehlo.constant dense<0.0> : tensor<f64>
          %low = stablehlo.constant dense<0xFFF0000000000000> : tensor<f64>
          %0 = stablehlo.broadcast_in_dim %v, dims = [0] : (tensor<\(rows)xf64>) -> tensor<\(rows)x\(columns)xf64>
          %1 = stablehlo.add %a, %0 : tensor<\(rows)x\(columns)xf64>
          %2 = stablehlo.reduce(%1 init: %low) applies stablehlo.maximum across dimensions = [0] : (tensor<\(rows)x\(columns)xf64>, tensor<f64>) -> tensor<\(columns)xf64>
          %3 = stablehlo.broadcast_in_dim %2, dims = [1] : (tensor<\(columns)xf64>) -> tensor<\(rows)x\(columns)xf64>
          %4 = stablehlo.subtract %1, %3 : tensor<\(rows)x\(columns)xf64>
          %5 = stablehlo.exponential %4 : tensor<\(rows)x\(columns)xf64>
          %6 = stablehlo.reduce(%5 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<\(rows)x\(columns)xf64>, tensor<f64>) -> tensor<\(columns)xf64>
          %7 = stablehlo.log %6 : tensor<\(columns)xf64>
          %8 = stablehlo.add %7, %2 : tensor<\(columns)xf64>
          %9 = stablehlo.cosine %4 : tensor<\(rows)x\(columns)xf64>
          %10 = stablehlo.multiply %9, %5 : tensor<\(rows)x\(columns)xf64>
          %11 = stablehlo.reduce(%10 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<\(rows)x\(columns)xf64>, tensor<f64>) -> tensor<\(columns)xf64>
          return %8, %11 : tensor<\(columns)xf64>, tensor<\(columns)xf64>
        }
        """, file: "sums.mlir")
    let function = try #require(module.entry)
    let arguments = randomArguments(for: function, seed: 11)
    let expected = try Interpreter().run(function, arguments)
    for target in TargetDescription.runnable {
      let results = try runNatively(function, arguments, target: target)
      for (result, expected) in zip(results, expected) {
        expectClose(result, expected, relative: 1e-13, "\(rows)×\(columns) on \(target)")
      }
    }
  }

  /// A vector that a sum would compute again for each of its elements is stored.
  @Test func vectorsInSumsAreStoredOnce() throws {
    let module = try Module(
      parsing: """
        func.func @main(%x: tensor<40x24xf32>, %a: tensor<40xf32>, %b: tensor<40xf32>) -> tensor<24xf32> {
          %0 = stablehlo.multiply %a, %b : tensor<40xf32>
          %1 = stablehlo.add %0, %b : tensor<40xf32>
          %2 = stablehlo.subtract %1, %a : tensor<40xf32>
          %3 = stablehlo.multiply %2, %2 : tensor<40xf32>
          %4 = stablehlo.add %3, %0 : tensor<40xf32>
          %5 = stablehlo.multiply %4, %2 : tensor<40xf32>
          %6 = stablehlo.dot_general %5, %x, contracting_dims = [0] x [0] : (tensor<40xf32>, tensor<40x24xf32>) -> tensor<24xf32>
          return %6 : tensor<24xf32>
        }
        """, file: "vector.mlir")
    let function = try #require(module.entry)
    let report = try Executable(function).report
    #expect(report.arenaByteCount == 192)
    let arguments = randomArguments(for: function, seed: 12)
    let expected = try Interpreter().run(function, arguments)
    for (result, expected) in zip(try runNatively(function, arguments), expected) {
      expectClose(result, expected, relative: 1e-5, "a stored vector")
    }
  }
}
