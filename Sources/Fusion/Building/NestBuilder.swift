internal import LoopIR
internal import TensorIR

/// Builds one kernel's loop tree by demand: asked for a value at an index, it places the value's
/// computation in the outermost loop that fixes the index, once, and returns the scalar.
///
/// Loops of equal extent at one level and phase are one loop, so stores and reductions over the
/// same domain share a pass. The phase of a loop counts the reductions at its level that must be
/// finished before it: row statistics split a row's work into passes.
final class NestBuilder {
  let graph: Graph
  let variables: VariableTree
  let indices: IndexTable
  /// Where values that are in memory stand.
  private let buffers: [ValueID: BufferID]
  /// The values that are in memory before this kernel.
  private let available: Set<ValueID>
  /// Where constants that are not one number stand.
  private let constants: [ValueID: BufferID]
  /// Values whose elements are computed once, since comparisons tell computations apart that round
  /// differently.
  let comparedValues: Set<ValueID>
  @exclusivity(unchecked) private(set) var kernel: Kernel
  let root: Scope
  @exclusivity(unchecked) var scalars: [ScalarInfo] = []
  @exclusivity(unchecked) var phases: [PhaseDemand: Int] = [:]
  /// How often a value was asked for at an index, or for its phase there.
  @exclusivity(unchecked) var demandCount = 0
  /// Whether the kernel reads a constant that no buffer holds, and so is none.
  @exclusivity(unchecked) private(set) var lacksConstant = false
  @exclusivity(unchecked) private var slots: [BufferID: Int] = [:]
  /// The local arrays that later passes read elements from, by the scalar that is stored.
  @exclusivity(unchecked) var keptArrays: [ScalarID: Memory] = [:]

  /// What is known of a scalar.
  struct ScalarInfo {
    var scope: Scope
    /// The phase in its scope from which on it can be read.
    var phase: Int
    /// Roughly the additions it takes to compute it again inside its scope.
    var weight: Int
    var expression: Expression?
    var range: ClosedRange<Int>?
  }

  /// A value at an index, by number, under a condition without which it may not be read.
  struct Demand: Hashable {
    var value: ValueID
    var index: Int
    var condition: ScalarID?

    func _rawHashValue(seed: Int) -> Int {
      .scattered(value.index, index, condition?.index ?? -1, by: seed)
    }
  }

  init(
    name: String, graph: Graph, variables: VariableTree = VariableTree(),
    buffers: [ValueID: BufferID], available: Set<ValueID>, constants: [ValueID: BufferID],
    comparedValues: Set<ValueID> = []
  ) {
    self.graph = graph
    self.variables = variables
    indices = IndexTable(variables)
    self.buffers = buffers
    self.available = available
    self.constants = constants
    self.comparedValues = comparedValues
    kernel = Kernel(name: name)
    root = Scope()
  }

  /// The finished kernel.
  ///
  /// - Requires: `!lacksConstant`.
  func finished(sources: [SourceLocation]) -> Kernel {
    precondition(!lacksConstant, "constants have buffers before kernels are built")
    kernel.body = root.assembled()
    kernel.variables = variables.variables
    kernel.sources = sources
    return kernel
  }

  // MARK: Scalars

  /// A new scalar of a type, to be defined by the caller.
  func newScalar(_ element: ElementType, _ info: ScalarInfo) -> ScalarID {
    kernel.scalars.append(element)
    scalars.append(info)
    return ScalarID(kernel.scalars.count - 1)
  }

  /// Where a value stands that is in memory before this kernel; nil for others.
  func buffer(of value: ValueID) -> BufferID? {
    available.contains(value) ? buffers[value] : nil
  }

  /// The slot through which the kernel sees a constant that is not one number.
  func slot(ofConstant value: ValueID) -> Memory {
    if let buffer = constants[value] { return slot(buffer) }
    lacksConstant = true
    return .slot(0)
  }

  /// The slot through which the kernel sees a buffer.
  func slot(_ buffer: BufferID) -> Memory {
    if let known = slots[buffer] { return .slot(known) }
    kernel.slots.append(buffer)
    slots[buffer] = kernel.slots.count - 1
    return .slot(kernel.slots.count - 1)
  }

  /// A new local array.
  func newLocal(_ element: ElementType, count: Int) -> Memory {
    kernel.locals.append(Kernel.Local(element: element, count: count))
    return .local(kernel.locals.count - 1)
  }

  /// Defines a scalar in the outermost scope that has all it needs; equal ones are shared.
  func define(
    _ expression: Expression, _ element: ElementType, in scope: Scope, notBefore phase: Int = 0,
    range: ClosedRange<Int>? = nil
  ) -> ScalarID {
    let (place, ready) = placement(of: expression, in: scope)
    if let known = place.expressions[expression] { return known }
    let start = max(ready, place === scope ? phase : 0)
    let weight = self.weight(of: expression, in: place)
    let scalar = newScalar(
      element,
      ScalarInfo(
        scope: place, phase: start, weight: weight, expression: expression, range: range))
    place.append(.define(scalar, expression), phase: start)
    place.expressions[expression] = scalar
    return scalar
  }

  /// Defines a function of scalars.
  func apply(_ op: ScalarOp, _ operands: [ScalarID], in scope: Scope) -> ScalarID {
    var operands = operands
    if op == .binary(.add), let term = operands.firstIndex(where: isNothingToAdd) {
      return operands[1 - term]
    }
    // (b−a)² is (a−b)² to the last bit; one order lets two directions of a pair share the square.
    if op == .binary(.multiply), operands[0] == operands[1],
      case .apply(.binary(.subtract), let difference)? = scalars[operands[0].index].expression,
      difference[0] > difference[1]
    {
      let ordered = apply(.binary(.subtract), [difference[1], difference[0]], in: scope)
      operands = [ordered, ordered]
    }
    if case .binary(let binary) = op, binary.isCommutative, operands[0] > operands[1],
      !operands.allSatisfy(mayBeContracted)
    {
      operands.swapAt(0, 1)
    }
    return define(.apply(op, operands), resultType(op, operands), in: scope)
  }

  /// Whether a scalar is what a sum is the same with and without, such as the rim of a padded term.
  private func isNothingToAdd(_ scalar: ScalarID) -> Bool {
    guard case .literal(let literal)? = scalars[scalar.index].expression else { return false }
    let element = literal.type.element
    return literal == Literal(TensorType([], element), filledWith: element.isFloat ? -0.0 : 0)
  }

  /// Whether a scalar is a product, or the negative of one, that a sum may be rounded together with: of two
  /// such terms it is the left one, which is not to depend on what else the kernel computes.
  private func mayBeContracted(_ scalar: ScalarID) -> Bool {
    guard kernel.scalars[scalar.index].isFloat,
      case .apply(let op, let operands)? = scalars[scalar.index].expression
    else { return false }
    switch op {
    case .binary(.multiply), .unary(.square): return true
    case .unary(.negate): return mayBeContracted(operands[0])
    case .unary, .binary, .compare, .bits, .select, .convert: return false
    }
  }

  func literal(_ literal: Literal, in scope: Scope) -> ScalarID {
    define(.literal(literal), literal.type.element, in: scope)
  }

  private func resultType(_ op: ScalarOp, _ operands: [ScalarID]) -> ElementType {
    switch op {
    case .unary(let unary):
      unary.isTest ? .i1 : kernel.scalars[operands[0].index]
    case .binary: kernel.scalars[operands[0].index]
    case .compare: .i1
    case .select: kernel.scalars[operands[1].index]
    case .convert(let element), .bits(.cast(let element)): element
    case .bits(.reducePrecision): kernel.scalars[operands[0].index]
    }
  }

  /// The innermost scope an expression depends on, and the phase there at which it can be computed.
  private func placement(of expression: Expression, in scope: Scope) -> (Scope, Int) {
    var place = root
    var phase = 0
    func need(_ scalar: ScalarID) {
      let info = scalars[scalar.index]
      if info.scope.depth > place.depth {
        (place, phase) = (info.scope, info.phase)
      } else if info.scope === place {
        phase = max(phase, info.phase)
      }
    }
    func need(_ index: IndexExpression) {
      index.forEachVariable { variable in
        let owner = scope.owner(of: variable)
        if owner.depth > place.depth { (place, phase) = (owner, 0) }
      }
      index.forEachScalar(need)
    }
    expression.forEachInput(index: need, scalar: need)
    return (place, phase)
  }

  private func weight(of expression: Expression, in place: Scope) -> Int {
    switch expression {
    case .literal, .index: return 0
    case .load, .inBounds: return 1
    case .apply(let op, let operands):
      let inputs = operands.reduce(0) { sum, operand in
        scalars[operand.index].scope === place ? sum + scalars[operand.index].weight : sum
      }
      return min(inputs + op.weight, 1 << 20)
    }
  }

  // MARK: Memory

  /// The row-major address of an index into a tensor.
  func address(_ index: [IndexExpression], shape: [Int]) -> IndexExpression {
    var address = IndexExpression(0)
    for (expression, stride) in zip(index, shape.rowMajorStrides) { address += expression * stride }
    return address
  }

  /// Reads memory; the condition is dropped where the index cannot leave the tensor.
  func load(
    _ memory: Memory, _ index: [IndexExpression], _ type: TensorType, condition: ScalarID?,
    in scope: Scope
  ) -> ScalarID {
    let isInside = zip(index, type.shape).allSatisfy { expression, extent in
      range(expression).map { $0.lowerBound >= 0 && $0.upperBound < extent } ?? false
    }
    let address = address(index, shape: type.shape)
    return define(
      .load(memory, address, condition: isInside ? nil : condition), type.element, in: scope)
  }

  /// The least and greatest value of an index.
  func range(_ index: IndexExpression) -> ClosedRange<Int>? {
    variables.range(index) { scalars[$0.index].range }
  }

  /// Writes a scalar, after everything it needs.
  func store(
    _ value: ScalarID, to memory: Memory, _ address: IndexExpression,
    combining: Reduction.Kind? = nil, condition: ScalarID? = nil, in scope: Scope
  ) {
    var phase = 0
    var needed = [value]
    if let condition { needed.append(condition) }
    address.forEachScalar { needed.append($0) }
    for scalar in needed where scalars[scalar.index].scope === scope {
      phase = max(phase, scalars[scalar.index].phase)
    }
    let store = Store(memory, address, value, combining: combining, condition: condition)
    scope.append(.store(store), phase: phase)
  }
}

/// One loop of a tree under construction, or the kernel's top level.
final class Scope {
  let parent: Scope?
  /// The loop's variable; a tile has its row and its column. Empty at the top level.
  let variables: [VariableID]
  let depth: Int
  /// Statements by phase.
  @exclusivity(unchecked) private var sections: [[Node]] = [[]]
  /// Loops directly inside, with the phase each stands in.
  @exclusivity(unchecked) private(set) var children: [(phase: Int, scope: Scope)] = []
  /// The loops directly inside by what they count.
  @exclusivity(unchecked) private var loops: [[VariableID]: [(phase: Int, scope: Scope)]] = [:]
  /// The phase of the level around that this loop stands in.
  private let phase: Int
  var accumulators: [Accumulator] = []
  @exclusivity(unchecked) var values: [NestBuilder.Demand: ScalarID] = [:]
  @exclusivity(unchecked) var expressions: [Expression: ScalarID] = [:]
  /// How the children nodes are wrapped; nil makes a plain loop.
  var contract: Contract?

  init() {
    parent = nil
    variables = []
    depth = 0
    phase = 0
  }

  init(in parent: Scope, variables: [VariableID], phase: Int = 0) {
    self.parent = parent
    self.variables = variables
    self.phase = phase
    depth = parent.depth + 1
  }

  /// Adds a statement that can be carried out from `phase` on.
  func append(_ node: Node, phase: Int) {
    while sections.count <= phase { sections.append([]) }
    sections[phase].append(node)
  }

  /// The loop of the variable in the given phase, made where it is missing.
  func child(_ variable: VariableID, phase: Int) -> Scope {
    loops[[variable]]?.first { $0.phase == phase }?.scope ?? addChild([variable], phase: phase)
  }

  func addChild(_ variables: [VariableID], phase: Int) -> Scope {
    let scope = Scope(in: self, variables: variables, phase: phase)
    children.append((phase, scope))
    loops[variables, default: []].append((phase, scope))
    return scope
  }

  /// The scope around, or this one, whose loop counts the variable.
  func owner(of variable: VariableID) -> Scope {
    var scope = self
    while !scope.variables.contains(variable) {
      guard let parent = scope.parent else {
        preconditionFailure("a loop variable is used outside its loop")
      }
      scope = parent
    }
    return scope
  }

  /// Loops before this one at the same level, over the same variable.
  func earlierSiblings() -> [Scope] {
    parent?.loops[variables]?.filter { $0.phase < phase }.map(\.scope) ?? []
  }

  /// The statements and loops in execution order.
  func assembled() -> [Node] {
    let last = max(sections.count - 1, children.map(\.phase).max() ?? 0)
    var phases = sections + Array(repeating: [], count: last + 1 - sections.count)
    for (phase, scope) in children { phases[phase].append(scope.node()) }
    return phases.flatMap { $0 }
  }

  private func node() -> Node {
    if var contract {
      contract.body = assembled()
      return .contract(contract)
    }
    var loop = Loop(variables[0])
    loop.accumulators = accumulators
    loop.body = assembled()
    return .loop(loop)
  }
}
