internal import CCallSites
internal import TensorIR

extension Tensor {
  /// Whether the left element equals the right one, at every place; operands broadcast.
  @inline(never)
  public static func .== (left: Tensor, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.equal, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element equals the number on the right, at every place.
  @_disfavoredOverload @inline(never)
  public static func .== (left: Tensor, right: Scalar) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.equal, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the number on the left equals the right element, at every place.
  @_disfavoredOverload @inline(never)
  public static func .== (left: Scalar, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      Tensor(left).node.compare(.equal, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element differs from the right one, at every place; operands broadcast.
  @inline(never)
  public static func .!= (left: Tensor, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.notEqual, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element differs from the number on the right, at every place.
  @_disfavoredOverload @inline(never)
  public static func .!= (left: Tensor, right: Scalar) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(
        .notEqual, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the number on the left differs from the right element, at every place.
  @_disfavoredOverload @inline(never)
  public static func .!= (left: Scalar, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      Tensor(left).node.compare(
        .notEqual, right.node, at: .init(callSite: adjoint_return_address())))
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// Whether the left element is less than the right one, at every place; operands broadcast.
  @inline(never)
  public static func .< (left: Tensor, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.less, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element is less than the number on the right, at every place.
  @_disfavoredOverload @inline(never)
  public static func .< (left: Tensor, right: Scalar) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.less, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the number on the left is less than the right element, at every place.
  @_disfavoredOverload @inline(never)
  public static func .< (left: Scalar, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      Tensor(left).node.compare(.less, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element is at most the right one, at every place; operands broadcast.
  @inline(never)
  public static func .<= (left: Tensor, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.lessOrEqual, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element is at most the number on the right, at every place.
  @_disfavoredOverload @inline(never)
  public static func .<= (left: Tensor, right: Scalar) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(
        .lessOrEqual, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the number on the left is at most the right element, at every place.
  @_disfavoredOverload @inline(never)
  public static func .<= (left: Scalar, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      Tensor(left).node.compare(
        .lessOrEqual, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element is greater than the right one, at every place; operands broadcast.
  @inline(never)
  public static func .> (left: Tensor, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.greater, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element is greater than the number on the right, at every place.
  @_disfavoredOverload @inline(never)
  public static func .> (left: Tensor, right: Scalar) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.greater, Tensor(right).node, at: .init(callSite: adjoint_return_address()))
    )
  }

  /// Whether the number on the left is greater than the right element, at every place.
  @_disfavoredOverload @inline(never)
  public static func .> (left: Scalar, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      Tensor(left).node.compare(.greater, right.node, at: .init(callSite: adjoint_return_address()))
    )
  }

  /// Whether the left element is at least the right one, at every place; operands broadcast.
  @inline(never)
  public static func .>= (left: Tensor, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(.greaterOrEqual, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the left element is at least the number on the right, at every place.
  @_disfavoredOverload @inline(never)
  public static func .>= (left: Tensor, right: Scalar) -> Tensor<Bool> {
    Tensor<Bool>(
      left.node.compare(
        .greaterOrEqual, Tensor(right).node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the number on the left is at least the right element, at every place.
  @_disfavoredOverload @inline(never)
  public static func .>= (left: Scalar, right: Tensor) -> Tensor<Bool> {
    Tensor<Bool>(
      Tensor(left).node.compare(
        .greaterOrEqual, right.node, at: .init(callSite: adjoint_return_address())))
  }
}

extension Tensor where Scalar == Bool {
  /// Whether both elements are true, at every place; operands broadcast.
  @inline(never)
  public static func & (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.and, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether one of the elements is true, at every place; operands broadcast.
  @inline(never)
  public static func | (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.or, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// Whether the element is false, at every place.
  @inline(never)
  public static prefix func .! (operand: Tensor) -> Tensor {
    Tensor(operand.node.unary(.not, at: .init(callSite: adjoint_return_address())))
  }
}

extension Tensor where Scalar: TensorNumeric & BinaryInteger {
  /// The bits set in both elements, at every place; operands broadcast.
  @inline(never)
  public static func & (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.and, right.node, at: .init(callSite: adjoint_return_address())))
  }

  /// The bits set in one of the elements, at every place; operands broadcast.
  @inline(never)
  public static func | (left: Tensor, right: Tensor) -> Tensor {
    Tensor(left.node.binary(.or, right.node, at: .init(callSite: adjoint_return_address())))
  }
}
