internal import LoopIR
internal import Targets
internal import TensorIR

extension Kernel {
  /// Turns one loop of every path through the tree into a vector loop: the one that makes the nest
  /// cheapest by the count of vector instructions, where strided accesses cost one per lane.
  mutating func vectorize(for target: TargetDescription) {
    var vectorizer = Vectorizer(kernel: self, target: target)
    body = body.map { node in
      guard case .loop(let loop) = node else { return node }
      return .loop(vectorizer.best(loop).loop)
    }
    for local in vectorizer.perLaneLocals { locals[local].isPerLane = true }
    tileTransposes()
  }
}

/// Chooses vector loops by cost.
private struct Vectorizer {
  let kernel: Kernel
  let target: TargetDescription
  var perLaneLocals: Set<Int> = []

  private struct Choice {
    var loop: Loop
    var cost: Double
  }

  /// What combining the lanes of an accumulator costs.
  private static let horizontalCost = 10.0
  /// What starting a loop costs.
  private static let loopCost = 4.0

  /// The cheapest way to carry out a loop, and its cost in instructions.
  mutating func best(_ loop: Loop) -> (loop: Loop, cost: Double) {
    let extent = Double(kernel.variables[loop.variable.index].extent)
    var serial = loop
    var serialCost = 0.0
    var locals = Set<Int>()
    for (position, node) in loop.body.enumerated() {
      if case .loop(let inner) = node {
        var nested = self
        let choice = nested.best(inner)
        locals.formUnion(nested.perLaneLocals)
        serial.body[position] = .loop(choice.loop)
        serialCost += choice.cost
      } else {
        serialCost += scalarCost(node)
      }
    }
    serialCost = serialCost * extent + Self.loopCost
    if let vector = vectorized(loop), vector.cost < serialCost {
      perLaneLocals.formUnion(localsWritten(in: loop.body, lane: loop.variable))
      return vector
    }
    perLaneLocals.formUnion(locals)
    return (serial, serialCost)
  }

  private func scalarCost(_ node: Node) -> Double {
    switch node {
    case .define(_, .apply(let op, _)): Double(op.weight)
    case .define(_, .literal), .define(_, .index): 0
    case .define, .store, .accumulate: 1
    case .contract: 1e12
    case .loop: 0
    }
  }

  /// Local arrays that the body writes at places that do not depend on the lane, so that every lane
  /// needs its own.
  private func localsWritten(in body: [Node], lane: VariableID) -> Set<Int> {
    var written = Set<Int>()
    for node in body {
      switch node {
      case .store(let store):
        if case .local(let local) = store.memory, !store.address.uses(lane) {
          written.insert(local)
        }
      case .loop(let loop): written.formUnion(localsWritten(in: loop.body, lane: lane))
      case .define, .accumulate, .contract: break
      }
    }
    return written
  }

  // MARK: Lanes

  /// The loop with its iterations in lanes; nil where iterations could meet in memory.
  private func vectorized(_ loop: Loop) -> (loop: Loop, cost: Double)? {
    let extent = kernel.variables[loop.variable.index].extent
    guard extent >= 4 else { return nil }
    var walk = LaneWalk(kernel: kernel, lane: loop.variable)
    walk.visit(loop.body, iterations: 1)
    guard walk.isLegal else { return nil }
    let width = target.lanes(ofBits: 8 * walk.widestBytes)
    guard width > 1 else { return nil }
    let vectors = (extent + width - 1) / width
    var cost = (walk.vectorCost + walk.stridedAccesses * Double(width)) * Double(vectors)
    cost += Double(loop.accumulators.count) * Self.horizontalCost + Self.loopCost
    var result = loop
    result.schedule = .vector(
      width: width, interleave: interleave(vectors: vectors, definitions: walk.definitions))
    return (result, cost)
  }

  /// How many vectors to work on side by side: enough to hide latency, few enough for registers.
  private func interleave(vectors: Int, definitions: Int) -> Int {
    let wanted = definitions <= 24 ? 4 : definitions <= 90 ? 2 : 1
    guard vectors > wanted else { return max(1, min(vectors, wanted)) }
    if wanted == 1 { return 1 }
    for count in stride(from: wanted + 1, through: wanted - 1, by: -1)
    where count >= 2 && vectors.isMultiple(of: count) {
      return count
    }
    return wanted
  }
}

/// Counts what a body costs when one variable's iterations are lanes.
private struct LaneWalk {
  let kernel: Kernel
  let lane: VariableID
  var isLegal = true
  var vectorCost = 0.0
  /// Accesses whose lanes are not neighbours in memory, each an instruction per lane.
  var stridedAccesses = 0.0
  var widestBytes = 1
  var definitions = 0
  private var varying: Set<ScalarID> = []
  private var perLane: Set<Int> = []

  init(kernel: Kernel, lane: VariableID) {
    self.kernel = kernel
    self.lane = lane
  }

  mutating func visit(_ body: [Node], iterations: Double) {
    for node in body { visit(node, iterations: iterations) }
  }

  private mutating func visit(_ node: Node, iterations: Double) {
    switch node {
    case .define(let scalar, let expression): define(scalar, expression, iterations)
    case .store(let store): visit(store, iterations)
    case .accumulate: vectorCost += iterations
    case .contract: isLegal = false
    case .loop(let loop):
      let extent = Double(kernel.variables[loop.variable.index].extent)
      visit(loop.body, iterations: iterations * extent)
      vectorCost += iterations * 2
      for accumulator in loop.accumulators { varying.insert(accumulator.result) }
    }
  }

  private mutating func define(
    _ scalar: ScalarID, _ expression: Expression, _ iterations: Double
  ) {
    var varies = false
    expression.forEachInput(index: { varies = varies || self.varies($0) }) {
      varies = varies || varying.contains($0)
    }
    if case .load(.local(let local), _, _) = expression, perLane.contains(local) { varies = true }
    definitions += 1
    if varies { varying.insert(scalar) }
    switch expression {
    case .literal: break
    case .index, .inBounds: vectorCost += iterations
    case .load(let memory, let index, _):
      access(memory, index, varies: varies, iterations)
      note(kernel.scalars[scalar.index])
    case .apply(let op, let operands):
      vectorCost += iterations * Double(op.weight) * (varies ? 1 : 0.5)
      if varies {
        note(kernel.scalars[scalar.index])
        for operand in operands { note(kernel.scalars[operand.index]) }
      }
    }
  }

  private mutating func note(_ element: ElementType) {
    widestBytes = max(widestBytes, element == .i64 ? 4 : element.byteCount)
  }

  private func varies(_ index: IndexExpression) -> Bool {
    var result = index.uses(lane)
    index.forEachScalar { result = result || varying.contains($0) }
    return result
  }

  private mutating func access(
    _ memory: Memory, _ index: IndexExpression, varies: Bool, _ iterations: Double
  ) {
    if case .local(let local) = memory, perLane.contains(local) {
      vectorCost += iterations
    } else if !varies {
      vectorCost += iterations * 0.5
    } else if isContiguous(index) {
      vectorCost += iterations
    } else {
      stridedAccesses += iterations
    }
  }

  private func isContiguous(_ index: IndexExpression) -> Bool {
    var scalarVaries = false
    index.forEachScalar { scalarVaries = scalarVaries || varying.contains($0) }
    return index.coefficient(of: lane) == 1 && !scalarVaries
  }

  private mutating func visit(_ store: Store, _ iterations: Double) {
    note(kernel.scalars[store.value.index])
    if case .local(let local) = store.memory, !store.address.uses(lane) {
      perLane.insert(local)
      vectorCost += iterations
      return
    }
    // Lanes must write different elements; looked-up places may meet, so their order must stay.
    var isLookedUp = false
    store.address.forEachScalar { isLookedUp = isLookedUp || varying.contains($0) }
    let stride = store.address.coefficient(of: lane)
    if isLookedUp || stride == 0 || (stride == nil) {
      isLegal = false
    } else if stride == 1 {
      vectorCost += iterations
    } else {
      stridedAccesses += iterations * Self.scatterCost
    }
  }

  /// A strided store costs more than a strided load.
  private static let scatterCost = 2.0
}
