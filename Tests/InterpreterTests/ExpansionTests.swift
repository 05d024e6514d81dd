import Interpreter
import TensorIR
import TestSupport
import Testing

/// Operations that are read as what they are made of, against results worked out by hand.
@Suite struct ExpansionTests {
  /// The results of the only function of a text.
  private func results(_ text: String, _ arguments: Literal...) throws -> [[Double]] {
    let module = try Module(parsing: text, file: "case.mlir")
    try module.verify()
    return try Interpreter().run(module.functions[0], arguments).map(\.doubles)
  }

  private func vector(_ values: [Double]) -> Literal {
    Literal(TensorType([values.count], .f32), doubles: values)
  }

  /// Comparators of falling order keep equal elements in theirs; all operands move alike.
  @Test func sortOfTwoOperands() throws {
    let text = """
      func.func @main(%x: tensor<5xf32>) -> (tensor<5xf32>, tensor<5xi32>) {
        %i = stablehlo.iota dim = 0 : tensor<5xi32>
        %0:2 = "stablehlo.sort"(%x, %i) <{dimension = 0 : i64, is_stable = true}> ({
        ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
          %1 = stablehlo.compare GT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
          stablehlo.return %1 : tensor<i1>
        }) : (tensor<5xf32>, tensor<5xi32>) -> (tensor<5xf32>, tensor<5xi32>)
        return %0#0, %0#1 : tensor<5xf32>, tensor<5xi32>
      }
      """
    let sorted = try results(text, vector([2, .infinity, 2, -1, 3]))
    #expect(sorted == [[.infinity, 3, 2, 2, -1], [1, 4, 0, 2, 3]])
  }

  @Test func greatestElements() throws {
    let text = """
      func.func @main(%x: tensor<2x4xf32>) -> (tensor<2x2xf32>, tensor<2x2xi32>) {
        %v, %i = chlo.top_k(%x, k = 2) : tensor<2x4xf32> -> (tensor<2x2xf32>, tensor<2x2xi32>)
        return %v, %i : tensor<2x2xf32>, tensor<2x2xi32>
      }
      """
    let x = Literal(TensorType([2, 4], .f32), doubles: [1, 4, 4, 2, -1, -3, -2, -1])
    #expect(try results(text, x) == [[4, 4, -1, -1], [1, 2, 0, 3]])
  }

  /// The first of equal elements counts, and a NaN before all others.
  @Test(
    arguments: [
      ([1, 5, 5, 2], 1.0), ([1, .nan, 7, .nan], 1), ([-.infinity, -.infinity, -.infinity, 0], 3),
      ([-.infinity, -.infinity, -.infinity, -.infinity], 0),
    ] as [([Double], Double)])
  func indexOfTheGreatest(_ values: [Double], _ index: Double) throws {
    let text = """
      func.func @main(%x: tensor<4xf32>) -> tensor<i32> {
        %0 = stablehlo.iota dim = 0 : tensor<4xi32>
        %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
        %c = stablehlo.constant dense<0> : tensor<i32>
        %1:2 = stablehlo.reduce(%x init: %cst), (%0 init: %c) across dimensions = [0] : (tensor<4xf32>, tensor<4xi32>, tensor<f32>, tensor<i32>) -> (tensor<f32>, tensor<i32>)
         reducer(%a: tensor<f32>, %b: tensor<f32>) (%i: tensor<i32>, %j: tensor<i32>)  {
          %2 = stablehlo.compare GT, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %3 = stablehlo.compare NE, %a, %a, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %4 = stablehlo.or %2, %3 : tensor<i1>
          %5 = stablehlo.compare EQ, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %6 = stablehlo.compare LT, %i, %j, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
          %7 = stablehlo.and %5, %6 : tensor<i1>
          %8 = stablehlo.or %4, %7 : tensor<i1>
          %9 = stablehlo.select %4, %a, %b : tensor<i1>, tensor<f32>
          %10 = stablehlo.select %8, %i, %j : tensor<i1>, tensor<i32>
          stablehlo.return %9, %10 : tensor<f32>, tensor<i32>
        }
        return %1#1 : tensor<i32>
      }
      """
    #expect(try results(text, vector(values)) == [[index]])
  }

  /// A sum along an axis that is longer than a block, from either end.
  @Test(arguments: [(99, 0), (0, 99)])
  func cumulativeSums(_ low: Int, _ high: Int) throws {
    let sums = try results(
      window("add", "0.0", shape: "100", extents: "100", padding: "[\(low), \(high)]", to: "100"),
      vector((0..<100).map(Double.init)))
    let rising: [Double] = (0..<100).map { Double($0 * ($0 + 1) / 2) }
    let falling: [Double] = (0..<100).map { 4950 - rising[$0] + Double($0) }
    #expect(sums[0] == (low > 0 ? rising : falling))
  }

  /// Infinite elements stay where they are: what is beyond a place is not multiplied by zero.
  @Test func infiniteElementsOfCumulativeSums() throws {
    let sums = try results(
      window("add", "0.0", shape: "40", extents: "40", padding: "[39, 0]", to: "40"),
      vector([Double](repeating: 1, count: 35) + [.infinity, 1, 1, 1, 1]))
    let expected: [Double] = (1...35).map(Double.init) + Array(repeating: .infinity, count: 5)
    #expect(sums[0] == expected)
  }

  @Test func stridedMaxima() throws {
    let maxima = try results(
      window(
        "maximum", "0xFF800000", shape: "7", extents: "3", strides: "2", padding: "[1, 1]", to: "4"),
      vector([5, 1, 2, 8, 3, 0, -4]))
    #expect(maxima == [[5, 8, 8, 0]])
  }

  private func window(
    _ function: String, _ initial: String, shape: String, extents: String, strides: String = "1",
    padding: String, to result: String
  ) -> String {
    """
    func.func @main(%x: tensor<\(shape)xf32>) -> tensor<\(result)xf32> {
      %c = stablehlo.constant dense<\(initial)> : tensor<f32>
      %0 = "stablehlo.reduce_window"(%x, %c) <{padding = dense<[\(padding)]> : tensor<1x2xi64>, \
    window_dimensions = array<i64: \(extents)>, window_strides = array<i64: \(strides)>}> ({
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        %1 = stablehlo.\(function) %a, %b : tensor<f32>
        stablehlo.return %1 : tensor<f32>
      }) : (tensor<\(shape)xf32>, tensor<f32>) -> tensor<\(result)xf32>
      return %0 : tensor<\(result)xf32>
    }
    """
  }
}
