/// A value made of tensors: what functions take and return that are compiled or differentiated.
///
/// A conformance lists its parts, always in the same order; the one method serves both to read the
/// tensors and to replace them.
///
///     struct Layer: TensorTree {
///       var weight: Tensor<Float>
///       var bias: Tensor<Float>
///       let name: String
///
///       mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
///         try visitor.visit(&weight)
///         try visitor.visit(&bias)
///         visitor.visitStatic(name)
///       }
///     }
///
/// What is no tensor is *static*: it stays as it is while a function is traced. Name it with
/// `visitStatic` where the function's operations depend on it: then the function compiles again when
/// it changes; else with `visitIgnored`. A member that is not named at all is found when a function
/// is first traced for the tree, and thrown. The number of parts of a collection, and whether an optional is nil, is static
/// already.
public protocol TensorTree: TensorArgument where Argument == Self {
  /// Visits every tensor and every static value, in a fixed order.
  ///
  /// - Throws: what `visitor` throws.
  mutating func visitTensors(_ visitor: inout TensorVisitor) throws

  /// Reads the tensors and static values of `count` trees where they are.
  ///
  /// Conformances do not need it: by default `visitTensors` visits a copy of each tree. Tensors and
  /// arrays do without the copies.
  ///
  /// - Requires: the tensors live until the compiled function they are read for has run.
  /// - Throws: what `visitTensors` throws.
  static func readTensors(
    of trees: UnsafePointer<Self>, count: Int, into visitor: inout TensorVisitor) throws

  /// A tree with the tensors that `visitor` puts in.
  ///
  /// Conformances do not need it: by default `visitTensors` visits a copy. Tensors and arrays do
  /// without the copy.
  ///
  /// - Throws: what `visitTensors` throws.
  static func replacing(
    _ tree: UnsafePointer<Self>, from visitor: inout TensorVisitor
  ) throws -> Self
}

extension TensorTree {
  /// Visits a copy of each tree.
  @inlinable
  public static func readTensors(
    of trees: UnsafePointer<Self>, count: Int, into visitor: inout TensorVisitor
  ) throws {
    try visitor.visitCopies { visitor in
      for index in 0..<count {
        var copy = trees[index]
        try copy.visitTensors(&visitor)
      }
    }
  }

  /// Visits a copy.
  @inlinable
  public static func replacing(
    _ tree: UnsafePointer<Self>, from visitor: inout TensorVisitor
  ) throws -> Self {
    try visitor.replace(tree.pointee)
  }
}

extension TensorVisitor {
  /// Reads the tensors and static values of a tree.
  ///
  /// - Requires: the tensors live until the compiled function they are read for has run.
  @inlinable
  mutating func read<Tree: TensorTree>(_ tree: consuming Tree) throws {
    if isVerifying { try Self.verify(copy tree) }
    try Tree.readTensors(of: &tree, count: 1, into: &self)
  }

  /// The tree with other tensors.
  @inlinable
  mutating func replace<Tree: TensorTree>(_ tree: consuming Tree) throws -> Tree {
    try tree.visitTensors(&self)
    return tree
  }
}

extension Tensor: TensorTree {
  /// Visits the tensor itself.
  @inlinable
  public mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visitLeaf(&node)
  }

  /// Reads tensors where they are.
  @inlinable
  public static func readTensors(
    of trees: UnsafePointer<Self>, count: Int, into visitor: inout TensorVisitor
  ) throws {
    visitor.readLeaves(UnsafeRawPointer(trees), count: count)
  }

  /// The next tensor of `visitor`.
  @inlinable
  public static func replacing(
    _ tree: UnsafePointer<Self>, from visitor: inout TensorVisitor
  ) throws -> Self {
    Self(try visitor.replacement(Scalar.elementType))
  }
}

extension Array: TensorTree where Element: TensorTree {
  /// Visits the elements in order; their number is static.
  @inlinable
  public mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    if visitor.isReplacing {
      self = try replacingElements(from: &visitor)
    } else {
      try visitor.visitCopies { try readElements(into: &$0) }
    }
  }

  /// Reads arrays where they are.
  @inlinable
  public static func readTensors(
    of trees: UnsafePointer<Self>, count: Int, into visitor: inout TensorVisitor
  ) throws {
    for index in 0..<count { try trees[index].readElements(into: &visitor) }
  }

  /// The array with other tensors.
  @inlinable
  public static func replacing(
    _ tree: UnsafePointer<Self>, from visitor: inout TensorVisitor
  ) throws -> Self {
    try tree.pointee.replacingElements(from: &visitor)
  }

  /// Reads the elements and their number.
  @inlinable
  func readElements(into visitor: inout TensorVisitor) throws {
    visitor.visitCount(count)
    try withUnsafeBufferPointer { trees in
      guard let start = trees.baseAddress else { return }
      try Element.readTensors(of: start, count: trees.count, into: &visitor)
    }
  }

  /// The array with other tensors.
  @inlinable
  func replacingElements(from visitor: inout TensorVisitor) throws -> Self {
    try withUnsafeBufferPointer { trees in
      try Self(unsafeUninitializedCapacity: trees.count) { target, count in
        guard let source = trees.baseAddress, let start = target.baseAddress else { return }
        while count < trees.count {
          (start + count).initialize(to: try Element.replacing(source + count, from: &visitor))
          count += 1
        }
      }
    }
  }
}

extension Optional: TensorTree where Wrapped: TensorTree {
  /// Visits the wrapped value, if any; whether there is one is static.
  public mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    visitor.visitStatic(self != nil)
    guard var wrapped = self else { return }
    try visitor.visit(&wrapped)
    self = wrapped
  }
}

/// A type of dictionary key with an order, for dictionaries that are trees of tensors.
public protocol TensorTreeKey: Comparable, Hashable, Sendable {}

extension String: TensorTreeKey {}
extension Int: TensorTreeKey {}

extension Dictionary: TensorTree where Key: TensorTreeKey, Value: TensorTree {
  /// Visits the values in the order of their keys; the keys are static.
  public mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    let keys = keys.sorted()
    visitor.visitStatic(keys)
    for key in keys {
      guard var value = self[key] else { continue }
      try visitor.visit(&value)
      self[key] = value
    }
  }
}
