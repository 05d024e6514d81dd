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
  /// That of floats gives half of the spectrum, and the inverse of that counts each element of it twice
  /// that has a mirror image, divided by the number n of elements transformed. The transpose of the first
  /// is the real part of the sums of cₖ·exp(−2πi·jk/n) over that half: the second, of the conjugates of c
  /// times n, halved where they count twice. The transpose of the second is the conjugate of the first,
  /// doubled there and divided by n.
  func transpose(
    _ operation: Operation, _ cotangent: ValueID, in pass: inout ReversePass
  ) throws {
    let operand = operation.operands[0]
    switch kind {
    case .forward, .inverse:
      try pass.accumulate(pass.builder.emit(operation.op, [cotangent]), on: operand)
    case .real:
      let counts = mirrorCounts.map { Double(lengths.reduce(1, *)) / $0 }
      let half = try pass.builder.conjugate(of: cotangent, times: counts)
      let inverse = FourierTransform(.realInverse, lengths: lengths)
      try pass.accumulate(pass.builder.emit(.fft(inverse), [half]), on: operand)
    case .realInverse:
      let counts = mirrorCounts.map { $0 / Double(lengths.reduce(1, *)) }
      let forward = FourierTransform(.real, lengths: lengths)
      let spectrum = try pass.builder.emit(.fft(forward), [cotangent])
      try pass.accumulate(pass.builder.conjugate(of: spectrum, times: counts), on: operand)
    }
  }

  /// How often each element of half a spectrum counts along the last axis.
  private var mirrorCounts: [Double] {
    let last = lengths[lengths.count - 1]
    return (0..<(last == 0 ? 0 : last / 2 + 1)).map { $0 == 0 || 2 * $0 == last ? 1 : 2 }
  }
}

extension FunctionBuilder {
  /// Conjugates times a real factor for each place along the last axis.
  fileprivate mutating func conjugate(of value: ValueID, times factors: [Double]) throws -> ValueID
  {
    let type = self[value]
    let part = type.element.partType
    /// One part times the factors, of that sign.
    func scaled(_ op: ComplexOp, sign: Double, in builder: inout Self) throws -> ValueID {
      let literal = Literal(TensorType([factors.count], part), doubles: factors.map { sign * $0 })
      let wide = try builder.broadcast(
        builder.constant(literal), to: type.shape, dimensions: [type.rank - 1])
      return try builder.multiply(builder.emit(.complex(op), [value]), wide)
    }
    let real = try scaled(.real, sign: 1, in: &self)
    let imaginary = try scaled(.imaginary, sign: -1, in: &self)
    return try emit(.complex(.make), [real, imaginary])
  }
}
