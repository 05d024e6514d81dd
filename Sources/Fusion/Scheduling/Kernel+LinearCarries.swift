internal import LoopIR
internal import Targets
internal import TensorIR

extension Kernel {
  /// Puts iterations of loops with carries in lanes where each carry follows from itself by a sum of a
  /// product, or a quotient of two such sums, with factors that do not depend on it.
  ///
  ///     serial s in 0..<1000 { y = (c + x[s])*w[s]; … next c = y }
  ///
  /// becomes
  ///
  ///     vector(8) s in 0..<1000 { a = w[s]; b = w[s]*x[s]; y = (c + x[s])*w[s]; … next c = y by (a, b) }
  ///
  /// Eight steps are composed before it is known what they start from (Kogge and Stone 1973), and what
  /// follows from the carries is computed in lanes, too. Carries may follow from others before them.
  mutating func putCarriesInLanes(_ scheduler: inout Scheduler) {
    body = body.map { carriesInLanes(in: $0, &scheduler) }
  }

  private mutating func carriesInLanes(in node: Node, _ scheduler: inout Scheduler) -> Node {
    guard case .loop(var loop) = node else { return node }
    if case .vector = loop.schedule { return node }
    loop.body = loop.body.map { carriesInLanes(in: $0, &scheduler) }
    guard let plan = RecurrencePlan(loop, of: self, for: scheduler.target) else {
      return .loop(loop)
    }
    let trial = plan.kernel
    guard DependenceAnalysis(trial, in: scheduler.program).mayRunInLanes(plan.loop).isGranted,
      scheduler.accept("\(variables[loop.variable.index].name): \(plan.weighedText)")
    else { return .loop(loop) }
    scalars = trial.scalars
    return .loop(plan.loop)
  }
}

/// A serial loop with carries as a vector loop.
private struct RecurrencePlan {
  /// The loop in lanes.
  private(set) var loop: Loop
  /// The kernel with the scalars that recurrences need.
  private(set) var kernel: Kernel
  /// The literals that the kernel defines outside of loops.
  private let literals: [ScalarID: Expression]
  /// Cycles of an iteration, about.
  private var serialCost = 0.0
  private var vectorCost = 0.0

  private static let width = Recurrence.width
  /// Longer bodies are left alone.
  private static let statementLimit = 200
  /// So many instructions are started in a cycle.
  private static let instructionsPerCycle = 2.5

  var weighedText: String { "serial \(serialCost.tenths), lanes \(vectorCost.tenths)" }

  /// Nil where the iterations cannot be lanes, or where that gains nothing.
  init?(_ loop: Loop, of kernel: Kernel, for target: TargetDescription) {
    self.loop = loop
    self.kernel = kernel
    var literals: [ScalarID: Expression] = [:]
    for case .define(let scalar, .literal(let literal)) in kernel.body {
      literals[scalar] = .literal(literal)
    }
    self.literals = literals
    guard loop.schedule == .serial, loop.range == .full, loop.accumulators.isEmpty,
      !loop.carries.isEmpty, kernel.variables[loop.variable.index].extent >= Self.width,
      loop.body.count <= Self.statementLimit, loop.carries.allSatisfy(isNumber),
      isPlain(for: target), resolveCarries()
    else { return nil }
    weigh()
    guard vectorCost < serialCost else { return nil }
    self.loop.schedule = .vector(width: Self.width, interleave: 1)
  }

  private func isNumber(_ carry: Carry) -> Bool {
    let element = kernel.scalars[carry.current.index]
    return (element == .f32 || element == .f64) && carry.next != carry.current
  }

  /// Whether the body only computes, reads and writes, all along memory in one direction.
  private func isPlain(for target: TargetDescription) -> Bool {
    var directions = Set<Int>()
    var written = Set<Memory>()
    for node in loop.body {
      switch node {
      case .define(_, .apply(let op, _)):
        if op.weight > 10, target.lanes(ofBits: 64) < Self.width { return false }
      case .define: break
      case .store(let store): if store.condition != nil || store.combining != nil { return false }
      case .accumulate, .loop, .contract: return false
      }
      guard let access = node.access else { continue }
      // Reads are moved in front of writes.
      if access.isWrite { written.insert(access.memory) }
      guard access.isWrite || !written.contains(access.memory), !access.address.isLookedUp,
        let step = access.address.coefficient(of: loop.variable), abs(step) <= 1
      else { return false }
      if step != 0 { directions.insert(step) } else if access.isWrite { return false }
    }
    return directions.count == 1
  }

  // MARK: Recurrences

  /// Finds a recurrence for each carry, in an order in which they can be carried out, and puts the
  /// statements in that order; false where there is none.
  private mutating func resolveCarries() -> Bool {
    var definitions: [ScalarID: Expression] = [:]
    for case .define(let scalar, let expression) in loop.body { definitions[scalar] = expression }
    var waiting = loop.carries
    var resolved: [Carry] = []
    var body: [Node] = []
    var rest = loop.body
    while true {
      takeStatements(from: &rest, to: &body, besides: waiting)
      guard !waiting.isEmpty else { break }
      var found: Int?
      for (number, carry) in waiting.enumerated() {
        guard let (recurrence, nodes) = recurrence(of: carry, definitions, besides: waiting)
        else { continue }
        var carry = carry
        carry.recurrence = recurrence
        resolved.append(carry)
        body += nodes
        found = number
        break
      }
      guard let found else { return false }
      waiting.remove(at: found)
    }
    loop.carries = resolved
    loop.body = body + rest
    return true
  }

  /// Moves the definitions that do not depend on carries that wait; stores stay for the end.
  private func takeStatements(
    from rest: inout [Node], to body: inout [Node], besides waiting: [Carry]
  ) {
    var dependent = Set(waiting.map(\.current))
    rest = rest.filter { node in
      guard case .define(let scalar, let expression) = node else { return true }
      var depends = false
      expression.forEachScalar { depends = depends || dependent.contains($0) }
      if depends { dependent.insert(scalar) } else { body.append(node) }
      return depends
    }
  }

  /// A carry's recurrence with the definitions that it needs; nil where its next value depends on others
  /// that wait, or in another way on itself.
  private mutating func recurrence(
    of carry: Carry, _ definitions: [ScalarID: Expression], besides waiting: [Carry]
  ) -> (Recurrence, [Node])? {
    let others = Set(waiting.map(\.current)).subtracting([carry.current])
    var needed: Set<ScalarID> = [carry.next]
    for case .define(let scalar, let expression) in loop.body.reversed()
    where needed.contains(scalar) {
      expression.forEachScalar { needed.insert($0) }
    }
    guard needed.isDisjoint(with: others) else { return nil }
    guard needed.contains(carry.current) else { return (Recurrence([]), []) }
    let element = kernel.scalars[carry.current.index]
    var builder = RecurrenceBuilder(scalars: kernel.scalars, element: element)
    var forms: [ScalarID: RecurrenceForm] = [carry.current: .carry]
    for case .define(let scalar, let expression) in loop.body where needed.contains(scalar) {
      var depends = false
      expression.forEachScalar { depends = depends || forms[$0] != nil }
      guard depends else { continue }
      guard case .apply(let op, let operands) = expression, kernel.scalars[scalar.index] == element
      else { return nil }
      let arguments = operands.map { operand -> RecurrenceBuilder.Operand in
        if let form = forms[operand] { return .number(form) }
        guard kernel.scalars[operand.index] == element else { return .other(operand) }
        return .number(RecurrenceForm(b: factor(operand, definitions, &builder)))
      }
      guard let form = builder.apply(op, arguments) else { return nil }
      forms[scalar] = form
    }
    guard let form = forms[carry.next] else { return nil }
    let factors = form.isLinear ? [form.a, form.b] : [form.a, form.b, form.p, form.q]
    let coefficients = factors.map { builder.scalar(of: $0) }
    kernel.scalars = builder.scalars
    return (Recurrence(coefficients), builder.nodes)
  }

  /// A scalar that does not depend on the carry; small whole numbers are known.
  ///
  /// A product gets a twin: it would not be rounded together with a sum that it is a term of if that were
  /// not its only use, and steps that are carried out one by one are to give the serial loop's bits.
  private func factor(
    _ scalar: ScalarID, _ definitions: [ScalarID: Expression], _ builder: inout RecurrenceBuilder
  ) -> RecurrenceFactor {
    switch definitions[scalar] ?? literals[scalar] {
    case .literal(let literal)?:
      guard let number = literal.doubles.first, number.rounded() == number, abs(number) <= 1024
      else { return .scalar(scalar) }
      return .number(number == 0 ? 0 : number)
    case .apply(.binary(.multiply), _)?, .apply(.unary(.square), _)?, .apply(.unary(.negate), _)?:
      return .scalar(builder.twin(of: scalar, definitions))
    case .apply(.convert(to: let element), let operands)?
    where kernel.scalars[operands[0].index] == element:
      // It only keeps a product from being rounded together with a sum.
      return factor(operands[0], definitions, &builder)
    case .apply?, .load?, .index?, .inBounds?, nil: return .scalar(scalar)
    }
  }

  // MARK: Costs

  /// Cycles until the result of an operation can be used.
  private static func latency(_ op: ScalarOp) -> Double {
    switch op {
    case .binary(.divide): 13
    case .select, .unary(.negate): 1
    case .unary, .binary, .compare, .bits, .convert: 3.5
    }
  }

  private mutating func weigh() {
    var depths: [ScalarID: Double] = [:]
    for carry in loop.carries { depths[carry.current] = 0 }
    var instructions = 0.0
    for node in loop.body {
      switch node {
      case .define(let scalar, .apply(let op, let operands)):
        instructions += Double(op.weight)
        let depth = operands.compactMap { depths[$0] }.max()
        if let depth { depths[scalar] = depth + Self.latency(op) }
      case .define(_, .literal), .define(_, .index): break
      case .define, .store, .accumulate, .loop, .contract: instructions += 1
      }
    }
    let chain = loop.carries.compactMap { depths[$0.next] }.max() ?? 0
    let lanes = Double(Self.width)
    serialCost = max(chain, instructions / Self.instructionsPerCycle)
    vectorCost = loop.carries.reduce(instructions / Self.instructionsPerCycle / lanes * 2) {
      $0 + ($1.recurrence.map(cost) ?? 0)
    }
  }

  /// Cycles that composing a recurrence takes for an iteration.
  private func cost(_ recurrence: Recurrence) -> Double {
    switch recurrence.coefficients.count {
    case 0: 0.25
    case 2: 1.5
    default: 4
    }
  }
}

extension Double {
  /// The number with one decimal.
  fileprivate var tenths: String { "\((self * 10).rounded() / 10)" }
}
