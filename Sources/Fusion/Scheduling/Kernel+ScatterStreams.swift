internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Lets loops that combine into computed places go through four runs of their iterations side by side.
  ///
  ///     serial i in 0..<4003 { y[p[i]] += x[i] }
  ///
  /// becomes
  ///
  ///     serial q in 0..<1000 { y[p[q]] += x[q]; y[p[q+1000]] += x[q+1000]; … }
  ///     serial r in 0..<3 { y[p[r+4000]] += x[r+4000] }
  ///
  /// Where neighbouring updates meet, as of sorted places, each waits for the sum that the one before has
  /// stored; updates that stand far apart seldom meet. Their order depends on shapes alone.
  ///
  /// - Parameter sums: buffers of which each block of an outermost loop may have its own.
  mutating func interleaveScatters(sums: Set<BufferID>, _ scheduler: inout Scheduler) {
    let analysis = DependenceAnalysis(self, in: scheduler.program)
    body = body.flatMap { node -> [Node] in
      guard case .loop(let loop) = node, loop.schedule == .serial else { return [node] }
      // Threads share such a loop.
      let isShared = analysis.mayRunInBlocks(loop, reducing: memory(of: sums)).isGranted
      return interleaved(loop, isShared: isShared, analysis, &scheduler)
    }
  }

  private mutating func interleaved(
    _ loop: Loop, isShared: Bool, _ analysis: DependenceAnalysis, _ scheduler: inout Scheduler
  ) -> [Node] {
    if loop.holdsSerialLoops {
      var outer = loop
      outer.body = loop.body.flatMap { node -> [Node] in
        guard case .loop(let inner) = node, inner.schedule == .serial else { return [node] }
        return interleaved(inner, isShared: false, analysis, &scheduler)
      }
      return [.loop(outer)]
    }
    let variable = variables[loop.variable.index]
    let streams = CostModel.Scatters.streams
    guard !isShared, variable.extent >= CostModel.Scatters.leastStreamed,
      loop.combinesAnywhere(analysis),
      scheduler.accept("\(variable.name): \(streams) of \(variable.extent / streams)")
    else { return [.loop(loop)] }
    return self.streams(of: loop)
  }

  /// The loop over the iterations of all streams, and one over those that are left.
  private mutating func streams(of loop: Loop) -> [Node] {
    let extent = variables[loop.variable.index].extent
    let length = extent / CostModel.Scatters.streams
    let together = withVariable(like: loop, extent: length)
    var main = Loop(together)
    for stream in 0..<CostModel.Scatters.streams {
      main.body += copy(of: loop, at: IndexExpression(together) + stream * length)
    }
    let done = length * CostModel.Scatters.streams
    guard done < extent else { return [.loop(main)] }
    var rest = Loop(withVariable(like: loop, extent: extent - done))
    rest.body = copy(of: loop, at: IndexExpression(rest.variable) + done)
    return [.loop(main), .loop(rest)]
  }

  /// Unrolls loops of a few operations that end in a write to a computed place: half of what a processor
  /// does there would be to count and to test.
  mutating func unrollScatters(_ scheduler: inout Scheduler) {
    body = body.map { unrolled($0, &scheduler) }
  }

  private func unrolled(_ node: Node, _ scheduler: inout Scheduler) -> Node {
    guard case .loop(var loop) = node else { return node }
    switch loop.schedule {
    case .vector, .tiled, .unrolled: return node
    case .parallel, .serial: break
    }
    let variable = variables[loop.variable.index]
    guard loop.schedule == .serial, loop.isShortScatter,
      variable.extent >= 4 * CostModel.Scatters.streams,
      scheduler.accept("\(variable.name) by \(CostModel.Scatters.streams)")
    else {
      loop.body = loop.body.map { unrolled($0, &scheduler) }
      return .loop(loop)
    }
    loop.schedule = .unrolled(by: CostModel.Scatters.streams)
    return .loop(loop)
  }
}

extension Loop {
  fileprivate var holdsSerialLoops: Bool {
    body.contains { node in
      guard case .loop(let loop) = node else { return false }
      return loop.schedule == .serial
    }
  }

  /// Whether the body is a few definitions and, at its end, one update of a computed place that other
  /// iterations may update too, in any order.
  func combinesAnywhere(_ analysis: DependenceAnalysis) -> Bool {
    guard range == .full, case .store(let store) = body.last,
      case .slot = store.memory, store.combining != nil, store.address.isLookedUp,
      !store.address.uses(variable)
    else { return false }
    var work = 0
    for node in body.dropLast() {
      guard case .define(_, let expression) = node else { return false }
      switch expression {
      case .apply(let op, _): work += op.weight
      case .literal, .index, .load, .inBounds: work += 1
      }
    }
    return work <= CostModel.Scatters.mostStreamedWork
      && analysis.mayReorderUpdates(of: store.memory, in: self).isGranted
  }

  /// Whether the body is a few quick operations, one of which writes to a computed place.
  fileprivate var isShortScatter: Bool {
    guard carries.isEmpty, accumulators.isEmpty, range.isCounted,
      body.count <= CostModel.Scatters.mostUnrolledNodes
    else { return false }
    var writesAnywhere = false
    for node in body {
      switch node {
      case .define(_, .apply(let op, _)):
        if op.weight > CostModel.Scatters.costlyWeight { return false }
      case .define: break
      case .store(let store): writesAnywhere = writesAnywhere || store.address.isLookedUp
      case .accumulate, .loop, .contract: return false
      }
    }
    return writesAnywhere
  }
}
