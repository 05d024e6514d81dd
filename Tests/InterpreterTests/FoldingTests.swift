import Interpreter
import TensorIR
import TestSupport
import Testing

/// Operations that text may hold and that are read as what they are made of.
@Suite struct FoldingTests {
  private func results(_ text: String, _ arguments: [Literal] = []) throws -> [Literal] {
    let module = try Module(parsing: text, file: "test.mlir")
    try module.verify()
    let function = try #require(module.entry)
    return try Interpreter(module: module).run(function, arguments)
  }

  /// A region that keeps the first element, and another that keeps the last.
  @Test func reductionsKeepTheOrderOfElements() throws {
    let text = """
      func.func @main(%a: tensor<7xi32>, %b: tensor<7xi32>) -> (tensor<i32>, tensor<i32>) {
        %c = stablehlo.constant dense<-1> : tensor<i32>
        %0:2 = "stablehlo.reduce"(%a, %b, %c, %c) ({
        ^bb0(%p: tensor<i32>, %q: tensor<i32>, %r: tensor<i32>, %s: tensor<i32>):
          %none = stablehlo.constant dense<-1> : tensor<i32>
          %t = stablehlo.compare EQ, %p, %none : (tensor<i32>, tensor<i32>) -> tensor<i1>
          %u = stablehlo.select %t, %r, %p : tensor<i1>, tensor<i32>
          stablehlo.return %u, %s : tensor<i32>, tensor<i32>
        }) {dimensions = array<i64: 0>} : (tensor<7xi32>, tensor<7xi32>, tensor<i32>, tensor<i32>)
          -> (tensor<i32>, tensor<i32>)
        return %0#0, %0#1 : tensor<i32>, tensor<i32>
      }
      """
    let numbers = Literal(TensorType([7], .i32), integers: [3, 1, 4, 1, 5, 9, 2])
    #expect(try results(text, [numbers, numbers]).map(\.integers) == [[3], [2]])
  }

  @Test func compositesAreTheirDecompositions() throws {
    let text = """
      module {
        func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {
          %0 = stablehlo.composite "my.op" %a {composite_attributes = {n = 1 : i64},
            decomposition = @f, version = 1 : i32} : (tensor<2xf32>) -> tensor<2xf32>
          return %0 : tensor<2xf32>
        }
        func.func private @f(%a: tensor<2xf32>) -> tensor<2xf32> {
          %0 = stablehlo.add %a, %a : tensor<2xf32>
          return %0 : tensor<2xf32>
        }
      }
      """
    let argument = Literal(TensorType([2], .f32), doubles: [1, -3])
    #expect(try results(text, [argument]).map(\.doubles) == [[2, -6]])
  }

  @Test func bitsOfOtherWidths() throws {
    let text = """
      func.func @main(%a: tensor<2x2xui32>) -> (tensor<2xui64>, tensor<2x2xf32>) {
        %0 = stablehlo.bitcast_convert %a : (tensor<2x2xui32>) -> tensor<2xui64>
        %1 = stablehlo.bitcast_convert %0 : (tensor<2xui64>) -> tensor<2x2xf32>
        return %0, %1 : tensor<2xui64>, tensor<2x2xf32>
      }
      """
    let words = Literal(TensorType([2, 2], .u32), integers: [1, 2, 0x3F80_0000, 0x4000_0000])
    let found = try results(text, [words])
    #expect(found[0].integers == [0x2_0000_0001, 0x4000_0000_3F80_0000])
    #expect(found[1].doubles[2...] == [1, 2])
  }

  /// The bits are those that JAX 0.10 gives on a CPU for the key (1, 2) and the counter (3, 4).
  @Test(
    arguments: [
      ("DEFAULT", [512_747_620, 1_298_009_047, 1_267_190_206, 761_827_841, 1_383_286_907]),
      ("PHILOX", [512_747_620, 1_298_009_047, 1_267_190_206, 761_827_841, 1_383_286_907]),
      ("THREE_FRY", [1_576_285_164, 2_249_660_814, 740_599_976, 2_425_682_526, 2_436_392_515]),
    ] as [(String, [Int64])])
  func randomBits(algorithm: String, expected: [Int64]) throws {
    let text = """
      func.func @main(%a: tensor<2xui64>) -> (tensor<2xui64>, tensor<10xui32>) {
        %0, %1 = stablehlo.rng_bit_generator %a, algorithm = \(algorithm)
          : (tensor<2xui64>) -> (tensor<2xui64>, tensor<10xui32>)
        return %0, %1 : tensor<2xui64>, tensor<10xui32>
      }
      """
    let state = Literal(
      TensorType([2], .u64), integers: [1 | 2 << 32, 3 | 4 << 32])
    let found = try results(text, [state])
    #expect(Array(found[1].integers.prefix(5)) == expected)
    let blocks: Int64 = algorithm == "THREE_FRY" ? 5 : 3
    #expect(found[0].integers == [1 | 2 << 32, 3 + blocks | 4 << 32])
  }
}
