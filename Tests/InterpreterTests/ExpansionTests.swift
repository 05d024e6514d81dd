import Foundation
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

  /// The bits of complex numbers are those of their parts, the real one first; those of booleans are
  /// one each.
  @Test func bitsOfOtherWidths() throws {
    let text = """
      func.func @main(%x: tensor<2xf64>) -> (tensor<2xui32>, tensor<f32>, tensor<f64>, tensor<ui16>) {
        %0 = stablehlo.slice %x [0:1] : (tensor<2xf64>) -> tensor<1xf64>
        %1 = stablehlo.slice %x [1:2] : (tensor<2xf64>) -> tensor<1xf64>
        %2 = stablehlo.complex %0, %1 : tensor<1xcomplex<f64>>
        %3 = stablehlo.bitcast_convert %2 : (tensor<1xcomplex<f64>>) -> tensor<1x2xcomplex<f32>>
        %4 = stablehlo.bitcast_convert %3 : (tensor<1x2xcomplex<f32>>) -> tensor<1x2x2xui32>
        %5 = stablehlo.slice %4 [0:1, 0:1, 0:2] : (tensor<1x2x2xui32>) -> tensor<1x1x2xui32>
        %6 = stablehlo.reshape %5 : (tensor<1x1x2xui32>) -> tensor<2xui32>
        %7 = stablehlo.imag %3 : (tensor<1x2xcomplex<f32>>) -> tensor<1x2xf32>
        %8 = stablehlo.slice %7 [0:1, 1:2] : (tensor<1x2xf32>) -> tensor<1x1xf32>
        %9 = stablehlo.reshape %8 : (tensor<1x1xf32>) -> tensor<f32>
        %10 = stablehlo.bitcast_convert %3 : (tensor<1x2xcomplex<f32>>) -> tensor<1x2xf64>
        %11 = stablehlo.slice %10 [0:1, 1:2] : (tensor<1x2xf64>) -> tensor<1x1xf64>
        %12 = stablehlo.reshape %11 : (tensor<1x1xf64>) -> tensor<f64>
        %13 = stablehlo.constant dense<[1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]> : tensor<16xui8>
        %14 = stablehlo.convert %13 : (tensor<16xui8>) -> tensor<16xi1>
        %15 = stablehlo.bitcast_convert %14 : (tensor<16xi1>) -> tensor<ui16>
        %16 = stablehlo.bitcast_convert %15 : (tensor<ui16>) -> tensor<16xi1>
        %17 = stablehlo.bitcast_convert %16 : (tensor<16xi1>) -> tensor<ui16>
        return %6, %9, %12, %17 : tensor<2xui32>, tensor<f32>, tensor<f64>, tensor<ui16>
      }
      """
    // 1 + 2⁻⁵² has the bits 0x3FF00000_00000001, and 2 those of the f32 that is 2.
    let x = Literal(TensorType([2], .f64), doubles: [1 + 0x1p-52, 2])
    #expect(try results(text, x) == [[1, Double(0x3FF0_0000)], [2], [2], [Double(0x8105)]])
  }

  /// Sums and products over windows of complex numbers, short ones and ones that grow.
  @Test(arguments: [("add", 3), ("add", 12), ("multiply", 3), ("multiply", 12)])
  func windowsOfComplexNumbers(op: String, width: Int) throws {
    let n = 12
    let start = op == "add" ? "(0.0, 0.0)" : "(1.0, 0.0)"
    let text = """
      func.func @main(%a: tensor<12xf64>, %b: tensor<12xf64>) -> (tensor<12xf64>, tensor<12xf64>) {
        %x = stablehlo.complex %a, %b : tensor<12xcomplex<f64>>
        %s = stablehlo.constant dense<\(start)> : tensor<complex<f64>>
        %0 = "stablehlo.reduce_window"(%x, %s) <{padding = dense<[[\(width - 1), 0]]> : tensor<1x2xi64>, window_dimensions = array<i64: \(width)>}> ({
        ^bb0(%c: tensor<complex<f64>>, %d: tensor<complex<f64>>):
          %1 = stablehlo.\(op) %c, %d : tensor<complex<f64>>
          stablehlo.return %1 : tensor<complex<f64>>
        }) : (tensor<12xcomplex<f64>>, tensor<complex<f64>>) -> tensor<12xcomplex<f64>>
        %2 = stablehlo.real %0 : (tensor<12xcomplex<f64>>) -> tensor<12xf64>
        %3 = stablehlo.imag %0 : (tensor<12xcomplex<f64>>) -> tensor<12xf64>
        return %2, %3 : tensor<12xf64>, tensor<12xf64>
      }
      """
    let (a, b) = ((0..<n).map { 1 + 0.1 * Double($0) }, (0..<n).map { 0.5 - 0.1 * Double($0) })
    let type = TensorType([n], .f64)
    let found = try results(text, Literal(type, doubles: a), Literal(type, doubles: b))
    for place in 0..<n {
      var (real, imaginary) = op == "add" ? (0.0, 0.0) : (1.0, 0.0)
      for index in max(0, place - width + 1)...place {
        (real, imaginary) =
          op == "add"
          ? (real + a[index], imaginary + b[index])
          : (real * a[index] - imaginary * b[index], real * b[index] + imaginary * a[index])
      }
      #expect(abs(found[0][place] - real) < 1e-12 * max(1, abs(real) + abs(imaginary)))
      #expect(abs(found[1][place] - imaginary) < 1e-12 * max(1, abs(real) + abs(imaginary)))
    }
  }

  /// Equations in half precision are solved in single precision, and the solution is rounded.
  @Test func equationsOfHalfPrecision() throws {
    let text = """
      func.func @main(%a: tensor<2x2xf16>, %b: tensor<2x1xf16>) -> tensor<2x1xf16> {
        %0 = "stablehlo.triangular_solve"(%a, %b) <{left_side = true, lower = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>, unit_diagonal = false}> : (tensor<2x2xf16>, tensor<2x1xf16>) -> tensor<2x1xf16>
        return %0 : tensor<2x1xf16>
      }
      """
    let a = Literal(TensorType([2, 2], .f16), doubles: [2, 0, 1, 4])
    let b = Literal(TensorType([2, 1], .f16), doubles: [3, 7.5])
    #expect(try results(text, a, b) == [[1.5, 1.5]])
  }

  /// Of complex numbers that is greater whose real part is, or else whose imaginary part is; their angle
  /// is complex.
  @Test func extremesAndAnglesOfComplexNumbers() throws {
    let text = """
      func.func @main(%a: tensor<4xf64>, %b: tensor<4xf64>, %c: tensor<4xf64>, %d: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>, tensor<4xf64>, tensor<4xf64>) {
        %x = stablehlo.complex %a, %b : tensor<4xcomplex<f64>>
        %y = stablehlo.complex %c, %d : tensor<4xcomplex<f64>>
        %0 = stablehlo.maximum %x, %y : tensor<4xcomplex<f64>>
        %1 = stablehlo.minimum %x, %y : tensor<4xcomplex<f64>>
        %2 = stablehlo.atan2 %x, %y : tensor<4xcomplex<f64>>
        %3 = stablehlo.real %0 : (tensor<4xcomplex<f64>>) -> tensor<4xf64>
        %4 = stablehlo.imag %0 : (tensor<4xcomplex<f64>>) -> tensor<4xf64>
        %5 = stablehlo.real %1 : (tensor<4xcomplex<f64>>) -> tensor<4xf64>
        %6 = stablehlo.imag %1 : (tensor<4xcomplex<f64>>) -> tensor<4xf64>
        %7 = stablehlo.imag %2 : (tensor<4xcomplex<f64>>) -> tensor<4xf64>
        return %3, %4, %5, %6, %7 : tensor<4xf64>, tensor<4xf64>, tensor<4xf64>, tensor<4xf64>, tensor<4xf64>
      }
      """
    func four(_ values: [Double]) -> Literal { Literal(TensorType([4], .f64), doubles: values) }
    let found = try results(
      text, four([1, 2, 3, .nan]), four([5, 1, 0, 1]), four([1, 3, 3, 1]), four([4, 0, 0, 1]))
    #expect(Array(found[0].prefix(3)) == [1, 3, 3] && found[0][3].isNaN)
    #expect(Array(found[1].prefix(3)) == [5, 0, 0])
    #expect(Array(found[2].prefix(3)) == [1, 2, 3] && found[2][3].isNaN)
    #expect(Array(found[3].prefix(3)) == [4, 1, 0])
    // atan((2 + i)/3) = 0.6245… + 0.2291…i, and the angle of two equal numbers is real.
    #expect(abs(found[4][1] - 0.22907268296853883) < 1e-15 && abs(found[4][2]) < 1e-15)
  }

  /// An algorithm of a product that asks for no more than there is may stand; the dialect chlo has an
  /// arrow in the tangent too.
  @Test func wordsOfOtherDialects() throws {
    let text = """
      func.func @main(%x: tensor<2xf32>) -> (tensor<f32>, tensor<2xf32>) {
        %0 = stablehlo.dot_general %x, %x, contracting_dims = [0] x [0], precision = [DEFAULT, DEFAULT], algorithm = <lhs_precision_type = tf32, rhs_precision_type = tf32, accumulation_type = f32, lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 1, allow_imprecise_accumulation = false> : (tensor<2xf32>, tensor<2xf32>) -> tensor<f32>
        %1 = chlo.tan %x : tensor<2xf32> -> tensor<2xf32>
        return %0, %1 : tensor<f32>, tensor<2xf32>
      }
      """
    #expect(try results(text, vector([3, 0])) == [[9], [Double(tanf(3)), 0]])
    let wide = text.replacing("accumulation_type = f32", with: "accumulation_type = f64")
    #expect(throws: AdjointError.self) { try results(wide, vector([3, 0])) }
  }

  /// Left of zero, orders that are whole numbers have values; scipy.special.zeta gives the same.
  @Test func zetaLeftOfZero() {
    let cases: [(Double, Double, Double)] = [
      (2, -1.3, 14.53687624413708), (2, -100.7, 15.069532360278806),
      (3, -0.5, 0.41439832211716), (3, -20.2, -123.52279399452283),
    ]
    for (order, q, expected) in cases {
      #expect(abs(SpecialFunctions.zeta(order, q) / expected - 1) < 1e-14)
    }
    #expect(SpecialFunctions.zeta(2, -1) == .infinity)
    #expect(SpecialFunctions.zeta(2.5, -0.5).isNaN)
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
