internal import TensorIR

// Pullbacks of functions of one to four arguments; those of more go through parameter packs.

// MARK: - One argument

/// The value of a function of one argument at given arguments, and its pullback there: the function that
/// takes a cotangent of the value to the cotangents of the arguments.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<First: TensorArgument, Output: TensorTree>(
  at first: First, file: String = #fileID, line: Int = #line,
  of function: (First.Argument) throws -> Output
) throws -> (value: Output, pullback: @Sendable (Output) throws -> First.Argument) {
  let first = first.tensorArgument
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first) { try $1.read($0) }
  return (
    try recording.returned(),
    { cotangent in
      var visitor = try recording.pulledBack(cotangent)
      return try visitor.replace(first)
    }
  )
}

/// The pullback of a function of one argument at given arguments.
///
/// - Throws: as `valueWithPullback(at:of:)`.
public func pullback<First: TensorArgument, Output: TensorTree>(
  at first: First, file: String = #fileID, line: Int = #line,
  of function: (First.Argument) throws -> Output
) throws -> @Sendable (Output) throws -> First.Argument {
  try valueWithPullback(at: first.tensorArgument, file: file, line: line, of: function).pullback
}

// MARK: - Two arguments

/// The value of a function of two arguments at given arguments, and its pullback there: the function that
/// takes a cotangent of the value to the cotangents of the arguments.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<First: TensorArgument, Second: TensorArgument, Output: TensorTree>(
  at first: First, _ second: Second, file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument) throws -> Output
) throws -> (
  value: Output, pullback: @Sendable (Output) throws -> (First.Argument, Second.Argument)
) {
  let (first, second) = (first.tensorArgument, second.tensorArgument)
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second) { try $1.read($0) }
  return (
    try recording.returned(),
    { cotangent in
      var visitor = try recording.pulledBack(cotangent)
      return (try visitor.replace(first), try visitor.replace(second))
    }
  )
}

/// The pullback of a function of two arguments at given arguments.
///
/// - Throws: as `valueWithPullback(at:of:)`.
public func pullback<First: TensorArgument, Second: TensorArgument, Output: TensorTree>(
  at first: First, _ second: Second, file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument) throws -> Output
) throws -> @Sendable (Output) throws -> (First.Argument, Second.Argument) {
  try valueWithPullback(
    at: first.tensorArgument, second.tensorArgument, file: file, line: line, of: function
  ).pullback
}

// MARK: - Three arguments

/// The value of a function of three arguments at given arguments, and its pullback there: the function that
/// takes a cotangent of the value to the cotangents of the arguments.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument) throws -> Output
) throws -> (
  value: Output,
  pullback: @Sendable (Output) throws -> (First.Argument, Second.Argument, Third.Argument)
) {
  let (first, second, third) = (
    first.tensorArgument, second.tensorArgument, third.tensorArgument
  )
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second, third) { try $1.read($0) }
  return (
    try recording.returned(),
    { cotangent in
      var visitor = try recording.pulledBack(cotangent)
      return (try visitor.replace(first), try visitor.replace(second), try visitor.replace(third))
    }
  )
}

/// The pullback of a function of three arguments at given arguments.
///
/// - Throws: as `valueWithPullback(at:of:)`.
public func pullback<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument) throws -> Output
) throws -> @Sendable (Output) throws -> (First.Argument, Second.Argument, Third.Argument) {
  try valueWithPullback(
    at: first.tensorArgument, second.tensorArgument, third.tensorArgument, file: file, line: line,
    of: function
  ).pullback
}

// MARK: - Four arguments

/// The value of a function of four arguments at given arguments, and its pullback there: the function that
/// takes a cotangent of the value to the cotangents of the arguments.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth, file: String = #fileID,
  line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument, Fourth.Argument) throws -> Output
) throws -> (
  value: Output,
  pullback:
    @Sendable (Output) throws -> (First.Argument, Second.Argument, Third.Argument, Fourth.Argument)
) {
  let (first, second, third, fourth) = (
    first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument
  )
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second, third, fourth) {
    try $1.read($0)
  }
  return (
    try recording.returned(),
    { cotangent in
      var visitor = try recording.pulledBack(cotangent)
      return (
        try visitor.replace(first), try visitor.replace(second), try visitor.replace(third),
        try visitor.replace(fourth)
      )
    }
  )
}

/// The pullback of a function of four arguments at given arguments.
///
/// - Throws: as `valueWithPullback(at:of:)`.
public func pullback<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth, file: String = #fileID,
  line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument, Fourth.Argument) throws -> Output
) throws
  -> @Sendable (Output) throws -> (First.Argument, Second.Argument, Third.Argument, Fourth.Argument)
{
  try valueWithPullback(
    at: first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument,
    file: file, line: line, of: function
  )
  .pullback
}
