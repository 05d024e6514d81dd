internal import TensorIR

extension KernelVerifier {
  /// Binds a loop's variable.
  mutating func bind(_ variable: VariableID) throws {
    try require(
      kernel.variables.indices.contains(variable.index),
      "variable \(variable.index) is not in the variable table")
    try require(
      loopVariables.insert(variable).inserted,
      "K2: the loop of \(name(variable)) stands inside a loop of the same variable")
    if kernel.variables[variable.index].extent == 0 { isReached = false }
  }

  mutating func verify(_ loop: Loop) throws {
    let (outer, scope) = (self, scalars.scope)
    try verify(loop.range, of: loop.variable)
    try bind(loop.variable)
    // Iterations that may be none, or go on in some lanes only, add nothing to sums around.
    if !loop.range.isCounted { openAccumulators = openAccumulators.mapValues { _ in false } }
    try verifySchedule(of: loop)
    for accumulator in loop.accumulators {
      try define(accumulator.result)
      try require(
        accumulator.kind.accepts(element(accumulator.result)),
        "\(accumulator.kind.rawValue) does not combine \(element(accumulator.result).rawValue)")
      openAccumulators[accumulator.result] = true
    }
    for carry in loop.carries {
      let types =
        [try verify(use: carry.initial)] + [carry.current, carry.next, carry.result].map(element)
      try require(
        (loop.schedule == .serial || loop.isOfRecurrences) && Set(types).count == 1,
        "K1: t\(carry.current.index) is no carry of a serial loop, of one type")
      try define(carry.current)
    }
    depth += 1
    let coefficients = loop.carries.flatMap { $0.recurrence?.coefficients ?? [] }
    try verify(loop.body, handingOn: loop.carries.map(\.next) + coefficients)
    if !loop.carries.isEmpty, loop.schedule != .serial { try verifyRecurrences(of: loop) }
    leave(to: outer, scope)
    for accumulator in loop.accumulators { scalars.show(accumulator.result) }
    for carry in loop.carries { try define(carry.result) }
    if case .condition(let holds) = loop.range {
      try require(
        element(holds) == .i1 && loop.carries.contains { $0.current == holds },
        "t\(holds.index) is no boolean that its loop carries")
    }
    try verifyIterations(of: loop)
  }

  /// What a schedule asks of its loop, but for the order of iterations.
  private mutating func verifySchedule(of loop: Loop) throws {
    if case .once = loop.range {
      try require(
        loop.schedule == .serial && loop.accumulators.isEmpty,
        "the branch of \(name(loop.variable)) is no serial loop, or has a sum")
    }
    switch loop.schedule {
    case .serial: break
    case .unrolled(let count):
      try require(
        count > 0 && loop.accumulators.isEmpty,
        "the loop of \(name(loop.variable)) has \(count) iterations at a time, or a sum")
    case .tiled(let size):
      try require(size > 0, "a tile of \(size) iterations")
      if isInVectors {
        try verify(rowCopies: loop, size: size)
        break
      }
      try require(
        loop.holdsOneVectorLoop,
        "K6: the tiled loop of \(name(loop.variable)) holds more than a vector loop")
    case .vector(let width, let interleave):
      try require(width > 0 && interleave > 0, "a vector of \(width)×\(interleave) lanes")
      try require(!isInVectors, "K5: the vector loop of \(name(loop.variable)) is inside another")
      isInVectors = true
      lane = loop.variable
    case .parallel:
      try require(depth == 0, "K4: the parallel loop of \(name(loop.variable)) is not outermost")
      try require(
        loop.accumulators.isEmpty,
        "K4: the parallel loop of \(name(loop.variable)) has an accumulator")
    }
  }

  /// K4, K6 and K8: the order in which a loop's iterations are carried out does not matter.
  private func verifyIterations(of loop: Loop) throws {
    let invariant: String
    let permission: Permission
    switch loop.schedule {
    case .serial, .unrolled: return
    case .parallel: (invariant, permission) = ("K4", analysis.mayRunInParallel(loop))
    case .vector: (invariant, permission) = ("K8", analysis.mayRunInLanes(loop))
    case .tiled:
      // What copies rows was looked at by itself.
      guard !isInVectors, case .loop(let lanes) = loop.body[0] else { return }
      (invariant, permission) = ("K6", analysis.mayInterchange(loop, lanes))
    }
    try require(permission, invariant, loop.variable)
  }

  /// K10: the body only defines and stores, and what a carry is computed by, which is of its type, stands
  /// before the first statement that reads it.
  private func verifyRecurrences(of loop: Loop) throws {
    var pending = Set(loop.body.compactMap(\.definedScalar))
    for (number, node) in loop.body.enumerated() {
      var isPlain = node.definedScalar != nil
      if case .store = node { isPlain = true }
      try require(isPlain, "K10: the loop of \(name(loop.variable)) holds more than statements")
      for carry in loop.carries {
        let coefficients = carry.recurrence?.coefficients ?? []
        let needed = coefficients.isEmpty ? [carry.next] : coefficients
        try require(
          number > 0 || coefficients.allSatisfy { element($0) == element(carry.current) },
          "K10: t\(carry.current.index) is computed by scalars of another type")
        guard !pending.isDisjoint(with: needed) else { continue }
        node.forEachOwnScalar { if $0 == carry.current { isPlain = false } }
        try require(
          isPlain, "K10: t\(carry.current.index) is read before what it is computed by is defined")
      }
      if let scalar = node.definedScalar { pending.remove(scalar) }
    }
  }

  /// Fails unless a permission is granted.
  private func require(
    _ permission: Permission, _ invariant: String, _ variable: VariableID
  ) throws {
    guard let refusal = permission.refusal else { return }
    guard case .meeting(let memory) = refusal else {
      throw error("\(invariant): iterations of \(name(variable)) depend on one another")
    }
    let place = KernelPrinter(kernel, in: program).name(memory)
    throw error(
      "\(invariant): iterations of \(name(variable)) may meet in the elements of \(place)")
  }

  /// K7: the body is loads and, right behind each, the store of what was loaded, one of the two at
  /// the loop's variable of an array of each lane.
  private func verify(rowCopies loop: Loop, size: Int) throws {
    let extent = kernel.variables[loop.variable.index].extent
    let isWhole = loop.range == .full && loop.accumulators.isEmpty && size <= extent
    var position = 0
    while isWhole, position + 1 < loop.body.count, let lane,
      case .define(let scalar, .load(let source, let from, nil)) = loop.body[position],
      case .store(let store) = loop.body[position + 1], store.value == scalar,
      store.combining == nil, store.condition == nil,
      isRow((source, from), along: loop.variable, of: lane)
        && isArray((store.memory, store.address), along: loop.variable)
        || isArray((source, from), along: loop.variable)
          && isRow((store.memory, store.address), along: loop.variable, of: lane)
    {
      position += 2
    }
    try require(
      size & (size - 1) == 0 && position == loop.body.count,
      "K7: the tiled loop of \(name(loop.variable)) in lanes does more than copy rows")
  }

  /// Whether a place walks a row in memory that stands further on from lane to lane.
  private func isRow(
    _ place: (memory: Memory, address: IndexExpression), along variable: VariableID,
    of lane: VariableID
  ) -> Bool {
    !isPerLane(place.memory) && place.address.coefficient(of: variable) == 1
      && place.address.coefficient(of: lane) ?? 0 != 0 && !place.address.isLookedUp
  }

  /// Whether a place is the element of an array of each lane that a variable counts.
  private func isArray(
    _ place: (memory: Memory, address: IndexExpression), along variable: VariableID
  ) -> Bool {
    isPerLane(place.memory) && place.address == IndexExpression(variable)
  }

  private func isPerLane(_ memory: Memory) -> Bool {
    guard case .local(let local) = memory, kernel.locals.indices.contains(local) else {
      return false
    }
    return kernel.locals[local].isPerLane
  }

  /// Goes back to what was visible around a loop; definitions stay used up.
  mutating func leave(to outer: KernelVerifier, _ scope: Int) {
    self = outer
    scalars.leave(to: scope)
  }

  func verify(_ range: Loop.Range, of variable: VariableID) throws {
    if case .once(let holds) = range { try verify(condition: holds) }
    guard case .block(let block, let size) = range else { return }
    try require(
      loopVariables.contains(block), "K2: variable \(name(block)) is used outside its loop")
    let known = kernel.variables.indices.contains(variable.index)
    let extent = known ? kernel.variables[variable.index].extent : 0
    let (covered, overflow) = kernel.variables[block.index].extent.multipliedReportingOverflow(
      by: size)
    try require(
      size > 0 && (overflow || covered >= extent),
      "blocks of \(size) by \(name(block)) do not cover \(name(variable))")
  }

  mutating func verify(_ contract: Contract) throws {
    let (outer, scope) = (self, scalars.scope)
    try require(!isInVectors, "K5: a product stands inside a vector loop")
    let tiling = contract.tiling
    try require(
      tiling.rows > 0 && tiling.vectors > 0 && tiling.width > 0 && tiling.rowBlock > 0
        && tiling.panelDepth ?? 1 > 0,
      "a product's tile or panel is empty")
    let variables = [contract.row, contract.column] + contract.summed
    try require(
      Set(variables).count == variables.count,
      "K2: a product's row, column and depth share a variable")
    if let block = contract.block { try verify(block, of: contract) }
    try verify(contract.left, of: contract, in: contract.row)
    try verify(contract.right, of: contract, in: contract.column)
    try verifyFactorsStay(in: contract)
    try bind(contract.row)
    try bind(contract.column)
    try define(contract.result)
    try require(
      element(contract.result) == contract.element && contract.element != .i1,
      "t\(contract.result.index) does not have the product's type")
    isInVectors = true
    depth += 1
    columns.append(contract.column)
    try verify(contract.body)
    leave(to: outer, scope)
    for line in [contract.column, contract.row] {
      try require(analysis.mayRunInTiles(contract, along: line), "K8", line)
    }
  }

  /// A product reads its factors again and again, so its body must not write them.
  private func verifyFactorsStay(in contract: Contract) throws {
    var written = Set<Memory>()
    contract.body.forEachMemory { memory, _, isWritten in
      if isWritten { written.insert(memory) }
    }
    try (contract.left.body + contract.right.body).forEachNode { node in
      guard let access = node.access else { return }
      try require(!written.contains(access.memory), "a product writes what its factors read")
    }
  }

  /// A factor's prologue only defines scalars, from its own variables and what is around.
  mutating func verify(
    _ factor: Contract.Factor, of contract: Contract, in line: VariableID
  ) throws {
    let (outer, scope) = (self, scalars.scope)
    isInVectors = true
    try bind(line)
    for variable in contract.summed { try bind(variable) }
    for node in factor.body {
      guard case .define(let scalar, let expression) = node else {
        throw error("a product's factor does more than define scalars")
      }
      try verifyDefinition(of: scalar, expression)
    }
    let element = try verify(use: factor.value)
    try require(
      element == contract.element,
      "a factor of \(element.rawValue) in a product of \(contract.element.rawValue)")
    leave(to: outer, scope)
  }

  /// A product's blocks are numbered by a loop around and cover the result.
  func verify(_ block: Contract.Block, of contract: Contract) throws {
    try require(
      loopVariables.contains(block.variable),
      "K2: variable \(name(block.variable)) is used outside its loop")
    try require(block.rows > 0 && block.columns > 0, "a product's block is empty")
    for variable in [contract.row, contract.column] {
      try require(
        kernel.variables.indices.contains(variable.index),
        "variable \(variable.index) is not in the variable table")
    }
    let shape = contract.blockShape(block, in: kernel)
    try require(
      shape.rows * shape.columns == kernel.variables[block.variable.index].extent,
      "K4: \(name(block.variable)) does not count the \(shape.rows)×\(shape.columns) blocks")
  }
}

extension Node {
  /// The scalar that the node defines.
  fileprivate var definedScalar: ScalarID? {
    if case .define(let scalar, _) = self { scalar } else { nil }
  }
}

extension Loop {
  /// Whether the iterations are lanes of one vector that carries go through by recurrences.
  fileprivate var isOfRecurrences: Bool {
    guard case .vector(_, interleave: 1) = schedule, range == .full, accumulators.isEmpty else {
      return false
    }
    return carries.allSatisfy { $0.recurrence != nil }
  }

  /// Whether the loop repeats one whole vector loop, which holds no other and sums up nothing by itself.
  fileprivate var holdsOneVectorLoop: Bool {
    guard body.count == 1, case .loop(let inner) = body[0],
      inner.accumulators.isEmpty, inner.range == .full, case .vector = inner.schedule
    else { return false }
    return inner.body.allSatisfy { node in
      switch node {
      case .define, .store, .accumulate: true
      case .loop, .contract: false
      }
    }
  }
}

extension Contract {
  /// How many blocks lie along the rows and the columns.
  ///
  /// - Requires: `row` and `column` are in the kernel's table and the block is not empty.
  func blockShape(_ block: Block, in kernel: Kernel) -> (rows: Int, columns: Int) {
    func count(_ variable: VariableID, _ size: Int) -> Int {
      let extent = kernel.variables[variable.index].extent
      return extent / size + (extent.isMultiple(of: size) ? 0 : 1)
    }
    return (count(row, block.rows), count(column, block.columns))
  }

  /// Whether a block covers all columns, so that the block's variable counts blocks of rows.
  ///
  /// - Parameter variables: the kernel's.
  func hasWholeRows(_ block: Block, of variables: [Kernel.Variable]) -> Bool {
    variables.indices.contains(column.index) && block.columns >= variables[column.index].extent
  }
}
