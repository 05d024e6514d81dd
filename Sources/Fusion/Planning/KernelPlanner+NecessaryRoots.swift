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

  /// Makes roots of parts that are read of a parameter beside what an update makes of it, so that they are
  /// there before it is changed in place.
  ///
  ///     a = dynamic_slice h, i        b = scatter(h, i, zeros)        result b + pad a
  ///
  /// That is what the derivative of a row that a step replaces looks like. Nothing is done for a parameter
  /// that is also read as a whole, or that several updates start from: only one changes it in place.
  mutating func addRootsOfPartsBesideUpdates() {
    let function = graph.function
    let starting = function.operations.filter { operation in
      operation.op.isUpdate && graph.definitions[operation.operands[0].index] == nil
    }
    let updates = Dictionary(grouping: starting) { $0.operands[0] }.values
      .filter { $0.count == 1 }.map { $0[0] }.sorted { $0.result < $1.result }
    // Each of them is looked for in all operations.
    guard !updates.isEmpty, updates.count <= Self.updateLimit else { return }
    let whole = Set(updates.map { $0.operands[0] })
    var readers: [ValueID: [Operation]] = [:]
    var parts: [ValueID: [ValueID]] = [:]
    var isReadWhole = Set<ValueID>()
    for operation in function.operations {
      for operand in Set(operation.operands) { readers[operand, default: []].append(operation) }
      guard let operand = operation.operands.first(where: whole.contains) else { continue }
      switch operation.op {
      case .scatter where operation.operands[0] == operand,
        .dynamicUpdateSlice where operation.operands[0] == operand:
        break
      case .gather, .dynamicSlice, .shape(.slice):
        let isSmall = 4 * function[operation.result].count <= function[operand].count
        if isSmall { parts[operand, default: []].append(operation.result) }
        if !isSmall { isReadWhole.insert(operand) }
      default: isReadWhole.insert(operand)
      }
    }
    for update in updates where !isReadWhole.contains(update.operands[0]) {
      guard let parts = parts[update.operands[0]] else { continue }
      var made: Set<ValueID> = [update.result]
      for operation in function.operations where !made.isDisjoint(with: operation.operands) {
        made.formUnion(operation.results)
      }
      for part in parts where meets(made, from: part, readers) {
        addRoot(part)
        if isThere(part, before: update.result) {
          earlyRoots[part] = place(of: update.result) - 1
        }
      }
    }
  }

  /// A function that updates more parameters is no loop's body.
  private static let updateLimit = 32

  /// The place of a root among the others.
  func place(of value: ValueID) -> Int {
    earlyRoots[value] ?? 2 * (graph.definitions[value.index] ?? -1)
  }

  /// Whether all roots that a value is made of come before another one.
  private func isThere(_ part: ValueID, before update: ValueID) -> Bool {
    var seen = Set<ValueID>()
    var pending = graph.operation(part)?.operands ?? []
    while let value = pending.popLast() {
      guard seen.insert(value).inserted, let operation = graph.operation(value) else { continue }
      if roots[value] == nil {
        pending += operation.operands
      } else if place(of: value) >= place(of: update) {
        return false
      }
    }
    return true
  }

  /// Whether what is computed of a value, without a root on the way, reads or is one of others.
  private func meets(
    _ others: Set<ValueID>, from part: ValueID, _ readers: [ValueID: [Operation]]
  ) -> Bool {
    var seen: Set<ValueID> = [part]
    var pending = [part]
    while let value = pending.popLast() {
      for reader in readers[value] ?? [] {
        for result in reader.results {
          if others.contains(result) { return true }
          if roots[result] == nil, seen.insert(result).inserted { pending.append(result) }
        }
      }
    }
    return false
  }
}
