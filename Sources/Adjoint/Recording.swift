internal import Differentiation
internal import Optimizer
internal import TensorIR

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
    var visitor = TensorVisitor(verifying: true)
    do {
      repeat try visitor.read(each input)
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
    let arguments = visitor.nodes
    for argument in arguments { if let error = argument.failure { throw error } }
    var output: Output?
    traced = try Trace.record(
      arguments.map(\.type), for: .transform(arguments: arguments), at: location
    ) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let value = try function(repeat try inner.replace(each input))
      output = value
      var results = TensorVisitor(verifying: true)
      try read(value, &results)
      return results.nodes
    }
    guard let output else { preconditionFailure("a recorded closure has returned a value") }
    self.arguments = arguments
    self.output = output
    self.location = location
  }

  /// Which arguments are floats, by position: those with derivatives.
  var floatArguments: [Int] { arguments.indices.filter { arguments[$0].type.element.isInexact } }

  /// The results of the recorded function with its derivative, which takes `seeds` behind the
  /// arguments: the function's own, and then the derivatives.
  private func differentiated(
    by transform: Transform, _ seeds: [TensorNode]
  ) throws -> [TensorNode] {
    do {
      let function = try traced.function.simplifiedInTrace().differentiated(by: transform)
      let derivative = TracedFunction(function: function, captures: [])
      return try derivative.applied(to: arguments + traced.captures + seeds, at: location)
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
    let (value, _, gradient) = try valueWithGradientAndOthers()
    return (value, gradient)
  }

  /// The first result, a scalar, the other results, and the first one's gradient for each argument; for
  /// integers that is zero.
  func valueWithGradientAndOthers() throws -> (
    value: TensorNode, others: [TensorNode], gradient: [TensorNode]
  ) {
    let types = traced.function.resultTypes
    guard types[0].isScalar else {
      throw AdjointError(
        .shape,
        "a gradient needs a scalar result, and the function returns shape \(types[0].shape)",
        at: location)
    }
    if Trace.current == nil, traced.cuts.count >= SegmentedGradient.leastCuts {
      return try segmentedGradient()
    }
    let results = try differentiated(by: .gradient(floatArguments), [])
    return (
      results[0], Array(results[1..<types.count]),
      derivatives(results.dropFirst(types.count), arguments.map(\.type))
    )
  }

  /// As `valueWithGradientAndOthers()`, part by part between the looks at values.
  private func segmentedGradient() throws -> (
    value: TensorNode, others: [TensorNode], gradient: [TensorNode]
  ) {
    do {
      var parts = try SegmentedGradient(
        traced, arguments: arguments, differentiated: floatArguments)
      let (values, gradient) = try parts.valueWithGradient(of: floatArguments)
      return (values[0], Array(values.dropFirst()), derivatives(gradient, arguments.map(\.type)))
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }

  /// The cotangent of each argument for cotangents of the results; for integers that is zero.
  func pullback(_ cotangents: [TensorNode]) throws -> [TensorNode] {
    let types = traced.function.resultTypes
    let seeds = try floats(of: cotangents, types, "cotangent", "result")
    let results = try differentiated(by: .vjp(floatArguments), seeds)
    return derivatives(results.dropFirst(types.count), arguments.map(\.type))
  }

  /// The tangent of each result for tangents of the arguments; for integers that is zero.
  func differential(_ tangents: [TensorNode]) throws -> [TensorNode] {
    let types = traced.function.resultTypes
    let seeds = try floats(of: tangents, arguments.map(\.type), "tangent", "argument")
    let results = try differentiated(by: .jvp(floatArguments), seeds)
    return derivatives(results.dropFirst(types.count), types)
  }

  /// The derivative for each of some values, given those of floats.
  private func derivatives(
    _ floats: some Sequence<TensorNode>, _ types: [TensorType]
  ) -> [TensorNode] {
    var floats = floats.makeIterator()
    return types.map { type in
      (type.element.isInexact ? floats.next() : nil) ?? .zeros(type, at: location)
    }
  }

  /// The floats among tensors, which must have the given types.
  private func floats(
    of nodes: [TensorNode], _ types: [TensorType], _ word: String, _ target: String
  ) throws -> [TensorNode] {
    for node in nodes { if let error = node.failure { throw error.placed(at: location) } }
    guard nodes.count == types.count else {
      throw AdjointError(
        .argument, "there must be a \(word) for each \(target): \(nodes.count) for \(types.count)",
        at: location)
    }
    for (node, type) in zip(nodes, types) where node.type != type {
      throw AdjointError(
        .shape,
        "a \(word) \(node.type.words(beside: type)) does not fit its \(target), which is "
          + type.words(beside: node.type), at: location)
    }
    return nodes.filter { $0.type.element.isInexact }
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
