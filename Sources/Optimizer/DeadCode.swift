import TensorIR

/// Drops operations that no result needs and numbers the values that stay in order of definition.
///
/// Parameters stay. One backward scan finds what is needed: what results need, and what has effects.
///
/// - Returns: how many operations went.
func eliminateDeadCode(_ function: inout Function, _ budget: inout RewriteBudget) -> Int {
  var isNeededValue = [Bool](repeating: false, count: function.types.count)
  for result in function.results { isNeededValue[result.index] = true }
  var isKept = [Bool](repeating: true, count: function.operations.count)
  var removed = 0
  for position in function.operations.indices.reversed() {
    let operation = function.operations[position]
    let isNeeded = operation.results.contains { isNeededValue[$0.index] }
    if !isNeeded, operation.op.effect == .none, budget.spend() {
      isKept[position] = false
      removed += 1
    } else {
      for operand in operation.operands { isNeededValue[operand.index] = true }
      guard !operation.op.regions.isEmpty else { continue }
      function.operations[position].op = operation.op.mappingRegions { region in
        var region = region
        removed += eliminateDeadCode(&region, &budget)
        return region
      }
    }
  }
  if removed > 0 || !function.isNumberedInOrder { function.renumber(keeping: isKept) }
  return removed
}
