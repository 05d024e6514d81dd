internal import TensorIR

/// What is known of the values of a trace whose closure asks for some while it runs.
///
/// Each time only what is new is computed, from what earlier times have left: the values asked for, and
/// those that were computed twice by then. So a loop that looks at a value in each round computes every
/// value twice at most, and its rounds are the same small function, which is compiled once.
struct TraceLooks: Sendable {
  /// The values computed so far, by id.
  private var known: [Int: TensorNode] = [:]
  /// How often values were computed, by id, as long as they are not known.
  private var passes: [Int: Int] = [:]
  /// The positions of parameters, by id, as far as they have been looked up.
  private var parameters: [Int: Int] = [:]
  /// How many operations there were at each look.
  private(set) var cuts: [Int] = []

  /// What has to be computed for some values.
  mutating func look(
    at values: [ValueID], in builder: FunctionBuilder, _ arguments: [TensorNode]
  ) -> TraceLook {
    let function = builder.function
    if cuts.last != function.operations.count { cuts.append(function.operations.count) }
    var isNeeded = Set<Int>()
    var pending = values
    while let value = pending.popLast() {
      guard known[value.index] == nil, let position = builder.definingPosition(of: value),
        isNeeded.insert(position).inserted
      else { continue }
      pending += function.operations[position].operands
    }
    let positions = isNeeded.sorted()
    var wanted = Set(values.map(\.index))
    for result in positions.lazy.flatMap({ function.operations[$0].results }) {
      let count = (passes[result.index] ?? 0) + 1
      passes[result.index] = count
      if count > 1 { wanted.insert(result.index) }
    }
    let results = positions.flatMap { function.operations[$0].results }
      .filter { wanted.contains($0.index) }
    let part = function.part(positions, returning: results)
    return TraceLook(
      function: part.function, inputs: part.inputs.map { node($0, in: builder, arguments) },
      results: results)
  }

  /// Notes values that were computed.
  mutating func note(_ found: [(value: ValueID, node: TensorNode)]) {
    for (value, node) in found {
      known[value.index] = node
      passes[value.index] = nil
    }
  }

  /// A value that is known, or the argument that a parameter stands for.
  mutating func node(
    _ value: ValueID, in builder: FunctionBuilder, _ arguments: [TensorNode]
  ) -> TensorNode {
    if let node = known[value.index] { return node }
    if parameters[value.index] == nil {
      for (position, parameter) in builder.function.parameters.enumerated().dropFirst(
        parameters.count)
      {
        parameters[parameter.index] = position
      }
    }
    guard let position = parameters[value.index] else {
      preconditionFailure("a value that is looked at is a parameter or has just been computed")
    }
    return arguments[position]
  }
}

/// A function that computes values of a trace from known ones.
struct TraceLook: Sendable {
  /// What is computed.
  let function: Function
  /// The values of its parameters.
  let inputs: [TensorNode]
  /// What its results are in the trace.
  let results: [ValueID]

  /// Computes the values.
  func run(at location: SourceLocation) throws -> [(value: ValueID, node: TensorNode)] {
    guard !results.isEmpty else { return [] }
    let program = try ProgramCache.current.program(for: function)
    let nodes = try program.body.call(Evaluation.known(inputs, at: location))
    return Array(zip(results, nodes))
  }
}

extension Function {
  /// The operations at some rising positions as a function that returns some of their results, and what
  /// it reads besides, in the order of its parameters.
  ///
  /// Values are numbered in the order of the operations, so that equal parts are equal functions.
  func part(
    _ positions: some Collection<Int>, returning results: [ValueID]
  ) -> (function: Function, inputs: [ValueID]) {
    var part = Function(name: "main")
    var names: [Int: ValueID] = [:]
    func define(_ value: ValueID) -> ValueID {
      let name = ValueID(part.types.count)
      part.types.append(self[value])
      names[value.index] = name
      return name
    }
    var isDefined = Set<Int>()
    var inputs: [ValueID] = []
    for position in positions {
      for operand in operations[position].operands where isDefined.insert(operand.index).inserted {
        inputs.append(operand)
      }
      for result in operations[position].results { isDefined.insert(result.index) }
    }
    part.parameters = inputs.map(define)
    for position in positions {
      var operation = operations[position]
      operation.operands = operation.operands.map { names[$0.index] ?? $0 }
      operation.results = operation.results.map(define)
      part.operations.append(operation)
    }
    part.results = results.compactMap { names[$0.index] }
    return (part, inputs)
  }
}
