internal import LoopIR
internal import Targets
internal import TensorIR

extension Kernel {
  /// Tiles loops along which a vector loop inside reads contiguous memory, so that squares are
  /// transposed in registers instead of gathered element by element.
  ///
  ///     serial i { vector(16) j { y[i,j] = x[j,i] } }   →   tiled(16) i { vector(16) j { y[i,j] = x[j,i] } }
  ///
  /// Loops that hold nothing else may change places for it. Inside of outermost loops, a loop around
  /// several others becomes one around each of them where that lets some be tiled, and what little is
  /// computed between loops goes inwards.
  mutating func tileTransposes(_ scheduler: inout Scheduler) {
    let nests = PerfectNests(self, DependenceAnalysis(self, in: scheduler.program))
    body = body.flatMap { tiled($0, nests, isOutermost: true, &scheduler) }
  }

  private mutating func tiled(
    _ node: Node, _ all: PerfectNests, isOutermost: Bool, _ scheduler: inout Scheduler
  ) -> [Node] {
    guard case .loop(var loop) = node else { return [node] }
    var nests = all
    nests.scalars = scalars
    let most = isOutermost || !loop.sumsNothing ? 1 : CostModel.Lanes.mostDistributedNests
    if let found = nests.nests(of: loop, atMost: most) {
      let tiles = found.map { tile(of: $0, nests.analysis) }
      let decision = zip(found, tiles).compactMap { nest, tile in
        tile.map { "\($0.size) of \(variables[nest.chain[$0.place].variable.index].name)" }
      }
      if !decision.isEmpty, scheduler.accept(decision.joined(separator: ", ")) {
        scalars = nests.scalars
        return zip(found, tiles).map { nest, tile in .loop(tile.map(nest.tiled) ?? nest.loop) }
      }
    }
    loop.body = loop.body.flatMap { tiled($0, all, isOutermost: false, &scheduler) }
    return [.loop(loop)]
  }

  /// The loop of a nest that is worth tiling, and the size of its tiles; nil where there is none.
  private func tile(of nest: PerfectNest, _ analysis: DependenceAnalysis) -> Tile? {
    guard nest.lanes.storesRows else { return nil }
    let reads = nest.chain.indices.map {
      (place: $0, reads: nest.lanes.readsAlong(nest.chain[$0].variable, in: self, analysis))
    }
    guard let best = reads.max(by: { $0.reads.count < $1.reads.count }),
      let bytes = best.reads.map({ scalars[$0.index].byteCount }).max(),
      case .vector(let width, _) = nest.lanes.schedule,
      let size = tileSize(
        variables[nest.chain[best.place].variable.index].extent, width: width, bytes: bytes),
      analysis.mayPermute(nest.loops).isGranted
    else { return nil }
    return Tile(place: best.place, size: size)
  }

  /// Iterations of a tile, a power of two: those of a cache line or of a square of lanes where there
  /// are many, else as many as leave the fewest over; nil where there are too few to gain.
  private func tileSize(_ extent: Int, width: Int, bytes: Int) -> Int? {
    let line = TargetDescription.lineBytes
    let largest = max(min(width, line / 4), line / bytes, CostModel.Lanes.smallestTile)
    if extent >= 4 * largest { return largest }
    var (size, best) = (largest, Int?.none)
    while size >= CostModel.Lanes.smallestTile {
      if size <= extent, best.map({ extent % size < extent % $0 }) ?? true { best = size }
      size /= 2
    }
    return best
  }
}

/// A loop of a nest that is tiled.
private struct Tile {
  /// Its place in the chain.
  var place: Int
  /// The iterations of a tile.
  var size: Int
}

/// Serial loops that each hold one loop and nothing else, and the vector loop that the last one holds.
private struct PerfectNest {
  /// The serial loops, outermost first; the first one may have accumulators.
  var chain: [Loop]
  var lanes: Loop

  /// The loops, each with the next one inside.
  var loops: [Loop] {
    var all = [lanes]
    for outer in chain.reversed() {
      var around = outer
      around.body = [.loop(all[0])]
      all.insert(around, at: 0)
    }
    return all
  }

  /// The outermost loop.
  var loop: Loop { loops[0] }

  /// The outermost loop where one of the chain is the innermost one, in tiles.
  func tiled(_ tile: Tile) -> Loop {
    var nest = self
    var inner = nest.chain.remove(at: tile.place)
    if case .vector(let width, _) = nest.lanes.schedule {
      nest.lanes.schedule = .vector(width: width, interleave: 1)
    }
    inner.schedule = .tiled(size: tile.size)
    let accumulators = chain[0].accumulators
    inner.accumulators = []
    nest.chain.append(inner)
    nest.chain[0].accumulators = accumulators
    return nest.loop
  }
}

/// Takes loops apart into perfect nests.
private struct PerfectNests {
  let analysis: DependenceAnalysis
  /// The kernel's scalars, with the copies of what several nests need.
  var scalars: [ElementType]
  /// What the nests found so far define between their loops.
  private var taken: Set<ScalarID> = []

  init(_ kernel: Kernel, _ analysis: DependenceAnalysis) {
    self.analysis = analysis
    scalars = kernel.scalars
  }

  /// A loop as perfect nests one after the other; nil where it is not that, or they are more than a number.
  ///
  /// - Parameter definitions: what stands between the loops around, in order.
  mutating func nests(
    of loop: Loop, atMost most: Int, sinking definitions: [Node] = []
  ) -> [PerfectNest]? {
    guard loop.range == .full, loop.carries.isEmpty else { return nil }
    if case .vector = loop.schedule {
      return sinking(definitions, into: loop).map { [PerfectNest(chain: [], lanes: $0)] }
    }
    guard loop.schedule == .serial else { return nil }
    var (between, parts) = (definitions, [PerfectNest]())
    for node in loop.body {
      switch node {
      case .define: between.append(node)
      case .loop(let inner):
        guard inner.sumsNothing, parts.count < most,
          let nests = nests(of: inner, atMost: most - parts.count, sinking: between)
        else { return nil }
        parts += nests
      case .store, .accumulate, .contract: return nil
      }
    }
    guard
      parts.count == 1
        || analysis.mayDistribute(loop, into: parts.map { [.loop($0.loop)] }).isGranted
    else { return nil }
    return parts.isEmpty
      ? nil : parts.map { PerfectNest(chain: [loop] + $0.chain, lanes: $0.lanes) }
  }

  /// A vector loop with what it needs of the definitions before it; nil where that is too much work, or
  /// may not be computed there.
  private mutating func sinking(_ definitions: [Node], into lanes: Loop) -> Loop? {
    var needed = Set<ScalarID>()
    lanes.body.forEachNode { $0.forEachOwnScalar { needed.insert($0) } }
    var (kept, weight) = ([Node](), 0)
    for node in definitions.reversed() {
      guard case .define(let scalar, let expression) = node, needed.contains(scalar) else {
        continue
      }
      switch expression {
      case .load, .inBounds: weight += 1
      case .apply(let op, _): weight += op.weight
      case .literal, .index: break
      }
      expression.forEachScalar { needed.insert($0) }
      kept.append(node)
    }
    guard weight <= CostModel.Lanes.sunkWeight, analysis.mayRepeat(kept).isGranted else {
      return nil
    }
    var result = lanes
    result.body = kept.reversed() + lanes.body
    return withOwnScalars(result, for: kept)
  }

  /// The loop with copies of definitions that another nest has too.
  private mutating func withOwnScalars(_ lanes: Loop, for definitions: [Node]) -> Loop {
    var names: [ScalarID: ScalarID] = [:]
    for case .define(let scalar, _) in definitions where !taken.insert(scalar).inserted {
      names[scalar] = ScalarID(scalars.count)
      scalars.append(scalars[scalar.index])
    }
    guard !names.isEmpty else { return lanes }
    var result = lanes
    result.body = lanes.body.map { $0.renamingScalars { names[$0] ?? $0 } }
    return result
  }
}

extension Loop {
  /// Whether the loop has neither accumulators nor carries.
  fileprivate var sumsNothing: Bool { accumulators.isEmpty && carries.isEmpty }

  /// Whether the loop only computes, sums up and stores contiguous elements, which squares do not
  /// hinder.
  fileprivate var storesRows: Bool {
    body.allSatisfy { node in
      switch node {
      case .define, .accumulate: return true
      case .store(let store):
        guard case .slot = store.memory else { return false }
        return store.combining == nil && store.address.coefficient(of: variable) == 1
      case .loop, .contract: return false
      }
    }
  }

  /// What is loaded step by step along another loop from element to element and along this one
  /// further, under conditions that are the same for all of the other loop's iterations.
  fileprivate func readsAlong(
    _ other: VariableID, in kernel: Kernel, _ analysis: DependenceAnalysis
  ) -> [ScalarID] {
    var dependent = Set<ScalarID>()
    let extent = kernel.variables[other.index].extent
    return body.compactMap { node in
      guard case .define(let scalar, let expression) = node else { return nil }
      var isDependent = false
      expression.forEachVariable { isDependent = isDependent || $0 == other }
      expression.forEachScalar { isDependent = isDependent || dependent.contains($0) }
      if isDependent { dependent.insert(scalar) }
      guard case .load(let memory, let address, let condition) = expression,
        case .slot = memory, condition.map({ !dependent.contains($0) }) ?? true,
        condition == nil || analysis.elementCount(of: memory) >= extent,
        address.coefficient(of: other) == 1, let stride = address.coefficient(of: variable)
      else { return nil }
      return stride.magnitude > 1 && !address.isLookedUp ? scalar : nil
    }
  }
}
