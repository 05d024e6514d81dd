import TensorIR

/// Forward mode: copies a function and computes, beside each active value, its tangent.
///
/// A missing tangent is a symbolic zero. Rules stand in `<Family>+JVP.swift`; what they emit is
/// linear in the tangents, in the vocabulary that `<Family>+Transpose.swift` can transpose.
struct ForwardPass {
  /// The function differentiated.
  let source: Function
  /// The function under construction.
  var builder: FunctionBuilder
  /// The positions of the results whose tangents are wanted.
  let results: [Int]
  /// The tangent parameters, one per differentiated parameter.
  private(set) var tangentParameters: [ValueID] = []
  /// The copy of each source value, by source id.
  private(set) var primals: [ValueID]
  /// The tangent of each source value, by source id; nil is zero.
  private var tangents: [ValueID?]
  /// Where each source value is defined.
  private let definitions: [Int?]

  /// Differentiates the results at `results` with respect to the parameters at `parameters`.
  init(_ source: Function, name: String, parameters: [Int], results: [Int]) throws {
    self.source = source
    self.results = results
    builder = FunctionBuilder(
      name: name, isPrivate: source.isPrivate, location: source.location)
    definitions = source.definitions()
    primals = Array(repeating: ValueID(0), count: source.types.count)
    tangents = Array(repeating: nil, count: source.types.count)
    let activity = Activity(of: source, from: parameters, to: results)
    for parameter in source.parameters {
      primals[parameter.index] = builder.parameter(source[parameter])
    }
    try addTangents(of: parameters, activity)
    for operation in source.operations { try differentiate(operation, activity) }
  }

  /// Adds a tangent parameter for each index; an index named twice gets the sum of both.
  private mutating func addTangents(of parameters: [Int], _ activity: Activity) throws {
    for index in parameters {
      let parameter = source.parameters[index]
      let tangent = builder.parameter(source[parameter])
      tangentParameters.append(tangent)
      guard activity[parameter] else { continue }
      tangents[parameter.index] = try sum(tangents[parameter.index], tangent)
    }
  }

  /// Copies one operation and computes its tangent where one is wanted.
  private mutating func differentiate(_ operation: Operation, _ activity: Activity) throws {
    let copies = try builder.copy(operation, operands: operation.operands.map(primal))
    for (result, copy) in zip(operation.results, copies) { primals[result.index] = copy }
    guard let result = operation.results.first, activity[result] else { return }
    guard operation.operands.contains(where: { tangent($0) != nil }) else { return }
    builder.location = operation.location
    tangents[result.index] = try operation.tangent(in: &self)
  }

  /// The function with its own results and all tangents, zeros included.
  consuming func finished() throws -> Function {
    builder.location = source.location
    var returned = source.results.map(primal)
    for position in results where source[source.results[position]].element.isFloat {
      let value = source.results[position]
      returned.append(try tangent(value) ?? builder.splat(0, source[value]))
    }
    return builder.finish(returning: returned)
  }
}

// MARK: - What rules ask for

extension ForwardPass {
  /// The copy of a source value.
  func primal(_ value: ValueID) -> ValueID { primals[value.index] }

  /// The tangent of a source value; nil is zero.
  func tangent(_ value: ValueID) -> ValueID? { tangents[value.index] }

  /// The type of a source value.
  func type(_ value: ValueID) -> TensorType { source[value] }

  /// The one number all elements of a source value are known to be, or nil.
  func knownSplat(_ value: ValueID) -> Double? { source.knownSplat(value, definitions) }

  /// The source, with its definitions, for questions about indices.
  var indexFacts: IndexFacts { IndexFacts(function: source, definitions: definitions) }

  /// A zero tensor of a type, for the few linear ops that need one as operand.
  mutating func zero(_ type: TensorType) throws -> ValueID { try builder.splat(0, type) }

  /// The sum of two tangents of which each may be zero.
  mutating func sum(_ left: ValueID?, _ right: ValueID?) throws -> ValueID? {
    guard let left else { return right }
    guard let right else { return left }
    return try builder.add(left, right)
  }

  /// A tangent times a factor that is no tangent; zero for a zero tangent.
  mutating func scaled(_ tangent: ValueID?, by factor: ValueID) throws -> ValueID? {
    guard let tangent else { return nil }
    return try builder.multiply(tangent, factor)
  }

  /// A tangent where the predicate holds and zero elsewhere.
  mutating func masked(_ tangent: ValueID, where predicate: ValueID) throws -> ValueID {
    let zero = try zero(builder[tangent])
    return try builder.select(predicate, tangent, zero)
  }
}

extension Function {
  /// The one number all elements of a value are known to be, or nil: a constant whose elements are
  /// equal, seen through ops that only repeat or rearrange them.
  func knownSplat(_ value: ValueID, _ definitions: [Int?]) -> Double? {
    var value = value
    while let position = definitions[value.index] {
      switch operations[position].op {
      case .constant(let literal): return literal.splatValue
      case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.reverse):
        value = operations[position].operands[0]
      case .shape(.slice), .shape(.pad), .shape(.concatenate), .iota, .unary, .binary, .compare,
        .select, .clamp, .convert, .reduce, .dot, .gather, .scatter, .call:
        return nil
      }
    }
    return nil
  }
}
