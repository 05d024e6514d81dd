/// How much work lowering a function was, in counters that do not depend on the machine.
package struct PlanningStatistics: Sendable, Equatable {
  /// Demands of nests that were looked at to choose what is stored and which kernel computes it.
  package internal(set) var auditedDemands = 0
  /// Values that were looked at to describe what nests are computed from, so that equal ones are known.
  package internal(set) var describedValues = 0
  /// Demands for which kernels were built.
  package internal(set) var builtDemands = 0
  /// Chains of kernels that were looked at to find one that a kernel can follow.
  package internal(set) var visitedChains = 0
  /// Kernels that were scheduled, those that differ in their buffers only once.
  package internal(set) var scheduledKernels = 0
  /// Chains of kernels that were tried out as one, those that differ in their buffers only once.
  package internal(set) var fittedChains = 0

  /// Functions that were lowered to find a plan within a memory budget, before memory was planned: one without a budget,
  /// others with scans taken apart.
  package internal(set) var loweredFunctions = 0

  package init() {}

  /// All steps together.
  package var steps: Int {
    auditedDemands + describedValues + builtDemands + visitedChains + scheduledKernels
      + fittedChains
  }
}
