package import LoopIR
package import Targets
package import TensorIR

extension LoopProgram {
  /// Lowers a verified function without calls to scheduled loop trees with planned memory.
  ///
  /// - Parameter donated: the parameters, by number, whose memory results may take over.
  /// - Throws: `AdjointError` where an op has no lowering.
  package init(
    lowering function: Function, for target: TargetDescription, donated: Set<Int> = []
  ) throws {
    let (prepared, forced) = try function.withWideSums().preparedForContraction()
    var lowering = Lowering(
      Graph(prepared), comparedValues: prepared.sharedOrigins, target: target)
    try lowering.lower(forced: forced.union(prepared.sharedOrigins))
    self = lowering.program
    planMemory(donated: donated)
  }
}

/// The state of lowering one function.
struct Lowering {
  let graph: Graph
  /// Values whose elements are computed once.
  let comparedValues: Set<ValueID>
  let target: TargetDescription
  private(set) var program: LoopProgram
  /// Where values in memory stand.
  private var buffers: [ValueID: BufferID] = [:]
  /// Where constants that are not one number stand.
  private var constants: [ValueID: BufferID] = [:]
  private let results: Set<ValueID>

  init(_ graph: Graph, comparedValues: Set<ValueID>, target: TargetDescription) {
    self.graph = graph
    self.comparedValues = comparedValues
    self.target = target
    results = Set(graph.function.results)
    program = LoopProgram(name: graph.function.name)
  }

  /// Plans kernels, builds and schedules each.
  mutating func lower(forced: Set<ValueID>) throws {
    var planner = KernelPlanner(graph, forced: forced, target: target)
    let plans = try planner.plan()
    addBuffers(planner)
    var available = Set(graph.function.parameters)
    var drafts = [Draft]()
    for plan in plans {
      let sums = plan.roots.filter(\.isScattered).map { buffer($0.value) }
      for (position, kernel) in build(plan, planner, available: available).enumerated() {
        drafts.append(Draft(kernel: kernel, sums: Set(sums), isUpdate: position > 0))
      }
      available.formUnion(plan.roots.map(\.value))
    }
    drafts += copiesOfRepeatedResults().map { Draft(kernel: $0) }
    for chain in chains(of: drafts) {
      for var kernel in chain.kernels(in: &program) {
        kernel.name = "k\(program.kernels.count)"
        program.append(kernel)
      }
    }
  }

  // MARK: Buffers

  private mutating func addBuffer(
    _ name: String, _ type: TensorType, _ storage: Buffer.Storage
  ) -> BufferID {
    program.buffers.append(Buffer(name: name, type: type, storage: storage))
    return BufferID(program.buffers.count - 1)
  }

  private mutating func addBuffers(_ planner: KernelPlanner) {
    let function = graph.function
    for (position, parameter) in function.parameters.enumerated() {
      buffers[parameter] = addBuffer("arg\(position)", graph.type(parameter), .argument(position))
    }
    for (position, result) in function.results.enumerated() where buffers[result] == nil {
      buffers[result] = addBuffer("out\(position)", graph.type(result), .result(position))
    }
    for value in planner.roots.keys.sorted() where buffers[value] == nil {
      buffers[value] = addBuffer("v\(value.index)", graph.type(value), .arena(offset: 0))
    }
    var known: [Literal: BufferID] = [:]
    for operation in function.operations {
      guard case .constant(let literal) = operation.op, !literal.isSplat else { continue }
      let buffer =
        known[literal] ?? addBuffer("c\(known.count)", literal.type, .constant(literal))
      known[literal] = buffer
      constants[operation.result] = buffer
    }
  }

  // MARK: Kernels

  /// A builder that sees the given values in memory.
  func builder(available: Set<ValueID>) -> NestBuilder {
    NestBuilder(
      name: "draft", graph: graph, buffers: buffers, available: available, constants: constants,
      comparedValues: comparedValues)
  }

  private mutating func build(
    _ plan: KernelPlan, _ planner: KernelPlanner, available: Set<ValueID>
  ) -> [Kernel] {
    let sources = plan.roots.compactMap { graph.operation($0.value)?.location }
      .filter(\.isKnown)
    switch plan.kind {
    case .nest:
      let nest = builder(available: available)
      for root in plan.roots { store(root, in: nest) }
      return [nest.finished(sources: sources)]
    case .contract(let dot):
      guard let shape = planner.contracts[dot] else { return [] }
      let isReadLater = isRead(dot, besidesRootsOf: plan, planner)
      let nest = builder(available: available)
      buildContract(dot, shape, plan, storesProduct: isReadLater, in: nest)
      return [nest.finished(sources: sources)]
    case .scatter(let value):
      return buildScatter(value, available: available, sources: sources)
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

  /// Adds a root's loops and its store.
  private func store(_ root: Root, in nest: NestBuilder, to destination: BufferID? = nil) {
    let type = graph.type(root.value)
    let memory = nest.slot(destination ?? buffer(root.value))
    switch root.form {
    case .natural:
      let (loops, indices) = root.indices(in: nest.variables, shape: type.shape)
      let scope = nest.descend(from: nest.root, loops) { level in
        indices.map { nest.phase(of: root.value, at: $0, at: level) }.max() ?? 0
      }.innermost
      for index in indices {
        let value = nest.scalar(of: root.value, at: index, in: scope)
        nest.store(value, to: memory, nest.address(index, shape: type.shape), in: scope)
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

  /// A copy of the operand, then a kernel that combines the updates into it one after the other.
  private mutating func buildScatter(
    _ value: ValueID, available: Set<ValueID>, sources: [SourceLocation]
  ) -> [Kernel] {
    guard let operation = graph.operation(value), case .scatter(let dimensions) = operation.op
    else { return [] }
    let copy = builder(available: available)
    store(Root(value: operation.operands[0]), in: copy, to: buffer(value))
    let update = builder(available: available)
    dimensions.store(
      operation, graph, to: update.slot(buffer(value)), in: update)
    return [copy.finished(sources: sources), update.finished(sources: sources)]
  }

  /// Copies for results that are parameters, or the same value twice.
  private mutating func copiesOfRepeatedResults() -> [Kernel] {
    var written = Set<ValueID>()
    var copies = [Kernel]()
    for (position, result) in graph.function.results.enumerated() {
      let isOwn = graph.definitions[result.index] != nil && written.insert(result).inserted
      if isOwn || graph.type(result).count == 0 { continue }
      let destination = addBuffer("out\(position)", graph.type(result), .result(position))
      let nest = builder(available: Set(buffers.keys))
      store(Root(value: result), in: nest, to: destination)
      copies.append(nest.finished(sources: []))
    }
    return copies
  }

  // MARK: Scheduling

  /// The drafts in order of execution, those that go over the same rows as one.
  private func chains(of drafts: [Draft]) -> [RowChain] {
    var readers: [BufferID: [Int]] = [:]
    for (number, draft) in drafts.enumerated() {
      for buffer in draft.kernel.readBuffers { readers[buffer, default: []].append(number) }
    }
    let readerCounts = readers.mapValues(\.count)
    var chains = [RowChain]()
    /// The last chain that writes a buffer.
    var writers: [BufferID: Int] = [:]
    for (number, draft) in drafts.enumerated() {
      let sources = Set(draft.kernel.readBuffers.compactMap { writers[$0] }).sorted()
      let last = sources.last ?? 0
      let home = sources.reversed().first { home in
        let others = chains[(home + 1)...].prefix(last - home)
        guard chains[home].mayFollow(others) else { return false }
        // What nobody reads after the chain is in use for longer where the chain moves.
        let prolonged = chains[home].read.filter { buffer in
          !others.isEmpty && (readers[buffer]?.last ?? 0) < number
            && !others.contains { $0.read.contains(buffer) }
        }
        return chains[home].join(
          draft, readers: readerCounts, prolonging: prolonged, in: program)
      }
      if let home {
        chains.insert(chains.remove(at: home), at: last)
      } else {
        chains.append(RowChain(draft, for: target))
      }
      for place in (home ?? chains.count - 1)..<chains.count {
        for buffer in chains[place].written { writers[buffer] = place }
      }
    }
    return chains
  }
}
