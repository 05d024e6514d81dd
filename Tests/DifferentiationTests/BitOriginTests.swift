import Differentiation
import TensorIR
import TestSupport
import Testing

/// Gradients of floats that are made of the bits of others, and of what text alone can say.
@Suite struct BitOriginTests {
  /// The gradients of the first result of the main function of a text.
  private func gradients(of text: String, at points: [Literal]) throws -> [[Double]] {
    let module = try Module(parsing: text, file: "bits.mlir")
    let function = try #require(module.functions.first)
    let wanted = points.indices.filter { points[$0].type.element.isFloat }
    return try run(function.withGradient(of: wanted), points).dropFirst().map(\.doubles)
  }

  /// A program that makes y of the bits of x.
  private func program(_ body: String) -> String {
    """
    func.func @main(%x: tensor<f64>) -> tensor<f64> {
      %b = stablehlo.bitcast_convert %x : (tensor<f64>) -> tensor<i64>
      %one = stablehlo.constant dense<4503599627370496> : tensor<i64>
      %fraction = stablehlo.constant dense<-9218868437227405313> : tensor<i64>
      %half = stablehlo.constant dense<4602678819172646912> : tensor<i64>
      %distance = stablehlo.constant dense<52> : tensor<i64>
      \(body)
      return %y : tensor<f64>
    }
    """
  }

  @Test func anotherExponentIsAPowerOfTwo() throws {
    let doubled = program(
      """
      %c = stablehlo.add %b, %one : tensor<i64>
      %y = stablehlo.bitcast_convert %c : (tensor<i64>) -> tensor<f64>
      """)
    #expect(try gradients(of: doubled, at: [scalar(3)]) == [[2]])
    // The fraction of frexp: 12 = 0.75 · 2⁴.
    let fraction = program(
      """
      %c = stablehlo.and %b, %fraction : tensor<i64>
      %d = stablehlo.or %c, %half : tensor<i64>
      %y = stablehlo.bitcast_convert %d : (tensor<i64>) -> tensor<f64>
      """)
    #expect(try gradients(of: fraction, at: [scalar(-12)]) == [[0.0625]])
  }

  @Test func exponentsOnlyJump() throws {
    let exponent = program(
      """
      %c = stablehlo.shift_right_logical %b, %distance : tensor<i64>
      %d = stablehlo.convert %c : (tensor<i64>) -> tensor<f64>
      %y = stablehlo.multiply %d, %x : tensor<f64>
      """)
    #expect(try gradients(of: exponent, at: [scalar(3)]) == [[1024]])
  }

  @Test(arguments: [
    "%y = stablehlo.convert %b : (tensor<i64>) -> tensor<f64>",
    """
    %c = stablehlo.multiply %b, %b : tensor<i64>
    %y = stablehlo.bitcast_convert %c : (tensor<i64>) -> tensor<f64>
    """,
  ]) func otherBitsHaveNoDerivative(_ body: String) throws {
    let error = #expect(throws: AdjointError.self) {
      try gradients(of: program(body), at: [scalar(3)])
    }
    #expect(error?.kind == .notDifferentiable)
  }

  /// What has bits of a float beside other results leaves their derivatives alone.
  @Test func eachResultHasItsOwnOrigin() throws {
    let barrier = program(
      """
      %c = stablehlo.constant dense<1.0> : tensor<f64>
      %p:3 = stablehlo.optimization_barrier %c, %x, %b : tensor<f64>, tensor<f64>, tensor<i64>
      %y = stablehlo.multiply %p#1, %p#1 : tensor<f64>
      """)
    #expect(try gradients(of: barrier, at: [scalar(3)]) == [[6]])
    let first = program(
      """
      %p:2 = stablehlo.optimization_barrier %x, %b : tensor<f64>, tensor<i64>
      %y = stablehlo.multiply %p#0, %x : tensor<f64>
      """)
    #expect(try gradients(of: first, at: [scalar(3)]) == [[6]])
  }

  /// Integers that a region makes of a float's bits have them behind it.
  @Test func bitsThatLeaveARegionHaveNoDerivative() throws {
    let text = """
      func.func @main(%x: tensor<f64>, %q: tensor<i1>) -> tensor<f64> {
        %zero = stablehlo.constant dense<0> : tensor<i64>
        %b = "stablehlo.if"(%q) ({
          %c = stablehlo.bitcast_convert %x : (tensor<f64>) -> tensor<i64>
          stablehlo.return %c : tensor<i64>
        }, {
          stablehlo.return %zero : tensor<i64>
        }) : (tensor<i1>) -> tensor<i64>
        %y = stablehlo.bitcast_convert %b : (tensor<i64>) -> tensor<f64>
        return %y : tensor<f64>
      }
      """
    let error = #expect(throws: AdjointError.self) {
      try gradients(of: text, at: [scalar(3), Literal(TensorType([], .i1), integers: [1])])
    }
    #expect(error?.kind == .notDifferentiable)
  }

  /// A loop that carries bits has no derivative that could be told; before, it was zero where the first
  /// carry was a constant.
  @Test func loopsThatCarryBitsAreRefused() throws {
    let text = """
      func.func @main(%x: tensor<f64>, %n: tensor<i64>) -> tensor<f64> {
        %one = stablehlo.constant dense<1> : tensor<i64>
        %zero = stablehlo.constant dense<0> : tensor<i64>
        %c = stablehlo.constant dense<1.0> : tensor<f64>
        %b = stablehlo.bitcast_convert %x : (tensor<f64>) -> tensor<i64>
        %p:4 = stablehlo.while(%k = %c, %w = %x, %bits = %b, %i = %zero) \
          : tensor<f64>, tensor<f64>, tensor<i64>, tensor<i64>
        cond {
          %t = stablehlo.compare LT, %i, %n : (tensor<i64>, tensor<i64>) -> tensor<i1>
          stablehlo.return %t : tensor<i1>
        } do {
          %j = stablehlo.add %i, %one : tensor<i64>
          %f = stablehlo.bitcast_convert %bits : (tensor<i64>) -> tensor<f64>
          %v = stablehlo.multiply %w, %f : tensor<f64>
          stablehlo.return %k, %v, %bits, %j : tensor<f64>, tensor<f64>, tensor<i64>, tensor<i64>
        }
        %y = stablehlo.multiply %p#1, %p#1 : tensor<f64>
        return %y : tensor<f64>
      }
      """
    let error = #expect(throws: AdjointError.self) {
      try gradients(of: text, at: [scalar(3), Literal(TensorType([], .i64), integers: [2])])
    }
    #expect(error?.kind == .notDifferentiable)
  }

  @Test func bitsOfConstantsAreNumbers() throws {
    let text = """
      func.func @main(%x: tensor<f64>, %b: tensor<i64>) -> tensor<f64> {
        %c = stablehlo.multiply %b, %b : tensor<i64>
        %d = stablehlo.bitcast_convert %c : (tensor<i64>) -> tensor<f64>
        %y = stablehlo.multiply %x, %d : tensor<f64>
        return %y : tensor<f64>
      }
      """
    let bits = Literal(TensorType([], .i64), integers: [1 << 31])
    #expect(try gradients(of: text, at: [scalar(3), bits]) == [[2]])
  }

  @Test func longRecurrencesThatWereNotChosenLeaveNoNaN() throws {
    // select(x ≤ 8, x, a three-term recurrence in 3/x) at zero.
    var lines = [
      "%q = stablehlo.divide %c3, %x : tensor<f64>",
      "%l0 = stablehlo.add %q, %c3 : tensor<f64>", "%l1 = stablehlo.add %q, %q : tensor<f64>",
    ]
    for index in 2..<30 {
      lines.append("%m\(index) = stablehlo.multiply %q, %l\(index - 1) : tensor<f64>")
      lines.append(
        "%l\(index) = stablehlo.subtract %m\(index), %l\(index - 2) : tensor<f64>")
    }
    let text = """
      func.func @main(%x: tensor<f64>) -> tensor<f64> {
        %c8 = stablehlo.constant dense<8.0> : tensor<f64>
        %c3 = stablehlo.constant dense<3.0> : tensor<f64>
        \(lines.joined(separator: "\n"))
        %p = stablehlo.compare LE, %x, %c8 : (tensor<f64>, tensor<f64>) -> tensor<i1>
        %r = stablehlo.select %p, %x, %l29 : tensor<i1>, tensor<f64>
        return %r : tensor<f64>
      }
      """
    #expect(try gradients(of: text, at: [scalar(0)]) == [[1]])
  }

  @Test func productsScatteredToOwnPlacesHaveADerivative() throws {
    let text = """
      func.func @main(%x: tensor<5xf64>, %u: tensor<2xf64>) -> tensor<f64> {
        %i = stablehlo.constant dense<[[1],[3]]> : tensor<2x1xi32>
        %0 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = true}> ({
        ^bb0(%a: tensor<f64>, %b: tensor<f64>):
          %m = stablehlo.multiply %a, %b : tensor<f64>
          stablehlo.return %m : tensor<f64>
        }) : (tensor<5xf64>, tensor<2x1xi32>, tensor<2xf64>) -> tensor<5xf64>
        %z = stablehlo.constant dense<0.0> : tensor<f64>
        %2 = stablehlo.reduce(%0 init: %z) applies stablehlo.add across dimensions = [0] : (tensor<5xf64>, tensor<f64>) -> tensor<f64>
        return %2 : tensor<f64>
      }
      """
    let found = try gradients(of: text, at: [vector(1, 2, 3, 0, 5), vector(0, 7)])
    #expect(found == [[1, 0, 1, 7, 1], [2, 0]])
  }

  @Test func nothingIsSorted() throws {
    let text = """
      func.func @main(%x: tensor<0x5xf64>) -> tensor<0x5xf64> {
        %0 = "stablehlo.sort"(%x) <{dimension = 1 : i64, is_stable = true}> ({
        ^bb0(%a: tensor<f64>, %b: tensor<f64>):
          %1 = stablehlo.compare LT, %a, %b, TOTALORDER : (tensor<f64>, tensor<f64>) -> tensor<i1>
          stablehlo.return %1 : tensor<i1>
        }) : (tensor<0x5xf64>) -> tensor<0x5xf64>
        return %0 : tensor<0x5xf64>
      }
      """
    let function = try #require(Module(parsing: text, file: "sort.mlir").functions.first)
    let found = try run(function, [Literal(TensorType([0, 5], .f64), doubles: [])])
    #expect(found.map(\.type) == [TensorType([0, 5], .f64)])
  }

  @Test func runningSumsStartWhereTheirTextSays() throws {
    let text = """
      func.func @main(%x: tensor<40xf64>) -> tensor<40xf64> {
        %five = stablehlo.constant dense<5.0> : tensor<f64>
        %0 = "stablehlo.reduce_window"(%x, %five) <{padding = dense<[[39, 0]]> : tensor<1x2xi64>, window_dimensions = array<i64: 40>}> ({
        ^bb0(%a: tensor<f64>, %b: tensor<f64>):
          %s = stablehlo.add %a, %b : tensor<f64>
          stablehlo.return %s : tensor<f64>
        }) : (tensor<40xf64>, tensor<f64>) -> tensor<40xf64>
        return %0 : tensor<40xf64>
      }
      """
    let function = try #require(Module(parsing: text, file: "sum.mlir").functions.first)
    let found = try run(function, [Literal(TensorType([40], .f64), filledWith: 1)])
    // Places beside the array hold the initial value, as the specification says.
    let expected = stride(from: 201.0, to: 41.0, by: -4.0).map { $0 }
    #expect(found.first?.doubles == expected)
  }
}
