internal import TensorIR

extension Kernel {
  /// Checks the invariants listed at `Kernel`, that types fit, and that stores go to memory a
  /// kernel may write.
  ///
  /// - Parameter provesGuards: Whether accesses with a condition, too, must be provably inside. What is
  ///   known of sums of quotients and remainders does not prove all that holds, so compiling does not ask.
  /// - Throws: `AdjointError` naming the kernel and the invariant.
  package func verify(in program: LoopProgram, provesGuards: Bool = false) throws {
    try verifySlots(in: program)
    try DependenceAnalysis(self, in: program).verifyKernel(provesGuards: provesGuards)
  }
}

extension DependenceAnalysis {
  /// Checks the kernel but for its slots.
  ///
  /// - Throws: `AdjointError` naming the kernel and the invariant.
  func verifyKernel(provesGuards: Bool) throws {
    var verifier = try KernelVerifier(self, provesGuards: provesGuards)
    try verifier.verify(kernel.body)
  }
}

extension Kernel {
  /// Checks that slots are buffers of the program, each for itself.
  ///
  /// - Throws: `AdjointError` naming the kernel.
  func verifySlots(in program: LoopProgram) throws {
    func error(_ message: String) -> AdjointError {
      AdjointError(.type, "kernel \(name): \(message)", at: sources.first ?? .unknown)
    }
    for slot in slots where !program.buffers.indices.contains(slot.index) {
      throw error("slot for no buffer \(slot.index)")
    }
    guard Set(slots).count == slots.count else { throw error("two slots are one buffer") }
  }
}

/// The state of checking one kernel: what is visible at the node being looked at.
struct KernelVerifier {
  /// The kernel and its program, with what is known of them.
  let analysis: DependenceAnalysis
  /// Which scalars are defined and visible; copies of the verifier share it.
  let scalars: ScalarScopes
  /// What functions of scalars give; copies of the verifier share it.
  let typing = ScalarTyping()
  /// Whether accesses with a condition must be provably inside.
  let provesGuards: Bool
  var loopVariables = Set<VariableID>()
  /// The accumulators of the loops around, and whether terms may be added to them here.
  var openAccumulators: [ScalarID: Bool] = [:]
  var isInVectors = false
  /// The variable of the vector loop around.
  var lane: VariableID?
  var depth = 0
  /// Whether every loop around runs at least once.
  var isReached = true
  /// The columns of the products around; stores must be contiguous along them.
  var columns: [VariableID] = []

  init(_ analysis: DependenceAnalysis, provesGuards: Bool) throws {
    self.provesGuards = provesGuards
    self.analysis = analysis
    scalars = ScalarScopes(count: analysis.kernel.scalars.count)
    try verifyTables()
  }

  var kernel: Kernel { analysis.kernel }
  var program: LoopProgram { analysis.program }
  var ranges: IndexRanges { analysis.ranges }

  /// An error in this kernel.
  func error(_ message: String) -> AdjointError {
    AdjointError(.type, "kernel \(kernel.name): \(message)", at: kernel.sources.first ?? .unknown)
  }

  /// Fails unless `holds`.
  func require(_ holds: Bool, _ message: @autoclosure () -> String) throws {
    guard holds else { throw error(message()) }
  }

  func verifyTables() throws {
    for variable in kernel.variables {
      try require(variable.extent >= 0, "variable \(variable.name) has extent \(variable.extent)")
    }
    for local in kernel.locals {
      try require(local.count >= 0, "a local has \(local.count) elements")
    }
    try require(
      kernel.stackByteCount <= Kernel.stackByteLimit,
      "K9: local arrays of \(kernel.stackByteCount) bytes are on the stack")
  }

  // MARK: Nodes

  /// Checks a body, and that some scalars can be read at its end; scalars defined in it are not
  /// visible behind it.
  mutating func verify(_ nodes: [Node], handingOn handedOn: [ScalarID] = []) throws {
    let outer = scalars.scope
    for node in nodes {
      switch node {
      case .define(let scalar, let expression):
        try verifyDefinition(of: scalar, expression)
      case .store(let store): try verify(store)
      case .accumulate(let accumulator, let value):
        try verify(accumulation: accumulator, of: value)
      case .loop(let loop): try verify(loop)
      case .contract(let contract): try verify(contract)
      }
    }
    for scalar in handedOn { _ = try verify(use: scalar) }
    scalars.leave(to: outer)
  }

  mutating func verifyDefinition(of scalar: ScalarID, _ expression: Expression) throws {
    let element = try verify(expression)
    try define(scalar)
    try require(
      self.element(scalar) == element,
      "t\(scalar.index) is \(self.element(scalar).rawValue), not \(element.rawValue)")
  }

  mutating func define(_ scalar: ScalarID) throws {
    try require(
      kernel.scalars.indices.contains(scalar.index), "t\(scalar.index) is not in the scalar table")
    try require(scalars.define(scalar), "K1: t\(scalar.index) is defined twice")
  }

  func element(_ scalar: ScalarID) -> ElementType { kernel.scalars[scalar.index] }

  /// The type of a scalar that may be read here.
  func verify(use scalar: ScalarID) throws -> ElementType {
    try require(
      openAccumulators[scalar] == nil, "K1: accumulator t\(scalar.index) is read inside its loop")
    try require(
      scalars.isVisible(scalar), "K1: t\(scalar.index) is read where no definition is visible")
    return element(scalar)
  }

  func verify(condition: ScalarID?) throws {
    guard let condition else { return }
    let element = try verify(use: condition)
    try require(element == .i1, "condition t\(condition.index) is not i1")
  }

  func verify(accumulation accumulator: ScalarID, of value: ScalarID) throws {
    guard let isOpen = openAccumulators[accumulator] else {
      throw error("K1: t\(accumulator.index) is no accumulator of a loop around")
    }
    try require(
      isOpen, "K1: t\(accumulator.index) is added to in a branch, or a loop of unknown count")
    let element = try verify(use: value)
    try require(
      element == self.element(accumulator),
      "t\(value.index) is \(element.rawValue), its accumulator is not")
  }

  func verify(_ store: Store) throws {
    let (element, _) = try verify(store.memory)
    let value = try verify(use: store.value)
    try require(
      value == element, "a store of \(value.rawValue) into memory of \(element.rawValue)")
    try require(
      store.combining?.accepts(element) ?? true,
      "\(store.combining?.rawValue ?? "") does not combine \(element.rawValue)")
    if case .slot(let slot) = store.memory {
      let buffer = program.buffers[program.root(of: kernel.slots[slot]).index]
      try require(
        program.isWritable(kernel.slots[slot], donated: Set(program.donations.values)),
        "a store into \(buffer.name), which is read only")
    }
    try verify(condition: store.condition)
    try verify(store.address, in: store.memory, condition: store.condition)
    for column in columns where kernel.variables[column.index].extent > 1 {
      try require(
        store.address.coefficient(of: column) == 1,
        "a store in a product is not contiguous in \(kernel.variables[column.index].name)")
    }
  }

  // MARK: Expressions

  /// The type of an expression, whose operands must be visible and fit.
  func verify(_ expression: Expression) throws -> ElementType {
    switch expression {
    case .literal(let literal):
      try require(literal.type.isScalar, "a literal of \(literal.type) is no scalar")
      return literal.type.element
    case .index(let index, let element):
      try verify(index)
      try require(element != .i1, "an index as i1")
      return element
    case .load(let memory, let address, let condition):
      let (element, _) = try verify(memory)
      try verify(condition: condition)
      try verify(address, in: memory, condition: condition)
      return element
    case .inBounds(let bounds):
      for bound in bounds {
        try verify(bound.index)
        try require(
          bound.lower <= bound.upper, "the bounds \(bound.lower)..<\(bound.upper) are reversed")
      }
      return .i1
    case .apply(let op, let operands):
      for operand in operands { _ = try verify(use: operand) }
      guard let element = typing.resultType(of: op, operands, in: kernel.scalars) else {
        let types = operands.map { element($0).rawValue }
        throw error("\(op) does not take \(types.joined(separator: ", "))")
      }
      return element
    }
  }

  /// Memory that is in the tables: its element type and count.
  func verify(_ memory: Memory) throws -> (ElementType, count: Int) {
    switch memory {
    case .slot(let slot):
      try require(kernel.slots.indices.contains(slot), "there is no slot \(slot)")
      let type = program.buffers[kernel.slots[slot].index].type
      return (type.element, type.count)
    case .local(let local):
      try require(kernel.locals.indices.contains(local), "there is no local \(local)")
      return (kernel.locals[local].element, kernel.locals[local].count)
    }
  }

  /// Variables are those of loops around, scalars are visible integers, divisors are positive.
  func verify(_ index: IndexExpression) throws {
    for term in index.terms {
      switch term.atom {
      case .variable(let variable):
        try require(
          loopVariables.contains(variable),
          "K2: variable \(name(variable)) is used outside its loop")
      case .scalar(let scalar):
        let element = try verify(use: scalar)
        try require(element.isInteger, "an index of \(element.rawValue) t\(scalar.index)")
      case .lookup(let lookup):
        throw error("K2: an index looks up integer \(lookup.index) of a formula")
      case .quotient(let inner, let divisor), .remainder(let inner, let divisor):
        try require(divisor > 0, "a division by \(divisor)")
        try verify(inner)
      }
    }
  }

  /// K3: an access stays inside its memory, everywhere or where its condition holds.
  func verify(
    _ address: IndexExpression, in memory: Memory, condition: ScalarID?
  ) throws {
    let (_, count) = try verify(memory)
    try verify(address)
    guard isReached else { return }
    var range = ranges.range(of: address)
    if range.isInside(0..<count) || condition != nil && !provesGuards { return }
    if let bounds = condition.flatMap({ analysis.guards[$0] }) {
      // What never happens may be anywhere.
      guard let guarded = ranges.range(of: address, where: bounds) else { return }
      range = guarded
      if range.isInside(0..<count) { return }
    }
    let name = KernelPrinter(kernel, in: program).name(memory)
    let place = condition.map { "where t\($0.index) holds, " } ?? ""
    throw error(
      range == .unknown
        ? "K3: \(place)an index into \(name) has no known bounds"
        : "K3: \(place)indices \(range) into the \(count) elements of \(name)")
  }

  func name(_ variable: VariableID) -> String {
    kernel.variables.indices.contains(variable.index)
      ? kernel.variables[variable.index].name : "#\(variable.index)"
  }
}

/// Which scalars of a kernel are defined so far, and which of them can be read at the current place.
final class ScalarScopes {
  @exclusivity(unchecked) private var isDefined: [Bool]
  @exclusivity(unchecked) private var isShown: [Bool]
  /// The visible scalars in the order in which they became so.
  @exclusivity(unchecked) private var shown: [ScalarID] = []

  init(count: Int) {
    isDefined = [Bool](repeating: false, count: count)
    isShown = isDefined
  }

  /// The scope that is open: how many scalars are visible.
  var scope: Int { shown.count }

  /// Defines a scalar, which becomes visible; false if it was defined before.
  func define(_ scalar: ScalarID) -> Bool {
    guard !isDefined[scalar.index] else { return false }
    isDefined[scalar.index] = true
    show(scalar)
    return true
  }

  /// Makes a scalar visible in the scope that is open.
  func show(_ scalar: ScalarID) {
    guard !isShown[scalar.index] else { return }
    isShown[scalar.index] = true
    shown.append(scalar)
  }

  /// Whether a scalar can be read; one that is in no table cannot.
  func isVisible(_ scalar: ScalarID) -> Bool {
    isShown.indices.contains(scalar.index) && isShown[scalar.index]
  }

  /// Goes back to an outer scope; definitions stay used up.
  func leave(to outer: Int) {
    for scalar in shown[outer...] { isShown[scalar.index] = false }
    shown.removeSubrange(outer...)
  }
}
