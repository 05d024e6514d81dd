// Pullbacks of functions of five or more arguments.

/// The value of a function of five or more arguments at given arguments, and its pullback there: the function
/// that takes a cotangent of the value to the cotangents of the arguments.
///
/// Integer and boolean tensors have cotangents of zeros.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Fifth: TensorArgument, each Rest: TensorArgument, Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth, _ fifth: Fifth,
  _ rest: repeat each Rest, file: String = #fileID, line: Int = #line,
  of function: (
    First.Argument, Second.Argument, Third.Argument, Fourth.Argument, Fifth.Argument,
    repeat (each Rest).Argument
  ) throws -> Output
) throws -> (
  value: Output,
  pullback:
    @Sendable (Output) throws -> (
      First.Argument, Second.Argument, Third.Argument, Fourth.Argument, Fifth.Argument,
      repeat (each Rest).Argument
    )
) {
  try valueWithPullback(
    at: SourceLocation(file: file, line: line),
    first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument,
    fifth.tensorArgument, repeat (each rest).tensorArgument, of: function)
}

/// The pullback of a function of five or more arguments at given arguments: it takes a cotangent of the
/// result to the cotangents of the arguments.
///
/// - Throws: as `valueWithPullback(at:of:)`.
public func pullback<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Fifth: TensorArgument, each Rest: TensorArgument, Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth, _ fifth: Fifth,
  _ rest: repeat each Rest, file: String = #fileID, line: Int = #line,
  of function: (
    First.Argument, Second.Argument, Third.Argument, Fourth.Argument, Fifth.Argument,
    repeat (each Rest).Argument
  ) throws -> Output
) throws
  -> @Sendable (Output) throws -> (
    First.Argument, Second.Argument, Third.Argument, Fourth.Argument, Fifth.Argument,
    repeat (each Rest).Argument
  )
{
  try valueWithPullback(
    at: SourceLocation(file: file, line: line),
    first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument,
    fifth.tensorArgument, repeat (each rest).tensorArgument, of: function
  ).pullback
}

/// The value of a function of any number of arguments, and its pullback.
private func valueWithPullback<each Input: TensorTree, Output: TensorTree>(
  at location: SourceLocation, _ input: repeat each Input,
  of function: (repeat each Input) throws -> Output
) throws -> (
  value: Output, pullback: @Sendable (Output) throws -> (repeat each Input)
) {
  let recording = try Recording(function, at: location, repeat each input) { try $1.read($0) }
  return (
    try recording.returned(),
    { cotangent in
      var visitor = try recording.pulledBack(cotangent)
      return (repeat try visitor.replace(each input))
    }
  )
}
