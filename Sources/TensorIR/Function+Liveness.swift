extension Function {
  /// For each operation whether it must be carried out for some values, where others are known.
  ///
  /// What has effects must always be carried out.
  package func operationsNeeded(
    for values: [ValueID], knowing isKnown: (ValueID) -> Bool = { _ in false }
  ) -> [Bool] {
    liveness(for: values, knowing: isKnown).operations
  }

  /// For each parameter whether results depend on it.
  package var readParameters: [Bool] {
    let isWanted = liveness(for: results) { _ in false }.values
    return parameters.map { isWanted[$0.index] }
  }

  /// Which operations must be carried out, and which values are read, for some values.
  ///
  /// Of an operation with regions, only the operands count that the wanted results depend on.
  package func liveness(
    for values: [ValueID], knowing isKnown: (ValueID) -> Bool
  ) -> (operations: [Bool], values: [Bool]) {
    var isWanted = [Bool](repeating: false, count: types.count)
    for value in values where !isKnown(value) { isWanted[value.index] = true }
    var needed = [Bool](repeating: false, count: operations.count)
    for (position, operation) in operations.enumerated().reversed() {
      let wanted = operation.results.map { isWanted[$0.index] }
      guard wanted.contains(true) || operation.op.effect == .state else { continue }
      needed[position] = true
      let isRead = operation.op.operandsRead(for: wanted, count: operation.operands.count)
      for (operand, isRead) in zip(operation.operands, isRead) where isRead && !isKnown(operand) {
        isWanted[operand.index] = true
      }
    }
    return (needed, isWanted)
  }

  /// The function without operations that no result needs, in regions too, and without operands,
  /// carries and results of loops and branches that nobody reads.
  ///
  /// - Parameter limit: how many changes may be made before operations of this function stay.
  /// - Returns: how many operations went or were made smaller.
  package mutating func dropUnneeded(limit: Int = .max) -> Int {
    var isWanted = [Bool](repeating: false, count: types.count)
    for value in results { isWanted[value.index] = true }
    var isKept = [Bool](repeating: true, count: operations.count)
    var changes = 0
    var dropped: [ValueID] = []
    for position in operations.indices.reversed() {
      guard
        operations[position].results.contains(where: { isWanted[$0.index] })
          || operations[position].op.effect == .state || changes >= limit
      else {
        isKept[position] = false
        changes += 1
        continue
      }
      if !operations[position].op.regions.isEmpty, changes < limit {
        let wanted = operations[position].results.map { isWanted[$0.index] }
        let pruned = operations[position].op.pruned(
          keeping: wanted, operandCount: operations[position].operands.count)
        changes += pruned.changes
        operations[position].op = pruned.op
        operations[position].operands = operations[position].operands.selecting(pruned.operands)
        let kept = Set(pruned.results)
        dropped += operations[position].results.indices.filter { !kept.contains($0) }.map {
          operations[position].results[$0]
        }
        operations[position].results = operations[position].results.selecting(pruned.results)
      }
      for operand in operations[position].operands { isWanted[operand.index] = true }
    }
    if changes > 0 || !dropped.isEmpty || !isNumberedInOrder { renumber(keeping: isKept) }
    return changes
  }
}

extension [ValueID] {
  /// The values at the given positions, in their order.
  fileprivate func selecting(_ positions: [Int]) -> [ValueID] { positions.map { self[$0] } }
}
