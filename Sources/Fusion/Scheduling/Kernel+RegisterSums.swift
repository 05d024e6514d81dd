internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Makes sums that a loop adds into a few elements of memory accumulators, which are registers.
  ///
  ///     serial i { serial k in 0..<3 { y[k] += x[i,k] } }
  ///
  /// becomes, with the short loop written out,
  ///
  ///     acc s0, s1, s2; serial i { s0 += x[i,0]; s1 += x[i,1]; s2 += x[i,2] }; y[0] += s0; …
  ///
  /// Scalar replacement of reductions: what is added goes through memory once for the loop instead of
  /// once for each iteration, and the loop can run in lanes.
  ///
  /// Where iterations are lanes, each element gets a vector of sums, whose lanes are added up when the
  /// loop ends instead of for each vector of iterations.
  ///
  /// - Parameters:
  ///   - keepingOutermost: whether the outermost loops keep what they add into memory.
  ///   - sums: the buffers that hold nothing before the kernel; others are added to.
  ///   - inLanes: whether it goes over loops in lanes, else over serial ones.
  mutating func sumInRegisters(
    keepingOutermost: Bool, sums: Set<BufferID>, inLanes: Bool = false,
    _ scheduler: inout Scheduler
  ) {
    let analysis = DependenceAnalysis(self, in: scheduler.program)
    body = body.flatMap { node -> [Node] in
      guard case .loop(let loop) = node else { return [node] }
      return replacingSums(
        of: loop, isOutermost: true, mayReplace: !keepingOutermost, sums, inLanes, analysis,
        &scheduler)
    }
  }

  /// The loop with its sums in registers, and what stores them behind it.
  private mutating func replacingSums(
    of loop: Loop, isOutermost: Bool, mayReplace: Bool, _ sums: Set<BufferID>, _ inLanes: Bool,
    _ analysis: DependenceAnalysis, _ scheduler: inout Scheduler
  ) -> [Node] {
    var result = loop
    result.body = loop.body.flatMap { node -> [Node] in
      guard case .loop(let inner) = node else { return [node] }
      return replacingSums(
        of: inner, isOutermost: false, mayReplace: true, sums, inLanes, analysis, &scheduler)
    }
    guard mayReplace, loop.isInLanes == inLanes, !loop.isTiled, loop.range == .full,
      loop.carries.isEmpty
    else { return [.loop(result)] }
    let before = self
    let limit =
      inLanes
      ? CostModel.Lanes.shortExtent(registers: scheduler.target.registers)
      : CostModel.Lanes.shortExtent
    let writtenOut = result.body.flatMap { node -> [Node] in
      guard case .loop(let inner) = node, isShort(inner, in: loop, limit) else { return [node] }
      return unrolled(inner)
    }
    let replaced = replaceableSums(writtenOut, of: loop, isOutermost: isOutermost, analysis)
    guard !replaced.isEmpty, !inLanes || replaced.count * loop.interleave <= limit,
      writtenOut.count <= CostModel.Lanes.writtenOutNodes,
      scheduler.accept("\(replaced.count) of \(variables[loop.variable.index].name)")
    else {
      self = before
      return [.loop(result)]
    }
    var stores = [Node]()
    result.body = writtenOut.enumerated().map { position, node in
      guard replaced.contains(position), case .store(let sum) = node, let kind = sum.combining
      else { return node }
      var (inside, store) = replacing(sum, kind, in: &result)
      if isOutermost, case .slot(let slot) = store.memory, sums.contains(slots[slot]) {
        store.combining = nil
      }
      stores.append(.store(store))
      return inside
    }
    return [.loop(result)] + stores
  }

  /// Whether an inner loop is short, simple, and adds into elements that the iterations of the outer
  /// one share.
  private func isShort(_ inner: Loop, in outer: Loop, _ limit: Int) -> Bool {
    guard variables[inner.variable.index].extent <= limit, inner.schedule == .serial,
      inner.range == .full, inner.carries.isEmpty, inner.accumulators.isEmpty
    else { return false }
    return inner.body.allSatisfy { $0.isStraightLine }
      && inner.body.contains { $0.sharedSum(of: outer.variable) != nil }
  }

  /// The positions of the nodes that add into elements which may be accumulators.
  ///
  /// Behind an outermost loop these must be all elements of the buffer, and nothing else in the kernel may
  /// touch them. What was there before, such as the tensor that a scatter adds to, is added to.
  private func replaceableSums(
    _ writtenOut: [Node], of loop: Loop, isOutermost: Bool, _ analysis: DependenceAnalysis
  ) -> Set<Int> {
    var answers: [Memory: Bool] = [:]
    return Set(
      writtenOut.indices.filter { position in
        guard let memory = writtenOut[position].sharedSum(of: loop.variable)?.memory else {
          return false
        }
        let isFree =
          answers[memory]
          ?? (analysis.mayBeAccumulators(memory, in: writtenOut, of: loop).isGranted
            && (!isOutermost
              || analysis.mayBeStored(memory, in: writtenOut, of: loop).isGranted))
        answers[memory] = isFree
        return isFree
      })
  }
}

extension Loop {
  /// How many vectors of iterations are worked on side by side.
  fileprivate var interleave: Int {
    if case .vector(_, let interleave) = schedule { return interleave }
    return 1
  }
}

extension Node {
  /// The store of a node that combines into an element of a buffer which the iterations of a loop share;
  /// whether the sum may be an accumulator the dependence analysis says.
  fileprivate func sharedSum(of variable: VariableID) -> Store? {
    guard case .store(let store) = self, case .slot = store.memory, store.combining != nil,
      store.condition == nil, !store.address.isLookedUp, !store.address.uses(variable)
    else { return nil }
    return store
  }
}
