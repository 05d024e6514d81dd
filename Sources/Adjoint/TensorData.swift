public import TensorIR

/// A tensor whose element type is known at run time only: what programs from text take and give,
/// and what `.npy` files hold.
public struct TensorData: Sendable {
  /// The value; always known.
  let node: TensorNode

  /// Wraps a value that is known already.
  init(_ node: TensorNode) { self.node = node }

  /// Creates a tensor whose bytes `initialize` writes, packed in row-major order, little-endian.
  ///
  /// - Throws: `AdjointError` where extents are negative or there is no memory, and what
  ///   `initialize` throws.
  public init(
    _ type: TensorType, initializing initialize: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    try type.requireSize()
    node = try TensorNode(type, initialize: initialize)
  }

  /// Creates a tensor from all its elements' bytes, packed in row-major order, little-endian.
  ///
  /// - Throws: `AdjointError` where the number of bytes is not the type's.
  public init(_ type: TensorType, bytes: [UInt8]) throws {
    try type.requireSize()
    guard bytes.count == type.byteCount else {
      throw AdjointError(.argument, "\(type) takes \(type.byteCount) bytes, not \(bytes.count)")
    }
    node = try TensorNode(type) { target in
      bytes.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }

  /// Creates a tensor of numbers in row-major order, rounded to the element type; integers are
  /// rounded towards zero and booleans are "not zero".
  ///
  /// - Throws: `AdjointError` where the number of elements is not the type's.
  public init(_ type: TensorType, doubles: [Double]) throws {
    try type.requireSize()
    guard doubles.count == type.count else {
      throw AdjointError(.argument, "\(type) takes \(type.count) elements, not \(doubles.count)")
    }
    try self.init(Literal(type, doubles: doubles))
  }

  /// Shape and element type.
  public var type: TensorType { node.type }

  /// All elements as doubles, in row-major order; 64-bit integers are rounded, and of complex numbers it
  /// is the real parts.
  public var doubles: [Double] { literal.doubles }

  /// As `doubles`, but with the real and the imaginary part of each complex number.
  public var parts: [Double] { literal.parts.doubles }

  /// Creates a tensor of what `parts` gives.
  ///
  /// - Throws: `AdjointError` where the number of parts is not the type's.
  public init(_ type: TensorType, parts: [Double]) throws {
    guard type.element.isComplex else {
      try self.init(type, doubles: parts)
      return
    }
    let flat = TensorType(type.shape + [2], type.element.partType)
    let data = try TensorData(flat, doubles: parts)
    try self.init(type) { target in data.withUnsafeBytes { target.copyMemory(from: $0) } }
  }

  /// Calls `body` with the elements' bytes, packed in row-major order, aligned to 64 bytes.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try node.withUnsafeBytes(body)
  }
}

extension TensorData {
  /// The elements of a literal.
  init(_ literal: Literal) throws {
    node = try TensorNode(literal)
  }

  /// The elements as a literal.
  package var literal: Literal {
    withUnsafeBytes { Literal(type, bytes: Array($0)) }
  }
}

extension TensorNode {
  /// A known value with the elements of a literal.
  convenience init(_ literal: Literal, isLiteral: Bool = false) throws {
    try self.init(literal.type, isLiteral: isLiteral) { target in
      literal.denseBytes.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }
}

extension TensorType {
  /// Fails unless extents are not negative and the size in bytes fits an `Int`.
  func requireSize() throws {
    var (byteCount, isTooLarge) = (element.byteCount, false)
    for extent in shape {
      let product = byteCount.multipliedReportingOverflow(by: extent)
      isTooLarge = isTooLarge || product.overflow || extent < 0
      byteCount = product.partialValue
    }
    if isTooLarge {
      throw AdjointError(.shape, "shape \(shape) has no size")
    }
  }
}
