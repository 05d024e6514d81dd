internal import LoopIR
internal import Targets
internal import TensorIR

extension Kernel {
  /// Distributes loops that write to computed places: what is written and where is computed in lanes for a
  /// strip of iterations, and written one after the other.
  ///
  ///     serial i { p = i32(floor(x[i])); if 0 <= p < 9 { y[p] += exp(x[i]) } }
  ///
  /// becomes
  ///
  ///     serial strip {
  ///       vector(16) i in strip { l0[i-strip*256] = i32(floor(x[i])); l1[i-strip*256] = exp(x[i]) }
  ///       serial i in strip { p = l0[i-strip*256]; if 0 <= p < 9 { y[p] += l1[i-strip*256] } }
  ///     }
  ///
  /// A loop no longer than a strip is one.
  mutating func distributeScatters(_ scheduler: inout Scheduler) {
    body = body.flatMap { distributeScatters(in: $0, &scheduler) }
  }

  private mutating func distributeScatters(in node: Node, _ scheduler: inout Scheduler) -> [Node] {
    guard case .loop(var loop) = node, loop.schedule == .serial else { return [node] }
    let isInnermost = !loop.body.contains { if case .loop = $0 { true } else { false } }
    guard isInnermost else {
      loop.body = loop.body.flatMap { distributeScatters(in: $0, &scheduler) }
      return [.loop(loop)]
    }
    guard let split = ScatterSplit(loop, in: self),
      DependenceAnalysis(self, in: scheduler.program)
        .mayDistribute(loop, into: [split.early, split.late].map { $0.map { loop.body[$0] } })
        .isGranted
    else { return [node] }
    var changed = self
    let (loops, gain) = changed.distributed(changed.withOwnVariable(loop), split, scheduler)
    guard let loops, gain >= CostModel.Strips.leastScatterGain * Double(split.updates),
      scheduler.accept(
        "\(variables[loop.variable.index].name): \(gain.rounded) of \(split.cost.rounded) "
          + "instructions less")
    else { return [node] }
    self = changed
    return loops
  }

  /// The loop over strips, or the two loops of the only one, and the instructions that each iteration gains;
  /// nil where what is computed cannot be done in lanes.
  private mutating func distributed(
    _ loop: Loop, _ split: ScatterSplit, _ scheduler: Scheduler
  ) -> (loops: [Node]?, gain: Double) {
    let size = split.size
    var (strips, lanes): (Loop?, Loop) = (nil, loop)
    var place = IndexExpression(loop.variable)
    if size < split.extent {
      let (outer, inner) = self.split(loop, by: size, named: "strip")
      place = place + IndexExpression(outer.variable) * -size
      (strips, lanes) = (outer, inner)
    }
    var writes = lanes
    let (early, late) = (Set(split.early), Set(split.late))
    var distribution = LoopDistribution(
      of: loop.body, reading: split.reads, split.definers, repeating: early.intersection(late),
      in: self, at: place, size: size)
    for scalar in split.crossing { distribution.expand(scalar) }
    lanes.body = distribution.body(of: early.subtracting(late))
    writes.body = distribution.body(of: late.subtracting(early))
    self = distribution.kernel
    let walk = LaneWalk(kernel: self, over: lanes)
    let width = scheduler.target.lanes(ofBits: 8 * walk.widestBytes)
    guard walk.hasInstructions, width > 1,
      DependenceAnalysis(self, in: scheduler.program).mayRunInLanes(lanes).isGranted
    else { return (nil, 0) }
    let interleave = CostModel.Lanes.interleave(definitions: walk.definitions)
    let groups = (size + width - 1) / width
    lanes.schedule = .vector(width: width, interleave: max(1, min(interleave, size / width)))
    let cost =
      walk.cost(width: width) * Double(groups) / Double(size) + Double(split.crossing.count)
    let loops = [Node.loop(lanes), .loop(writes)]
    strips?.body = loops
    return (strips.map { [.loop($0)] } ?? loops, split.cost - cost)
  }
}

/// The body of a loop that ends with a write to a computed place, in what is computed before and what is
/// done with each write.
private struct ScatterSplit {
  /// The nodes that compute what crosses, in order.
  private(set) var early: [Int] = []
  /// The writes, with what only says where and whether they are made.
  private(set) var late: [Int] = []
  /// The scalars that writes take from what is computed before.
  private(set) var crossing: [ScalarID] = []
  /// What is computed before takes so many instructions, one iteration after the other.
  private(set) var cost = 0.0

  /// The number of writes of an iteration.
  let updates: Int
  /// The iterations of the loop.
  let extent: Int
  /// The iterations of a strip.
  var size: Int { min(CostModel.Strips.updateCount / updates, extent) }

  private let body: [Node]
  let definers: [ScalarID: Int]
  /// The scalars that each node reads.
  var reads: [Set<ScalarID>] {
    body.map { node in
      var scalars = Set<ScalarID>()
      node.forEachOwnScalar { scalars.insert($0) }
      return scalars
    }
  }

  init?(_ loop: Loop, in kernel: Kernel) {
    guard loop.range == .full, loop.accumulators.isEmpty, loop.carries.isEmpty,
      case .store(let store) = loop.body.last, case .slot = store.memory
    else { return nil }
    body = loop.body
    var definers: [ScalarID: Int] = [:]
    var writes: Set<Int> = []
    for (position, node) in body.enumerated() {
      switch node {
      case .define(let scalar, _):
        definers[scalar] = position
      case .store(let other):
        guard other.memory == store.memory, other.address.isLookedUp else { return nil }
        writes.insert(position)
      case .accumulate, .loop, .contract: return nil
      }
    }
    updates = writes.count
    self.definers = definers
    extent = kernel.variables[loop.variable.index].extent
    guard updates <= 4, extent > 1 else { return nil }
    divide(writes, in: kernel)
    guard !crossing.isEmpty else { return nil }
    for position in early { cost += body[position].scalarWeight }
  }

  /// Finds what goes with the write, what crosses, and what that is made of.
  private mutating func divide(_ writes: Set<Int>, in kernel: Kernel) {
    var lateNodes = writes
    var crossingScalars = Set<ScalarID>()
    for position in body.indices.reversed() where lateNodes.contains(position) {
      body[position].forEachOwnScalar { scalar in
        guard let definer = definers[scalar] else { return }
        if goesWithWrite(definer, scalar, in: kernel) {
          lateNodes.insert(definer)
        } else {
          crossingScalars.insert(scalar)
        }
      }
    }
    var earlyNodes = Set(crossingScalars.compactMap { definers[$0] })
    for position in body.indices.reversed() where earlyNodes.contains(position) {
      body[position].forEachOwnScalar { scalar in
        if let definer = definers[scalar] { earlyNodes.insert(definer) }
      }
    }
    early = earlyNodes.sorted()
    late = lateNodes.sorted()
    crossing = crossingScalars.sorted()
  }

  /// Whether a scalar is made where it is written: truth values, whole numbers that become wider, and what
  /// is known without computing.
  private func goesWithWrite(_ position: Int, _ scalar: ScalarID, in kernel: Kernel) -> Bool {
    guard case .define(_, let expression) = body[position] else { return false }
    switch expression {
    case .literal, .inBounds: return true
    case .index, .load: return false
    case .apply(.convert(to: .i64), let operands):
      return kernel.scalars[operands[0].index].isInteger
    case .apply: return kernel.scalars[scalar.index] == .i1
    }
  }
}
