// Axes taken apart and put together, for rules that fold groups or examples into other axes.

extension FunctionBuilder {
  /// The operand with one axis made two: the outer one of extent `count` stands before axis `target` of
  /// what is left, the inner one where the axis stood.
  package mutating func splitAxis(
    _ operand: ValueID, _ axis: Int, by count: Int, to target: Int
  ) throws -> ValueID {
    var shape = self[operand].shape
    shape.replaceSubrange(axis...axis, with: [count, shape[axis] / max(count, 1)])
    let split = try reshape(operand, to: shape)
    var permutation = Array(shape.indices)
    permutation.remove(at: axis)
    permutation.insert(axis, at: target)
    return try transpose(split, permutation: permutation)
  }

  /// The operand with axis `outer` taken out and made the outer part of axis `inner` of what is left.
  package mutating func mergeAxis(
    _ operand: ValueID, _ outer: Int, into inner: Int
  ) throws -> ValueID {
    var permutation = Array(self[operand].shape.indices)
    permutation.remove(at: outer)
    permutation.insert(outer, at: inner)
    let moved = try transpose(operand, permutation: permutation)
    var shape = self[moved].shape
    shape.replaceSubrange(inner...(inner + 1), with: [shape[inner] * shape[inner + 1]])
    return try reshape(moved, to: shape)
  }
}
