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
    let (prepared, forced) = try function.preparedForContraction()
    var lowering = Lowering(Graph(prepared), target: target)
    try lowering.lower(forced: forced.union(prepared.sharedOrigins))
    self = lowering.program
    planMemory(donated: donated)
  }
}

/// The state of lowering one function.
struct Lowering {
  let graph: Graph
  let target: TargetDescription
  private(set) var program: LoopProgram
  /// Where values in memory stand.
  private var buffers: [ValueID: BufferID] = [:]
  private var constants: [Literal: BufferID] = [:]

  init(_ graph: Graph, target: TargetDescription) {
    self.graph = graph
    self.target = target
    program = LoopProgram(name: graph.function.name)
  }

  /// Plans kernels, builds and schedules each.
  mutating func lower(forced: Set<ValueID>) throws {
    var planner = KernelPlanner(graph, forced: forced, target: target)
    let plans = try planner.plan()
    addBuffers(planner)
    var available = Set(graph.function.parameters)
    for plan in plans {
      let sums = plan.roots.filter(\.isScattered).map { buffer($0.value) }
      for kernel in build(plan, planner, available: available) {
        schedule(kernel, sums: Set(sums))
      }
      available.formUnion(plan.roots.map(\.value))
    }
    copyRepeatedResults()
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
  }

  private mutating func constantBuffer(_ literal: Literal) -> BufferID {
    if let known = constants[literal] { return known }
    let buffer = addBuffer("c\(constants.count)", literal.type, .constant(literal))
    constants[literal] = buffer
    return buffer
  }

  // MARK: Kernels

  /// A builder that sees the given values in memory.
  mutating func builder(available: Set<ValueID>) -> NestBuilder {
    let visible = buffers.filter { available.contains($0.key) }
    // Constants are interned while kernels are built, before any scalar refers to them.
    for operation in graph.function.operations {
      if case .constant(let literal) = operation.op, !literal.isSplat {
        _ = constantBuffer(literal)
      }
    }
    let constants = self.constants
    return NestBuilder(
      name: "k\(program.kernels.count)", graph: graph, buffers: visible
    ) { literal in
      guard let buffer = constants[literal] else {
        preconditionFailure("constants are interned before kernels are built")
      }
      return buffer
    }
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
    if graph.function.results.contains(dot) { return true }
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
    var updates = update.finished(sources: sources)
    updates.name = "k\(program.kernels.count + 1)"
    return [copy.finished(sources: sources), updates]
  }

  // MARK: Scheduling

  /// Collapses, vectorizes and cuts a kernel into blocks, and adds what becomes of it.
  private mutating func schedule(_ kernel: Kernel, sums: Set<BufferID> = []) {
    var kernel = kernel
    kernel.dropMirroredSums()
    kernel.collapseLoops()
    kernel.vectorize(for: target)
    for var piece in kernel.cutIntoBlocks(in: &program, sums: sums, for: target) {
      piece.name = "k\(program.kernels.count)"
      program.kernels.append(piece)
    }
  }

  /// Results that are parameters, or the same value twice, are copies.
  private mutating func copyRepeatedResults() {
    var written = Set<ValueID>()
    for (position, result) in graph.function.results.enumerated() {
      let isOwn = graph.definitions[result.index] != nil && written.insert(result).inserted
      if isOwn || graph.type(result).count == 0 { continue }
      let destination = addBuffer("out\(position)", graph.type(result), .result(position))
      let nest = builder(available: Set(buffers.keys))
      store(Root(value: result), in: nest, to: destination)
      schedule(nest.finished(sources: []))
    }
  }
}
