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
    var open = sums
    for position in body.indices {
      guard case .loop(var loop) = body[position], loop.range == .full else { continue }
      let finished = sums.filter { isFinished($0, in: loop, scheduler.program) }
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

  /// Whether each iteration of a loop combines once into each element of one row of a buffer, which nothing
  /// else touches.
  private func isFinished(_ buffer: BufferID, in loop: Loop, _ program: LoopProgram) -> Bool {
    guard let slot = slots.firstIndex(of: buffer) else { return false }
    let (extent, count) = (
      variables[loop.variable.index].extent, program.buffers[buffer.index].type.count
    )
    guard extent > 0, count > 0, count.isMultiple(of: extent) else { return false }
    let row = IndexExpression(loop.variable) * (count / extent)
    var elements = Set<Int>()
    for case .store(let store) in loop.body where store.memory == .slot(slot) {
      guard store.combining != nil, store.condition == nil,
        let element = (store.address + row * -1).constantValue,
        (0..<count / extent).contains(element)
      else { return false }
      elements.insert(element)
    }
    // As many accesses as elements, all of them different ones.
    return elements.count == count / extent
      && body.accesses.count { $0.memory == .slot(slot) } == elements.count
  }
}
