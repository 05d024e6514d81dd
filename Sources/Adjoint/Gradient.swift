/// The gradient of a function with a scalar result, for all its arguments.
///
/// The gradient has the arguments' own types: one value, or a tuple for several arguments. Integer
/// and boolean tensors have gradients of zeros. Outside `jit` the function may branch on values
/// (`item()`); it is traced at each call, and run compiled.
///
///     let (dw, dx) = try gradient(of: { (w: Tensor<Float>, x: Tensor<Float>) in (w * x).sum() })(w, x)
///
/// - Throws: nothing here; calls throw `AdjointError` where the result is not a scalar or an
///   operation has no derivative.
public func gradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  file: String = #fileID, line: Int = #line,
  of function: @escaping @Sendable (repeat each Input) throws -> Tensor<Scalar>
) -> TransformedFunction<repeat each Input, (repeat each Input)> {
  let location = SourceLocation(file: file, line: line)
  return TransformedFunction { (input: repeat each Input) in
    let recording = try Recording(function, at: location, repeat each input) {
      try $0.read(into: &$1)
    }
    var visitor = TensorVisitor(replacingWith: try recording.valueWithGradient().gradient)
    return (repeat try (each input).replacing(from: &visitor))
  }
}

/// The value of a function with a scalar result, and its gradient for all its arguments.
///
/// As `gradient(of:)`, with value and gradient computed together.
public func valueWithGradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  file: String = #fileID, line: Int = #line,
  of function: @escaping @Sendable (repeat each Input) throws -> Tensor<Scalar>
) -> TransformedFunction<
  repeat each Input, (value: Tensor<Scalar>, gradient: (repeat each Input))
> {
  let location = SourceLocation(file: file, line: line)
  return TransformedFunction { (input: repeat each Input) in
    let recording = try Recording(function, at: location, repeat each input) {
      try $0.read(into: &$1)
    }
    let (value, gradient) = try recording.valueWithGradient()
    var visitor = TensorVisitor(replacingWith: gradient)
    return (Tensor(value), (repeat try (each input).replacing(from: &visitor)))
  }
}

/// The gradient of a function with a scalar result at given arguments.
///
/// - Throws: `AdjointError` as calls of `gradient(of:)` do.
public func gradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: @escaping @Sendable (repeat each Input) throws -> Tensor<Scalar>
) throws -> (repeat each Input) {
  try gradient(file: file, line: line, of: function)(repeat each input)
}

/// The value and gradient of a function with a scalar result at given arguments.
///
/// - Throws: `AdjointError` as calls of `gradient(of:)` do.
public func valueWithGradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: @escaping @Sendable (repeat each Input) throws -> Tensor<Scalar>
) throws -> (value: Tensor<Scalar>, gradient: (repeat each Input)) {
  try valueWithGradient(file: file, line: line, of: function)(repeat each input)
}
