internal import LoopIR
internal import TensorIR

extension Lowering {
  /// What a loop or branch is: kernels that bring carries in, the step, kernels that bring results out.
  mutating func control(_ operation: Operation, available: Set<ValueID>) -> [Item] {
    switch operation.op {
    case .branch(let branch): return [branchItem(branch, operation)]
    case .whileLoop(let loop):
      if let kernel = serialKernel(operation) { return [.kernel(Draft(kernel))] }
      let carries = addCarries(operation, loop.captureCount..<operation.operands.count)
      return around(carries, operation, available: available) { lowering in
        try lowering.step(of: loop, operation, carries)
      }
    case .scan(let scan):
      if let kernel = serialKernel(operation) { return [.kernel(Draft(kernel))] }
      let carries = addCarries(
        operation, scan.captureCount..<(scan.captureCount + scan.carryCount))
      return around(carries, operation, available: available) { lowering in
        try lowering.step(of: scan, operation, carries)
      }
    case .matrix, .order, .foreign: return [callItem(operation)]
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .optimizationBarrier, .custom,
      .call:
      preconditionFailure("only loops, branches and calls are steps by themselves")
    }
  }

  // MARK: Small bodies

  /// The loop as one kernel with a serial loop, where its body is a few dozen scalars.
  private func serialKernel(_ operation: Operation) -> Kernel? {
    let serial = SerialBuilder(name: "draft")
    do {
      try serial.build(operation, in: graph, buffers: buffers)
      return serial.kernel
    } catch {
      return nil
    }
  }

  // MARK: Carries

  /// The buffers that hold the carries at the start of each iteration.
  private mutating func addCarries(
    _ operation: Operation, _ operands: Range<Int>
  ) -> [BufferID] {
    operands.map { position in
      addBuffer("h\(program.buffers.count)", graph.type(operation.operands[position]))
    }
  }

  /// A loop between the kernels that give its carries their first values and those that bring the
  /// last ones to where results stand; most of them vanish, since both stand in one memory.
  private mutating func around(
    _ carries: [BufferID], _ operation: Operation, available: Set<ValueID>,
    _ makeStep: @escaping (inout Lowering) throws -> Step
  ) -> [Item] {
    let first = operation.op.firstCarry
    var items = [Item]()
    for (number, carry) in carries.enumerated() where program.buffers[carry.index].type.count > 0 {
      let value = operation.operands[first + number]
      items.append(.kernel(Draft(copy(of: value, to: carry, available: available))))
    }
    var uses = Set(carries)
    for operand in operation.operands {
      if let buffer = buffers[operand] { uses.insert(buffer) }
    }
    items.append(.control(makeStep, uses: uses))
    for (number, carry) in carries.enumerated() where program.buffers[carry.index].type.count > 0 {
      items.append(.kernel(Draft(copy(from: carry, to: buffer(operation.results[number])))))
    }
    return items
  }

  /// A kernel that copies a buffer.
  private func copy(from source: BufferID, to destination: BufferID) -> Kernel {
    var function = FunctionBuilder(name: "copy")
    let value = function.parameter(program.buffers[source.index].type)
    let graph = Graph(function.finish(returning: [value]))
    let nest = NestBuilder(
      name: "draft", graph: graph, buffers: [value: source], available: [value], constants: [:])
    let type = graph.type(value)
    let (loops, index) = nest.variables.nestIndex(in: nil, extents: type.shape)
    let scope = nest.descend(from: nest.root, loops) { _ in 0 }.innermost
    nest.store(
      nest.scalar(of: value, at: index, in: scope), to: nest.slot(destination),
      nest.address(index, shape: type.shape), in: scope)
    return nest.finished(sources: [])
  }

  /// Where the body of a loop puts the next value of each carry; nil for one that it hands on as it is.
  private mutating func nextBuffers(_ carries: [BufferID], of body: Region, from first: Int)
    -> [BufferID?]
  {
    carries.enumerated().map { number, carry in
      if body.results[number] == body.parameters[first + number] { return nil }
      return addBuffer("n\(program.buffers.count)", program.buffers[carry.index].type)
    }
  }

  private func stepCarries(_ carries: [BufferID], _ next: [BufferID?]) -> [StepCarry] {
    zip(carries, next).map { StepCarry($0, next: $1 ?? $0) }
  }

  // MARK: Steps

  private mutating func addCounter() -> CounterID {
    program.counterCount += 1
    return CounterID(program.counterCount - 1)
  }

  private mutating func step(
    of loop: While, _ operation: Operation, _ carries: [BufferID]
  ) throws -> Step {
    let parameters = operation.operands.prefix(loop.captureCount).map { buffer($0) } + carries
    let counter = addCounter()
    let condition = addBuffer("c\(program.buffers.count)", TensorType([], .i1))
    let test = try steps(
      of: loop.condition, RegionBindings(parameters: parameters, results: [condition]))
    let next = nextBuffers(carries, of: loop.body, from: loop.captureCount)
    var step = StepLoop(counter, .condition(test, condition))
    step.carries = stepCarries(carries, next)
    step.body = try steps(of: loop.body, RegionBindings(parameters: parameters, results: next))
    return .loop(step)
  }

  private mutating func step(
    of scan: Scan, _ operation: Operation, _ carries: [BufferID]
  ) throws -> Step {
    let counter = addCounter()
    guard scan.length > 0 else { return .loop(StepLoop(counter, .count(0))) }
    let index = addBuffer("i\(program.buffers.count)", TensorType([], .i64))
    var parameters = [index] + operation.operands.prefix(scan.captureCount).map { buffer($0) }
    parameters += carries
    for (operand, parameter) in zip(
      operation.operands.dropFirst(scan.captureCount + scan.carryCount),
      scan.body.parameters.dropFirst(parameters.count))
    {
      parameters.append(addSlice(of: buffer(operand), scan.body[parameter], counter))
    }
    let next = nextBuffers(carries, of: scan.body, from: 1 + scan.captureCount)
    var results = next
    for (result, slice) in zip(operation.results, scan.body.results).dropFirst(carries.count) {
      results.append(addSlice(of: buffer(result), scan.body[slice], counter))
    }
    var step = StepLoop(counter, .count(scan.length))
    step.isReversed = scan.isReversed
    step.carries = stepCarries(carries, next)
    let isIndexed = scan.body.useCounts()[scan.body.parameters[0].index] > 0
    step.index = isIndexed ? index : nil
    step.body = try steps(of: scan.body, RegionBindings(parameters: parameters, results: results))
    return .loop(step)
  }

  /// The slice of a stack that a loop's counter numbers.
  private mutating func addSlice(
    of stack: BufferID, _ type: TensorType, _ counter: CounterID
  ) -> BufferID {
    let stride = Buffer.Stride(counter, byteCount: type.byteCount)
    return addBuffer(
      "\(program.buffers[stack.index].name)_\(counter.index)", type,
      .view(Buffer.View(of: stack, strides: [stride])))
  }

  private func branchItem(_ branch: Branch, _ operation: Operation) -> Item {
    let used = operation.operands + operation.results
    return .control(
      { lowering in
        let captures = operation.operands.dropFirst().map { lowering.buffer($0) }
        let results = operation.results.map { lowering.buffer($0) }
        let ways = try branch.branches.map { region in
          try lowering.steps(
            of: region, RegionBindings(parameters: captures, results: results))
        }
        return .branch(StepBranch(lowering.buffer(operation.operands[0]), ways))
      }, uses: Set(used.compactMap { buffers[$0] }))
  }
}

extension Op {
  /// The operand of a loop that is its first carry.
  fileprivate var firstCarry: Int { captureRange.upperBound }
}
