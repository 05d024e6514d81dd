import TensorIR
import Testing

@testable import Interpreter

/// Rearrangements of the numbers from one up.
@Suite struct ShapeOpTests {
  /// The numbers from one up in a shape.
  private func counted(_ shape: [Int]) -> Literal {
    integers(shape, (0..<shape.reduce(1, *)).map { Int64($0 + 1) }, .i32)
  }

  /// The integers of a rearrangement of `counted(shape)`.
  private func rearranged(_ op: ShapeOp, _ shape: [Int]) throws -> [Int64] {
    try evaluate(.shape(op), counted(shape)).integers
  }

  @Test("broadcast_in_dim")
  func broadcast() throws {
    #expect(
      try rearranged(.broadcast(shape: [2, 3], dimensions: [1]), [3]) == [1, 2, 3, 1, 2, 3])
    #expect(
      try rearranged(.broadcast(shape: [2, 3], dimensions: [0]), [2]) == [1, 1, 1, 2, 2, 2])
    #expect(
      try rearranged(.broadcast(shape: [2, 3], dimensions: [0, 1]), [2, 1]) == [1, 1, 1, 2, 2, 2])
    #expect(
      try rearranged(.broadcast(shape: [3, 2], dimensions: [1, 0]), [2, 3]) == [1, 4, 2, 5, 3, 6])
    #expect(try rearranged(.broadcast(shape: [3], dimensions: []), []) == [1, 1, 1])
    #expect(try rearranged(.broadcast(shape: [0, 2], dimensions: [1]), [2]) == [])
  }

  @Test("reshape, transpose and reverse")
  func permutations() throws {
    #expect(
      try evaluate(.shape(.reshape(shape: [3, 2])), counted([2, 3])) == counted([3, 2]))
    #expect(try rearranged(.transpose(permutation: [1, 0]), [2, 3]) == [1, 4, 2, 5, 3, 6])
    #expect(
      try rearranged(.transpose(permutation: [2, 0, 1]), [2, 1, 3]) == [1, 4, 2, 5, 3, 6])
    #expect(try rearranged(.reverse(dimensions: [1]), [2, 3]) == [3, 2, 1, 6, 5, 4])
    #expect(try rearranged(.reverse(dimensions: [0]), [2, 3]) == [4, 5, 6, 1, 2, 3])
    #expect(try rearranged(.reverse(dimensions: [0, 1]), [2, 3]) == [6, 5, 4, 3, 2, 1])
    #expect(try rearranged(.reverse(dimensions: [0]), [0]) == [])
  }

  @Test("slice")
  func slice() throws {
    #expect(
      try rearranged(.slice(starts: [1, 0], limits: [3, 3], strides: [1, 2]), [3, 3])
        == [4, 6, 7, 9])
    #expect(try rearranged(.slice(starts: [1], limits: [6], strides: [3]), [7]) == [2, 5])
    #expect(try rearranged(.slice(starts: [3], limits: [3], strides: [1]), [3]) == [])
    #expect(
      try rearranged(
        .slice(starts: [0, 1], limits: [2, 3], strides: [1, .max]), [2, 3]) == [2, 5])
  }

  @Test(
    "pad with zeros: outside, between, and cutting",
    arguments: [
      ([3], [1], [2], [0], [0, 1, 2, 3, 0, 0]), ([3], [0], [0], [2], [1, 0, 0, 2, 0, 0, 3]),
      ([5], [-1], [-2], [0], [2, 3]), ([5], [-2], [1], [0], [3, 4, 5, 0]),
      ([3], [-1], [-1], [1], [0, 2, 0]), ([2], [-1], [-1], [3], [0, 0, 0]),
      ([2], [-4], [5], [0], [0, 0, 0]), ([0], [2], [1], [1], [0, 0, 0]), ([3], [-3], [0], [0], []),
      ([1], [0], [1], [.max], [1, 0]),
      ([2, 2], [1, 0], [0, -1], [0, 1], [0, 0, 1, 0, 3, 0]),
    ] as [([Int], [Int], [Int], [Int], [Int64])])
  func pad(
    shape: [Int], low: [Int], high: [Int], interior: [Int], expected: [Int64]
  ) throws {
    let result = try evaluate(
      .shape(.pad(low: low, high: high, interior: interior)), counted(shape),
      integers([], [0], .i32))
    #expect(result.integers == expected)
  }

  @Test("concatenate")
  func concatenate() throws {
    let (left, right) = (counted([2, 2]), integers([2, 1], [8, 9], .i32))
    #expect(
      try evaluate(.shape(.concatenate(dimension: 1)), left, right).integers == [1, 2, 8, 3, 4, 9])
    #expect(
      try evaluate(.shape(.concatenate(dimension: 0)), counted([2]), counted([0]), counted([1]))
        .integers == [1, 2, 1])
  }

  @Test("Elements of every width move unchanged", arguments: ElementType.allCases)
  func widths(element: ElementType) throws {
    let operand = integers([2, 2], [0, 1, 1, 0], element)
    let result = try evaluate(.shape(.transpose(permutation: [1, 0])), operand)
    #expect(result == integers([2, 2], [0, 1, 1, 0], element))
    let row = try evaluate(
      .shape(.slice(starts: [0, 0], limits: [1, 2], strides: [1, 1])), operand)
    #expect(row == integers([1, 2], [0, 1], element))
  }
}
