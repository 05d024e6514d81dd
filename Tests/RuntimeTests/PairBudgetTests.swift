import Runtime
import TensorIR
import TestSupport
import Testing

/// Programs of pairs within a memory budget.
@Suite struct PairBudgetTests {
  /// A soft ranking of 80 numbers by sums of curves of all pairs along rows and columns.
  private static let ranking = """
    func.func @main(%x: tensor<80xf32>, %w: tensor<80xf32>) -> tensor<f32> {
      %r = stablehlo.broadcast_in_dim %x, dims = [0] : (tensor<80xf32>) -> tensor<80x80xf32>
      %c = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<80xf32>) -> tensor<80x80xf32>
      %d = stablehlo.subtract %r, %c : tensor<80x80xf32>
      %four = stablehlo.constant dense<4.0> : tensor<80x80xf32>
      %e = stablehlo.multiply %d, %four : tensor<80x80xf32>
      %s = stablehlo.logistic %e : tensor<80x80xf32>
      %z = stablehlo.constant dense<0.0> : tensor<f32>
      %rows = stablehlo.reduce(%s init: %z) applies stablehlo.add across dimensions = [1]
        : (tensor<80x80xf32>, tensor<f32>) -> tensor<80xf32>
      %columns = stablehlo.reduce(%s init: %z) applies stablehlo.add across dimensions = [0]
        : (tensor<80x80xf32>, tensor<f32>) -> tensor<80xf32>
      %t = stablehlo.tanh %columns : tensor<80xf32>
      %q = stablehlo.multiply %s, %s : tensor<80x80xf32>
      %squares = stablehlo.reduce(%q init: %z) applies stablehlo.add across dimensions = [1]
        : (tensor<80x80xf32>, tensor<f32>) -> tensor<80xf32>
      %a = stablehlo.multiply %rows, %rows : tensor<80xf32>
      %b = stablehlo.add %a, %t : tensor<80xf32>
      %f = stablehlo.add %b, %squares : tensor<80xf32>
      %g = stablehlo.multiply %f, %w : tensor<80xf32>
      %v = stablehlo.reduce(%g init: %z) applies stablehlo.add across dimensions = [0]
        : (tensor<80xf32>, tensor<f32>) -> tensor<f32>
      return %v : tensor<f32>
    }
    """

  /// A table of a costly function of pairs is given up, and sums down its columns are made in the same
  /// order: the function stands in their loop then.
  @Test func tablesOfPairsAreGivenUp() throws {
    let module = try Module(parsing: Self.ranking, file: "ranking.mlir")
    let function = try #require(module.entry).simplified().withGradient(of: [0]).simplified()
    let arguments = randomArguments(for: function, seed: 5)
    var options = CodeOptions()
    let plain = try Executable(function, options: options)
    let tableBytes = 80 * 80 * 4
    #expect(plain.report.arenaByteCount >= tableBytes)
    options.memory = MemoryOptions(budget: tableBytes / 4)
    let small = try Executable(function, options: options)
    #expect(small.report.arenaByteCount <= tableBytes / 4)
    #expect(try call(small, arguments) == call(plain, arguments))
  }
}
