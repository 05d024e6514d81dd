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
  of function:
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
  of function:
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

/// The gradient of a function of five or more arguments with a scalar result at given arguments.
///
/// - Throws: `AdjointError` as calls of `gradient(of:)` do.
public func gradient<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Fifth: TensorArgument, each Rest: TensorArgument, Scalar: TensorFloatingPoint
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth, _ fifth: Fifth,
  _ rest: repeat each Rest,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (
    First.Argument, Second.Argument, Third.Argument, Fourth.Argument, Fifth.Argument,
    repeat (each Rest).Argument
  ) throws -> Tensor<Scalar>
) throws -> (
  First.Argument, Second.Argument, Third.Argument, Fourth.Argument, Fifth.Argument,
  repeat (each Rest).Argument
) {
  try valueWithGradient(
    at: SourceLocation(file: file, line: line), memoryBudget, rematerialization,
    first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument,
    fifth.tensorArgument, repeat (each rest).tensorArgument, of: function
  ).gradient
}

/// The value and gradient of a function of five or more arguments with a scalar result at given arguments.
///
/// - Throws: `AdjointError` as calls of `gradient(of:)` do.
public func valueWithGradient<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Fifth: TensorArgument, each Rest: TensorArgument, Scalar: TensorFloatingPoint
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth, _ fifth: Fifth,
  _ rest: repeat each Rest,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (
    First.Argument, Second.Argument, Third.Argument, Fourth.Argument, Fifth.Argument,
    repeat (each Rest).Argument
  ) throws -> Tensor<Scalar>
) throws -> (
  value: Tensor<Scalar>,
  gradient: (
    First.Argument, Second.Argument, Third.Argument, Fourth.Argument, Fifth.Argument,
    repeat (each Rest).Argument
  )
) {
  try valueWithGradient(
    at: SourceLocation(file: file, line: line), memoryBudget, rematerialization,
    first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument,
    fifth.tensorArgument, repeat (each rest).tensorArgument, of: function)
}

/// The value and gradient of a function of any number of arguments.
private func valueWithGradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  at location: SourceLocation, _ memoryBudget: ByteCount?, _ rematerialization: Rematerialization,
  _ input: repeat each Input, of function: (repeat each Input) throws -> Tensor<Scalar>
) throws -> (value: Tensor<Scalar>, gradient: (repeat each Input)) {
  let recording = try Recording(function, at: location, repeat each input) { try $1.read($0) }
  let (value, gradient) = try MemoryRequest.with(memoryBudget, rematerialization) {
    try recording.valueWithGradient()
  }
  var visitor = TensorVisitor(replacingWith: gradient)
  return (Tensor(value), (repeat try visitor.replace(each input)))
}
