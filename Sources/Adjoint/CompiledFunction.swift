/// A function that is traced and compiled once per signature of its arguments: what `jit` gives.
///
/// Calls may come from any number of tasks at once.
public final class CompiledFunction<each Input: TensorTree, Output: Sendable>: Sendable {
  /// The closure.
  @usableFromInline let function: @Sendable (repeat each Input) throws -> Output
  /// Reads the tensors of an output.
  @usableFromInline let read: @Sendable (Output, inout TensorVisitor) throws -> Void
  /// The template of an output, with other tensors.
  @usableFromInline let template:
    @Sendable (Output, inout TensorVisitor) throws -> any AnyObject & Sendable
  /// The output of a template, with other tensors.
  @usableFromInline let output: @Sendable (AnyObject, inout TensorVisitor) throws -> Output
  /// What has been compiled so far.
  @usableFromInline let specializations: Specializations

  @inlinable
  init(
    at location: SourceLocation, _ memoryBudget: ByteCount?,
    _ rematerialization: Rematerialization, _ buckets: Buckets?,
    _ function: @escaping @Sendable (repeat each Input) throws -> Output,
    read: @escaping @Sendable (Output, inout TensorVisitor) throws -> Void,
    template:
      @escaping @Sendable (Output, inout TensorVisitor) throws -> any AnyObject & Sendable,
    output: @escaping @Sendable (AnyObject, inout TensorVisitor) throws -> Output
  ) {
    self.function = function
    self.read = read
    self.template = template
    self.output = output
    specializations = Specializations(
      at: location, memoryBudget: memoryBudget, rematerialization: rematerialization,
      buckets: buckets)
  }

  /// Runs the function; arguments of a new signature compile it first.
  ///
  /// While another function is traced, the operations become part of that function.
  ///
  /// - Throws: `AdjointError` for mistakes in the closure and arguments that failed before, and what
  ///   the closure throws.
  @inlinable
  @inline(never)
  public func callAsFunction(_ input: repeat each Input) throws -> Output {
    // The visitor retains none of the arguments. They live as long as this call because callers
    // guarantee that; inlined, it would let the caller release them after their last use.
    var visitor = TensorVisitor(matching: specializations)
    var isFormer = false
    while visitor.isMatching {
      repeat try visitor.read(each input)
      if let template = try visitor.run() {
        return try Unmanaged<AnyObject>.fromOpaque(template)
          ._withUnsafeGuaranteedRef { try output($0, &visitor) }
      }
      if isFormer { break }
      isFormer = true
      visitor.matchFormer(specializations)
    }
    return try callCarefully(repeat each input)
  }

  /// Runs the function with numbers in place of scalar tensors.
  ///
  /// - Throws: as the call with tensors.
  public func callAsFunction<each Value: TensorArgument>(
    _ input: repeat each Value
  ) throws -> Output where (repeat (each Value).Argument) == (repeat each Input) {
    try callAsFunction(repeat (each input).tensorArgument)
  }

  /// Runs the function on arguments that do not fit the form called last, or have no values yet.
  @usableFromInline
  func callCarefully(_ input: repeat each Input) throws -> Output {
    var visitor = TensorVisitor()
    repeat try visitor.readArgument(each input)
    let specialization =
      try specializations.entry(for: visitor)
      ?? specializations.add(visitor) { nodes in
        var verifying = TensorVisitor(verifying: true)
        repeat try verifying.read(each input)
        return try trace(repeat each input, with: nodes)
      } template: { output, placeholders in
        var inner = TensorVisitor(replacingWith: placeholders)
        return try template(output, &inner)
      }
    var results = TensorVisitor(
      replacingWith: try specialization.call(visitor.nodes, at: specializations.location))
    return try output(specialization.template, &results)
  }

  /// What the closure returns for arguments with other tensors, and the tensors of that.
  func trace(
    _ input: repeat each Input, with nodes: [TensorNode]
  ) throws -> (Output, [TensorNode]) {
    var inner = TensorVisitor(replacingWith: nodes)
    let output = try function(repeat try inner.replace(each input))
    var results = TensorVisitor(verifying: true)
    try read(output, &results)
    return (output, results.nodes)
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
