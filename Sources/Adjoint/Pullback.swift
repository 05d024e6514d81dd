/// The value of a function at given arguments, and its pullback there: the function that takes a
/// cotangent of the value to the cotangents of the arguments.
///
/// Integer and boolean tensors have cotangents of zeros.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<each Input: TensorTree, Output: TensorTree>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: (repeat each Input) throws -> Output
) throws -> (
  value: Output, pullback: @Sendable (Output) throws -> (repeat each Input)
) {
  let recording = try Recording(
    function, at: SourceLocation(file: file, line: line), repeat each input
  ) { try $1.read($0) }
  var results = TensorVisitor(replacingWith: try recording.value())
  let value = try results.replace(recording.output)
  let pullback: @Sendable (Output) throws -> (repeat each Input) = { cotangent in
    var seeds = TensorVisitor()
    try seeds.read(cotangent)
    var visitor = TensorVisitor(replacingWith: try recording.pullback(seeds.nodes))
    return (repeat try visitor.replace(each input))
  }
  return (value, pullback)
}

/// The pullback of a function at given arguments: it takes a cotangent of the result to the
/// cotangents of the arguments.
///
/// - Throws: as `valueWithPullback(at:of:)`.
public func pullback<each Input: TensorTree, Output: TensorTree>(
  at input: repeat each Input, file: String = #fileID, line: Int = #line,
  of function: (repeat each Input) throws -> Output
) throws -> @Sendable (Output) throws -> (repeat each Input) {
  try valueWithPullback(at: repeat each input, file: file, line: line, of: function).pullback
}
