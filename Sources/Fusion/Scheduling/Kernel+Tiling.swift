internal import LoopIR

extension Kernel {
  /// Tiles loops along which a vector loop inside reads contiguous memory, so that squares are
  /// transposed in registers instead of gathered element by element.
  ///
  ///     serial i { vector(16) j { y[i,j] = x[j,i] } }   →   tiled(16) i { vector(16) j { y[i,j] = x[j,i] } }
  ///
  /// Loops that hold nothing else may change places for it.
  mutating func tileTransposes(_ scheduler: inout Scheduler) {
    body = body.map { tiled($0, &scheduler) }
  }

  private func tiled(_ node: Node, _ scheduler: inout Scheduler) -> Node {
    guard case .loop(var loop) = node else { return node }
    guard let (chain, lanes) = loop.perfectNest, lanes.storesRows else {
      loop.body = loop.body.map { tiled($0, &scheduler) }
      return .loop(loop)
    }
    let candidates = chain.indices.map { (place: $0, count: lanes.readsAlong(chain[$0].variable)) }
    guard let best = candidates.max(by: { $0.count < $1.count }), best.count > 0,
      case .vector(let width, _) = lanes.schedule,
      let size = tileSize(variables[chain[best.place].variable.index].extent, width: width),
      DependenceAnalysis(self, in: scheduler.program).mayPermute(chain + [lanes]).isGranted,
      scheduler.accept("\(size) of \(variables[chain[best.place].variable.index].name)")
    else { return node }
    var tile = chain[best.place]
    var inner = lanes
    inner.schedule = .vector(width: width, interleave: 1)
    tile.schedule = .tiled(size: size)
    tile.body = [.loop(inner)]
    var others = chain
    others.remove(at: best.place)
    return others.reversed().reduce(.loop(tile)) { body, other in
      var around = other
      around.body = [body]
      return .loop(around)
    }
  }

  /// Iterations of a tile: a square where there are enough; nil where there are too few to gain.
  private func tileSize(_ extent: Int, width: Int) -> Int? {
    let least = 4
    let square = min(max(width, least), Self.largestTile)
    return extent >= square ? square : extent >= least ? least : nil
  }

  /// Squares of this side read whole cache lines of four-byte elements.
  private static let largestTile = 16
}

extension Loop {
  /// The serial loops from this one on that each hold one loop and nothing else, and the vector loop
  /// that the last of them holds.
  fileprivate var perfectNest: (chain: [Loop], lanes: Loop)? {
    guard schedule == .serial, range == .full, accumulators.isEmpty, body.count == 1,
      case .loop(let inner) = body[0]
    else { return nil }
    if case .vector = inner.schedule, inner.accumulators.isEmpty { return ([self], inner) }
    return inner.perfectNest.map { ([self] + $0.chain, $0.lanes) }
  }

  /// Whether the loop only computes and stores contiguous elements, which squares do not help.
  fileprivate var storesRows: Bool {
    body.allSatisfy { node in
      switch node {
      case .define: return true
      case .store(let store):
        guard case .slot = store.memory else { return false }
        return store.combining == nil && store.address.coefficient(of: variable) == 1
      case .accumulate, .loop, .contract: return false
      }
    }
  }

  /// How many loads step along another loop from element to element and along this one further.
  fileprivate func readsAlong(_ other: VariableID) -> Int {
    body.count { node in
      guard case .define(_, .load(.slot, let address, nil)) = node,
        address.coefficient(of: other) == 1, let stride = address.coefficient(of: variable)
      else { return false }
      return stride.magnitude > 1 && !address.isLookedUp
    }
  }
}
