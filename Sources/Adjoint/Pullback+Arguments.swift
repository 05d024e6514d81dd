internal import TensorIR

// Pullbacks of functions of one to four arguments; those of more go through parameter packs.

// MARK: - One argument

/// The value of a function of one argument at given arguments, and its pullback there: the function that
/// takes a cotangent of the value to the cotangents of the arguments.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<First: TensorTree, Output: TensorTree>(
  at first: First, file: String = #fileID, line: Int = #line,
  of function: (First) throws -> Output
) throws -> (value: Output, pullback: @Sendable (Output) throws -> First) {
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
public func pullback<First: TensorTree, Output: TensorTree>(
  at first: First, file: String = #fileID, line: Int = #line,
  of function: (First) throws -> Output
) throws -> @Sendable (Output) throws -> First {
  try valueWithPullback(at: first, file: file, line: line, of: function).pullback
}

// MARK: - Two arguments

/// The value of a function of two arguments at given arguments, and its pullback there: the function that
/// takes a cotangent of the value to the cotangents of the arguments.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<First: TensorTree, Second: TensorTree, Output: TensorTree>(
  at first: First, _ second: Second, file: String = #fileID, line: Int = #line,
  of function: (First, Second) throws -> Output
) throws -> (value: Output, pullback: @Sendable (Output) throws -> (First, Second)) {
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
public func pullback<First: TensorTree, Second: TensorTree, Output: TensorTree>(
  at first: First, _ second: Second, file: String = #fileID, line: Int = #line,
  of function: (First, Second) throws -> Output
) throws -> @Sendable (Output) throws -> (First, Second) {
  try valueWithPullback(at: first, second, file: file, line: line, of: function).pullback
}

// MARK: - Three arguments

/// The value of a function of three arguments at given arguments, and its pullback there: the function that
/// takes a cotangent of the value to the cotangents of the arguments.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, file: String = #fileID, line: Int = #line,
  of function: (First, Second, Third) throws -> Output
) throws -> (value: Output, pullback: @Sendable (Output) throws -> (First, Second, Third)) {
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
public func pullback<First: TensorTree, Second: TensorTree, Third: TensorTree, Output: TensorTree>(
  at first: First, _ second: Second, _ third: Third, file: String = #fileID, line: Int = #line,
  of function: (First, Second, Third) throws -> Output
) throws -> @Sendable (Output) throws -> (First, Second, Third) {
  try valueWithPullback(at: first, second, third, file: file, line: line, of: function).pullback
}

// MARK: - Four arguments

/// The value of a function of four arguments at given arguments, and its pullback there: the function that
/// takes a cotangent of the value to the cotangents of the arguments.
///
/// - Throws: `AdjointError` for mistakes in the function, and what it throws; the pullback throws
///   where an operation has no derivative or a cotangent does not have its result's shape.
public func valueWithPullback<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree, Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth, file: String = #fileID,
  line: Int = #line,
  of function: (First, Second, Third, Fourth) throws -> Output
) throws -> (value: Output, pullback: @Sendable (Output) throws -> (First, Second, Third, Fourth)) {
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
  First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree, Output: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth, file: String = #fileID,
  line: Int = #line,
  of function: (First, Second, Third, Fourth) throws -> Output
) throws -> @Sendable (Output) throws -> (First, Second, Third, Fourth) {
  try valueWithPullback(at: first, second, third, fourth, file: file, line: line, of: function)
    .pullback
}
