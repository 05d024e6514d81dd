internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Writes out short loops inside of lanes that choose by their index what they compute.
  ///
  ///     vector(16) i { serial j in 0..<3 { y[i,j] = j == 0 ? a[i] : j == 1 ? b[i] : c[i] } }
  ///
  /// becomes
  ///
  ///     vector(16) i { y[i,0] = a[i]; y[i,1] = b[i]; y[i,2] = c[i] }
  ///
  /// Rows of a few pieces, as of coordinates, are stored without choices then.
  mutating func writeOutShortLoops(_ scheduler: inout Scheduler) {
    body = body.map { writingOut($0, inLanes: false, &scheduler) }
  }

  private mutating func writingOut(
    _ node: Node, inLanes: Bool, _ scheduler: inout Scheduler
  ) -> Node {
    guard case .loop(var loop) = node else { return node }
    let inLanes = inLanes || loop.isInLanes
    loop.body = loop.body.map { writingOut($0, inLanes: inLanes, &scheduler) }
    guard inLanes else { return .loop(loop) }
    loop.body = loop.body.flatMap { node -> [Node] in
      guard case .loop(let inner) = node, choosesByIndex(inner) else { return [node] }
      let before = scalars
      let written = unrolled(inner).withDecidedConditions(&scalars)
      guard written.count <= CostModel.Lanes.writtenOutNodes,
        scheduler.accept(
          "\(variables[inner.variable.index].extent) of \(variables[inner.variable.index].name)")
      else {
        scalars = before
        return [node]
      }
      return written
    }
    return .loop(loop)
  }

  /// Whether a loop is short and simple, and conditions of its index alone decide what it computes.
  private func choosesByIndex(_ loop: Loop) -> Bool {
    guard variables[loop.variable.index].extent <= CostModel.Lanes.shortExtent,
      loop.schedule == .serial, loop.range == .full, loop.carries.isEmpty,
      loop.accumulators.isEmpty, loop.body.allSatisfy(\.isStraightLine)
    else { return false }
    return loop.body.contains { node in
      guard case .define(_, .inBounds(let bounds)) = node else { return false }
      return bounds.allSatisfy { bound in
        var isOwn = true
        bound.index.forEachVariable { isOwn = isOwn && $0 == loop.variable }
        return isOwn && !bound.index.isLookedUp
      }
    }
  }

  /// The iterations of a loop, one after the other, each with scalars of its own.
  mutating func unrolled(_ loop: Loop) -> [Node] {
    (0..<variables[loop.variable.index].extent).flatMap { copy(of: loop, at: IndexExpression($0)) }
  }
}

extension [Node] {
  /// Straight-line nodes without what conditions of constant indices decide, and without what nothing needs
  /// then.
  ///
  /// - Parameter scalars: the types of the kernel's scalars.
  fileprivate func withDecidedConditions(_ scalars: inout [ElementType]) -> [Node] {
    var decisions = Decisions()
    let decided = compactMap { decisions.simplified($0, scalars) }
    var needed = Set<ScalarID>()
    var kept = [Node]()
    for node in decided.reversed() {
      if case .define(let scalar, _) = node, !needed.contains(scalar) { continue }
      node.forEachOwnScalar { needed.insert($0) }
      kept.append(node)
    }
    return kept.reversed()
  }
}

/// What is known of conditions, and which scalars are others therefore.
private struct Decisions {
  private var truths: [ScalarID: Bool] = [:]
  private var names: [ScalarID: ScalarID] = [:]

  /// A node with what is known put in; nil where it does nothing.
  mutating func simplified(_ node: Node, _ scalars: [ElementType]) -> Node? {
    switch node.renamingScalars({ names[$0] ?? $0 }) {
    case .define(let scalar, let expression):
      guard let simplified = simplified(expression, scalar, scalars) else { return nil }
      if case .literal(let literal) = simplified, literal.type.element == .i1 {
        truths[scalar] = literal.doubles[0] != 0
      }
      return .define(scalar, simplified)
    case .store(var store):
      guard let condition = store.condition, let truth = truths[condition] else {
        return .store(store)
      }
      store.condition = nil
      return truth ? .store(store) : nil
    case let other: return other
    }
  }

  /// What a scalar is; nil where it is another scalar.
  private mutating func simplified(
    _ expression: Expression, _ scalar: ScalarID, _ scalars: [ElementType]
  ) -> Expression? {
    func literal(_ number: Double) -> Expression {
      .literal(Literal(TensorType([], scalars[scalar.index]), doubles: [number]))
    }
    switch expression {
    case .inBounds(let bounds):
      let open = bounds.filter { $0.index.constantValue == nil }
      let holds = bounds.allSatisfy { bound in
        bound.index.constantValue.map { (bound.lower..<bound.upper).contains($0) } ?? true
      }
      return !holds ? literal(0) : open.isEmpty ? literal(1) : .inBounds(open)
    case .load(let memory, let address, let condition?):
      guard let truth = truths[condition] else { return expression }
      return truth ? .load(memory, address, condition: nil) : literal(0)
    case .apply(.select, let operands):
      guard let truth = truths[operands[0]] else { return expression }
      names[scalar] = operands[truth ? 1 : 2]
      return nil
    case .apply(.unary(.not), let operands):
      return truths[operands[0]].map { literal($0 ? 0 : 1) } ?? expression
    case .apply(.binary(let op), let operands) where op == .and || op == .or:
      guard let known = operands.firstIndex(where: { truths[$0] != nil }),
        let truth = truths[operands[known]]
      else { return expression }
      if truth == (op == .or) { return literal(truth ? 1 : 0) }
      names[scalar] = operands[1 - known]
      return nil
    case .literal, .index, .load, .apply: return expression
    }
  }
}

extension Node {
  /// Whether the node is no loop and no product.
  var isStraightLine: Bool {
    switch self {
    case .define, .store, .accumulate: true
    case .loop, .contract: false
    }
  }
}

extension Loop {
  /// Whether iterations are lanes.
  var isInLanes: Bool {
    if case .vector = schedule { return true }
    return false
  }
}
