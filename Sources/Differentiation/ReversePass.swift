import TensorIR

/// Reverse mode: continues a function, walking the linear part of its forward mode backwards and
/// giving each value the cotangent its tangent stands for.
///
/// The linear part are the operations that depend on a tangent. What they read besides tangents,
/// the residuals, is copied when first read, so nothing is computed that no cotangent needs.
/// Transposition rules stand in `<Family>+Transpose.swift`. A missing cotangent is a symbolic zero.
struct ReversePass: LinearPass {
  /// Where the results' cotangents come from.
  enum Seed {
    /// One parameter for each float result; the positions of all results.
    case parameters([Int])
    /// One, for the first result alone.
    case one

    /// The positions of the results that have a cotangent.
    var results: [Int] {
      switch self {
      case .parameters(let positions): positions
      case .one: [0]
      }
    }
  }

  /// The function that forward mode made: the source's operations, then those of tangents.
  private(set) var linear: Function
  /// How many operations of it are the source's.
  private let ownOperations: Int
  /// How many values of it are the source's; they have the same ids in the function under
  /// construction.
  private let ownValues: Int
  /// The function that forward mode made, with its definitions, for questions about indices.
  let indexFacts: IndexFacts
  /// Whether each of its values depends on a tangent.
  private let isTangent: [Bool]
  /// The function under construction.
  var builder: FunctionBuilder
  /// Which cotangents hold zeros that are to stay zero.
  var zeros: ZeroFacts
  /// The copy of each residual that is no value of the source, once there is one, by id in `linear`.
  private var copies: [ValueID?]
  /// The cotangent of each tangent so far, by id in `linear`.
  private var cotangents: [Cotangent?]

  /// Where in the source each loop stands that one of the linear part runs again, by the latter's first
  /// result.
  private var rerunLoops: [ValueID: Int] = [:]
  /// What takes the place of results of the source's operations, by position.
  private var replacements: [Int: [ValueID]] = [:]

  /// The function that `forward` differentiated, with cotangents of its parameters instead of
  /// tangents of its results.
  static func transposed(_ forward: ForwardPass, name: String, seed: Seed) throws -> Function {
    let source = forward.source
    var pass = ReversePass(
      forward.builder.function, source: source, tangents: forward.tangentParameters, name: name)
    let floats = seed.results.map { source.results[$0] }.filter { source[$0].element.isInexact }
    for result in floats {
      let cotangent =
        switch seed {
        case .parameters: pass.builder.parameter(source[result])
        case .one: try pass.builder.splat(1, source[result])
        }
      guard let tangent = forward.tangent(result) else { continue }
      try pass.accumulate(cotangent, on: tangent)
    }
    pass.rerunLoops = forward.rerunLoops
    try pass.transposeOperations()
    pass.builder.location = source.location
    let gradients = try forward.tangentParameters.map { tangent in
      try pass.takeCotangent(of: tangent) ?? pass.builder.splat(0, pass.type(tangent))
    }
    var function = pass.builder.finish(returning: source.results + gradients)
    function.replaceResults(pass.replacements)
    function.dropUnread(definedFrom: source.types.count)
    if !pass.replacements.isEmpty { function.renumber() }
    return function
  }

  /// A pass over a function whose first operations and values are those of `source`, and which is
  /// linear in `tangents`, with nothing transposed yet.
  init(_ linear: Function, source: Function, tangents: [ValueID], name: String) {
    self.linear = linear
    ownOperations = source.operations.count
    ownValues = source.types.count
    indexFacts = IndexFacts(function: linear, definitions: linear.definitions())
    builder = FunctionBuilder(continuing: source, name: name)
    zeros = ZeroFacts(behind: source)
    copies = Array(repeating: nil, count: linear.types.count)
    cotangents = Array(repeating: nil, count: linear.types.count)
    isTangent = linear.dependents(on: tangents)
  }

  /// Transposes the linear part, last operation first.
  mutating func transposeOperations() throws {
    for operation in linear.operations[ownOperations...].reversed()
    where operation.results.contains(where: { isLinear($0) }) {
      builder.location = operation.location.backward
      let found = try operation.results.map { try takeCotangent(of: $0) }
      guard found.contains(where: { $0 != nil }) else { continue }
      builder.location = operation.location.backward
      try operation.transpose(found, in: &self)
    }
  }
}

// MARK: - What rules ask for

extension ReversePass {
  /// Whether a value depends on a tangent.
  func isLinear(_ value: ValueID) -> Bool { isTangent[value.index] }

  /// The type of a value of the linear part.
  func type(_ value: ValueID) -> TensorType { linear[value] }

  /// A value that is no tangent: the source's own, or a copy of what a tangent rule emitted, made
  /// with all it depends on when first asked for.
  mutating func residual(_ value: ValueID) throws -> ValueID {
    if value.index < ownValues { return value }
    if let copy = copies[value.index] { return copy }
    guard let position = indexFacts.definitions[value.index], !isLinear(value) else {
      throw AdjointError(
        .notDifferentiable, "\(value) is needed as a factor, but is a tangent",
        at: builder.location)
    }
    let operation = linear.operations[position]
    let operands = try operation.operands.map { try residual($0) }
    let results = try builder.emitAll(operation.op, operands, at: operation.location.backward)
    for (result, copy) in zip(operation.results, results) { copies[result.index] = copy }
    guard let copy = copies[value.index] else { preconditionFailure("results were just copied") }
    return copy
  }

  /// Lets what a loop of the linear part gives when it is run again stand for the results of the source's loop,
  /// which then need not run.
  mutating func use(_ values: [ValueID], forLoopOf operation: Operation) {
    guard let position = operation.results.first.flatMap({ rerunLoops[$0] }) else { return }
    replacements[position] = values
  }

  /// Adds a cotangent to what a value has; nothing where the value is no tangent.
  mutating func accumulate(_ cotangent: ValueID, on value: ValueID) throws {
    guard isLinear(value) else { return }
    var sum = cotangents[value.index] ?? Cotangent()
    cotangents[value.index] = nil
    if let dense = sum.dense {
      sum.dense = try added(dense, cotangent)
    } else {
      sum.dense = cotangent
    }
    cotangents[value.index] = sum
  }

  /// Adds a cotangent of a region of a value to what the value has.
  mutating func accumulate(_ cotangent: ValueID, on value: ValueID, region: Window) {
    guard isLinear(value), builder[cotangent].count > 0 else { return }
    var sum = cotangents[value.index] ?? Cotangent()
    cotangents[value.index] = nil
    sum.pieces.append(
      Cotangent.Piece(region: region, value: cotangent, location: builder.location))
    cotangents[value.index] = sum
  }

  /// The whole cotangent of a value, which then has none; nil is zero.
  mutating func takeCotangent(of value: ValueID) throws -> ValueID? {
    guard let cotangent = cotangents[value.index] else { return nil }
    cotangents[value.index] = nil
    return try builder.assembled(cotangent, as: type(value))
  }

  /// The error for an operation of the linear part that is not in the vocabulary of linear ops.
  func notLinear(_ operation: Operation) -> AdjointError {
    AdjointError(
      .notDifferentiable,
      "\(operation.op.mnemonic) has no transpose: it is not linear in what a "
        + "tangent reaches", at: operation.location)
  }
}
