import LoopIR
import TensorIR
import Testing

/// Addresses taken apart into subscripts, and the intervals that decide it.
@Suite struct SubscriptTests {
  /// A kernel with variables `i` below 4 and `j` below 6.
  private static let ranges: IndexRanges = {
    var sketch = KernelSketch("k", slots: [])
    _ = sketch.variable("i", 4)
    _ = sketch.variable("j", 6)
    return IndexRanges(sketch.kernel)
  }()
  private static let i = IndexExpression(VariableID(0))
  private static let j = IndexExpression(VariableID(1))

  @Test(arguments: [
    ([4, 6], i * 6 + j, [i, j]),
    ([6, 4], j * 4 + i, [j, i]),
    ([8, 6], i * 12 + j, [i * 2, j]),
    ([4, 6], i * 6 + j * -1 + 5, [i, j * -1 + 5]),
    ([4, 6], i * -6 + j + 18, [i * -1 + 3, j]),
    ([4, 4], i * 5, [i, i]),
    ([5, 8], i * 8 + j + 9, [i + 1, j + 1]),
    ([4, 1, 6], i * 6 + j, [i, IndexExpression(0), j]),
    ([3], IndexExpression(2), [IndexExpression(2)]),
    ([], IndexExpression(0), []),
  ])
  func splits(shape: [Int], address: IndexExpression, expected: [IndexExpression]) {
    #expect(address.subscripts(in: shape, Self.ranges) == expected)
  }

  @Test(arguments: [
    ([4, 5], i * 6 + j),
    ([24], i * 6 + j + 1),
    ([2, 2], i),
    ([0, 6], j),
    ([], i),
  ])
  func leavesWhatDoesNotSplit(shape: [Int], address: IndexExpression) {
    #expect(address.subscripts(in: shape, Self.ranges) == nil)
  }

  @Test func guardedSubscriptsMayLeaveTheirAxis() {
    let address = Self.i * 6 + Self.j + -7
    #expect(
      address.subscripts(in: [4, 6], Self.ranges, fit: .overlapping)
        == [Self.i + -1, Self.j + -1])
    #expect(address.subscripts(in: [4, 6], Self.ranges) == nil)
  }

  @Test func rangesOfQuotientsAndRemainders() {
    let flat = Self.i * 6 + Self.j
    #expect(Self.ranges.range(of: flat) == 0...23)
    #expect(Self.ranges.range(of: (flat + -5).divided(by: 4)) == -2...4)
    #expect(Self.ranges.range(of: flat.remainder(by: 5)) == 0...4)
    #expect(Self.ranges.range(of: (Self.i + 8).remainder(by: 16)) == 8...11)
    #expect(Self.ranges.range(of: IndexExpression(VariableID(7))) == .unknown)
  }

  /// A place counted from the start of its block is less than the block's size.
  @Test func rangesWithinBlocks() {
    var k = KernelSketch("k", slots: [])
    let (block, row, inner) = (k.variable("b", 3), k.variable("r", 11), k.variable("j", 5))
    k.kernel.body = [
      loop(block, .parallel, .full, [loop(row, .serial, .block(block, size: 4), [])])
    ]
    let ranges = IndexRanges(k.kernel)
    let (b, r, j) = (IndexExpression(block), IndexExpression(row), IndexExpression(inner))
    #expect(ranges.range(of: r + b * -4) == 0...3)
    #expect(ranges.range(of: r * 5 + j + b * -20) == 0...19)
    #expect(ranges.range(of: r * -5 + b * 20 + 15) == 0...15)
    #expect(ranges.range(of: r + b * -3) == 0...5)
    #expect(ranges.range(of: r) == 0...10)
  }

  /// So is one counted from the start of the block of blocks it is in.
  @Test func rangesWithinBlocksOfBlocks() {
    var k = KernelSketch("k", slots: [])
    let (block, strip, row) = (k.variable("b", 2), k.variable("s", 5), k.variable("r", 18))
    k.kernel.body = [
      loop(
        block, .parallel, .full,
        [
          loop(
            strip, .serial, .block(block, size: 3),
            [loop(row, .serial, .block(strip, size: 4), [])])
        ])
    ]
    let ranges = IndexRanges(k.kernel)
    let (b, s, r) = (IndexExpression(block), IndexExpression(strip), IndexExpression(row))
    #expect(ranges.range(of: r + b * -12) == 0...11)
    #expect(ranges.range(of: r + s * -4) == 0...3)
    #expect(ranges.range(of: r * 2 + b * -24 + 1) == 1...23)
    #expect(ranges.range(of: s + b * -3) == 0...2)
  }

  @Test func rangesOfClampedScalars() {
    var k = KernelSketch("k", slots: [0])
    var body = [Node]()
    let raw = k.load(0, IndexExpression(0), .i64, in: &body)
    let raised = k.binary(.maximum, raw, k.number(0, .i64, in: &body), in: &body)
    let held = k.binary(.minimum, raised, k.number(9, .i64, in: &body), in: &body)
    let shifted = k.binary(.add, held, held, in: &body)
    k.kernel.body = body
    let ranges = IndexRanges(k.kernel)
    #expect(ranges.range(of: raw) == .unknown)
    #expect(ranges.range(of: raised) == 0 ... .max)
    #expect(ranges.range(of: held) == 0...9)
    #expect(ranges.range(of: shifted) == 0...18)
  }
}
