internal import Synchronization
internal import TensorIR

/// A function that is traced and compiled once per signature of its arguments: what `jit` gives.
///
/// Calls may come from any number of tasks at once.
public final class CompiledFunction<each Input: TensorTree, Output: Sendable>: Sendable {
  /// The closure.
  private let function: @Sendable (repeat each Input) throws -> Output
  /// Reads the tensors of an output.
  private let read: @Sendable (Output, inout TensorVisitor) throws -> Void
  /// An output with other tensors.
  @usableFromInline let replace: @Sendable (Output, inout TensorVisitor) throws -> Output
  /// What has been compiled so far.
  @usableFromInline let specializations: Specializations<Output>

  init(
    at location: SourceLocation,
    _ function: @escaping @Sendable (repeat each Input) throws -> Output,
    read: @escaping @Sendable (Output, inout TensorVisitor) throws -> Void,
    replace: @escaping @Sendable (Output, inout TensorVisitor) throws -> Output
  ) {
    self.function = function
    self.read = read
    self.replace = replace
    specializations = Specializations(at: location)
  }

  /// Runs the function; arguments of a new signature compile it first.
  ///
  /// While another function is traced, the operations become part of that function.
  ///
  /// - Throws: `AdjointError` for mistakes in the closure and arguments that failed before, and what
  ///   the closure throws.
  public func callAsFunction(_ input: repeat each Input) throws -> Output {
    var visitor = TensorVisitor()
    visitor.nodes.reserveCapacity(specializations.expectedCount)
    repeat try (each input).read(into: &visitor)
    let specialization = try specializations.find(visitor) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try self.function(repeat try (each input).replacing(from: &inner))
      var results = TensorVisitor()
      try self.read(output, &results)
      return (output, results.nodes)
    } template: { output, placeholders in
      var inner = TensorVisitor(replacingWith: placeholders)
      return try self.replace(output, &inner)
    }
    var results = TensorVisitor(
      replacingWith: try specialization.call(visitor.nodes, at: specializations.location))
    return try replace(specialization.template, &results)
  }

  /// Which signatures were compiled, in order, and for each what was new in it.
  public func explain() -> String { specializations.explain() }

  /// Times and sizes of the compilation of the signature called last; nil before the first call.
  public var report: CompileReport? { specializations.last?.report }

  /// The text of a stage of compilation of the signature called last; empty before the first call.
  ///
  /// - Throws: `AdjointError` where there is no native code for it.
  public func dump(stage: Stage) throws -> String {
    try specializations.last?.dump(stage: stage) ?? ""
  }

  /// How many signatures were compiled so far.
  public var compilationCount: Int { specializations.count }
}

/// What of a call decides which code runs: the types of all tensors, and all static values.
struct Signature: Hashable, Sendable {
  let types: [TensorType]
  let statics: [StaticValue]
}

/// One compiled form of a function.
@usableFromInline
final class Specialization<Output: Sendable>: Sendable {
  /// The calls it fits.
  let signature: Signature
  /// An output with placeholders for tensors.
  @usableFromInline let template: Output
  /// The recorded function.
  private let traced: TracedFunction
  /// How long recording took.
  private let traceMilliseconds: Double
  /// Whether the function reads values of a trace around it, and so can only become part of that.
  private let isPartOfTrace: Bool
  /// The compiled form, made by the first call that runs it.
  private let program: Mutex<(CompiledProgram, [TensorNode])?> = Mutex(nil)

  init(
    _ signature: Signature, template: Output, _ traced: TracedFunction, traceMilliseconds: Double
  ) {
    self.signature = signature
    self.template = template
    self.traced = traced
    self.traceMilliseconds = traceMilliseconds
    isPartOfTrace = traced.captures.contains { if case .traced = $0.origin { true } else { false } }
  }

  /// Times and sizes of its compilation; nil before that.
  var report: CompileReport? { program.withLock { $0?.0.report } }

  /// The text of a stage of its compilation.
  func dump(stage: Stage) throws -> String {
    try Compiler.dump(
      traced.function, in: Module(), transform: .none, stage: stage, options: CompileOptions())
  }

  /// Whether it fits a call.
  func fits(_ visitor: TensorVisitor) -> Bool {
    guard visitor.nodes.count == signature.types.count, visitor.statics == signature.statics else {
      return false
    }
    for (node, type) in zip(visitor.nodes, signature.types) where node.type != type { return false }
    return true
  }

  /// The tensors of the output.
  @usableFromInline
  func call(_ nodes: [TensorNode], at location: SourceLocation) throws -> [TensorNode] {
    if isPartOfTrace || !nodes.allSatisfy({ $0.knownAddress != nil }) {
      if Trace.current != nil { return try traced.applied(to: nodes, at: location) }
    }
    let (program, captures) = try compiled(at: location)
    let known = try Evaluation.known(nodes, at: location)
    return try program.call(nodes: captures.isEmpty ? known : known + captures)
  }

  /// The compiled form and the values behind its own arguments.
  private func compiled(
    at location: SourceLocation
  ) throws -> (CompiledProgram, [TensorNode]) {
    try program.withLock { program in
      if let program { return program }
      do {
        let captures = try Evaluation.known(traced.captures, at: location)
        let compiled = (
          try Compiler.compile(
            traced.function, engine: Engine.preferred, parseMilliseconds: traceMilliseconds),
          captures
        )
        program = compiled
        return compiled
      } catch let error as AdjointError {
        throw error.placed(at: location)
      }
    }
  }
}

/// All compiled forms of one function, the last one used first.
@usableFromInline
final class Specializations<Output: Sendable>: Sendable {
  /// What has been compiled.
  private struct State: Sendable {
    var entries: [Specialization<Output>] = []
    var last: Specialization<Output>?
    var reasons: [String] = []
  }

  /// Where the function was handed to `jit`.
  @usableFromInline let location: SourceLocation
  private let state = Mutex(State())

  init(at location: SourceLocation) { self.location = location }

  /// How many signatures were compiled.
  var count: Int { state.withLock { $0.entries.count } }

  /// How many tensors the next call probably has.
  @usableFromInline var expectedCount: Int {
    state.withLock { $0.last?.signature.types.count ?? 8 }
  }

  /// The form used last.
  var last: Specialization<Output>? { state.withLock { $0.last } }

  /// The form for a call, made by `trace` where there is none.
  @usableFromInline
  func find(
    _ visitor: TensorVisitor,
    trace: ([TensorNode]) throws -> (Output, [TensorNode]),
    template: (Output, [TensorNode]) throws -> Output
  ) throws -> Specialization<Output> {
    let found = state.withLock { state -> Specialization<Output>? in
      if let last = state.last, last.fits(visitor) { return last }
      guard let entry = state.entries.first(where: { $0.fits(visitor) }) else { return nil }
      state.last = entry
      return entry
    }
    if let found { return found }
    for node in visitor.nodes { if let error = node.failure { throw error.placed(at: location) } }
    let signature = Signature(types: visitor.nodes.map(\.type), statics: visitor.statics)
    var output: Output?
    let start = ContinuousClock.now
    let traced = try Trace.record(signature.types, for: .compilation, at: location) { nodes in
      let (value, results) = try trace(nodes)
      output = value
      return results
    }
    guard let output else { preconditionFailure("a recorded closure has returned a value") }
    let placeholders = traced.function.resultTypes.map(TensorNode.placeholder)
    let entry = Specialization(
      signature, template: try template(output, placeholders), traced,
      traceMilliseconds: start.duration(to: .now).milliseconds)
    state.withLock { state in
      state.reasons.append(reason(for: signature, after: state.entries.map(\.signature)))
      state.entries.append(entry)
      state.last = entry
    }
    return entry
  }

  /// What is new in a signature against the nearest one before it.
  private func reason(for signature: Signature, after former: [Signature]) -> String {
    let differences = former.map { $0.differences(to: signature) }
    guard let nearest = differences.min(by: { $0.count < $1.count }) else { return "first call" }
    return nearest.joined(separator: "; ")
  }

  /// One line per compiled signature: its types and why it was compiled.
  func explain() -> String {
    state.withLock { state in
      zip(state.entries, state.reasons).enumerated().map { index, entry in
        let types = entry.0.signature.types.map(\.description).joined(separator: ", ")
        return "\(index + 1). (\(types)): \(entry.1)"
      }.joined(separator: "\n")
    }
  }
}

extension Signature {
  /// What is different in another signature, in words.
  fileprivate func differences(to other: Signature) -> [String] {
    guard types.count == other.types.count, statics.count == other.statics.count else {
      return ["other number of tensors: \(other.types.count) instead of \(types.count)"]
    }
    var differences = [String]()
    for (index, (old, new)) in zip(types, other.types).enumerated() where old != new {
      differences.append("tensor \(index) is \(new) instead of \(old)")
    }
    for (old, new) in zip(statics, other.statics) where old != new {
      differences.append("static value \(new.description) instead of \(old.description)")
    }
    return differences
  }
}

extension TensorNode {
  /// A value that only holds a place for one of its type.
  static func placeholder(_ type: TensorType) -> TensorNode {
    TensorNode(type, .failed(AdjointError(.argument, "a placeholder has no value")))
  }
}
