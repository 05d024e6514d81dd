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
/// it changes. The number of parts of a collection, and whether an optional is nil, is static
/// already.
public protocol TensorTree: Sendable {
  /// Visits every tensor and every static value, in a fixed order.
  ///
  /// - Throws: what `visitor` throws.
  mutating func visitTensors(_ visitor: inout TensorVisitor) throws

  /// Reads the tensors and static values of several trees where they are.
  ///
  /// Conformances do not need it: by default `visitTensors` visits a copy of each tree. Tensors and
  /// arrays do without the copies.
  ///
  /// - Requires: the trees live, unchanged, until the compiled function they are read for has run.
  /// - Throws: what `visitTensors` throws.
  static func readTensors(
    of trees: UnsafeBufferPointer<Self>, into visitor: inout TensorVisitor) throws

  /// Initializes as many trees from `target` on with `trees` that have other tensors; none where it
  /// throws.
  ///
  /// Conformances do not need it: by default `visitTensors` visits a copy of each tree. Tensors and
  /// arrays do without the copies.
  ///
  /// - Throws: what `visitTensors` throws.
  static func replaceTensors(
    of trees: UnsafeBufferPointer<Self>, into target: UnsafeMutablePointer<Self>,
    from visitor: inout TensorVisitor) throws
}

extension TensorTree {
  /// Visits a copy of each tree.
  @inlinable
  public static func readTensors(
    of trees: UnsafeBufferPointer<Self>, into visitor: inout TensorVisitor
  ) throws {
    try visitor.visitCopies { visitor in
      for tree in trees {
        var copy = tree
        try copy.visitTensors(&visitor)
      }
    }
  }

  /// Visits a copy of each tree.
  @inlinable
  public static func replaceTensors(
    of trees: UnsafeBufferPointer<Self>, into target: UnsafeMutablePointer<Self>,
    from visitor: inout TensorVisitor
  ) throws {
    for index in trees.indices {
      do {
        var copy = trees[index]
        try copy.visitTensors(&visitor)
        (target + index).initialize(to: copy)
      } catch {
        target.deinitialize(count: index)
        throw error
      }
    }
  }

  /// Reads the tree's tensors and static values.
  @inlinable
  func read(into visitor: inout TensorVisitor) throws {
    try withUnsafePointer(to: self) {
      try Self.readTensors(of: UnsafeBufferPointer(start: $0, count: 1), into: &visitor)
    }
  }

  /// The tree with other tensors.
  @inlinable
  func replacing(from visitor: inout TensorVisitor) throws -> Self {
    try withUnsafePointer(to: self) { tree in
      try withUnsafeTemporaryAllocation(of: Self.self, capacity: 1) { target in
        guard let target = target.baseAddress else {
          preconditionFailure("temporary memory has an address")
        }
        try Self.replaceTensors(
          of: UnsafeBufferPointer(start: tree, count: 1), into: target, from: &visitor)
        return target.move()
      }
    }
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
    of trees: UnsafeBufferPointer<Self>, into visitor: inout TensorVisitor
  ) throws {
    guard let start = trees.baseAddress else { return }
    visitor.readLeaves(UnsafeRawPointer(start), count: trees.count)
  }

  /// Initializes tensors with others.
  @inlinable
  public static func replaceTensors(
    of trees: UnsafeBufferPointer<Self>, into target: UnsafeMutablePointer<Self>,
    from visitor: inout TensorVisitor
  ) throws {
    for index in trees.indices {
      do {
        (target + index).initialize(to: Self(try visitor.replacement(Scalar.elementType)))
      } catch {
        target.deinitialize(count: index)
        throw error
      }
    }
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
    of trees: UnsafeBufferPointer<Self>, into visitor: inout TensorVisitor
  ) throws {
    for tree in trees { try tree.readElements(into: &visitor) }
  }

  /// Initializes arrays with the elements of others, with other tensors.
  @inlinable
  public static func replaceTensors(
    of trees: UnsafeBufferPointer<Self>, into target: UnsafeMutablePointer<Self>,
    from visitor: inout TensorVisitor
  ) throws {
    for index in trees.indices {
      do {
        (target + index).initialize(to: try trees[index].replacingElements(from: &visitor))
      } catch {
        target.deinitialize(count: index)
        throw error
      }
    }
  }

  /// Reads the elements and their number.
  @inlinable
  func readElements(into visitor: inout TensorVisitor) throws {
    visitor.visitCount(count)
    try withUnsafeBufferPointer { try Element.readTensors(of: $0, into: &visitor) }
  }

  /// The array with other tensors.
  @inlinable
  func replacingElements(from visitor: inout TensorVisitor) throws -> Self {
    try withUnsafeBufferPointer { trees in
      try Self(unsafeUninitializedCapacity: trees.count) { target, count in
        guard let start = target.baseAddress else { return }
        try Element.replaceTensors(of: trees, into: start, from: &visitor)
        count = trees.count
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
