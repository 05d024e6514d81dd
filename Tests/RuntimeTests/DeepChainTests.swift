import Fusion
import Interpreter
import LoopIR
import Targets
import TensorIR
import TestSupport
import Testing

@testable import Runtime

/// Long chains of operations: lowering them takes no more stack than short ones.
@Suite struct DeepChainTests {
  /// A chain of one kind; each link takes the value before and makes the next one.
  enum Chain: CaseIterable {
    case elements, sums, indices, lookups, serialLoop

    /// The links, as text.
    private func body(_ count: Int) -> (text: String, last: String) {
      var (text, last) = ("", "%x")
      for link in 0..<count {
        text += line(link, last)
        last = "%\(link)"
      }
      return (text, last)
    }

    private func line(_ link: Int, _ last: String) -> String {
      let vector = "tensor<8xf64>"
      switch self {
      case .elements:
        return "%\(link) = stablehlo.\(link % 2 == 0 ? "sine" : "tanh") \(last) : \(vector)\n"
      case .serialLoop:
        return "%\(link) = stablehlo.\(link % 2 == 0 ? "sine" : "tanh") \(last) : tensor<f64>\n"
      case .sums:
        return """
          %r\(link) = stablehlo.reduce(\(last) init: %z) applies stablehlo.add across dimensions = [0] : (\(vector), tensor<f64>) -> tensor<f64>
          %b\(link) = stablehlo.broadcast_in_dim %r\(link), dims = [] : (tensor<f64>) -> \(vector)
          %\(link) = stablehlo.subtract \(last), %b\(link) : \(vector)

          """
      case .indices:
        return """
          %r\(link) = stablehlo.reshape \(last) : (\(vector)) -> tensor<2x4xf64>
          %t\(link) = stablehlo.transpose %r\(link), dims = [1, 0] : (tensor<2x4xf64>) -> tensor<4x2xf64>
          %\(link) = stablehlo.reshape %t\(link) : (tensor<4x2xf64>) -> \(vector)

          """
      case .lookups:
        return """
          %s\(link) = stablehlo.dynamic_slice %y, \(last), sizes = [1] : (tensor<8xi32>, tensor<i32>) -> tensor<1xi32>
          %\(link) = stablehlo.reshape %s\(link) : (tensor<1xi32>) -> tensor<i32>

          """
      }
    }

    /// The function of so many links.
    func function(_ count: Int) throws -> Function {
      let (text, last) = body(count)
      let main: String
      switch self {
      case .elements, .sums, .indices:
        main = """
          func.func @main(%x: tensor<8xf64>) -> tensor<8xf64> {
          %z = stablehlo.constant dense<0.0> : tensor<f64>
          \(text)return \(last) : tensor<8xf64>
          }
          """
      case .lookups:
        main = """
          func.func @main(%y: tensor<8xi32>, %x: tensor<i32>) -> tensor<i32> {
          \(text)return \(last) : tensor<i32>
          }
          """
      case .serialLoop:
        main = """
          func.func @main(%a: tensor<f64>, %n: tensor<i32>) -> tensor<f64> {
          %z = stablehlo.constant dense<0> : tensor<i32>
          %one = stablehlo.constant dense<1> : tensor<i32>
          %o:2 = stablehlo.while(%k = %z, %x = %a) : tensor<i32>, tensor<f64>
          cond {
            %c = stablehlo.compare LT, %k, %n, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
            stablehlo.return %c : tensor<i1>
          } do {
            \(text)%q = stablehlo.add %k, %one : tensor<i32>
            stablehlo.return %q, \(last) : tensor<i32>, tensor<f64>
          }
          return %o#1 : tensor<f64>
          }
          """
      }
      return try Module(parsing: main, file: "chain").functions[0]
    }
  }

  @Test(arguments: Chain.allCases) func loweringTakesLittleStack(_ chain: Chain) throws {
    let function = try chain.function(3000)
    let program = try withStack(byteCount: 8 << 20) {
      try LoopProgram(lowering: function, for: HostProcessor.description)
    }
    #expect(!program.kernels.isEmpty)
    guard chain == .serialLoop else { return }
    #expect(program.kernels.count == 1)
    let arguments = [
      Literal(TensorType([], .f64), doubles: [0.5]), Literal(TensorType([], .i32), integers: [2]),
    ]
    let expected = try Interpreter().run(function, arguments)
    let result = try runNatively(function, arguments, threads: 1)
    expectClose(result[0], expected[0], relative: 1e-13, "\(chain)")
  }
}
