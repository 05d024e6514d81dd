internal import LLVMBridge
internal import LoopIR
package import Targets
internal import TensorIR

/// What decides the machine code of a function that is compiled by itself: of a kernel everything but its
/// name, its sources, the buffers it is given and where in them it starts.
///
/// Steps of an unrolled recurrence that read one slice after the other have one code.
package struct KernelCode: Hashable, Sendable {
  /// What the function does.
  enum Content: Hashable, Sendable {
    /// A kernel without names, buffers and sources, whose addresses start at zero where they can.
    case kernel(Kernel)
    /// The loop over depth that products share.
    case microkernel(Microkernel)
  }

  let content: Content

  /// The code of a kernel, and for each slot the byte at which it starts to use the buffer.
  static func of(_ kernel: Kernel, in program: LoopProgram) -> (code: KernelCode, offsets: [Int]) {
    var first = [Int?](repeating: nil, count: kernel.slots.count)
    kernel.body.forEachNode { node in
      guard let access = node.access, case .slot(let slot) = access.memory else { return }
      first[slot] = min(first[slot] ?? Int.max, access.address.constant)
    }
    let types = kernel.slots.map { program.buffers[$0.index].type }
    let starts = zip(first, types).map { first, type in
      // An address that is guarded may lie outside; the start itself must not.
      first.map { (0..<max(type.count, 1)).contains($0) ? $0 : 0 } ?? 0
    }
    var bare = kernel.overNumberedBuffers
    for variable in bare.variables.indices { bare.variables[variable].name = "" }
    bare.body = kernel.body.mappingAccesses { memory, address in
      guard case .slot(let slot) = memory else { return (memory, address) }
      return (memory, address + -starts[slot])
    }
    return (
      KernelCode(content: .kernel(bare)), zip(starts, types).map { $0 * $1.element.byteCount }
    )
  }

  /// The effort that machine code takes: level 1 keeps the accumulators of loops in registers, and
  /// costs less than level 2. Straight-line code has none.
  package var codegenLevel: Int {
    guard case .kernel(let kernel) = content else { return 1 }
    return kernel.isLongStraightLine || kernel.isCounting ? 0 : 1
  }

  /// Whether the function is a kernel that only counts.
  var isCounting: Bool {
    if case .kernel(let kernel) = content { kernel.isCounting } else { false }
  }

  /// The microkernels that the code calls, in the order of their numbers.
  func microkernels(for target: TargetDescription) -> [KernelCode] {
    guard case .kernel(let kernel) = content else { return [] }
    return kernel.microkernels(for: target).map { KernelCode(content: .microkernel($0)) }
  }

  /// About how many instructions the code takes on a processor.
  package func weight(on target: TargetDescription) -> Int {
    switch content {
    case .kernel(let kernel): CodeWeight(kernel: kernel, target: target).total
    case .microkernel(let microkernel): microkernel.weight
    }
  }
}

extension KernelCode {
  /// Emits the function; `symbol` has the symbols of those that it calls, by number.
  @discardableResult
  func emit(
    named name: String, in module: LLVMModule, _ symbol: (Int) -> String
  ) -> LLVMFunction {
    switch content {
    case .kernel(let kernel):
      let callees = kernel.microkernels(for: module.target).enumerated()
      let symbols = Dictionary(uniqueKeysWithValues: callees.map { ($1, symbol($0)) })
      return KernelEmitter(kernel, named: name, microkernels: symbols, module).emit()
    case .microkernel(let microkernel): return microkernel.emit(named: name, in: module)
    }
  }
}

/// Counts about how many instructions a kernel's code takes.
private struct CodeWeight {
  let kernel: Kernel
  let target: TargetDescription

  var total: Int { weight(kernel.body, copies: 1) + 50 }

  private func weight(_ nodes: [Node], copies: Int) -> Int {
    nodes.reduce(0) { sum, node in
      switch node {
      case .define(_, .apply(let op, _)): return sum + copies * 2 * op.weight
      case .define, .store, .accumulate: return sum + copies * 2
      case .loop(let loop):
        guard case .vector(_, let interleave) = loop.schedule else {
          let squares = loop.isTiled ? EmissionCosts.Lanes.squareWeight : 1
          return sum + weight(loop.body, copies: copies * squares) + 10
        }
        return sum + weight(loop.body, copies: interleave) + 20
      case .contract(let contract):
        let tile = contract.tiling.rows * contract.tiling.vectors
        let sizes =
          [(contract.row, contract.tiling.rows)]
          + [(contract.column, contract.tiling.vectors * contract.tiling.width)]
        let variants = sizes.reduce(1) { variants, size in
          variants * (kernel.variables[size.0.index].extent.isMultiple(of: size.1) ? 1 : 2)
        }
        let packing =
          contract.tiling.panelDepth == nil
          ? 0 : EmissionCosts.Products.packingWeight * contract.tiling.width
        if contract.microkernel(in: kernel, for: target) != nil {
          let epilogue =
            contract.plainStore == nil ? weight(contract.body, copies: contract.tiling.vectors) : 0
          return sum + variants * (epilogue + 20) + packing + 50
        }
        let factors =
          weight(
            contract.left.body,
            copies: contract.leftLanes(in: kernel) == nil ? contract.tiling.rows : 2)
          + weight(contract.right.body, copies: contract.tiling.vectors)
        return sum + variants * (2 * tile + factors + weight(contract.body, copies: tile))
          + packing + 50
      }
    }
  }
}
