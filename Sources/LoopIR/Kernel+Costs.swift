internal import TensorIR

/// What one run of a kernel asks of the machine, counted from its loop tree.
///
/// Counts too large for an integer are the greatest one.
package struct KernelCosts: Sendable, Hashable {
  /// Bytes read: of each buffer the elements that some load touches, each once.
  package var bytesRead = 0
  /// Bytes written: of each buffer the elements that some store touches, each once.
  package var bytesWritten = 0
  /// Operations on `f32`.
  package var singleFlops = 0
  /// Operations on `f64`.
  package var doubleFlops = 0

  package init() {}

  /// Bytes read and written.
  package var bytes: Int { bytesRead + bytesWritten }
  /// Operations on floats of either size.
  package var flops: Int { singleFlops.addingSaturated(doubleFlops) }
}

extension Kernel {
  /// What one run of the kernel asks of the machine.
  ///
  /// An arithmetic operation on floats is one, a contraction's multiply-add two. A quotient or root
  /// is four, as an estimate and a Newton step; other functions are their weight, such as fifteen
  /// for an exponential. Comparisons, choices, conversions and integers are free. Guarded accesses count as if every guard held, and a looked-up address
  /// as if every look-up found another element; a buffer never counts more than all its elements.
  ///
  /// - Requires: the kernel is verified.
  package func costs(in program: LoopProgram) -> KernelCosts {
    var counter = CostCounter(self)
    counter.count(body, in: [:])
    var costs = counter.costs
    for (use, touched) in counter.touched {
      let type = program.buffers[slots[use.slot].index].type
      let elements = touched.values.reduce(0) { $0.addingSaturated($1) }
      let bytes = min(elements, type.count) * type.element.byteCount
      if use.isWrite { costs.bytesWritten += bytes } else { costs.bytesRead += bytes }
    }
    return costs
  }
}

extension LoopProgram {
  /// What one call asks of the machine: the sums over its kernels.
  package var costs: KernelCosts {
    kernels.reduce(into: KernelCosts()) { sum, kernel in
      let costs = kernel.costs(in: self)
      sum.bytesRead = sum.bytesRead.addingSaturated(costs.bytesRead)
      sum.bytesWritten = sum.bytesWritten.addingSaturated(costs.bytesWritten)
      sum.singleFlops = sum.singleFlops.addingSaturated(costs.singleFlops)
      sum.doubleFlops = sum.doubleFlops.addingSaturated(costs.doubleFlops)
    }
  }
}

/// Walks a loop tree and counts.
private struct CostCounter {
  /// One way a kernel uses a buffer.
  struct Use: Hashable {
    var slot: Int
    var isWrite: Bool
  }

  /// How often each open loop's body runs for one run of the loops around it.
  typealias Repetitions = [VariableID: Int]

  /// The operations counted so far.
  private(set) var costs = KernelCosts()
  /// For each use of a buffer, how many elements each address visits.
  private(set) var touched: [Use: [IndexExpression: Int]] = [:]
  private let kernel: Kernel

  init(_ kernel: Kernel) { self.kernel = kernel }

  /// Counts nodes that stand in the given loops.
  mutating func count(_ nodes: [Node], in loops: Repetitions) {
    let iterations = loops.values.reduce(1) { $0.multipliedSaturated(by: $1) }
    for node in nodes {
      switch node {
      case .define(let scalar, .apply(let op, _)):
        add(op.flops, kernel.scalars[scalar.index], times: iterations)
      case .define: break
      case .store(let store):
        if store.combining != nil { add(1, kernel.scalars[store.value.index], times: iterations) }
      case .accumulate(_, let value):
        add(1, kernel.scalars[value.index], times: iterations)
      case .loop(let loop): count(loop.body, in: entering(loop, loops))
      case .contract(let contract):
        count(contract, in: loops)
        continue
      }
      touch(node, in: loops)
    }
  }

  private mutating func count(_ contract: Contract, in loops: Repetitions) {
    var loops = loops
    if let block = contract.block { loops[block.variable] = 1 }
    loops[contract.row] = extent(contract.row)
    loops[contract.column] = extent(contract.column)
    count(contract.body, in: loops)
    for variable in contract.summed { loops[variable] = extent(variable) }
    let iterations = loops.values.reduce(1) { $0.multipliedSaturated(by: $1) }
    add(2, contract.element, times: iterations)
    for (factor, foreign) in [(contract.left, contract.column), (contract.right, contract.row)] {
      count(factor.body, in: loops.filter { $0.key != foreign })
    }
  }

  /// The loops with one more; a loop over blocks and the loop over one block are together as long
  /// as the whole.
  private func entering(_ loop: Loop, _ loops: Repetitions) -> Repetitions {
    var loops = loops
    switch loop.range {
    case .full, .condition, .once: loops[loop.variable] = extent(loop.variable)
    case .block(let block, let size):
      let whole = (loops[block] ?? 1).multipliedSaturated(by: size)
      loops[block] = 1
      loops[loop.variable] = min(whole, extent(loop.variable))
    }
    return loops
  }

  private func extent(_ variable: VariableID) -> Int { kernel.variables[variable.index].extent }

  private mutating func add(_ count: Int, _ element: ElementType, times iterations: Int) {
    let flops = count.multipliedSaturated(by: iterations)
    guard element.isFloat else { return }
    if element.registerType == .f64 {
      costs.doubleFlops = costs.doubleFlops.addingSaturated(flops)
    } else {
      costs.singleFlops = costs.singleFlops.addingSaturated(flops)
    }
  }

  /// Notes what a node itself reads and writes.
  private mutating func touch(_ node: Node, in loops: Repetitions) {
    guard let access = node.access, case .slot(let slot) = access.memory else { return }
    let elements = visited(access.address, in: loops)
    for isWrite in [false, true] where isWrite ? access.isWrite : access.isRead {
      let use = Use(slot: slot, isWrite: isWrite)
      touched[use, default: [:]][access.address] = max(
        elements, touched[use]?[access.address] ?? 0)
    }
  }

  /// How many elements an address visits at most.
  private func visited(_ address: IndexExpression, in loops: Repetitions) -> Int {
    let iterations = loops.values.reduce(1) { $0.multipliedSaturated(by: $1) }
    if address.isLookedUp { return iterations }
    var variables = Set<VariableID>()
    address.forEachVariable { variables.insert($0) }
    return min(
      iterations, variables.reduce(1) { $0.multipliedSaturated(by: extent($1)) })
  }
}

extension ScalarOp {
  /// The arithmetic operations the function counts as.
  package var flops: Int {
    switch self {
    case .unary(.sqrt), .unary(.rsqrt), .binary(.divide): 4
    case .unary, .binary: weight
    case .compare, .select, .convert, .bits: 0
    }
  }
}

extension Int {
  /// The sum, or the greatest integer where it is greater.
  fileprivate func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// The product, or the greatest integer where it is greater.
  fileprivate func multipliedSaturated(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
