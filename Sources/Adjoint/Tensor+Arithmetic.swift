internal import TensorIR

// Operands broadcast as `Broadcasting` says. An operator cannot know where it is written, so its
// mistakes carry the place of the enclosing `jit` or transform, or of the call that asks for a value.

extension Tensor where Scalar: TensorNumeric {
  /// The sum, element by element.
  public static func + (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.add, right.node, at: .unknown))
  }

  /// The sum, element by element, with the same number on the right everywhere.
  @_disfavoredOverload
  public static func + (left: Tensor, right: Scalar) -> Tensor { left + Tensor(right) }

  /// The sum, element by element, with the same number on the left everywhere.
  @_disfavoredOverload
  public static func + (left: Scalar, right: Tensor) -> Tensor { Tensor(left) + right }

  /// The sum, element by element, in place of the left operand.
  public static func += (left: inout Tensor, right: Tensor) { left = left + right }

  /// The sum, element by element, with the same number everywhere, in place of the left operand.
  @_disfavoredOverload
  public static func += (left: inout Tensor, right: Scalar) { left = left + right }

  /// The difference, element by element.
  public static func - (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.subtract, right.node, at: .unknown))
  }

  /// The difference, element by element, with the same number on the right everywhere.
  @_disfavoredOverload
  public static func - (left: Tensor, right: Scalar) -> Tensor { left - Tensor(right) }

  /// The difference, element by element, with the same number on the left everywhere.
  @_disfavoredOverload
  public static func - (left: Scalar, right: Tensor) -> Tensor { Tensor(left) - right }

  /// The difference, element by element, in place of the left operand.
  public static func -= (left: inout Tensor, right: Tensor) { left = left - right }

  /// The difference, element by element, with the same number everywhere, in place of the left operand.
  @_disfavoredOverload
  public static func -= (left: inout Tensor, right: Scalar) { left = left - right }

  /// The product, element by element.
  public static func * (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.multiply, right.node, at: .unknown))
  }

  /// The product, element by element, with the same number on the right everywhere.
  @_disfavoredOverload
  public static func * (left: Tensor, right: Scalar) -> Tensor { left * Tensor(right) }

  /// The product, element by element, with the same number on the left everywhere.
  @_disfavoredOverload
  public static func * (left: Scalar, right: Tensor) -> Tensor { Tensor(left) * right }

  /// The product, element by element, in place of the left operand.
  public static func *= (left: inout Tensor, right: Tensor) { left = left * right }

  /// The product, element by element, with the same number everywhere, in place of the left operand.
  @_disfavoredOverload
  public static func *= (left: inout Tensor, right: Scalar) { left = left * right }

  /// The quotient; of integers, rounded towards zero, element by element.
  public static func / (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.divide, right.node, at: .unknown))
  }

  /// The quotient; of integers, rounded towards zero, element by element, with the same number on the right everywhere.
  @_disfavoredOverload
  public static func / (left: Tensor, right: Scalar) -> Tensor { left / Tensor(right) }

  /// The quotient; of integers, rounded towards zero, element by element, with the same number on the left everywhere.
  @_disfavoredOverload
  public static func / (left: Scalar, right: Tensor) -> Tensor { Tensor(left) / right }

  /// The quotient; of integers, rounded towards zero, element by element, in place of the left operand.
  public static func /= (left: inout Tensor, right: Tensor) { left = left / right }

  /// The quotient; of integers, rounded towards zero, element by element, with the same number everywhere, in place of the left operand.
  @_disfavoredOverload
  public static func /= (left: inout Tensor, right: Scalar) { left = left / right }

  /// The negative, element by element.
  public static prefix func - (operand: Tensor) -> Tensor {
    Tensor(operand.node.unary(.negate, at: .unknown))
  }
}
