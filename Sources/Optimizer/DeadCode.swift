import TensorIR

/// Drops operations that no result needs and numbers the values that stay in order of definition.
///
/// Parameters stay. Every operation is without effects, so one backward scan finds what is needed.
///
/// - Returns: how many operations went.
func eliminateDeadCode(_ function: inout Function, _ budget: inout RewriteBudget) -> Int {
  var isNeeded = [Bool](repeating: false, count: function.types.count)
  for result in function.results { isNeeded[result.index] = true }
  var isKept = [Bool](repeating: true, count: function.operations.count)
  var removed = 0
  for position in function.operations.indices.reversed() {
    let operation = function.operations[position]
    if !operation.results.contains(where: { isNeeded[$0.index] }), budget.spend() {
      isKept[position] = false
      removed += 1
    } else {
      for operand in operation.operands { isNeeded[operand.index] = true }
    }
  }
  if removed > 0 || !function.isNumberedInOrder { function.renumber(keeping: isKept) }
  return removed
}

extension Function {
  /// Whether values are numbered in order of definition.
  fileprivate var isNumberedInOrder: Bool {
    var next = 0
    func follows(_ value: ValueID) -> Bool {
      next += 1
      return value.index == next - 1
    }
    return parameters.allSatisfy(follows)
      && operations.allSatisfy { $0.results.allSatisfy(follows) }
  }

  /// Drops operations and numbers values in order of definition.
  fileprivate mutating func renumber(keeping isKept: [Bool]) {
    var map = [ValueID](repeating: ValueID(-1), count: types.count)
    var kept: [TensorType] = []
    kept.reserveCapacity(types.count)
    func renumber(_ value: inout ValueID) {
      map[value.index] = ValueID(kept.count)
      kept.append(types[value.index])
      value = map[value.index]
    }
    for index in parameters.indices { renumber(&parameters[index]) }
    var end = 0
    for position in operations.indices where isKept[position] {
      if end != position { operations.swapAt(end, position) }
      for index in operations[end].operands.indices {
        operations[end].operands[index] = map[operations[end].operands[index].index]
      }
      for index in operations[end].results.indices { renumber(&operations[end].results[index]) }
      end += 1
    }
    operations.removeSubrange(end...)
    for index in results.indices { results[index] = map[results[index].index] }
    types = kept
  }
}
