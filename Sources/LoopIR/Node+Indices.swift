extension Node {
  /// The node with every index expression in it replaced.
  package func mappingIndices(_ transform: (IndexExpression) -> IndexExpression) -> Node {
    switch self {
    case .define(let scalar, let expression):
      return .define(scalar, expression.mappingIndices(transform))
    case .store(var store):
      store.address = transform(store.address)
      return .store(store)
    case .accumulate: return self
    case .loop(var loop):
      loop.body = loop.body.map { $0.mappingIndices(transform) }
      return .loop(loop)
    case .contract(var contract):
      contract.left.body = contract.left.body.map { $0.mappingIndices(transform) }
      contract.right.body = contract.right.body.map { $0.mappingIndices(transform) }
      contract.body = contract.body.map { $0.mappingIndices(transform) }
      return .contract(contract)
    }
  }
}

extension Expression {
  /// The expression with every index in it replaced.
  package func mappingIndices(_ transform: (IndexExpression) -> IndexExpression) -> Expression {
    switch self {
    case .literal, .apply: self
    case .index(let index, let element): .index(transform(index), element)
    case .load(let memory, let index, let condition):
      .load(memory, transform(index), condition: condition)
    case .inBounds(let bounds):
      .inBounds(
        bounds.map { Bound(transform($0.index), lower: $0.lower, upper: $0.upper) })
    }
  }

  /// Calls `body` with every index and every scalar read.
  package func forEachInput(index: (IndexExpression) -> Void, scalar: (ScalarID) -> Void) {
    switch self {
    case .literal: break
    case .index(let expression, _): index(expression)
    case .load(_, let address, let condition):
      index(address)
      if let condition { scalar(condition) }
    case .inBounds(let bounds): for bound in bounds { index(bound.index) }
    case .apply(_, let operands): operands.forEach(scalar)
    }
  }
}
