internal import TensorIR

extension Tensor where Scalar: TensorComplex {
  /// The complex numbers of real and imaginary parts, broadcast together.
  public init(
    real: Tensor<Scalar.Part>, imaginary: Tensor<Scalar.Part>, file: String = #fileID,
    line: Int = #line
  ) {
    let location = SourceLocation.here(file, line)
    let both = TensorNode.broadcast([real.node, imaginary.node], for: "complex", at: location) {
      .apply(.complex(.make), $0, at: location)
    }
    let type = TensorType([], Scalar.elementType)
    self.init(both.failure.map { TensorNode(type, failing: $0) } ?? both)
  }

  /// The real parts.
  public var real: Tensor<Scalar.Part> {
    Tensor<Scalar.Part>(.apply(.complex(.real), [node], at: .unknown))
  }

  /// The imaginary parts.
  public var imaginary: Tensor<Scalar.Part> {
    Tensor<Scalar.Part>(.apply(.complex(.imaginary), [node], at: .unknown))
  }

  /// The conjugates.
  public var conjugate: Tensor {
    Tensor(.apply(.complex(.conjugate), [node], at: .unknown))
  }

  /// The angles from the positive real axis, from −π to π.
  public var phase: Tensor<Scalar.Part> { atan2(imaginary, real) }

  /// The distances from zero.
  public var magnitude: Tensor<Scalar.Part> {
    Tensor<Scalar.Part>(.apply(.unary(.abs), [node], at: .unknown))
  }
}
