import Differentiation
import TensorIR
import TestSupport
import Testing

/// How cotangents of many slices of one value are put together.
@Suite struct CotangentTests {
  /// The gradient of the sum of sines of slices, each scaled by its position from one.
  private func gradient(
    _ shape: [Int], _ ranges: [(starts: [Int], limits: [Int], strides: [Int])]
  ) throws -> Function {
    try Function(TensorType(shape, .f64)) { builder, parameters in
      var total = try builder.constant(scalar(0))
      for (position, range) in ranges.enumerated() {
        let op = Op.shape(
          .slice(starts: range.starts, limits: range.limits, strides: range.strides))
        let slice = try builder.emit(op, [parameters[0]])
        let scale = try builder.splat(Double(position + 1), builder[slice])
        let terms = try builder.multiply(scale, builder.unary(.sine, slice))
        let axes = Array(builder[slice].shape.indices)
        total = try builder.add(total, builder.reduce(.add, terms, dimensions: axes))
      }
      return [total]
    }.withGradient(of: [0])
  }

  /// How often a function uses an op that a shape rule emits.
  private func count(_ function: Function, _ mnemonic: String) -> Int {
    function.operations.count { $0.op.mnemonic == "stablehlo." + mnemonic }
  }

  /// Records an issue unless the gradient of such a sum is right.
  private func expectRight(
    _ gradient: Function, _ shape: [Int],
    _ ranges: [(starts: [Int], limits: [Int], strides: [Int])]
  ) throws {
    let type = TensorType(shape, .f64)
    let point = Literal(type, doubles: (0..<type.count).map { Double($0) / 7 })
    var expected = [Double](repeating: 0, count: type.count)
    for (position, range) in ranges.enumerated() {
      for place in 0..<type.count {
        let coordinates = zip(type.shape, type.strides).map { place / $1 % $0 }
        let isRead = coordinates.indices.allSatisfy { axis in
          let offset = coordinates[axis] - range.starts[axis]
          return offset >= 0 && coordinates[axis] < range.limits[axis]
            && offset % range.strides[axis] == 0
        }
        if isRead { expected[place] += Double(position + 1) * cosine(point.doubles[place]) }
      }
    }
    expectNear(try run(gradient, [point])[1].doubles, expected, 1e-12)
  }

  /// The cosine, from its series, so that tests need no C library.
  private func cosine(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for step in stride(from: 1.0, to: 80, by: 2) {
      term *= -x * x / (step * (step + 1))
      sum += term
    }
    return sum
  }

  /// Ranges of a vector, with stride one.
  private func vectorRanges(
    _ bounds: [(Int, Int)]
  ) -> [(starts: [Int], limits: [Int], strides: [Int])] {
    bounds.map { ([$0.0], [$0.1], [1]) }
  }

  @Test func slicesThatTileAVectorAreConcatenated() throws {
    let ranges = vectorRanges([(2, 3), (0, 1), (3, 8), (1, 2)])
    let gradient = try gradient([8], ranges)
    #expect(count(gradient, "concatenate") == 1)
    #expect(count(gradient, "pad") == 0)
    try expectRight(gradient, [8], ranges)
  }

  @Test func gapsAreFilledWithZeros() throws {
    let ranges = vectorRanges([(1, 2), (5, 6), (3, 4)])
    let gradient = try gradient([8], ranges)
    #expect(count(gradient, "concatenate") == 1)
    #expect(count(gradient, "pad") == 1)
    try expectRight(gradient, [8], ranges)
  }

  @Test func slicesReadTwiceAreAddedBeforeTheyAreJoined() throws {
    let ranges = vectorRanges([(0, 4), (4, 8), (0, 4), (4, 8), (0, 4)])
    let gradient = try gradient([8], ranges)
    #expect(count(gradient, "concatenate") == 1)
    #expect(count(gradient, "pad") == 0)
    try expectRight(gradient, [8], ranges)
  }

  @Test func overlappingSlicesArePaddedAndAdded() throws {
    let ranges = vectorRanges([(0, 7), (1, 8)])
    let gradient = try gradient([8], ranges)
    #expect(count(gradient, "concatenate") == 0)
    #expect(count(gradient, "pad") == 2)
    try expectRight(gradient, [8], ranges)
  }

  @Test func manyOverlappingSlicesTakeAsManySumsAsTheyOverlap() throws {
    let ranges = vectorRanges((0..<30).map { ($0, $0 + 3) })
    let gradient = try gradient([32], ranges)
    #expect(count(gradient, "concatenate") == 3)
    try expectRight(gradient, [32], ranges)
  }

  @Test func elementsOfAMatrixAreJoinedAlongBothAxes() throws {
    let ranges = (0..<3).flatMap { row in
      (0..<4).map { ([row, $0], [row + 1, $0 + 1], [1, 1]) }
    }
    let gradient = try gradient([3, 4], ranges)
    #expect(count(gradient, "concatenate") == 4)
    #expect(count(gradient, "pad") == 0)
    try expectRight(gradient, [3, 4], ranges)
  }

  @Test func elementsOfATriangle() throws {
    let ranges = (0..<4).flatMap { row in
      (0...row).map { ([row, $0], [row + 1, $0 + 1], [1, 1]) }
    }
    let gradient = try gradient([4, 4], ranges)
    #expect(count(gradient, "add") <= ranges.count + 1)
    try expectRight(gradient, [4, 4], ranges)
  }

  @Test func stridedAndEmptySlices() throws {
    let ranges = [
      ([0], [9], [2]), ([1], [9], [2]), ([4], [4], [1]), ([3], [4], [5]), ([0], [9], [1]),
    ]
    try expectRight(gradient([9], ranges), [9], ranges)
  }

  @Test(arguments: 0..<40) func randomSlices(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let shape = (0..<random.int(in: 1...3)).map { _ in random.int(in: 1...5) }
    let ranges = (0..<random.int(in: 1...12)).map { _ in
      let starts = shape.map { random.int(in: 0...$0) }
      let limits = zip(shape, starts).map { random.int(in: $1...$0) }
      return (starts, limits, shape.map { _ in random.oneIn(3) ? random.int(in: 1...3) : 1 })
    }
    try expectRight(gradient(shape, ranges), shape, ranges)
  }
}
