import TensorIR

// A cotangent c pairs with a tangent t as the real part of c·t, without a conjugate, so that a product
// is transposed as one of real numbers is: c·(f·t) = (f·c)·t.

extension ComplexOp {
  /// Linear over the reals: Re(c)·t for real t is that of c; the imaginary part of t is the real part of
  /// −i·t.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let operand = operation.operands[0]
    switch self {
    case .make:
      if pass.isLinear(operand) {
        try pass.accumulate(pass.builder.emit(.complex(.real), [cotangent]), on: operand)
      }
      let imaginary = operation.operands[1]
      if pass.isLinear(imaginary) {
        let part = try pass.builder.emit(.complex(.imaginary), [cotangent])
        try pass.accumulate(pass.builder.negate(part), on: imaginary)
      }
    case .real:
      let zero = try pass.builder.splat(0, pass.builder[cotangent])
      try pass.accumulate(pass.builder.emit(.complex(.make), [cotangent, zero]), on: operand)
    case .imaginary:
      let zero = try pass.builder.splat(0, pass.builder[cotangent])
      let turned = try pass.builder.emit(.complex(.make), [zero, pass.builder.negate(cotangent)])
      try pass.accumulate(turned, on: operand)
    case .conjugate:
      try pass.accumulate(pass.builder.emit(operation.op, [cotangent]), on: operand)
    }
  }
}

extension FourierTransform {
  /// The matrix of a transform is symmetric, so a transform without halves is its own transpose.
  ///
  /// That of floats gives half of the spectrum: its transpose is the real part of the transform of the
  /// cotangent with zeros for the other half. The inverse of that counts each element twice that has a
  /// mirror image, divided by their number n: its transpose is the conjugate of the transform of floats,
  /// doubled there and divided by n.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let operand = operation.operands[0]
    switch kind {
    case .forward, .inverse:
      try pass.accumulate(pass.builder.emit(operation.op, [cotangent]), on: operand)
    case .real:
      let whole = try pass.builder.padded(cotangent, to: lengths)
      let turned = try pass.builder.emit(
        .fft(FourierTransform(.forward, lengths: lengths)), [whole])
      try pass.accumulate(pass.builder.emit(.complex(.real), [turned]), on: operand)
    case .realInverse:
      let spectrum = try pass.builder.emit(
        .fft(FourierTransform(.real, lengths: lengths)), [cotangent])
      let mirrored = try pass.builder.emit(.complex(.conjugate), [spectrum])
      let counts = try pass.builder.constant(mirrorCounts(pass.builder[mirrored].element))
      let type = pass.builder[mirrored]
      let wide = try pass.builder.broadcast(counts, to: type.shape, dimensions: [type.rank - 1])
      try pass.accumulate(pass.builder.multiply(mirrored, wide), on: operand)
    }
  }

  /// How often each element of half a spectrum counts, divided by the number of elements transformed.
  private func mirrorCounts(_ element: ElementType) -> Literal {
    let last = lengths[lengths.count - 1]
    let count = Double(lengths.reduce(1, *))
    let half = resultHalf
    return Literal(
      TensorType([half], element),
      doubles: (0..<half).map { ($0 == 0 || 2 * $0 == last ? 1 : 2) / count })
  }

  /// The extent of half a spectrum.
  private var resultHalf: Int { operandExtents[lengths.count - 1] }
}

extension FunctionBuilder {
  /// Half a spectrum with zeros for the other half, so that the last axes have the lengths.
  fileprivate mutating func padded(_ value: ValueID, to lengths: [Int]) throws -> ValueID {
    let shape = self[value].shape
    let none = shape.map { _ in 0 }
    var high = none
    high[shape.count - 1] = lengths[lengths.count - 1] - shape[shape.count - 1]
    let zero = try splat(0, TensorType([], self[value].element))
    return try emit(.shape(.pad(low: none, high: high, interior: none)), [value, zero])
  }
}
