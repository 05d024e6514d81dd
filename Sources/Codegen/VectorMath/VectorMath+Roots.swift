package import LLVMBridge

/// Roots.
extension VectorMath {
  /// The correctly rounded square root.
  package func sqrt(_ x: LLVMValue) -> LLVMValue { builder.sqrt(x) }

  /// 1 / √x; ±∞ at ±0.
  ///
  /// With AVX-512 an approximation is refined by one step of third order (Householder's) for
  /// floats and two for doubles; elsewhere it is a division by the root. The two can differ in the last bit,
  /// so a single number, and the few of less than a register, take the way that vectors take, in the first
  /// lanes of a register.
  package func rsqrt(_ x: LLVMValue) -> LLVMValue {
    let register = x.type.withWidth(128 / x.type.scalarBits)
    if !x.type.isVector, AVX512(register, target) != nil {
      let lane = builder.insertElement(
        builder.poison(register), x, builder.int(0, builder.module.i32))
      return builder.extractElement(rsqrt(lane), 0)
    }
    let width = x.type.vectorWidth
    if x.type.isVector, width < register.vectorWidth, AVX512(register, target) != nil {
      let lanes = builder.shuffle(x, (0..<register.vectorWidth).map { $0 % width })
      return builder.shuffle(rsqrt(lanes), Array(0..<width))
    }
    return exactly(x) { lanes in
      let b = builder
      guard let avx512 = lanes.avx512 else {
        return b.fdiv(lanes.constant(1), b.sqrt(x))
      }
      let first = avx512.reciprocalSquareRoot(b, x)
      var y = first
      for _ in 0..<(lanes.isDouble ? 2 : 1) {
        // y (1 + e/2 + 3e²/8) with e = 1 − x y².
        let e = b.fma(b.fneg(b.fmul(x, y)), y, lanes.constant(1))
        let correction = b.fma(e, lanes.constant(0.375), lanes.constant(0.5))
        y = b.fma(b.fmul(y, e), correction, y)
      }
      // For zero and infinity the refinement is NaN and the approximation exact.
      return b.select(b.fcmp(.ord, y, y), y, first)
    }
  }
}
