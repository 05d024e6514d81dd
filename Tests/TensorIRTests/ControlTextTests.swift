import Testing

@testable import TensorIR

/// Operations with regions: what text captures is an operand, and a capture again when printed.
@Suite struct ControlTextTests {
  static let programs = [
    // A loop whose condition and body capture different values.
    """
    func.func public @main(%arg0: tensor<f32>, %arg1: tensor<i32>) -> tensor<f32> {
      %c = stablehlo.constant dense<0> : tensor<i32>
      %c_0 = stablehlo.constant dense<1> : tensor<i32>
      %0:2 = stablehlo.while(%iterArg = %c, %iterArg_1 = %arg0) : tensor<i32>, tensor<f32>
        cond {
          %1 = stablehlo.compare LT, %iterArg, %arg1, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
          stablehlo.return %1 : tensor<i1>
        } do {
          %1 = stablehlo.add %iterArg, %c_0 : tensor<i32>
          %2 = stablehlo.multiply %iterArg_1, %arg0 : tensor<f32>
          stablehlo.return %1, %2 : tensor<i32>, tensor<f32>
        }
      return %0#1 : tensor<f32>
    }
    """,
    // Branches in branches that capture what is two levels out.
    """
    func.func public @main(%arg0: tensor<i32>, %arg1: tensor<2xf64>, %arg2: tensor<i1>) -> tensor<2xf64> {
      %0 = "stablehlo.case"(%arg0) ({
        stablehlo.return %arg1 : tensor<2xf64>
      }, {
        %1 = "stablehlo.if"(%arg2) ({
          %2 = stablehlo.negate %arg1 : tensor<2xf64>
          stablehlo.return %2 : tensor<2xf64>
        }, {
          stablehlo.return %arg1 : tensor<2xf64>
        }) : (tensor<i1>) -> tensor<2xf64>
        stablehlo.return %1 : tensor<2xf64>
      }) : (tensor<i32>) -> tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    """,
    // A scan with a capture, a carry, a stack and a stacked result.
    """
    func.func public @main(%arg0: tensor<f32>, %arg1: tensor<5x2xf32>, %arg2: tensor<2xf32>) -> (tensor<2xf32>, tensor<5xf32>) {
      %0:2 = "adjoint.scan"(%arg2, %arg1) <{carry_count = 1 : i64, length = 5 : i64, reverse = true}> ({
      ^bb0(%arg3: tensor<i64>, %arg4: tensor<2xf32>, %arg5: tensor<2xf32>):
        %1 = stablehlo.add %arg4, %arg5 : tensor<2xf32>
        %2 = stablehlo.reduce(%1 init: %arg0) applies stablehlo.add across dimensions = [0] : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
        stablehlo.return %1, %2 : tensor<2xf32>, tensor<f32>
      }) : (tensor<2xf32>, tensor<5x2xf32>) -> (tensor<2xf32>, tensor<5xf32>)
      return %0#0, %0#1 : tensor<2xf32>, tensor<5xf32>
    }
    """,
    // A function with a pullback of its own, which captures nothing.
    """
    func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<2xf32>) -> tensor<2xf32> {
      %0 = "adjoint.custom_vjp"(%arg1, %arg0) <{capture_count = 1 : i64}> ({
      ^bb0(%arg2: tensor<2xf32>, %arg3: tensor<2xf32>):
        %1 = stablehlo.multiply %arg2, %arg3 : tensor<2xf32>
        stablehlo.return %1 : tensor<2xf32>
      }, {
      ^bb0(%arg2: tensor<2xf32>, %arg3: tensor<2xf32>, %arg4: tensor<2xf32>):
        %1 = stablehlo.multiply %arg4, %arg2 : tensor<2xf32>
        stablehlo.return %1 : tensor<2xf32>
      }) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
      return %0 : tensor<2xf32>
    }
    """,
    // Slices at computed places, and a barrier.
    """
    func.func public @main(%arg0: tensor<4x6xf32>, %arg1: tensor<i32>) -> (tensor<4x6xf32>, tensor<i32>) {
      %0:2 = stablehlo.optimization_barrier %arg0, %arg1 : tensor<4x6xf32>, tensor<i32>
      %1 = stablehlo.dynamic_slice %0#0, %0#1, %arg1, sizes = [1, 2] : (tensor<4x6xf32>, tensor<i32>, tensor<i32>) -> tensor<1x2xf32>
      %2 = stablehlo.dynamic_update_slice %arg0, %1, %arg1, %arg1 : (tensor<4x6xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>) -> tensor<4x6xf32>
      return %2, %0#1 : tensor<4x6xf32>, tensor<i32>
    }
    """,
  ]

  @Test("Printing and parsing give the same function, and the text settles", arguments: programs)
  func roundTrip(text: String) throws {
    let module = try Module(parsing: text, file: "test.mlir")
    let printed = module.description
    let again = try Module(parsing: printed, file: "test.mlir")
    #expect(again.description == printed)
    #expect(again.functions[0].types == module.functions[0].types)
    #expect(
      again.functions[0].operations.map(\.operands)
        == module.functions[0].operations.map(\.operands))
  }

  @Test func capturesAreOperandsInOrderOfFirstUse() throws {
    let module = try Module(parsing: Self.programs[0], file: "test.mlir")
    let operation = try #require(module.functions[0].operations.last)
    guard case .whileLoop(let loop) = operation.op else {
      Issue.record("the last operation is a loop")
      return
    }
    // %arg1 by the condition, then %c_0 and %arg0 by the body.
    #expect(loop.captureCount == 3)
    #expect(operation.operands.map(\.index) == [1, 3, 0, 2, 0])
    #expect(loop.condition.parameters.map(\.index) == Array(0..<5))
    #expect(loop.body.parameterTypes == operation.operands.map { module.functions[0][$0] })
  }

  @Test(
    "What does not fit is said with its place",
    arguments: [
      (
        "%0 = \"adjoint.scan\"(%arg1) <{carry_count = 1 : i64, length = 9223372036854775807 : i64}> ({ ^bb0(%i: tensor<i64>, %s: tensor<f32>): stablehlo.return %s : tensor<f32> }) : (tensor<f32>) -> tensor<f32>",
        "(C1): length 9223372036854775807"
      ),
      (
        "%0 = \"stablehlo.case\"(%arg0) ({ stablehlo.return %arg9 : tensor<f32> }) : (tensor<i32>) -> tensor<f32>",
        "%arg9 is not defined in this region"
      ),
      (
        "%0 = \"stablehlo.if\"(%arg0) ({ stablehlo.return %arg1 : tensor<f32> }, { stablehlo.return %arg1 : tensor<f32> }) : (tensor<i32>) -> tensor<f32>",
        "(C1): the selector must be a tensor<i1>"
      ),
      (
        "%0 = stablehlo.while(%i = %arg1) : tensor<f32> cond { stablehlo.return %i : tensor<f32> } do { stablehlo.return %i : tensor<f32> }",
        "(C2): the condition is (tensor<f32>) -> (tensor<f32>)"
      ),
      (
        "%0 = stablehlo.dynamic_slice %arg1, %arg0, sizes = [] : (tensor<f32>, tensor<i32>) -> tensor<f32>",
        "(C1): 1 start indices for tensor<f32>"
      ),
    ])
  func refusals(line: String, message: String) throws {
    let text = """
      func.func @main(%arg0: tensor<i32>, %arg1: tensor<f32>) -> tensor<f32> {
        \(line)
        return %0 : tensor<f32>
      }
      """
    let error = #expect(throws: AdjointError.self) { try Module(parsing: text, file: "test.mlir") }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    #expect(error?.location.line == 2)
  }
}
