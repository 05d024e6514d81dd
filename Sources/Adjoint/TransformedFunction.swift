internal import Differentiation
internal import Optimizer
internal import TensorIR

/// A function made from another one by a transform such as `gradient(of:)`; call it or `jit` it.
public struct TransformedFunction<each Input: TensorTree, Output: Sendable>: Sendable {
  /// What a call runs.
  let body: @Sendable (repeat each Input) throws -> Output

  /// Runs the function.
  ///
  /// - Throws: `AdjointError` for mistakes in the original function and what has no derivative, and
  ///   what the original function throws.
  public func callAsFunction(_ input: repeat each Input) throws -> Output {
    try body(repeat each input)
  }
}

/// A closure recorded at some arguments, ready to be differentiated.
struct Recording<Output: Sendable>: Sendable {
  /// The closure's operations.
  let traced: TracedFunction
  /// The tensors of the arguments.
  let arguments: [TensorNode]
  /// What the closure returned; its tensors are traced.
  let output: Output
  /// Where the transform was asked for.
  let location: SourceLocation

  /// Records a closure at arguments.
  ///
  /// - Throws: `AdjointError` for mistakes in the closure, and what it throws.
  init<each Input: TensorTree>(
    _ function: (repeat each Input) throws -> Output, at location: SourceLocation,
    _ input: repeat each Input, read: (Output, inout TensorVisitor) throws -> Void
  ) throws {
    var visitor = TensorVisitor()
    repeat try (each input).read(into: &visitor)
    let arguments = visitor.nodes
    for argument in arguments { if let error = argument.failure { throw error } }
    var output: Output?
    traced = try Trace.record(
      arguments.map(\.type), for: .transform(arguments: arguments), at: location
    ) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let value = try function(repeat try (each input).replacing(from: &inner))
      output = value
      var results = TensorVisitor()
      try read(value, &results)
      return results.nodes
    }
    guard let output else { preconditionFailure("a recorded closure has returned a value") }
    self.arguments = arguments
    self.output = output
    self.location = location
  }

  /// Which arguments are floats, by position: those with derivatives.
  var floatArguments: [Int] { arguments.indices.filter { arguments[$0].type.element.isFloat } }

  /// Which results are floats, by position.
  var floatResults: [Int] {
    let types = traced.function.resultTypes
    return types.indices.filter { types[$0].element.isFloat }
  }

  /// The recorded function with its derivative, its results restricted to floats where
  /// `floatsOnly`.
  ///
  /// Parameters stay in order, so those added by the derivative stand behind the captures.
  private func differentiated(
    by transform: Transform, floatsOnly: Bool
  ) throws -> TracedFunction {
    do {
      var function = traced.function
      if floatsOnly { function.results = function.results.selecting(floatResults) }
      function = try function.simplified().differentiated(by: transform)
      return TracedFunction(function: function, captures: [])
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }

  /// The recorded function's results.
  func value() throws -> [TensorNode] {
    try traced.applied(to: arguments, at: location)
  }

  /// The only result, a scalar, and its gradient for each argument; for integers that is zero.
  func valueWithGradient() throws -> (value: TensorNode, gradient: [TensorNode]) {
    let type = traced.function.resultTypes[0]
    guard type.isScalar else {
      throw AdjointError(
        .shape, "a gradient needs a scalar result, and the function returns shape \(type.shape)",
        at: location)
    }
    let derivative = try differentiated(by: .gradient(floatArguments), floatsOnly: false)
    let results = try derivative.applied(to: arguments + traced.captures, at: location)
    return (results[0], gradients(results.dropFirst()))
  }

  /// The cotangent of each argument for cotangents of the results; for integers that is zero.
  func pullback(_ cotangents: [TensorNode]) throws -> [TensorNode] {
    let results = floatResults
    let seeds = try checked(
      cotangents, against: traced.function.resultTypes, "cotangent", "result"
    ).selecting(results)
    let derivative = try differentiated(by: .vjp(floatArguments), floatsOnly: true)
    let all = try derivative.applied(to: arguments + traced.captures + seeds, at: location)
    return gradients(all.dropFirst(results.count))
  }

  /// The tangent of each result for tangents of the arguments; for integers that is zero.
  func differential(_ tangents: [TensorNode]) throws -> [TensorNode] {
    let seeds = try checked(tangents, against: arguments.map(\.type), "tangent", "argument")
      .selecting(floatArguments)
    let derivative = try differentiated(by: .jvp(floatArguments), floatsOnly: true)
    let all = try derivative.applied(to: arguments + traced.captures + seeds, at: location)
    var floats = all.dropFirst(floatResults.count).makeIterator()
    return traced.function.resultTypes.map { type in
      (type.element.isFloat ? floats.next() : nil) ?? .zeros(type, at: location)
    }
  }

  /// The derivative for each argument, given those of float arguments.
  private func gradients(_ floats: some Sequence<TensorNode>) -> [TensorNode] {
    var floats = floats.makeIterator()
    return arguments.map { argument in
      (argument.type.element.isFloat ? floats.next() : nil)
        ?? .zeros(argument.type, at: location)
    }
  }

  /// The tensors, when they have the given types.
  private func checked(
    _ nodes: [TensorNode], against types: [TensorType], _ word: String, _ target: String
  ) throws -> [TensorNode] {
    for node in nodes { if let error = node.failure { throw error.placed(at: location) } }
    guard nodes.map(\.type) == types else {
      let given = nodes.map(\.type.description).joined(separator: ", ")
      let wanted = types.map(\.description).joined(separator: ", ")
      throw AdjointError(
        .shape, "a \(word) must have its \(target)'s type: \(given) instead of \(wanted)",
        at: location)
    }
    return nodes
  }
}

extension TensorNode {
  /// A tensor of zeros, or of false.
  static func zeros(_ type: TensorType, at location: SourceLocation = .unknown) -> TensorNode {
    capturing(type.element) {
      let zero = try TensorNode(
        Literal(TensorType([], type.element), filledWith: 0), isLiteral: true)
      return zero.broadcast(to: type.shape, at: location)
    }
  }
}
