/// Several trees as one: the state of a loop, or the results of a branch, that a tuple holds.
struct TupleTree<each Part: TensorTree>: TensorTree, CustomReflectable {
  /// The trees.
  var parts: (repeat each Part)

  /// The given trees as one.
  init(_ parts: repeat each Part) { self.parts = (repeat each parts) }

  /// Visits one part after the other.
  mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    func visited<Tree: TensorTree>(_ tree: Tree) throws -> Tree {
      var tree = tree
      try visitor.visit(&tree)
      return tree
    }
    parts = (repeat try visited(each parts))
  }

  /// The parts by their numbers, as in a tuple.
  var customMirror: Mirror {
    var children: [Mirror.Child] = []
    for part in repeat each parts { children.append((label: "\(children.count)", value: part)) }
    return Mirror(self, children: children, displayStyle: .tuple)
  }
}
