import TensorIR

extension Function {
  /// An equal function in which functions with a stated derivative are written out, because no derivative
  /// will be taken any more.
  ///
  /// - Throws: `AdjointError` where an operation breaks its typing rule.
  package func droppingCustomDerivatives() throws -> Function {
    guard holdsCustomDerivative else { return self }
    var builder = FunctionBuilder(name: name, isPrivate: isPrivate, location: location)
    var copies = [ValueID?](repeating: nil, count: types.count)
    for parameter in parameters { copies[parameter.index] = builder.parameter(self[parameter]) }
    func known(_ value: ValueID) -> ValueID {
      guard let copy = copies[value.index] else {
        preconditionFailure("values are defined before they are read")
      }
      return copy
    }
    for var operation in operations {
      builder.location = operation.location
      let operands = operation.operands.map(known)
      let results: [ValueID]
      if case .custom(let custom) = operation.op, let function = custom.function {
        results = try builder.inline(function.droppingCustomDerivatives(), operands)
      } else {
        operation.op = try operation.op.mappingRegions { try $0.droppingCustomDerivatives() }
        results = try builder.copy(operation, operands: operands)
      }
      for (old, new) in zip(operation.results, results) { copies[old.index] = new }
    }
    builder.setWrittenAttributes(writtenAttributes)
    return builder.finish(returning: results.map(known))
  }

  /// Whether some operation, in regions too, is a function with a stated derivative.
  private var holdsCustomDerivative: Bool {
    operations.contains { operation in
      if case .custom = operation.op { return true }
      return operation.op.regions.contains(where: \.holdsCustomDerivative)
    }
  }
}
