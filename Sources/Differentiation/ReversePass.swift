import TensorIR

/// Reverse mode: copies a function, then walks the linear part of its forward mode backwards and
/// gives each value the cotangent its tangent stands for.
///
/// The linear part are the operations that depend on a tangent. What they read besides tangents,
/// the residuals, is copied when first read, so nothing is computed that no cotangent needs.
/// Transposition rules stand in `<Family>+Transpose.swift`. A missing cotangent is a symbolic zero.
struct ReversePass {
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

  /// The function that forward mode made.
  private let linear: Function
  /// Where each of its values is defined.
  private let definitions: [Int?]
  /// Whether each of its values depends on a tangent.
  private let isTangent: [Bool]
  /// The function under construction.
  var builder: FunctionBuilder
  /// The copy of each value that is no tangent, once there is one, by id in `linear`.
  private var residuals: [ValueID?]
  /// The cotangent of each tangent so far, by id in `linear`.
  private var cotangents: [Cotangent?]

  /// The function that `forward` differentiated, with cotangents of its parameters instead of
  /// tangents of its results.
  static func transposed(_ forward: ForwardPass, name: String, seed: Seed) throws -> Function {
    var pass = ReversePass(forward, name: name)
    let source = forward.source
    let parameters = source.parameters.map { pass.builder.parameter(source[$0]) }
    var copies = [ValueID](repeating: ValueID(0), count: source.types.count)
    for (parameter, copy) in zip(source.parameters, parameters) {
      copies[parameter.index] = copy
      pass.residuals[forward.primal(parameter).index] = copy
    }
    let floats = seed.results.filter { source[source.results[$0]].element.isFloat }
    var seeds: [ValueID] = []
    if case .parameters = seed {
      seeds = floats.map { pass.builder.parameter(source[source.results[$0]]) }
    }
    for operation in source.operations {
      let results = try pass.builder.copy(
        operation, operands: operation.operands.map { copies[$0.index] })
      for (result, copy) in zip(operation.results, results) {
        copies[result.index] = copy
        pass.residuals[forward.primal(result).index] = copy
      }
    }
    pass.builder.location = source.location
    if case .one = seed {
      seeds = try floats.map { try pass.builder.splat(1, source[source.results[$0]]) }
    }
    for (position, cotangent) in zip(floats, seeds) {
      guard let tangent = forward.tangent(source.results[position]) else { continue }
      try pass.accumulate(cotangent, on: tangent)
    }
    try pass.transposeOperations()
    pass.builder.location = source.location
    let gradients = try forward.tangentParameters.map { tangent in
      try pass.takeCotangent(of: tangent) ?? pass.builder.splat(0, pass.type(tangent))
    }
    return pass.builder.finish(returning: source.results.map { copies[$0.index] } + gradients)
  }

  /// A pass over what forward mode made, with nothing copied yet.
  private init(_ forward: ForwardPass, name: String) {
    linear = forward.builder.function
    definitions = linear.definitions()
    builder = FunctionBuilder(
      name: name, isPrivate: forward.source.isPrivate, location: forward.source.location)
    residuals = Array(repeating: nil, count: linear.types.count)
    cotangents = Array(repeating: nil, count: linear.types.count)
    var isTangent = [Bool](repeating: false, count: linear.types.count)
    for tangent in forward.tangentParameters { isTangent[tangent.index] = true }
    for operation in linear.operations
    where operation.operands.contains(where: { isTangent[$0.index] }) {
      for result in operation.results { isTangent[result.index] = true }
    }
    self.isTangent = isTangent
  }

  /// Transposes the linear part, last operation first.
  private mutating func transposeOperations() throws {
    for operation in linear.operations.reversed() {
      guard let result = operation.results.first, isLinear(result) else { continue }
      builder.location = operation.location
      guard let cotangent = try takeCotangent(of: result) else { continue }
      builder.location = operation.location
      try operation.transpose(cotangent, in: &self)
    }
  }
}

// MARK: - What rules ask for

extension ReversePass {
  /// Whether a value depends on a tangent.
  func isLinear(_ value: ValueID) -> Bool { isTangent[value.index] }

  /// The type of a value of the linear part.
  func type(_ value: ValueID) -> TensorType { linear[value] }

  /// The forward function, with its definitions, for questions about indices.
  var indexFacts: IndexFacts { IndexFacts(function: linear, definitions: definitions) }

  /// The copy of a value that is no tangent, made with all it depends on when first asked for.
  ///
  /// Copies of the source's own values exist from the start, so this only recurs through what one
  /// tangent rule emitted.
  mutating func residual(_ value: ValueID) throws -> ValueID {
    if let copy = residuals[value.index] { return copy }
    guard let position = definitions[value.index], !isLinear(value) else {
      throw AdjointError(
        .notDifferentiable, "\(value) is needed as a factor, but is a tangent",
        at: builder.location)
    }
    let operation = linear.operations[position]
    let operands = try operation.operands.map { try residual($0) }
    let copies = try builder.copy(operation, operands: operands)
    for (result, copy) in zip(operation.results, copies) { residuals[result.index] = copy }
    return copies[0]
  }

  /// Adds a cotangent to what a value has; nothing where the value is no tangent.
  mutating func accumulate(_ cotangent: ValueID, on value: ValueID) throws {
    guard isLinear(value) else { return }
    var sum = cotangents[value.index] ?? Cotangent()
    cotangents[value.index] = nil
    sum.dense = try sum.dense.map { try builder.add($0, cotangent) } ?? cotangent
    cotangents[value.index] = sum
  }

  /// Adds a cotangent of a region of a value to what the value has.
  mutating func accumulate(_ cotangent: ValueID, on value: ValueID, region: Region) {
    guard isLinear(value), builder[cotangent].count > 0 else { return }
    var sum = cotangents[value.index] ?? Cotangent()
    cotangents[value.index] = nil
    sum.pieces.append(
      Cotangent.Piece(region: region, value: cotangent, location: builder.location))
    cotangents[value.index] = sum
  }

  /// The whole cotangent of a value, which then has none; nil is zero.
  private mutating func takeCotangent(of value: ValueID) throws -> ValueID? {
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
