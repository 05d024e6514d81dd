/// The gradient of a function with a scalar result, for all its arguments.
///
/// The gradient has the arguments' own types: one value, or a tuple for several arguments. Integer
/// and boolean tensors have gradients of zeros. Outside `jit` the function may branch on values
/// (`item()`); it is traced at each call, and run compiled.
///
///     let loss = { (w: Tensor<Float>, x: Tensor<Float>) in square(w * x).sum() }
///     let (dw, dx) = try gradient(of: loss)(w, x)
///
/// `memoryBudget` and `rematerialization` are as for `jit`; inside of `jit` they hold for the whole function
/// that is compiled, unless `jit` has its own.
///
/// - Throws: nothing here; calls throw `AdjointError` where the result is not a scalar or an
///   operation has no derivative.
public func gradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  @SingleExpression<Tensor<Scalar>> of function:
    @escaping @Sendable (repeat each Input) throws -> Tensor<Scalar>
) -> GradientFunction<repeat each Input, Scalar> {
  GradientFunction(
    original: valueWithGradient(
      memoryBudget: memoryBudget, rematerialization: rematerialization, file: file, line: line,
      of: function))
}

/// The value of a function with a scalar result, and its gradient for all its arguments.
///
/// As `gradient(of:)`, with value and gradient computed together.
public func valueWithGradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  @SingleExpression<Tensor<Scalar>> of function:
    @escaping @Sendable (repeat each Input) throws -> Tensor<Scalar>
) -> ValueWithGradientFunction<repeat each Input, Scalar> {
  ValueWithGradientFunction(
    original: function, location: SourceLocation(file: file, line: line),
    memoryBudget: memoryBudget, rematerialization: rematerialization)
}

/// What `gradient(of:)` gives: call it, or `jit` it.
public struct GradientFunction<each Input: TensorTree, Scalar: TensorFloatingPoint>: Sendable {
  /// The function that gives the gradient among others.
  fileprivate let original: ValueWithGradientFunction<repeat each Input, Scalar>

  /// The gradient at the arguments.
  ///
  /// - Throws: `AdjointError` where the result is not a scalar or an operation has no derivative,
  ///   and what the function throws.
  public func callAsFunction(_ input: repeat each Input) throws -> (repeat each Input) {
    try original(repeat each input).gradient
  }
}

/// What `valueWithGradient(of:)` gives: call it, or `jit` it.
public struct ValueWithGradientFunction<
  each Input: TensorTree, Scalar: TensorFloatingPoint
>: Sendable {
  /// The function differentiated.
  fileprivate let original: @Sendable (repeat each Input) throws -> Tensor<Scalar>
  /// Where the transform was asked for.
  fileprivate let location: SourceLocation
  /// The most temporary memory a call may need.
  fileprivate let memoryBudget: ByteCount?
  /// What is kept for the backward computation.
  fileprivate let rematerialization: Rematerialization

  /// The value and the gradient at the arguments.
  ///
  /// - Throws: `AdjointError` where the result is not a scalar or an operation has no derivative,
  ///   and what the function throws.
  public func callAsFunction(
    _ input: repeat each Input
  ) throws -> (value: Tensor<Scalar>, gradient: (repeat each Input)) {
    let recording = try Recording(original, at: location, repeat each input) {
      try $1.read($0)
    }
    let (value, gradient) = try MemoryRequest.with(memoryBudget, rematerialization) {
      try recording.valueWithGradient()
    }
    var visitor = TensorVisitor(replacingWith: gradient)
    return (Tensor(value), (repeat try visitor.replace(each input)))
  }
}

/// The gradient of a function with a scalar result at given arguments.
///
/// - Throws: `AdjointError` as calls of `gradient(of:)` do.
public func gradient<First: TensorTree, each Rest: TensorTree, Scalar: TensorFloatingPoint>(
  at first: First, _ rest: repeat each Rest,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  @SingleExpression<Tensor<Scalar>> of function: (First, repeat each Rest) throws -> Tensor<Scalar>
) throws -> (First, repeat each Rest) {
  try valueWithGradient(
    at: first, repeat each rest, memoryBudget: memoryBudget, rematerialization: rematerialization,
    file: file, line: line, of: function
  ).gradient
}

/// The value and gradient of a function with a scalar result at given arguments.
///
/// - Throws: `AdjointError` as calls of `gradient(of:)` do.
public func valueWithGradient<
  First: TensorTree, each Rest: TensorTree, Scalar: TensorFloatingPoint
>(
  at first: First, _ rest: repeat each Rest,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  @SingleExpression<Tensor<Scalar>> of function: (First, repeat each Rest) throws -> Tensor<Scalar>
) throws -> (value: Tensor<Scalar>, gradient: (First, repeat each Rest)) {
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, repeat each rest) {
    try $1.read($0)
  }
  let (value, gradient) = try MemoryRequest.with(memoryBudget, rematerialization) {
    try recording.valueWithGradient()
  }
  var visitor = TensorVisitor(replacingWith: gradient)
  return (Tensor(value), (try visitor.replace(first), repeat try visitor.replace(each rest)))
}
