internal import TensorIR

// Loops and branches that become one native loop or branch when compiled, and whose gradients do too.
// Closures are recorded once, whatever the number of iterations; they may read tensors from outside.

/// Carries a state through the slices of stacked tensors, and stacks what each step gives.
///
/// The step takes the state and a slice along the first axis of every tensor of `elements`; it returns
/// the next state, whose shapes are the same, and an output. Gradients flow through all of them: what
/// the backward pass needs is saved for each step, or computed again.
///
///     let (last, sums) = try scan(Tensor<Float>(0), over: x) { sum, element in
///       (sum + element, sum + element)
///     }
///
/// - Parameters:
///   - initial: the state before the first step.
///   - elements: tensors whose first axes have one length, the number of steps.
///   - reversed: whether the steps go from the last slice to the first; outputs stand where their
///     slices stand.
///   - step: what is repeated.
/// - Returns: the last state, and the outputs stacked along a new first axis.
/// - Throws: `AdjointError` where lengths differ, the step changes the state's shapes, or the step makes
///   a mistake; and what the step throws.
public func scan<State: TensorArgument, Elements: TensorArgument, Output: TensorTree>(
  _ initial: State, over elements: Elements, reversed: Bool = false, file: String = #fileID,
  line: Int = #line,
  _ step: (State.Argument, Elements.Argument) throws -> (State.Argument, Output)
) throws -> (State.Argument, Output) {
  let location = SourceLocation.here(file, line)
  let elements = elements.tensorArgument
  let stacks = try elements.validNodes(at: location)
  guard let length = stacks.first?.type.shape.first else {
    throw AdjointError(.shape, "scan needs a tensor with a first axis to go over", at: location)
  }
  for stack in stacks where stack.type.shape.first != length {
    throw AdjointError(
      .shape,
      "scan over tensors of different lengths: shapes \(stacks[0].type.shape) and \(stack.type.shape)",
      at: location)
  }
  return try scanning(
    initial.tensorArgument, over: stacks, length: length, reversed: reversed, at: location
  ) { state, _, slices in try step(state, elements.withNodes(slices)) }
}

/// Carries a state through a number of steps, and stacks what each step gives.
///
/// As `scan(_:over:reversed:file:line:_:)`, with a step that takes the state and its number.
///
/// - Throws: `AdjointError` where the count is negative or the step makes a mistake; and what the step
///   throws.
public func scan<State: TensorArgument, Output: TensorTree>(
  _ initial: State, count: Int, file: String = #fileID, line: Int = #line,
  _ step: (State.Argument, Tensor<Int32>) throws -> (State.Argument, Output)
) throws -> (State.Argument, Output) {
  let location = SourceLocation.here(file, line)
  return try scanning(
    initial.tensorArgument, over: [], length: try requiredCount(count, at: location),
    reversed: false,
    at: location
  ) { state, index, _ in try step(state, index) }
}

/// Repeats a step a number of times.
///
///     let powers = try forLoop(10, Tensor<Float>(1)) { _, x in x * 2 }
///
/// - Parameters:
///   - count: how many times; not negative.
///   - initial: the state before the first step.
///   - step: takes the step's number and the state; returns the next state, whose shapes are the same.
/// - Returns: the last state.
/// - Throws: `AdjointError` where the count is negative, the step changes the state's shapes or makes a
///   mistake; and what the step throws.
public func forLoop<State: TensorArgument>(
  _ count: Int, _ initial: State, file: String = #fileID, line: Int = #line,
  _ step: (Tensor<Int32>, State.Argument) throws -> State.Argument
) throws -> State.Argument {
  let location = SourceLocation.here(file, line)
  let (state, _): (State.Argument, [Tensor<Float>]) = try scanning(
    initial.tensorArgument, over: [], length: try requiredCount(count, at: location),
    reversed: false,
    at: location
  ) { state, index, _ in (try step(index, state), []) }
  return state
}

/// Repeats a body as long as a condition holds.
///
/// The number of iterations may depend on values. Reverse mode works too: the loop is counted, and the
/// states that the backward pass needs are found from snapshots in a table of fixed size.
///
///     let root = try whileLoop(x, while: { abs($0 * $0 - x) .> 1e-6 }) { 0.5 * ($0 + x / $0) }
///
/// - Parameters:
///   - initial: the state before the first iteration.
///   - condition: a scalar boolean of the state.
///   - body: the next state, whose shapes are the same.
/// - Returns: the first state for which the condition does not hold.
/// - Throws: `AdjointError` where the condition is no scalar, the body changes the state's shapes or a
///   closure makes a mistake; and what the closures throw.
public func whileLoop<State: TensorArgument>(
  _ initial: State, while condition: (State.Argument) throws -> Tensor<Bool>,
  file: String = #fileID, line: Int = #line,
  _ body: (State.Argument) throws -> State.Argument
) throws -> State.Argument {
  let initial = initial.tensorArgument
  let location = SourceLocation.here(file, line)
  let start = try initial.validNodes(at: location)
  let types = start.map(\.type)
  let test = try RegionRecording(types, at: location) { nodes in
    [try condition(initial.withNodes(nodes)).node]
  }
  guard test.resultTypes == [TensorType([], .i1)] else {
    throw AdjointError(
      .shape, "the condition of a loop must be a scalar, not shape \(test.resultTypes[0].shape)",
      at: location)
  }
  let step = try RegionRecording(types, at: location) { nodes in
    let next = try body(initial.withNodes(nodes))
    let results = try next.validNodes(at: location)
    try initial.requireSameTypes(as: next, results, start, "the state", at: location)
    return results
  }
  let captures = RegionRecording.captures(of: [test, step])
  let loop = While(
    captureCount: captures.count, condition: test.region(capturing: captures, at: 0),
    body: step.region(capturing: captures, at: 0))
  return try initial.withNodes(
    Op.whileLoop(loop).applied(to: captures + start, at: location))
}

/// One of two values, of which only the chosen one is computed.
///
///     let y = try cond(x.sum() .> 0, { exp(x) }, { x })
///
/// - Parameters:
///   - predicate: a scalar.
///   - onTrue: the value where the predicate holds.
///   - onFalse: the value where it does not, with tensors of the same shapes.
/// - Throws: `AdjointError` where the predicate is no scalar, the shapes differ or a closure makes a
///   mistake; and what the closures throw.
public func cond<Output: TensorTree>(
  _ predicate: Tensor<Bool>, file: String = #fileID, line: Int = #line,
  _ onTrue: () throws -> Output, _ onFalse: () throws -> Output
) throws -> Output {
  let location = SourceLocation.here(file, line)
  return try withoutActuallyEscaping(onTrue) { onTrue in
    try withoutActuallyEscaping(onFalse) { onFalse in
      try branching(.predicate, predicate.node, [onTrue, onFalse], at: location)
    }
  }
}

/// One of several values, of which only the chosen one is computed.
///
/// - Parameters:
///   - index: a scalar, which says which branch; where there is no such branch, the last one.
///   - branches: what computes the values, with tensors of the same shapes.
/// - Throws: `AdjointError` where the index is no scalar, there is no branch, the shapes differ or a
///   closure makes a mistake; and what the closures throw.
public func switchCase<Output: TensorTree>(
  _ index: Tensor<Int32>, file: String = #fileID, line: Int = #line,
  _ branches: [() throws -> Output]
) throws -> Output {
  try branching(.index, index.node, branches, at: .here(file, line))
}

// MARK: - What they share

/// A count that is not negative.
private func requiredCount(_ count: Int, at location: SourceLocation) throws -> Int {
  guard count >= 0 else {
    throw AdjointError(.argument, "a loop cannot run \(count) times", at: location)
  }
  return count
}

/// Carries a state through steps that take its number and slices of stacks.
private func scanning<State: TensorTree, Output: TensorTree>(
  _ initial: State, over stacks: [TensorNode], length: Int, reversed: Bool,
  at location: SourceLocation,
  _ step: (State, Tensor<Int32>, [TensorNode]) throws -> (State, Output)
) throws -> (State, Output) {
  let start = try initial.validNodes(at: location)
  let slices = stacks.map { TensorType(Array($0.type.shape.dropFirst()), $0.type.element) }
  let types = [TensorType([], .i64)] + start.map(\.type) + slices
  var output: Output?
  let body = try RegionRecording(types, at: location) { nodes in
    let state = try initial.withNodes(Array(nodes[1..<(1 + start.count)]))
    let index = TensorNode.apply(.convert(to: .i32), [nodes[0]], at: location)
    let (next, value) = try step(state, Tensor(index), Array(nodes[(1 + start.count)...]))
    let results = try next.validNodes(at: location)
    try initial.requireSameTypes(as: next, results, start, "the state", at: location)
    output = value
    return try results + value.validNodes(at: location)
  }
  guard let output else { preconditionFailure("a recorded closure has returned a value") }
  let captures = body.captures
  let loop = Scan(
    length: length, isReversed: reversed, captureCount: captures.count, carryCount: start.count,
    body: body.region(capturing: captures, at: 1))
  let results = try Op.scan(loop).applied(to: captures + start + stacks, at: location)
  return (
    try initial.withNodes(Array(results[..<start.count])),
    try output.withNodes(Array(results[start.count...]))
  )
}

/// One of several values, chosen by a scalar.
private func branching<Output: TensorTree>(
  _ kind: Branch.Kind, _ selector: TensorNode, _ branches: [() throws -> Output],
  at location: SourceLocation
) throws -> Output {
  if let error = selector.failure { throw error }
  guard selector.type.isScalar else {
    throw AdjointError(
      .shape, "a branch is chosen by a scalar, not by shape \(selector.type.shape)", at: location)
  }
  guard !branches.isEmpty else {
    throw AdjointError(.argument, "there is no branch to choose", at: location)
  }
  var first: (output: Output, nodes: [TensorNode])?
  let recordings = try branches.map { branch in
    try RegionRecording([], at: location) { _ in
      let value = try branch()
      let nodes = try value.validNodes(at: location)
      if let first {
        try requireSameBranches(first.output, first.nodes, nodes, at: location)
      } else {
        first = (value, nodes)
      }
      return nodes
    }
  }
  guard let first else { preconditionFailure("a recorded closure has returned a value") }
  let captures = RegionRecording.captures(of: recordings)
  let branch = Branch(
    kind, branches: recordings.map { $0.region(capturing: captures, at: 0) })
  return try first.output.withNodes(
    Op.branch(branch).applied(to: [selector] + captures, at: location))
}

/// Fails unless two branches return tensors of the same types.
private func requireSameBranches<Output: TensorTree>(
  _ output: Output, _ expected: [TensorNode], _ nodes: [TensorNode], at location: SourceLocation
) throws {
  guard expected.count == nodes.count else {
    throw AdjointError(
      .shape, "branches return \(expected.count) and \(nodes.count) tensors", at: location)
  }
  for (position, pair) in zip(expected, nodes).enumerated() where pair.0.type != pair.1.type {
    let paths = (try? TreeVerification.paths(in: output)) ?? []
    let path = paths.indices.contains(position) ? paths[position] : ""
    throw AdjointError(
      .shape,
      "branches return tensors \(pair.0.type.words(beside: pair.1.type)) and "
        + "\(pair.1.type.words(beside: pair.0.type))\(path.isEmpty ? "" : " at \(path)")",
      at: location)
  }
}
