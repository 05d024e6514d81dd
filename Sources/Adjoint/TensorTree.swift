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
}

/// A walk over the tensors of a `TensorTree`, to read or to replace them.
public struct TensorVisitor {
  /// Tensors read so far, or those to put in.
  @usableFromInline var nodes: [TensorNode] = []
  /// Static values read so far.
  @usableFromInline var statics: [StaticValue] = []
  /// The next tensor to put in; nil while reading.
  @usableFromInline var next: Int?

  /// Starts reading; there are probably at most `count` tensors.
  @usableFromInline init(reserving count: Int = 0) { nodes.reserveCapacity(count) }

  /// Starts replacing.
  @usableFromInline init(replacingWith nodes: [TensorNode]) {
    self.nodes = nodes
    next = 0
  }

  /// Visits a part.
  ///
  /// - Throws: `AdjointError` where a tree does not visit the same tensors each time.
  @inlinable
  public mutating func visit<Tree: TensorTree>(_ tree: inout Tree) throws {
    try tree.visitTensors(&self)
  }

  /// Visits a value that is no tensor and on which operations depend.
  public mutating func visitStatic(_ value: some Hashable & Sendable) {
    if next == nil { statics.append(StaticValue(value)) }
  }

  /// Visits the number of parts of a collection, which is static.
  @usableFromInline
  mutating func visitCount(_ count: Int) {
    guard next == nil else { return }
    if nodes.isEmpty { nodes.reserveCapacity(count) }
    statics.append(StaticValue(count: count))
  }

  /// Visits a tensor.
  @usableFromInline
  mutating func visitLeaf(_ node: inout TensorNode) throws {
    guard let position = next else { return nodes.append(node) }
    guard position < nodes.count, nodes[position].type.element == node.type.element else {
      throw AdjointError(
        .argument, "visitTensors does not visit the same tensors in the same order each time")
    }
    node = nodes[position]
    next = position + 1
  }
}

/// A static value of a tree, as part of a signature.
@usableFromInline
struct StaticValue: Hashable, @unchecked Sendable {
  /// What the value is; counts are apart because they are compared on every call.
  private enum Content: Hashable {
    /// The number of parts of a collection.
    case count(Int)
    /// Any value; its type is `Sendable`, which `AnyHashable` does not say.
    case other(AnyHashable)
  }

  private let content: Content

  init(_ value: some Hashable & Sendable) { content = .other(AnyHashable(value)) }

  /// The number of parts of a collection.
  init(count: Int) { content = .count(count) }

  /// The value in words.
  var description: String {
    switch content {
    case .count(let count): String(count)
    case .other(let value): String(describing: value.base)
    }
  }
}

extension TensorTree {
  /// The tree's tensors and static values.
  @inlinable
  func read(into visitor: inout TensorVisitor) throws {
    var copy = self
    try copy.visitTensors(&visitor)
  }

  /// The tree with other tensors.
  @inlinable
  func replacing(from visitor: inout TensorVisitor) throws -> Self {
    var copy = self
    try copy.visitTensors(&visitor)
    return copy
  }
}

extension Tensor: TensorTree {
  /// Visits the tensor itself.
  @inlinable
  public mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    try visitor.visitLeaf(&node)
  }
}

extension Array: TensorTree where Element: TensorTree {
  /// Visits the elements in order; their number is static.
  @inlinable
  public mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
    visitor.visitCount(count)
    guard visitor.next != nil else {
      for element in self { try element.read(into: &visitor) }
      return
    }
    var replaced = [Element]()
    replaced.reserveCapacity(count)
    for element in self { replaced.append(try element.replacing(from: &visitor)) }
    self = replaced
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
