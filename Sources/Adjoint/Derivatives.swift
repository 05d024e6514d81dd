internal import TensorIR

/// A tree with the same values whose derivative is zero: all that is computed from it takes it for a
/// constant, in derivatives of every order.
///
///     let target = withoutDerivative(at: model(x))
public func withoutDerivative<Tree: TensorTree>(
  at tree: Tree, file: String = #fileID, line: Int = #line
) -> Tree {
  located(file, line) {
    tree.mappingNodes { $0.type.element.isInexact ? $0.unary(.stopGradient, at: .unknown) : $0 }
  }
}

/// The gradient of a function with a scalar result for a part of its argument, which a key path names;
/// the rest of it is constant.
///
///     let slope = try gradient(at: model, for: \.head) { $0.loss(images, labels) }
///
/// - Throws: as calls of `gradient(of:)`.
public func gradient<Tree: TensorArgument, Part: TensorTree, Scalar: TensorFloatingPoint>(
  at tree: Tree, for part: WritableKeyPath<Tree.Argument, Part> & Sendable,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (Tree.Argument) throws -> Tensor<Scalar>
) throws -> Part {
  try valueWithGradient(
    at: tree.tensorArgument, for: part, memoryBudget: memoryBudget,
    rematerialization: rematerialization, file: file, line: line, of: function
  ).gradient
}

/// The value of a function with a scalar result, and its gradient for a part of its argument, which a
/// key path names; the rest of it is constant.
///
/// - Throws: as calls of `gradient(of:)`.
public func valueWithGradient<Tree: TensorArgument, Part: TensorTree, Scalar: TensorFloatingPoint>(
  at tree: Tree, for part: WritableKeyPath<Tree.Argument, Part> & Sendable,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (Tree.Argument) throws -> Tensor<Scalar>
) throws -> (value: Tensor<Scalar>, gradient: Part) {
  let tree = tree.tensorArgument
  return try valueWithGradient(
    at: tree[keyPath: part], memoryBudget: memoryBudget,
    rematerialization: rematerialization, file: file, line: line
  ) { (value: Part) in
    var changed = tree
    changed[keyPath: part] = value
    return try function(changed)
  }
}

/// The derivative of a function's gradient along a direction: the Hessian times `direction`, without
/// the Hessian, computed forward over reverse.
///
/// - Throws: `AdjointError` as calls of `gradient(of:)` do, and where the direction does not have the
///   types of the argument.
public func hessianVectorProduct<Tree: TensorArgument, Scalar: TensorFloatingPoint>(
  at tree: Tree, along direction: Tree.Argument, file: String = #fileID, line: Int = #line,
  of function: (Tree.Argument) throws -> Tensor<Scalar>
) throws -> Tree.Argument {
  try differential(at: tree.tensorArgument, file: file, line: line) { tree in
    try gradient(at: tree, file: file, line: line, of: function)
  }(direction)
}

/// The differential of a function that returns several values: it takes tangents of the arguments to
/// the tangents of the results.
///
/// - Throws: as the form for one result.
public func differential<
  each Input: TensorArgument, First: TensorTree, Second: TensorTree, each Rest: TensorTree
>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: (repeat (each Input).Argument) throws -> (First, Second, repeat each Rest)
) throws -> DifferentialFunction<
  repeat (each Input).Argument, (First, Second, repeat each Rest)
> {
  try tupleDifferential(
    at: SourceLocation(file: file, line: line), repeat (each input).tensorArgument, of: function)
}

/// The differential of a function that returns a tuple of any number of trees.
private func tupleDifferential<each Input: TensorTree, each Output: TensorTree>(
  at location: SourceLocation, _ input: repeat each Input,
  of function: (repeat each Input) throws -> (repeat each Output)
) throws -> DifferentialFunction<repeat each Input, (repeat each Output)> {
  let recording = try Recording(function, at: location, repeat each input) { output, visitor in
    repeat try visitor.read(each output)
  }
  return DifferentialFunction { (tangent: repeat each Input) in
    var seeds = TensorVisitor()
    repeat try seeds.read(each tangent)
    var visitor = TensorVisitor(replacingWith: try recording.differential(seeds.nodes))
    return (repeat try visitor.replace(each recording.output))
  }
}
