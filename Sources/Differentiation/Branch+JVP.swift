import TensorIR

extension Branch {
  /// The tangents of a branch's results: computed by the branch that is taken.
  func tangents(
    of operation: Operation, at position: Int, _ wanted: RegionActivity, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    if let linearization = pass.linearization(at: position) {
      return try pass.emitLinearPart(of: operation, linearization)
    }
    let active = activity(wanted.operands, results: wanted.results)
    let operands = active.operands.positions
    let results = active.results.positions
    var fused = self
    fused.branches = try branches.map {
      try $0.withTangents(parameters: operands.map { $0 - 1 }, results: results)
    }
    let tangents = try operands.map { try pass.denseTangent(operation.operands[$0]) }
    let all = try pass.replace(
      at: position, with: .branch(fused), operation.operands + tangents,
      ownResults: Array(operation.results.indices))
    var found = [ValueID?](repeating: nil, count: operation.results.count)
    for (result, tangent) in zip(results, all.dropFirst(found.count)) { found[result] = tangent }
    return found
  }

  /// The branch that saves what its linear part reads, and the linear part.
  ///
  /// What branches save stands in the same results, type by type: only one branch is taken, and its own
  /// linear part reads them. Where a branch saves less than others, the rest is zero.
  func linearized(_ wanted: RegionActivity) throws -> Linearization {
    let active = activity(wanted.operands, results: wanted.results)
    let operands = active.operands.positions
    let results = active.results.positions
    let forwards = try branches.map {
      try ForwardPass(
        $0, name: $0.name, parameters: operands.map { $0 - 1 }, results: results,
        mode: .linearized)
    }
    let saved = forwards.map { $0.savedValues(forResults: results) { _ in true } }
    let places = ResidualPlaces(zip(forwards, saved).map { ($0.builder.function, $1) })
    var (saving, linear) = (self, self)
    for (number, forward) in forwards.enumerated() {
      let whole = forward.builder.function
      let own = places.values[number]

      var augmented = RegionCopier(from: whole)
      for parameter in branches[number].parameters { augmented.parameter(for: parameter) }
      var returned = try augmented.copy(forward.source.results)
      for (value, type) in zip(own, places.types) {
        returned.append(
          try value.map { try augmented.copy([$0])[0] } ?? augmented.builder.splat(0, type))
      }
      saving.branches[number] = augmented.builder.finish(returning: returned)

      var part = RegionCopier(from: whole)
      for parameter in branches[number].parameters { part.parameter(for: parameter) }
      for (value, type) in zip(own, places.types) {
        if let value, part.copy(of: value) == nil {
          part.parameter(for: value)
        } else {
          _ = part.builder.parameter(type)
        }
      }
      for tangent in forward.tangentParameters { part.parameter(for: tangent) }
      let tangents = try results.map { result in
        let value = branches[number].results[result]
        guard let tangent = forward.tangent(value) else {
          return try part.builder.splat(0, branches[number][value])
        }
        return try part.copy([tangent])[0]
      }
      linear.branches[number] = part.builder.finish(returning: tangents)
    }
    let captures = branches[0].parameters.indices.map { Linearization.Operand.primal($0 + 1) }
    let linearOperands =
      [Linearization.Operand.primal(0)] + captures
      + places.types.indices.map { .saved($0) } + operands.map { .tangent($0) }
    return Linearization(
      augmented: .branch(saving), savedTypes: places.types, linear: .branch(linear),
      operands: linearOperands, activeResults: results)
  }
}

/// The results in which branches save values: each takes values of one type, of each branch at most one.
///
/// Integers have places of their own. Where examples of a batch choose for themselves, all branches are carried
/// out, and numbers of another branch would say how often a loop goes round.
private struct ResidualPlaces {
  private(set) var types: [TensorType] = []
  /// For each branch, what it saves in each place; nil where it has nothing left of the type.
  private(set) var values: [[ValueID?]] = []

  /// Places for the values that each branch saves.
  init(_ branches: [(function: Function, saved: [ValueID])]) {
    var shared: [TensorType: [Int]] = [:]
    var placed: [[Int: ValueID]] = []
    for (function, saved) in branches {
      var own: [Int: ValueID] = [:]
      var counts: [TensorType: Int] = [:]
      for value in saved {
        let type = function[value]
        guard type.element.isInexact || type.element == .i1 else {
          own[add(type)] = value
          continue
        }
        let number = counts[type, default: 0]
        counts[type] = number + 1
        if number == shared[type, default: []].count { shared[type, default: []].append(add(type)) }
        own[shared[type, default: []][number]] = value
      }
      placed.append(own)
    }
    values = placed.map { own in types.indices.map { own[$0] } }
  }

  /// The number of a new place.
  private mutating func add(_ type: TensorType) -> Int {
    types.append(type)
    return types.count - 1
  }
}
