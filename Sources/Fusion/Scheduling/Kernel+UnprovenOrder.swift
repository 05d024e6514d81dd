package import LoopIR

extension Kernel {
  /// Leaves the iterations of a loop in order, on one thread, where nothing proves that its local arrays are
  /// private to them: passes behind the one that shared it may have arranged loops so that no proof is found.
  package mutating func keepUnprovenOrder(in program: LoopProgram) {
    guard !locals.isEmpty else { return }
    let analysis = DependenceAnalysis(self, in: program)
    for position in body.indices {
      guard case .loop(var loop) = body[position], loop.schedule == .parallel,
        !analysis.mayRunInParallel(loop).isGranted
      else { continue }
      loop.schedule = .serial
      body[position] = .loop(loop)
    }
  }
}
