/// A compiled function that updates its first argument: what `jitInPlace` gives.
///
/// Calls may come from any number of tasks at once.
public final class CompiledUpdate<State: TensorTree, each Input: TensorTree, Output: Sendable>:
  Sendable
{
  /// The closure.
  @usableFromInline let function: @Sendable (inout State, repeat each Input) throws -> Output
  /// Reads the tensors of an output.
  @usableFromInline let read: @Sendable (Output, inout TensorVisitor) throws -> Void
  /// An output with other tensors.
  @usableFromInline let replace: @Sendable (Output, inout TensorVisitor) throws -> Output
  /// What has been compiled so far.
  @usableFromInline let specializations: Specializations

  @inlinable
  init(
    at location: SourceLocation, _ buckets: Buckets?,
    _ function: @escaping @Sendable (inout State, repeat each Input) throws -> Output,
    read: @escaping @Sendable (Output, inout TensorVisitor) throws -> Void,
    replace: @escaping @Sendable (Output, inout TensorVisitor) throws -> Output
  ) {
    self.function = function
    self.read = read
    self.replace = replace
    specializations = Specializations(at: location, buckets: buckets)
  }

  /// Runs the function and puts the new state in place of the old one; arguments of a new signature
  /// compile it first.
  ///
  /// A tensor of the state to which nothing else refers gives its memory to the new state, which so
  /// needs none of its own and is written where the old one stood. Copies of the state made before keep
  /// their values, as copies of arrays do.
  ///
  /// - Throws: `AdjointError` for mistakes in the closure and arguments that failed before, and what
  ///   the closure throws; the state then is what it was. Only where the state's own `visitTensors`
  ///   does not visit the same tensors each time, its tensors have no values afterwards.
  public func callAsFunction(_ state: inout State, _ input: repeat each Input) throws -> Output {
    var visitor = TensorVisitor()
    try visitor.readArgument(state)
    let stateCount = visitor.nodes.count
    repeat try visitor.readArgument(each input)
    let specialization =
      try specializations.entry(for: visitor, donating: stateCount)
      ?? specializations.add(visitor, donating: stateCount) { nodes in
        var verifying = TensorVisitor(verifying: true)
        try verifying.read(state)
        repeat try verifying.read(each input)
        return try trace(state, repeat each input, with: nodes)
      } template: { outcome, placeholders in
        var inner = TensorVisitor(replacingWith: placeholders)
        return Template(
          state: try inner.replace(outcome.state), output: try replace(outcome.output, &inner))
      }
    var nodes = visitor.takeNodes()
    // From here on `nodes` has the only reference to what nobody but the state refers to.
    var emptied = TensorVisitor(replacingWith: specialization.donatedPlaceholders)
    state = try emptied.replace(state)
    let results: [TensorNode]
    do {
      results = try specialization.update(&nodes, at: specializations.location)
    } catch {
      var restored = TensorVisitor(replacingWith: nodes)
      state = try restored.replace(state)
      throw error
    }
    var placed = TensorVisitor(replacingWith: results)
    let template = unsafeDowncast(specialization.template, to: Template.self)
    state = try placed.replace(template.state)
    return try replace(template.output, &placed)
  }

  /// Runs the function with numbers in place of scalar tensors.
  ///
  /// - Throws: as the call with tensors.
  public func callAsFunction<each Value: TensorArgument>(
    _ state: inout State, _ input: repeat each Value
  ) throws -> Output where (repeat (each Value).Argument) == (repeat each Input) {
    try callAsFunction(&state, repeat (each input).tensorArgument)
  }

  /// A state and an output with placeholders for tensors.
  private final class Template: Sendable {
    let state: State
    let output: Output

    init(state: State, output: Output) {
      self.state = state
      self.output = output
    }
  }

  /// What the closure makes of arguments with other tensors, and the tensors of that.
  private func trace(
    _ state: State, _ input: repeat each Input, with nodes: [TensorNode]
  ) throws -> ((state: State, output: Output), [TensorNode]) {
    var inner = TensorVisitor(replacingWith: nodes)
    var state = try inner.replace(state)
    let output = try function(&state, repeat try inner.replace(each input))
    var results = TensorVisitor(verifying: true)
    try results.read(state)
    try read(output, &results)
    return ((state, output), results.nodes)
  }

  /// Which signatures were compiled, in order, and for each what was new in it; with
  /// `costs` also what each stage of compilation took.
  public func explain(costs: Bool = false) -> String { specializations.explain(costs: costs) }

  /// Times and sizes of the compilation of the signature called last; nil before the first call.
  public var report: CompileReport? { specializations.lastUsed?.report }

  /// The text of a stage of compilation of the signature called last; empty before the first call.
  ///
  /// - Throws: `AdjointError` where there is no native code for it.
  public func dump(stage: Stage) throws -> String {
    try specializations.lastUsed?.dump(stage: stage) ?? ""
  }

  /// How many signatures were compiled so far.
  public var compilationCount: Int { specializations.count }
}

/// Makes a compiled function out of a closure that updates its first argument, such as a step of
/// training, and returns something besides.
///
/// Calls update the argument in place: where nothing else refers to its tensors, each is written once
/// and no memory is taken for the new ones.
///
///     let step = jitInPlace { (w: inout Tensor<Float>, x: Tensor<Float>) in
///       let (loss, slope) = try valueWithGradient(at: w) { square(matmul(x, $0)).mean() }
///       w = w - 0.1 * slope
///       return loss
///     }
///     let loss = try step(&w, x)
///
/// `buckets` lets leading sizes share compiled code.
///
/// - Throws: nothing here; the closure's errors and those of compilation are thrown by calls.
@inlinable
public func jitInPlace<State: TensorTree, each Input: TensorTree, Output: TensorTree>(
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (inout State, repeat each Input) throws -> Output
) -> CompiledUpdate<State, repeat each Input, Output> {
  CompiledUpdate(
    at: SourceLocation(file: file, line: line), buckets, function,
    read: { output, visitor in try visitor.read(output) },
    replace: { output, visitor in try visitor.replace(output) })
}

/// Makes a compiled function out of a closure that updates its first argument and returns nothing.
@inlinable
public func jitInPlace<State: TensorTree, each Input: TensorTree>(
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  updating function: @escaping @Sendable (inout State, repeat each Input) throws -> Void
) -> CompiledUpdate<State, repeat each Input, Void> {
  CompiledUpdate(
    at: SourceLocation(file: file, line: line), buckets, function, read: { _, _ in },
    replace: { _, _ in })
}

/// Makes a compiled function out of a closure that updates its first argument and returns several
/// values in a tuple of trees.
@inlinable
public func jitInPlace<
  State: TensorTree, each Input: TensorTree, First: TensorTree, Second: TensorTree,
  each Rest: TensorTree
>(
  buckets: Buckets? = nil, file: String = #fileID, line: Int = #line,
  updating function:
    @escaping @Sendable (inout State, repeat each Input) throws -> (
      First, Second, repeat each Rest
    )
) -> CompiledUpdate<State, repeat each Input, (First, Second, repeat each Rest)> {
  compiledTupleUpdate(at: SourceLocation(file: file, line: line), buckets, function)
}

/// A compiled update out of a closure that returns a tuple of any number of trees.
@inlinable
func compiledTupleUpdate<State: TensorTree, each Input: TensorTree, each Output: TensorTree>(
  at location: SourceLocation, _ buckets: Buckets?,
  _ function: @escaping @Sendable (inout State, repeat each Input) throws -> (repeat each Output)
) -> CompiledUpdate<State, repeat each Input, (repeat each Output)> {
  CompiledUpdate(
    at: location, buckets, function,
    read: { output, visitor in repeat try visitor.read(each output) },
    replace: { output, visitor in (repeat try visitor.replace(each output)) })
}
