internal import LoopIR

/// Kernels of loops as one kernel that does one after the other.
struct JoinedKernel {
  /// The kernel without a body; nil as long as there is none.
  private var tables: Kernel?
  private var heads: [Node] = []
  private var steps: [Node] = []
  private var tails: [Node] = []
  /// The steps of the kernel that was added last.
  private(set) var lastSteps: [Node] = []

  /// Adds a kernel that has parts.
  mutating func append(_ kernel: Kernel) {
    guard let parts = KernelParts(kernel) else { preconditionFailure("only loops are joined") }
    var transplant = Transplant(from: kernel, into: tables ?? Kernel(name: kernel.name))
    heads += transplant.mapped(parts.head)
    lastSteps = transplant.mapped(parts.steps)
    steps += lastSteps
    tails += transplant.mapped(parts.tail)
    var joined = transplant.kernel
    joined.sources += kernel.sources.filter { !joined.sources.contains($0) }
    tables = joined
  }

  /// The kernel.
  ///
  /// - Requires: There is one.
  var kernel: Kernel {
    guard var kernel = tables else { preconditionFailure("nothing was joined") }
    kernel.body = heads + steps + tails
    return kernel
  }
}
