internal import TensorIR

extension KernelPlanner {
  /// Makes roots of sums of products that a further product is added to, so that each product is added where it is
  /// made, to the sum of those before it: a weight that several layers share needs memory for the sum of its
  /// slopes, not for each.
  mutating func addRootsOfProductSums() {
    guard contracts.count > 2 else { return }
    let useCounts = graph.function.useCounts()
    var sums = Set<ValueID>()
    for operation in graph.function.operations {
      guard case .binary(.add) = operation.op else { continue }
      let terms = operation.operands.filter { useCounts[$0.index] == 1 }
      guard terms.count == 2, terms.contains(where: { contracts[$0] != nil }),
        terms.allSatisfy({ contracts[$0] != nil || sums.contains($0) })
      else { continue }
      sums.insert(operation.result)
      for term in terms where sums.contains(term) { addRoot(term) }
    }
  }

  /// Makes roots of what loops take in another shape, which needs no memory of its own then: what computes a
  /// stack is the same kernel whether or not the loop that takes it is one over segments.
  mutating func addRootsOfReshapedStacks() {
    for (stack, part) in graph.reshapedStacks.sorted(by: { $0.key > $1.key })
    where roots[stack] != nil && graph.definitions[part.base.index] != nil {
      if case .constant? = graph.operation(part.base)?.op { continue }
      addRoot(part.base)
    }
  }
}
