// Loops whose state is a tuple of two to four trees, and branches that return a tuple. The compiler takes no
// closure whose parameter is a tuple of any length, so each length has its own declaration.

// MARK: - A state of two trees

/// Carries a state of two trees through the slices of stacked tensors, and stacks what each step gives,
/// as `scan(_:over:reversed:file:line:_:)`.
///
///     let ((position, speed), path) = try scan((x, v), over: forces) { state, force in
///       let (x, v) = state
///       return ((x + 0.1 * v, v + 0.1 * force), x)
///     }
///
/// - Throws: `AdjointError` where lengths differ, the step changes the state's shapes, or the step makes
///   a mistake; and what the step throws.
public func scan<
  First: TensorArgument, Second: TensorArgument, Elements: TensorArgument, Output: TensorTree
>(
  _ initial: (First, Second), over elements: Elements, reversed: Bool = false,
  file: String = #fileID,
  line: Int = #line,
  _ step: ((First.Argument, Second.Argument), Elements.Argument) throws -> (
    (First.Argument, Second.Argument), Output
  )
) throws -> ((First.Argument, Second.Argument), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0.tensorArgument, initial.1.tensorArgument), over: elements,
    reversed: reversed, file: file, line: line
  ) { state, elements in
    let (next, output) = try step(state.parts, elements)
    return (TupleTree(next.0, next.1), output)
  }
  return (state.parts, outputs)
}

/// Carries a state of two trees through a number of steps, and stacks what each step gives, as
/// `scan(_:count:file:line:_:)`.
///
/// - Throws: `AdjointError` where the count is negative or the step makes a mistake; and what the step
///   throws.
public func scan<First: TensorArgument, Second: TensorArgument, Output: TensorTree>(
  _ initial: (First, Second), count: Int, file: String = #fileID, line: Int = #line,
  _ step: ((First.Argument, Second.Argument), Tensor<Int32>) throws -> (
    (First.Argument, Second.Argument), Output
  )
) throws -> ((First.Argument, Second.Argument), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0.tensorArgument, initial.1.tensorArgument), count: count, file: file,
    line: line
  ) { state, index in
    let (next, output) = try step(state.parts, index)
    return (TupleTree(next.0, next.1), output)
  }
  return (state.parts, outputs)
}

/// Repeats a step on a state of two trees a number of times, as `forLoop(_:_:file:line:_:)`.
///
/// - Throws: `AdjointError` where the count is negative, the step changes the state's shapes or makes a
///   mistake; and what the step throws.
public func forLoop<First: TensorArgument, Second: TensorArgument>(
  _ count: Int, _ initial: (First, Second), file: String = #fileID, line: Int = #line,
  _ step: (Tensor<Int32>, (First.Argument, Second.Argument)) throws -> (
    First.Argument, Second.Argument
  )
) throws -> (First.Argument, Second.Argument) {
  try forLoop(
    count, TupleTree(initial.0.tensorArgument, initial.1.tensorArgument), file: file, line: line
  ) { index, state in
    let next = try step(index, state.parts)
    return TupleTree(next.0, next.1)
  }.parts
}

/// Repeats a body on a state of two trees as long as a condition holds, as
/// `whileLoop(_:while:file:line:_:)`.
///
/// - Throws: `AdjointError` where the condition is no scalar, the body changes the state's shapes or a
///   closure makes a mistake; and what the closures throw.
public func whileLoop<First: TensorArgument, Second: TensorArgument>(
  _ initial: (First, Second),
  while condition: ((First.Argument, Second.Argument)) throws -> Tensor<Bool>,
  file: String = #fileID,
  line: Int = #line,
  _ body: ((First.Argument, Second.Argument)) throws -> (First.Argument, Second.Argument)
) throws -> (First.Argument, Second.Argument) {
  try whileLoop(
    TupleTree(initial.0.tensorArgument, initial.1.tensorArgument),
    while: { try condition($0.parts) }, file: file, line: line
  ) { state in
    let next = try body(state.parts)
    return TupleTree(next.0, next.1)
  }.parts
}

// MARK: - A state of three trees

/// Carries a state of three trees through the slices of stacked tensors, and stacks what each step gives,
/// as `scan(_:over:reversed:file:line:_:)`.
///
/// - Throws: `AdjointError` where lengths differ, the step changes the state's shapes, or the step makes
///   a mistake; and what the step throws.
public func scan<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Elements: TensorArgument,
  Output: TensorTree
>(
  _ initial: (First, Second, Third), over elements: Elements, reversed: Bool = false,
  file: String = #fileID,
  line: Int = #line,
  _ step: ((First.Argument, Second.Argument, Third.Argument), Elements.Argument)
    throws -> (
      (First.Argument, Second.Argument, Third.Argument), Output
    )
) throws -> ((First.Argument, Second.Argument, Third.Argument), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0.tensorArgument, initial.1.tensorArgument, initial.2.tensorArgument),
    over: elements, reversed: reversed, file: file,
    line: line
  ) { state, elements in
    let (next, output) = try step(state.parts, elements)
    return (TupleTree(next.0, next.1, next.2), output)
  }
  return (state.parts, outputs)
}

/// Carries a state of three trees through a number of steps, and stacks what each step gives, as
/// `scan(_:count:file:line:_:)`.
///
/// - Throws: `AdjointError` where the count is negative or the step makes a mistake; and what the step
///   throws.
public func scan<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Output: TensorTree
>(
  _ initial: (First, Second, Third), count: Int, file: String = #fileID, line: Int = #line,
  _ step: (
    (First.Argument, Second.Argument, Third.Argument), Tensor<Int32>
  ) throws -> (
    (First.Argument, Second.Argument, Third.Argument), Output
  )
) throws -> ((First.Argument, Second.Argument, Third.Argument), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0.tensorArgument, initial.1.tensorArgument, initial.2.tensorArgument),
    count: count, file: file, line: line
  ) { state, index in
    let (next, output) = try step(state.parts, index)
    return (TupleTree(next.0, next.1, next.2), output)
  }
  return (state.parts, outputs)
}

/// Repeats a step on a state of three trees a number of times, as `forLoop(_:_:file:line:_:)`.
///
/// - Throws: `AdjointError` where the count is negative, the step changes the state's shapes or makes a
///   mistake; and what the step throws.
public func forLoop<First: TensorArgument, Second: TensorArgument, Third: TensorArgument>(
  _ count: Int, _ initial: (First, Second, Third), file: String = #fileID, line: Int = #line,
  _ step: (Tensor<Int32>, (First.Argument, Second.Argument, Third.Argument)) throws
    -> (First.Argument, Second.Argument, Third.Argument)
) throws -> (First.Argument, Second.Argument, Third.Argument) {
  try forLoop(
    count, TupleTree(initial.0.tensorArgument, initial.1.tensorArgument, initial.2.tensorArgument),
    file: file, line: line
  ) {
    index, state in
    let next = try step(index, state.parts)
    return TupleTree(next.0, next.1, next.2)
  }.parts
}

/// Repeats a body on a state of three trees as long as a condition holds, as
/// `whileLoop(_:while:file:line:_:)`.
///
/// - Throws: `AdjointError` where the condition is no scalar, the body changes the state's shapes or a
///   closure makes a mistake; and what the closures throw.
public func whileLoop<First: TensorArgument, Second: TensorArgument, Third: TensorArgument>(
  _ initial: (First, Second, Third),
  while condition: ((First.Argument, Second.Argument, Third.Argument)) throws -> Tensor<Bool>,
  file: String = #fileID,
  line: Int = #line,
  _ body: ((First.Argument, Second.Argument, Third.Argument)) throws -> (
    First.Argument, Second.Argument, Third.Argument
  )
) throws -> (First.Argument, Second.Argument, Third.Argument) {
  try whileLoop(
    TupleTree(initial.0.tensorArgument, initial.1.tensorArgument, initial.2.tensorArgument),
    while: { try condition($0.parts) }, file: file,
    line: line
  ) { state in
    let next = try body(state.parts)
    return TupleTree(next.0, next.1, next.2)
  }.parts
}

// MARK: - A state of four trees

/// Carries a state of four trees through the slices of stacked tensors, and stacks what each step gives,
/// as `scan(_:over:reversed:file:line:_:)`.
///
/// - Throws: `AdjointError` where lengths differ, the step changes the state's shapes, or the step makes
///   a mistake; and what the step throws.
public func scan<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Elements: TensorArgument, Output: TensorTree
>(
  _ initial: (First, Second, Third, Fourth), over elements: Elements, reversed: Bool = false,
  file: String = #fileID,
  line: Int = #line,
  _ step: (
    (First.Argument, Second.Argument, Third.Argument, Fourth.Argument), Elements.Argument
  ) throws -> (
    (First.Argument, Second.Argument, Third.Argument, Fourth.Argument), Output
  )
) throws -> ((First.Argument, Second.Argument, Third.Argument, Fourth.Argument), Output) {
  let (state, outputs) = try scan(
    TupleTree(
      initial.0.tensorArgument, initial.1.tensorArgument, initial.2.tensorArgument,
      initial.3.tensorArgument), over: elements, reversed: reversed,
    file: file, line: line
  ) { state, elements in
    let (next, output) = try step(state.parts, elements)
    return (TupleTree(next.0, next.1, next.2, next.3), output)
  }
  return (state.parts, outputs)
}

/// Carries a state of four trees through a number of steps, and stacks what each step gives, as
/// `scan(_:count:file:line:_:)`.
///
/// - Throws: `AdjointError` where the count is negative or the step makes a mistake; and what the step
///   throws.
public func scan<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument,
  Output: TensorTree
>(
  _ initial: (First, Second, Third, Fourth), count: Int, file: String = #fileID, line: Int = #line,
  _ step: (
    (First.Argument, Second.Argument, Third.Argument, Fourth.Argument), Tensor<Int32>
  ) throws -> (
    (First.Argument, Second.Argument, Third.Argument, Fourth.Argument), Output
  )
) throws -> ((First.Argument, Second.Argument, Third.Argument, Fourth.Argument), Output) {
  let (state, outputs) = try scan(
    TupleTree(
      initial.0.tensorArgument, initial.1.tensorArgument, initial.2.tensorArgument,
      initial.3.tensorArgument), count: count, file: file, line: line
  ) { state, index in
    let (next, output) = try step(state.parts, index)
    return (TupleTree(next.0, next.1, next.2, next.3), output)
  }
  return (state.parts, outputs)
}

/// Repeats a step on a state of four trees a number of times, as `forLoop(_:_:file:line:_:)`.
///
/// - Throws: `AdjointError` where the count is negative, the step changes the state's shapes or makes a
///   mistake; and what the step throws.
public func forLoop<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument
>(
  _ count: Int, _ initial: (First, Second, Third, Fourth), file: String = #fileID,
  line: Int = #line,
  _ step: (
    Tensor<Int32>, (First.Argument, Second.Argument, Third.Argument, Fourth.Argument)
  ) throws -> (
    First.Argument, Second.Argument, Third.Argument, Fourth.Argument
  )
) throws -> (First.Argument, Second.Argument, Third.Argument, Fourth.Argument) {
  try forLoop(
    count,
    TupleTree(
      initial.0.tensorArgument, initial.1.tensorArgument, initial.2.tensorArgument,
      initial.3.tensorArgument), file: file, line: line
  ) { index, state in
    let next = try step(index, state.parts)
    return TupleTree(next.0, next.1, next.2, next.3)
  }.parts
}

/// Repeats a body on a state of four trees as long as a condition holds, as
/// `whileLoop(_:while:file:line:_:)`.
///
/// - Throws: `AdjointError` where the condition is no scalar, the body changes the state's shapes or a
///   closure makes a mistake; and what the closures throw.
public func whileLoop<
  First: TensorArgument, Second: TensorArgument, Third: TensorArgument, Fourth: TensorArgument
>(
  _ initial: (First, Second, Third, Fourth),
  while condition: ((First.Argument, Second.Argument, Third.Argument, Fourth.Argument)) throws ->
    Tensor<Bool>,
  file: String = #fileID,
  line: Int = #line,
  _ body: ((First.Argument, Second.Argument, Third.Argument, Fourth.Argument)) throws
    -> (
      First.Argument, Second.Argument, Third.Argument, Fourth.Argument
    )
) throws -> (First.Argument, Second.Argument, Third.Argument, Fourth.Argument) {
  try whileLoop(
    TupleTree(
      initial.0.tensorArgument, initial.1.tensorArgument, initial.2.tensorArgument,
      initial.3.tensorArgument), while: { try condition($0.parts) },
    file: file, line: line
  ) { state in
    let next = try body(state.parts)
    return TupleTree(next.0, next.1, next.2, next.3)
  }.parts
}

// MARK: - Branches

/// One of two tuples of trees, of which only the chosen one is computed, as `cond(_:file:line:_:_:)`.
///
/// - Throws: `AdjointError` where the predicate is no scalar, the shapes differ or a closure makes a
///   mistake; and what the closures throw.
public func cond<First: TensorTree, Second: TensorTree, each Rest: TensorTree>(
  _ predicate: Tensor<Bool>, file: String = #fileID, line: Int = #line,
  _ onTrue: () throws -> (First, Second, repeat each Rest),
  _ onFalse: () throws -> (First, Second, repeat each Rest)
) throws -> (First, Second, repeat each Rest) {
  try tupleCond(predicate, file: file, line: line, onTrue, onFalse)
}

/// One of several tuples of trees, of which only the chosen one is computed, as
/// `switchCase(_:file:line:_:)`.
///
/// - Throws: `AdjointError` where the index is no scalar, there is no branch, the shapes differ or a
///   closure makes a mistake; and what the closures throw.
public func switchCase<First: TensorTree, Second: TensorTree, each Rest: TensorTree>(
  _ index: Tensor<Int32>, file: String = #fileID, line: Int = #line,
  _ branches: [() throws -> (First, Second, repeat each Rest)]
) throws -> (First, Second, repeat each Rest) {
  try tupleSwitchCase(index, file: file, line: line, branches)
}

/// One of two tuples of any length.
private func tupleCond<each Part: TensorTree>(
  _ predicate: Tensor<Bool>, file: String, line: Int, _ onTrue: () throws -> (repeat each Part),
  _ onFalse: () throws -> (repeat each Part)
) throws -> (repeat each Part) {
  try cond(
    predicate, file: file, line: line,
    {
      let parts = try onTrue()
      return TupleTree(repeat each parts)
    },
    {
      let parts = try onFalse()
      return TupleTree(repeat each parts)
    }
  ).parts
}

/// One of several tuples of any length.
private func tupleSwitchCase<each Part: TensorTree>(
  _ index: Tensor<Int32>, file: String, line: Int,
  _ branches: [() throws -> (repeat each Part)]
) throws -> (repeat each Part) {
  let trees = branches.map { branch in
    { () throws -> TupleTree<repeat each Part> in
      let parts = try branch()
      return TupleTree(repeat each parts)
    }
  }
  return try switchCase(index, file: file, line: line, trees).parts
}
