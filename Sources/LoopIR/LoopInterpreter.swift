package import TensorIR

/// Runs loop trees one iteration after the other, slow and obvious, as an oracle for tests.
///
/// Vector and parallel schedules mean the same as serial ones. Memory is undefined until written:
/// reading an element nothing wrote is an error, as is a result element that is never written.
package struct LoopInterpreter {
  /// Runs a verified program.
  ///
  /// - Throws: `AdjointError` where arguments do not fit the program, or where a kernel reads or
  ///   writes what it may not.
  ///
  /// - Parameter calls: carries out a call with the contents of what it reads, in order; gives those
  ///   of what it writes.
  package static func run(
    _ program: LoopProgram, arguments: [Literal], calls: Calls? = nil
  ) throws -> [Literal] {
    var heap = try LoopMemory(program, arguments: arguments)
    try run(program.steps, of: program, &heap, calls)
    return try heap.results(of: program)
  }

  /// What carries out calls of C functions.
  package typealias Calls = (StepCall, [Literal]) throws -> [Literal]

  // MARK: Steps

  private static func run(
    _ steps: [Step], of program: LoopProgram, _ heap: inout LoopMemory, _ calls: Calls?
  ) throws {
    for step in steps {
      switch step {
      case .kernel(let number):
        var interpreter = LoopInterpreter(program.kernels[number], program, heap)
        // One owner at a time, so that writes do not copy the memory.
        heap = LoopMemory()
        try interpreter.run(interpreter.kernel.body)
        heap = interpreter.heap
      case .loop(let loop): try run(loop, of: program, &heap, calls)
      case .call(let call): try run(call, of: program, &heap, calls)
      case .branch(let branch):
        let number = try scalar(branch.selector, of: program, heap)
        let isBoolean = program.buffers[branch.selector.index].type.element == .i1
        let way = isBoolean ? 1 - number : number
        let last = branch.ways.count - 1
        try run(branch.ways[(0...last).contains(way) ? way : last], of: program, &heap, calls)
      }
    }
  }

  private static func run(
    _ call: StepCall, of program: LoopProgram, _ heap: inout LoopMemory, _ calls: Calls?
  ) throws {
    if call.callee == nil { return }
    guard let calls else {
      throw AdjointError(.unsupported, "nothing carries out \(call.name)", at: call.source)
    }
    let inputs = try call.inputs.map { buffer in
      let type = program.buffers[buffer.index].type
      var bytes = [UInt8]()
      for place in 0..<type.count {
        guard let value = heap.read(buffer, type.element, at: place) else {
          throw AdjointError(
            .type, "\(program.buffers[buffer.index].name) is read before it is written",
            at: call.source)
        }
        bytes += value.bytes(as: type.element)
      }
      return Literal(type, bytes: bytes)
    }
    for (buffer, result) in zip(call.outputs, try calls(call, inputs)) {
      let (bytes, width) = (result.denseBytes, result.type.element.byteCount)
      for place in 0..<result.type.count {
        heap.write(Array(bytes[(place * width)..<((place + 1) * width)]), to: buffer, at: place)
      }
    }
  }

  private static func run(
    _ loop: StepLoop, of program: LoopProgram, _ heap: inout LoopMemory, _ calls: Calls?
  ) throws {
    var iteration = 0
    while true {
      let places = heap.places
      switch loop.trips {
      case .count(let count):
        if iteration >= count { return }
        heap.counters[loop.counter.index] = loop.isReversed ? count - 1 - iteration : iteration
      case .condition(let test, let condition):
        heap.counters[loop.counter.index] = iteration
        try run(test, of: program, &heap, calls)
        if try scalar(condition, of: program, heap) == 0 { return }
      }
      if let index = loop.index {
        let counter = Number.integer(Int64(heap.counters[loop.counter.index]))
        heap.write(counter.bytes(as: .i64), to: index, at: 0)
      }
      try run(loop.body, of: program, &heap, calls)
      // Loops inside start from where their carries stood.
      heap.restore(places)
      heap.exchange(loop.carries, in: program)
      iteration += 1
    }
  }

  /// The integer in a buffer of one element.
  private static func scalar(
    _ buffer: BufferID, of program: LoopProgram, _ heap: LoopMemory
  ) throws -> Int {
    let element = program.buffers[buffer.index].type.element
    guard let value = heap.read(buffer, element, at: 0) else {
      throw AdjointError(
        .type, "\(program.buffers[buffer.index].name) is read before it is written")
    }
    return Int(value.integer)
  }

  private let kernel: Kernel
  private let program: LoopProgram
  private var heap: LoopMemory
  private var locals: [MemoryRegion]
  private var variables: [Int]
  private var scalars: [Number?]
  private var kinds: [ScalarID: Reduction.Kind] = [:]

  private init(_ kernel: Kernel, _ program: LoopProgram, _ heap: LoopMemory) {
    self.kernel = kernel
    self.program = program
    self.heap = heap
    locals = kernel.locals.map { MemoryRegion(byteCount: $0.count * $0.element.byteCount) }
    variables = [Int](repeating: 0, count: kernel.variables.count)
    scalars = [Number?](repeating: nil, count: kernel.scalars.count)
  }

  private func error(_ message: String) -> AdjointError {
    AdjointError(.type, "kernel \(kernel.name): \(message)", at: kernel.sources.first ?? .unknown)
  }

  // MARK: Nodes

  private mutating func run(_ nodes: [Node]) throws {
    for node in nodes {
      switch node {
      case .define(let scalar, let expression): scalars[scalar.index] = try value(expression)
      case .store(let store): try run(store)
      case .accumulate(let accumulator, let value):
        guard let kind = kinds[accumulator] else {
          throw error("t\(accumulator.index) is no accumulator of a loop around")
        }
        scalars[accumulator.index] = kind.combined(
          try scalar(accumulator), try scalar(value), kernel.scalars[accumulator.index])
      case .loop(let loop): try run(loop)
      case .contract(let contract): try run(contract)
      }
    }
  }

  private mutating func run(_ store: Store) throws {
    if let condition = store.condition, try !scalar(condition).isTrue { return }
    var value = try scalar(store.value)
    let address = try self.value(store.address)
    if let kind = store.combining {
      value = kind.combined(
        try read(store.memory, address), value, kernel.scalars[store.value.index])
    }
    try write(value, to: store.memory, address)
  }

  private mutating func run(_ loop: Loop) throws {
    for accumulator in loop.accumulators {
      let identity = accumulator.kind.identity(of: kernel.scalars[accumulator.result.index])
      scalars[accumulator.result.index] = Number(identity)
      kinds[accumulator.result] = accumulator.kind
    }
    let extent = kernel.variables[loop.variable.index].extent
    let iterations =
      switch loop.range {
      case .full: 0..<extent
      case .block(let block, let size): Self.block(variables[block.index], size, of: extent)
      case .condition: 0..<Int.max
      case .once(let holds): 0..<(try scalar(holds).isTrue ? 1 : 0)
      }
    var carried = try loop.carries.map { try scalar($0.initial) }
    for iteration in iterations {
      for (carry, value) in zip(loop.carries, carried) { scalars[carry.current.index] = value }
      if case .condition(let holds) = loop.range, try !scalar(holds).isTrue { break }
      forgetLocals(in: loop.schedule)
      variables[loop.variable.index] = iteration
      try run(loop.body)
      carried = try loop.carries.map { try scalar($0.next) }
    }
    for (carry, value) in zip(loop.carries, carried) { scalars[carry.result.index] = value }
    for accumulator in loop.accumulators { kinds[accumulator.result] = nil }
  }

  /// The iterations of one block of `size`.
  private static func block(_ number: Int, _ size: Int, of extent: Int) -> Range<Int> {
    let start = min(number * size, extent)
    return start..<min(start + size, extent)
  }

  /// Makes undefined what an iteration cannot have from the one before: local arrays are private
  /// to a block, those of each lane to a lane.
  private mutating func forgetLocals(in schedule: Loop.Schedule) {
    for (position, local) in kernel.locals.enumerated() {
      switch schedule {
      case .serial, .unrolled, .tiled: break
      case .vector: if local.isPerLane { locals[position].forget() }
      case .parallel: locals[position].forget()
      }
    }
  }

  private mutating func run(_ contract: Contract) throws {
    let rows = kernel.variables[contract.row.index].extent
    let columns = kernel.variables[contract.column.index].extent
    var ranges = (rows: 0..<rows, columns: 0..<columns)
    if let block = contract.block {
      let number = variables[block.variable.index]
      let rowBlocks = contract.blockShape(block, in: kernel).rows
      guard rowBlocks > 0 else { return }
      ranges.rows = Self.block(number % rowBlocks, block.rows, of: rows)
      ranges.columns = Self.block(number / rowBlocks, block.columns, of: columns)
    }
    for row in ranges.rows {
      for column in ranges.columns {
        variables[contract.row.index] = row
        variables[contract.column.index] = column
        scalars[contract.result.index] = try product(contract)
        forgetLocals(in: .vector(width: contract.tiling.width, interleave: 1))
        try run(contract.body)
      }
    }
  }

  /// One element of a matrix product; of floats each term is added with one rounding.
  private mutating func product(_ contract: Contract) throws -> Number {
    let element = contract.element
    var sum = Number(Reduction.Kind.add.identity(of: element))
    let depths = kernel.variables[contract.depth.index].extent
    for term in 0..<contract.termCount(in: kernel) {
      if let tap = contract.tap { variables[tap.index] = term / depths }
      variables[contract.depth.index] = term % depths
      try run(contract.left.body)
      try run(contract.right.body)
      let (left, right) = (try scalar(contract.left.value), try scalar(contract.right.value))
      switch (sum, left, right) {
      case (.float(let sum0), .float(let a), .float(let b)):
        sum = .float(sum0.addingProduct(a, b), as: element)
      case (_, _, _):
        sum = .integer(sum.integer &+ left.integer &* right.integer, as: element)
      }
    }
    return sum
  }

  // MARK: Values

  private func scalar(_ scalar: ScalarID) throws -> Number {
    guard let value = scalars[scalar.index] else {
      throw error("t\(scalar.index) is read before it is defined")
    }
    return value
  }

  private func value(_ expression: Expression) throws -> Number {
    switch expression {
    case .literal(let literal): return Number(literal)
    case .index(let index, let element):
      return Number.integer(Int64(try value(index))).converted(from: .i64, to: element)
    case .load(let memory, let address, let condition):
      if let condition, try !scalar(condition).isTrue {
        return place(of: memory).element.isFloat ? .float(0) : .integer(0)
      }
      return try read(memory, try value(address))
    case .inBounds(let bounds):
      let holds = try bounds.allSatisfy { bound in
        let index = try value(bound.index)
        return bound.lower <= index && index < bound.upper
      }
      return .integer(holds ? 1 : 0)
    case .apply(let op, let operands):
      guard let typed = op == .select ? operands.last : operands.first else {
        throw error("\(op) has no operands")
      }
      return op.evaluated(try operands.map { try scalar($0) }, kernel.scalars[typed.index])
    }
  }

  private func value(_ index: IndexExpression) throws -> Int {
    var sum = index.constant
    for term in index.terms {
      let atom =
        switch term.atom {
        case .variable(let variable): variables[variable.index]
        case .scalar(let id): Int(try scalar(id).integer)
        case .lookup: throw AdjointError(.type, "an index looks up an integer of a formula")
        case .quotient(let inner, let divisor): try value(inner).flooredQuotient(by: divisor)
        case .remainder(let inner, let divisor): try remainder(inner, divisor)
        }
      sum = sum &+ atom &* term.coefficient
    }
    return sum
  }

  private func remainder(_ inner: IndexExpression, _ divisor: Int) throws -> Int {
    let value = try value(inner)
    return value - value.flooredQuotient(by: divisor) * divisor
  }

  // MARK: Memory

  private func place(of memory: Memory) -> (element: ElementType, count: Int, name: String) {
    switch memory {
    case .slot(let slot):
      let buffer = program.buffers[kernel.slots[slot].index]
      return (buffer.type.element, buffer.type.count, buffer.name)
    case .local(let local):
      return (kernel.locals[local].element, kernel.locals[local].count, "l\(local)")
    }
  }

  private func read(_ memory: Memory, _ address: Int) throws -> Number {
    let (element, count, name) = place(of: memory)
    guard (0..<count).contains(address) else {
      throw error("element \(address) of the \(count) of \(name) is read")
    }
    let value =
      switch memory {
      case .slot(let slot): heap.read(kernel.slots[slot], element, at: address)
      case .local(let local): locals[local].read(element, at: address * element.byteCount)
      }
    guard let value else { throw error("\(name){\(address)} is read before it is written") }
    return value
  }

  private mutating func write(_ value: Number, to memory: Memory, _ address: Int) throws {
    let (element, count, name) = place(of: memory)
    guard (0..<count).contains(address) else {
      throw error("element \(address) of the \(count) of \(name) is written")
    }
    let bytes = value.bytes(as: element)
    switch memory {
    case .slot(let slot): heap.write(bytes, to: kernel.slots[slot], at: address)
    case .local(let local): locals[local].write(bytes, at: address * element.byteCount)
    }
  }
}
