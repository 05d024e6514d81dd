internal import CCallSites
internal import TensorIR

// Operands broadcast as `Broadcasting` says. An operator has no argument that says where it is written, so
// it notes the address it returns to, whose line is looked up where a message needs it; operators are
// never inlined, for the address to be in the caller.

extension Tensor where Scalar: TensorNumeric {
  /// The sum, element by element.
  @inline(never)
  public static func + (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.add, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The sum, element by element, in place of the left operand.
  @inline(never)
  public static func += (left: inout Tensor, right: Tensor) {
    left = Tensor(left.node.binary(.add, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The sum, element by element, with the same number everywhere, in place of the left operand.
  @_disfavoredOverload @inline(never)
  public static func += (left: inout Tensor, right: Scalar) {
    left = Tensor(
      left.node.binary(.add, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// The difference, element by element.
  @inline(never)
  public static func - (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.subtract, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The difference, element by element, in place of the left operand.
  @inline(never)
  public static func -= (left: inout Tensor, right: Tensor) {
    left = Tensor(
      left.node.binary(.subtract, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The difference, element by element, with the same number everywhere, in place of the left operand.
  @_disfavoredOverload @inline(never)
  public static func -= (left: inout Tensor, right: Scalar) {
    left = Tensor(
      left.node.binary(.subtract, Tensor(right).node, at: .init(callSite: adjoint_return_address()))
    )
  }

  /// The product, element by element.
  @inline(never)
  public static func * (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.multiply, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The product, element by element, in place of the left operand.
  @inline(never)
  public static func *= (left: inout Tensor, right: Tensor) {
    left = Tensor(
      left.node.binary(.multiply, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The product, element by element, with the same number everywhere, in place of the left operand.
  @_disfavoredOverload @inline(never)
  public static func *= (left: inout Tensor, right: Scalar) {
    left = Tensor(
      left.node.binary(.multiply, Tensor(right).node, at: .init(callSite: adjoint_return_address()))
    )
  }

  /// The quotient; of integers, rounded towards zero, element by element.
  @inline(never)
  public static func / (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.divide, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The quotient; of integers, rounded towards zero, element by element, in place of the left operand.
  @inline(never)
  public static func /= (left: inout Tensor, right: Tensor) {
    left = Tensor(
      left.node.binary(.divide, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The quotient; of integers, rounded towards zero, element by element, with the same number everywhere, in place of the left operand.
  @_disfavoredOverload @inline(never)
  public static func /= (left: inout Tensor, right: Scalar) {
    left = Tensor(
      left.node.binary(.divide, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// The negative, element by element.
  @inline(never)
  public static prefix func - (operand: Tensor) -> Tensor {
    Tensor(operand.node.unary(.negate, at: .init(callSite: adjoint_return_address())))
  }
}

// Numbers on one side. They are functions of the number's type: as functions of tensors they would be tried for
// literals, which are tensors themselves.
extension TensorNumeric {
  /// The sum, element by element, with the same number on the right everywhere.
  @_disfavoredOverload @inline(never)
  public static func + (left: Tensor<Self>, right: Self) -> Tensor<Self> {
    Tensor(
      left.node.binary(.add, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// The sum, element by element, with the same number on the left everywhere.
  @_disfavoredOverload @inline(never)
  public static func + (left: Self, right: Tensor<Self>) -> Tensor<Self> {
    Tensor(
      Tensor(left).node.binary(.add, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The difference, element by element, with the same number on the right everywhere.
  @_disfavoredOverload @inline(never)
  public static func - (left: Tensor<Self>, right: Self) -> Tensor<Self> {
    Tensor(
      left.node.binary(.subtract, Tensor(right).node, at: .init(callSite: adjoint_return_address()))
    )
  }

  /// The difference, element by element, with the same number on the left everywhere.
  @_disfavoredOverload @inline(never)
  public static func - (left: Self, right: Tensor<Self>) -> Tensor<Self> {
    Tensor(
      Tensor(left).node.binary(.subtract, right.node, at: .init(callSite: adjoint_return_address()))
    )
  }

  /// The product, element by element, with the same number on the right everywhere.
  @_disfavoredOverload @inline(never)
  public static func * (left: Tensor<Self>, right: Self) -> Tensor<Self> {
    Tensor(
      left.node.binary(.multiply, Tensor(right).node, at: .init(callSite: adjoint_return_address()))
    )
  }

  /// The product, element by element, with the same number on the left everywhere.
  @_disfavoredOverload @inline(never)
  public static func * (left: Self, right: Tensor<Self>) -> Tensor<Self> {
    Tensor(
      Tensor(left).node.binary(.multiply, right.node, at: .init(callSite: adjoint_return_address()))
    )
  }

  /// The quotient; of integers, rounded towards zero, element by element, with the same number on the right everywhere.
  @_disfavoredOverload @inline(never)
  public static func / (left: Tensor<Self>, right: Self) -> Tensor<Self> {
    Tensor(
      left.node.binary(.divide, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// The quotient; of integers, rounded towards zero, element by element, with the same number on the left everywhere.
  @_disfavoredOverload @inline(never)
  public static func / (left: Self, right: Tensor<Self>) -> Tensor<Self> {
    Tensor(
      Tensor(left).node.binary(.divide, right.node, at: .init(callSite: adjoint_return_address())))
  }
}
