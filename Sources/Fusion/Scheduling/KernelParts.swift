internal import LoopIR

/// A kernel's top level: scalars, then steps, then what becomes of the steps' sums.
struct KernelParts {
  /// Definitions before the steps.
  var head: [Node]
  /// Loops and products, at least one.
  var steps: [Node]
  /// Definitions and stores after the steps.
  var tail: [Node]

  /// The parts of a kernel; nil where they are mixed.
  init?(_ kernel: Kernel) {
    let steps = kernel.body.indices.filter { kernel.body[$0].isStep }
    guard let first = steps.first, let last = steps.last, last - first + 1 == steps.count else {
      return nil
    }
    head = Array(kernel.body[..<first])
    self.steps = Array(kernel.body[first...last])
    tail = Array(kernel.body[(last + 1)...])
    let definesOnly = head.allSatisfy { if case .define = $0 { true } else { false } }
    guard definesOnly else { return nil }
  }

  /// How many rows the first step goes over, iterations of a loop or rows of a product; a loop over
  /// strips counts the last one as a whole.
  func extent(in kernel: Kernel) -> Int {
    let extent = kernel.variables[steps[0].rows?.index ?? 0].extent
    if case .loop(let loop) = steps[0] { return extent * loop.rowsOfStrip }
    return extent
  }
}

extension Node {
  /// Whether the node repeats something.
  fileprivate var isStep: Bool { rows != nil }
}
