package import LLVMBridge

/// The complement of the error function and the inverse of the error function.
extension VectorMath {
  /// 1 − erf x, to full relative accuracy where it is small.
  ///
  /// e^(−x²) times a polynomial in (x − 3½) / (x + 3½), after Schonfelder (1978); for negative x two
  /// less that of −x.
  package func erfc(_ x: LLVMValue) -> LLVMValue {
    throughDoubles([x], library: "erfc") { lanes, x in complement(lanes, x[0]) }
  }

  private func complement(_ lanes: Lanes, _ x: LLVMValue) -> LLVMValue {
    let b = builder
    let magnitude = lanes.atMost(lanes.constant(27.5), b.fabs(x))
    let shift = lanes.constant(3.5)
    let place = b.fdiv(b.fsub(magnitude, shift), b.fadd(magnitude, shift))
    let square = b.fmul(magnitude, magnitude)
    let rest = b.fma(magnitude, magnitude, b.fneg(square))
    // What rounding took from x² is a small factor of its exponential.
    let exponential = exp(b.fneg(square))
    let scale = b.fma(exponential, b.fneg(rest), exponential)
    let value = b.fmul(scale, lanes.polynomial(place, Self.complement))
    let isNegative = b.fcmp(.olt, x, lanes.constant(0))
    let reflected = b.fsub(lanes.constant(2), value)
    return b.select(b.fcmp(.ord, x, x), b.select(isNegative, reflected, value), x)
  }

  /// The number whose error function is x; ±∞ at ±1, NaN beyond.
  ///
  /// A polynomial in −log(1 − x²), further out in its root, after Giles (2010), and for doubles a step
  /// of Halley's method on erf, near one on erfc.
  package func erfInverse(_ x: LLVMValue) -> LLVMValue {
    let isDouble = x.type.scalarBits == 64
    return throughDoubles([x], library: nil) { lanes, x in
      let b = builder
      let one = lanes.constant(1)
      let magnitude = b.fabs(x[0])
      let w = b.fneg(log(b.fmul(b.fsub(one, magnitude), b.fadd(one, magnitude))))
      let inner = lanes.polynomial(b.fsub(w, lanes.constant(2.5)), Self.innerInverse)
      let root = b.sqrt(lanes.atLeast(lanes.constant(0), lanes.atMost(lanes.constant(38.4), w)))
      let outer = lanes.polynomial(b.fsub(root, lanes.constant(3)), Self.outerInverse)
      let slope = b.select(b.fcmp(.olt, w, lanes.constant(5)), inner, outer)
      var y = b.fmul(magnitude, slope)
      if isDouble { y = refined(lanes, y, magnitude) }
      y = b.select(b.fcmp(.oeq, magnitude, one), lanes.constant(.infinity), y)
      y = b.select(b.fcmp(.ogt, magnitude, one), lanes.constant(.nan), y)
      return b.copysign(y, x[0])
    }
  }

  /// A step of Halley's method towards erf y = x, for x from zero on.
  private func refined(_ lanes: Lanes, _ y: LLVMValue, _ x: LLVMValue) -> LLVMValue {
    let b = builder
    let near = b.fsub(erf(y), x)
    let far = b.fsub(b.fsub(lanes.constant(1), x), complement(lanes, y))
    let miss = b.select(b.fcmp(.olt, x, lanes.constant(0.5)), near, far)
    let density = exp(b.fneg(b.fmul(y, y)))
    let step = b.fdiv(miss, b.fmul(lanes.constant(2 / Double.pi.squareRoot()), density))
    return b.fsub(y, b.fdiv(step, b.fma(y, step, lanes.constant(1))))
  }

  /// Of e^(x²) erfc(x) in (x − 3½) / (x + 3½), from 0 to 28; the relative error is 2⁻⁶⁰.
  private static let complement = [
    0x1.3e0a99a0ee914p-3, -0x1.2835188dbb185p-2, 0x1.dd73839163f4cp-3, -0x1.4a6bda3b9662dp-3,
    0x1.82c6bb6820c58p-4, -0x1.7437cb6a401f3p-5, 0x1.1625b23f76007p-6, -0x1.1604f40f680b2p-8,
    0x1.185fa3dd62058p-12, 0x1.2e927189db5fap-12, -0x1.c5573ac0e381ep-14, -0x1.39a241ef2492dp-18,
    0x1.bfd4d63e8f80dp-17, -0x1.b5562253878cfp-20, -0x1.97f3b9b8d0e2dp-20, 0x1.8eaec6f95d14bp-22,
    0x1.9e8a2e26f0280p-23, -0x1.0dd88d5df91d2p-24, -0x1.f9d0a81a303c9p-26, 0x1.47d0002d3e382p-27,
    0x1.6b9f2f8b9e915p-28, -0x1.3db78de80ef38p-30, -0x1.0c0c631750c07p-30, 0x1.c6edfcc763db1p-36,
    0x1.1389bb831dce7p-33, 0x1.b23810dc9ec92p-36,
  ]
  /// Of the inverse of erf, divided by x, in w − 2½ for w = −log(1 − x²) up to 5; the relative error is
  /// 2⁻³⁵.
  private static let innerInverse = [
    0x1.805c5cfd043b8p+0, 0x1.f91e8993e00d7p-3, -0x1.11c3c460bbaa9p-8, -0x1.4863cd77abe81p-10,
    0x1.c9b4a8432cb27p-13, -0x1.4f4953321e49bp-18, -0x1.caad4c1e3e33cp-19, 0x1.010dee4262fe4p-21,
    0x1.d98cbaf0d2408p-27, -0x1.766c825a004cep-27, 0x1.c2b5865572ca7p-31, 0x1.1ad437a7cc8b8p-33,
    -0x1.68f6b3af48143p-36, -0x1.3ace6574bd4f9p-42,
  ]
  /// The same in √w − 3 for w from 5 to 38; the relative error is 2⁻²⁷.
  private static let outerInverse = [
    0x1.6a9efbe066dc2p+1, 0x1.006dcc50e845ep+0, 0x1.358053a79257dp-7, -0x1.f50f0c71ff906p-8,
    0x1.74d5b7b8f2b74p-8, -0x1.d1a7625e5058bp-9, 0x1.80389a54bce4dp-10, -0x1.3739a1b3a1d78p-13,
    -0x1.08a55d8737285p-12, 0x1.75c7409c513b0p-13, -0x1.b9a2d86f26e3ap-15, 0x1.8f37f1931b50dp-19,
    0x1.96e17490adfa3p-19, -0x1.1980ee98ff270p-20, 0x1.3f01640b976e6p-23, -0x1.1ad0228256c3fp-27,
  ]
}
