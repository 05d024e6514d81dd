/// A type of element a tensor can have: a float, an integer or `Bool`.
///
/// Do not conform other types: the set is fixed by what programs can compute with.
public protocol TensorScalar: BitwiseCopyable, Hashable, Sendable, NestedScalars
where Leaf == Self {
  /// The element type of the IR that has this type's representation.
  static var elementType: ElementType { get }
}

/// A scalar with arithmetic.
public protocol TensorNumeric: TensorScalar, Numeric {}

/// A scalar with the functions of analysis, and the only kind that can be differentiated.
public protocol TensorFloatingPoint: TensorInexact, BinaryFloatingPoint where Part == Self {}

/// Element types of floats and of complex numbers, which elementary functions and linear algebra take.
public protocol TensorInexact: TensorNumeric {
  /// The type of a complex number's parts; a float's own type.
  associatedtype Part: TensorFloatingPoint
}

extension Float: TensorFloatingPoint {
  /// `f32`.
  public static var elementType: ElementType { .f32 }
}
extension Double: TensorFloatingPoint {
  /// `f64`.
  public static var elementType: ElementType { .f64 }
}
extension BFloat16: TensorFloatingPoint {
  /// `bf16`.
  public static var elementType: ElementType { .bf16 }
}
#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: TensorFloatingPoint {
    /// `f16`.
    public static var elementType: ElementType { .f16 }
  }
#endif
extension Int8: TensorNumeric {
  /// `i8`.
  public static var elementType: ElementType { .i8 }
}
extension Int16: TensorNumeric {
  /// `i16`.
  public static var elementType: ElementType { .i16 }
}
extension UInt8: TensorNumeric {
  /// `ui8`.
  public static var elementType: ElementType { .u8 }
}
extension UInt16: TensorNumeric {
  /// `ui16`.
  public static var elementType: ElementType { .u16 }
}
extension UInt32: TensorNumeric {
  /// `ui32`.
  public static var elementType: ElementType { .u32 }
}
extension UInt64: TensorNumeric {
  /// `ui64`.
  public static var elementType: ElementType { .u64 }
}
extension Int32: TensorNumeric {
  /// `i32`.
  public static var elementType: ElementType { .i32 }
}
extension Int64: TensorNumeric {
  /// `i64`.
  public static var elementType: ElementType { .i64 }
}
extension Int: TensorNumeric {
  /// `i64`.
  public static var elementType: ElementType { .i64 }
}
extension Bool: TensorScalar {
  /// `i1`.
  public static var elementType: ElementType { .i1 }
}

/// An n-dimensional array of scalars, in row-major order: a value, whatever stage it is at.
///
/// A tensor is *concrete* when its elements are there, *deferred* when it is the result of
/// operations that run when a value is needed, and *traced* when it stands for a value of a function
/// being recorded by `jit` or a transform such as `gradient(of:)`. Code that computes with tensors
/// is the same for all three.
///
/// Operations cannot throw inside an expression. An operation given shapes that do not fit makes a
/// *failed* tensor that keeps the error through all that is computed from it; the first of the
/// errors is thrown where a value is asked for (`scalars()`, `item()`, calls of compiled functions
/// and of gradients) and at the end of tracing. A failed tensor's `shape` is empty.
public struct Tensor<Scalar: TensorScalar>: Sendable {
  /// The value; its element type is `Scalar.elementType`.
  @usableFromInline var node: TensorNode

  /// Wraps a value whose element type is `Scalar.elementType`.
  @usableFromInline init(_ node: TensorNode) { self.node = node }

  /// Creates a scalar: a tensor without axes.
  public init(_ scalar: Scalar) {
    self.init(TensorNode.scalar(scalar, isLiteral: false))
  }

  /// Creates a vector.
  public init(_ scalars: [Scalar]) {
    self.init(TensorNode.elements(scalars, shape: [scalars.count]))
  }

  /// Creates a matrix from rows of equal length; others make a failed tensor.
  public init(_ rows: [[Scalar]], file: String = #fileID, line: Int = #line) {
    let width = rows.first?.count ?? 0
    guard let odd = rows.firstIndex(where: { $0.count != width }) else {
      self.init(TensorNode.elements(rows.flatMap { $0 }, shape: [rows.count, width]))
      return
    }
    self.init(
      failing: "row \(odd) has \(rows[odd].count) elements and row 0 has \(width)", .shape, file,
      line)
  }

  /// Creates a tensor from its elements in row-major order; a shape with another number of elements
  /// makes a failed tensor.
  public init(
    shape: [Int], scalars: [Scalar], file: String = #fileID, line: Int = #line
  ) {
    guard shape.allSatisfy({ $0 >= 0 }), shape.checkedCount == scalars.count else {
      self.init(
        failing: "shape \(shape) does not hold \(scalars.count) elements", .shape, file, line)
      return
    }
    self.init(TensorNode.elements(scalars, shape: shape))
  }

  /// Views data of known element type as a tensor.
  ///
  /// - Throws: `AdjointError` where the data has another element type.
  public init(_ data: TensorData, file: String = #fileID, line: Int = #line) throws {
    guard data.type.element == Scalar.elementType else {
      throw AdjointError(
        .type, "\(data.type) does not have elements of type \(Scalar.elementType.rawValue)",
        at: .here(file, line))
    }
    self.init(data.node)
  }

  /// Creates a failed tensor.
  init(failing message: String, _ kind: AdjointError.Kind, _ file: String, _ line: Int) {
    let error = AdjointError(kind, message, at: .here(file, line))
    self.init(TensorNode.failed(error, Scalar.elementType))
  }

  /// Shape and element type.
  public var type: TensorType { node.type }
  /// The extent of each axis, outermost first; empty for a scalar.
  public var shape: [Int] { node.type.shape }
  /// The number of axes.
  public var rank: Int { node.type.rank }
  /// The number of elements.
  public var count: Int { node.type.count }
}

extension TensorNode {
  /// A known scalar.
  static func scalar<Scalar: TensorScalar>(_ scalar: Scalar, isLiteral: Bool) -> TensorNode {
    capturing(Scalar.elementType) {
      try TensorNode(TensorType([], Scalar.elementType), isLiteral: isLiteral) { target in
        Swift.withUnsafeBytes(of: scalar) { target.copyMemory(from: $0) }
      }
    }
  }

  /// A known tensor of as many elements as `shape` holds; failed where there is no memory.
  static func elements<Scalar: TensorScalar>(
    _ scalars: [Scalar], shape: [Int], isLiteral: Bool = false
  ) -> TensorNode {
    capturing(Scalar.elementType) {
      try TensorNode(TensorType(shape, Scalar.elementType), isLiteral: isLiteral) { target in
        scalars.withUnsafeBytes { target.copyMemory(from: $0) }
      }
    }
  }
}

// MARK: - Literals

extension Tensor: ExpressibleByIntegerLiteral where Scalar: TensorNumeric {
  /// Creates a scalar from a literal such as `2`.
  public init(integerLiteral value: Scalar.IntegerLiteralType) {
    self.init(TensorNode.scalar(Scalar(integerLiteral: value), isLiteral: true))
  }
}

extension Tensor: ExpressibleByFloatLiteral where Scalar: TensorFloatingPoint {
  /// Creates a scalar from a literal such as `0.5`.
  public init(floatLiteral value: Scalar.FloatLiteralType) {
    self.init(TensorNode.scalar(Scalar(floatLiteral: value), isLiteral: true))
  }
}

extension Tensor: ExpressibleByBooleanLiteral where Scalar == Bool {
  /// Creates a scalar from `true` or `false`.
  public init(booleanLiteral value: Bool) {
    self.init(TensorNode.scalar(value, isLiteral: true))
  }
}
