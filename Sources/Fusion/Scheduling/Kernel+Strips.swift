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

  /// The loop over strips that a plan makes of a loop over rows.
  private mutating func cut(
    _ loop: Loop, by plan: StripPlan, for target: TargetDescription
  ) -> Loop {
    var (strips, strip) = split(loop, by: plan.size, named: "strip")
    strips.accumulators = loop.accumulators
    strip.accumulators = []
    let place = IndexExpression(loop.variable) + IndexExpression(strips.variable) * -plan.size
    let parts = plan.parts
    var distribution = LoopDistribution(
      of: parts.nodes, reading: parts.reads, parts.definers,
      repeating: Set(parts.parts.indices.filter { parts.parts[$0] == nil }), in: self, at: place,
      size: plan.size)
    for local in plan.rowArrays { distribution.expand(local) }
    for crossing in parts.crossings { distribution.expand(crossing.scalar) }
    for (part, nodes) in parts.pieces {
      var piece = strip
      piece.body = distribution.body(of: nodes)
      switch part.form {
      case .rows: break
      case .sums: piece = distribution.kernel.summingColumns(piece)
      case .lanes: piece.schedule = distribution.kernel.laneSchedule(piece.body, plan.size, target)
      }
      strips.body.append(.loop(piece))
    }
    self = distribution.kernel
    return strips
  }

  /// Lanes for a strip of rows: together they are one strip, where registers allow.
  private func laneSchedule(
    _ body: [Node], _ size: Int, _ target: TargetDescription
  ) -> Loop.Schedule {
    let width = min(size, target.lanes(ofBits: 8 * widestBytes(in: body)))
    return .vector(width: width, interleave: min(size / width, CostModel.Lanes.mostInterleaved))
  }

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

extension Loop {
  /// Whether the body holds passes over a row.
  fileprivate var holdsPasses: Bool {
    let hasLoop = body.contains { if case .loop = $0 { true } else { false } }
    return hasLoop && range == .full && carries.isEmpty && !body.contains(where: \.hasContract)
  }
}
