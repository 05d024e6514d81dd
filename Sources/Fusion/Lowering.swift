internal import LoopIR
internal import Targets
internal import TensorIR

/// The state of lowering one function, or one region of it, into a program.
struct Lowering {
  private(set) var graph: Graph
  /// Values whose elements are computed once.
  private(set) var comparedValues: Set<ValueID> = []
  /// Schedules kernels, and has the program.
  var scheduler: Scheduler
  /// Where values in memory stand.
  private(set) var buffers: [ValueID: BufferID] = [:]
  /// Where constants that are not one number stand.
  private(set) var constants: [ValueID: BufferID] = [:]
  /// The buffers of such constants in the program, regions and all.
  private var knownConstants: [Literal: BufferID] = [:]
  private var results: Set<ValueID> = []
  /// Reshaped stacks, which are other views of the memory of what they are made of.
  private var renamings: Set<ValueID> = []
  /// The names by which values are kept.
  private var savedNames: [ValueID: String] = [:]
  /// How much work it was.
  private(set) var statistics = PlanningStatistics()
  /// Where a region finds its parameters and puts its results; nil for a whole function.
  private let bindings: RegionBindings?

  /// The memory that a region works on.
  struct RegionBindings {
    /// The buffer of each parameter.
    var parameters: [BufferID]
    /// The buffer of each result; nil where nothing has to be done, as for a carry that stays.
    var results: [BufferID?]
  }

  init(_ scheduler: Scheduler) {
    graph = Graph(Function(name: scheduler.program.name))
    self.scheduler = scheduler
    bindings = nil
  }

  var target: TargetDescription { scheduler.target }
  var program: LoopProgram {
    get { scheduler.program }
    _modify { yield &scheduler.program }
  }

  /// Lowering of a region into the same program.
  private init(regionOf outer: Lowering, _ bindings: RegionBindings) {
    graph = Graph(Function(name: outer.graph.function.name))
    scheduler = outer.scheduler
    statistics = outer.statistics
    knownConstants = outer.knownConstants
    self.bindings = bindings
  }

  /// Lowers a function: plans kernels, builds and schedules each.
  mutating func lower(_ function: Function) throws {
    let (convolved, padded) = try function.preparedForControl().withPiecewiseUpdates()
      .withPlainPowers().withComparedProductsRounded()
      .preparedForConvolution()
    let (prepared, forced) = try convolved.preparedForContraction(forcing: padded)
    let compared = prepared.sharedOrigins
    graph = Graph(prepared, forms: scheduler.cache.operations)
    comparedValues = compared
    results = Set(prepared.results)
    savedNames = prepared.savedNames
    var planner = KernelPlanner(
      graph, forced: forced.union(compared).union(savedNames.keys), target: target,
      explains: scheduler.explains)
    let plans = try planner.plan()
    scheduler.note(planning: planner.decisions)
    statistics.auditedDemands += planner.steps
    addBuffers(planner)
    if bindings == nil { scheduler.recipes = RecipeBook(planner, comparedValues: compared) }
    var available = Set(graph.function.parameters)
    var items = [Item]()
    for plan in plans {
      if case .control(let position) = plan.kind {
        items += control(graph.function.operations[position], available: available)
      } else {
        // Values that stand in the memory of others are not stored, whatever kernel they share.
        var stored = plan
        stored.roots.removeAll { renamings.contains($0.value) }
        items += drafts(of: stored, planner, available: available).map { .kernel($0) }
      }
      available.formUnion(plan.roots.map(\.value))
    }
    statistics.describedValues += planner.subgraphs.visitCount
    items += copiesOfRepeatedResults(available: available).map { .kernel(Draft($0)) }
    try append(items)
  }

  /// The steps of a region, lowered anew.
  mutating func newSteps(of region: Region, _ bindings: RegionBindings) throws -> [Step] {
    var inner = Lowering(regionOf: self, bindings)
    let outer = program.steps
    inner.program.steps = []
    try inner.lower(region)
    let steps = inner.program.steps
    scheduler = inner.scheduler
    program.steps = outer
    knownConstants = inner.knownConstants
    statistics = inner.statistics
    return steps
  }

  // MARK: Order

  /// What a function does, piece by piece.
  enum Item {
    /// A kernel, to be scheduled.
    case kernel(Draft)
    /// A loop or branch, made of an operation, and the buffers it uses.
    case control((inout Lowering) throws -> Step, uses: Set<BufferID>)
  }

  /// Adds steps for the items in order; kernels between loops and branches are scheduled together.
  private mutating func append(_ items: [Item]) throws {
    var readers: [BufferID: [Int]] = [:]
    for (number, item) in items.enumerated() {
      switch item {
      case .kernel(let draft):
        for buffer in draft.read { readers[buffer, default: []].append(number) }
      case .control(_, let uses):
        for buffer in uses {
          for base in [buffer] + program.bases(of: buffer) {
            readers[base, default: []].append(number)
          }
        }
      }
    }
    // Where a region puts its results they are read outside.
    for case let buffer? in bindings?.results ?? [] {
      readers[buffer, default: []].append(items.count)
    }
    // What is read by another shape is read.
    let read = Set(readers.keys.flatMap { [$0] + program.bases(of: $0) })
    var drafts = [Draft]()
    for (number, item) in items.enumerated() {
      switch item {
      case .kernel(let draft):
        guard var draft = withoutUnreadStores(draft, read) else { continue }
        draft.number = number
        drafts.append(draft)
      case .control(let makeStep, _):
        appendKernels(drafts, readers)
        drafts = []
        program.steps.append(try makeStep(&self))
      }
    }
    appendKernels(drafts, readers)
  }

  private mutating func appendKernels(
    _ drafts: [Draft], _ readers: [BufferID: [Int]]
  ) {
    for kernel in scheduler.kernels(of: drafts, readers: readers) { program.append(kernel) }
  }

  /// A draft without stores of what nobody reads, because all that needs it is computed beside it, so
  /// that they are not weighed; nil where nothing is left.
  private func withoutUnreadStores(_ draft: Draft, _ read: Set<BufferID>) -> Draft? {
    let unread = draft.written.filter { [program] in program.isArena($0) && !read.contains($0) }
    guard !unread.isEmpty, !draft.hasProduct, draft.sums.isEmpty else { return draft }
    var kernel = draft.kernel
    kernel.body = kernel.body.removingStores { store in
      if case .slot(let slot) = store.memory { unread.contains(kernel.slots[slot]) } else { false }
    }
    if kernel.body.isEmpty { return nil }
    kernel.dropUnusedSlots()
    var rest = Draft(kernel, sums: draft.sums, isUpdate: draft.isUpdate)
    rest.form = draft.form.map { form in
      let slots = draft.kernel.slots.indices.filter { unread.contains(draft.kernel.slots[$0]) }
      return scheduler.cache.form(of: form, without: slots)
    }
    return rest
  }

  // MARK: Buffers

  mutating func addBuffer(
    _ name: String, _ type: TensorType, _ storage: Buffer.Storage = .arena(offset: 0)
  ) -> BufferID {
    program.buffers.append(Buffer(name: name, type: type, storage: storage))
    return BufferID(program.buffers.count - 1)
  }

  private mutating func addBuffers(_ planner: KernelPlanner) {
    let function = graph.function
    for (position, parameter) in function.parameters.enumerated() {
      buffers[parameter] =
        bindings?.parameters[position]
        ?? addBuffer("arg\(position)", graph.type(parameter), .argument(position))
    }
    for (position, result) in function.results.enumerated() where buffers[result] == nil {
      buffers[result] = resultBuffer(position)
    }
    let reshaped = graph.reshapedStacks
    for value in planner.roots.keys.sorted() where buffers[value] == nil {
      if let part = reshaped[value], let base = buffers[part.base] {
        buffers[value] = addBuffer(
          "\(program.buffers[base.index].name)_r", graph.type(value),
          .view(Buffer.View(of: base, offset: part.offset)))
        renamings.insert(value)
      } else {
        buffers[value] = addBuffer("v\(value.index)", graph.type(value))
      }
    }
    if bindings == nil { noteOrigins() }
    for operation in function.operations {
      guard case .constant(let literal) = operation.op, !literal.isSplat else { continue }
      constants[operation.result] = buffer(of: literal)
    }
  }

  /// The buffer of a constant that is not one number.
  mutating func buffer(of literal: Literal) -> BufferID {
    if let known = knownConstants[literal] { return known }
    let buffer = addBuffer("c\(knownConstants.count)", literal.type, .constant(literal))
    knownConstants[literal] = buffer
    return buffer
  }

  /// Notes which value each buffer of a whole function holds.
  private mutating func noteOrigins() {
    for (value, buffer) in buffers {
      let place = graph.operation(value)?.location ?? .unknown
      var origin = Buffer.Origin(value: value.index, location: place)
      origin.savedName = savedNames[value] ?? ""
      program.buffers[buffer.index].origin = origin
    }
  }

  /// The memory of a result; nil where it needs none.
  private mutating func resultBuffer(_ position: Int) -> BufferID? {
    if let bindings { return bindings.results[position] }
    let type = graph.type(graph.function.results[position])
    return addBuffer("out\(position)", type, .result(position))
  }

  // MARK: Kernels

  /// A builder that sees the given values in memory.
  func builder(available: Set<ValueID>) -> NestBuilder {
    NestBuilder(
      name: "draft", graph: graph, buffers: buffers, available: available, constants: constants,
      comparedValues: comparedValues)
  }

  /// The kernel of a builder that is done.
  mutating func finished(_ nest: NestBuilder, sources: [SourceLocation]) -> Kernel {
    statistics.builtDemands += nest.demandCount
    return nest.finished(sources: sources)
  }

  mutating func build(
    _ plan: KernelPlan, _ planner: KernelPlanner, available: Set<ValueID>
  ) -> [Kernel] {
    let sources = sources(of: plan)
    switch plan.kind {
    case .nest, .layout:
      if plan.roots.isEmpty { return [] }
      return parts(of: plan).map { part in
        let nest = builder(available: available)
        for root in plan.roots { store(root, in: nest, part: part) }
        return finished(nest, sources: sources)
      }
    case .contract(let dot):
      guard let shape = planner.contracts[dot] else { return [] }
      let isReadLater = isRead(dot, besidesRootsOf: plan, planner)
      let nest = builder(available: available)
      buildContract(dot, shape, plan, storesProduct: isReadLater, in: nest)
      return [finished(nest, sources: sources)]
    case .scatter(let value):
      return buildUpdate(value, available: available, sources: sources)
    case .control: return []
    }
  }

  /// Whether anything but a plan's own roots may read a product from memory.
  func isRead(
    _ dot: ValueID, besidesRootsOf plan: KernelPlan, _ planner: KernelPlanner
  ) -> Bool {
    if results.contains(dot) { return true }
    return planner.readers[dot, default: 0] > 0
  }

  func buffer(_ value: ValueID) -> BufferID {
    guard let buffer = buffers[value] else { preconditionFailure("every root has a buffer") }
    return buffer
  }

  /// The parts of the outermost axis that become kernels of their own, so that threads can share the
  /// loops of each; nil where all of it is one kernel.
  private func parts(of plan: KernelPlan) -> [Int?] {
    let shape = graph.type(plan.roots[0].value).shape
    guard !plan.splits.isEmpty, let outermost = shape.firstIndex(where: { $0 != 1 }) else {
      return [nil]
    }
    let count = plan.splits[outermost].count + 1
    guard count > 1, shape.reduce(1, *) / count >= Self.leastPartCount else { return [nil] }
    return Array(0..<count)
  }

  /// Parts of fewer elements, on the average, are no kernels of their own.
  private static let leastPartCount = 1 << 13

  /// Adds a root's loops and its store.
  func store(
    _ root: Root, in nest: NestBuilder, to destination: BufferID? = nil, part: Int? = nil
  ) {
    let type = graph.type(root.value)
    let memory = nest.slot(destination ?? buffer(root.value))
    switch root.form {
    case .natural, .laidOut:
      let nests = root.nests(in: nest.variables, shape: type.shape, outermost: part)
      for (loops, indices) in nests {
        let scope = nest.descend(from: nest.root, loops) { level in
          indices.map { nest.phase(of: root.value, at: $0, at: level) }.max() ?? 0
        }.innermost
        for index in indices {
          let value = nest.scalar(of: root.value, at: index, in: scope)
          nest.store(value, to: memory, nest.address(index, shape: type.shape), in: scope)
        }
      }
    case .unrolled:
      for place in type.shape.allIndices {
        let index = place.map { IndexExpression($0) }
        let value = nest.scalar(of: root.value, at: index, in: nest.root)
        nest.store(value, to: memory, nest.address(index, shape: type.shape), in: nest.root)
      }
    case .scattered(let axes):
      guard let formula = graph.comprehension(root.value), let fold = formula.fold else { return }
      let (loops, ordered) = nest.variables.nestIndex(
        in: nil, extents: axes.order.map { axes.extents[$0] })
      var index = ordered
      for (position, axis) in axes.order.enumerated() { index[axis] = ordered[position] }
      let scope = nest.descend(from: nest.root, loops) {
        nest.phase(of: formula.body, root.value, axes: index, at: $0)
      }.innermost
      let value = nest.element(of: root.value, formula.body, axes: index, in: scope)
      nest.store(
        value, to: memory, nest.address(Array(index.prefix(type.rank)), shape: type.shape),
        combining: fold.kind, in: scope)
    }
  }

  /// A copy of the operand, then a kernel that puts the updates into it one after the other.
  private mutating func buildUpdate(
    _ value: ValueID, available: Set<ValueID>, sources: [SourceLocation]
  ) -> [Kernel] {
    guard let operation = graph.operation(value) else { return [] }
    let copy = builder(available: available)
    store(Root(value: operation.operands[0]), in: copy, to: buffer(value))
    let update = builder(available: available)
    let memory = update.slot(buffer(value))
    if case .scatter(let dimensions) = operation.op {
      dimensions.store(operation, graph, to: memory, in: update)
    } else {
      update.storeUpdate(operation, to: memory)
    }
    return [finished(copy, sources: sources), finished(update, sources: sources)]
  }

  /// Copies for results that are parameters, or the same value twice.
  private mutating func copiesOfRepeatedResults(available: Set<ValueID>) -> [Kernel] {
    var written = Set<ValueID>()
    var copies = [Kernel]()
    for (position, result) in graph.function.results.enumerated() {
      let isOwn = graph.definitions[result.index] != nil && written.insert(result).inserted
      if isOwn || graph.type(result).count == 0 { continue }
      guard let destination = resultBuffer(position) else { continue }
      copies.append(copy(of: result, to: destination, available: available))
    }
    return copies
  }

  /// A kernel that computes a value, or copies it where it is in memory, to a buffer.
  mutating func copy(
    of value: ValueID, to destination: BufferID, available: Set<ValueID>
  ) -> Kernel {
    let nest = builder(available: available)
    store(Root(value: value), in: nest, to: destination)
    return finished(nest, sources: [graph.operation(value)?.location].compactMap { $0 })
  }
}

extension Function {
  /// The names by which values are kept.
  fileprivate var savedNames: [ValueID: String] {
    var names: [ValueID: String] = [:]
    for operation in operations where !operation.location.trail.name.isEmpty {
      for result in operation.results { names[result] = operation.location.trail.name }
    }
    return names
  }
}
