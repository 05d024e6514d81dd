internal import CCallSites
internal import TensorIR

/// The tangent, element by element.
public func tan<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.tangent, at: .here(file, line)))
}

/// The angle in radians whose sine is the element; NaN beyond one, element by element.
public func asin<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.asin, at: .here(file, line)))
}

/// The angle in radians whose cosine is the element; NaN beyond one, element by element.
public func acos<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.acos, at: .here(file, line)))
}

/// The angle in radians whose tangent is the element, element by element.
public func atan<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.atan, at: .here(file, line)))
}

/// The hyperbolic sine, element by element.
public func sinh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.sinh, at: .here(file, line)))
}

/// The hyperbolic cosine, element by element.
public func cosh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.cosh, at: .here(file, line)))
}

/// The number whose hyperbolic sine is the element, element by element.
public func asinh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.asinh, at: .here(file, line)))
}

/// The number, not negative, whose hyperbolic cosine is the element; NaN below one, element by element.
public func acosh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.acosh, at: .here(file, line)))
}

/// The number whose hyperbolic tangent is the element; NaN beyond one, element by element.
public func atanh<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.atanh, at: .here(file, line)))
}

/// The cube root, element by element.
public func cbrt<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.cubeRoot, at: .here(file, line)))
}

/// The least whole number that is not below, element by element.
public func ceil<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.ceil, at: .here(file, line)))
}

/// The nearest whole number, halves away from zero, element by element.
public func round<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.roundAway, at: .here(file, line)))
}

/// One less the error function, precise where that is near one, element by element.
public func erfc<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.erfc, at: .here(file, line)))
}

/// The number whose error function is the element; NaN beyond one, element by element.
public func erfInverse<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.erfInverse, at: .here(file, line)))
}

/// The logarithm of the magnitude of the gamma function, element by element.
public func lgamma<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.logGamma, at: .here(file, line)))
}

/// The derivative of the logarithm of the gamma function, element by element.
public func digamma<Scalar: TensorFloatingPoint>(
  _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(x.node.unary(.digamma, at: .here(file, line)))
}

/// The angle in radians between the first axis and the point (x, y), from −π to π, at every place;
/// operands broadcast.
public func atan2<Scalar: TensorFloatingPoint>(
  _ y: Tensor<Scalar>, _ x: Tensor<Scalar>, file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  Tensor(y.node.binary(.atan2, x.node, at: .here(file, line)))
}

extension Tensor where Scalar: TensorNumeric {
  /// The remainder of the division rounded towards zero, with the sign of the left element, at every
  /// place; operands broadcast.
  @inline(never)
  public static func % (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.remainder, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The remainder of the division by the same number everywhere.
  @_disfavoredOverload @inline(never)
  public static func % (left: Tensor, right: Scalar) -> Tensor {
    Tensor(
      left.node.binary(
        .remainder, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }
}

extension Tensor where Scalar == Bool {
  /// Whether just one of the elements is true, at every place; operands broadcast.
  @inline(never)
  public static func ^ (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.xor, right.node, at: .init(callSite: adjoint_return_address())))
  }
}

extension Tensor where Scalar: TensorNumeric & BinaryInteger {
  /// The bits set in just one of the elements, at every place; operands broadcast.
  @inline(never)
  public static func ^ (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.xor, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The bits that are not set, at every place.
  @inline(never)
  public static prefix func ~ (operand: Tensor) -> Tensor {
    Tensor(operand.node.unary(.not, at: .init(callSite: adjoint_return_address())))
  }

  /// The bits moved towards higher places, zeros behind them, at every place; operands broadcast. A
  /// distance is a number of bits, and nothing is left where it is no less than the width.
  @inline(never)
  public static func << (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.shiftLeft, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The bits moved towards lower places, at every place; operands broadcast. Behind them are copies of the
  /// sign of signed numbers, else zeros.
  @inline(never)
  public static func >> (left: Tensor, right: Tensor) -> Tensor {
    let kind: BinaryOp = Scalar.isSigned ? .shiftRightArithmetic : .shiftRightLogical
    return Tensor(
      left.node.binary(kind, right.node, at: .init(callSite: adjoint_return_address())))
  }
}
