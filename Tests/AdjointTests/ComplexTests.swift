import Adjoint
import Foundation
import Testing

/// Tensors of complex numbers, and Fourier transforms.
@Suite struct ComplexTests {
  private typealias C = Complex<Double>

  @Test func arithmetic() throws {
    let z = Tensor<C>([C(1, 2), C(0, -1)])
    #expect(try (z * z).scalars() == [C(-3, 4), C(-1, 0)])
    #expect(try (z / z).scalars() == [C(1, 0), C(1, 0)])
    #expect(try Tensor<C>([C(3, -4)]).magnitude.scalars() == [5])
    #expect(try z.conjugate.scalars() == [C(1, -2), C(0, 1)])
    #expect(try z.real.scalars() == [1, 0])
    #expect(try z.imaginary.scalars() == [2, -1])
  }

  @Test func partsAreBroadcastTogether() throws {
    let z = Tensor<C>(real: Tensor<Double>([1, 2]), imaginary: Tensor<Double>(3))
    #expect(try z.scalars() == [C(1, 3), C(2, 3)])
    let endless = Tensor<C>(real: Tensor<Double>([.infinity]), imaginary: Tensor<Double>(3))
    #expect(try endless.scalars() == [C(.infinity, 3)])
    #expect(throws: AdjointError.self) {
      try Tensor<C>(real: Tensor<Double>([1, 2]), imaginary: Tensor<Double>([1, 2, 3])).scalars()
    }
  }

  /// The gradient of |z|² is 2z̄: the cotangent pairs with a step without a conjugate.
  @Test func gradientOfASquaredDistance() throws {
    let slope = gradient { (z: Tensor<C>) in (z * z).magnitude.sum() }
    let result = try slope(Tensor<C>([C(1, 2), C(-3, 0.5)])).scalars()
    for (value, expected) in zip(result, [C(2, -4), C(-6, -1)]) {
      #expect((value - expected).magnitude < 1e-12)
    }
  }

  /// A divisor without imaginary part divides each part, also where it comes from outside of a loop.
  @Test func realDivisorsDivideParts() throws {
    let numbers = [C(1, 2), C(-3, 0.1), C(1e300, -7), C(0, 5)]
    let divisors = [3.0, 0.7, 1e-10, 0.0]
    let step = jit { (z: Tensor<C>, r: Tensor<Double>) in
      let divisor = Tensor<C>(real: r, imaginary: 0)
      return try forLoop(2, z) { _, z in z / divisor }
    }
    let results = try step(Tensor<C>(numbers), Tensor<Double>(divisors)).scalars()
    for ((number, divisor), result) in zip(zip(numbers, divisors), results) {
      #expect(result.imaginary == number.imaginary / divisor / divisor)
      let real = number.real / divisor / divisor
      #expect(result.real == real || real.isNaN && result.real.isNaN)
    }
    let slope = try gradient(at: Tensor<C>(numbers), Tensor<Double>([1, 2, 3, 4])) { z, r in
      (z / Tensor<C>(real: r, imaginary: 0)).imaginary.sum()
    }
    for (part, expected) in zip(try slope.0.scalars(), [1, 0.5, 1 / 3.0, 0.25]) {
      #expect(part.real == 0 && part.imaginary == -expected)
    }
    for (part, expected) in zip(try slope.1.scalars(), [-2, -0.025, 7 / 9.0, -5 / 16.0]) {
      #expect(abs(part - expected) < 1e-15)
    }
  }

  @Test func transformsInvertEachOther() throws {
    let x = Tensor<Double>((0..<30).map { sin(Double($0 * $0)) }).reshaped(to: [3, 10])
    let back = irfft(rfft(x))
    for (value, expected) in zip(try back.scalars(), try x.scalars()) {
      #expect(abs(value - expected) < 1e-14)
    }
    let z = Tensor<C>(real: x, imaginary: x * 2)
    let same = ifft(fft(z, axes: [0, 1]), axes: [1, 0])
    for (value, expected) in zip(try same.scalars(), try z.scalars()) {
      #expect((value - expected).magnitude < 1e-14)
    }
  }

  @Test func transformOfAWaveIsOneElement() throws {
    let n = 12
    let wave = Tensor<C>(
      (0..<n).map { C(cos(2 * .pi * Double(3 * $0) / 12), sin(2 * .pi * Double(3 * $0) / 12)) })
    for (index, value) in try fft(wave).scalars().enumerated() {
      #expect((value - C(index == 3 ? 12 : 0, 0)).magnitude < 1e-13)
    }
  }

  @Test func wrongAxesAreErrors() {
    #expect(throws: AdjointError.self) { try fft(Tensor<C>([C(1, 0)]), axes: [1]).scalars() }
    #expect(throws: AdjointError.self) { try rfft(Tensor<Double>(1)).scalars() }
  }
}
