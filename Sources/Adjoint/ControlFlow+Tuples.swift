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
public func scan<First: TensorTree, Second: TensorTree, Elements: TensorTree, Output: TensorTree>(
  _ initial: (First, Second), over elements: Elements, reversed: Bool = false,
  file: String = #fileID,
  line: Int = #line,
  @SingleExpression<((First, Second), Output)> _ step: ((First, Second), Elements) throws -> (
    (First, Second), Output
  )
) throws -> ((First, Second), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0, initial.1), over: elements, reversed: reversed, file: file, line: line
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
public func scan<First: TensorTree, Second: TensorTree, Output: TensorTree>(
  _ initial: (First, Second), count: Int, file: String = #fileID, line: Int = #line,
  @SingleExpression<((First, Second), Output)> _ step: ((First, Second), Tensor<Int32>) throws -> (
    (First, Second), Output
  )
) throws -> ((First, Second), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0, initial.1), count: count, file: file, line: line
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
public func forLoop<First: TensorTree, Second: TensorTree>(
  _ count: Int, _ initial: (First, Second), file: String = #fileID, line: Int = #line,
  @SingleExpression<(First, Second)> _ step: (Tensor<Int32>, (First, Second)) throws -> (
    First, Second
  )
) throws -> (First, Second) {
  try forLoop(count, TupleTree(initial.0, initial.1), file: file, line: line) { index, state in
    let next = try step(index, state.parts)
    return TupleTree(next.0, next.1)
  }.parts
}

/// Repeats a body on a state of two trees as long as a condition holds, as
/// `whileLoop(_:while:file:line:_:)`.
///
/// - Throws: `AdjointError` where the condition is no scalar, the body changes the state's shapes or a
///   closure makes a mistake; and what the closures throw.
public func whileLoop<First: TensorTree, Second: TensorTree>(
  _ initial: (First, Second),
  @SingleExpression<Tensor<Bool>> while condition: ((First, Second)) throws -> Tensor<Bool>,
  file: String = #fileID,
  line: Int = #line,
  @SingleExpression<(First, Second)> _ body: ((First, Second)) throws -> (First, Second)
) throws -> (First, Second) {
  try whileLoop(
    TupleTree(initial.0, initial.1), while: { try condition($0.parts) }, file: file, line: line
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
  First: TensorTree, Second: TensorTree, Third: TensorTree, Elements: TensorTree, Output: TensorTree
>(
  _ initial: (First, Second, Third), over elements: Elements, reversed: Bool = false,
  file: String = #fileID,
  line: Int = #line,
  @SingleExpression<((First, Second, Third), Output)> _ step: ((First, Second, Third), Elements)
    throws -> (
      (First, Second, Third), Output
    )
) throws -> ((First, Second, Third), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0, initial.1, initial.2), over: elements, reversed: reversed, file: file,
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
public func scan<First: TensorTree, Second: TensorTree, Third: TensorTree, Output: TensorTree>(
  _ initial: (First, Second, Third), count: Int, file: String = #fileID, line: Int = #line,
  @SingleExpression<((First, Second, Third), Output)> _ step: (
    (First, Second, Third), Tensor<Int32>
  ) throws -> (
    (First, Second, Third), Output
  )
) throws -> ((First, Second, Third), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0, initial.1, initial.2), count: count, file: file, line: line
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
public func forLoop<First: TensorTree, Second: TensorTree, Third: TensorTree>(
  _ count: Int, _ initial: (First, Second, Third), file: String = #fileID, line: Int = #line,
  @SingleExpression<(First, Second, Third)> _ step: (Tensor<Int32>, (First, Second, Third)) throws
    -> (First, Second, Third)
) throws -> (First, Second, Third) {
  try forLoop(count, TupleTree(initial.0, initial.1, initial.2), file: file, line: line) {
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
public func whileLoop<First: TensorTree, Second: TensorTree, Third: TensorTree>(
  _ initial: (First, Second, Third),
  @SingleExpression<Tensor<Bool>> while condition: ((First, Second, Third)) throws -> Tensor<Bool>,
  file: String = #fileID,
  line: Int = #line,
  @SingleExpression<(First, Second, Third)> _ body: ((First, Second, Third)) throws -> (
    First, Second, Third
  )
) throws -> (First, Second, Third) {
  try whileLoop(
    TupleTree(initial.0, initial.1, initial.2), while: { try condition($0.parts) }, file: file,
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
  First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree,
  Elements: TensorTree, Output: TensorTree
>(
  _ initial: (First, Second, Third, Fourth), over elements: Elements, reversed: Bool = false,
  file: String = #fileID,
  line: Int = #line,
  @SingleExpression<((First, Second, Third, Fourth), Output)> _ step: (
    (First, Second, Third, Fourth), Elements
  ) throws -> (
    (First, Second, Third, Fourth), Output
  )
) throws -> ((First, Second, Third, Fourth), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0, initial.1, initial.2, initial.3), over: elements, reversed: reversed,
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
  First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree, Output: TensorTree
>(
  _ initial: (First, Second, Third, Fourth), count: Int, file: String = #fileID, line: Int = #line,
  @SingleExpression<((First, Second, Third, Fourth), Output)> _ step: (
    (First, Second, Third, Fourth), Tensor<Int32>
  ) throws -> (
    (First, Second, Third, Fourth), Output
  )
) throws -> ((First, Second, Third, Fourth), Output) {
  let (state, outputs) = try scan(
    TupleTree(initial.0, initial.1, initial.2, initial.3), count: count, file: file, line: line
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
public func forLoop<First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree>(
  _ count: Int, _ initial: (First, Second, Third, Fourth), file: String = #fileID,
  line: Int = #line,
  @SingleExpression<(First, Second, Third, Fourth)> _ step: (
    Tensor<Int32>, (First, Second, Third, Fourth)
  ) throws -> (
    First, Second, Third, Fourth
  )
) throws -> (First, Second, Third, Fourth) {
  try forLoop(count, TupleTree(initial.0, initial.1, initial.2, initial.3), file: file, line: line)
  { index, state in
    let next = try step(index, state.parts)
    return TupleTree(next.0, next.1, next.2, next.3)
  }.parts
}

/// Repeats a body on a state of four trees as long as a condition holds, as
/// `whileLoop(_:while:file:line:_:)`.
///
/// - Throws: `AdjointError` where the condition is no scalar, the body changes the state's shapes or a
///   closure makes a mistake; and what the closures throw.
public func whileLoop<First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree>(
  _ initial: (First, Second, Third, Fourth),
  @SingleExpression<Tensor<Bool>> while condition: ((First, Second, Third, Fourth)) throws ->
    Tensor<Bool>,
  file: String = #fileID,
  line: Int = #line,
  @SingleExpression<(First, Second, Third, Fourth)> _ body: ((First, Second, Third, Fourth)) throws
    -> (
      First, Second, Third, Fourth
    )
) throws -> (First, Second, Third, Fourth) {
  try whileLoop(
    TupleTree(initial.0, initial.1, initial.2, initial.3), while: { try condition($0.parts) },
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
