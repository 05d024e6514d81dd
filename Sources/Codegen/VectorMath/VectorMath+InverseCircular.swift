package import LLVMBridge

/// Angles: for floats by a polynomial in double precision, for doubles the C library's functions.
extension VectorMath {
  /// The angle whose tangent is x.
  package func atan(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "atan") { lanes, x in
      angle(lanes, x[0], lanes.constant(1))
    }
  }

  /// The angle of the point (x, y), from −π to π.
  package func atan2(_ y: LLVMValue, _ x: LLVMValue) -> LLVMValue {
    throughDoubles([y, x], library: "atan2") { lanes, operands in
      angle(lanes, operands[0], operands[1])
    }
  }

  /// The angle whose sine is x; NaN beyond ±1.
  package func asin(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "asin") { lanes, x in
      angle(lanes, x[0], cosine(lanes, ofAngleWithSine: x[0]))
    }
  }

  /// The angle whose cosine is x; NaN beyond ±1.
  package func acos(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "acos") { lanes, x in
      angle(lanes, cosine(lanes, ofAngleWithSine: x[0]), x[0])
    }
  }

  /// √((1 − x)(1 + x)).
  private func cosine(_ lanes: Lanes, ofAngleWithSine x: LLVMValue) -> LLVMValue {
    let one = lanes.constant(1)
    return builder.sqrt(builder.fmul(builder.fsub(one, x), builder.fadd(one, x)))
  }

  /// The angle of (x, y): the arctangent of the lesser coordinate by the greater, moved to its octant.
  private func angle(_ lanes: Lanes, _ y: LLVMValue, _ x: LLVMValue) -> LLVMValue {
    let b = builder
    let (high, wide) = (b.fabs(y), b.fabs(x))
    let isSteep = b.fcmp(.ogt, high, wide)
    let greater = b.select(isSteep, high, wide)
    let lesser = b.select(isSteep, wide, high)
    var quotient = b.fdiv(lesser, greater)
    // Of two zeros the angle is that of the axis, of two infinities that of the diagonal.
    quotient = b.select(
      b.fcmp(.oeq, greater, lanes.constant(0)), lanes.constant(0), quotient)
    quotient = b.select(
      b.fcmp(.oeq, lesser, lanes.constant(.infinity)), lanes.constant(1), quotient)
    let square = b.fmul(quotient, quotient)
    let rest = b.fmul(b.fmul(square, quotient), lanes.polynomial(square, Self.arctangent))
    var angle = b.fadd(quotient, rest)
    angle = b.select(isSteep, b.fsub(lanes.constant(.pi / 2), angle), angle)
    let isLeft = b.icmp(.slt, lanes.bits(x), lanes.int(0))
    angle = b.select(isLeft, b.fsub(lanes.constant(.pi), angle), angle)
    let isNumber = b.fcmp(.ord, x, y)
    return b.copysign(b.select(isNumber, angle, lanes.constant(.nan)), y)
  }

  /// Of (atan q − q) / q³ in q², up to 1; relative to atan q the error is 2⁻³⁵.
  private static let arctangent = [
    -0x1.555555552843ap-2, 0x1.9999992244316p-3, -0x1.24922eae8609bp-3, 0x1.c717c7c1bc05ap-4,
    -0x1.7425acb13e55ep-4, 0x1.39851af4a0e9ep-4, -0x1.09b5c76aff80ep-4, 0x1.b1b76c9c6a591p-5,
    -0x1.3d9456c30b29cp-5, 0x1.7ce6bf2e13f66p-6, -0x1.501b58d7c5d83p-7, 0x1.78e5494f454ddp-9,
    -0x1.8c3df2f8025f2p-12,
  ]
}
