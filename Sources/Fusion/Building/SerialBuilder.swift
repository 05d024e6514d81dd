internal import LoopIR
internal import TensorIR

/// Builds one kernel out of a loop whose body is a few dozen scalars: a serial loop with its carries in
/// registers, and loops in it for loops and branches in the body.
///
/// Elements are computed by demand, each once and in the outermost loop that fixes what it depends on;
/// what stands in one way of a branch stays there.
final class SerialBuilder {
  /// Thrown where a body has too many elements, or something that scalars are not good at.
  struct NotSmall: Error {}

  var kernel: Kernel
  /// The kernel's top level and the loops that are open, from outside in.
  var levels: [Level] = [Level()]
  /// For each variable how many loops are around the place where it can be used.
  var variableLevels: [Int] = []
  /// How many elements are being computed, each for the one before.
  var depth = 0
  /// Elements that were too deep, to be computed before what asked for them; the last one first.
  var waiting: [(element: Element, frame: Frame)] = []
  /// How many loops are at least around what is computed now.
  private var floor = 0
  /// For each scalar how many loops are around it.
  private var scalarLevels: [Int] = []
  private var slots: [BufferID: Int] = [:]
  /// What differences are made of.
  private var differences: [ScalarID: (left: ScalarID, right: ScalarID)] = [:]

  /// A loop that is open.
  struct Level {
    var nodes: [Node] = []
    /// The scalars that are defined here, by what they are.
    var expressions: [Expression: ScalarID] = [:]
  }

  /// More scalars than this are no small body.
  static let scalarLimit = 6000
  /// Values of more elements than this are better computed in vectors.
  static let elementLimit = 36
  /// Elementary functions of more elements than this are better computed in vectors, for which scalars would
  /// have to be brought together.
  static let costlyLimit = 16
  /// Carries of more elements than this do not fit into registers and the first lines of the stack.
  static let carryLimit = 64
  /// A small value that is looked up in has at most this many elements to choose from.
  static let choiceLimit = 16
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
    /// How many loops are at least around what is computed for the region.
    let floor: Int

    init(_ graph: Graph, _ bindings: [ValueID: Binding], floor: Int = 0) {
      self.graph = graph
      self.bindings = bindings
      self.floor = floor
    }
  }

  /// One element of a value.
  struct Element: Hashable {
    var value: ValueID
    var index: [Int]
  }

  init(name: String) { kernel = Kernel(name: name) }

  // MARK: Kernels

  /// Builds the kernel of a loop.
  ///
  /// - Parameters:
  ///   - operation: the loop, in the function of `graph`.
  ///   - buffers: where values in memory stand, the loop's results included.
  /// - Throws: `NotSmall` where it is better done in steps.
  func build(_ operation: Operation, in graph: Graph, buffers: [ValueID: BufferID]) throws {
    var bindings: [ValueID: Binding] = [:]
    for operand in operation.operands where graph.literal(operand) == nil {
      guard let buffer = buffers[operand] else { throw NotSmall() }
      bindings[operand] = .memory(slot(buffer), IndexExpression(0), level: 0)
    }
    let frame = Frame(graph, bindings)
    let results = try operation.results.map { result -> Memory in
      guard let buffer = buffers[result] else { throw NotSmall() }
      return slot(buffer)
    }
    try lower(operation, in: frame, results: results)
    for (result, memory) in zip(operation.results, results) {
      guard case .scalars(let scalars)? = frame.bindings[result] else { continue }
      for (place, scalar) in scalars.enumerated() {
        append(.store(Store(memory, IndexExpression(place), scalar)))
      }
    }
    kernel.body = levels[0].nodes
    kernel.sources = operation.location.isKnown ? [operation.location] : []
    kernel.dropUnusedSlots()
  }

  private func slot(_ buffer: BufferID) -> Memory {
    if let known = slots[buffer] { return .slot(known) }
    kernel.slots.append(buffer)
    slots[buffer] = kernel.slots.count - 1
    return .slot(kernel.slots.count - 1)
  }

  // MARK: Memory

  /// Where a value of a region stands; nil where it is computed.
  func binding(of value: ValueID, in frame: Frame) -> Binding? {
    guard case .outer(let outer, let source)? = frame.bindings[value] else {
      return frame.bindings[value]
    }
    return binding(of: source, in: outer)
  }

  /// Memory that holds a value, which is stored to a local array where it is in registers.
  func memory(of value: ValueID, in frame: Frame) throws -> Binding {
    if case .memory? = binding(of: value, in: frame), let known = binding(of: value, in: frame) {
      return known
    }
    let array = try newLocal(frame.graph.type(value))
    for (position, scalar) in try scalars(of: value, in: frame).enumerated() {
      append(.store(Store(array, IndexExpression(position), scalar)))
    }
    return .memory(array, IndexExpression(0), level: levels.count - 1)
  }

  func newLocal(_ type: TensorType) throws -> Memory {
    guard type.byteCount <= Self.localByteLimit else { throw NotSmall() }
    kernel.locals.append(Kernel.Local(element: type.element, count: type.count))
    return .local(kernel.locals.count - 1)
  }

  func load(
    _ memory: Memory, _ address: IndexExpression, _ type: TensorType, _ level: Int
  ) throws -> ScalarID {
    try define(.load(memory, address, condition: nil), type.element, level: level)
  }

  // MARK: Scalars

  /// Adds a node to the innermost loop.
  func append(_ node: Node) { levels[levels.count - 1].nodes.append(node) }

  /// A new scalar, to be defined by the caller.
  func newScalar(_ element: ElementType, level: Int) -> ScalarID {
    kernel.scalars.append(element)
    scalarLevels.append(level)
    return ScalarID(kernel.scalars.count - 1)
  }

  /// Carries something out with at least as many loops around as a region asks for.
  func atFloor<Result>(of frame: Frame, _ body: () throws -> Result) rethrows -> Result {
    let outer = floor
    floor = frame.floor
    defer { floor = outer }
    return try body()
  }

  /// Defines a scalar in the outermost loop that has all it needs; equal ones are shared.
  func define(
    _ expression: Expression, _ element: ElementType, level: Int = 0
  ) throws -> ScalarID {
    var level = max(level, floor)
    if case .literal = expression { level = 0 }
    expression.forEachScalar { level = max(level, scalarLevels[$0.index]) }
    expression.forEachVariable { level = max(level, variableLevels[$0.index]) }
    for level in levels[...level] {
      if let known = level.expressions[expression] { return known }
    }
    guard kernel.scalars.count < Self.scalarLimit else { throw NotSmall() }
    let scalar = newScalar(element, level: level)
    levels[level].nodes.append(.define(scalar, expression))
    levels[level].expressions[expression] = scalar
    return scalar
  }

  func literal(_ literal: Literal) throws -> ScalarID {
    try define(.literal(literal), literal.type.element)
  }

  func integer(_ value: Int) throws -> ScalarID {
    try literal(Literal(TensorType([], .i64), integers: [Int64(value)]))
  }

  func apply(_ op: ScalarOp, _ operands: [ScalarID]) throws -> ScalarID {
    if op == .binary(.multiply), operands[0] == operands[1],
      let (left, right) = differences[operands[0]], right < left,
      kernel.scalars[left.index].isFloat
    {
      // (a − b)² is (b − a)², bit for bit: distances of pairs are computed once.
      let difference = try apply(.binary(.subtract), [right, left])
      return try define(.apply(op, [difference, difference]), kernel.scalars[left.index])
    }
    guard let element = op.resultType(operands.map { kernel.scalars[$0.index] }) else {
      throw NotSmall()
    }
    let result = try define(.apply(op, operands), element)
    if op == .binary(.subtract) { differences[result] = (operands[0], operands[1]) }
    return result
  }
}
