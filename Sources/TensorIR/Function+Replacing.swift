extension Function {
  /// Whether an operation of the function or of a region in it is such as a condition says, which is given
  /// the function or region that the operation stands in.
  package func holds(_ condition: (Operation, Function) -> Bool) -> Bool {
    for position in operations.indices {
      if condition(operations[position], self) { return true }
      if operations[position].op.hasRegions,
        operations[position].op.regions.contains(where: { $0.holds(condition) })
      {
        return true
      }
    }
    return false
  }

  /// A copy in which some operations are replaced by others.
  ///
  /// - Parameter replacement: emits what stands for an operation, given copies of its operands, and
  ///   gives what stands for its results; nil keeps the operation, which it may have changed.
  /// - Throws: `AdjointError` where an operation breaks its typing rule, and what `replacement` throws.
  package func replacingOperations(
    _ replacement: (inout Operation, [ValueID], inout FunctionBuilder) throws -> [ValueID]?
  ) throws -> Function {
    var builder = FunctionBuilder(name: name, isPrivate: isPrivate, location: location)
    var copies = [ValueID?](repeating: nil, count: types.count)
    for parameter in parameters { copies[parameter.index] = builder.parameter(self[parameter]) }
    func known(_ value: ValueID) throws -> ValueID {
      guard let copy = copies[value.index] else {
        throw AdjointError(.type, "\(value) is read before it is defined", at: location)
      }
      return copy
    }
    for var operation in operations {
      builder.location = operation.location
      let operands = try operation.operands.map(known)
      let results =
        try replacement(&operation, operands, &builder)
        ?? builder.copy(operation, operands: operands)
      for (old, new) in zip(operation.results, results) { copies[old.index] = new }
    }
    builder.keepAttributes(of: self)
    return builder.finish(returning: try results.map(known))
  }
}
