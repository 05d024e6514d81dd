import TensorIR

/// Copies values of a function, with all that they are computed from, into a region of its own.
struct RegionCopier {
  /// Where values are copied from.
  let origin: Function
  /// The region so far.
  var builder: FunctionBuilder
  /// The copy of each value, by id.
  private var copies: [ValueID?]

  /// An empty region for copies of values of `origin`.
  init(from origin: Function) {
    self.origin = origin
    builder = FunctionBuilder(name: origin.name, location: origin.location)
    copies = Array(repeating: nil, count: origin.types.count)
  }

  /// The copy of a value that has one.
  func copy(of value: ValueID) -> ValueID? { copies[value.index] }

  /// Adds a parameter that stands for a value of the origin.
  mutating func parameter(for value: ValueID) {
    copies[value.index] = builder.parameter(origin[value])
  }

  /// Copies the operations that values are computed from, as far as there are no copies yet.
  ///
  /// - Requires: all parameters of the origin that are read have copies.
  /// - Returns: the values' copies.
  @discardableResult
  mutating func copy(_ values: [ValueID]) throws -> [ValueID] {
    let live = origin.liveness(for: values) { copies[$0.index] != nil }
    for (operation, isNeeded) in zip(origin.operations, live.operations) where isNeeded {
      let pruned = operation.op.pruned(
        keeping: operation.results.map { live.values[$0.index] },
        operandCount: operation.operands.count)
      let operands = try pruned.operands.map {
        try known(operation.operands[$0], at: operation.location)
      }
      let results = try builder.emitAll(pruned.op, operands, at: operation.location)
      for (position, copy) in zip(pruned.results, results) {
        let result = operation.results[position]
        if copies[result.index] == nil { copies[result.index] = copy }
      }
    }
    return try values.map { try known($0, at: origin.location) }
  }

  /// The copy that a value must have.
  private func known(_ value: ValueID, at location: SourceLocation) throws -> ValueID {
    guard let copy = copies[value.index] else {
      throw AdjointError(
        .notDifferentiable, "\(value) is needed where it is not known", at: location)
    }
    return copy
  }
}

extension Function {
  /// For each value whether it depends on one of some values.
  func dependents(on values: [ValueID]) -> [Bool] {
    var depends = [Bool](repeating: false, count: types.count)
    for value in values { depends[value.index] = true }
    for operation in operations {
      let operands = operation.operands.map { depends[$0.index] }
      guard operands.contains(true) else { continue }
      let results = operation.op.variedResults(operands, count: operation.results.count)
      for (result, isDependent) in zip(operation.results, results)
      where isDependent && self[result].element.isFloat {
        depends[result.index] = true
      }
    }
    return depends
  }
}
