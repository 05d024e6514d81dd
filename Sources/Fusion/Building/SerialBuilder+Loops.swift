internal import LoopIR
internal import TensorIR

extension SerialBuilder {
  /// Adds the loop or branch of an operation at the current place, and binds its results.
  ///
  /// - Parameter results: where results stand that are too large for registers; nil makes local
  ///   arrays.
  func lower(_ operation: Operation, in frame: Frame, results: [Memory]? = nil) throws {
    switch operation.op {
    case .scan(let scan): try lower(scan, operation, in: frame, results: results)
    case .whileLoop(let loop): try lower(loop, operation, in: frame)
    case .branch(let branch): try lower(branch, operation, in: frame)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .foreign,
      .optimizationBarrier, .custom, .window,
      .call:
      throw NotSmall()
    }
  }

  /// Adds the loops and branches that stand in a region, in order.
  private func lowerAll(in frame: Frame) throws {
    for operation in frame.graph.function.operations where !operation.op.regions.isEmpty {
      try lower(operation, in: frame)
    }
  }

  /// A region that can be done in scalars.
  private func small(_ region: Region) throws -> Graph {
    let body = try region.preparedForControl().withPlainPowers()
    guard body.operations.count <= Self.scalarLimit else { throw NotSmall() }
    for operation in body.operations {
      if case .unary(let op) = operation.op, op.isTranscendental,
        body[operation.results[0]].count > Self.costlyLimit
      {
        throw NotSmall()
      }
      if case .constant = operation.op { continue }
      // Calls are steps.
      if operation.op.isStep, operation.op.regions.isEmpty { throw NotSmall() }
      guard
        !operation.op.regions.isEmpty
          || operation.results.allSatisfy({ body[$0].count <= Self.elementLimit })
      else { throw NotSmall() }
    }
    guard body.results.allSatisfy({ body[$0].count <= Self.elementLimit }) else {
      throw NotSmall()
    }
    return Graph(body)
  }

  // MARK: Carries

  /// A loop's carries while its body is built, operand by operand.
  private struct Carries {
    var initial: [[ScalarID]]
    var current: [[ScalarID]]
    var next: [[ScalarID]] = []
  }

  /// The initial values of carries, which are few.
  private func initial(_ operands: some Sequence<ValueID>, in frame: Frame) throws -> [[ScalarID]] {
    let values = Array(operands)
    guard values.reduce(0, { $0 + frame.graph.type($1).count }) <= Self.carryLimit else {
      throw NotSmall()
    }
    return try values.map { try scalars(of: $0, in: frame) }
  }

  /// Opens a loop of so many iterations, or of an unknown number.
  private func open(_ initial: [[ScalarID]], count: Int?) -> (VariableID, Carries) {
    let variable = VariableID(kernel.variables.count)
    kernel.variables.append(
      Kernel.Variable(
        name: "s\(kernel.variables.count)", extent: count ?? Loop.nominalExtent))
    levels.append(Level())
    variableLevels.append(levels.count - 1)
    let current = initial.map { scalars in
      scalars.map { newScalar(kernel.scalars[$0.index], level: levels.count - 1) }
    }
    return (variable, Carries(initial: initial, current: current))
  }

  /// Ends the innermost loop.
  ///
  /// - Returns: The carries' values after the loop.
  private func close(
    _ variable: VariableID, _ carries: Carries, _ range: Loop.Range = .full
  ) -> [[ScalarID]] {
    var loop = Loop(variable)
    loop.body = levels.removeLast().nodes
    loop.range = range
    let results = carries.current.map { scalars in
      scalars.map { newScalar(kernel.scalars[$0.index], level: levels.count - 1) }
    }
    for number in results.indices {
      for position in results[number].indices {
        loop.carries.append(
          Carry(
            current: carries.current[number][position],
            initial: carries.initial[number][position], next: carries.next[number][position],
            result: results[number][position]))
      }
    }
    append(.loop(loop))
    return results
  }

  private func bind(_ values: some Sequence<ValueID>, _ scalars: [[ScalarID]], in frame: Frame) {
    for (value, scalars) in zip(values, scalars) { frame.bindings[value] = .scalars(scalars) }
  }

  /// The bindings of a region's parameters to captured values of the region around.
  private func captures(
    _ parameters: some Sequence<ValueID>, _ operands: some Sequence<ValueID>, in frame: Frame
  ) -> [ValueID: Binding] {
    var bindings: [ValueID: Binding] = [:]
    for (parameter, operand) in zip(parameters, operands) {
      bindings[parameter] = .outer(frame, operand)
    }
    return bindings
  }

  // MARK: Loops

  private func lower(
    _ scan: Scan, _ operation: Operation, in frame: Frame, results: [Memory]?
  ) throws {
    let body = try small(scan.body)
    let level = levels.count - 1
    let (operands, parameters) = (operation.operands, body.function.parameters)
    let initial = try initial(operands[scan.captureCount...].prefix(scan.carryCount), in: frame)
    let sources = try operands.dropFirst(scan.captureCount + scan.carryCount).map {
      try memory(of: $0, in: frame)
    }
    let arrays =
      try results.map { Array($0.dropFirst(scan.carryCount)) }
      ?? operation.results.dropFirst(scan.carryCount).map { try newLocal(frame.graph.type($0)) }
    var (variable, carries) = open(initial, count: scan.length)
    let place =
      IndexExpression(variable) * (scan.isReversed ? -1 : 1)
      + (scan.isReversed ? scan.length - 1 : 0)
    let inner = Frame(
      body, captures(parameters.dropFirst(), operands.prefix(scan.captureCount), in: frame),
      floor: frame.floor)
    inner.bindings[parameters[0]] = .scalars([try define(.index(place, .i64), .i64)])
    bind(parameters[(1 + scan.captureCount)...], carries.current, in: inner)
    let slices = parameters.dropFirst(1 + scan.captureCount + scan.carryCount)
    for (parameter, source) in zip(slices, sources) {
      guard case .memory(let memory, let base, let known) = source else { throw NotSmall() }
      inner.bindings[parameter] = .memory(
        memory, base + place * body.type(parameter).count, level: max(known, level + 1))
    }
    try lowerAll(in: inner)
    carries.next = try body.function.results.prefix(scan.carryCount).map {
      try scalars(of: $0, in: inner)
    }
    for (array, result) in zip(arrays, body.function.results.dropFirst(scan.carryCount)) {
      let base = place * body.type(result).count
      for (position, scalar) in try scalars(of: result, in: inner).enumerated() {
        append(.store(Store(array, base + position, scalar)))
      }
    }
    bind(operation.results, close(variable, carries), in: frame)
    for (result, array) in zip(operation.results.dropFirst(scan.carryCount), arrays) {
      frame.bindings[result] = .memory(array, IndexExpression(0), level: level)
    }
  }

  /// Adds a loop with a further carry, whether it goes on: what the condition says of the values that
  /// the next iteration would start from.
  private func lower(_ loop: While, _ operation: Operation, in frame: Frame) throws {
    let (test, body) = (try small(loop.condition), try small(loop.body))
    let operands = operation.operands
    func enter(_ region: Graph, _ carries: [[ScalarID]]) throws -> Frame {
      let parameters = region.function.parameters
      let inner = Frame(
        region, captures(parameters, operands.prefix(loop.captureCount), in: frame),
        floor: frame.floor)
      bind(parameters.dropFirst(loop.captureCount), carries, in: inner)
      try lowerAll(in: inner)
      return inner
    }
    let values = try initial(operands.dropFirst(loop.captureCount), in: frame)
    let starts = try scalar(of: test.function.results[0], at: [], in: enter(test, values))
    var (variable, carries) = open(values + [[starts]], count: nil)
    let inner = try enter(body, carries.current.dropLast())
    let next = try body.function.results.map { try scalars(of: $0, in: inner) }
    let goesOn = try scalar(of: test.function.results[0], at: [], in: enter(test, next))
    carries.next = next + [[goesOn]]
    let holds = Loop.Range.condition(carries.current[values.count][0])
    bind(operation.results, close(variable, carries, holds), in: frame)
  }

  // MARK: Branches

  /// Ways of at most so many elements are all computed, and one is chosen.
  private static let choiceWeight = 24

  private func lower(_ branch: Branch, _ operation: Operation, in frame: Frame) throws {
    let selector = try scalar(of: operation.operands[0], at: [], in: frame)
    let ways = try branch.branches.map { try small($0) }
    let areCheap = ways.allSatisfy { $0.function.weight <= Self.choiceWeight }
    var results: [[ScalarID]]?
    // The last way is what is left when no other is chosen.
    for (number, way) in ways.enumerated().reversed() {
      let isChosen: ScalarID? =
        number == ways.count - 1 && areCheap
        ? nil : try self.isChosen(number, of: branch, selector)
      let values =
        areCheap
        ? try elements(of: way, operation, in: frame)
        : try run(way, operation, if: isChosen, otherwise: results, in: frame)
      guard areCheap, let others = results, let isChosen else {
        results = values
        continue
      }
      results = try zip(values, others).map { values, others in
        try zip(values, others).map { try apply(.select, [isChosen, $0, $1]) }
      }
    }
    bind(operation.results, results ?? [], in: frame)
  }

  /// Whether a selector takes a way.
  private func isChosen(_ number: Int, of branch: Branch, _ selector: ScalarID) throws -> ScalarID {
    let last = branch.branches.count - 1
    switch branch.kind {
    case .predicate: return number == 0 ? selector : try apply(.unary(.not), [selector])
    case .index:
      let wide = try apply(.convert(to: .i64), [selector])
      if number < last { return try apply(.compare(.equal), [wide, try integer(number)]) }
      let isBelow = try apply(.compare(.less), [wide, try integer(0)])
      let isAbove = try apply(.compare(.greaterOrEqual), [wide, try integer(last)])
      return try apply(.binary(.or), [isBelow, isAbove])
    }
  }

  /// The results of a way that is always computed.
  private func elements(
    of way: Graph, _ operation: Operation, in frame: Frame
  ) throws -> [[ScalarID]] {
    let inner = Frame(
      way, captures(way.function.parameters, operation.operands.dropFirst(), in: frame),
      floor: frame.floor)
    return try way.function.results.map { try scalars(of: $0, in: inner) }
  }

  /// The results of a way, or else others.
  private func run(
    _ way: Graph, _ operation: Operation, if condition: ScalarID?, otherwise: [[ScalarID]]?,
    in frame: Frame
  ) throws -> [[ScalarID]] {
    guard let condition else { throw NotSmall() }
    let others =
      try otherwise
      ?? way.function.results.map { result in
        let type = way.type(result)
        let zero = try literal(Literal(TensorType([], type.element), filledWith: 0))
        return [ScalarID](repeating: zero, count: type.count)
      }
    var (variable, carries) = open(others, count: 1)
    let inner = Frame(
      way, captures(way.function.parameters, operation.operands.dropFirst(), in: frame),
      floor: levels.count - 1)
    try lowerAll(in: inner)
    carries.next = try way.function.results.map { try scalars(of: $0, in: inner) }
    return close(variable, carries, .once(if: condition))
  }
}

extension Function {
  /// About how many elements take a computation; without bound where there are loops.
  fileprivate var weight: Int {
    operations.reduce(0) { sum, operation in
      guard !operation.op.isStep else { return 1 << 20 }
      switch operation.op {
      case .constant, .shape: return sum
      case .dot, .convolution, .window, .reduce: return sum + 4 * self[operation.results[0]].count
      case .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft,
        .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .optimizationBarrier, .whileLoop,
        .branch, .scan, .matrix, .order, .foreign,
        .custom, .call:
        return sum + self[operation.results[0]].count
      }
    }
  }
}
