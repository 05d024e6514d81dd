import Targets
import TensorIR
import Testing

/// Lanes that are a few elements apart, as facts of assembly.
@Suite struct StridedTargetTests {
  /// Two columns of a table of 1280 rows, as columns of another one.
  private func function(columns: Int) throws -> Function {
    let (table, column) = ("tensor<1280x\(columns)xf32>", "tensor<1280x1xf32>")
    let module = try Module(
      parsing: """
        func.func @main(%a: \(table)) -> tensor<1280x2xf32> {
          %0 = stablehlo.slice %a [0:1280, 0:1] : (\(table)) -> \(column)
          %1 = stablehlo.slice %a [0:1280, \(columns - 1):\(columns)] : (\(table)) -> \(column)
          %2 = stablehlo.multiply %0, %1 : \(column)
          %3 = stablehlo.add %0, %1 : \(column)
          %4 = stablehlo.concatenate %2, %3, dim = 1 : (\(column), \(column)) -> tensor<1280x2xf32>
          return %4 : tensor<1280x2xf32>
        }
        """, file: "columns.mlir")
    return try module.inlined(try #require(module.entry))
  }

  /// Whole vectors are read, and lanes picked from them, where these are few elements apart.
  @Test func fewElementsApartAreShuffled() throws {
    for (columns, gathers) in [(3, false), (8, false), (9, true)] {
      let code = try TargetCode(function(columns: columns), for: .x86_64v4)
      let mnemonics = code.assembly.instructions.map(\.mnemonic)
      #expect(mnemonics.contains { $0.hasPrefix("vgather") } == gathers, "\(columns) columns")
      #expect(!mnemonics.contains { $0.hasPrefix("vscatter") })
    }
  }
}
