import AdjointMacros
import SwiftSyntaxMacroExpansion
import SwiftSyntaxMacrosGenericTestSupport
import Testing

@testable import AdjointMacrosPlugin

@TensorTree
private struct Layer {
  var weight: Tensor<Float> = 2
  var bias: Tensor<Float>? = 1
  let isSquared: Bool
  var width = 3 { didSet {} }
  @Ignored var activation: @Sendable (Tensor<Float>) -> Tensor<Float> = { $0 }
  static let count = 1
  var double: Int { 2 * width }
}

@TensorTree
private enum Head {
  case none
  case linear(Tensor<Float>, scale: Tensor<Float>)
  case fixed(Int)
}

@TensorTree
private struct Model<Body: TensorTree> {
  var body: [Body]
  var named: [String: Tensor<Float>] = ["a": 1]
  var head = Head.linear(3, scale: 4)
}

/// What the macro writes visits all members.
struct TensorTreeTests {
  @Test func membersAreVisited() throws {
    let model = Model(body: [Layer(isSquared: true), Layer(isSquared: false)])
    let sum = jit { (model: Model<Layer>) in
      model.body.map { $0.isSquared ? square($0.weight) : $0.weight }.reduce(0, +)
    }
    #expect(try sum(model).item() == 6)
    var other = model
    other.body[0] = Layer(isSquared: false)
    #expect(try sum(other).item() == 4)
    other.head = .fixed(3)
    #expect(try sum(other).item() == 4)
    #expect(sum.compilationCount == 3)
    let slope = try gradient(at: model) { model -> Tensor<Float> in
      guard case .linear(let x, let scale) = model.head else { return 0 }
      return x * scale + model.body[0].weight
    }
    guard case .linear(let x, let scale) = slope.head else {
      Issue.record("the case changed")
      return
    }
    #expect(try [x, scale, slope.body[0].weight].map { try $0.item() } == [4, 3, 1])
    #expect(
      try model.namedTensors(of: Float.self).map(\.name) == [
        "body[0].weight", "body[0].bias", "body[1].weight", "body[1].bias", "named.a",
        "head.linear.0", "head.linear.scale",
      ])
  }

  @Test func classesAreRefusedByName() {
    assertMacroExpansion(
      "@TensorTree\nclass Shared {\n}", expandedSource: "class Shared {\n}",
      diagnostics: [
        DiagnosticSpec(
          message:
            "@TensorTree: Shared is neither a structure nor an enumeration; a tree of tensors"
            + " must be a value", line: 1, column: 1)
      ], macroSpecs: ["TensorTree": MacroSpec(type: TensorTreeMacro.self)]
    ) { Issue.record("\($0.message)") }
  }
}
