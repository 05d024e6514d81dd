import Batching
import Interpreter
import TensorIR
import TestSupport
import Testing

/// Control flow for many examples against a loop over the examples.
@Suite struct ControlTests {
  /// The number of examples.
  private let size = 4

  /// Literals one after the other along a new first axis.
  private func stacked(_ literals: [Literal]) -> Literal {
    Literal(
      TensorType([literals.count] + literals[0].type.shape, literals[0].type.element),
      bytes: literals.flatMap(\.denseBytes))
  }

  /// Compares a function for many examples with the loop, for every choice of parameters that have
  /// examples.
  private func check(_ text: String, _ values: (Int, Int, TensorType) -> Literal) throws {
    let module = try Module(parsing: text, file: "test.mlir")
    let function = try #require(module.entry)
    let count = function.parameters.count
    for choice in 1..<(1 << count) {
      let flags = (0..<count).map { choice >> $0 & 1 == 1 }
      let examples = (0..<size).map { example in
        function.parameterTypes.enumerated().map { index, type in
          values(flags[index] ? example : 0, index, type)
        }
      }
      let batched = try function.batched(size: size, flags)
      try batched.verify()
      let arguments = flags.indices.map { index in
        flags[index] ? stacked(examples.map { $0[index] }) : examples[0][index]
      }
      let results = try Interpreter().run(batched, arguments)
      let loop = try examples.map { try Interpreter().run(function, $0) }
      for (index, result) in results.enumerated() {
        expectClose(result, stacked(loop.map { $0[index] }), relative: 0, "\(flags) \(index)")
      }
    }
  }

  /// Numbers that differ between examples and parameters.
  private func numbers(_ example: Int, _ index: Int, _ type: TensorType) -> Literal {
    Literal(
      type, doubles: (0..<type.count).map { Double(($0 * 5 + example * 3 + index * 2) % 7 - 2) })
  }

  @Test func examplesLeaveLoopsOneByOne() throws {
    try check(
      """
      func.func @main(%arg0: tensor<i64>, %arg1: tensor<3xf64>, %arg2: tensor<f64>) -> (tensor<i64>, tensor<3xf64>) {
        %c = stablehlo.constant dense<0> : tensor<i64>
        %c_0 = stablehlo.constant dense<1> : tensor<i64>
        %0:2 = stablehlo.while(%i = %c, %x = %arg1) : tensor<i64>, tensor<3xf64>
          cond {
            %1 = stablehlo.compare LT, %i, %arg0 : (tensor<i64>, tensor<i64>) -> tensor<i1>
            stablehlo.return %1 : tensor<i1>
          } do {
            %1 = stablehlo.add %i, %c_0 : tensor<i64>
            %2 = stablehlo.broadcast_in_dim %arg2, dims = [] : (tensor<f64>) -> tensor<3xf64>
            %3 = stablehlo.multiply %x, %2 : tensor<3xf64>
            stablehlo.return %1, %3 : tensor<i64>, tensor<3xf64>
          }
        return %0#0, %0#1 : tensor<i64>, tensor<3xf64>
      }
      """, numbers)
  }

  @Test func examplesChooseBranches() throws {
    try check(
      """
      func.func @main(%arg0: tensor<i32>, %arg1: tensor<2xf64>, %arg2: tensor<2xf64>) -> (tensor<2xf64>, tensor<f64>) {
        %0:2 = "stablehlo.case"(%arg0) ({
          %c = stablehlo.constant dense<2.0> : tensor<f64>
          stablehlo.return %arg1, %c : tensor<2xf64>, tensor<f64>
        }, {
          %1 = stablehlo.add %arg1, %arg2 : tensor<2xf64>
          %c = stablehlo.constant dense<3.0> : tensor<f64>
          stablehlo.return %1, %c : tensor<2xf64>, tensor<f64>
        }, {
          %1 = stablehlo.negate %arg2 : tensor<2xf64>
          %c = stablehlo.constant dense<4.0> : tensor<f64>
          stablehlo.return %1, %c : tensor<2xf64>, tensor<f64>
        }) : (tensor<i32>) -> (tensor<2xf64>, tensor<f64>)
        return %0#0, %0#1 : tensor<2xf64>, tensor<f64>
      }
      """, numbers)
  }

  @Test(arguments: [false, true])
  func scans(isReversed: Bool) throws {
    try check(
      """
      func.func @main(%arg0: tensor<f64>, %arg1: tensor<4x2xf64>, %arg2: tensor<2xf64>) -> (tensor<f64>, tensor<4x2xf64>) {
        %0:2 = "adjoint.scan"(%arg0, %arg1) <{carry_count = 1 : i64, length = 4 : i64, reverse = \(isReversed)}> ({
        ^bb0(%i: tensor<i64>, %c: tensor<f64>, %x: tensor<2xf64>):
          %1 = stablehlo.convert %i : (tensor<i64>) -> tensor<f64>
          %2 = stablehlo.add %c, %1 : tensor<f64>
          %3 = stablehlo.multiply %x, %arg2 : tensor<2xf64>
          stablehlo.return %2, %3 : tensor<f64>, tensor<2xf64>
        }) : (tensor<f64>, tensor<4x2xf64>) -> (tensor<f64>, tensor<4x2xf64>)
        return %0#0, %0#1 : tensor<f64>, tensor<4x2xf64>
      }
      """, numbers)
  }

  @Test func slicesAtPlacesOfTheirOwn() throws {
    try check(
      """
      func.func @main(%arg0: tensor<4x3xf64>, %arg1: tensor<i32>, %arg2: tensor<i32>, %arg3: tensor<2x1xf64>) -> (tensor<2x2xf64>, tensor<4x3xf64>) {
        %0 = stablehlo.dynamic_slice %arg0, %arg1, %arg2, sizes = [2, 2] : (tensor<4x3xf64>, tensor<i32>, tensor<i32>) -> tensor<2x2xf64>
        %1 = stablehlo.dynamic_update_slice %arg0, %arg3, %arg1, %arg2 : (tensor<4x3xf64>, tensor<2x1xf64>, tensor<i32>, tensor<i32>) -> tensor<4x3xf64>
        return %0, %1 : tensor<2x2xf64>, tensor<4x3xf64>
      }
      """, numbers)
  }
}
