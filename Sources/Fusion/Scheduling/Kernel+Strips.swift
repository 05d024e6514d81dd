internal import LoopIR
internal import Targets
internal import TensorIR

extension Kernel {
  /// Cuts loops over rows into strips, so that what is computed once for each row is computed for many
  /// rows in lanes between the passes over their elements.
  ///
  ///     serial i { acc s; vector j { s += x[i,j] }; t = exp(s); vector j { y[i,j] = t*x[i,j] } }
  ///
  /// becomes
  ///
  ///     serial strip {
  ///       serial i in strip { acc s; vector j { s += x[i,j] }; l0[i-strip*16] = s }
  ///       vector(16) i in strip { l1[i-strip*16] = exp(l0[i-strip*16]) }
  ///       serial i in strip { t = l1[i-strip*16]; vector j { y[i,j] = t*x[i,j] } }
  ///     }
  mutating func cutRowsIntoStrips(_ scheduler: inout Scheduler) {
    body = body.map { cutRows(in: $0, &scheduler) }
  }

  private mutating func cutRows(in node: Node, _ scheduler: inout Scheduler) -> Node {
    guard case .loop(var loop) = node, loop.schedule == .serial else { return node }
    let variableCount = variables.count
    loop.body = loop.body.map { cutRows(in: $0, &scheduler) }
    guard variables.count == variableCount, loop.holdsPasses else { return .loop(loop) }
    // Other loops that share the variable have strips of their own, or none.
    let own = withOwnVariable(loop)
    guard let plan = StripPlan(own, in: self, scheduler),
      scheduler.accept(
        "\(plan.size) of \(variables[loop.variable.index].name) at a time: "
          + "\(plan.weighed.gain.rounded) of \(plan.weighed.of.rounded) instructions less")
    else {
      variables.removeLast()
      return .loop(loop)
    }
    return .loop(cut(own, by: plan, for: scheduler.target))
  }

  /// The loop with a new variable.
  mutating func withOwnVariable(_ loop: Loop) -> Loop {
    let own = variables[loop.variable.index]
    let variable = newVariable(own.name, extent: own.extent)
    var result = loop
    result.variable = variable
    result.body = loop.body.map { node in
      node.mappingIndices { index in
        index.substituting(variable: { IndexExpression($0 == loop.variable ? variable : $0) })
      }
    }
    return result
  }

  /// The loop over strips that a plan makes of a loop over rows.
  private mutating func cut(
    _ loop: Loop, by plan: StripPlan, for target: TargetDescription
  ) -> Loop {
    let rows = variables[loop.variable.index].extent
    var strips = Loop(newVariable("strip", extent: (rows + plan.size - 1) / plan.size))
    strips.accumulators = loop.accumulators
    let place = IndexExpression(loop.variable) + IndexExpression(strips.variable) * -plan.size
    var writer = StripWriter(kernel: self, parts: plan.parts, place: place)
    for local in plan.rowArrays { writer.widen(local, to: plan.size) }
    for crossing in plan.parts.crossings { writer.addArray(for: crossing.scalar, plan.size) }
    for (part, nodes) in plan.parts.pieces {
      var piece = Loop(loop.variable)
      piece.range = .block(strips.variable, size: plan.size)
      piece.body = writer.body(of: nodes)
      switch part.form {
      case .rows: break
      case .sums: piece = writer.kernel.summingColumns(piece)
      case .lanes: piece.schedule = writer.kernel.laneSchedule(piece.body, plan.size, target)
      }
      strips.body.append(.loop(piece))
    }
    self = writer.kernel
    return strips
  }

  /// Lanes for a strip of rows: together they are one strip, where registers allow.
  private func laneSchedule(
    _ body: [Node], _ size: Int, _ target: TargetDescription
  ) -> Loop.Schedule {
    let width = min(size, target.lanes(ofBits: 8 * widestBytes(in: body)))
    return .vector(width: width, interleave: min(size / width, Self.interleaveLimit))
  }

  /// Vectors side by side beyond this many leave too few registers to each.
  private static let interleaveLimit = 4

  /// The bytes of the widest scalar of a body, where indices count as 32 bits.
  private func widestBytes(in body: [Node]) -> Int {
    var widest = 1
    for case .define(let scalar, _) in body {
      let element = scalars[scalar.index]
      widest = max(widest, element.laneBytes)
    }
    return widest
  }
}

/// Writes the parts of a row loop's body as bodies of loops over one strip.
private struct StripWriter {
  var kernel: Kernel
  let parts: RowParts
  /// The row's place in its strip.
  let place: IndexExpression
  /// The arrays that carry scalars from part to part.
  private var arrays: [ScalarID: Int] = [:]
  /// The arrays in memory for a row that become arrays for a strip, with the elements of a row.
  private var rowArrays: [Int: Int] = [:]
  /// Nodes without a part that are written somewhere.
  private var written = Set<Int>()

  init(kernel: Kernel, parts: RowParts, place: IndexExpression) {
    self.kernel = kernel
    self.parts = parts
    self.place = place
  }

  /// Gives every row of a strip a local array of its own.
  mutating func widen(_ local: Int, to rows: Int) {
    rowArrays[local] = kernel.locals[local].count
    kernel.locals[local].shape.insert(rows, at: 0)
  }

  /// Makes an array for a scalar that other parts read.
  mutating func addArray(for scalar: ScalarID, _ rows: Int) {
    arrays[scalar] = kernel.locals.count
    kernel.locals.append(Kernel.Local(element: kernel.scalars[scalar.index], count: rows))
  }

  /// Nodes that stand together, with those without a part that they read, and what comes from
  /// others.
  mutating func body(of own: Set<Int>) -> [Node] {
    var needed = Set<ScalarID>()
    var held = [Int]()
    for position in parts.nodes.indices.reversed() {
      let isRepeated = parts.parts[position] == nil && defines(position, anyOf: needed)
      guard own.contains(position) || isRepeated else { continue }
      held.append(position)
      needed.formUnion(parts.reads[position])
    }
    var names: [ScalarID: ScalarID] = [:]
    var body = [Node]()
    for scalar in needed.sorted() {
      guard let array = arrays[scalar], let definer = parts.definers[scalar],
        !own.contains(definer)
      else { continue }
      let taken = fresh(like: scalar)
      names[scalar] = taken
      body.append(.define(taken, .load(.local(array), place, condition: nil)))
    }
    for position in held.reversed() {
      let node = parts.nodes[position]
      if case .define(let scalar, _) = node, !own.contains(position),
        !written.insert(position).inserted
      {
        names[scalar] = fresh(like: scalar)
      }
      body.append(renamed(node, names))
      body += handOver(from: position)
    }
    return body
  }

  private func defines(_ position: Int, anyOf scalars: Set<ScalarID>) -> Bool {
    guard case .define(let scalar, _) = parts.nodes[position] else { return false }
    return scalars.contains(scalar)
  }

  private mutating func fresh(like scalar: ScalarID) -> ScalarID {
    kernel.newScalar(kernel.scalars[scalar.index])
  }

  private func renamed(_ node: Node, _ names: [ScalarID: ScalarID]) -> Node {
    let moved = [node].mappingAccesses { memory, address in
      guard case .local(let local) = memory, let count = rowArrays[local] else {
        return (memory, address)
      }
      return (memory, address + place * count)
    }
    return moved[0].renamingScalars { names[$0] ?? $0 }
  }

  /// Stores of what a node leaves to other parts.
  private func handOver(from position: Int) -> [Node] {
    parts.definers.filter { $0.value == position }.keys.sorted().compactMap { scalar in
      arrays[scalar].map { .store(Store(.local($0), place, scalar)) }
    }
  }
}

extension Loop {
  /// Whether the body holds passes over a row.
  fileprivate var holdsPasses: Bool {
    let hasLoop = body.contains { if case .loop = $0 { true } else { false } }
    return hasLoop && range == .full && !body.contains(where: \.hasContract)
  }
}
