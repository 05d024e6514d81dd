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
  function.renumber(keeping: isKept)
  return removed
}

extension Function {
  /// Drops operations and numbers values in order of definition.
  fileprivate mutating func renumber(keeping isKept: [Bool]) {
    let old = self
    var map = [ValueID](repeating: ValueID(-1), count: types.count)
    types.removeAll(keepingCapacity: true)
    operations.removeAll(keepingCapacity: true)
    func define(_ value: ValueID) -> ValueID {
      map[value.index] = ValueID(types.count)
      types.append(old[value])
      return map[value.index]
    }
    parameters = old.parameters.map(define)
    for (position, operation) in old.operations.enumerated() where isKept[position] {
      var copy = operation
      copy.operands = operation.operands.map { map[$0.index] }
      copy.results = operation.results.map(define)
      operations.append(copy)
    }
    results = old.results.map { map[$0.index] }
  }
}
