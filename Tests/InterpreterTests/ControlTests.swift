import TensorIR
import Testing

@testable import Interpreter

/// The meaning of loops, branches and slices at computed places.
@Suite struct ControlTests {
  private func run(_ text: String, _ arguments: [Literal]) throws -> [[Double]] {
    let module = try Module(parsing: text, file: "test.mlir")
    return try Interpreter(module: module).run(try #require(module.entry), arguments)
      .map(\.doubles)
  }

  private func scalar(_ value: Double, _ element: ElementType = .f64) -> Literal {
    Literal(TensorType([], element), filledWith: value)
  }

  @Test("A loop runs until its condition fails, perhaps never", arguments: [0, 1, 5])
  func whileLoop(count: Int) throws {
    let text = """
      func.func @main(%arg0: tensor<i64>, %arg1: tensor<f64>) -> tensor<f64> {
        %c = stablehlo.constant dense<0> : tensor<i64>
        %c_0 = stablehlo.constant dense<1> : tensor<i64>
        %0:2 = stablehlo.while(%i = %c, %x = %arg1) : tensor<i64>, tensor<f64>
          cond {
            %1 = stablehlo.compare LT, %i, %arg0 : (tensor<i64>, tensor<i64>) -> tensor<i1>
            stablehlo.return %1 : tensor<i1>
          } do {
            %1 = stablehlo.add %i, %c_0 : tensor<i64>
            %2 = stablehlo.add %x, %x : tensor<f64>
            stablehlo.return %1, %2 : tensor<i64>, tensor<f64>
          }
        return %0#1 : tensor<f64>
      }
      """
    let results = try run(text, [scalar(Double(count), .i64), scalar(3)])
    #expect(results == [[3 * Double(1 << count)]])
  }

  @Test("A selector out of range takes the last branch", arguments: [-1, 0, 1, 2, 7])
  func branch(selector: Int) throws {
    let text = """
      func.func @main(%arg0: tensor<i32>, %arg1: tensor<f64>) -> tensor<f64> {
        %0 = "stablehlo.case"(%arg0) ({
          stablehlo.return %arg1 : tensor<f64>
        }, {
          %1 = stablehlo.negate %arg1 : tensor<f64>
          stablehlo.return %1 : tensor<f64>
        }, {
          %1 = stablehlo.add %arg1, %arg1 : tensor<f64>
          stablehlo.return %1 : tensor<f64>
        }) : (tensor<i32>) -> tensor<f64>
        return %0 : tensor<f64>
      }
      """
    let expected = selector == 0 ? 5.0 : selector == 1 ? -5 : 10
    #expect(try run(text, [scalar(Double(selector), .i32), scalar(5)]) == [[expected]])
  }

  @Test(
    "A scan hands carries on and stacks slices, forwards and backwards", arguments: [false, true])
  func scan(isReversed: Bool) throws {
    let text = """
      func.func @main(%arg0: tensor<f64>, %arg1: tensor<4xf64>) -> (tensor<f64>, tensor<4xf64>) {
        %0:2 = "adjoint.scan"(%arg0, %arg1) <{carry_count = 1 : i64, length = 4 : i64, reverse = \(isReversed)}> ({
        ^bb0(%i: tensor<i64>, %c: tensor<f64>, %x: tensor<f64>):
          %1 = stablehlo.convert %i : (tensor<i64>) -> tensor<f64>
          %2 = stablehlo.multiply %x, %1 : tensor<f64>
          %3 = stablehlo.add %c, %2 : tensor<f64>
          stablehlo.return %3, %3 : tensor<f64>, tensor<f64>
        }) : (tensor<f64>, tensor<4xf64>) -> (tensor<f64>, tensor<4xf64>)
        return %0#0, %0#1 : tensor<f64>, tensor<4xf64>
      }
      """
    let stack = Literal(TensorType([4], .f64), doubles: [1, 2, 3, 4])
    let results = try run(text, [scalar(100), stack])
    // Terms 0·1, 1·2, 2·3, 3·4.
    #expect(results[0] == [120])
    #expect(results[1] == (isReversed ? [120, 120, 118, 112] : [100, 102, 108, 120]))
  }

  @Test("Starts of slices are clamped so that slices stay inside", arguments: [-3, 0, 1, 2, 9])
  func slices(start: Int) throws {
    let text = """
      func.func @main(%arg0: tensor<4xf64>, %arg1: tensor<i32>) -> (tensor<2xf64>, tensor<4xf64>) {
        %0 = stablehlo.dynamic_slice %arg0, %arg1, sizes = [2] : (tensor<4xf64>, tensor<i32>) -> tensor<2xf64>
        %1 = stablehlo.negate %0 : tensor<2xf64>
        %2 = stablehlo.dynamic_update_slice %arg0, %1, %arg1 : (tensor<4xf64>, tensor<2xf64>, tensor<i32>) -> tensor<4xf64>
        return %0, %2 : tensor<2xf64>, tensor<4xf64>
      }
      """
    let place = min(max(start, 0), 2)
    var expected = [1.0, 2, 3, 4]
    let results = try run(
      text, [Literal(TensorType([4], .f64), doubles: expected), scalar(Double(start), .i32)])
    #expect(results[0] == Array(expected[place..<(place + 2)]))
    expected[place] *= -1
    expected[place + 1] *= -1
    #expect(results[1] == expected)
  }
}
