internal import Synchronization
internal import TensorIR

/// A function being recorded: operations on its values, and on anything else while it is the
/// innermost trace of the task, become its operations.
///
/// Values from outside become *captures*: parameters behind the function's own (closure
/// conversion). So a trace can stand inside another one, and its function can be differentiated on
/// its own and then be inlined into the outer one, where its captures are values again.
final class Trace: @unchecked Sendable {
  /// What a trace is for, which decides what its values can be asked.
  enum Purpose {
    /// A function that is compiled for other arguments too; its values do not exist yet.
    ///
    /// `owner` and `types` tell calls of one compiled function apart, to find those without end.
    case compilation(owner: ObjectIdentifier, signature: Signature)
    /// The body of a loop or branch; its values do not exist yet.
    case region
    /// A function that is transformed and then applied to these arguments, which have values when
    /// the trace outside it, if any, has.
    case transform(arguments: [TensorNode])
    /// A function of one example that is made one of many; single examples have no values.
    case mapping
  }

  /// A number by its element type and bits.
  private struct Number: Hashable {
    let element: ElementType
    let bits: UInt64

    func _rawHashValue(seed: Int) -> Int { Int(truncatingIfNeeded: bits).scattered(by: seed) }
  }

  /// What is recorded so far.
  private struct State: Sendable {
    var builder: FunctionBuilder
    /// The function's names for numbers from outside that became constants.
    var numbers: [Number: ValueID] = [:]
    /// The values read from outside, each with a parameter behind the function's own.
    var captures: [TensorNode] = []
    /// The function's name for each value read from outside; `captures` and `constants` keep the
    /// identified objects alive.
    var names: [ObjectIdentifier: ValueID] = [:]
    /// Values read from outside that became constants.
    var constants: [TensorNode] = []
    /// The first mistake made while recording.
    var error: AdjointError?
    /// What is known of the values of a function that is run while it is traced.
    var looks = TraceLooks()
    /// What transforms inside ask of the memory plan; nil where none does.
    var memory: MemoryOptions?
    /// How many `checkpoint` scopes were opened.
    var scopeCount = 0

    /// Lets no later operation be one of those that are there.
    mutating func forgetExpressions() {
      builder.forgetExpressions()
      numbers = [:]
    }
  }

  /// The innermost trace of this task.
  static var current: Trace? { Surroundings.current?.trace }

  /// Whether functions are traced at several sizes to be compared.
  @TaskLocal static var isForBuckets = false

  private let purpose: Purpose
  private let parent: Trace?
  /// How many traces this one stands in.
  private let depth: Int
  private let location: SourceLocation
  private let state: Mutex<State>

  /// Whether known scalars from outside become constants, because the function is compiled once.
  private let bakesScalars: Bool
  /// Whether zero and one from outside become constants, because the function is differentiated.
  private let bakesUnits: Bool
  /// Whether values can be computed while tracing, because the arguments have values.
  let isDefineByRun: Bool
  /// Whether an operation that is written again is the first one. Traces that are compared must not
  /// depend on which attributes happen to be equal at one size.
  private let sharesOperations = !Trace.isForBuckets
  /// What keeps the trace from being the innermost one: traces, `checkpoint` scopes and functions with a
  /// place inside its closure, and that the closure does not run.
  private let obstacles = Atomic<Int>(1)

  private init(_ purpose: Purpose, at location: SourceLocation) {
    self.purpose = purpose
    self.location = location
    parent = Trace.current
    depth = (parent?.depth ?? -1) + 1
    isDefineByRun =
      switch purpose {
      case .compilation, .region, .mapping: false
      case .transform: parent?.isDefineByRun ?? true
      }
    bakesScalars =
      switch purpose {
      case .compilation: true
      case .transform, .region, .mapping: parent?.bakesScalars ?? false
      }
    bakesUnits =
      switch purpose {
      case .transform: true
      case .compilation, .region, .mapping: parent?.bakesUnits ?? false
      }
    state = Mutex(State(builder: FunctionBuilder(name: "main", location: location)))
  }

  /// Records what `body` does with parameters of the given types.
  ///
  /// - Returns: the function, whose parameters are those and then its captures.
  /// - Throws: `AdjointError` for the first mistake made by `body`, and what `body` throws.
  static func record(
    _ parameters: [TensorType], for purpose: Purpose, at location: SourceLocation,
    _ body: ([TensorNode]) throws -> [TensorNode]
  ) throws -> TracedFunction {
    let trace = Trace(purpose, at: location)
    try trace.requireEnd()
    defer { trace.state.withLock { $0.forgetExpressions() } }
    let values = trace.state.withLock { state in parameters.map { state.builder.parameter($0) } }
    let nodes = zip(parameters, values).map { TensorNode($0, tracedBy: trace, $1) }
    let results: [TensorNode]
    do {
      results = try Surroundings.with(trace: trace) { try body(nodes) }
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
    return try trace.state.withLock { state in
      if let error = state.error { throw error }
      let returned = try results.map { try trace.name(of: $0, in: &state) }
      return TracedFunction(
        function: state.builder.finish(returning: returned), captures: state.captures,
        cuts: state.looks.cuts, memory: state.memory)
    }
  }

  /// Traces inside each other are refused beyond this depth, because each needs stack.
  private static let depthLimit = 48

  /// Fails where a compiled function calls itself without end, or traces stand too deep in others.
  private func requireEnd() throws {
    if case .compilation(let owner, let signature) = purpose {
      var next = parent
      while let trace = next {
        if case .compilation(owner, signature) = trace.purpose {
          throw AdjointError(
            .unsupported,
            "a compiled function calls itself with arguments of the same types, without end;"
              + " recursion cannot depend on values while jit traces", at: location)
        }
        next = trace.parent
      }
    }
    guard depth >= Self.depthLimit else { return }
    throw AdjointError(
      .unsupported,
      "\(Self.depthLimit) functions are traced inside each other: a recursion without end?",
      at: location)
  }

  /// Whether operations on values of the trace belong to it, and to nothing inside it.
  ///
  /// This spares them to look at the surroundings. It may hold where a value has escaped from the closure
  /// to another thread while the closure runs.
  var isInnermost: Bool { obstacles.load(ordering: .relaxed) == 0 }

  /// Runs `body`, in which something keeps the trace from being the innermost one, or nothing any more.
  func withObstacles<Result>(
    _ change: Int, _ body: () throws -> Result
  ) rethrows -> Result {
    obstacles.add(change, ordering: .relaxed)
    defer { obstacles.subtract(change, ordering: .relaxed) }
    return try body()
  }

  /// Whether what runs now is recorded to be compiled, so that it does not run in later calls.
  static var isCompiling: Bool { current.map { !$0.isDefineByRun } ?? false }

  /// Adds an operation.
  ///
  /// - Throws: `AdjointError` where operands break the op's typing rule or failed before.
  func record(
    _ op: Op, _ operands: [TensorNode], at location: SourceLocation, in scopes: [Int]
  ) throws -> TensorNode {
    let place = place(location, in: scopes)
    return try state.withLock { state in
      let names = try operands.map { try name(of: $0, in: &state) }
      return try append(op, names, at: place, after: operands.first, to: &state)
    }
  }

  /// Adds an operation on one or two values, while the trace is the innermost one.
  ///
  /// - Throws: as above.
  func record(
    _ op: Op, _ first: TensorNode, _ second: TensorNode?, at location: SourceLocation
  ) throws -> TensorNode {
    let place = place(location, in: [])
    return try state.withLock { state in
      let left = try name(of: first, in: &state)
      guard let second else { return try append(op, [left], at: place, after: first, to: &state) }
      let right = try name(of: second, in: &state)
      return try append(op, [left, right], at: place, after: first, to: &state)
    }
  }

  /// Where an operation is written.
  @inline(__always)
  private func place(_ location: SourceLocation, in scopes: [Int]) -> SourceLocation {
    let known = location.isKnown ? location : self.location.refined(by: location)
    return scopes.isEmpty ? known : known.inCheckpoint(scopes)
  }

  /// Adds an operation on values of the function, whose type may be that of an operand, which fits.
  @inline(__always)
  private func append(
    _ op: Op, _ names: [ValueID], at place: SourceLocation, after operand: TensorNode?,
    to state: inout State
  ) throws -> TensorNode {
    let value =
      sharesOperations
      ? try state.builder.emitOnce(op, names, at: place)
      : try state.builder.emit(op, names, at: place)
    let type = state.builder[value]
    if type != operand?.type { try type.requireSize(at: place) }
    return TensorNode(type, tracedBy: self, value)
  }

  /// Adds all operations of a function, with `arguments` in place of its parameters.
  func inline(_ function: Function, _ arguments: [TensorNode]) throws -> [TensorNode] {
    let scopes = Surroundings.current?.scopes ?? []
    return try state.withLock { state in
      var names = [ValueID?](repeating: nil, count: function.types.count)
      for (parameter, argument) in zip(function.parameters, arguments) {
        names[parameter.index] = try name(of: argument, in: &state)
      }
      for operation in function.operations {
        let operands = operation.operands.compactMap { names[$0.index] }
        let place = operation.location.inCheckpoint(scopes)
        let results =
          sharesOperations
          ? try state.builder.emitAllOnce(operation.op, operands, at: place)
          : try state.builder.emitAll(operation.op, operands, at: place)
        for (result, name) in zip(operation.results, results) { names[result.index] = name }
      }
      return function.results.compactMap { result in
        names[result.index].map { TensorNode(function[result], tracedBy: self, $0) }
      }
    }
  }

  /// The number of a new `checkpoint` scope: another one for each in the outermost trace and in those inside.
  func addScope() -> Int {
    if let parent { return parent.addScope() }
    return state.withLock { state in
      state.scopeCount += 1
      return state.scopeCount
    }
  }

  /// Notes what a transform asks of the memory plan; of several budgets the least holds.
  func note(_ memory: MemoryOptions) {
    state.withLock { state in
      guard let known = state.memory else { return state.memory = memory }
      let budget = [known.budget, memory.budget].compactMap { $0 }.min()
      state.memory = MemoryOptions(
        budget: budget, policy: memory.policy == .automatic ? known.policy : memory.policy)
    }
  }

  /// Keeps the first mistake, to be thrown when the closure has returned.
  func fail(_ error: AdjointError) {
    state.withLock { state in
      if state.error == nil { state.error = error.placed(at: location) }
    }
  }

  /// The mistake of using a value of this trace outside it.
  var escapeError: AdjointError {
    AdjointError(
      .argument,
      "a traced tensor is used outside the closure it was traced in (\(location));"
        + " return it from the closure instead")
  }

  /// The function's name for a value, which is captured when it comes from outside.
  @inline(__always)
  private func name(of node: TensorNode, in state: inout State) throws -> ValueID {
    if let name = node.name(in: self) { return name }
    return try nameFromOutside(node, in: &state)
  }

  /// The function's name for a value that is not its own.
  private func nameFromOutside(_ node: TensorNode, in state: inout State) throws -> ValueID {
    if let name = try nameOfNumber(node, in: &state) { return name }
    let origin = node.origin
    switch origin {
    case .traced(let trace, let value):
      if trace === self { return value }
      guard trace.isAround(self) else { throw trace.escapeError }
    case .failed(let error): throw error
    case .known, .deferred: break
    }
    let identifier = ObjectIdentifier(node)
    if let name = state.names[identifier] { return name }
    let name: ValueID
    if let literal = node.constant(bakingScalars: bakesScalars)
      ?? (bakesUnits ? node.unit : nil)
    {
      name = try state.builder.constant(literal)
      state.constants.append(node)
    } else {
      name = state.builder.parameter(node.type)
      state.captures.append(node)
    }
    state.names[identifier] = name
    return name
  }

  /// The function's name for a number that becomes a constant; nil for other values.
  private func nameOfNumber(_ node: TensorNode, in state: inout State) throws -> ValueID? {
    guard sharesOperations, node.type.isScalar, node.isLiteral || bakesScalars,
      node.knownAddress != nil, case let element = node.type.element, element.byteCount <= 8
    else { return nil }
    var bits: UInt64 = 0
    node.withUnsafeBytes { bytes in withUnsafeMutableBytes(of: &bits) { $0.copyMemory(from: bytes) }
    }
    let number = Number(element: element, bits: bits)
    if let name = state.numbers[number] { return name }
    guard let literal = node.constant(bakingScalars: bakesScalars) else { return nil }
    let name = try state.builder.emitOnce(.constant(literal), [], at: location)
    state.numbers[number] = name
    return name
  }

  /// Whether `inner` is recorded by a closure inside this trace's closure.
  private func isAround(_ inner: Trace) -> Bool {
    var next = inner.parent
    while let trace = next {
      if trace === self { return true }
      next = trace.parent
    }
    return false
  }

  /// Computes values of a trace whose arguments have values: what no earlier call has computed.
  ///
  /// - Throws: `AdjointError` where they have none, because a function is being compiled.
  func evaluate(_ values: [ValueID]) throws -> [TensorNode] {
    guard case .transform(let arguments) = purpose, isDefineByRun else {
      throw AdjointError(
        .unsupported,
        "a tensor that is traced has no value yet; choose with select or cond, repeat with scan,"
          + " forLoop or whileLoop, or return the tensor from the closure (\(location))")
    }
    let look = state.withLock { state in
      // Each part of a function that is looked at is a program; equal parts are one.
      state.forgetExpressions()
      return state.looks.look(at: values, in: state.builder, arguments + state.captures)
    }
    let found = try look.run(at: location)
    let nodes = state.withLock { state in
      state.looks.note(found)
      return values.map { state.looks.node($0, in: state.builder, arguments + state.captures) }
    }
    return try Evaluation.known(nodes, at: location)
  }
}

extension TensorNode {
  /// The value as a constant of a function that captures it; nil where it is better passed to it.
  func constant(bakingScalars: Bool) -> Literal? {
    guard isLiteral || (bakingScalars && type.isScalar), knownAddress != nil
    else { return nil }
    return withUnsafeBytes { Literal(type, bytes: Array($0)) }
  }

  /// The number zero or one as a constant; nil for other values. Derivatives know forms with them, such as
  /// 1 / (1 + exp(−x)), whose chain rules are NaN far out.
  var unit: Literal? {
    guard type.isScalar, type.element.isFloat, knownAddress != nil else { return nil }
    let literal = withUnsafeBytes { Literal(type, bytes: Array($0)) }
    return literal.splatValue == 0 || literal.splatValue == 1 ? literal : nil
  }
}

/// A recorded function and the outer values that go behind its own arguments.
struct TracedFunction: Sendable {
  /// The parameters are the closure's own, then one for each capture.
  var function: Function
  /// The values of the parameters behind the closure's own.
  var captures: [TensorNode]
  /// How many operations there were each time the closure asked for values.
  var cuts: [Int] = []
  /// What transforms inside ask of the memory plan; nil where none does.
  var memory: MemoryOptions?

  /// Whether the function reads values of a trace around it, and so can only become part of that.
  var isPartOfTrace: Bool {
    captures.contains { if case .traced = $0.origin { true } else { false } }
  }

  /// The function's results for these arguments: operations of the innermost trace, or else values
  /// computed now.
  func applied(
    to arguments: [TensorNode], at location: SourceLocation
  ) throws -> [TensorNode] {
    for argument in arguments { if let error = argument.failure { throw error } }
    do {
      if let trace = Trace.current {
        if let memory = memory ?? MemoryRequest.current { trace.note(memory) }
        return try trace.inline(function, arguments + captures)
      }
      return try evaluated(arguments, at: location)
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }

  /// The function's results for these arguments, computed now.
  func evaluated(
    _ arguments: [TensorNode], at location: SourceLocation = .unknown
  ) throws -> [TensorNode] {
    let (pruned, isKept) = function.pruned()
    let inputs = zip(arguments + captures, isKept).filter(\.1).map(\.0)
    let program = try ProgramCache.current.program(
      for: pruned, memory: MemoryRequest.current ?? memory ?? MemoryOptions())
    return try program.body.call(Evaluation.known(inputs, at: location))
  }
}
