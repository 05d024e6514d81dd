internal import LoopIR
internal import TensorIR

extension MemoryReport {
  /// What a plan does with each value of a program; without a plan all are kept.
  init(
    _ graph: RematerializationGraph, _ program: LoopProgram, _ plan: RematerializationPlan?
  ) {
    self.init()
    let tables = SnapshotTables(graph, program).tables
    for (number, value) in graph.values.enumerated() where value.isArena {
      let buffer = program.buffers[value.buffer.index]
      var entry = Value(
        name: buffer.name, type: buffer.type, location: buffer.origin?.location ?? .unknown,
        isCrossing: value.isCrossing)
      if let table = tables[number] {
        entry.isCrossing = true
        entry.reason =
          "up to \(table.snapshotCount) snapshots of a loop of unknown length, and as many states of its"
          + " steps that are run again"
        savedByteCount = savedByteCount.addingCapped(table.halfByteCount)
        recomputedByteCount = recomputedByteCount.addingCapped(table.halfByteCount)
        values.append(entry)
        continue
      }
      entry.recomputations = plan?.recomputations[number] ?? 0
      let recipe = number < graph.recipes.count ? graph.recipes[number] : nil
      let group = graph.groups[value.group]
      if entry.recomputations > 0 {
        recomputedByteCount += buffer.type.byteCount
        entry.reason =
          recipe != nil
          ? "computed element by element from what is there"
          : "the steps that made it are run again"
        entry.addedNanoseconds =
          Double(entry.recomputations) * (recipe?.nanoseconds ?? group.nanoseconds)
      } else {
        if value.isCrossing { savedByteCount += buffer.type.byteCount }
        entry.reason = value.reasonToKeep(in: graph, group)
      }
      values.append(entry)
    }
    for action in plan?.actions ?? [] {
      switch action {
      case .step: break
      case .group(let number, let outputs):
        addedFlops = addedFlops.addingCapped(graph.groups[number].flops)
        note(graph.groups[number].flops, on: outputs.first, in: graph, program)
      case .recipe(let value):
        let flops = graph.recipes[value]?.flops ?? 0
        addedFlops = addedFlops.addingCapped(flops)
        note(flops, on: value, in: graph, program)
      }
    }
  }

  /// What becomes of the values of a program of which some are not stored.
  init(_ found: InliningSearch.Found, _ program: LoopProgram) {
    let rest = found.values.finished
    self.init(found.planner.graph, rest, found.candidate?.plan)
    for value in found.values.values {
      let buffer = program.buffers[value.buffer.index]
      var entry = Value(
        name: buffer.name, type: buffer.type, location: buffer.origin?.location ?? .unknown,
        isCrossing: false)
      entry.recomputations = value.readerCount
      entry.reason = "computed where it is read"
      entry.addedNanoseconds = max(value.addedNanoseconds, 0)
      entry.addedFlops = max(value.addedFlops, 0)
      recomputedByteCount += buffer.type.byteCount
      addedFlops = addedFlops.addingCapped(entry.addedFlops)
      values.append(entry)
    }
  }

  private mutating func note(
    _ flops: Int, on value: Int?, in graph: RematerializationGraph, _ program: LoopProgram
  ) {
    guard let value else { return }
    let name = program.buffers[graph.values[value].buffer.index].name
    if let place = values.firstIndex(where: { $0.name == name }) {
      values[place].addedFlops = values[place].addedFlops.addingCapped(flops)
    }
  }
}

extension RematerializationGraph.Value {
  /// Why a value is kept.
  fileprivate func reasonToKeep(
    in graph: RematerializationGraph, _ group: RematerializationGraph.Group
  ) -> String {
    if !isCrossing { return "no use in the backward computation" }
    if !isStable { return "it changes in between" }
    if !group.isRepeatable { return "what it is made of changes in between" }
    if !savedName.isEmpty { return "kept as \(savedName)" }
    return group.hasProduct ? "a product" : "it is cheaper to keep"
  }
}

extension LoopProgram {
  /// The bytes of arena in use at each kernel, in order of execution.
  var memoryCurve: [MemoryReport.Point] {
    let timeline = Timeline(self)
    let blocks = blocks(on: timeline)
    let bytes = Self.uses(of: blocks, positions: timeline.count)
    let owners = Self.owners(of: timeline.count, blocks)
    return steps.kernelNumbers.map { number in
      let position = timeline.positions[number] ?? 0
      let written = kernels[number].writtenBuffers.sorted().map { buffers[$0.index].name }
      return MemoryReport.Point(
        step: written.joined(separator: ", "), bytes: bytes[position],
        owner: owners[position].map { buffers[$0.index].name } ?? "")
    }
  }

  /// The largest buffer in use at each position.
  private static func owners(of positions: Int, _ blocks: [Block]) -> [BufferID?] {
    var owners = [BufferID?](repeating: nil, count: positions)
    /// For each position one at or behind which the next without an owner is.
    var next = Array(0...positions)
    func free(from position: Int) -> Int {
      var end = position
      while next[end] != end { end = next[end] }
      var position = position
      while next[position] != end { (position, next[position]) = (next[position], end) }
      return end
    }
    for block in blocks.sorted(by: { ($1.byteCount, $0.home) < ($0.byteCount, $1.home) }) {
      var position = free(from: max(block.life.lowerBound, 0))
      while position <= min(block.life.upperBound, positions - 1) {
        owners[position] = block.home
        next[position] = position + 1
        position = free(from: position)
      }
    }
    return owners
  }

  /// The most bytes of some arena buffers that are in use at one position.
  func largestUse(of buffers: Set<BufferID>) -> Int {
    let timeline = Timeline(self)
    let own = blocks(on: timeline).filter { buffers.contains($0.home) }
    return Self.largestUse(of: own, positions: timeline.count)
  }
}
