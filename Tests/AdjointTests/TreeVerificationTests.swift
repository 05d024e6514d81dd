import Adjoint
import Testing

/// A layer whose `visitTensors` leaves out what `skipped` names.
private struct Layer: TensorTree {
  var weight: Tensor<Float> = 2
  var bias: Tensor<Float>? = 1
  var rate: Float = 0.5
  var skipped = ""

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    if skipped != "weight" { try visitor.visit(&weight) }
    if skipped != "bias" { try visitor.visit(&bias) }
    if skipped != "rate" { visitor.visitStatic(rate) }
    visitor.visitIgnored(skipped)
  }
}

/// A choice with tensors of its own.
private enum Choice: TensorTree {
  case constant(Tensor<Float>)
  case scaled(Tensor<Float>, by: Float)
  case silent(Tensor<Float>)

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    switch self {
    case .constant(var value):
      visitor.visitStatic("constant")
      try visitor.visit(&value)
      self = .constant(value)
    case .scaled(var value, let factor):
      visitor.visitStatic("scaled")
      visitor.visitStatic(factor)
      try visitor.visit(&value)
      self = .scaled(value, by: factor)
    case .silent(var value):
      try visitor.visit(&value)
      self = .silent(value)
    }
  }
}

/// A tree of trees.
private struct Model: TensorTree {
  var layers: [Layer]
  var named: [String: Tensor<Float>] = ["a": 1]
  var choice = Choice.scaled(1, by: 3)
  var offset: Tensor<Float>? = nil
  var visitsOffset = true

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visit(&layers)
    try visitor.visit(&named)
    try visitor.visit(&choice)
    if visitsOffset { try visitor.visit(&offset) }
    visitor.visitIgnored(visitsOffset)
  }
}

/// A tree that is an object.
private final class Shared: TensorTree, @unchecked Sendable {
  var tensor: Tensor<Float> = 1

  func visitTensors(_ visitor: inout TensorVisitor) throws { try visitor.visit(&tensor) }
}

/// A tree that visits a copy of its member.
private struct Forgetful: TensorTree {
  var tensor: Tensor<Float> = 1

  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    var copy = tensor
    try visitor.visit(&copy)
  }
}

/// Trees whose `visitTensors` leaves members out are found when a function is traced for them.
struct TreeVerificationTests {

  @Test(arguments: [
    ("weight", "tensor weight: visitTensors needs visitor.visit(&weight)"),
    ("bias", "value bias: visitTensors needs visitor.visit(&bias)"),
    (
      "rate",
      "value rate: visitTensors needs visitor.visitStatic(rate),"
        + " or visitor.visitIgnored(rate) where no operation depends on it"
    ),
  ])
  func aMemberLeftOutIsNamed(_ member: String, _ expected: String) {
    let layer = Layer(skipped: member)
    let wanted = "Layer does not visit its " + expected
    let compiled = jit { (layer: Layer) in layer.weight }
    #expect(message { _ = try compiled(layer) }.hasPrefix(wanted))
    #expect(message { _ = try gradient(of: { (l: Layer) in l.weight })(layer) }.hasPrefix(wanted))
    let update = jitInPlace { (layer: inout Layer) in layer.weight }
    #expect(
      message {
        var layer = layer
        _ = try update(&layer)
      }.hasPrefix(wanted))
    let result = jit { (x: Tensor<Float>) in Layer(weight: x, skipped: member) }
    #expect(message { _ = try result(3) }.hasPrefix(wanted))
  }

  @Test func thePlaceIsThatOfTheFunction() {
    let line = #line + 1
    let compiled = jit { (layer: Layer) in layer.weight }
    let error = #expect(throws: AdjointError.self) { _ = try compiled(Layer(skipped: "weight")) }
    #expect(error?.location == SourceLocation(file: #fileID, line: line))
  }

  @Test func membersOfMembersAreFound() throws {
    let sum = jit { (model: Model) in model.layers[0].weight }
    #expect(try sum(Model(layers: [Layer()])).item() == 2)
    #expect(
      message { _ = try sum(Model(layers: [Layer(), Layer(skipped: "weight")])) }
        .hasPrefix("Model does not visit its tensor layers[1].weight"))
    #expect(
      message { _ = try sum(Model(layers: [Layer()], visitsOffset: false)) }
        .hasPrefix("Model does not visit its value offset"))
    #expect(
      message { _ = try sum(Model(layers: [Layer()], choice: .silent(1))) }
        == "visitTensors of Model.choice does not tell the case:"
        + " it needs a visitor.visitStatic that differs from case to case")
    #expect(try sum(Model(layers: [Layer()], choice: .constant(1))).item() == 2)
  }

  @Test func classesAndCopiesAreRefused() {
    let read = jit { (tree: Shared) in tree.tensor }
    #expect(
      message { _ = try read(Shared()) }
        == "Shared is a class; a tree of tensors must be a value, such as a structure")
    let forgetful = jit { (tree: Forgetful) in tree.tensor }
    #expect(
      message { _ = try forgetful(Forgetful()) }.hasPrefix("Forgetful does not visit its tensor"))
  }

  @Test func numbersDrawnWhileTracingAreRefused() throws {
    let drawn = jit { (x: Tensor<Float>) in x + Tensor<Float>.randomNormal([], seed: 1) }
    #expect(message { _ = try drawn(1) }.hasPrefix("random numbers drawn while jit traces"))
    let slope = try gradient(of: { (x: Tensor<Float>) in
      x * (Tensor<Float>.randomUniform([], low: 2, high: 2, seed: 1))
    })(3)
    #expect(try slope.item() == 2)
  }

  @Test func tuplesOfTreesAreResults() throws {
    let several = jit { (x: Tensor<Float>) in (x, [x + 1, x + 2], ["a": x + 3]) }
    let (first, list, named) = try several(1)
    #expect(try first.item() == 1)
    #expect(try list.map { try $0.item() } == [2, 3])
    #expect(try named["a"]?.item() == 4)
    let update = jitInPlace { (x: inout Tensor<Float>) in x += 1 }
    var x: Tensor<Float> = 1
    try update(&x)
    #expect(try x.item() == 2)
    let pair = jitInPlace { (x: inout Tensor<Float>) in
      x += 1
      return (2 * x, 3 * x)
    }
    let (twice, thrice) = try pair(&x)
    #expect(try [x, twice, thrice].map { try $0.item() } == [3, 6, 9])
  }

  @Test func recursionWithoutEndIsAnError() throws {
    let endless = Recursion()
    endless.function = jit { (x: Tensor<Float>) in
      try endless.function.map { try $0(x + 1) } ?? x
    }
    let complaint = message { _ = try endless.function?(1) }
    #expect(complaint.hasPrefix("a compiled function calls itself with arguments of the same"))
    let shrinking = Recursion()
    shrinking.function = jit { (x: Tensor<Float>) in
      x.count == 1 ? x.sum() : try shrinking.function.map { x[0] + (try $0(x[1...])) } ?? x
    }
    let sum = try #require(shrinking.function)
    #expect(try sum([1, 2, 3, 4].tensor).item() == 10)
    let nesting = message { _ = try Self.nested(1).item() }
    #expect(nesting.contains("traced inside each other"))
  }

  /// A function that differentiates itself without end.
  @Sendable private static func nested(_ x: Tensor<Float>) throws -> Tensor<Float> {
    try gradient(of: { (y: Tensor<Float>) in try nested(y) })(x)
  }
}

/// A place for a function that calls itself.
private final class Recursion: @unchecked Sendable {
  var function: CompiledFunction<Tensor<Float>, Tensor<Float>>?
}

extension [Float] {
  /// The numbers as a vector.
  fileprivate var tensor: Tensor<Float> { Tensor(self) }
}
