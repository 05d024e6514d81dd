internal import TensorIR

/// Moves nodes of one kernel into another, whose tables grow by what the nodes use.
///
/// Buffers stay the same ones; scalars, variables and locals become new ones, except scalars that
/// are already known in the other kernel.
package struct Transplant {
  private let source: Kernel
  package private(set) var kernel: Kernel
  private var scalars: [ScalarID: ScalarID]
  private var variables: [VariableID: VariableID] = [:]
  private var locals: [Int: Int] = [:]

  /// - Parameter known: scalars of `source` that `kernel` has already.
  package init(from source: Kernel, into kernel: Kernel, known: [ScalarID: ScalarID] = [:]) {
    self.source = source
    self.kernel = kernel
    scalars = known
  }

  /// The nodes in terms of the other kernel's tables; what stands before them there is the caller's.
  package mutating func moved(_ nodes: [Node]) -> [Node] {
    nodes.map { moved($0) }
  }

  private mutating func moved(_ node: Node) -> Node {
    switch node {
    case .define(let id, let expression): return .define(moved(id), moved(expression))
    case .store(let store):
      return .store(
        Store(
          moved(store.memory), moved(store.address), moved(store.value),
          combining: store.combining, condition: store.condition.map { moved($0) }))
    case .accumulate(let accumulator, let value):
      return .accumulate(moved(accumulator), value: moved(value))
    case .loop(let loop): return .loop(moved(loop))
    case .contract(let contract): return .contract(moved(contract))
    }
  }

  private mutating func moved(_ loop: Loop) -> Loop {
    var result = loop
    result.variable = moved(loop.variable)
    if case .block(let block, let size) = loop.range {
      result.range = .block(moved(block), size: size)
    }
    result.accumulators = loop.accumulators.map { Accumulator(moved($0.result), $0.kind) }
    if case .condition(let holds) = loop.range { result.range = .condition(moved(holds)) }
    for position in result.carries.indices {
      result.carries[position] = loop.carries[position].mapping { moved($0) }
    }
    result.body = moved(loop.body)
    return result
  }

  private mutating func moved(_ contract: Contract) -> Contract {
    var result = contract
    result.row = moved(contract.row)
    result.column = moved(contract.column)
    result.depth = moved(contract.depth)
    result.tap = contract.tap.map { moved($0) }
    result.left = Contract.Factor(moved(contract.left.body), moved(contract.left.value))
    result.right = Contract.Factor(moved(contract.right.body), moved(contract.right.value))
    result.result = moved(contract.result)
    if let block = contract.block { result.block?.variable = moved(block.variable) }
    result.body = moved(contract.body)
    return result
  }

  private mutating func moved(_ expression: Expression) -> Expression {
    switch expression {
    case .literal: return expression
    case .index(let place, let element): return .index(moved(place), element)
    case .load(let memory, let place, let condition):
      return .load(moved(memory), moved(place), condition: condition.map { moved($0) })
    case .inBounds(let bounds):
      return .inBounds(
        bounds.map { Bound(moved($0.index), lower: $0.lower, upper: $0.upper) })
    case .apply(let op, let operands): return .apply(op, operands.map { moved($0) })
    }
  }

  private mutating func moved(_ index: IndexExpression) -> IndexExpression {
    index.forEachVariable { _ = moved($0) }
    index.forEachScalar { _ = moved($0) }
    let (variables, scalars) = (variables, scalars)
    return index.substituting {
      IndexExpression(variables[$0] ?? $0)
    } scalar: {
      IndexExpression(.scalar(scalars[$0] ?? $0))
    }
  }

  // MARK: Tables

  private mutating func moved(_ id: ScalarID) -> ScalarID {
    if let known = scalars[id] { return known }
    kernel.scalars.append(source.scalars[id.index])
    let fresh = ScalarID(kernel.scalars.count - 1)
    scalars[id] = fresh
    return fresh
  }

  private mutating func moved(_ id: VariableID) -> VariableID {
    if let known = variables[id] { return known }
    kernel.variables.append(source.variables[id.index])
    let fresh = VariableID(kernel.variables.count - 1)
    variables[id] = fresh
    return fresh
  }

  private mutating func moved(_ memory: Memory) -> Memory {
    switch memory {
    case .slot(let slot):
      let buffer = source.slots[slot]
      if let place = kernel.slots.firstIndex(of: buffer) { return .slot(place) }
      kernel.slots.append(buffer)
      return .slot(kernel.slots.count - 1)
    case .local(let local):
      if let known = locals[local] { return .local(known) }
      kernel.locals.append(source.locals[local])
      locals[local] = kernel.locals.count - 1
      return .local(kernel.locals.count - 1)
    }
  }
}
