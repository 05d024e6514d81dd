/// What becomes of the names in nodes that are copied: of scalars, loop variables, indices and memory.
///
/// Each requirement leaves what it is asked for as it is where a mapping does not say otherwise.
package protocol NodeMapping {
  /// A scalar that is defined, read or summed up.
  mutating func scalar(_ scalar: ScalarID) -> ScalarID
  /// The scalars that a function is applied to.
  mutating func operands(_ operands: [ScalarID]) -> [ScalarID]
  /// The variable of a loop, a block or a product.
  mutating func variable(_ variable: VariableID) -> VariableID
  /// The index that a number is, a bound is about or an access goes to.
  mutating func index(_ index: IndexExpression) -> IndexExpression
  /// What is read or written.
  mutating func access(
    _ memory: Memory, _ address: IndexExpression
  ) -> (memory: Memory, address: IndexExpression)
}

extension NodeMapping {
  package mutating func scalar(_ scalar: ScalarID) -> ScalarID { scalar }
  package mutating func operands(_ operands: [ScalarID]) -> [ScalarID] {
    operands.map { scalar($0) }
  }
  package mutating func variable(_ variable: VariableID) -> VariableID { variable }
  package mutating func index(_ index: IndexExpression) -> IndexExpression { index }
  package mutating func access(
    _ memory: Memory, _ address: IndexExpression
  ) -> (memory: Memory, address: IndexExpression) {
    (memory, index(address))
  }
}

extension NodeMapping {
  /// The nodes with every name in them mapped, in the order of the text.
  package mutating func mapped(_ nodes: [Node]) -> [Node] { nodes.map { mapped($0) } }

  /// The node with every name in it mapped.
  package mutating func mapped(_ node: Node) -> Node {
    switch node {
    case .define(let id, let expression): return .define(scalar(id), mapped(expression))
    case .store(var store):
      (store.memory, store.address) = access(store.memory, store.address)
      store.value = scalar(store.value)
      store.condition = store.condition.map { scalar($0) }
      return .store(store)
    case .accumulate(let sum, let value): return .accumulate(scalar(sum), value: scalar(value))
    case .loop(let loop): return .loop(mapped(loop))
    case .contract(let contract): return .contract(mapped(contract))
    }
  }

  private mutating func mapped(_ loop: Loop) -> Loop {
    var result = loop
    result.variable = variable(loop.variable)
    switch loop.range {
    case .full, .condition: break
    case .block(let block, let size): result.range = .block(variable(block), size: size)
    case .once(let holds): result.range = .once(if: scalar(holds))
    }
    result.accumulators = loop.accumulators.map { Accumulator(scalar($0.result), $0.kind) }
    if case .condition(let holds) = loop.range { result.range = .condition(scalar(holds)) }
    result.carries = loop.carries.map { $0.mapping { scalar($0) } }
    result.body = mapped(loop.body)
    return result
  }

  private mutating func mapped(_ contract: Contract) -> Contract {
    var result = contract
    result.row = variable(contract.row)
    result.column = variable(contract.column)
    result.depth = variable(contract.depth)
    result.tap = contract.tap.map { variable($0) }
    result.left = Contract.Factor(mapped(contract.left.body), scalar(contract.left.value))
    result.right = Contract.Factor(mapped(contract.right.body), scalar(contract.right.value))
    result.result = scalar(contract.result)
    if let block = contract.block { result.block?.variable = variable(block.variable) }
    result.body = mapped(contract.body)
    return result
  }

  /// The expression with every name in it mapped.
  package mutating func mapped(_ expression: Expression) -> Expression {
    switch expression {
    case .literal: return expression
    case .index(let place, let element): return .index(index(place), element)
    case .load(let memory, let address, let condition):
      let (memory, address) = access(memory, address)
      return .load(memory, address, condition: condition.map { scalar($0) })
    case .inBounds(let bounds):
      return .inBounds(
        bounds.map { Bound(index($0.index), lower: $0.lower, upper: $0.upper) })
    case .apply(let op, let operands): return .apply(op, self.operands(operands))
    }
  }
}

// MARK: Mappings of one kind

/// Replaces scalars, those in indices included.
private struct ScalarMapping: NodeMapping {
  let name: (ScalarID) -> ScalarID

  func scalar(_ scalar: ScalarID) -> ScalarID { name(scalar) }

  func index(_ index: IndexExpression) -> IndexExpression {
    index.substituting(
      variable: { IndexExpression($0) }, scalar: { IndexExpression(.scalar(name($0))) })
  }
}

/// Replaces indices.
private struct IndexMapping: NodeMapping {
  let transform: (IndexExpression) -> IndexExpression

  func operands(_ operands: [ScalarID]) -> [ScalarID] { operands }
  func index(_ index: IndexExpression) -> IndexExpression { transform(index) }
}

/// Replaces the memory and address of accesses.
private struct AccessMapping: NodeMapping {
  let transform: (Memory, IndexExpression) -> (Memory, IndexExpression)

  func operands(_ operands: [ScalarID]) -> [ScalarID] { operands }
  func access(
    _ memory: Memory, _ address: IndexExpression
  ) -> (memory: Memory, address: IndexExpression) { transform(memory, address) }
}

extension Node {
  /// The node with every scalar in it, read or defined, replaced.
  package func renamingScalars(_ name: (ScalarID) -> ScalarID) -> Node {
    withoutActuallyEscaping(name) { name in
      var mapping = ScalarMapping(name: name)
      return mapping.mapped(self)
    }
  }

  /// The node with every index expression in it replaced.
  package func mappingIndices(_ transform: (IndexExpression) -> IndexExpression) -> Node {
    withoutActuallyEscaping(transform) { transform in
      var mapping = IndexMapping(transform: transform)
      return mapping.mapped(self)
    }
  }
}

extension [Node] {
  /// The nodes with the memory and address of every access replaced.
  package func mappingAccesses(
    _ transform: (Memory, IndexExpression) -> (Memory, IndexExpression)
  ) -> [Node] {
    withoutActuallyEscaping(transform) { transform in
      var mapping = AccessMapping(transform: transform)
      return mapping.mapped(self)
    }
  }
}
