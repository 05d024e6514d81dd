internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Merges loops that directly contain one loop and nothing else, where every index walks both as
  /// if they were one.
  ///
  ///     for i in 0..<4 { for j in 0..<8 { y[8i + j] = x[8i + j] } }   →   for f in 0..<32 { y[f] = x[f] }
  ///
  /// - Parameter keepingOutermost: Whether the outermost loops stay as they are.
  mutating func collapseLoops(keepingOutermost: Bool, _ scheduler: inout Scheduler) {
    body = body.map { node in
      guard keepingOutermost, case .loop(var loop) = node else {
        return collapsed(node, &scheduler)
      }
      loop.body = loop.body.map { collapsed($0, &scheduler) }
      return .loop(loop)
    }
  }

  private mutating func collapsed(_ node: Node, _ scheduler: inout Scheduler) -> Node {
    guard case .loop(var loop) = node else { return node }
    loop.body = loop.body.map { collapsed($0, &scheduler) }
    while loop.body.count == 1, case .loop(let inner) = loop.body[0], inner.accumulators.isEmpty,
      loop.isPlain, inner.isPlain,
      let merged = merged(loop, inner),
      scheduler.accept(variables[merged.variable.index].name)
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

extension Loop {
  /// Whether the loop just goes over all of its variable, one iteration after the other.
  fileprivate var isPlain: Bool { range == .full && schedule == .serial && carries.isEmpty }
}
