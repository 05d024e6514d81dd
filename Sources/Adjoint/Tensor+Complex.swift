internal import TensorIR

extension Tensor where Scalar: TensorComplex {
  /// The complex numbers of real and imaginary parts, broadcast together.
  public init(
    real: Tensor<Scalar.Part>, imaginary: Tensor<Scalar.Part>, file: String = #fileID,
    line: Int = #line
  ) {
    let location = SourceLocation.here(file, line)
    let zero = Tensor<Scalar.Part>(0)
    // A sum with zeros of the other's shape has the shape of both, and keeps every number but −0.
    let shapes = real.shape == imaginary.shape
    let wide = shapes ? real : real + imaginary * zero
    let other = shapes ? imaginary : imaginary + real * zero
    self.init(.apply(.complex(.make), [wide.node, other.node], at: location))
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
