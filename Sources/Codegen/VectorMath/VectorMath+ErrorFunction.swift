package import LLVMBridge

/// The error function.
extension VectorMath {
  /// erf x = (2/√π) ∫₀ˣ e^(−t²) dt.
  ///
  /// Near zero an odd polynomial; further out one minus an exponential of a polynomial that fits
  /// the logarithm of 1 − erf, whose error counts less the closer erf comes to 1.
  package func erf(_ x: LLVMValue) -> LLVMValue {
    exactly(x) { lanes in
      let b = builder
      // Beyond the bound the result rounds to 1.
      let magnitude = lanes.atMost(lanes.pick(4, 6), b.fabs(x))
      let inner = lanes.polynomial(
        b.fmul(magnitude, magnitude),
        lanes.isDouble ? Self.innerDoubles : Self.innerFloats)
      let near = b.fma(magnitude, inner, magnitude)
      let far = lanes.isDouble ? farDouble(magnitude, lanes) : farFloat(magnitude, lanes)
      let isNear = b.fcmp(.olt, magnitude, lanes.pick(0.9, 1))
      return b.copysign(b.select(isNear, near, far), x)
    }
  }

  /// 1 − e^q(x) with q in double precision.
  private func farDouble(_ x: LLVMValue, _ lanes: Lanes) -> LLVMValue {
    let b = builder
    let parts = ExponentialParts(lanes, lanes.polynomial(x, Self.outerDoubles))
    let scale = lanes.exp2(parts.power.exponent(lanes))
    return b.fsub(lanes.constant(1), b.fma(scale, parts.expm1, scale))
  }

  /// 1 − 2^q(x): the logarithm to base 2 needs no product to be split at integers, and what is
  /// subtracted is so small that 2 may be raised to the rest by a short polynomial.
  private func farFloat(_ x: LLVMValue, _ lanes: Lanes) -> LLVMValue {
    let b = builder
    let q = lanes.polynomial(x, Self.outerFloats)
    // The low bits of the sum are n with its bias: in the place of the exponent they are 2ⁿ.
    let shift = lanes.constant(0x1.8p23 + 127)
    let sum = b.fadd(q, shift)
    let rest = b.fsub(q, b.fsub(sum, shift))
    let scale = lanes.number(b.shl(lanes.bits(sum), lanes.int(23)))
    return b.fma(b.fneg(scale), lanes.polynomial(rest, Self.powerFloats), lanes.constant(1))
  }

  /// Of erf(x)/x − 1 in x², up to 0.9; the relative error is 2⁻²⁶.
  private static let innerFloats = [
    0x1.06eba6p-3, -0x1.8126fap-2, 0x1.ce1dd2p-4, -0x1.b6bee4p-6, 0x1.4876d6p-8, -0x1.3f4fa8p-11,
  ]
  /// Of log₂(1 − erf(x)) from 0.9 to 4; erf has a relative error of 2⁻²⁸.
  private static let outerFloats = [
    -0x1.f7b390p-13, -0x1.a0877ep+0, -0x1.d68242p-1, -0x1.339e1ep-3, 0x1.07bb6cp-5, -0x1.21d58ep-8,
    0x1.2bdb3cp-12,
  ]
  /// Of 2ˣ for |x| ≤ ½; the relative error is 2⁻²³.
  private static let powerFloats = [
    0x1.000002p+0, 0x1.62e428p-1, 0x1.ebf928p-3, 0x1.c6b7e6p-5, 0x1.3d0c52p-7, 0x1.5c08d2p-10,
  ]
  /// Of erf(x)/x − 1 in x², up to 1; the relative error is 2⁻⁵⁶.
  private static let innerDoubles = [
    0x1.06eba8214db68p-3, -0x1.812746b03799dp-2, 0x1.ce2f21a03f8bap-4, -0x1.b82ce311a9889p-6,
    0x1.565bcceedcb63p-8, -0x1.c02daeb78f1b8p-11, 0x1.f9a296c5c9955p-14, -0x1.f4c8305149c25p-17,
    0x1.b96b67106a366p-20, -0x1.5b8cdd4a18863p-23, 0x1.d3e12a8613863p-27, -0x1.a249dae2e4a69p-31,
  ]
  /// Of log(1 − erf(x)) from 1 to 6; erf has a relative error of 2⁻⁵⁵.
  private static let outerDoubles = [
    -0x1.0df5b3a714963p-21, -0x1.20dd1fd46a281p+0, -0x1.45f6274f5b269p-1, -0x1.a4ac5d0254e66p-4,
    0x1.3722985602194p-6, 0x1.ae920284756e1p-12, -0x1.f6407fd6069b0p-10, 0x1.940989bfa2b65p-11,
    -0x1.1b378dab6cd81p-13, -0x1.54089367593bfp-16, 0x1.7ee75172d0a51p-16, -0x1.22d3299169bebp-17,
    0x1.1ea5fb618798cp-19, -0x1.90d584b913870p-22, 0x1.8ec5aacc145c3p-25, -0x1.0e5c919baa9bfp-28,
    0x1.c1b18c3d2383bp-33, -0x1.5ad252bcb741dp-38,
  ]
}
