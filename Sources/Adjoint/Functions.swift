internal import Foundation
internal import TensorIR

// Functions that are made of other operations.

extension Tensor where Scalar: TensorNumeric {
  /// A scalar that is compiled into the functions that use it.
  static func literal(_ value: Scalar) -> Tensor {
    Tensor(TensorNode.scalar(value, isLiteral: true))
  }
}

/// The logarithm to base two, element by element.
public func log2<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { log(x) / .literal(Scalar(M_LN2)) }
}

/// The logarithm to base ten, element by element.
public func log10<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { log(x) / .literal(Scalar(M_LN10)) }
}

/// The absolute value as a choice, so that derivatives of even functions of it are right at zero too,
/// where `abs` has none.
private func size<Scalar: TensorFloatingPoint>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  select(x .< 0, -x, x)
}

/// The length of the hypotenuse of a right triangle, at every place, computed without overflow;
/// operands broadcast.
public func hypot<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, _ y: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    // The length does not depend on the scale, so neither do its derivatives.
    let longer = max(abs(x), abs(y))
    let scale = select((longer .> 0) & longer.isFinite(), longer, 1)
    let squares = square(x / scale) + square(y / scale)
    let isZero = squares .== 0
    let length = scale * select(isZero, 0, sqrt(select(isZero, 1, squares)))
    let isInfinite = (abs(x) .== .literal(.infinity)) | (abs(y) .== .literal(.infinity))
    return select(isInfinite, .literal(.infinity), length)
  }
}

/// log(1 + exp(x)) without overflow, element by element.
public func softplus<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { select(x .< 0, 0, x) + log1p(exp(-size(x))) }
}

/// log(sigmoid(x)) without overflow, element by element.
public func logSigmoid<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { -softplus(-x) }
}

/// x · sigmoid(x), element by element.
public func silu<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { x * sigmoid(x) }
}

/// x · Φ(x) with the normal distribution's Φ, element by element (Hendrycks and Gimpel, 2016).
public func gelu<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { 0.5 * x * erfc(x * .literal(-Scalar(0.5.squareRoot()))) }
}

/// The element where it is positive and `scale` · (exp(x) − 1) elsewhere.
public func elu<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, scale: Scalar = 1, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { select(x .> 0, x, .literal(scale) * expm1(select(x .> 0, 0, x))) }
}

/// The element where it is positive and `slope` times it elsewhere.
public func leakyRelu<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, slope: Scalar = 0.01, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { select(x .> 0, x, .literal(slope) * x) }
}

extension Tensor where Scalar: TensorFloatingPoint {
  /// Whether the element is not a number, at every place.
  public func isNaN(file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    located(file, line) { self .!= self }
  }
}

extension Tensor where Scalar: TensorNumeric & Comparable {
  /// The elements held within a range of numbers.
  public func clamped(
    to range: ClosedRange<Scalar>, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    clamped(
      from: .literal(range.lowerBound), to: .literal(range.upperBound), file: file, line: line)
  }
}
