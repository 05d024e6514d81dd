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

/// The hyperbolic sine, element by element.
public func sinh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    // Near zero from expm1, which does not cancel; far from it as a square, which does not overflow
    // before the result does.
    let size = size(x)
    let growth = exp(size / 2)
    let far = growth * (growth / 2) - 0.5 / square(growth)
    let rise = expm1(select(size .< 1, size, 0))
    let near = (rise + rise / (rise + 1)) / 2
    let result = select(size .< 1, near, far)
    return select(x .< 0, -result, result)
  }
}

/// The hyperbolic cosine, element by element.
public func cosh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    let growth = exp(size(x) / 2)
    return growth * (growth / 2) + 0.5 / square(growth)
  }
}

/// The number whose hyperbolic sine is the element, at every place.
public func asinh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    let size = size(x)
    let isLarge = size .> .literal(1 / Scalar.ulpOfOne)
    let moderate = select(isLarge, 1, size)
    let root = sqrt(square(moderate) + 1)
    let near = log1p(moderate + square(moderate) / (1 + root))
    let far = log(select(isLarge, size, 1)) + .literal(Scalar(M_LN2))
    let result = select(isLarge, far, near)
    return select(x .< 0, -result, result)
  }
}

/// The number, not negative, whose hyperbolic cosine is the element, at every place; NaN below one.
public func acosh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    let isLarge = x .> .literal(1 / Scalar.ulpOfOne)
    let excess = select(isLarge, 1, x) - 1
    let near = log1p(excess + sqrt(excess * (excess + 2)))
    return select(isLarge, log(select(isLarge, x, 1)) + .literal(Scalar(M_LN2)), near)
  }
}

/// The number whose hyperbolic tangent is the element, at every place; NaN beyond one.
public func atanh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) { (log1p(x) - log1p(-x)) / 2 }
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
  located(file, line) { 0.5 * x * (1 + erf(x * .literal(Scalar(0.5.squareRoot())))) }
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
