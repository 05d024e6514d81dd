import Adjoint
import Testing

/// Forms that users of other frameworks write first.
struct FamiliarFormsTests {
  @Test func transformsOfRealNumbers() throws {
    let x: Tensor<Double> = [1, 2, 3]
    let spectrum = fft(x)
    #expect(try abs(spectrum[0]).item() == 6)
    #expect(try ifft(spectrum).real.isApproximatelyEqual(to: x))
    #expect(try ifft(x)[0].real.item() == 2)
    let slope = try gradient(at: x) { x in square(abs(fft(x))).sum() }
    #expect(try slope.isApproximatelyEqual(to: 6 * x))
  }

  @Test func distancesOfComplexNumbers() throws {
    #expect(try abs(Tensor([Complex<Float>(3, -4)])).scalars() == [5])
    // Where nothing says that a type is complex, the result could not be real.
    func generic<Scalar: TensorNumeric>(_ x: Tensor<Scalar>) -> Tensor<Scalar> { abs(x) }
    #expect(throws: AdjointError.self) {
      try generic(Tensor([Complex<Float>(3, -4)])).scalars()
    }
  }

  @Test func shifts() throws {
    let x: Tensor<Int> = [7, -7]
    #expect(try (x << 1).scalars() == [14, -14])
    #expect(try (x >> 1).scalars() == [3, -4])
    #expect(try (Tensor<UInt8>([200]) >> 3).item() == 25)
    #expect(try (Tensor<UInt8>([200]) << 9).item() == 0)
  }

  @Test func zerosAroundAndTreesTimesNumbers() throws {
    let padded = Tensor<Float>([[1]]).padded(low: [1, 0], high: [0, 1])
    #expect(try [[Float]](padded) == [[0, 0], [1, 0]])
    let tree: [String: Tensor<Float>] = ["w": [1, 2]]
    #expect(try (tree * 0.5 - tree)["w"]?.scalars() == [-0.5, -1])
  }
}
