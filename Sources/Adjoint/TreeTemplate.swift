/// A template whose type is known where it is used only, so that calls run code without generics.
@usableFromInline typealias AnyTemplate = any AnyObject & Sendable

/// A tree whose tensors are replaced by the results of each call: what a compiled function returns,
/// apart from its tensors.
@usableFromInline
final class TreeTemplate<Tree: TensorTree>: @unchecked Sendable {
  /// The tree, which does not change; in memory of its own, so that calls need no copy of it.
  @usableFromInline let tree: UnsafeMutablePointer<Tree>

  @usableFromInline
  init(_ tree: Tree) { self.tree = .placing(tree) }

  deinit { tree.remove() }

  /// The tree with the tensors that `visitor` puts in.
  @inlinable
  func output(from visitor: inout TensorVisitor) throws -> Tree {
    try visitor.replace(at: tree)
  }
}

/// A `TreeTemplate` of several trees.
@usableFromInline
final class TupleTemplate<each Tree: TensorTree>: @unchecked Sendable {
  /// The trees, each in memory of its own.
  @usableFromInline let trees: (repeat UnsafeMutablePointer<each Tree>)

  @usableFromInline
  init(_ tree: repeat each Tree) { trees = (repeat UnsafeMutablePointer.placing(each tree)) }

  deinit { repeat (each trees).remove() }

  /// The trees with the tensors that `visitor` puts in.
  @inlinable
  func output(from visitor: inout TensorVisitor) throws -> (repeat each Tree) {
    (repeat try visitor.replace(at: each trees))
  }
}

extension UnsafeMutablePointer {
  /// New memory that holds a value.
  fileprivate static func placing(_ value: Pointee) -> Self {
    let place = Self.allocate(capacity: 1)
    place.initialize(to: value)
    return place
  }

  /// Gives back the memory and what it holds.
  fileprivate func remove() {
    deinitialize(count: 1)
    deallocate()
  }
}

extension TensorVisitor {
  /// The tree at `place` with other tensors.
  @inlinable
  mutating func replace<Tree: TensorTree>(
    at place: UnsafeMutablePointer<Tree>
  ) throws -> Tree {
    try Tree.replacing(place, from: &self)
  }
}
