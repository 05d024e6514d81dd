import Adjoint
import Testing

/// `BFloat16` is a float like others, alone and in tensors.
struct BFloat16Tests {
  @Test func tensors() throws {
    let x: Tensor<BFloat16> = [1, 2, 3]
    #expect(try (x * x + 1).scalars() == [2, 5, 10])
    #expect(try matmul(x, x).item() == 14)
    #expect(try gradient(at: x) { x in square(x).sum() }.scalars() == [2, 4, 6])
    #expect(try x.mean().item() == 2)
    let half: BFloat16 = 0.5
    let scaled = jit { (x: Tensor<BFloat16>) in x * half }
    #expect(try scaled(x).scalars() == [0.5, 1, 1.5])
    #expect(
      try Tensor<BFloat16>(stride(from: 0, to: 1, by: 0.25)).scalars() == [0, 0.25, 0.5, 0.75])
  }

  /// Numbers are rounded to the nearest, ties to even; integers too, however many digits they have.
  @Test func rounding() {
    #expect(BFloat16(257) == 256)
    #expect(BFloat16(259) == 260)
    #expect(BFloat16(257 << 40 | 1) == 258 * BFloat16(1 << 40))
    #expect(BFloat16(257 << 54 | 1) == 258 * BFloat16(1 << 54))
    #expect(BFloat16(-(257 << 54 | 1)) == -258 * BFloat16(1 << 54))
    #expect(BFloat16(UInt64.max) == BFloat16(sign: .plus, exponent: 64, significand: 1))
    #expect((BFloat16(256) + 1) == 256)
    #expect(BFloat16(exactly: 257) == nil)
    #expect(BFloat16(exactly: 258) == 258)
    #expect(BFloat16(2).squareRoot() == 1.4140625)
  }

  /// The constants and parts of a number are those that its bits say.
  @Test func parts() {
    #expect(BFloat16.greatestFiniteMagnitude.nextUp == .infinity)
    #expect(BFloat16.leastNonzeroMagnitude.nextDown.isZero)
    #expect(BFloat16.leastNormalMagnitude.nextDown.isSubnormal)
    #expect(BFloat16.nan.isNaN && BFloat16.nan != .nan && !BFloat16.nan.isSignalingNaN)
    #expect(BFloat16.signalingNaN.isSignalingNaN)
    #expect((1 as BFloat16).ulp == 0.0078125)
    #expect((1 as BFloat16).nextUp == 1.0078125)
    #expect((-6 as BFloat16).exponent == 2)
    #expect((-6 as BFloat16).significand == 1.5)
    #expect(BFloat16(sign: .minus, exponent: 2, significand: 1.5) == -6)
    #expect(BFloat16.pi < 3.15 && BFloat16.pi > 3.13)
    #expect([3, -1, 2].map { BFloat16($0) }.sorted() == [-1, 2, 3])
    #expect((7 as BFloat16).truncatingRemainder(dividingBy: 4) == 3)
    #expect((2.5 as BFloat16).rounded() == 3)
    #expect(Int(3.75 as BFloat16) == 3)
  }
}
