import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Programs whose steps look as if they went row by row, but need other rows, or an order.
@Suite struct RowChainHazardTests {
  /// Plans a program for several processors, and runs its loops for one against the interpreter.
  private func check(_ text: String) throws {
    let module = try Module(parsing: text, file: "test.mlir")
    let function = try module.inlined(#require(module.entry)).simplified()
    for target in [TargetDescription.x86_64v3, .aarch64] {
      try LoopProgram(lowering: function, for: target).verify()
    }
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    try program.verify()
    let arguments = randomArguments(for: function, seed: 7)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-11)
    }
  }

  /// An element that all rows need is read before the first row; with threads and without.
  @Test(arguments: [100, 1200]) func elementsReadBeforeTheRows(_ rows: Int) throws {
    let y = "tensor<\(rows)x8xf64>"
    try check(
      """
      func.func @main(%x: \(y), %a: tensor<8x8xf64>) -> \(y) {
        %0 = stablehlo.dot_general %x, %a, contracting_dims = [1] x [0]
          : (\(y), tensor<8x8xf64>) -> \(y)
        %1 = stablehlo.slice %0 [0:1, 0:1] : (\(y)) -> tensor<1x1xf64>
        %2 = stablehlo.reshape %1 : (tensor<1x1xf64>) -> tensor<f64>
        %3 = stablehlo.broadcast_in_dim %2, dims = [] : (tensor<f64>) -> \(y)
        %4 = stablehlo.add %0, %3 : \(y)
        %5 = stablehlo.tanh %4 : \(y)
        return %5 : \(y)
      }
      """)
  }

  /// Straight-line code behind the rows reads an element too.
  @Test(arguments: [100, 1200]) func elementsReadBehindTheRows(_ rows: Int) throws {
    let y = "tensor<\(rows)x8xf64>"
    try check(
      """
      func.func @main(%x: \(y), %a: tensor<8x8xf64>) -> tensor<f64> {
        %zero = stablehlo.constant dense<0.0> : tensor<f64>
        %0 = stablehlo.dot_general %x, %a, contracting_dims = [1] x [0]
          : (\(y), tensor<8x8xf64>) -> \(y)
        %1 = stablehlo.tanh %0 : \(y)
        %2 = stablehlo.reduce(%1 init: %zero) applies stablehlo.add across dimensions = [0, 1]
          : (\(y), tensor<f64>) -> tensor<f64>
        %3 = stablehlo.slice %0 [3:4, 2:3] : (\(y)) -> tensor<1x1xf64>
        %4 = stablehlo.reshape %3 : (tensor<1x1xf64>) -> tensor<f64>
        %5 = stablehlo.multiply %2, %4 : tensor<f64>
        return %5 : tensor<f64>
      }
      """)
  }

  /// What is added into a sum of rows comes from a row of another block.
  @Test func termsOfSumsFromOtherRows() throws {
    let (y, s) = ("tensor<1200x8xf64>", "tensor<1200xf64>")
    try check(
      """
      func.func @main(%x: \(y), %a: tensor<8x8xf64>) -> (\(y), tensor<8xf64>) {
        %zero = stablehlo.constant dense<0.0> : tensor<f64>
        %low = stablehlo.constant dense<0xFFF0000000000000> : tensor<f64>
        %0 = stablehlo.dot_general %x, %a, contracting_dims = [1] x [0]
          : (\(y), tensor<8x8xf64>) -> \(y)
        %1 = stablehlo.reduce(%0 init: %low) applies stablehlo.maximum across dimensions = [1]
          : (\(y), tensor<f64>) -> \(s)
        %2 = stablehlo.broadcast_in_dim %1, dims = [0] : (\(s)) -> \(y)
        %3 = stablehlo.subtract %0, %2 : \(y)
        %4 = stablehlo.exponential %3 : \(y)
        %5 = stablehlo.add %0, %2 : \(y)
        %6 = stablehlo.tanh %5 : \(y)
        %7 = stablehlo.dot_general %6, %a, contracting_dims = [1] x [0]
          : (\(y), tensor<8x8xf64>) -> \(y)
        %8 = stablehlo.reverse %4, dims = [0] : \(y)
        %9 = stablehlo.multiply %7, %8 : \(y)
        %10 = stablehlo.reduce(%9 init: %zero) applies stablehlo.add across dimensions = [0]
          : (\(y), tensor<f64>) -> tensor<8xf64>
        return %4, %10 : \(y), tensor<8xf64>
      }
      """)
  }

  /// A scatter whose windows stand at fixed places, so that no lookup is seen: all rows in one
  /// place, one after the other, or each in its own.
  private func scatter(
    rows: Int, isPerRow: Bool, combination: String, behindProduct: Bool
  ) -> String {
    let y = "tensor<\(rows)x8xf64>"
    let base = isPerRow ? y : "tensor<8xf64>"
    let batches =
      isPerRow ? "input_batching_dims = [0], scatter_indices_batching_dims = [0], " : ""
    let product =
      behindProduct
      ? """
      %0 = stablehlo.dot_general %x, %a, contracting_dims = [1] x [0]
        : (\(y), tensor<8x8xf64>) -> \(y)
      """ : "%0 = stablehlo.negate %x : \(y)"
    return """
      func.func @main(%x: \(y), %a: tensor<8x8xf64>, %base: \(base)) -> \(base) {
        %none = stablehlo.constant dense<> : tensor<\(rows)x0xi32>
        \(product)
        %1 = stablehlo.tanh %0 : \(y)
        %2 = stablehlo.slice %0 [0:\(rows), 3:4] : (\(y)) -> tensor<\(rows)x1xf64>
        %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<\(rows)x1xf64>) -> \(y)
        %4 = stablehlo.add %1, %3 : \(y)
        %5 = stablehlo.tanh %4 : \(y)
        %6 = "stablehlo.scatter"(%base, %none, %5) <{
          scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], \(batches)
          index_vector_dim = 1>}> ({
        ^bb0(%old: tensor<f64>, %new: tensor<f64>):
          \(combination)
        }) : (\(base), tensor<\(rows)x0xi32>, \(y)) -> \(base)
        return %6 : \(base)
      }
      """
  }

  /// Updates come after the copy they change, in their order, and keep what was there.
  @Test(arguments: [50, 1200], [true, false]) func updatesAtFixedPlaces(
    _ rows: Int, _ adds: Bool
  ) throws {
    let combination =
      adds
      ? "%sum = stablehlo.add %old, %new : tensor<f64> stablehlo.return %sum : tensor<f64>"
      : "stablehlo.return %new : tensor<f64>"
    for isPerRow in [false, true] {
      for behindProduct in [false, true] {
        try check(
          scatter(
            rows: rows, isPerRow: isPerRow, combination: combination,
            behindProduct: behindProduct))
      }
    }
  }

  /// Sums of columns that keep the blocks' axis: the last block ends beyond the last row.
  @Test func sumsThatKeepTheRowsOfBlocks() throws {
    try check(
      """
      func.func @main(%x: tensor<65x1030x2xf64>) -> tensor<65x2xf64> {
        %zero = stablehlo.constant dense<0.0> : tensor<f64>
        %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1]
          : (tensor<65x1030x2xf64>, tensor<f64>) -> tensor<65x2xf64>
        return %0 : tensor<65x2xf64>
      }
      """)
  }
}
