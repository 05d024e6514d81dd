internal import TensorIR

// Functions whose derivative the user states, in Swift's words: what `@derivative(of:)` functions return,
// a value with a pullback or with a differential, is what these closures return.

/// A function with a pullback of its own: reverse mode uses it instead of differentiating the closure.
///
/// The closure returns its value, and a function that takes a cotangent of the value to the cotangent of
/// the argument. It is recorded once for each signature. The pullback is differentiated like other code
/// where derivatives of higher order are asked for. Forward mode transposes the pullback, which must be
/// linear in the cotangent for that. What is differentiated must be an argument, not a captured tensor.
///
///     let clipped = customDerivative(valueWithPullback: { (x: Tensor<Float>) in
///       (value: x, pullback: { $0.clamped(to: -1...1) })
///     })
///
/// - Returns: a function to be used like the closure's value.
/// - Throws: nothing here; calls throw `AdjointError` where the cotangents do not have the arguments'
///   shapes, or the closures make a mistake; and what the closures throw.
public func customDerivative<First: TensorTree, Output: TensorTree>(
  file: String = #fileID, line: Int = #line,
  valueWithPullback function:
    @escaping @Sendable (First) throws -> (
      value: Output, pullback: (Output) throws -> First
    )
) -> @Sendable (First) throws -> Output {
  let location = SourceLocation.here(file, line)
  return { first in
    try StatedDerivative(.cotangents, at: location, first) { first in
      let (value, pullback) = try function(first)
      return (value, { try pullback($0.output(like: value)).validNodes(at: location) })
    }.value()
  }
}

/// A function of two arguments with a pullback of its own, as for one argument.
public func customDerivative<First: TensorTree, Second: TensorTree, Output: TensorTree>(
  file: String = #fileID, line: Int = #line,
  valueWithPullback function:
    @escaping @Sendable (First, Second) throws -> (
      value: Output, pullback: (Output) throws -> (First, Second)
    )
) -> @Sendable (First, Second) throws -> Output {
  let location = SourceLocation.here(file, line)
  return { first, second in
    try StatedDerivative(.cotangents, at: location, first, second) { first, second in
      let (value, pullback) = try function(first, second)
      return (
        value,
        {
          let (first, second) = try pullback($0.output(like: value))
          return try first.validNodes(at: location) + second.validNodes(at: location)
        }
      )
    }.value()
  }
}

/// A function of three arguments with a pullback of its own, as for one argument.
public func customDerivative<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Output: TensorTree
>(
  file: String = #fileID, line: Int = #line,
  valueWithPullback function:
    @escaping @Sendable (First, Second, Third) throws -> (
      value: Output, pullback: (Output) throws -> (First, Second, Third)
    )
) -> @Sendable (First, Second, Third) throws -> Output {
  let location = SourceLocation.here(file, line)
  return { first, second, third in
    try StatedDerivative(.cotangents, at: location, first, second, third) {
      first, second, third in
      let (value, pullback) = try function(first, second, third)
      return (
        value,
        {
          let (first, second, third) = try pullback($0.output(like: value))
          return try first.validNodes(at: location) + second.validNodes(at: location)
            + third.validNodes(at: location)
        }
      )
    }.value()
  }
}

/// A function with a differential of its own, which must be linear: forward mode uses it instead of
/// differentiating the closure, and reverse mode its transpose.
///
/// The closure returns its value, and a function that takes a tangent of the argument to the tangent of
/// the value. What is differentiated must be an argument, not a captured tensor.
///
///     let softplus = customDerivative(valueWithDifferential: { (x: Tensor<Float>) in
///       (value: log1p(exp(x)), differential: { $0 * sigmoid(x) })
///     })
///
/// - Returns: a function to be used like the closure's value.
/// - Throws: nothing here; calls throw `AdjointError` where the tangents do not have the result's
///   shapes, or the closures make a mistake; and what the closures throw.
public func customDerivative<First: TensorTree, Output: TensorTree>(
  file: String = #fileID, line: Int = #line,
  valueWithDifferential function:
    @escaping @Sendable (First) throws -> (
      value: Output, differential: (First) throws -> Output
    )
) -> @Sendable (First) throws -> Output {
  let location = SourceLocation.here(file, line)
  return { first in
    try StatedDerivative(.tangents, at: location, first) { first in
      let (value, differential) = try function(first)
      return (
        value,
        { seeds in
          var seeds = seeds
          return try differential(seeds.next(like: first)).validNodes(at: location)
        }
      )
    }.value()
  }
}

/// A function of two arguments with a differential of its own, as for one argument.
public func customDerivative<First: TensorTree, Second: TensorTree, Output: TensorTree>(
  file: String = #fileID, line: Int = #line,
  valueWithDifferential function:
    @escaping @Sendable (First, Second) throws -> (
      value: Output, differential: (First, Second) throws -> Output
    )
) -> @Sendable (First, Second) throws -> Output {
  let location = SourceLocation.here(file, line)
  return { first, second in
    try StatedDerivative(.tangents, at: location, first, second) { first, second in
      let (value, differential) = try function(first, second)
      return (
        value,
        { seeds in
          var seeds = seeds
          return try differential(seeds.next(like: first), seeds.next(like: second))
            .validNodes(at: location)
        }
      )
    }.value()
  }
}

/// A function of three arguments with a differential of its own, as for one argument.
public func customDerivative<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Output: TensorTree
>(
  file: String = #fileID, line: Int = #line,
  valueWithDifferential function:
    @escaping @Sendable (First, Second, Third) throws -> (
      value: Output, differential: (First, Second, Third) throws -> Output
    )
) -> @Sendable (First, Second, Third) throws -> Output {
  let location = SourceLocation.here(file, line)
  return { first, second, third in
    try StatedDerivative(.tangents, at: location, first, second, third) {
      first, second, third in
      let (value, differential) = try function(first, second, third)
      return (
        value,
        { seeds in
          var seeds = seeds
          return try differential(
            seeds.next(like: first), seeds.next(like: second), seeds.next(like: third)
          ).validNodes(at: location)
        }
      )
    }.value()
  }
}

/// The value of `function` forwards, and the identity's derivative backwards: gradients pass straight
/// through, as for rounding.
///
/// - Throws: `AdjointError` where the function changes the shape; and what it throws.
public func straightThrough<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line,
  _ function: @Sendable (Tensor<Scalar>) throws -> Tensor<Scalar>
) throws -> Tensor<Scalar> {
  try withoutActuallyEscaping(function) { function in
    let body = customDerivative(
      file: file, line: line,
      valueWithDifferential: { x in
        (value: try function(x), differential: { (tangent: Tensor<Scalar>) in tangent })
      })
    return try body(x)
  }
}

// MARK: - What they share

/// Tangents or cotangents of float tensors, in order.
private struct Seeds {
  /// What is left.
  private var nodes: ArraySlice<TensorNode>
  /// Where derivatives of other tensors are made.
  private let location: SourceLocation

  init(_ nodes: some Sequence<TensorNode>, at location: SourceLocation) {
    self.nodes = Array(nodes)[...]
    self.location = location
  }

  /// The next tree like another one; what is no float has a derivative of zeros.
  mutating func next<Tree: TensorTree>(like tree: Tree) throws -> Tree {
    try tree.withNodes(
      tree.validNodes(at: location).map { node in
        guard node.type.element.isFloat, let seed = nodes.popFirst() else {
          return .zeros(node.type, at: location)
        }
        return seed
      })
  }

  /// The only tree, like another one.
  func output<Tree: TensorTree>(like tree: Tree) throws -> Tree {
    var seeds = self
    return try seeds.next(like: tree)
  }
}

/// A closure with the derivative it states, recorded at arguments.
private struct StatedDerivative<Output: TensorTree> {
  /// The operation.
  private let op: Op
  /// The operation's operands.
  private let operands: [TensorNode]
  /// What the closure returned.
  private let output: Output
  private let location: SourceLocation

  /// Records a closure that returns its value and what takes seeds to derivatives.
  init<each Input: TensorTree>(
    _ kind: CustomDerivative.Kind, at location: SourceLocation, _ input: repeat each Input,
    function: (repeat each Input) throws -> (Output, rule: (Seeds) throws -> [TensorNode])
  ) throws {
    var arguments: [TensorNode] = []
    repeat arguments += try (each input).validNodes(at: location)
    let types = arguments.map(\.type)
    var output: Output?
    let value = try RegionRecording(types, at: location) { nodes in
      var visitor = TensorVisitor(replacingWith: nodes)
      let (value, _) = try function(repeat try visitor.replace(each input))
      output = value
      return try value.validNodes(at: location)
    }
    guard let output else { preconditionFailure("a recorded closure has returned a value") }
    let floats = types.filter(\.element.isFloat)
    let results = value.resultTypes.filter(\.element.isFloat)
    let (given, returned) = kind == .tangents ? (floats, results) : (results, floats)
    let all = kind == .tangents ? value.resultTypes : types
    let rule = try RegionRecording(types + given, at: location) { nodes in
      var visitor = TensorVisitor(replacingWith: Array(nodes.prefix(types.count)))
      let (_, rule) = try function(repeat try visitor.replace(each input))
      let derivatives = try rule(Seeds(nodes.dropFirst(types.count), at: location))
      guard derivatives.map(\.type) == all else {
        let (word, target) =
          kind == .tangents ? ("differential", "result") : ("pullback", "argument")
        throw AdjointError(
          .shape,
          "a \(word) must return the \(target)s' types: \(all.map(\.description).joined(separator: ", ")),"
            + " not \(derivatives.map(\.type.description).joined(separator: ", "))", at: location)
      }
      return derivatives.filter { $0.type.element.isFloat }
    }
    precondition(rule.resultTypes == returned, "derivatives have been checked")
    let captures = RegionRecording.captures(of: [value, rule])
    op = .custom(
      CustomDerivative(
        kind, captureCount: captures.count, function: value.region(capturing: captures, at: 0),
        rule: rule.region(capturing: captures, at: 0)))
    operands = captures + arguments
    self.output = output
    self.location = location
  }

  /// The closure's value.
  func value() throws -> Output {
    try output.withNodes(op.applied(to: operands, at: location))
  }
}
