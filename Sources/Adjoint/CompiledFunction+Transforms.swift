internal import TensorIR

// Compiled functions where closures stand. While a transform records it, a compiled function's operations
// become part of the recording, as in other compiled functions.

/// A function of many examples out of a compiled one of a single example, for one argument.
///
/// - Throws: nothing here; calls throw as those of the form that takes a closure.
public func vmap<First: TensorTree, Output>(
  in axes: [Int?] = [0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: CompiledFunction<First, Output>
) -> @Sendable (First) throws -> Output {
  let location = SourceLocation(file: file, line: line)
  return { try function.mapped(axes, outAxis, at: location, $0) }
}

/// A function of many examples out of a compiled one of a single example, for two arguments.
///
/// - Throws: as the form for one argument.
public func vmap<First: TensorTree, Second: TensorTree, Output>(
  in axes: [Int?] = [0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: CompiledFunction<First, Second, Output>
) -> @Sendable (First, Second) throws -> Output {
  let location = SourceLocation(file: file, line: line)
  return { try function.mapped(axes, outAxis, at: location, $0, $1) }
}

/// A function of many examples out of a compiled one of a single example, for three arguments.
///
/// - Throws: as the form for one argument.
public func vmap<First: TensorTree, Second: TensorTree, Third: TensorTree, Output>(
  in axes: [Int?] = [0, 0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: CompiledFunction<First, Second, Third, Output>
) -> @Sendable (First, Second, Third) throws -> Output {
  let location = SourceLocation(file: file, line: line)
  return { try function.mapped(axes, outAxis, at: location, $0, $1, $2) }
}

/// A function of many examples out of a compiled one of a single example, for four arguments.
///
/// - Throws: as the form for one argument.
public func vmap<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree, Output
>(
  in axes: [Int?] = [0, 0, 0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: CompiledFunction<First, Second, Third, Fourth, Output>
) -> @Sendable (First, Second, Third, Fourth) throws -> Output {
  let location = SourceLocation(file: file, line: line)
  return { try function.mapped(axes, outAxis, at: location, $0, $1, $2, $3) }
}

extension CompiledFunction {
  /// What the function gives for many examples at once.
  fileprivate func mapped(
    _ axes: [Int?], _ outAxis: Int, at location: SourceLocation, _ input: repeat each Input
  ) throws -> Output {
    var arguments: [[TensorNode]] = []
    for argument in repeat each input { arguments.append(try argument.visitedNodes()) }
    let mapping = try Mapping(axes, outAxis, at: location, arguments) { nodes in
      try trace(repeat each input, with: nodes)
    }
    var placeholders = TensorVisitor(replacingWith: mapping.results)
    let form = try template(mapping.output, &placeholders)
    var results = TensorVisitor(replacingWith: mapping.results)
    return try output(form, &results)
  }
}

/// The gradient of a compiled function with a scalar result, for all its arguments.
///
/// - Throws: nothing here; calls throw as those of the form that takes a closure.
public func gradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: CompiledFunction<repeat each Input, Tensor<Scalar>>
) -> GradientFunction<repeat each Input, Scalar> {
  gradient(
    memoryBudget: memoryBudget, rematerialization: rematerialization, file: file, line: line,
    of: function.function)
}

/// The value of a compiled function with a scalar result, and its gradient for all its arguments.
///
/// - Throws: nothing here; calls throw as those of the form that takes a closure.
public func valueWithGradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: CompiledFunction<repeat each Input, Tensor<Scalar>>
) -> ValueWithGradientFunction<repeat each Input, Scalar> {
  valueWithGradient(
    memoryBudget: memoryBudget, rematerialization: rematerialization, file: file, line: line,
    of: function.function)
}

/// The gradient of a compiled function with a scalar result at given arguments.
///
/// - Throws: as the form that takes a closure.
public func gradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: CompiledFunction<repeat each Input, Tensor<Scalar>>
) throws -> (repeat each Input) {
  try gradient(file: file, line: line, of: function)(repeat each input)
}

/// The value of a compiled function with a scalar result and its gradient at given arguments.
///
/// - Throws: as the form that takes a closure.
public func valueWithGradient<each Input: TensorTree, Scalar: TensorFloatingPoint>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: CompiledFunction<repeat each Input, Tensor<Scalar>>
) throws -> (value: Tensor<Scalar>, gradient: (repeat each Input)) {
  try valueWithGradient(file: file, line: line, of: function)(repeat each input)
}
