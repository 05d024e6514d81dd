internal import TensorIR

extension Tensor: ExpressibleByArrayLiteral {
  /// Creates a tensor from a literal of elements or of nested rows, such as `[[1, 2], [3, 4]]`; rows of
  /// different shapes make a failed tensor.
  public init(arrayLiteral elements: Tensor...) {
    guard let shape = elements.first?.shape else {
      self.init(TensorNode.elements([Scalar](), shape: [0]))
      return
    }
    guard let odd = elements.firstIndex(where: { $0.shape != shape && $0.node.failure == nil })
    else {
      self.init(TensorNode.rows(elements.map(\.node), shape: shape, element: Scalar.elementType))
      return
    }
    self.init(
      failing: "row \(odd) of the literal has shape \(elements[odd].shape), and row 0 has \(shape)",
      .shape, "", 0)
  }
}

extension TensorNode {
  /// Literals of more elements are passed to functions rather than compiled into them.
  private static let constantCountLimit = 64

  /// Values of equal shape one after the other along a new first axis: copied where they are known.
  fileprivate static func rows(
    _ rows: [TensorNode], shape: [Int], element: ElementType
  ) -> TensorNode {
    guard rows.allSatisfy({ $0.knownAddress != nil }) else {
      let slices = rows.map { $0.reshape(to: [1] + shape, at: .unknown) }
      return .apply(.shape(.concatenate(dimension: 0)), slices, at: .unknown)
    }
    return capturing(element) {
      let type = TensorType([rows.count] + shape, element)
      let isLiteral = rows.allSatisfy(\.isLiteral) && type.count <= constantCountLimit
      return try TensorNode(type, isLiteral: isLiteral) { target in
        let rowSize = rows.isEmpty ? 0 : type.byteCount / rows.count
        for (index, row) in rows.enumerated() {
          row.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: target[(index * rowSize)...])
              .copyMemory(from: bytes)
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Creates a tensor of three axes from nested arrays; rows of different lengths make a failed
  /// tensor.
  public init(_ planes: [[[Scalar]]], file: String = #fileID, line: Int = #line) {
    self = located(file, line) { stacked(planes.map { Tensor($0) }) }
  }

  /// Creates a tensor of four axes from nested arrays; rows of different lengths make a failed
  /// tensor.
  public init(_ blocks: [[[[Scalar]]]], file: String = #fileID, line: Int = #line) {
    self = located(file, line) { stacked(blocks.map { Tensor($0) }) }
  }
}

/// What an array made from a tensor is made of: numbers, or arrays of such.
public protocol NestedScalars {
  /// The numbers at the bottom.
  associatedtype Leaf: TensorScalar

  /// How many axes a value stands for.
  static var nestedRank: Int { get }

  /// The part of row-major elements that starts at `offset` and has the extents of `shape`.
  static func nested(
    _ scalars: UnsafeBufferPointer<Leaf>, offset: Int, shape: ArraySlice<Int>
  ) -> Self
}

extension TensorScalar {
  /// A number stands for no axis.
  public static var nestedRank: Int { 0 }

  /// The number itself.
  public static func nested(
    _ scalars: UnsafeBufferPointer<Self>, offset: Int, shape: ArraySlice<Int>
  ) -> Self { scalars[offset] }
}

extension Array: NestedScalars where Element: NestedScalars {
  /// One axis more than an element.
  public static var nestedRank: Int { Element.nestedRank + 1 }

  /// The elements along the first axis of a part.
  public static func nested(
    _ scalars: UnsafeBufferPointer<Element.Leaf>, offset: Int, shape: ArraySlice<Int>
  ) -> [Element] {
    let inner = shape.dropFirst()
    let stride = inner.reduce(1, *)
    return (0..<(shape.first ?? 0)).map {
      Element.nested(scalars, offset: offset + $0 * stride, shape: inner)
    }
  }
}

extension Array where Element: NestedScalars {
  /// The elements of a tensor in nested arrays: `try [[Float]](matrix)`; deferred operations run now.
  ///
  /// - Throws: `AdjointError` as `scalars()` does, and where the nesting is not as deep as the tensor
  ///   has axes.
  public init(
    _ tensor: Tensor<Element.Leaf>, file: String = #fileID, line: Int = #line
  ) throws {
    self = try tensor.withUnsafeScalars(file: file, line: line) { scalars in
      guard tensor.rank == Self.nestedRank else {
        throw AdjointError(
          .shape,
          "\(Self.self) holds tensors of rank \(Self.nestedRank), not of shape \(tensor.shape)",
          at: .here(file, line))
      }
      return Self.nested(scalars, offset: 0, shape: tensor.shape[...])
    }
  }
}

extension Tensor: Codable where Scalar: Codable {
  /// The names of what is encoded.
  private enum CodingKeys: String, CodingKey {
    case shape, scalars
  }

  /// Reads a tensor as `encode(to:)` writes it.
  ///
  /// - Throws: what `decoder` throws, and where shape and elements do not fit.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let shape = try values.decode([Int].self, forKey: .shape)
    let scalars = try values.decode([Scalar].self, forKey: .scalars)
    guard shape.allSatisfy({ $0 >= 0 }), shape.checkedCount == scalars.count else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "shape \(shape) does not hold \(scalars.count) elements"))
    }
    self.init(shape: shape, scalars: scalars)
  }

  /// Writes the shape and the elements in row-major order; deferred operations run now.
  ///
  /// - Throws: `AdjointError` as `scalars()` does, and what `encoder` throws.
  public func encode(to encoder: any Encoder) throws {
    let scalars = try self.scalars()
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(shape, forKey: .shape)
    try values.encode(scalars, forKey: .scalars)
  }
}
