internal import LoopIR
internal import TensorIR

/// Writes a program in which values are computed again: each copy of a step writes buffers of its own,
/// and what follows reads those. Nothing merges a copy with what it is a copy of, since the steps of a
/// program are carried out as they stand.
struct RematerializedProgram {
  private(set) var program: LoopProgram
  private let graph: RematerializationGraph
  /// The program without copies, whose kernels are over the buffers of values as they are made first.
  private let original: LoopProgram
  /// The buffer that holds each value at present.
  private var current: [Int: BufferID] = [:]
  private var copyCounts: [BufferID: Int] = [:]
  private var steps: [Step] = []

  /// The program that a plan makes.
  ///
  /// - Parameter kernel: the kernel of a value's recipe, which writes the value's own buffer.
  init(
    _ original: LoopProgram, _ graph: RematerializationGraph, _ plan: RematerializationPlan,
    kernel: (BufferID) -> Kernel?
  ) {
    program = original
    self.original = original
    self.graph = graph
    for action in plan.actions {
      switch action {
      case .step(let position):
        var renaming = Renaming(buffers: renamed(graph.steps[position].reads))
        steps.append(moved(original.steps[position], &renaming, isCopy: false))
      case .group(let number, let outputs): addCopy(of: number, outputs)
      case .recipe(let value):
        guard var kernel = kernel(graph.values[value].buffer) else { continue }
        var buffers = renamed(graph.recipes[value]?.inputs ?? [])
        let copy = addCopy(of: graph.values[value].buffer)
        buffers[graph.values[value].buffer] = copy
        kernel.slots = kernel.slots.map { buffers[$0] ?? $0 }
        steps.append(.kernel(program.kernels.count))
        program.kernels.append(kernel)
        current[value] = copy
      }
    }
    program.steps = steps
    program.removeKernels { _ in false }
    program.dropUnusedBuffers()
  }

  /// Which buffers and counters stand for others in a step.
  private struct Renaming {
    var buffers: [BufferID: BufferID]
    var counters: [CounterID: CounterID] = [:]
    /// The buffers that nothing reads, so that kernels need not write them.
    var unread = Set<BufferID>()
  }

  /// The buffers of values that were computed again.
  private func renamed(_ values: [Int]) -> [BufferID: BufferID] {
    var buffers: [BufferID: BufferID] = [:]
    for value in values {
      if let copy = current[value] { buffers[graph.values[value].buffer] = copy }
    }
    return buffers
  }

  /// A new buffer like another one, in the arena.
  private mutating func addCopy(of buffer: BufferID) -> BufferID {
    var copy = program.buffers[buffer.index]
    copyCounts[buffer, default: 0] += 1
    copy.name += "_copy\(copyCounts[buffer, default: 1])"
    copy.storage = .arena(offset: 0)
    copy.home = nil
    program.buffers.append(copy)
    return BufferID(program.buffers.count - 1)
  }

  private mutating func addCopy(of group: Int, _ outputs: [Int]) {
    let group = graph.groups[group]
    var renaming = Renaming(buffers: renamed(group.inputs))
    let read = group.steps.reduce(into: Set(outputs)) { $0.formUnion(graph.steps[$1].reads) }
    for value in group.outputs {
      let buffer = graph.values[value].buffer
      renaming.buffers[buffer] = addCopy(of: buffer)
      if !read.contains(value) { renaming.unread.insert(buffer) }
    }
    for step in group.steps { steps.append(moved(original.steps[step], &renaming, isCopy: true)) }
    for value in outputs { current[value] = renaming.buffers[graph.values[value].buffer] }
  }

  /// A step on other buffers.
  ///
  /// - Parameter isCopy: whether the step has been carried out before, so that kernels, counters and
  ///   the buffers that it alone uses are new ones.
  private mutating func moved(_ step: Step, _ renaming: inout Renaming, isCopy: Bool) -> Step {
    switch step {
    case .kernel(let number):
      var kernel = original.kernels[number]
      if isCopy { kernel.drop(storesTo: renaming.unread) }
      kernel.slots = kernel.slots.map { mapped($0, &renaming, isCopy: isCopy) }
      guard isCopy else {
        program.kernels[number] = kernel
        return step
      }
      program.kernels.append(kernel)
      return .kernel(program.kernels.count - 1)
    case .loop(var loop):
      if isCopy {
        renaming.counters[loop.counter] = CounterID(program.counterCount)
        loop.counter = CounterID(program.counterCount)
        program.counterCount += 1
      }
      loop.carries = loop.carries.map { carry in
        StepCarry(
          mapped(carry.current, &renaming, isCopy: isCopy),
          next: mapped(carry.next, &renaming, isCopy: isCopy))
      }
      loop.index = loop.index.map { mapped($0, &renaming, isCopy: isCopy) }
      if case .condition(let test, let condition) = loop.trips {
        loop.trips = .condition(
          moved(test, &renaming, isCopy: isCopy), mapped(condition, &renaming, isCopy: isCopy))
      }
      loop.body = moved(loop.body, &renaming, isCopy: isCopy)
      return .loop(loop)
    case .branch(var branch):
      branch.selector = mapped(branch.selector, &renaming, isCopy: isCopy)
      branch.ways = branch.ways.map { moved($0, &renaming, isCopy: isCopy) }
      return .branch(branch)
    case .call(let call):
      return .call(call.mappingBuffers { mapped($0, &renaming, isCopy: isCopy) })
    }
  }

  private mutating func moved(
    _ steps: [Step], _ renaming: inout Renaming, isCopy: Bool
  ) -> [Step] {
    var result = [Step]()
    for step in steps { result.append(moved(step, &renaming, isCopy: isCopy)) }
    return result
  }

  /// The buffer that stands for one.
  private mutating func mapped(
    _ buffer: BufferID, _ renaming: inout Renaming, isCopy: Bool
  ) -> BufferID {
    if let known = renaming.buffers[buffer] { return known }
    var result = buffer
    switch program.buffers[buffer.index].storage {
    case .view(var view):
      let base = mapped(view.base, &renaming, isCopy: isCopy)
      let strides = view.strides.map { stride in
        Buffer.Stride(
          renaming.counters[stride.counter] ?? stride.counter, byteCount: stride.byteCount)
      }
      if base != view.base || strides != view.strides {
        var copy = program.buffers[buffer.index]
        (view.base, view.strides) = (base, strides)
        copy.storage = .view(view)
        program.buffers.append(copy)
        result = BufferID(program.buffers.count - 1)
      }
    case .arena:
      // What is no value is the step's own.
      if isCopy, graph.numbers[buffer] == nil { result = addCopy(of: buffer) }
    case .argument, .result, .constant: break
    }
    renaming.buffers[buffer] = result
    return result
  }
}

extension Kernel {
  /// Drops the stores to buffers that the kernel does not read itself. What is left rounds as before.
  ///
  /// - Parameter mayBeAll: whether the kernel may be left without any.
  mutating func drop(storesTo buffers: Set<BufferID>, mayBeAll: Bool = false) {
    let idle = buffers.subtracting(readBuffers).intersection(slots)
    guard !idle.isEmpty, !body.changesOrderOfSums(without: idle, self) else { return }
    let slots = self.slots
    var rest = self
    rest.body = body.removingStores { store in
      guard case .slot(let slot) = store.memory else { return false }
      return idle.contains(slots[slot])
    }
    guard mayBeAll || !rest.body.isEmpty,
      rest.body.isEmpty || rest.callsFunctions == callsFunctions
    else { return }
    rest.round(as: self)
    self = rest
    dropUnusedSlots()
  }

  /// Whether a loop of the kernel hands scalars on: a scan or `while` in registers.
  var carriesScalars: Bool {
    var found = false
    body.forEachNode { if case .loop(let loop) = $0, !loop.carries.isEmpty { found = true } }
    return found
  }
}

extension [Node] {
  /// Whether a serial loop in lanes has sums and no stores but to some buffers: without these its sums may be
  /// made several iterations at a time, so in another order.
  fileprivate func changesOrderOfSums(
    without idle: Set<BufferID>, _ kernel: Kernel, isInLanes: Bool = false
  ) -> Bool {
    contains { node in
      guard case .loop(let loop) = node else { return false }
      if case .vector = loop.schedule {
        return loop.body.changesOrderOfSums(without: idle, kernel, isInLanes: true)
      }
      let stores = loop.body.compactMap { node in
        if case .store(let store) = node { store.memory } else { nil }
      }
      let areIdle = stores.allSatisfy { memory in
        if case .slot(let slot) = memory { idle.contains(kernel.slots[slot]) } else { false }
      }
      if isInLanes, !stores.isEmpty, areIdle, loop.accumulators.contains(where: { $0.kind == .add })
      {
        return true
      }
      return loop.body.changesOrderOfSums(without: idle, kernel, isInLanes: isInLanes)
    }
  }
}
