import Adjoint
import Testing

/// Numbers of keys, which are those of JAX 0.10 for the same seed.
struct RandomKeyTests {
  private let key = RandomKey(seed: 42)

  @Test func keysAndBits() throws {
    #expect(try key.bits.scalars() == [0, 42])
    #expect(try RandomKey(seed: (1 << 40) + 5).bits.scalars() == [256, 5])
    #expect(
      try key.split(count: 3).map { try $0.bits.scalars() } == [
        [1_832_780_943, 270_669_613], [64_467_757, 2_916_123_636], [2_465_931_498, 255_383_827],
      ])
    #expect(try key.folding(7).bits.scalars() == [2_547_012_911, 1_371_500_959])
    #expect(
      try key.bits([5]).scalars()
        == [2_098_992_034, 2_919_706_841, 2_646_866_425, 2_409_546_199, 1_935_504_149])
  }

  @Test func uniformNumbers() throws {
    #expect(
      try key.uniform([4]).scalars()
        == [0x1.f470480000000p-2, 0x1.5c0e600000000p-1, 0x1.3b87f00000000p-1, 0x1.1f3d800000000p-1])
    #expect(
      try key.uniform([2, 2], low: Tensor<Float>(-3), high: 5).scalars()
        == [0x1.d1c1200000000p-1, 0x1.381cc00000000p+1, 0x1.ee1fc00000000p+0, 0x1.7cf6000000000p+0])
    #expect(
      try key.uniform([3], of: Double.self).scalars()
        == [0.4267275666499091, 0.015010069515314584, 0.5741444178995352])
  }

  @Test func distributions() throws {
    /// Whether numbers are near those of JAX.
    func near(_ numbers: Tensor<Float>, _ expected: [Float]) throws -> Bool {
      try numbers.isApproximatelyEqual(to: Tensor(expected), relativeTolerance: 1e-5)
    }
    #expect(
      try near(
        key.normal([5]),
        [-0.028304616, 0.46713185, 0.29570296, 0.15354592, -0.12403282]))
    #expect(
      try near(
        key.truncatedNormal([3], low: -1 as Float, high: 2), [0.14770006, 0.5684449, 0.42102551]))
    #expect(try near(key.exponential([3]), [0.6708175, 1.1388006, 0.957820]))
    #expect(
      try key.bernoulli([8], probability: 0.3).scalars()
        == [false, false, false, false, false, false, true, false])
    #expect(try key.integers([8], in: -5..<17).scalars() == [7, 7, 4, 14, 10, 12, 14, 2])
    #expect(
      try key.categorical(logits: [[0, 1, 2], [2, 0, -1]] as Tensor<Float>).scalars() == [2, 0])
    #expect(try key.permutation(10).scalars() == [7, 4, 2, 5, 3, 6, 8, 9, 0, 1])
  }

  @Test func keysInsideTransforms() throws {
    let step = jit { (key: RandomKey) in
      let keys = key.split()
      return (keys[0], keys[1].uniform([2]))
    }
    let (next, first) = try step(key)
    let (_, second) = try step(next)
    #expect(step.compilationCount == 1)
    #expect(try first.scalars() != second.scalars())
    #expect(try first.scalars() == key.split()[1].uniform([2]).scalars())
    let each = try vmap { (key: RandomKey) in key.uniform([2]) }(key.many(3))
    let alone = try key.split(count: 3).map { try $0.uniform([2]).scalars() }
    #expect(try [[Float]](each) == alone)
    #expect(throws: AdjointError.self) { try key.integers([2], in: 3..<3).scalars() }
  }
}
