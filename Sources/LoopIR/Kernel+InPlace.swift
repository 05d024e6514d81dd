extension Kernel {
  /// Whether the kernel, which writes one buffer in the memory of another, does not use the other, or
  /// replaces it element by element: both are touched at one address only, which differs from
  /// iteration to iteration of all loops around, and every read of the other comes before the write.
  package func mayReplace(
    _ old: BufferID, with new: BufferID, in program: LoopProgram
  ) -> Bool {
    guard let new = slots.firstIndex(of: new) else { return true }
    guard let old = slots.firstIndex(of: old) else { return true }
    let types = [new, old].map { program.buffers[slots[$0].index].type }
    guard types[0].element.byteCount == types[1].element.byteCount,
      types[0].count == types[1].count
    else { return false }
    var replacement = Replacement(old: old, new: new, variables: variables)
    return replacement.isElementwise(body, in: []) && replacement.hasWritten
  }
}

/// A walk over a kernel's accesses of two buffers that share memory.
private struct Replacement {
  let old: Int
  let new: Int
  let variables: [Kernel.Variable]
  /// Whether the walk is past a write of the new buffer.
  private(set) var hasWritten = false
  /// The one address of all accesses so far.
  private var address: IndexExpression?

  init(old: Int, new: Int, variables: [Kernel.Variable]) {
    self.old = old
    self.new = new
    self.variables = variables
  }

  /// Whether nodes inside the given loops touch the buffers as `mayReplace` says.
  mutating func isElementwise(_ nodes: [Node], in loops: Set<VariableID>) -> Bool {
    nodes.allSatisfy { node in
      for access in Access.all(of: node) {
        guard case .slot(let slot) = access.memory, slot == old || slot == new else { continue }
        if slot == old, hasWritten || access.isWrite { return false }
        if slot == new, access.isRead { return false }
        hasWritten = hasWritten || access.isWrite
        guard isOnlyAddress(access.address), isInjective(access.address, over: loops) else {
          return false
        }
      }
      switch node {
      case .define, .store, .accumulate: return true
      case .loop(let loop):
        var inner = loops
        if case .block(let block, _) = loop.range { inner.remove(block) }
        return isElementwise(loop.body, in: inner.union([loop.variable]))
      case .contract(let contract):
        var inner = loops
        if let block = contract.block?.variable { inner.remove(block) }
        // What a product's factors read, they read many times.
        let reads = (contract.left.body + contract.right.body).flatMap { Access.all(of: $0) }
        guard !reads.contains(where: { $0.memory == .slot(old) || $0.memory == .slot(new) })
        else { return false }
        return isElementwise(contract.body, in: inner.union([contract.row, contract.column]))
      }
    }
  }

  private mutating func isOnlyAddress(_ next: IndexExpression) -> Bool {
    guard let address else {
      self.address = next
      return true
    }
    return address.constant == next.constant && Set(address.terms) == Set(next.terms)
  }

  /// Whether the address is another one in each iteration of the loops: a number whose digits are
  /// the loops' variables, each at most as large as its place allows.
  private func isInjective(_ address: IndexExpression, over loops: Set<VariableID>) -> Bool {
    var used = Set<VariableID>()
    var reach = 0
    for term in address.terms.sorted(by: { $0.coefficient.magnitude < $1.coefficient.magnitude }) {
      guard case .variable(let variable) = term.atom else { return false }
      let coefficient = Int(clamping: term.coefficient.magnitude)
      guard coefficient > reach else { return false }
      used.insert(variable)
      let (span, overflow) = coefficient.multipliedReportingOverflow(
        by: variables[variable.index].extent - 1)
      guard !overflow else { return false }
      reach += span
    }
    return loops.allSatisfy { used.contains($0) || variables[$0.index].extent == 1 }
  }
}
