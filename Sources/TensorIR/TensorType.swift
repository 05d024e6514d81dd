/// The static type of a tensor: its shape and element type.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  /// The extent of each axis, outermost first; empty for a scalar.
  public var shape: [Int]
  /// The type of each element.
  public var element: ElementType

  /// Creates a type.
  @inlinable
  public init(_ shape: [Int], _ element: ElementType) {
    self.shape = shape
    self.element = element
  }

  /// The number of axes.
  @inlinable
  public var rank: Int { shape.count }
  /// The number of elements.
  @inlinable
  public var count: Int { shape.reduce(1, *) }
  /// The number of bytes all elements take, packed in row-major order.
  @inlinable
  public var byteCount: Int { count * element.byteCount }
  /// Whether the tensor has no axes.
  @inlinable
  public var isScalar: Bool { shape.isEmpty }
  /// The distance in elements between neighbours along each axis, in row-major order.
  public var strides: [Int] { shape.rowMajorStrides }

  /// The spelling in StableHLO text, such as `tensor<2x3xf32>`.
  public var description: String {
    var text = "tensor<"
    for extent in shape {
      text += String(extent)
      text += "x"
    }
    text += element.rawValue
    text += ">"
    return text
  }
}

extension [Int] {
  /// Row-major strides in elements of a tensor of this shape.
  package var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: count)
    for axis in stride(from: count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * self[axis + 1]
    }
    return strides
  }

  /// The elements at the given positions, in their order.
  package func selecting(_ positions: [Int]) -> [Int] { positions.map { self[$0] } }

  /// The elements whose positions are not in `positions`.
  package func removing(_ positions: [Int]) -> [Int] {
    indices.filter { !positions.contains($0) }.map { self[$0] }
  }
}
