public import TensorIR

/// A float that complex numbers have as real and imaginary parts.
public protocol ComplexPart: TensorFloatingPoint {
  /// The element type of complex numbers with such parts.
  static var complexElementType: ElementType { get }
}

extension Float: ComplexPart {
  /// `complex<f32>`.
  public static var complexElementType: ElementType { .c64 }
}

extension Double: ComplexPart {
  /// `complex<f64>`.
  public static var complexElementType: ElementType { .c128 }
}

/// A complex number as an element of tensors: a real part and an imaginary one, side by side.
///
/// Arithmetic of single numbers is by its formulas; that of tensors is as `Docs/VectorMath.md` says.
@frozen
public struct Complex<Part: ComplexPart>: TensorNumeric, CustomStringConvertible {
  /// The real part.
  public var real: Part
  /// The imaginary part.
  public var imaginary: Part

  /// `complex<f32>` or `complex<f64>`.
  public static var elementType: ElementType { Part.complexElementType }

  /// The number `real + i·imaginary`.
  public init(_ real: Part, _ imaginary: Part) {
    self.real = real
    self.imaginary = imaginary
  }

  /// The real number.
  public init(_ real: Part) { self.init(real, 0) }

  /// The real number of an integer literal.
  public init(integerLiteral value: Part.IntegerLiteralType) {
    self.init(Part(integerLiteral: value), 0)
  }

  /// The real number of an integer, if a part can be it.
  public init?<Source: BinaryInteger>(exactly source: Source) {
    guard let real = Part(exactly: source) else { return nil }
    self.init(real, 0)
  }

  /// The imaginary unit.
  public static var i: Complex { Complex(0, 1) }

  /// The distance from zero.
  public var magnitude: Part {
    let (large, small) = (
      max(real.magnitude, imaginary.magnitude), min(real.magnitude, imaginary.magnitude)
    )
    guard large > 0, large.isFinite else { return large }
    let ratio = small / large
    return large * (1 + ratio * ratio).squareRoot()
  }

  /// The number with the opposite imaginary part.
  public var conjugate: Complex { Complex(real, -imaginary) }

  /// Both parts, such as `1.0 - 2.0i`.
  public var description: String {
    "\(real) \(imaginary.sign == .minus ? "-" : "+") \(imaginary.magnitude)i"
  }

  /// The sum.
  public static func + (left: Complex, right: Complex) -> Complex {
    Complex(left.real + right.real, left.imaginary + right.imaginary)
  }

  /// The difference.
  public static func - (left: Complex, right: Complex) -> Complex {
    Complex(left.real - right.real, left.imaginary - right.imaginary)
  }

  /// The product.
  public static func * (left: Complex, right: Complex) -> Complex {
    Complex(
      left.real * right.real - left.imaginary * right.imaginary,
      left.real * right.imaginary + left.imaginary * right.real)
  }

  /// The product in place of the left number.
  public static func *= (left: inout Complex, right: Complex) { left = left * right }

  /// The opposite number.
  public static prefix func - (number: Complex) -> Complex {
    Complex(-number.real, -number.imaginary)
  }
}

/// A scalar with a real and an imaginary part.
public protocol TensorComplex: TensorInexact where Part: ComplexPart {}

extension Complex: TensorComplex {}
