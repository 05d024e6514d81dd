import Interpreter
import TensorIR
import TestSupport
import Testing

/// Scatters by any region, calls in regions and custom calls that mean an op, against results worked
/// out by hand.
@Suite struct RegionExpansionTests {
  /// The results of the first function of a text.
  private func results(_ text: String, _ arguments: Literal...) throws -> [[Double]] {
    let module = try Module(parsing: text, file: "case.mlir")
    return try Interpreter().run(#require(module.entry), arguments).map(\.doubles)
  }

  private func vector(_ values: [Double]) -> Literal {
    Literal(TensorType([values.count], .f32), doubles: values)
  }

  /// Updates come one after the other, also at one place; what is outside is dropped.
  @Test func scatterByAnyRegion() throws {
    let text = """
      func.func @main(%x: tensor<4xf32>, %u: tensor<5xf32>) -> tensor<4xf32> {
        %i = stablehlo.constant dense<[[1], [3], [1], [4], [-1]]> : tensor<5x1xi32>
        %0 = "stablehlo.scatter"(%x, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
        ^bb0(%a: tensor<f32>, %b: tensor<f32>):
          %1 = stablehlo.add %a, %a : tensor<f32>
          %2 = stablehlo.subtract %1, %b : tensor<f32>
          stablehlo.return %2 : tensor<f32>
        }) : (tensor<4xf32>, tensor<5x1xi32>, tensor<5xf32>) -> tensor<4xf32>
        return %0 : tensor<4xf32>
      }
      """
    let scattered = try results(text, vector([1, 2, 3, 4]), vector([1, 10, 5, 7, 9]))
    #expect(scattered == [[1, 1, 3, -2]])
  }

  /// A reduction that names its function may name any of two elements.
  @Test func reductionByTheNameOfAnyFunction() throws {
    let text = """
      func.func @main(%x: tensor<5xi32>) -> tensor<i32> {
        %c = stablehlo.constant dense<6> : tensor<i32>
        %0 = stablehlo.reduce(%x init: %c) applies stablehlo.xor across dimensions = [0] : (tensor<5xi32>, tensor<i32>) -> tensor<i32>
        return %0 : tensor<i32>
      }
      """
    let numbers = Literal(TensorType([5], .i32), integers: [1, -2, 7, 1 << 30, 12])
    #expect(try results(text, numbers) == [[Double(6 ^ 1 ^ -2 ^ 7 ^ (1 << 30) ^ 12)]])
    #expect(throws: AdjointError.self) {
      _ = try results(text.replacing("stablehlo.xor", with: "stablehlo.sine"), numbers)
    }
  }

  /// Complex updates are multiplied one after the other: (1 + 2i)·(3 + i)·i is −7 + i.
  @Test func scatterOfComplexProducts() throws {
    let text = """
      func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>, %u: tensor<2xf32>, %v: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
        %i = stablehlo.constant dense<[[0], [0]]> : tensor<2x1xi32>
        %z = stablehlo.complex %x, %y : tensor<2xcomplex<f32>>
        %w = stablehlo.complex %u, %v : tensor<2xcomplex<f32>>
        %0 = "stablehlo.scatter"(%z, %i, %w) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
        ^bb0(%a: tensor<complex<f32>>, %b: tensor<complex<f32>>):
          %1 = stablehlo.multiply %a, %b : tensor<complex<f32>>
          stablehlo.return %1 : tensor<complex<f32>>
        }) : (tensor<2xcomplex<f32>>, tensor<2x1xi32>, tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>>
        %1 = stablehlo.real %0 : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
        %2 = stablehlo.imag %0 : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
        return %1, %2 : tensor<2xf32>, tensor<2xf32>
      }
      """
    let scattered = try results(
      text, vector([1, 5]), vector([2, 6]), vector([3, 0]), vector([1, 1]))
    #expect(scattered == [[-7, 5], [1, 6]])
  }

  /// Two operands move together, by windows of two elements.
  @Test func scatterOfTwoOperands() throws {
    let text = """
      func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
        %i = stablehlo.constant dense<[[2], [3]]> : tensor<2x1xi32>
        %u = stablehlo.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>
        %0:2 = "stablehlo.scatter"(%x, %y, %i, %u, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
        ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %d: tensor<f32>):
          %1 = stablehlo.add %b, %c : tensor<f32>
          stablehlo.return %1, %a : tensor<f32>, tensor<f32>
        }) : (tensor<4xf32>, tensor<4xf32>, tensor<2x1xi32>, tensor<2x2xf32>, tensor<2x2xf32>) -> (tensor<4xf32>, tensor<4xf32>)
        return %0#0, %0#1 : tensor<4xf32>, tensor<4xf32>
      }
      """
    let scattered = try results(text, vector([1, 2, 3, 4]), vector([10, 20, 30, 40]))
    #expect(scattered == [[1, 2, 35, 46], [10, 20, 3, 4]])
  }

  /// Sources are multiplied into the greatest element of each window.
  @Test func selectAndScatterByProduct() throws {
    let text = """
      func.func @main(%x: tensor<6xf32>, %s: tensor<3xf32>) -> tensor<6xf32> {
        %c = stablehlo.constant dense<2.0> : tensor<f32>
        %0 = "stablehlo.select_and_scatter"(%x, %s, %c) <{window_dimensions = array<i64: 2>, window_strides = array<i64: 2>}> ({
        ^bb0(%a: tensor<f32>, %b: tensor<f32>):
          %1 = stablehlo.compare GE, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
          stablehlo.return %1 : tensor<i1>
        }, {
        ^bb0(%a: tensor<f32>, %b: tensor<f32>):
          %1 = stablehlo.multiply %a, %b : tensor<f32>
          stablehlo.return %1 : tensor<f32>
        }) : (tensor<6xf32>, tensor<3xf32>, tensor<f32>) -> tensor<6xf32>
        return %0 : tensor<6xf32>
      }
      """
    let scattered = try results(text, vector([1, 5, 7, 2, 4, 4]), vector([3, 4, 5]))
    #expect(scattered == [[2, 6, 8, 2, 10, 2]])
  }

  /// A function that a reduction's region calls, which calls another one; both stand behind it.
  @Test func callsInRegions() throws {
    let text = """
      module {
        func.func public @main(%x: tensor<5xf32>) -> tensor<f32> {
          %c = stablehlo.constant dense<0.0> : tensor<f32>
          %0 = stablehlo.reduce(%x init: %c) across dimensions = [0] : (tensor<5xf32>, tensor<f32>) -> tensor<f32>
           reducer(%a: tensor<f32>, %b: tensor<f32>) {
            %1 = func.call @one(%a, %b) : (tensor<f32>, tensor<f32>) -> tensor<f32>
            stablehlo.return %1 : tensor<f32>
          }
          return %0 : tensor<f32>
        }
        func.func private @one(%a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> {
          %0 = call @other(%b, %a) : (tensor<f32>, tensor<f32>) -> tensor<f32>
          return %0 : tensor<f32>
        }
        func.func private @other(%a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> {
          %0 = stablehlo.maximum %a, %b : tensor<f32>
          return %0 : tensor<f32>
        }
      }
      """
    #expect(try results(text, vector([1, 5, -7, 2, 4])) == [[5]])
    let circle = text.replacing("stablehlo.maximum", with: "func.call @one")
      .replacing("%b : tensor<f32>\n", with: "%b : (tensor<f32>, tensor<f32>) -> tensor<f32>\n")
    #expect(throws: AdjointError.self) { try results(circle, vector([1, 5, -7, 2, 4])) }
    let missing = text.replacing("private @other", with: "private @another")
    #expect(throws: AdjointError.self) { try results(missing, vector([1, 5, -7, 2, 4])) }
  }

  /// Functions of MHLO, greatest elements and markers.
  @Test func customCallsThatMeanAnOp() throws {
    func call(_ name: String, _ attributes: String, _ result: String) -> String {
      """
      func.func @main(%x: tensor<4xf32>) -> tensor<\(result)> {
        %0 = stablehlo.custom_call @\(name)(%x) {\(attributes)} : (tensor<4xf32>) -> tensor<\(result)>
        return %0 : tensor<\(result)>
      }
      """
    }
    let x = vector([0, 1, -1, 0.5])
    let cosines = try results(
      call("mhlo.cosh", "mhlo.attributes = {}, mhlo.version = 1 : i64", "4xf32"), x)
    #expect(cosines[0][0] == 1 && cosines[0][1] == Double(Float(1.5430806348152437)))
    #expect(try results(call("Sharding", "", "4xf32"), x) == [[0, 1, -1, 0.5]])
    for (isLargest, expected) in [(true, [1, 0.5]), (false, [-1, 0])] {
      let text = """
        func.func @main(%x: tensor<4xf32>) -> tensor<2xf32> {
          %0:2 = stablehlo.custom_call @mhlo.topk(%x) {mhlo.attributes = {k = 2 : i64, largest = \(isLargest)}} : (tensor<4xf32>) -> (tensor<2xf32>, tensor<2xi32>)
          return %0#0 : tensor<2xf32>
        }
        """
      #expect(try results(text, x) == [expected])
    }
  }

  /// The greatest elements as JAX asks for them where less would be enough; a comparator ends as
  /// regions do.
  @Test func approximateSelections() throws {
    let text = """
      module {
        func.func @top_k_gt_f32_comparator(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>) -> tensor<i1> {
          %0 = stablehlo.compare GT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
          stablehlo.return %0 : tensor<i1>
        }
        func.func public @main(%x: tensor<5xf32>) -> (tensor<2xf32>, tensor<2xi32>) {
          %0 = stablehlo.iota dim = 0 : tensor<5xi32>
          %c = stablehlo.constant dense<-1> : tensor<i32>
          %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
          %1:2 = stablehlo.custom_call @ApproxTopK(%x, %0, %cst, %c) {backend_config = "", called_computations = [@top_k_gt_f32_comparator], mhlo.backend_config = {aggregate_to_topk = true, is_fallback = true, recall_target = 0.949999988 : f32, reduction_dim = 0 : i64, reduction_input_size_override = -1 : i64, top_k = 2 : i64}} : (tensor<5xf32>, tensor<5xi32>, tensor<f32>, tensor<i32>) -> (tensor<2xf32>, tensor<2xi32>)
          return %1#0, %1#1 : tensor<2xf32>, tensor<2xi32>
        }
      }
      """
    let module = try Module(parsing: text, file: "case.mlir")
    let function = try #require(module.function(named: "main"))
    let found = try Interpreter().run(function, [vector([1, 5, 7, 2, 7])])
    #expect(found[0].doubles == [7, 7])
    #expect(found[1].integers == [2, 4])
  }

  /// Against values of the series with 30 digits.
  @Test func besselFunction() throws {
    let text = """
      func.func @main(%x: tensor<6xf64>) -> tensor<6xf64> {
        %0 = chlo.bessel_i1e %x : tensor<6xf64> -> tensor<6xf64>
        return %0 : tensor<6xf64>
      }
      """
    let x = Literal(TensorType([6], .f64), doubles: [0, 1, -2.5, 8, 30, .infinity])
    let found = try results(text, x)[0]
    let expected: [Double] = [
      0.0, 0.20791041534970844, -0.20658464953126657, 0.13414249329269817,
      0.07191633059864755, 0.0,
    ]
    for (value, right) in zip(found, expected) {
      #expect(abs(value - right) <= 9e-16 * abs(right))
    }
  }
}
