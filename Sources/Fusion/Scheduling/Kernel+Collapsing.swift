internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Merges loops that directly contain one loop and nothing else, where every index walks both as
  /// if they were one.
  ///
  ///     for i in 0..<4 { for j in 0..<8 { y[8i + j] = x[8i + j] } }   →   for f in 0..<32 { y[f] = x[f] }
  ///
  /// - Parameter keepingOutermost: Whether the outermost loops stay as they are.
  mutating func collapseLoops(keepingOutermost: Bool = false) {
    body = body.map { node in
      guard keepingOutermost, case .loop(var loop) = node else { return collapsed(node) }
      loop.body = loop.body.map { collapsed($0) }
      return .loop(loop)
    }
  }

  private mutating func collapsed(_ node: Node) -> Node {
    guard case .loop(var loop) = node else { return node }
    loop.body = loop.body.map { collapsed($0) }
    while loop.body.count == 1, case .loop(let inner) = loop.body[0], inner.accumulators.isEmpty,
      let merged = merged(loop, inner)
    {
      loop = merged
    }
    return .loop(loop)
  }

  /// The two loops as one, or nil where an index tells them apart.
  private mutating func merged(_ outer: Loop, _ inner: Loop) -> Loop? {
    let innerExtent = variables[inner.variable.index].extent
    let flat = VariableID(variables.count)
    var isPossible = true
    let body = inner.body.map { node in
      node.mappingIndices { index in
        let replaced = index.substituting(variable: { variable in
          guard variable == inner.variable else { return IndexExpression(variable) }
          return IndexExpression(flat) + IndexExpression(outer.variable) * -innerExtent
        })
        if replaced.uses(outer.variable) { isPossible = false }
        return replaced
      }
    }
    guard isPossible, !body.contains(where: \.hasContract) else { return nil }
    let outerVariable = variables[outer.variable.index]
    variables.append(
      Variable(
        name: outerVariable.name + variables[inner.variable.index].name,
        extent: outerVariable.extent * innerExtent))
    var loop = outer
    loop.variable = flat
    loop.body = body
    return loop
  }
}

extension Node {
  /// The node with every index expression in it replaced.
  func mappingIndices(_ transform: (IndexExpression) -> IndexExpression) -> Node {
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
  func mappingIndices(_ transform: (IndexExpression) -> IndexExpression) -> Expression {
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
  func forEachInput(index: (IndexExpression) -> Void, scalar: (ScalarID) -> Void) {
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
