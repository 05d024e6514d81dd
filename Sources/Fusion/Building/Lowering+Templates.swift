internal import LoopIR
internal import TensorIR

extension Lowering {
  /// The kernels of a plan: built, or made from those of a plan that computes the same of values in other
  /// buffers.
  mutating func drafts(
    of plan: KernelPlan, _ planner: KernelPlanner, available: Set<ValueID>
  ) -> [Draft] {
    var description = PlanDescription(graph, scheduler)
    guard
      let key = description.key(
        of: plan, planner, available: available, buffers: buffers, constants: constants,
        comparedValues: comparedValues, isReadLater: { isRead($0, besidesRootsOf: plan, planner) })
    else { return builtDrafts(of: plan, planner, available: available) }
    let sources = sources(of: plan)
    if let known = scheduler.cache.built[key] {
      return known.map { draft in
        var draft = draft.mapping { description.buffers[$0.index] }
        draft.kernel.sources = sources
        return draft
      }
    }
    var drafts = builtDrafts(of: plan, planner, available: available)
    for position in drafts.indices { drafts[position].form = scheduler.cache.newForm() }
    scheduler.cache.built[key] = drafts.map { $0.mapping { description.number(of: $0) } }
    return drafts
  }

  /// The kernels of a plan, built anew.
  private mutating func builtDrafts(
    of plan: KernelPlan, _ planner: KernelPlanner, available: Set<ValueID>
  ) -> [Draft] {
    let sums = Set(plan.roots.filter(\.isScattered).map { buffer($0.value) })
    var changesCopy = false
    if case .scatter = plan.kind { changesCopy = true }
    return build(plan, planner, available: available).enumerated().map { position, kernel in
      Draft(kernel, sums: sums, isUpdate: changesCopy && position > 0)
    }
  }

  /// The places in the source that a plan's roots come from.
  func sources(of plan: KernelPlan) -> [SourceLocation] {
    plan.roots.compactMap { graph.operation($0.value)?.location }.filter(\.isKnown)
  }
}

/// What a plan's kernels depend on, with buffers as numbers.
private struct PlanDescription {
  private let graph: Graph
  private let program: LoopProgram
  private let cache: ScheduleCache
  /// The buffers by number.
  private(set) var buffers: [BufferID] = []
  private var numbers: [BufferID: Int] = [:]

  /// Plans of more operations are not looked up by what they are.
  private static let limit = 1024

  init(_ graph: Graph, _ scheduler: Scheduler) {
    self.graph = graph
    program = scheduler.program
    cache = scheduler.cache
  }

  /// A buffer's number as a buffer.
  func number(of buffer: BufferID) -> BufferID {
    guard let number = numbers[buffer] else {
      preconditionFailure("kernels use only buffers that their description names")
    }
    return BufferID(number)
  }

  /// What a plan's kernels depend on; nil for plans that are always built anew.
  mutating func key(
    of plan: KernelPlan, _ planner: KernelPlanner, available: Set<ValueID>,
    buffers: [ValueID: BufferID], constants: [ValueID: BufferID], comparedValues: Set<ValueID>,
    isReadLater: (ValueID) -> Bool
  ) -> SubgraphKey? {
    var values = plan.roots.map(\.value)
    var words = [plan.roots.count]
    switch plan.kind {
    case .nest, .layout: words.append(-1)
    case .contract(let dot):
      guard let shape = planner.contracts[dot] else { return nil }
      words.append(isReadLater(dot) ? 1 : 0)
      words += shape.words + [shape.form.map(cache.number) ?? -1]
      values.append(dot)
      for factor in [shape.left, shape.right] {
        values.append(factor.operand)
        values += factor.reads.map(\.value)
      }
    case .scatter, .control: return nil
    }
    for root in plan.roots { words += root.words }
    return planner.subgraphs.subgraph(
      of: values, after: words, limit: Self.limit, expandsRoots: false,
      isRead: { available.contains($0) && buffers[$0] != nil },
      note: { value, words in
        let isAvailable = available.contains(value)
        let isWritten = plan.written.contains(value)
        words.append(
          (isAvailable ? 1 : 0) + (isWritten ? 2 : 0) + (comparedValues.contains(value) ? 4 : 0))
        let buffer = isAvailable || isWritten ? buffers[value] : nil
        for buffer in [buffer, constants[value]] { add(buffer, to: &words) }
      })?.key
  }

  /// Adds a buffer's number, and its type where it is met for the first time.
  private mutating func add(_ buffer: BufferID?, to words: inout [Int]) {
    guard let buffer else { return words.append(-1) }
    if let known = numbers[buffer] { return words.append(known) }
    numbers[buffer] = buffers.count
    words.append(buffers.count)
    words.append(graph.forms.number(of: program.buffers[buffer.index].type))
    buffers.append(buffer)
  }
}

extension ContractionShape {
  /// The extents and strides, for descriptions of what a product is computed from.
  fileprivate var words: [Int] {
    var words = [rows, columns, depth, rowRun ?? -1]
    for list in [outer, outerAxes, rowAxes, columnAxes, tapAxes] {
      words.append(list.count)
      words += list
    }
    for factor in [left, right] {
      words += [factor.isExpression ? 1 : 0, factor.weight, factor.reads.count]
      for read in factor.reads {
        words += [read.offset, read.line, read.depth, read.outer.count]
        words += read.outer
      }
    }
    return words
  }
}
