internal import LoopIR
internal import Targets
internal import TensorIR

extension Kernel {
  /// Turns one loop of every path through the tree into a vector loop: the one that makes the nest
  /// cheapest by the count of vector instructions, where strided accesses cost one per lane.
  mutating func vectorize(_ scheduler: inout Scheduler) {
    var vectorizer = Vectorizer(
      kernel: self, analysis: DependenceAnalysis(self, in: scheduler.program),
      target: scheduler.target)
    body = body.map { node in
      guard case .loop(let loop) = node else { return node }
      var trial = vectorizer
      let best = trial.best(loop)
      guard best.loop != loop,
        scheduler.accept("\(variables[loop.variable.index].name): \(trial.weighedText)")
      else { return node }
      vectorizer = trial
      return .loop(best.loop)
    }
    locals = vectorizer.kernel.locals
    scalars = vectorizer.kernel.scalars
    variables = vectorizer.kernel.variables
    for local in vectorizer.perLaneLocals { locals[local].isPerLane = true }
  }
}

/// Chooses vector loops by cost.
private struct Vectorizer {
  /// The kernel, with the tables that chosen loops need.
  private(set) var kernel: Kernel
  let analysis: DependenceAnalysis
  let target: TargetDescription
  private(set) var perLaneLocals: Set<Int> = []
  /// What was weighed for the outermost loop.
  private(set) var weighed: [(way: String, cost: Double)] = []

  init(kernel: Kernel, analysis: DependenceAnalysis, target: TargetDescription) {
    self.kernel = kernel
    self.analysis = analysis
    self.target = target
  }

  /// The ways to carry out the outermost loop, with their instructions.
  var weighedText: String {
    weighed.map { "\($0.way) \($0.cost.rounded)" }.joined(separator: ", ")
  }

  /// The cheapest way to carry out a loop, and its cost in instructions.
  ///
  /// - Parameter around: the loops around that may be tiled if this one is in lanes.
  mutating func best(_ loop: Loop, within around: [VariableID] = []) -> (loop: Loop, cost: Double) {
    let extent = Double(kernel.variables[loop.variable.index].extent)
    var serial = loop
    var serialCost = 0.0
    var inside = self
    let chain = loop.mayHoldTiles ? (loop.accumulators.isEmpty ? around : []) + [loop.variable] : []
    for (position, node) in loop.body.enumerated() {
      if case .loop(let inner) = node {
        let choice = inside.best(inner, within: chain)
        serial.body[position] = .loop(choice.loop)
        serialCost += choice.cost
      } else {
        serialCost += node.scalarWeight
      }
    }
    serialCost = serialCost * extent + CostModel.Lanes.loopCost
    let mayBeLanes = mayRunInLanes(loop)
    let vector = mayBeLanes ? vectorized(loop, within: around) : nil
    let rows = mayBeLanes ? rowsInLanes(loop) : nil
    var ways = [(way: "serial", cost: serialCost)]
    if let vector { ways.append(("lanes", vector.cost)) }
    if let rows { ways.append(("transposed rows in lanes", rows.cost)) }
    defer { weighed = ways }
    let isVector = vector.map { $0.cost < serialCost } ?? false
    if let rows, rows.cost < CostModel.Lanes.transposedShare * (vector?.cost ?? .infinity),
      isVector || rows.cost < CostModel.Lanes.transposedShare(links: loop.chainLinks) * serialCost
    {
      kernel = rows.kernel
      perLaneLocals.formUnion(localsWritten(in: rows.loop.body, lane: loop.variable))
      return (rows.loop, rows.cost)
    }
    if let vector, isVector {
      perLaneLocals.formUnion(localsWritten(in: loop.body, lane: loop.variable))
      return vector
    }
    self = inside
    return (serial, serialCost)
  }

  /// Local arrays that the body writes at places that do not depend on the lane, so that every lane
  /// needs its own.
  private func localsWritten(in body: [Node], lane: VariableID) -> Set<Int> {
    var written = Set<Int>()
    body.forEachNode { node in
      guard case .store(let store) = node, case .local(let local) = store.memory else { return }
      if !store.address.uses(lane) { written.insert(local) }
    }
    return written
  }

  // MARK: Lanes

  /// Whether a loop's iterations may be lanes, with arrays of their own where they need them.
  private func mayRunInLanes(_ loop: Loop) -> Bool {
    let own = localsWritten(in: loop.body, lane: loop.variable)
    return analysis.mayRunInLanes(loop, privatizing: own).isGranted
      && own.allSatisfy { analysis.mayPrivatize($0, to: loop).isGranted }
  }

  /// How many lanes a vector of a loop's iterations has: half of a register, or less, where that holds
  /// all of them. Full short registers are read and written without masks.
  private func lanes(ofBytes bytes: Int, extent: Int) -> Int {
    var width = target.lanes(ofBits: 8 * bytes)
    while width >= 2 * CostModel.Lanes.leastLanes, extent <= width / 2 { width /= 2 }
    return width
  }

  /// The loop with its iterations in lanes; nil where that gains nothing.
  private func vectorized(
    _ loop: Loop, within around: [VariableID]
  ) -> (loop: Loop, cost: Double)? {
    let extent = kernel.variables[loop.variable.index].extent
    guard extent >= 4 else { return nil }
    let walk = LaneWalk(kernel: kernel, over: loop, within: around)
    guard walk.hasInstructions else { return nil }
    let width = lanes(ofBytes: walk.widestBytes, extent: extent)
    guard width > 1 else { return nil }
    let vectors = (extent + width - 1) / width
    var cost = walk.cost(width: width) * Double(vectors)
    cost +=
      Double(loop.accumulators.count) * CostModel.Lanes.horizontalCost + CostModel.Lanes.loopCost
    var result = loop
    result.schedule = .vector(
      width: width, interleave: interleave(vectors: vectors, definitions: walk.definitions))
    return (result, cost)
  }

  /// The loop with its iterations in lanes and the short rows that they walk brought into lanes and
  /// back through transposes, and the kernel with the arrays for that; nil where there are none.
  private func rowsInLanes(_ loop: Loop) -> (loop: Loop, kernel: Kernel, cost: Double)? {
    let extent = kernel.variables[loop.variable.index].extent
    guard extent >= 4, loop.holdsSums || !loop.isOfLoops,
      !loop.body.holdsLoop(where: { !$0.range.isCounted })
    else { return nil }
    let width = lanes(
      ofBytes: LaneWalk(kernel: kernel, over: loop, mayFold: true).widestBytes, extent: extent)
    guard width > 1 else { return nil }
    var rows = RowTransposes(kernel, loop, width: width)
    var result = loop
    result.body = rows.body(of: loop)
    guard rows.count > 0 else { return nil }
    let walk = LaneWalk(kernel: rows.kernel, over: result, mayFold: true)
    guard walk.hasInstructions else { return nil }
    let vectors = (extent + width - 1) / width
    let interleave = rowInterleave(extent: extent, width: width, definitions: walk.definitions)
    result.schedule = .vector(width: width, interleave: interleave)
    let cost =
      walk.cost(width: width) * Double(vectors)
      * (interleave == 1 ? CostModel.Lanes.loneVectorCost : 1)
      + Double(loop.accumulators.count) * CostModel.Lanes.horizontalCost + CostModel.Lanes.loopCost
    return (result, rows.kernel, cost)
  }

  /// Two vectors of rows side by side hide latency, where the code for the rows that are left over is
  /// worth it.
  private func rowInterleave(extent: Int, width: Int, definitions: Int) -> Int {
    let vectors = (extent + width - 1) / width
    let isEven = extent.isMultiple(of: 2 * width)
    return isEven || vectors >= 64
      ? min(2, interleave(vectors: vectors, definitions: definitions)) : 1
  }

  /// How many vectors to work on side by side: enough to hide latency, few enough for registers.
  private func interleave(vectors: Int, definitions: Int) -> Int {
    // Two vectors of a short loop hide each other's latency even where registers are short.
    if vectors == 2, definitions <= CostModel.Lanes.mostPairedDefinitions { return 2 }
    let wanted = CostModel.Lanes.interleave(definitions: definitions)
    guard vectors > wanted else { return max(1, min(vectors, wanted)) }
    if wanted == 1 { return 1 }
    for count in stride(from: wanted + 1, through: wanted - 1, by: -1)
    where count >= 2 && vectors.isMultiple(of: count) {
      return count
    }
    return wanted
  }
}

extension Loop {
  /// Whether the loop holds loops and definitions alone, so that it may be tiled around one of them.
  fileprivate var mayHoldTiles: Bool {
    carries.isEmpty
      && body.allSatisfy { node in
        switch node {
        case .define, .loop: true
        case .store, .accumulate, .contract: false
        }
      }
  }
}
