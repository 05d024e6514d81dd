/// Copies values of a function, with all that they are computed from, into a region of its own.
package struct RegionCopier {
  /// Where values are copied from.
  package let origin: Function
  /// The region so far.
  package var builder: FunctionBuilder
  /// The copy of each value, by id.
  private var copies: [ValueID?]

  /// An empty region for copies of values of `origin`.
  package init(from origin: Function) {
    self.origin = origin
    builder = FunctionBuilder(name: origin.name, location: origin.location)
    copies = Array(repeating: nil, count: origin.types.count)
  }

  /// The copy of a value that has one.
  package func copy(of value: ValueID) -> ValueID? { copies[value.index] }

  /// Adds a parameter that stands for a value of the origin.
  package mutating func parameter(for value: ValueID) {
    copies[value.index] = builder.parameter(origin[value])
  }

  /// Copies the operations that values are computed from, as far as there are no copies yet.
  ///
  /// - Requires: all parameters of the origin that are read have copies.
  /// - Returns: the values' copies.
  @discardableResult
  package mutating func copy(_ values: [ValueID]) throws -> [ValueID] {
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

extension FunctionBuilder {
  /// Copies a region's operations, with values for its parameters; what the region returns.
  ///
  /// - Requires: there is a value for every parameter.
  package mutating func inline(_ region: Region, _ values: [ValueID]) throws -> [ValueID] {
    var copies = [ValueID?](repeating: nil, count: region.types.count)
    for (parameter, value) in zip(region.parameters, values) { copies[parameter.index] = value }
    func known(_ value: ValueID) -> ValueID {
      guard let copy = copies[value.index] else { preconditionFailure("regions are closed") }
      return copy
    }
    for operation in region.operations {
      let results = try copy(operation, operands: operation.operands.map(known))
      for (old, new) in zip(operation.results, results) { copies[old.index] = new }
    }
    return region.results.map(known)
  }
}
