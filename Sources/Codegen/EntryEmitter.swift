internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// Emits the body of a program's entry point: the tree of steps as control flow around calls of
/// kernels.
final class EntryEmitter {
  let program: LoopProgram
  let entry: LLVMFunction
  /// The function of each kernel, and the byte of each slot's buffer it starts at.
  let functions: [(code: LLVMFunction, offsets: [Int])]
  private let isProfiled: Bool
  let module: LLVMModule
  let builder: IRBuilder
  /// Where each buffer's memory starts, except for views.
  private var starts: [LLVMValue?] = []
  /// The values of the counters of the loops around.
  private var counters: [CounterID: LLVMValue] = [:]
  /// The array of pointers that kernels get.
  let slots: LLVMValue
  /// Arrays of pointers to memory that is there from the start: those of the arguments, of the results,
  /// and one with the arena alone; the slots where no run needs them.
  private(set) var bases: LLVMValue
  /// Calls of one function, by the outermost step that they begin with.
  private let runs: [Int: KernelRun]
  /// What steps call, by place in the context's table.
  private let callees: [StepCall.Callee]
  /// The array of addresses that callees get.
  private let lists: LLVMValue
  /// Where the program ends early; nil where it cannot.
  private let end: LLVMBlock?
  /// What the runtime gives the program; not there where lanes are shared.
  private let context: LLVMValue
  /// An integer that kernels set where there is no scratch memory; nil where none needs some.
  private var flag: LLVMValue?
  /// The blocks of lanes that all kernels are run for; nil for all, which threads share.
  private let blocks: (first: LLVMValue, end: LLVMValue)?

  init(
    _ program: LoopProgram, _ entry: LLVMFunction,
    _ functions: [(code: LLVMFunction, offsets: [Int])], isProfiled: Bool, in module: LLVMModule
  ) {
    self.program = program
    self.entry = entry
    self.functions = functions
    self.isProfiled = isProfiled
    self.module = module
    builder = IRBuilder(module)
    builder.position(at: entry.appendBlock("entry"))
    callees = program.callees
    runs = isProfiled ? [:] : Self.runs(in: program, functions)
    blocks = nil
    end = program.mayEndEarly ? entry.appendBlock("end") : nil
    slots = builder.alloca(module.pointer, count: program.mostPointers, alignment: 16)
    context = entry.parameters[3]
    if program.kernels.contains(where: \.usesScratch) {
      let flag = builder.alloca(module.i64, count: 1, alignment: 8)
      builder.store(builder.int(0, module.i64), flag, alignment: 8)
      self.flag = flag
    }
    let listCount = program.longestList
    lists =
      listCount == 0
      ? slots : builder.alloca(module.pointer, count: listCount, alignment: 16)
    bases = slots
    if !runs.isEmpty { bases = basesOfMemory() }
  }

  /// Arrays of pointers to what is there from the start.
  private func basesOfMemory() -> LLVMValue {
    let arena = builder.alloca(module.pointer, count: 1, alignment: 16)
    builder.store(entry.parameters[2], arena, alignment: 8)
    let bases = builder.alloca(module.pointer, count: 3, alignment: 16)
    for (position, base) in [entry.parameters[0], entry.parameters[1], arena].enumerated() {
      builder.store(base, builder.gep(bases, bytes: position * 8), alignment: 8)
    }
    return bases
  }

  /// The emitter of a function that takes blocks of lanes through a loop: `void name(pointer frame, i64
  /// first, i64 end)`, where the frame has the addresses of `memory`.
  private init(
    of outer: EntryEmitter, _ function: LLVMFunction, memory: [BufferID], index: BufferID?
  ) {
    program = outer.program
    entry = function
    functions = outer.functions
    isProfiled = false
    module = outer.module
    builder = IRBuilder(module)
    builder.position(at: function.appendBlock("entry"))
    callees = []
    runs = [:]
    blocks = (function.parameters[1], function.parameters[2])
    end = nil
    slots = builder.alloca(module.pointer, count: program.mostPointers, alignment: 16)
    lists = slots
    bases = slots
    context = outer.context
    starts = program.buffers.map { _ in nil }
    for (position, buffer) in memory.enumerated() {
      starts[buffer.index] = loaded(function.parameters[0], byte: position * 8)
    }
    if outer.flag != nil { flag = loaded(function.parameters[0], byte: memory.count * 8) }
    // Every thread counts by itself.
    if let index { starts[index.index] = builder.alloca(module.i64, count: 1, alignment: 8) }
  }

  /// Emits the whole body.
  func emit() {
    let isFound = program.buffers(besides: runs)
    starts = program.buffers.indices.map { isFound[$0] ? start(of: BufferID($0)) : nil }
    var position = 0
    while position < program.steps.count {
      if let run = runs[position] {
        emit(run)
        position += run.kernels.count
      } else {
        emit([program.steps[position]])
        position += 1
      }
    }
    notify(program.kernels.count)
    if let end {
      builder.br(end)
      builder.position(at: end)
    }
    builder.ret()
  }

  // MARK: Memory

  /// Where the memory of a buffer that is no view starts when a call does.
  private func start(of buffer: BufferID) -> LLVMValue? {
    switch program.place(of: buffer) {
    case .argument(let number): loaded(entry.parameters[0], byte: number * 8)
    case .result(let number): loaded(entry.parameters[1], byte: number * 8)
    case .arena(let offset): builder.gep(entry.parameters[2], bytes: offset)
    case .constant(let literal):
      module.addConstantData(
        bytes: literal.denseBytes, alignment: 64, name: "constant\(buffer.index)")
    case .view: nil
    }
  }

  private func loaded(_ pointer: LLVMValue, byte: Int) -> LLVMValue {
    builder.load(module.pointer, builder.gep(pointer, bytes: byte), alignment: 8)
  }

  /// Where a buffer starts at the current place.
  private func pointer(to buffer: BufferID) -> LLVMValue {
    guard case .view(let view) = program.buffers[buffer.index].storage else {
      guard let start = starts[buffer.index] else { preconditionFailure("memory has a start") }
      return start
    }
    var start = pointer(to: view.base)
    for stride in view.strides {
      guard let counter = counters[stride.counter] else {
        preconditionFailure("a view moves with the counter of a loop around")
      }
      let distance = builder.mul(counter, builder.int(stride.byteCount, module.i64))
      start = builder.gep(module.i8, start, distance)
    }
    return view.offset == 0 ? start : builder.gep(start, bytes: view.offset)
  }

  // MARK: Steps

  private func emit(_ steps: [Step]) {
    for step in steps {
      switch step {
      case .kernel(let number): emitCall(number)
      case .loop(let loop): emit(loop)
      case .branch(let branch): emit(branch)
      case .call(let call): emit(call)
      }
    }
  }

  // MARK: Calls

  /// Calls a C function, whose address stands in the context's table.
  private func emit(_ call: StepCall) {
    guard let callee = call.callee else { return }
    notify(program.kernels.count)
    guard let number = callees.firstIndex(of: callee) else {
      preconditionFailure("every callee has a place in the table")
    }
    let table = loaded(context, byte: 32)
    let function = loaded(table, byte: 16 * number)
    let arguments = call.arguments.map { argument in
      switch argument {
      case .input(let buffer), .output(let buffer): pointer(to: buffer)
      case .value(let buffer): element(of: buffer)
      case .constant(let literal): scalar(literal)
      case .list(let read, let written): list(of: read + written)
      case .context: context
      case .datum: loaded(table, byte: 16 * number + 8)
      }
    }
    let result =
      switch call.returned {
      case .nothing: module.void
      case .value(let buffer): registerType(of: program.buffers[buffer.index].type.element)
      case .status: module.i32
      }
    let type = module.functionType(arguments.map(\.type), returns: result)
    let value = builder.callIndirect(type, function, arguments)
    switch call.returned {
    case .nothing: break
    case .value(let buffer):
      let width = program.buffers[buffer.index].type.element.byteCount
      builder.store(value, pointer(to: buffer), alignment: width)
    case .status:
      guard let end else { preconditionFailure("a program that may end early has an end") }
      let goesOn = builder.appendBlock("goes.on")
      let failed = builder.appendBlock("failed")
      builder.condBr(builder.icmp(.eq, value, builder.int(0, module.i32)), goesOn, failed)
      builder.position(at: failed)
      // Routines of the runtime only fail where there is no memory.
      let isRoutine = if case .routine = callee { true } else { false }
      noteFailure(of: isRoutine ? scratchFailure : number, status: value)
      builder.br(end)
      builder.position(at: goesOn)
    }
  }

  /// Tells the runtime that a function, by number, or scratch memory failed.
  private func noteFailure(of number: Int, status: LLVMValue) {
    let note = module.functionType(
      [module.pointer, module.i64, module.i32], returns: module.void)
    builder.callIndirect(
      note, loaded(context, byte: 40), [context, builder.int(number, module.i64), status])
  }

  /// Ends the program where a kernel that ran had no scratch memory; in a part that threads share, its
  /// caller does.
  private func leaveIfScratchIsMissing() {
    guard blocks == nil, let flag, let end else { return }
    let goesOn = builder.appendBlock("goes.on")
    let failed = builder.appendBlock("failed")
    let value = builder.load(module.i64, flag, alignment: 8)
    builder.condBr(builder.icmp(.eq, value, builder.int(0, module.i64)), goesOn, failed)
    builder.position(at: failed)
    noteFailure(of: scratchFailure, status: builder.int(0, module.i32))
    builder.br(end)
    builder.position(at: goesOn)
  }

  /// A list of the addresses of buffers.
  private func list(of buffers: [BufferID]) -> LLVMValue {
    for (position, buffer) in buffers.enumerated() {
      builder.store(
        pointer(to: buffer), builder.gep(lists, bytes: position * 8), alignment: 8)
    }
    return lists
  }

  /// The one element of a buffer.
  private func element(of buffer: BufferID) -> LLVMValue {
    let element = program.buffers[buffer.index].type.element
    return builder.load(
      registerType(of: element), pointer(to: buffer), alignment: element.byteCount)
  }

  /// A number as an argument.
  private func scalar(_ literal: Literal) -> LLVMValue {
    let type = registerType(of: literal.type.element)
    return literal.type.element.isFloat
      ? builder.float(literal.doubles[0], type) : builder.int(Int(literal.integers[0]), type)
  }

  /// The type of numbers of 32 or 64 bits that are handed over by value.
  private func registerType(of element: ElementType) -> LLVMType {
    switch (element.isFloat, element.byteCount) {
    case (true, 4): module.float
    case (true, _): module.double
    case (false, 8): module.i64
    case (false, _): module.i32
    }
  }

  private func emit(_ loop: StepLoop) {
    if case .count(let count) = loop.trips, count <= 0 { return }
    if blocks == nil, let count = program.sharedBlocks(of: loop) {
      return emitShared(loop, blocks: count)
    }
    let exchanged = loop.carries.filter { program.isExchanged($0) }
    let before = builder.currentBlock
    let head = builder.appendBlock("repeat")
    let after = builder.appendBlock("done")
    let reversedFrom: Int? =
      if case .count(let count) = loop.trips, loop.isReversed { count - 1 } else { nil }
    builder.br(head)
    builder.position(at: head)
    let counter = builder.phi(module.i64)
    builder.addIncoming(counter, builder.int(reversedFrom ?? 0, module.i64), from: before)
    var phis: [(buffer: BufferID, phi: LLVMValue)] = []
    for buffer in exchanged.flatMap({ [$0.current, $0.next] }) {
      let phi = builder.phi(module.pointer)
      builder.addIncoming(phi, pointer(to: buffer), from: before)
      phis.append((buffer, phi))
    }
    for (buffer, phi) in phis { starts[buffer.index] = phi }
    counters[loop.counter] = counter
    if case .condition(let test, let condition) = loop.trips {
      inScope { emit(test) }
      let body = builder.appendBlock("body")
      let goesOn = builder.appendBlock("goes.on")
      builder.condBr(isTrue(condition), goesOn, after)
      builder.position(at: goesOn)
      builder.leaveIfCancelled(
        after: counter, of: Self.iterationsBetweenTests, context: context,
        task: builder.zero(module.pointer), to: after, else: body)
      builder.position(at: body)
    }
    if let index = loop.index { builder.store(counter, pointer(to: index), alignment: 8) }
    inScope { emit(loop.body) }
    let latch = builder.currentBlock
    let next = builder.add(counter, builder.int(loop.isReversed ? -1 : 1, module.i64))
    builder.addIncoming(counter, next, from: latch)
    for (number, (_, phi)) in phis.enumerated() {
      // The pair's other one.
      builder.addIncoming(phi, phis[number ^ 1].phi, from: latch)
    }
    switch loop.trips {
    case .condition: builder.br(head)
    case .count(let count):
      let end = builder.int(loop.isReversed ? -1 : count, module.i64)
      builder.condBr(builder.icmp(.eq, next, end), after, head)
    }
    builder.position(at: after)
    if case .count = loop.trips {
      // After the last iteration the pairs are exchanged once more.
      for (number, (buffer, _)) in phis.enumerated() {
        starts[buffer.index] = phis[number ^ 1].phi
      }
    }
    counters[loop.counter] = nil
  }

  /// Hands blocks of lanes, each with all iterations of a loop, to the context's threads.
  private func emitShared(_ loop: StepLoop, blocks: Int) {
    guard case .count(let count) = loop.trips else {
      preconditionFailure("a shared loop is counted")
    }
    let memory = program.ownMemory(of: loop)
    let frame = builder.alloca(module.pointer, count: memory.count + 1, alignment: 16)
    if let flag { builder.store(flag, builder.gep(frame, bytes: memory.count * 8), alignment: 8) }
    loop.body.kernelNumbers.first.map(notify)
    for (position, buffer) in memory.enumerated() {
      builder.store(
        pointer(to: buffer), builder.gep(frame, bytes: position * 8), alignment: 8)
    }
    let function = module.addFunction(
      "\(entry.name).loop\(loop.counter.index)",
      parameters: [module.pointer, module.i64, module.i64],
      returns: module.void)
    let inner = EntryEmitter(of: self, function, memory: memory, index: loop.index)
    inner.emit(loop)
    inner.builder.ret()
    share(function, frame, blocks: blocks)
    if loop.body.kernelNumbers.contains(where: { program.kernels[$0].usesScratch }) {
      leaveIfScratchIsMissing()
    }
    guard count % 2 == 1 else { return }
    for carry in loop.carries where program.isExchanged(carry) {
      starts.swapAt(carry.current.index, carry.next.index)
    }
  }

  /// Loops of unknown count ask after so many iterations whether they should end.
  private static let iterationsBetweenTests = 16

  private func emit(_ branch: StepBranch) {
    let after = builder.appendBlock("after")
    let blocks = branch.ways.map { _ in builder.appendBlock("way") }
    let element = program.buffers[branch.selector.index].type.element
    if element == .i1, blocks.count == 2 {
      builder.condBr(isTrue(branch.selector), blocks[0], blocks[1])
    } else {
      let type = element == .i1 ? module.i8 : element.byteCount == 8 ? module.i64 : module.i32
      let selector = builder.load(
        type, pointer(to: branch.selector), alignment: element.byteCount)
      let cases = blocks.dropLast().enumerated().map { (value: $0, block: $1) }
      builder.switchBr(selector, cases: cases, otherwise: blocks[blocks.count - 1])
    }
    for (way, block) in zip(branch.ways, blocks) {
      builder.position(at: block)
      inScope { emit(way) }
      builder.br(after)
    }
    builder.position(at: after)
  }

  /// Emits steps whose exchanges of memory end with them.
  private func inScope(_ emitSteps: () -> Void) {
    let outer = starts
    emitSteps()
    starts = outer
  }

  /// Whether a scalar boolean in memory holds.
  private func isTrue(_ buffer: BufferID) -> LLVMValue {
    let byte = builder.load(module.i8, pointer(to: buffer), alignment: 1)
    return builder.icmp(.ne, byte, builder.int(0, module.i8))
  }

  // MARK: Kernels

  /// Runs a kernel here, or hands its blocks to the context's threads.
  private func emitCall(_ number: Int) {
    notify(number)
    let (kernel, function) = (program.kernels[number], functions[number])
    for (position, buffer) in kernel.slots.enumerated() {
      let start = builder.gep(pointer(to: buffer), bytes: function.offsets[position])
      builder.store(start, builder.gep(slots, bytes: position * 8), alignment: 8)
    }
    for extra in kernel.extras {
      let pointer =
        switch extra {
        case .context: context
        case .task:
          kernel.blockCount == nil ? builder.zero(module.pointer) : builder.currentTask(context)
        case .flag: flag ?? builder.zero(module.pointer)
        }
      let place = builder.gep(slots, bytes: extra.byte(behind: kernel.slots.count))
      builder.store(pointer, place, alignment: 8)
    }
    emitCall(of: number)
    if kernel.usesScratch { leaveIfScratchIsMissing() }
  }

  /// Runs a kernel whose buffers stand in the slots.
  func emitCall(of number: Int) {
    let (kernel, function) = (program.kernels[number], functions[number])
    if let blocks {
      builder.call(function.code, [slots, blocks.first, blocks.end])
      return
    }
    guard let blocks = kernel.blockCount else {
      builder.call(
        function.code, [slots, builder.int(0, module.i64), builder.int(1, module.i64)])
      return
    }
    share(function.code, slots, blocks: blocks)
  }

  /// Hands blocks of a function to the context's threads, which call it with an argument and ranges.
  private func share(_ function: LLVMFunction, _ argument: LLVMValue, blocks: Int) {
    let share = builder.load(module.pointer, context, alignment: 8)
    let type = module.functionType(
      [module.pointer, module.pointer, module.pointer, module.i64], returns: module.void)
    builder.callIndirect(
      type, share, [context, function.value, argument, builder.int(blocks, module.i64)])
  }

  /// Tells a profiled entry's context which kernel comes next.
  private func notify(_ number: Int) {
    guard isProfiled else { return }
    let hook = loaded(context, byte: 16)
    let type = module.functionType([module.pointer, module.i64], returns: module.void)
    builder.callIndirect(type, hook, [context, builder.int(number, module.i64)])
  }
}

extension LoopProgram {
  /// The most pointers that a kernel gets: its buffers, and what stands behind them.
  fileprivate var mostPointers: Int {
    (kernels.map(\.slots.count).max() ?? 0) + KernelExtra.allCases.count
  }

  /// For each buffer whether steps outside of runs may use it, or parts of it.
  fileprivate func buffers(besides runs: [Int: KernelRun]) -> [Bool] {
    if runs.isEmpty { return buffers.map { _ in true } }
    var isUsed = [Bool](repeating: false, count: buffers.count)
    let covered = Set(runs.flatMap { $0.value.kernels })
    steps.forEachStep { step in
      var used = step.ownBuffers
      if case .kernel(let number) = step {
        if covered.contains(number) { return }
        used += kernels[number].slots
      }
      for buffer in used { for base in [buffer] + bases(of: buffer) { isUsed[base.index] = true } }
    }
    return isUsed
  }

  /// The buffers that are no views whose memory a loop of kernels uses, without its index.
  fileprivate func ownMemory(of loop: StepLoop) -> [BufferID] {
    var used = Set(loop.body.kernelNumbers.flatMap { kernels[$0].slots })
    for carry in loop.carries { used.formUnion([carry.current, carry.next]) }
    if let index = loop.index { used.remove(index) }
    return Set(used.map { root(of: $0) }).sorted()
  }
}
