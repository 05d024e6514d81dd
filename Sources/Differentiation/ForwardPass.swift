import TensorIR

/// Forward mode: continues a function with the tangents of its active values.
///
/// Loops and branches are differentiated as a whole. In forward mode their regions compute tangents
/// beside values (`fused`). For reverse mode the tangents have loops and branches of their own, which
/// read what the original ones save for them (`linearized`).
///
/// A missing tangent is a symbolic zero. Rules stand in `<Family>+JVP.swift`; what they emit is
/// linear in the tangents, in the vocabulary that `<Family>+Transpose.swift` can transpose. The
/// function's own values keep their ids.
struct ForwardPass: LinearPass {
  /// What becomes of loops and branches.
  enum Mode {
    /// Values and tangents are computed by one loop or branch.
    case fused
    /// Tangents are computed by loops and branches of their own, from what is saved.
    case linearized
  }

  /// The function differentiated; where tangents have loops and branches of their own, what these
  /// read is a result of the original ones.
  private(set) var source: Function
  /// What becomes of loops and branches.
  private let mode: Mode
  /// The linear parts of loops and branches, by the operation's position.
  private var linearizations: [Int: Linearization] = [:]
  /// The positions of operations that compute tangents too; what was added for them stands before.
  private var isReplaced: Set<Int> = []
  /// The function under construction: the source's operations, then those of the tangents.
  var builder: FunctionBuilder
  /// Which tangents hold zeros that are to stay zero.
  var zeros: ZeroFacts
  /// Where in the source each loop stands that one on tangents runs again, by the latter's first result.
  private(set) var rerunLoops: [ValueID: Int] = [:]
  /// The tangent parameters, one per differentiated parameter.
  private(set) var tangentParameters: [ValueID] = []
  /// The tangent of each source value, by id; nil is zero.
  private var tangents: [ValueID?]
  /// How many operations there are in all before the tangent of the first source operation, and
  /// behind the tangent of each.
  private var ends: [Int] = []
  /// The source, with its definitions, for questions about indices.
  let indexFacts: IndexFacts
  /// The kinks of the source whose slopes can cancel.
  let kinks: Kinks
  /// The odd parts of values and tangents with respect to these kinks.
  var oddParts: [Kink: OddParts] = [:]
  /// What rules see in place of tangents while they compute odd parts, by the source value's id.
  var substitutes: [Int: ValueID]?

  /// Differentiates the results at `results` with respect to the parameters at `parameters`.
  init(
    _ original: Function, name: String, parameters: [Int], results: [Int], mode: Mode
  ) throws {
    self.mode = mode
    let activity = Activity(of: original, from: parameters, to: results)
    source = original
    if mode == .linearized {
      for position in original.operations.indices {
        linearizations[position] = try source.linearize(at: position, activity)
      }
    }
    builder = FunctionBuilder(continuing: source, name: name)
    zeros = ZeroFacts(behind: source)
    indexFacts = IndexFacts(function: source, definitions: source.definitions())
    kinks = Kinks(source, indexFacts.definitions)
    tangents = Array(repeating: nil, count: source.types.count)
    ends.reserveCapacity(source.operations.count)
    try addTangents(of: parameters, activity)
    ends.append(builder.function.operations.count)
    for (position, operation) in source.operations.enumerated() {
      try differentiate(operation, at: position, activity)
      if !kinks.kinks.isEmpty { try followKinks(operation) }
      ends.append(builder.function.operations.count)
    }
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

  /// Computes the tangents of one operation's results where they are wanted and not zero.
  private mutating func differentiate(
    _ operation: Operation, at position: Int, _ activity: Activity
  ) throws {
    var ordinary = operation.results.filter { activity[$0] }
    for result in ordinary {
      guard let source = activity.bits?.source(of: result) else { continue }
      builder.location = operation.location
      tangents[result.index] = try operation.bitsTangent(of: result, source, in: &self)
      ordinary.removeAll { $0 == result }
    }
    guard !ordinary.isEmpty,
      operation.operands.contains(where: { tangent($0) != nil })
    else { return }
    builder.location = operation.location
    let found = try operation.tangents(at: position, activity, in: &self)
    for (result, tangent) in zip(operation.results, found) where ordinary.contains(result) {
      tangents[result.index] = tangent
    }
  }

  /// Notes that a loop of the source is run again by one on tangents, given the latter's first result.
  mutating func noteRerun(of position: Int, by result: ValueID) { rerunLoops[result] = position }

  /// The function with its own results and the tangents of the results at some positions, zeros
  /// included; each operation is followed by those of its tangents.
  consuming func finished(tangentsOf results: [Int]) throws -> Function {
    builder.location = source.location
    var returned = source.results
    for value in results.map({ source.results[$0] }) {
      returned.append(try tangent(value) ?? builder.splat(0, source[value]))
    }
    var function = builder.finish(returning: returned)
    let all = function.operations
    var ordered = Array(all[source.operations.count..<ends[0]])
    ordered.reserveCapacity(all.count)
    for position in source.operations.indices {
      let added = all[ends[position]..<ends[position + 1]]
      if isReplaced.contains(position) {
        ordered += added
        ordered.append(all[position])
      } else {
        ordered.append(all[position])
        ordered += added
      }
    }
    function.operations = ordered + all[ends[source.operations.count]...]
    function.dropUnread(definedFrom: source.types.count)
    return try function.droppingLinearCalls()
  }
}

// MARK: - What rules ask for

extension ForwardPass {
  /// The tangent of a source value; nil is zero.
  func tangent(_ value: ValueID) -> ValueID? {
    if let substitutes { return substitutes[value.index] }
    return tangents[value.index]
  }

  /// Sets the tangent of a source value; nil is zero.
  mutating func setTangent(_ tangent: ValueID?, of value: ValueID) {
    tangents[value.index] = tangent
  }

  /// What a loop or branch of the source saves for its tangents, and how they are computed.
  func linearization(at position: Int) -> Linearization? { linearizations[position] }

  /// Whether tangents have loops and branches of their own.
  var isLinearizing: Bool { mode == .linearized }

  /// Lets an operation of the source compute tangents too.
  ///
  /// - Parameter ownResults: where the results of the source's own operation stand among the new
  ///   one's.
  /// - Returns: the new operation's results.
  mutating func replace(
    at position: Int, with op: Op, _ operands: [ValueID], ownResults: [Int]
  ) throws -> [ValueID] {
    isReplaced.insert(position)
    return try builder.replaceOperation(at: position, with: op, operands, keeping: ownResults)
  }

  /// The tangent of a source value, as a tensor of zeros where it is zero.
  mutating func denseTangent(_ value: ValueID) throws -> ValueID {
    try tangent(value) ?? builder.splat(0, source[value])
  }

  /// The type of a source value.
  func type(_ value: ValueID) -> TensorType { source[value] }

  /// The one number all elements of a source value are known to be, or nil.
  func knownSplat(_ value: ValueID) -> Double? {
    source.knownSplat(value, indexFacts.definitions)
  }

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
    return try scale(tangent, by: factor)
  }

  /// A tangent where the predicate holds and zero elsewhere.
  mutating func masked(_ tangent: ValueID, where predicate: ValueID) throws -> ValueID {
    let zero = try zero(builder[tangent])
    return try builder.select(predicate, tangent, zero)
  }
}

extension Function {
  /// Drops operations without effect that nothing reads and whose results' ids are not below `first`.
  mutating func dropUnread(definedFrom first: Int) {
    var isRead = [Bool](repeating: false, count: types.count)
    for result in results { isRead[result.index] = true }
    var isKept = [Bool](repeating: true, count: operations.count)
    for (position, operation) in operations.enumerated().reversed() {
      let isNeeded = operation.results.contains { $0.index < first || isRead[$0.index] }
      isKept[position] = isNeeded || operation.op.effect == .state
      guard isKept[position] else { continue }
      for operand in operation.operands { isRead[operand.index] = true }
    }
    if isKept.contains(false) { renumber(keeping: isKept) }
  }

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
        .select, .clamp, .convert, .bits, .complex, .fft, .reduce, .dot, .convolution, .gather,
        .scatter, .window,
        .dynamicSlice,
        .dynamicUpdateSlice,
        .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
        return nil
      }
    }
    return nil
  }
}
