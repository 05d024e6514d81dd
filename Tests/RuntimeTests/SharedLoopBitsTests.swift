import Differentiation
import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

@testable import Runtime

/// Loops through which threads take blocks of lanes: the results are those of one thread.
@Suite struct SharedLoopBitsTests {
  private func function(_ text: String) throws -> Function {
    let module = try Module(parsing: text, file: "shared.mlir")
    return try module.inlined(try #require(module.entry)).simplified()
  }

  /// A stack that stands where another one's rows have been read may begin inside of a row, where rows are no
  /// multiple of a cache line.
  @Test(arguments: [(66, 33), (64, 32), (50, 7)])
  func trailingStacksBeginAtRows(_ rows: Int, _ columns: Int) throws {
    let (row, stack) = ("tensor<\(rows)x\(columns)xf32>", "tensor<96x\(rows)x\(columns)xf32>")
    let loss = try function(
      """
      func.func @main(%w: tensor<1x\(columns)xf32>, %h: \(row), %xs: tensor<96x\(rows)x1xf32>) -> tensor<f32> {
        %pr = stablehlo.dot_general %xs, %w, contracting_dims = [2] x [0]
          : (tensor<96x\(rows)x1xf32>, tensor<1x\(columns)xf32>) -> \(stack)
        %0:2 = "adjoint.scan"(%h, %pr) <{carry_count = 1 : i64, length = 96 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %a: \(row), %x: \(row)):
          %p = stablehlo.negate %x : \(row)
          %q = stablehlo.multiply %a, %a : \(row)
          %s = stablehlo.add %p, %q : \(row)
          %t = stablehlo.tanh %s : \(row)
          stablehlo.return %t, %t : \(row), \(row)
        }) : (\(row), \(stack)) -> (\(row), \(stack))
        %c = stablehlo.constant dense<0.0> : tensor<f32>
        %m = stablehlo.multiply %0#1, %0#1 : \(stack)
        %v = stablehlo.reduce(%m init: %c) applies stablehlo.add across dimensions = [0, 1, 2]
          : (\(stack), tensor<f32>) -> tensor<f32>
        return %v : tensor<f32>
      }
      """)
    let gradient = try loss.withGradient(of: [0, 1, 2]).simplified()
    let arguments = randomArguments(for: gradient, seed: 3)
    let alone = try runNatively(gradient, arguments, threads: 1)
    for _ in 0..<3 { #expect(try runNatively(gradient, arguments, threads: 2) == alone) }
  }

  /// An array that holds the converted rows of one block is addressed by the block.
  @Test(arguments: [384, 512]) func arraysOfBlocksStay(_ rows: Int) throws {
    let row = "tensor<\(rows)x32xbf16>"
    let function = try function(
      """
      func.func @main(%u: tensor<32x32xbf16>, %h: \(row), %xs: tensor<8x\(rows)x32xbf16>) -> \(row) {
        %0 = "adjoint.scan"(%h, %xs) <{carry_count = 1 : i64, length = 8 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %a: \(row), %x: \(row)):
          %q = stablehlo.dot_general %a, %u, contracting_dims = [1] x [0]
            : (\(row), tensor<32x32xbf16>) -> \(row)
          %s = stablehlo.add %x, %q : \(row)
          stablehlo.return %s : \(row)
        }) : (\(row), tensor<8x\(rows)x32xbf16>) -> \(row)
        return %0 : \(row)
      }
      """)
    let arguments = function.parameterTypes.enumerated().map { number, type in
      var random = SplitMix64(seed: UInt64(number))
      return ArgumentValues.uniform(-0.2...0.2).literal(type, using: &random)
    }
    let alone = try runNatively(function, arguments, threads: 1)
    #expect(try runNatively(function, arguments, threads: 2) == alone)
    let expected = try Interpreter().run(function, arguments)
    expectClose(alone[0], expected[0], relative: 0.05, "\(rows) rows")
  }
}
