internal import LoopIR
internal import TensorIR

/// Builds one kernel out of a scan whose body is a few dozen scalars: a serial loop with its carries in
/// registers, and loops in it for scans in the body.
///
/// Elements are computed by demand, each once and in the outermost loop that fixes what it depends on.
final class SerialBuilder {
  /// Thrown where a body has too many elements, or something that scalars are not good at.
  struct NotSmall: Error {}

  private(set) var kernel: Kernel
  /// The nodes of the kernel and of the loops that are open, from outside in.
  private var levels: [[Node]] = [[]]
  /// For each scalar how many loops are around it.
  private var scalarLevels: [Int] = []
  /// For each variable how many loops are around the place where it can be used.
  private var variableLevels: [Int] = []
  private var expressions: [Expression: ScalarID] = [:]
  private var slots: [BufferID: Int] = [:]

  /// More scalars than this are no small body.
  private static let scalarLimit = 6000
  /// Values of more elements than this are better computed in vectors.
  private static let elementLimit = 36
  /// Carries of more elements than this do not fit into registers and the first lines of the stack.
  private static let carryLimit = 64
  /// A small value that is looked up in has at most this many elements to choose from.
  private static let choiceLimit = 16
  /// The bytes of a stack that a loop inside hands to what follows it.
  private static let localByteLimit = 16 << 10

  /// Where elements of a parameter or of a loop's result are found.
  indirect enum Binding {
    /// In memory, from an address on; there when so many loops are around.
    case memory(Memory, IndexExpression, level: Int)
    /// In scalars, in row-major order.
    case scalars([ScalarID])
    /// Where a value of the region around is.
    case outer(Frame, ValueID)
  }

  /// A region while its elements are asked for.
  final class Frame {
    let graph: Graph
    var bindings: [ValueID: Binding]
    var known: [Element: ScalarID] = [:]

    init(_ graph: Graph, _ bindings: [ValueID: Binding]) {
      self.graph = graph
      self.bindings = bindings
    }
  }

  /// One element of a value.
  struct Element: Hashable {
    var value: ValueID
    var index: [Int]
  }

  init(name: String) { kernel = Kernel(name: name) }

  // MARK: Kernels

  /// Builds the kernel of a scan.
  ///
  /// - Parameters:
  ///   - operation: the scan, in the function of `graph`.
  ///   - buffers: where values in memory stand, the scan's results included.
  /// - Throws: `NotSmall` where it is better done in steps.
  func build(_ operation: Operation, in graph: Graph, buffers: [ValueID: BufferID]) throws {
    guard case .scan(let scan) = operation.op else { throw NotSmall() }
    var bindings: [ValueID: Binding] = [:]
    for operand in operation.operands where graph.literal(operand) == nil {
      guard let buffer = buffers[operand] else { throw NotSmall() }
      bindings[operand] = .memory(slot(buffer), IndexExpression(0), level: 0)
    }
    let frame = Frame(graph, bindings)
    let stacks = try operation.results.dropFirst(scan.carryCount).map { result -> Memory in
      guard let buffer = buffers[result] else { throw NotSmall() }
      return slot(buffer)
    }
    try lower(scan, operation, in: frame, stacks: stacks)
    for result in operation.results.prefix(scan.carryCount) {
      guard let buffer = buffers[result], case .scalars(let scalars)? = frame.bindings[result]
      else { throw NotSmall() }
      for (place, scalar) in scalars.enumerated() {
        levels[0].append(.store(Store(slot(buffer), IndexExpression(place), scalar)))
      }
    }
    kernel.body = levels[0]
    kernel.sources = operation.location.isKnown ? [operation.location] : []
    kernel.dropUnusedSlots()
  }

  private func slot(_ buffer: BufferID) -> Memory {
    if let known = slots[buffer] { return .slot(known) }
    kernel.slots.append(buffer)
    slots[buffer] = kernel.slots.count - 1
    return .slot(kernel.slots.count - 1)
  }

  // MARK: Loops

  /// Adds the loop of a scan at the current place, and binds its results.
  ///
  /// - Parameter stacks: the memory of stacked results; nil makes local arrays.
  private func lower(
    _ scan: Scan, _ operation: Operation, in frame: Frame, stacks: [Memory]? = nil
  ) throws {
    let body = Graph(scan.body.preparedForControl())
    try Self.requireSmall(body.function, scan)
    let level = levels.count - 1
    let operands = operation.operands
    let initial = try operands[scan.captureCount...].prefix(scan.carryCount).map {
      try scalars(of: $0, in: frame)
    }
    var bindings: [ValueID: Binding] = [:]
    let parameters = body.function.parameters
    for (parameter, operand) in zip(parameters.dropFirst(), operands.prefix(scan.captureCount)) {
      bindings[parameter] = .outer(frame, operand)
    }
    let sources = try operands.dropFirst(scan.captureCount + scan.carryCount).map {
      try memory(of: $0, in: frame)
    }
    let (variable, place) = open(scan)
    bindings[parameters[0]] = .scalars([try define(.index(place, .i64), .i64)])
    var currents = [[ScalarID]]()
    for (parameter, initial) in zip(parameters[(1 + scan.captureCount)...], initial) {
      let current = initial.map { newScalar(kernel.scalars[$0.index], level: level + 1) }
      bindings[parameter] = .scalars(current)
      currents.append(current)
    }
    let slices = parameters.dropFirst(1 + scan.captureCount + scan.carryCount)
    for (parameter, source) in zip(slices, sources) {
      guard case .memory(let memory, let base, let known) = source else { throw NotSmall() }
      bindings[parameter] = .memory(
        memory, base + place * body.type(parameter).count, level: max(known, level + 1))
    }
    let inner = Frame(body, bindings)
    try lowerLoops(in: inner)
    let results = body.function.results
    let next = try results.prefix(scan.carryCount).map { try scalars(of: $0, in: inner) }
    let arrays =
      try stacks
      ?? operation.results.dropFirst(scan.carryCount).map {
        try newLocal(frame.graph.type($0))
      }
    for (array, result) in zip(arrays, results.dropFirst(scan.carryCount)) {
      let base = place * body.type(result).count
      for (position, scalar) in try scalars(of: result, in: inner).enumerated() {
        levels[level + 1].append(.store(Store(array, base + position, scalar)))
      }
    }
    close(variable, frame, operation, currents, initial, next, arrays)
  }

  /// Opens a scan's loop: its variable, and the index of an iteration.
  private func open(_ scan: Scan) -> (VariableID, IndexExpression) {
    let variable = VariableID(kernel.variables.count)
    kernel.variables.append(
      Kernel.Variable(name: "s\(kernel.variables.count)", extent: scan.length))
    levels.append([])
    variableLevels.append(levels.count - 1)
    let place = IndexExpression(variable)
    return (variable, scan.isReversed ? place * -1 + (scan.length - 1) : place)
  }

  /// Ends the innermost loop.
  private func close(
    _ variable: VariableID, _ frame: Frame, _ operation: Operation, _ currents: [[ScalarID]],
    _ initial: [[ScalarID]], _ next: [[ScalarID]], _ arrays: [Memory]
  ) {
    var loop = Loop(variable)
    loop.body = levels.removeLast()
    let level = levels.count - 1
    for (result, number) in zip(operation.results, currents.indices) {
      let final = currents[number].map { newScalar(kernel.scalars[$0.index], level: level) }
      for position in final.indices {
        loop.carries.append(
          Carry(
            current: currents[number][position], initial: initial[number][position],
            next: next[number][position], result: final[position]))
      }
      frame.bindings[result] = .scalars(final)
    }
    for (result, array) in zip(operation.results.dropFirst(currents.count), arrays) {
      frame.bindings[result] = .memory(array, IndexExpression(0), level: level)
    }
    levels[level].append(.loop(loop))
  }

  /// Adds the loops that stand in a region, in order.
  private func lowerLoops(in frame: Frame) throws {
    for operation in frame.graph.function.operations where !operation.op.regions.isEmpty {
      guard case .scan(let scan) = operation.op, scan.length > 0 else { throw NotSmall() }
      try lower(scan, operation, in: frame)
    }
  }

  private static func requireSmall(_ body: Function, _ scan: Scan) throws {
    let carries = body.results.prefix(scan.carryCount).reduce(0) { $0 + body[$1].count }
    guard carries <= carryLimit, body.operations.count <= scalarLimit else { throw NotSmall() }
    for operation in body.operations {
      if case .constant = operation.op { continue }
      if !operation.op.regions.isEmpty { continue }
      guard operation.results.allSatisfy({ body[$0].count <= elementLimit }) else {
        throw NotSmall()
      }
    }
    guard body.results.allSatisfy({ body[$0].count <= elementLimit }) else { throw NotSmall() }
  }

  // MARK: Elements

  /// The elements of a value.
  private func scalars(of value: ValueID, in frame: Frame) throws -> [ScalarID] {
    try frame.graph.type(value).shape.allIndices.map { try scalar(of: value, at: $0, in: frame) }
  }

  /// One element of a value.
  private func scalar(of value: ValueID, at index: [Int], in frame: Frame) throws -> ScalarID {
    let element = Element(value: value, index: index)
    if let known = frame.known[element] { return known }
    let result = try computed(element, in: frame)
    frame.known[element] = result
    return result
  }

  private func computed(_ element: Element, in frame: Frame) throws -> ScalarID {
    let type = frame.graph.type(element.value)
    switch frame.bindings[element.value] {
    case .scalars(let scalars)?: return scalars[Self.address(element.index, type)]
    case .outer(let outer, let value)?:
      return try scalar(of: value, at: element.index, in: outer)
    case .memory(let memory, let base, let level)?:
      return try load(memory, base + Self.address(element.index, type), type, level)
    case nil: break
    }
    guard let operation = frame.graph.operation(element.value) else { throw NotSmall() }
    if case .dynamicUpdateSlice = operation.op {
      return try updated(operation, element, in: frame)
    }
    guard let formula = frame.graph.comprehension(element.value) else { throw NotSmall() }
    guard let fold = formula.fold else {
      return try evaluated(formula.body, operation, element.index, in: frame)
    }
    return try folded(fold, formula.body, operation, element, in: frame)
  }

  private static func address(_ index: [Int], _ type: TensorType) -> Int {
    zip(index, type.shape.rowMajorStrides).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func folded(
    _ fold: Comprehension.Fold, _ body: Comprehension.Body, _ operation: Operation,
    _ element: Element, in frame: Frame
  ) throws -> ScalarID {
    guard fold.count <= Self.scalarLimit else { throw NotSmall() }
    var sum: ScalarID?
    if let operand = fold.initialOperand,
      !frame.graph.isIdentity(operation.operands[operand], of: fold.kind)
    {
      sum = try scalar(of: operation.operands[operand], at: [], in: frame)
    }
    for place in fold.extents.allIndices {
      let value = try evaluated(body, operation, element.index + place, in: frame)
      sum = try sum.map { try apply(.binary(fold.kind.binary), [$0, value]) } ?? value
    }
    if let sum { return sum }
    return try literal(fold.kind.identity(of: frame.graph.type(element.value).element))
  }

  /// A formula's body at an element of its axes.
  private func evaluated(
    _ body: Comprehension.Body, _ operation: Operation, _ axes: [Int], in frame: Frame
  ) throws -> ScalarID {
    switch body {
    case .read(let operand, let index):
      return try read(operation.operands[operand], index, operation, axes, in: frame)
    case .index(let index, let element):
      return try define(.index(IndexExpression(try Self.value(index, axes)), element), element)
    case .constant(let literal, let index):
      let place = try index.map { try Self.value($0, axes) }
      return try self.literal(literal.element(at: Self.address(place, literal.type)))
    case .apply(let op, let arguments):
      return try apply(op, arguments.map { try evaluated($0, operation, axes, in: frame) })
    case .guarded(let bounds, let inside, let outside):
      let holds = try bounds.allSatisfy { bound in
        let place = try Self.value(bound.index, axes)
        return bound.lower <= place && place < bound.upper
      }
      return try evaluated(holds ? inside : outside, operation, axes, in: frame)
    case .pieces(let pieces):
      let place = try Self.value(pieces.place, axes)
      guard let piece = pieces.starts.lastIndex(where: { $0 <= place }) else { throw NotSmall() }
      return try evaluated(pieces.bodies[piece], operation, axes, in: frame)
    }
  }

  private static func value(_ index: IndexExpression, _ axes: [Int]) throws -> Int {
    let bound = index.bound(to: axes.map { IndexExpression($0) })
    guard let value = bound.constantValue else { throw NotSmall() }
    return value
  }

  // MARK: Places that are computed

  private func read(
    _ source: ValueID, _ index: [Comprehension.ReadIndex], _ operation: Operation, _ axes: [Int],
    in frame: Frame
  ) throws -> ScalarID {
    let starts = try index.map { try Self.value($0.affine, axes) }
    var lookups = [(axis: Int, scalar: ScalarID, upper: Int)]()
    for (axis, entry) in index.enumerated() {
      guard let lookup = entry.lookup else { continue }
      let place = try lookup.index.map { try Self.value($0, axes) }
      let raw = try scalar(of: operation.operands[lookup.operand], at: place, in: frame)
      lookups.append((axis, try clamped(raw, upTo: lookup.upper), lookup.upper))
    }
    if lookups.isEmpty { return try scalar(of: source, at: starts, in: frame) }
    let type = frame.graph.type(source)
    if case .memory(let memory, let base, let level)? = binding(of: source, in: frame) {
      var address = base + Self.address(starts, type)
      for (axis, scalar, _) in lookups {
        address += IndexExpression(.scalar(scalar)) * type.shape.rowMajorStrides[axis]
      }
      return try load(memory, address, type, level)
    }
    guard lookups.reduce(1, { $0 * ($1.upper + 1) }) <= Self.choiceLimit else { throw NotSmall() }
    return try chosen(source, starts, lookups[...], in: frame)
  }

  /// The element at computed places of a value in registers: a chain of choices.
  private func chosen(
    _ source: ValueID, _ index: [Int],
    _ lookups: ArraySlice<(axis: Int, scalar: ScalarID, upper: Int)>, in frame: Frame
  ) throws -> ScalarID {
    guard let lookup = lookups.first else { return try scalar(of: source, at: index, in: frame) }
    var result = try chosen(source, index, lookups.dropFirst(), in: frame)
    for offset in 1..<(lookup.upper + 1) {
      var place = index
      place[lookup.axis] += offset
      let other = try chosen(source, place, lookups.dropFirst(), in: frame)
      let isThere = try apply(.compare(.equal), [lookup.scalar, try integer(offset)])
      result = try apply(.select, [isThere, other, result])
    }
    return result
  }

  /// One element after a `dynamic_update_slice` whose update is one element or all along each axis.
  private func updated(_ operation: Operation, _ element: Element, in frame: Frame) throws
    -> ScalarID
  {
    let (operand, update) = (
      frame.graph.type(operation.operands[0]), frame.graph.type(operation.operands[1])
    )
    let old = try scalar(of: operation.operands[0], at: element.index, in: frame)
    guard update.count > 0 else { return old }
    var place = element.index
    var isInside: ScalarID?
    for axis in operand.shape.indices {
      let room = operand.shape[axis] - update.shape[axis]
      if room == 0 { continue }
      guard update.shape[axis] == 1 else { throw NotSmall() }
      let start = try clamped(
        try scalar(of: operation.operands[2 + axis], at: [], in: frame), upTo: room)
      let isThere = try apply(.compare(.equal), [start, try integer(place[axis])])
      isInside = try isInside.map { try apply(.binary(.and), [$0, isThere]) } ?? isThere
      place[axis] = 0
    }
    let new = try scalar(of: operation.operands[1], at: place, in: frame)
    return try isInside.map { try apply(.select, [$0, new, old]) } ?? new
  }

  private func clamped(_ raw: ScalarID, upTo limit: Int) throws -> ScalarID {
    let wide = kernel.scalars[raw.index] == .i64 ? raw : try apply(.convert(to: .i64), [raw])
    let raised = try apply(.binary(.maximum), [wide, try integer(0)])
    return try apply(.binary(.minimum), [raised, try integer(limit)])
  }

  private func integer(_ value: Int) throws -> ScalarID {
    try literal(Literal(TensorType([], .i64), integers: [Int64(value)]))
  }

  // MARK: Memory

  /// Where a value of a region stands; nil where it is computed.
  private func binding(of value: ValueID, in frame: Frame) -> Binding? {
    guard case .outer(let outer, let source)? = frame.bindings[value] else {
      return frame.bindings[value]
    }
    return binding(of: source, in: outer)
  }

  /// Memory that holds a value, which is stored to a local array where it is in registers.
  private func memory(of value: ValueID, in frame: Frame) throws -> Binding {
    if case .memory? = binding(of: value, in: frame), let known = binding(of: value, in: frame) {
      return known
    }
    let array = try newLocal(frame.graph.type(value))
    let level = levels.count - 1
    for (position, scalar) in try scalars(of: value, in: frame).enumerated() {
      levels[level].append(.store(Store(array, IndexExpression(position), scalar)))
    }
    return .memory(array, IndexExpression(0), level: level)
  }

  private func newLocal(_ type: TensorType) throws -> Memory {
    guard type.byteCount <= Self.localByteLimit else { throw NotSmall() }
    kernel.locals.append(Kernel.Local(element: type.element, count: type.count))
    return .local(kernel.locals.count - 1)
  }

  private func load(
    _ memory: Memory, _ address: IndexExpression, _ type: TensorType, _ level: Int
  ) throws -> ScalarID {
    try define(.load(memory, address, condition: nil), type.element, level: level)
  }

  // MARK: Scalars

  private func newScalar(_ element: ElementType, level: Int) -> ScalarID {
    kernel.scalars.append(element)
    scalarLevels.append(level)
    return ScalarID(kernel.scalars.count - 1)
  }

  /// Defines a scalar in the outermost loop that has all it needs; equal ones are shared.
  private func define(
    _ expression: Expression, _ element: ElementType, level: Int = 0
  ) throws -> ScalarID {
    if let known = expressions[expression] { return known }
    guard kernel.scalars.count < Self.scalarLimit else { throw NotSmall() }
    var level = level
    expression.forEachScalar { level = max(level, scalarLevels[$0.index]) }
    expression.forEachVariable { level = max(level, variableLevels[$0.index]) }
    let scalar = newScalar(element, level: level)
    levels[level].append(.define(scalar, expression))
    expressions[expression] = scalar
    return scalar
  }

  private func literal(_ literal: Literal) throws -> ScalarID {
    try define(.literal(literal), literal.type.element)
  }

  private func apply(_ op: ScalarOp, _ operands: [ScalarID]) throws -> ScalarID {
    guard let element = op.resultType(operands.map { kernel.scalars[$0.index] }) else {
      throw NotSmall()
    }
    return try define(.apply(op, operands), element)
  }
}

extension Literal {
  /// One element, as a scalar.
  fileprivate func element(at place: Int) -> Literal {
    let width = type.element.byteCount
    let start = isSplat ? 0 : place * width
    return Literal(
      TensorType([], type.element), bytes: Array(bytes[start..<(start + width)]))
  }
}
