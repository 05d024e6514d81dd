import TensorIR

/// Drops operations that no result needs, and operands, carries and results of loops and branches
/// that nobody reads; numbers the values that stay in order of definition.
///
/// Parameters stay. One backward scan finds what is needed: what results need, and what has effects.
///
/// - Returns: how many operations went or became smaller.
func eliminateDeadCode(_ function: inout Function, _ budget: inout RewriteBudget) -> Int {
  let changes = function.dropUnneeded(limit: budget.remaining)
  for _ in 0..<changes { _ = budget.spend() }
  return changes
}
