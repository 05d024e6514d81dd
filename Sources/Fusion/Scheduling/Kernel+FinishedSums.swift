internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Lets sums of which each iteration of an outermost loop makes elements of its own be stored there:
  ///
  ///     serial i { acc s; serial j { s += x[i,j] }; y[i] += s }
  ///
  /// becomes
  ///
  ///     serial i { acc s; serial j { s += x[i,j] }; y[i] = s }
  ///
  /// Their memory need not be cleared before, and blocks of iterations need no partial results.
  ///
  /// - Parameter sums: the buffers that the kernel adds into from the identity on.
  /// - Returns: The others of them.
  mutating func storeFinishedSums(
    _ sums: Set<BufferID>, _ scheduler: inout Scheduler
  ) -> Set<BufferID> {
    if sums.isEmpty { return sums }
    let analysis = DependenceAnalysis(self, in: scheduler.program)
    var open = sums
    for position in body.indices {
      guard case .loop(var loop) = body[position], loop.range == .full else { continue }
      let finished = sums.filter { buffer in
        guard let slot = slots.firstIndex(of: buffer) else { return false }
        return analysis.mayBeStored(.slot(slot), rowByRowIn: loop).isGranted
      }
      guard !finished.isEmpty,
        scheduler.accept("iterations finish \(finished.count) of \(sums.count) sums")
      else { continue }
      open.subtract(finished)
      loop.body = loop.body.map { node in
        guard case .store(var store) = node, case .slot(let slot) = store.memory,
          finished.contains(slots[slot])
        else { return node }
        store.combining = nil
        return .store(store)
      }
      body[position] = .loop(loop)
    }
    return open
  }
}
