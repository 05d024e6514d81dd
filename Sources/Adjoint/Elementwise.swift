internal import TensorIR

/// The exponential, element by element.
public func exp<Scalar: TensorInexact>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.exponential, at: .here(file, line)))
}

/// The exponential less one, precise near zero, element by element.
public func expm1<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.exponentialMinusOne, at: .here(file, line)))
}

/// The natural logarithm, element by element.
public func log<Scalar: TensorInexact>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.log, at: .here(file, line)))
}

/// The natural logarithm of one more, precise near zero, element by element.
public func log1p<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.logPlusOne, at: .here(file, line)))
}

/// The logistic function 1 / (1 + exp(−x)), element by element.
public func sigmoid<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.logistic, at: .here(file, line)))
}

/// The hyperbolic tangent, element by element.
public func tanh<Scalar: TensorInexact>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.tanh, at: .here(file, line)))
}

/// The sine, element by element.
public func sin<Scalar: TensorInexact>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.sine, at: .here(file, line)))
}

/// The cosine, element by element.
public func cos<Scalar: TensorInexact>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.cosine, at: .here(file, line)))
}

/// The square root, element by element.
public func sqrt<Scalar: TensorInexact>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.sqrt, at: .here(file, line)))
}

/// One over the square root, element by element.
public func rsqrt<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.rsqrt, at: .here(file, line)))
}

/// The greatest whole number that is not above, element by element.
public func floor<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.floor, at: .here(file, line)))
}

/// The error function, element by element.
public func erf<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.erf, at: .here(file, line)))
}

/// The absolute value, element by element.
public func abs<Scalar: TensorNumeric>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    x.derived {
      guard !Scalar.elementType.isComplex else {
        throw AdjointError(
          .type, "abs of complex numbers would be complex; write x.magnitude for their distances")
      }
      return x.node.unary(.abs, at: .unknown)
    }
  }
}

/// The distances of complex numbers from zero, element by element.
public func abs<Part: ComplexPart>(
  _ x: Tensor<Complex<Part>>, file: String = #fileID, line: Int = #line
) -> Tensor<Part> {
  Tensor<Part>(.apply(.unary(.abs), [x.node], at: .here(file, line)))
}

/// −1, 0 or 1 by the sign; zeros and NaN stay, element by element.
public func sign<Scalar: TensorNumeric>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.sign, at: .here(file, line)))
}

/// The square, element by element.
public func square<Scalar: TensorNumeric>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.square, at: .here(file, line)))
}

/// The left element raised to the power of the right one, at every place; operands broadcast.
public func pow<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return Tensor(left.node.binary(.power, right.node, at: location))
}

/// The left element raised to the power of the right one, at every place, with the same number on the right everywhere.
@_disfavoredOverload
public func pow<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Scalar, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  pow(left, Tensor(right), file: file, line: line)
}

/// The greater element; NaN where one is NaN, at every place; operands broadcast.
public func max<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return Tensor(left.node.binary(.maximum, right.node, at: location))
}

/// The greater element; NaN where one is NaN, at every place, with the same number on the right everywhere.
@_disfavoredOverload
public func max<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Scalar, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  max(left, Tensor(right), file: file, line: line)
}

/// The lesser element; NaN where one is NaN, at every place; operands broadcast.
public func min<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  return Tensor(left.node.binary(.minimum, right.node, at: location))
}

/// The lesser element; NaN where one is NaN, at every place, with the same number on the right everywhere.
@_disfavoredOverload
public func min<Scalar: TensorNumeric>(
  _ left: Tensor<Scalar>, _ right: Scalar, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  min(left, Tensor(right), file: file, line: line)
}

/// The greater of the element and zero, element by element; its derivative at zero is zero, where
/// that of `max(x, 0)` is one half.
public func relu<Scalar: TensorNumeric>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let zero = Tensor<Scalar>(TensorNode.scalar(0 as Scalar, isLiteral: true))
  let location = SourceLocation(file: file, line: line)
  let isCut = Tensor<Bool>(x.node.compare(.lessOrEqual, zero.node, at: location))
  return select(isCut, zero, x, file: file, line: line)
}

/// The elements of `onTrue` where `predicate` is true and of `onFalse` elsewhere; all three
/// broadcast.
public func select<Scalar: TensorScalar>(
  _ predicate: Tensor<Bool>, _ onTrue: Tensor<Scalar>, _ onFalse: Tensor<Scalar>,
  file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  let location = SourceLocation.here(file, line)
  let operands = [predicate.node, onTrue.node, onFalse.node]
  return Tensor(
    TensorNode.broadcast(operands, for: "select", at: location) {
      .apply(.select, $0, at: location)
    })
}

extension Tensor where Scalar: TensorFloatingPoint {
  /// Whether the element is neither infinite nor NaN, at every place.
  public func isFinite(file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    Tensor<Bool>(node.unary(.isFinite, at: .here(file, line)))
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// The elements held between bounds, which broadcast to the tensor's shape.
  public func clamped(
    from low: Tensor, to high: Tensor, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    let bounds = [low, high].map { bound in
      bound.rank == 0 ? bound.node : bound.node.broadcast(to: shape, at: location)
    }
    return Tensor(TensorNode.apply(.clamp, [bounds[0], node, bounds[1]], at: location))
  }

  /// The elements held between two numbers.
  @_disfavoredOverload
  public func clamped(
    from low: Scalar, to high: Scalar, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    clamped(from: Tensor(low), to: Tensor(high), file: file, line: line)
  }
}

extension Tensor {
  /// Converts the elements of another tensor: floats to integers towards zero, numbers to booleans
  /// as "not zero", booleans to 0 and 1.
  public init<Other: TensorScalar>(
    _ other: Tensor<Other>, file: String = #fileID, line: Int = #line
  ) {
    let location = SourceLocation.here(file, line)
    self.init(other.node.convert(to: Scalar.elementType, at: location))
  }
}
