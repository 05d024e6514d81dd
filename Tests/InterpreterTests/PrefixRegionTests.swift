import Foundation
import Interpreter
import TensorIR
import TestSupport
import Testing

/// Cumulative reductions by regions, of rows so long that they are combined in blocks.
@Suite struct PrefixRegionTests {
  private func run(_ text: String, _ arguments: [Literal]) throws -> [[Double]] {
    let module = try Module(parsing: text, file: "case.mlir")
    return try Interpreter().run(#require(module.entry), arguments).map(\.doubles)
  }

  /// log Σ exp of all elements so far, or from here on.
  @Test(arguments: [511, 512, 700, 1500], [false, true])
  func logarithmsOfSums(_ count: Int, _ isReversed: Bool) throws {
    let padding = isReversed ? "0, \(count - 1)" : "\(count - 1), 0"
    let text = """
      func.func @main(%x: tensor<\(count)xf64>) -> tensor<\(count)xf64> {
        %c = stablehlo.constant dense<0xFFF0000000000000> : tensor<f64>
        %0 = "stablehlo.reduce_window"(%x, %c) <{padding = dense<[[\(padding)]]> : tensor<1x2xi64>, window_dimensions = array<i64: \(count)>}> ({
        ^bb0(%a: tensor<f64>, %b: tensor<f64>):
          %1 = stablehlo.maximum %a, %b : tensor<f64>
          %2 = stablehlo.minimum %a, %b : tensor<f64>
          %3 = stablehlo.subtract %2, %1 : tensor<f64>
          %4 = stablehlo.exponential %3 : tensor<f64>
          %5 = stablehlo.log_plus_one %4 : tensor<f64>
          %6 = stablehlo.add %1, %5 : tensor<f64>
          stablehlo.return %6 : tensor<f64>
        }) : (tensor<\(count)xf64>, tensor<f64>) -> tensor<\(count)xf64>
        return %0 : tensor<\(count)xf64>
      }
      """
    var random = SplitMix64(seed: 4)
    let values = (0..<count).map { _ in Double(random.int(in: -400...400)) / 100 }
    let results = try run(text, [Literal(TensorType([count], .f64), doubles: values)])[0]
    var sum = 0.0
    for place in isReversed ? Array((0..<count).reversed()) : Array(0..<count) {
      sum += exp(values[place])
      #expect((results[place] - log(sum)).magnitude < 1e-12 * max(log(sum).magnitude, 1))
    }
  }

  /// The greatest element so far and the place where it stood first, of two rows.
  @Test(arguments: [4095, 4100])
  func placesOfGreatest(_ count: Int) throws {
    let text = """
      func.func @main(%x: tensor<2x\(count)xf64>) -> (tensor<2x\(count)xf64>, tensor<2x\(count)xi32>) {
        %i = stablehlo.iota dim = 1 : tensor<2x\(count)xi32>
        %c = stablehlo.constant dense<0xFFF0000000000000> : tensor<f64>
        %d = stablehlo.constant dense<2147483647> : tensor<i32>
        %0:2 = "stablehlo.reduce_window"(%x, %i, %c, %d) <{padding = dense<[[0, 0], [\(count - 1), 0]]> : tensor<2x2xi64>, window_dimensions = array<i64: 1, \(count)>}> ({
        ^bb0(%a: tensor<f64>, %p: tensor<i32>, %b: tensor<f64>, %q: tensor<i32>):
          %1 = stablehlo.compare GE, %a, %b : (tensor<f64>, tensor<f64>) -> tensor<i1>
          %2 = stablehlo.select %1, %a, %b : tensor<i1>, tensor<f64>
          %3 = stablehlo.select %1, %p, %q : tensor<i1>, tensor<i32>
          stablehlo.return %2, %3 : tensor<f64>, tensor<i32>
        }) : (tensor<2x\(count)xf64>, tensor<2x\(count)xi32>, tensor<f64>, tensor<i32>) -> (tensor<2x\(count)xf64>, tensor<2x\(count)xi32>)
        return %0#0, %0#1 : tensor<2x\(count)xf64>, tensor<2x\(count)xi32>
      }
      """
    var random = SplitMix64(seed: 9)
    let values = (0..<2 * count).map { Double(random.int(in: 0...($0 % count / 7 + 1))) }
    let results = try run(text, [Literal(TensorType([2, count], .f64), doubles: values)])
    for row in 0..<2 {
      var best = 0
      for column in 0..<count {
        if values[row * count + column] > values[row * count + best] { best = column }
        #expect(results[0][row * count + column] == values[row * count + best])
        #expect(results[1][row * count + column] == Double(best))
      }
    }
  }
}
