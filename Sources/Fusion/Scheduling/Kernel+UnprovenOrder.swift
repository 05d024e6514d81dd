internal import LoopIR

extension Kernel {
  /// Leaves the iterations of a loop in order, on one thread, where nothing proves that its local arrays are
  /// private to them: passes behind the one that shared it may have arranged loops so that no proof is found.
  ///
  /// - Parameter cache: what is known of equal kernels.
  mutating func keepUnprovenOrder(
    in program: LoopProgram, knowing cache: ScheduleCache = ScheduleCache()
  ) {
    guard !locals.isEmpty, body.contains(where: \.isShared) else { return }
    let key = HashedOnce(ScheduleCache.Key(self, in: program))
    if let known = cache.inOrder[key] {
      body = known
      return
    }
    defer { cache.inOrder[key] = body }
    let analysis = DependenceAnalysis(self, in: program)
    for position in body.indices {
      guard case .loop(var loop) = body[position], body[position].isShared,
        !analysis.mayRunInParallel(loop).isGranted
      else { continue }
      loop.schedule = .serial
      body[position] = .loop(loop)
    }
  }
}

extension Node {
  /// Whether the node is a loop that threads share.
  fileprivate var isShared: Bool {
    if case .loop(let loop) = self { loop.schedule == .parallel } else { false }
  }
}
