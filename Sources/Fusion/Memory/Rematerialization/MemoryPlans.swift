internal import LoopIR

/// What is known of a program's plans, whatever the budget that they were looked for within: searches for
/// several budgets look at many of the same plans.
final class MemoryPlans {
  /// The program with more and more values that are not stored; empty before these were looked for.
  @exclusivity(unchecked) var states: [InlinedValues] = []
  /// A planner for each program without some values, in the order in which they were taken out.
  @exclusivity(unchecked) private var planners: [[BufferID]: MemoryPlanner] = [:]

  /// How many programs were placed to be planned.
  var madeCount: Int { planners.count }

  /// The planner for the program without some values, within a budget.
  ///
  /// - Parameter make: makes it where the program was not planned before.
  func planner(
    without values: [BufferID], within budget: Int?, _ make: () -> MemoryPlanner
  ) -> MemoryPlanner {
    guard let known = planners[values] else {
      let planner = make()
      planners[values] = planner
      return planner
    }
    let planner = known.within(budget)
    // One that has nothing to compute again knows less.
    if known.isIdle { planners[values] = planner }
    return planner
  }
}
