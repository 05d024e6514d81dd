import Foundation

/// What elements of matrices are while they are decomposed: real or complex numbers in double precision.
protocol MatrixScalar: Equatable {
  static func + (left: Self, right: Self) -> Self
  static func - (left: Self, right: Self) -> Self
  static func * (left: Self, right: Self) -> Self
  static func / (left: Self, right: Self) -> Self
  static prefix func - (value: Self) -> Self

  /// A real number.
  init(_ value: Double)
  /// The real part.
  var real: Double { get }
  /// The imaginary part.
  var imaginary: Double { get }
  /// The distance from zero.
  var magnitude: Double { get }
  /// The number with the opposite imaginary part.
  var conjugate: Self { get }
  /// Whether both parts are finite.
  var isFinite: Bool { get }
  /// The number of size one in the same direction; one for zero.
  var phase: Self { get }
}

extension MatrixScalar {
  static func += (left: inout Self, right: Self) { left = left + right }
  static func -= (left: inout Self, right: Self) { left = left - right }
  static func *= (left: inout Self, right: Self) { left = left * right }
  static func /= (left: inout Self, right: Self) { left = left / right }

  /// Zero.
  static var none: Self { Self(0.0) }
  /// No number.
  static var undefined: Self { Self(Double.nan) }
  /// The size by which rows are chosen as pivots: the sum of the parts' sizes, as in LAPACK.
  var pivotSize: Double { abs(real) + abs(imaginary) }
  /// The square of the distance from zero.
  var squaredMagnitude: Double { real * real + imaginary * imaginary }
  /// The number as a complex one.
  var complex: ComplexValue { ComplexValue(real, imaginary) }
}

extension Double: MatrixScalar {
  var real: Double { self }
  var imaginary: Double { 0 }
  var conjugate: Double { self }
  var phase: Double { self < 0 ? -1 : 1 }
}

extension ComplexValue: MatrixScalar {
  init(_ value: Double) { self.init(value, 0) }
  var isFinite: Bool { real.isFinite && imaginary.isFinite }
  var phase: ComplexValue { self == .zero ? .one : sign }
}
