internal import LoopIR

extension LoopProgram {
  /// Lets threads take blocks of lanes through all iterations of loops whose lanes do not meet: batch
  /// outside, time inside.
  ///
  /// Threads meet once for the whole loop instead of once for each kernel, and what a block carries stays
  /// in the cache of its core. Kernels that are too small to be shared by themselves are shared so. Under a
  /// memory budget only where what the loop uses fits it for all of the loop.
  mutating func shareLoops(_ scheduler: inout Scheduler) {
    for position in steps.indices {
      guard case .loop(var loop) = steps[position], let plan = sharing(of: loop) else { continue }
      var shared = self
      for (number, rows) in plan.rows { shared.kernels[number].cut(intoBlocksOf: rows) }
      loop.isShared = true
      shared.steps[position] = .loop(loop)
      if let budget = scheduler.options.memory.budget {
        var placed = shared
        placed.placeArena()
        if placed.arenaByteCount > budget { continue }
      }
      guard scheduler.accept("\(plan.count) blocks of \(plan.lanes) lanes go through a loop") else {
        continue
      }
      self = shared
    }
  }

  /// How a loop is shared: the blocks and lanes of each, and the rows of a block of each kernel; nil where
  /// it may not be, or is not worth it.
  private func sharing(
    of loop: StepLoop
  ) -> (count: Int, lanes: Int, rows: [(number: Int, rows: Int)])? {
    guard case .count(let trips) = loop.trips, let lanes = commonLanes(of: loop),
      mayShareLanes(of: loop, lanes: lanes).isGranted
    else { return nil }
    let numbers = loop.body.kernelNumbers
    guard !numbers.contains(where: { kernels[$0].namesItsBlock }) else { return nil }
    let work = numbers.reduce(0.0) { sum, number in
      sum + kernels[number].rowNodes.reduce(0) { $0 + kernels[number].whole.work(of: $1) }
    }
    guard work <= CostModel.Threads.mostStepWork,
      work * Double(trips) >= CostModel.Threads.leastSharedWork
    else {
      return nil
    }
    var step = 1
    var rowsOfLane: [(number: Int, rows: Int)] = []
    for number in numbers {
      guard let steps = kernels[number].whole.rowSteps else { return nil }
      let rows = kernels[number].variables[steps[0].row.index].extent / lanes
      rowsOfLane.append((number, rows))
      for (_, node) in steps {
        let together = node.rowsTogether
        step = step.leastCommonMultiple(with: together / together.greatestCommonDivisor(with: rows))
      }
    }
    let bytes = numbers.reduce(0.0) { $0 + Double(kernels[$1].costs(in: self).bytes) }
    let count = min(
      CostModel.Threads.mostLaneBlocks, lanes / step,
      Int(work / (CostModel.Threads.leastBlockWork * Double(numbers.count))),
      bytes > CostModel.Threads.streamedBytes
        ? lanes / CostModel.Threads.streamedLanes : CostModel.Threads.mostLaneBlocks)
    guard count > 1 else { return nil }
    let size = ((lanes + count - 1) / count + step - 1) / step * step
    let blocks = (lanes + size - 1) / size
    return blocks > 1 ? (blocks, size, rowsOfLane.map { ($0.number, $0.rows * size) }) : nil
  }
}

extension Kernel {
  /// The kernel with all rows in one block.
  fileprivate var whole: Kernel {
    guard case .loop(let outer)? = body.last, outer.schedule == .parallel else { return self }
    var kernel = self
    kernel.body.removeLast()
    kernel.body += outer.body.map { node in
      switch node {
      case .loop(var loop):
        loop.range = .full
        return .loop(loop)
      case .contract(var contract):
        contract.block = nil
        return .contract(contract)
      case .define, .store, .accumulate: return node
      }
    }
    return kernel
  }

  /// Whether what the steps of a block do depends on which block it is, as where an array holds the block's rows.
  fileprivate var namesItsBlock: Bool {
    guard case .loop(let outer)? = body.last, outer.schedule == .parallel else { return false }
    var isNamed = false
    outer.body.forEachNode { node in
      switch node {
      case .define(_, let expression):
        expression.forEachVariable { isNamed = isNamed || $0 == outer.variable }
      case .store(let store): isNamed = isNamed || store.address.uses(outer.variable)
      case .accumulate, .loop, .contract: break
      }
    }
    return isNamed
  }

  /// Cuts a kernel of steps over rows into blocks of so many.
  fileprivate mutating func cut(intoBlocksOf rows: Int) {
    var kernel = whole
    let first = kernel.body.firstIndex { if case .define = $0 { false } else { true } } ?? 0
    let steps = Array(kernel.body[first...])
    guard let row = steps.first?.rows else { return }
    let count = (kernel.variables[row.index].extent + rows - 1) / rows
    let (block, cut) = kernel.cutting(steps, rows, count)
    var outer = Loop(block)
    outer.schedule = .parallel
    outer.body = cut
    kernel.body = Array(kernel.body[..<first]) + [.loop(outer)]
    self = kernel
  }
}

extension Int {
  /// The greatest number that divides both.
  func greatestCommonDivisor(with other: Int) -> Int {
    var (left, right) = (self, other)
    while right != 0 { (left, right) = (right, left % right) }
    return left
  }

  /// The least number that both divide.
  func leastCommonMultiple(with other: Int) -> Int {
    self / greatestCommonDivisor(with: other) * other
  }
}
