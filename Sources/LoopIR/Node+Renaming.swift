extension Node {
  /// The node with every scalar in it, read or defined, replaced.
  package func renamingScalars(_ name: (ScalarID) -> ScalarID) -> Node {
    switch self {
    case .define(let scalar, let expression):
      return .define(name(scalar), expression.renamingScalars(name))
    case .store(var store):
      store.address = store.address.renamingScalars(name)
      store.value = name(store.value)
      store.condition = store.condition.map(name)
      return .store(store)
    case .accumulate(let accumulator, let value):
      return .accumulate(name(accumulator), value: name(value))
    case .loop(var loop):
      for position in loop.accumulators.indices {
        loop.accumulators[position].result = name(loop.accumulators[position].result)
      }
      loop.carries = loop.carries.map { $0.mapping(name) }
      if case .condition(let holds) = loop.range { loop.range = .condition(name(holds)) }
      loop.body = loop.body.map { $0.renamingScalars(name) }
      return .loop(loop)
    case .contract(var contract):
      contract.left = contract.left.renamingScalars(name)
      contract.right = contract.right.renamingScalars(name)
      contract.result = name(contract.result)
      contract.body = contract.body.map { $0.renamingScalars(name) }
      return .contract(contract)
    }
  }
}

extension Contract.Factor {
  fileprivate func renamingScalars(_ name: (ScalarID) -> ScalarID) -> Contract.Factor {
    Contract.Factor(body.map { $0.renamingScalars(name) }, name(value))
  }
}

extension Expression {
  fileprivate func renamingScalars(_ name: (ScalarID) -> ScalarID) -> Expression {
    switch self {
    case .literal: self
    case .index(let index, let element): .index(index.renamingScalars(name), element)
    case .load(let memory, let address, let condition):
      .load(memory, address.renamingScalars(name), condition: condition.map(name))
    case .inBounds(let bounds):
      .inBounds(
        bounds.map { Bound($0.index.renamingScalars(name), lower: $0.lower, upper: $0.upper) })
    case .apply(let op, let operands): .apply(op, operands.map(name))
    }
  }
}

extension IndexExpression {
  fileprivate func renamingScalars(_ name: (ScalarID) -> ScalarID) -> IndexExpression {
    substituting(variable: { IndexExpression($0) }) { IndexExpression(.scalar(name($0))) }
  }
}
