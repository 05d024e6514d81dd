internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// What a vector loop's conditions usually are; nil where that is not worth a body.
  func piecePlan(of loop: Loop, _ width: Int, _ interleave: Int) -> PiecePlan? {
    guard mayLeaveMemory else { return nil }
    return PiecePlan(
      loop, of: kernel, group: width * interleave, copies: interleave, definitions: conditions)
  }

  /// Whether masked accesses in a loop may be so many, and so far from the memory that they do not
  /// touch, that it matters where.
  ///
  /// Where no lane is on, an access is one without effect, but one to a page that is not mapped takes
  /// the processor as long as some hundred others.
  func hasFarAccesses(_ loop: Loop) -> Bool {
    var found = false
    loop.body.forEachNode { found = found || $0.access?.condition != nil }
    return found && iterations >= EmissionCosts.Pieces.leastWork / max(nodeCount(loop.body), 1)
  }

  /// How many nodes are carried out where a list of them is, up to what is worth a body.
  private func nodeCount(_ nodes: [Node]) -> Int {
    nodes.reduce(0) { sum, node in
      guard case .loop(let loop) = node else { return sum + 1 }
      let inside = min(nodeCount(loop.body), EmissionCosts.Pieces.leastWork)
      return sum + inside * min(count(of: loop), EmissionCosts.Pieces.leastWork)
    }
  }

  /// The conditions of the kernel that are found out from indices.
  static func conditions(of kernel: Kernel) -> [ScalarID: Expression] {
    var conditions: [ScalarID: Expression] = [:]
    kernel.body.forEachNode { node in
      guard case .define(let scalar, let expression) = node, kernel.scalars[scalar.index] == .i1
      else { return }
      switch expression {
      case .inBounds, .apply(.unary(.not), _), .apply(.binary(.and), _), .apply(.binary(.or), _):
        conditions[scalar] = expression
      case .literal, .index, .load, .apply: break
      }
    }
    return conditions
  }

  // MARK: What is known

  /// Adds what is known, with what follows from it in a loop's body, while something is emitted.
  func knowing(_ facts: [ScalarID: Bool], in loop: Loop, _ emit: () -> Void) {
    let outside = known
    known.merge(facts) { $1 }
    loop.body.forEachNode { node in
      guard case .define(let scalar, .apply(let op, let operands)) = node,
        element(of: scalar) == .i1, let value = op.decided(operands.map { known[$0] })
      else { return }
      known[scalar] = value
    }
    // What one body has computed is not there in the next.
    sinesAndCosines.removeAll()
    emit()
    sinesAndCosines.removeAll()
    known = outside
  }

  /// The copies of a scalar that what is known decides, or makes equal to another one; nil for others.
  func decided(_ scalar: ScalarID, _ expression: Expression) -> [LLVMValue]? {
    if known.isEmpty { return nil }
    if let value = known[scalar] {
      let varies = analysis.varying.contains(scalar)
      let count = varies ? lanes?.copies ?? 1 : 1
      let one = varies ? spread(builder.bool(value)) : builder.bool(value)
      return [LLVMValue](repeating: one, count: count)
    }
    guard case .apply(let op, let operands) = expression else { return nil }
    switch op {
    case .select: return known[operands[0]].map { copies(of: operands[$0 ? 1 : 2], as: scalar) }
    case .binary(.and), .binary(.or):
      guard element(of: scalar) == .i1,
        let position = operands.indices.first(where: { known[operands[$0]] != nil })
      else { return nil }
      return copies(of: operands[1 - position], as: scalar)
    case .unary, .binary, .compare, .bits, .convert: return nil
    }
  }

  /// The copies of a scalar that is equal to another one.
  func copies(of other: ScalarID, as scalar: ScalarID) -> [LLVMValue] {
    guard analysis.varying.contains(scalar) else { return [uniform(other)] }
    return (0..<(lanes?.copies ?? 1)).map { vector(other, copy: $0) }
  }

  /// An address that a masked access may have: the memory's start where no lane is on.
  func harmless(
    _ place: LLVMValue, _ memory: Memory, _ condition: ScalarID?, mask: LLVMValue?
  ) -> LLVMValue {
    guard mayLeaveMemory, let condition, let mask, case .slot = memory else { return place }
    let isOn =
      analysis.varying.contains(condition) ? builder.reduceOr(mask) : uniform(condition)
    return builder.select(isOn, place, base(memory))
  }

  // MARK: Bodies

  /// Emits a loop for each version of what conditions from outside are, and once for all others.
  func emitVersions(_ loop: Loop, _ plan: PiecePlan, _ emit: () -> Void) {
    let outside = (pieces, patterns)
    defer { (pieces, patterns) = outside }
    pieces = plan
    if plan.versions.count == 1, plan.versions[0].facts.isEmpty {
      patterns = plan.versions[0].patterns
      return knowing([:], in: loop, emit)
    }
    let after = builder.appendBlock("after")
    let updated = updatedAccumulators(loop.body)
    let entering = accumulators
    var leaving: [(block: LLVMBlock, values: [[LLVMValue]])] = []
    let leave = { [self] in
      leaving.append((builder.currentBlock, updated.map { accumulators[$0] ?? [] }))
      builder.br(after)
    }
    for version in plan.versions {
      let facts = version.facts.sorted { $0.key < $1.key }
      let holds = conjunction(
        facts.map { $0.value ? uniform($0.key) : builder.not(uniform($0.key)) })
      let usual = builder.appendBlock("usual")
      let other = builder.appendBlock("other")
      builder.condBr(holds, usual, other)
      builder.position(at: usual)
      accumulators = entering
      patterns = version.patterns
      knowing(version.facts, in: loop, emit)
      leave()
      builder.position(at: other)
    }
    accumulators = entering
    patterns = []
    knowing([:], in: loop, emit)
    leave()
    builder.position(at: after)
    for (position, accumulator) in updated.enumerated() {
      let values = leaving.map { (block: $0.block, values: $0.values[position]) }
      accumulators[accumulator] = values[0].values.indices.map { part in
        let merged = builder.phi(values[0].values[part].type)
        for (block, parts) in values { builder.addIncoming(merged, parts[part], from: block) }
        return merged
      }
    }
  }

  /// Emits whole groups of vectors in order, each by the body for the pattern that its conditions have,
  /// or by one for all patterns.
  func emitPieces(
    _ loop: Loop, _ plan: PiecePlan, step: Int, from first: LLVMValue, to end: LLVMValue,
    _ emitGroup: @escaping (LLVMValue) -> Void
  ) {
    let carried = updatedAccumulators(loop.body)
    let patterns = patterns
    let ranges = patterns.map { groups(of: $0, plan, step: step, from: first, to: end) }
    let before = builder.currentBlock
    let head = builder.appendBlock("pieces")
    let latch = builder.appendBlock("next.piece")
    let after = builder.appendBlock("after")
    builder.condBr(builder.icmp(.slt, first, end), head, after)
    let entering = carried.map { accumulators[$0] ?? [] }
    builder.position(at: head)
    let index = builder.phi(module.i64)
    let phis = entering.map { $0.map { builder.phi($0.type) } }
    builder.position(at: latch)
    let next = builder.phi(module.i64)
    let left = entering.map { $0.map { builder.phi($0.type) } }
    builder.position(at: head)
    addIncoming(index, first, phis, entering, from: before)
    addIncoming(index, next, phis, left, from: latch)
    let leave = { [self] (place: LLVMValue) in
      let values = carried.map { accumulators[$0] ?? [] }
      addIncoming(next, place, left, values, from: builder.currentBlock)
      builder.br(latch)
    }
    let enter = { [self] in
      for (accumulator, values) in zip(carried, phis) { accumulators[accumulator] = values }
    }
    for (pattern, range) in zip(patterns, ranges) {
      let piece = builder.appendBlock("piece")
      let rest = builder.appendBlock("rest")
      let isIn = builder.and(
        builder.icmp(.sle, range.low, index), builder.icmp(.slt, index, range.high))
      builder.condBr(isIn, piece, rest)
      builder.position(at: piece)
      enter()
      knowing(plan.known(by: pattern), in: loop) {
        counted(from: index, to: range.high, step: step, updating: loop.body, [], emitGroup)
      }
      leave(range.high)
      builder.position(at: rest)
    }
    enter()
    knowing([:], in: loop) { emitGroup(index) }
    leave(builder.add(index, builder.int(step, module.i64)))
    builder.position(at: latch)
    builder.condBr(builder.icmp(.slt, next, end), head, after)
    builder.position(at: after)
    for (accumulator, (old, new)) in zip(carried, zip(entering, left)) {
      accumulators[accumulator] = zip(old, new).map { old, new in
        let merged = builder.phi(new.type)
        builder.addIncoming(merged, old, from: before)
        builder.addIncoming(merged, new, from: latch)
        return merged
      }
    }
  }

  private func addIncoming(
    _ index: LLVMValue, _ place: LLVMValue, _ phis: [[LLVMValue]], _ values: [[LLVMValue]],
    from block: LLVMBlock
  ) {
    builder.addIncoming(index, place, from: block)
    for (phis, values) in zip(phis, values) {
      for (phi, value) in zip(phis, values) { builder.addIncoming(phi, value, from: block) }
    }
  }

  /// The first group all of whose lanes have a pattern, and the one behind the last.
  private func groups(
    of pattern: [PiecePlan.Side], _ plan: PiecePlan, step: Int, from first: LLVMValue,
    to end: LLVMValue
  ) -> (low: LLVMValue, high: LLVMValue) {
    var (low, high) = (first, end)
    for (condition, side) in zip(plan.conditions, pattern) {
      let limits = condition.inLane.map { bound in
        let rest = index(bound.index)
        return (
          start: builder.sub(builder.int(bound.lower, module.i64), rest),
          end: builder.sub(builder.int(bound.upper, module.i64), rest)
        )
      }
      let start = limits.dropFirst().reduce(limits[0].start) { builder.smax($0, $1.start) }
      let last = limits.dropFirst().reduce(limits[0].end) { builder.smin($0, $1.end) }
      let holds = conjunction(condition.others.map { inRange(index($0.index), $0) })
      switch side {
      case .inside:
        (low, high) = (builder.smax(low, start), builder.smin(high, last))
        if !condition.others.isEmpty { high = builder.select(holds, high, first) }
      case .below: high = builder.smin(high, start)
      case .above: low = builder.smax(low, last)
      case .off: high = builder.select(holds, first, high)
      }
    }
    let size = builder.int(step, module.i64)
    let none = builder.int(0, module.i64)
    func place(_ groups: LLVMValue) -> LLVMValue { builder.add(first, builder.mul(groups, size)) }
    let skipped = builder.add(builder.sub(low, first), builder.int(step - 1, module.i64))
    let covered = builder.smax(builder.sub(high, first), none)
    return (place(builder.udiv(skipped, size)), place(builder.udiv(covered, size)))
  }
}
