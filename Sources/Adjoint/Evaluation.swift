internal import Interpreter
internal import Optimizer
internal import Runtime
internal import Synchronization
internal import TensorIR

/// Computing values outside `jit`: deferred operations are collected into a function, compiled
/// (or found compiled) and run.
enum Evaluation {
  /// Known values equal to `nodes`, in their order.
  ///
  /// - Throws: `AdjointError` where a value failed, or is traced and has no value yet; it is placed
  ///   at `location` unless it already has a place.
  static func known(
    _ nodes: [TensorNode], at location: SourceLocation
  ) throws -> [TensorNode] {
    if nodes.allSatisfy({ $0.knownAddress != nil }) { return nodes }
    do {
      var deferred = [TensorNode]()
      var traced: [(trace: Trace, positions: [Int], values: [ValueID])] = []
      for (position, node) in nodes.enumerated() {
        switch node.origin {
        case .known: break
        case .deferred: deferred.append(node)
        case .failed(let error): throw error
        case .traced(let trace, let value):
          if let index = traced.firstIndex(where: { $0.trace === trace }) {
            traced[index].positions.append(position)
            traced[index].values.append(value)
          } else {
            traced.append((trace, [position], [value]))
          }
        }
      }
      if !deferred.isEmpty { try run(deferred) }
      var known = nodes
      for (trace, positions, values) in traced {
        for (position, node) in zip(positions, try trace.evaluate(values)) {
          known[position] = node
        }
      }
      return known
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }

  /// Makes deferred values known, all in one function.
  private static func run(_ roots: [TensorNode]) throws {
    var roots = roots
    try moveSlices(of: &roots)
    if roots.isEmpty { return }
    var graph = DeferredGraph()
    for root in roots { try graph.collect(root) }
    let outputs = graph.outputs(roots)
    guard !outputs.isEmpty else { return }
    let function = graph.builder.finish(returning: outputs.map(\.name))
    let program = try ProgramCache.current.program(for: function)
    for (output, block) in zip(outputs, try program.body.run(graph.inputs)) {
      output.node.publish(block)
    }
  }
}

/// Deferred operations and what they need, as a function.
private struct DeferredGraph {
  /// The function so far.
  var builder = FunctionBuilder(name: "main")
  /// The values of its parameters.
  var inputs: [TensorNode] = []
  /// The function's name for each value.
  private var names: [ObjectIdentifier: ValueID] = [:]
  /// Values that the function computes.
  private var computed: [(node: TensorNode, operation: DeferredOperation)] = []

  /// Adds a value and all it needs, operands first.
  mutating func collect(_ root: TensorNode) throws {
    var stack: [(node: TensorNode, operation: DeferredOperation?)] = [(root, nil)]
    while let (node, operation) = stack.popLast() {
      if names[ObjectIdentifier(node)] != nil { continue }
      if let operation {
        let operands = operation.operands.compactMap { names[ObjectIdentifier($0)] }
        names[ObjectIdentifier(node)] = try builder.emit(
          operation.op, operands, at: operation.location)
        computed.append((node, operation))
        continue
      }
      switch node.origin {
      case .known: try input(node)
      case .failed(let error): throw error
      case .traced(let trace, _): throw trace.escapeError
      case .deferred(let operation):
        stack.append((node, operation))
        for operand in operation.operands.reversed() { stack.append((operand, nil)) }
      }
    }
  }

  /// Adds a known value: a constant where it was written as a literal, else a parameter.
  private mutating func input(_ node: TensorNode) throws {
    let name: ValueID
    if let literal = node.constant(bakingScalars: false) {
      name = try builder.constant(literal)
    } else {
      name = builder.parameter(node.type)
      inputs.append(node)
    }
    names[ObjectIdentifier(node)] = name
  }

  /// The values to keep: those asked for, and those that an earlier evaluation computed too, so
  /// that nothing is computed more than twice.
  func outputs(_ roots: [TensorNode]) -> [(node: TensorNode, name: ValueID)] {
    let wanted = Set(roots.map { ObjectIdentifier($0) })
    return computed.compactMap { node, operation in
      let passes = operation.passes.add(1, ordering: .relaxed).newValue
      guard wanted.contains(ObjectIdentifier(node)) || passes > 1 else { return nil }
      return names[ObjectIdentifier(node)].map { (node, $0) }
    }
  }
}

extension TensorNode {
  /// A known value equal to this one.
  ///
  /// - Throws: `AdjointError` as `Evaluation.known` does.
  func known(at location: SourceLocation) throws -> TensorNode {
    try knownAddress != nil ? self : Evaluation.known([self], at: location)[0]
  }
}

/// Functions compiled for deferred operations and for transforms outside `jit`, by what they
/// compute.
final class ProgramCache: Sendable {
  /// What identifies a program.
  private struct Key: Hashable {
    let function: FunctionIdentity
    let engine: Engine
    /// The arguments for whose cotangents the function's pullback is compiled; nil for the function.
    var pullback: [Int]?
    /// What is asked of the memory plan.
    var memory: MemoryOptions
  }

  /// The programs and how often they were wanted.
  private struct State {
    var programs = RecencyTable<Key, CompiledProgram>(limit: ProgramCache.limit)
    var compilations = 0
    var hits = 0
  }

  /// The cache of this task.
  @TaskLocal static var current = ProgramCache()

  /// Of more programs the one that was not used for longest is forgotten.
  static let limit = 1024

  private let state = Mutex(State())

  /// How many programs were compiled.
  var compilations: Int { state.withLock { $0.compilations } }
  /// How many programs were found compiled.
  var hits: Int { state.withLock { $0.hits } }

  /// The compiled form of a function without calls.
  func program(
    for function: Function, memory: MemoryOptions = MemoryOptions()
  ) throws -> CompiledProgram {
    let key = Key(
      function: FunctionIdentity(function: function), engine: .preferred, memory: memory)
    return try program(key) { function }
  }

  /// The compiled pullback of a function without calls: it takes the function's arguments and a
  /// cotangent of each float result, and gives cotangents of some arguments.
  func program(
    forPullbackOf function: Function, arguments: [Int]
  ) throws -> CompiledProgram {
    let key = Key(
      function: FunctionIdentity(function: function), engine: .preferred, pullback: arguments,
      memory: MemoryRequest.current ?? MemoryOptions())
    return try program(key) {
      var pullback = try function.simplified().differentiated(by: .vjp(arguments))
      pullback.results.removeFirst(function.results.count)
      return pullback
    }
  }

  /// The program of a key; what it computes is asked for where it is not compiled yet.
  private func program(_ key: Key, _ function: () throws -> Function) throws -> CompiledProgram {
    let found = state.withLock { state -> CompiledProgram? in
      guard let program = state.programs.value(for: key) else { return nil }
      state.hits += 1
      return program
    }
    if let found { return found }
    let options = CompileOptions(
      memoryBudget: key.memory.budget.map { .bytes($0) }, rematerialization: key.memory.policy)
    let source = try function()
    let program =
      try immediateProgram(source, key)
      ?? Compiler.compile(source, engine: key.engine, options: options)
    state.withLock { state in
      state.programs.insert(program, for: key)
      state.compilations += 1
    }
    return program
  }

  /// The function made ready to be carried out without being compiled; nil where it is too large for that,
  /// and where the memory of its machine code was asked to be planned.
  ///
  /// The function alone decides, never how often it ran, so that its results are the same bits each time.
  private func immediateProgram(_ function: Function, _ key: Key) throws -> CompiledProgram? {
    guard key.engine == .native, key.memory == MemoryOptions(),
      function.types.count < Self.immediateValues,
      let immediate = ImmediateProgram(function)
    else { return nil }
    try function.verify()
    return CompiledProgram(body: ProgramBody(immediate, function))
  }

  /// Functions of more values are compiled: they are rarely met once only.
  private static let immediateValues = 4096
}
