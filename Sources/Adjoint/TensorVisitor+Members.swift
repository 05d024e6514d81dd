// What the macro `@TensorTree` writes: it does not know which members are trees, so the compiler
// chooses.

extension TensorVisitor {
  /// Visits a member that is a tree.
  ///
  /// - Throws: `AdjointError` where a tree does not visit the same tensors each time.
  @inlinable
  public mutating func visitMember<Tree: TensorTree>(_ member: inout Tree) throws {
    try visit(&member)
  }

  /// Visits a member that is no tree, on which operations depend.
  @inlinable
  @_disfavoredOverload
  public mutating func visitMember(_ member: inout some Hashable & Sendable) throws {
    visitStatic(member)
  }
}
