/// The differential of a function at given arguments: the function that takes tangents of the
/// arguments to the tangent of the result.
///
/// Tangents of integer and boolean tensors are not read; those of such results are zeros.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the differential
///   throws where an operation has no derivative or a tangent does not have its argument's shape.
public func differential<each Input: TensorArgument, Output: TensorTree>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: (repeat (each Input).Argument) throws -> Output
) throws -> DifferentialFunction<repeat (each Input).Argument, Output> {
  let recording = try Recording(
    function, at: SourceLocation(file: file, line: line), repeat (each input).tensorArgument
  ) { try $1.read($0) }
  return DifferentialFunction { (tangent: repeat (each Input).Argument) in
    var seeds = TensorVisitor()
    repeat try seeds.read(each tangent)
    var visitor = TensorVisitor(replacingWith: try recording.differential(seeds.nodes))
    return try visitor.replace(recording.output)
  }
}

/// The value of a function at given arguments, and its differential there.
///
/// - Throws: as `differential(at:of:)`.
public func valueWithDifferential<each Input: TensorArgument, Output: TensorTree>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: (repeat (each Input).Argument) throws -> Output
) throws -> (
  value: Output, differential: DifferentialFunction<repeat (each Input).Argument, Output>
) {
  let recording = try Recording(
    function, at: SourceLocation(file: file, line: line), repeat (each input).tensorArgument
  ) { try $1.read($0) }
  var results = TensorVisitor(replacingWith: try recording.value())
  let value = try results.replace(recording.output)
  let differential = DifferentialFunction { (tangent: repeat (each Input).Argument) in
    var seeds = TensorVisitor()
    repeat try seeds.read(each tangent)
    var visitor = TensorVisitor(replacingWith: try recording.differential(seeds.nodes))
    return try visitor.replace(recording.output)
  }
  return (value, differential)
}

/// What `differential(at:of:)` gives: call it with tangents, or `jit` it.
public struct DifferentialFunction<each Input: TensorTree, Output: Sendable>: Sendable {
  /// What a call runs.
  @usableFromInline let body: @Sendable (repeat each Input) throws -> Output

  /// The tangent of the result for tangents of the arguments.
  ///
  /// - Throws: `AdjointError` where an operation has no derivative or a tangent does not have its
  ///   argument's type.
  public func callAsFunction(_ tangent: repeat each Input) throws -> Output {
    try body(repeat each tangent)
  }
}
