internal import TensorIR

// Transforms of functions of one to four arguments. They give plain functions, which can be handed to
// other transforms, and are what the compiler's messages are about where arguments do not fit; functions
// of more arguments go through parameter packs.

// MARK: - One argument

/// The gradient of a function of one argument with a scalar result.
///
/// - Throws: nothing here; calls throw as those of `valueWithGradient(of:)`.
public func gradient<First: TensorTree, Scalar: TensorFloatingPoint>(
  file: String = #fileID, line: Int = #line,
  of function:
    @escaping @Sendable (First) throws -> Tensor<Scalar>
) -> @Sendable (First) throws -> First {
  let location = SourceLocation(file: file, line: line)
  return { first in
    var parts = try Recording(function, at: location, first) { try $1.read($0) }
      .withGradient()
    return try parts.gradient.replace(first)
  }
}

/// The value of a function of one argument with a scalar result, and its gradient, at given arguments.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func valueWithGradient<First: TensorArgument, Scalar: TensorFloatingPoint>(
  at first: First,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument) throws -> Tensor<Scalar>
) throws -> (value: Tensor<Scalar>, gradient: First.Argument) {
  let first = first.tensorArgument
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first) { try $1.read($0) }
  var parts = try recording.withGradient(memoryBudget, rematerialization)
  return (Tensor(parts.value), try parts.gradient.replace(first))
}

/// The gradient of a function of one argument with a scalar result at given arguments.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func gradient<First: TensorArgument, Scalar: TensorFloatingPoint>(
  at first: First,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument) throws -> Tensor<Scalar>
) throws -> First.Argument {
  try valueWithGradient(
    at: first.tensorArgument, memoryBudget: memoryBudget,
    rematerialization: rematerialization, file: file, line: line, of: function
  ).gradient
}

/// The value, the gradient and further results of a function of one argument that returns a scalar and
/// something besides, which is not differentiated.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func valueWithGradient<
  First: TensorArgument, Scalar: TensorFloatingPoint, Auxiliary: TensorTree
>(
  at first: First,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument) throws -> (
    Tensor<Scalar>, Auxiliary
  )
) throws -> (value: Tensor<Scalar>, auxiliary: Auxiliary, gradient: First.Argument) {
  let first = first.tensorArgument
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first) { output, visitor in
    try visitor.read(output.0)
    try visitor.read(output.1)
  }
  var parts = try recording.withGradient(
    memoryBudget, rematerialization)
  return (
    Tensor(parts.value), try parts.others.replace(recording.output.1),
    try parts.gradient.replace(first)
  )
}

// MARK: - Two arguments

/// The gradient of a function of two arguments with a scalar result.
///
/// - Throws: nothing here; calls throw as those of `valueWithGradient(of:)`.
public func gradient<First: TensorTree, Second: TensorTree, Scalar: TensorFloatingPoint>(
  file: String = #fileID, line: Int = #line,
  of function:
    @escaping @Sendable (First, Second) throws -> Tensor<Scalar>
) -> @Sendable (First, Second) throws -> (First, Second) {
  let location = SourceLocation(file: file, line: line)
  return { first, second in
    var parts = try Recording(function, at: location, first, second) { try $1.read($0) }
      .withGradient()
    return (try parts.gradient.replace(first), try parts.gradient.replace(second))
  }
}

/// The value of a function of two arguments with a scalar result, and its gradient, at given arguments.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func valueWithGradient<
  First: TensorArgument, Second: TensorArgument, Scalar: TensorFloatingPoint
>(
  at first: First, _ second: Second,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument) throws -> Tensor<Scalar>
) throws -> (value: Tensor<Scalar>, gradient: (First.Argument, Second.Argument)) {
  let (first, second) = (first.tensorArgument, second.tensorArgument)
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second) { try $1.read($0) }
  var parts = try recording.withGradient(memoryBudget, rematerialization)
  return (
    Tensor(parts.value), (try parts.gradient.replace(first), try parts.gradient.replace(second))
  )
}

/// The gradient of a function of two arguments with a scalar result at given arguments.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func gradient<First: TensorArgument, Second: TensorArgument, Scalar: TensorFloatingPoint>(
  at first: First, _ second: Second,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument) throws -> Tensor<Scalar>
) throws -> (First.Argument, Second.Argument) {
  try valueWithGradient(
    at: first.tensorArgument, second.tensorArgument, memoryBudget: memoryBudget,
    rematerialization: rematerialization, file: file, line: line, of: function
  ).gradient
}

/// The value, the gradient and further results of a function of two arguments that returns a scalar and
/// something besides, which is not differentiated.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func valueWithGradient<
  First: TensorArgument, Second: TensorArgument, Scalar: TensorFloatingPoint, Auxiliary: TensorTree
>(
  at first: First, _ second: Second,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument) throws -> (
    Tensor<Scalar>, Auxiliary
  )
) throws -> (
  value: Tensor<Scalar>, auxiliary: Auxiliary, gradient: (First.Argument, Second.Argument)
) {
  let (first, second) = (first.tensorArgument, second.tensorArgument)
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second) { output, visitor in
    try visitor.read(output.0)
    try visitor.read(output.1)
  }
  var parts = try recording.withGradient(
    memoryBudget, rematerialization)
  return (
    Tensor(parts.value), try parts.others.replace(recording.output.1),
    (try parts.gradient.replace(first), try parts.gradient.replace(second))
  )
}

// MARK: - Three arguments

/// The gradient of a function of three arguments with a scalar result.
///
/// - Throws: nothing here; calls throw as those of `valueWithGradient(of:)`.
public func gradient<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Scalar: TensorFloatingPoint
>(
  file: String = #fileID, line: Int = #line,
  of function:
    @escaping @Sendable (First, Second, Third) throws -> Tensor<Scalar>
) -> @Sendable (First, Second, Third) throws -> (First, Second, Third) {
  let location = SourceLocation(file: file, line: line)
  return { first, second, third in
    var parts = try Recording(function, at: location, first, second, third) { try $1.read($0) }
      .withGradient()
    return (
      try parts.gradient.replace(first), try parts.gradient.replace(second),
      try parts.gradient.replace(third)
    )
  }
}

/// The value of a function of three arguments with a scalar result, and its gradient, at given arguments.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func valueWithGradient<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Scalar: TensorFloatingPoint
>(
  at first: First, _ second: Second, _ third: Third,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument) throws -> Tensor<Scalar>
) throws -> (value: Tensor<Scalar>, gradient: (First.Argument, Second.Argument, Third.Argument)) {
  let (first, second, third) = (
    first.tensorArgument, second.tensorArgument, third.tensorArgument
  )
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second, third) { try $1.read($0) }
  let (value, gradient) = try MemoryRequest.with(memoryBudget, rematerialization) {
    try recording.valueWithGradient()
  }
  var visitor = TensorVisitor(replacingWith: gradient)
  return (
    Tensor(value),
    (try visitor.replace(first), try visitor.replace(second), try visitor.replace(third))
  )
}

/// The gradient of a function of three arguments with a scalar result at given arguments.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func gradient<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Scalar: TensorFloatingPoint
>(
  at first: First, _ second: Second, _ third: Third,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument) throws -> Tensor<Scalar>
) throws -> (First.Argument, Second.Argument, Third.Argument) {
  try valueWithGradient(
    at: first.tensorArgument, second.tensorArgument, third.tensorArgument,
    memoryBudget: memoryBudget,
    rematerialization: rematerialization, file: file, line: line, of: function
  ).gradient
}

/// The value, the gradient and further results of a function of three arguments that returns a scalar and
/// something besides, which is not differentiated.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func valueWithGradient<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Scalar: TensorFloatingPoint,
  Auxiliary: TensorTree
>(
  at first: First, _ second: Second, _ third: Third,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument) throws -> (
    Tensor<Scalar>, Auxiliary
  )
) throws -> (
  value: Tensor<Scalar>, auxiliary: Auxiliary,
  gradient: (First.Argument, Second.Argument, Third.Argument)
) {
  let (first, second, third) = (
    first.tensorArgument, second.tensorArgument, third.tensorArgument
  )
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second, third) { output, visitor in
    try visitor.read(output.0)
    try visitor.read(output.1)
  }
  var parts = try recording.withGradient(
    memoryBudget, rematerialization)
  return (
    Tensor(parts.value), try parts.others.replace(recording.output.1),
    (
      try parts.gradient.replace(first), try parts.gradient.replace(second),
      try parts.gradient.replace(third)
    )
  )
}

// MARK: - Four arguments

/// The gradient of a function of four arguments with a scalar result.
///
/// - Throws: nothing here; calls throw as those of `valueWithGradient(of:)`.
public func gradient<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree,
  Scalar: TensorFloatingPoint
>(
  file: String = #fileID, line: Int = #line,
  of function:
    @escaping @Sendable (First, Second, Third, Fourth) throws -> Tensor<Scalar>
) -> @Sendable (First, Second, Third, Fourth) throws -> (First, Second, Third, Fourth) {
  let location = SourceLocation(file: file, line: line)
  return { first, second, third, fourth in
    let recording = try Recording(function, at: location, first, second, third, fourth) {
      try $1.read($0)
    }
    var visitor = TensorVisitor(replacingWith: try recording.valueWithGradient().gradient)
    return (
      try visitor.replace(first), try visitor.replace(second), try visitor.replace(third),
      try visitor.replace(fourth)
    )
  }
}

/// The value of a function of four arguments with a scalar result, and its gradient, at given arguments.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func valueWithGradient<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Scalar: TensorFloatingPoint
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument, Fourth.Argument) throws -> Tensor<
    Scalar
  >
) throws -> (
  value: Tensor<Scalar>,
  gradient: (First.Argument, Second.Argument, Third.Argument, Fourth.Argument)
) {
  let (first, second, third, fourth) = (
    first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument
  )
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second, third, fourth) {
    try $1.read($0)
  }
  let (value, gradient) = try MemoryRequest.with(memoryBudget, rematerialization) {
    try recording.valueWithGradient()
  }
  var visitor = TensorVisitor(replacingWith: gradient)
  return (
    Tensor(value),
    (
      try visitor.replace(first), try visitor.replace(second), try visitor.replace(third),
      try visitor.replace(fourth)
    )
  )
}

/// The gradient of a function of four arguments with a scalar result at given arguments.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func gradient<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Scalar: TensorFloatingPoint
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument, Fourth.Argument) throws -> Tensor<
    Scalar
  >
) throws -> (First.Argument, Second.Argument, Third.Argument, Fourth.Argument) {
  try valueWithGradient(
    at: first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument,
    memoryBudget: memoryBudget,
    rematerialization: rematerialization, file: file, line: line, of: function
  )
  .gradient
}

/// The value, the gradient and further results of a function of four arguments that returns a scalar and
/// something besides, which is not differentiated.
///
/// - Throws: as calls of `valueWithGradient(of:)`.
public func valueWithGradient<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Scalar: TensorFloatingPoint, Auxiliary: TensorTree
>(
  at first: First, _ second: Second, _ third: Third, _ fourth: Fourth,
  memoryBudget: ByteCount? = nil, rematerialization: Rematerialization = .automatic,
  file: String = #fileID, line: Int = #line,
  of function: (First.Argument, Second.Argument, Third.Argument, Fourth.Argument) throws
    -> (
      Tensor<Scalar>, Auxiliary
    )
) throws -> (
  value: Tensor<Scalar>, auxiliary: Auxiliary,
  gradient: (First.Argument, Second.Argument, Third.Argument, Fourth.Argument)
) {
  let (first, second, third, fourth) = (
    first.tensorArgument, second.tensorArgument, third.tensorArgument, fourth.tensorArgument
  )
  let location = SourceLocation(file: file, line: line)
  let recording = try Recording(function, at: location, first, second, third, fourth) {
    output, visitor in
    try visitor.read(output.0)
    try visitor.read(output.1)
  }
  var parts = try recording.withGradient(
    memoryBudget, rematerialization)
  return (
    Tensor(parts.value), try parts.others.replace(recording.output.1),
    (
      try parts.gradient.replace(first), try parts.gradient.replace(second),
      try parts.gradient.replace(third),
      try parts.gradient.replace(fourth)
    )
  )
}
