import TensorIR
import Testing

@testable import Interpreter

/// Reductions and dot products.
@Suite struct ReductionTests {
  /// A reduction of a 2 × 3 tensor of the given numbers.
  private func reduced(
    _ kind: Reduction.Kind, _ dimensions: [Int], from initial: Double, _ values: [Double]
  ) throws -> [Double] {
    try evaluate(
      .reduce(Reduction(kind, dimensions: dimensions)), floats([2, 3], values),
      floats([], [initial])
    ).doubles
  }

  @Test("Reductions of floats")
  func floatReductions() throws {
    let values: [Double] = [1, 2, 3, 4, 5, 6]
    #expect(try reduced(.add, [0], from: 0, values) == [5, 7, 9])
    #expect(try reduced(.add, [1], from: 10, values) == [16, 25])
    #expect(try reduced(.add, [1, 0], from: 0, values) == [21])
    #expect(try reduced(.add, [], from: 1, values) == [2, 3, 4, 5, 6, 7])
    #expect(try reduced(.multiply, [1], from: 1, values) == [6, 120])
    #expect(try reduced(.maximum, [0], from: 5, values) == [5, 5, 6])
    #expect(try reduced(.minimum, [1], from: .infinity, values) == [1, 4])
    #expect(try sameBits(reduced(.maximum, [1], from: 0, [1, .nan, 2, 3, 4, 5]), [.nan, 5]))
  }

  @Test("Reductions of integers and booleans")
  func integerReductions() throws {
    let operand = integers([2, 2], [12, 10, Int64(Int32.max), 1], .i32)
    func reduce(_ kind: Reduction.Kind, _ initial: Int64) throws -> [Int64] {
      try evaluate(
        .reduce(Reduction(kind, dimensions: [1])), operand, integers([], [initial], .i32)
      ).integers
    }
    #expect(try reduce(.add, 0) == [22, Int64(Int32.min)])
    #expect(try reduce(.multiply, 2) == [240, -2])
    #expect(try reduce(.and, -1) == [8, 1])
    #expect(try reduce(.or, 0) == [14, Int64(Int32.max)])
    let booleans = integers([2, 2], [1, 0, 1, 1], .i1)
    for (kind, initial, expected) in [
      (Reduction.Kind.and, 1, [0, 1]), (.or, 0, [1, 1]), (.add, 0, [1, 1]), (.multiply, 1, [0, 1]),
    ] as [(Reduction.Kind, Int64, [Int64])] {
      let result = try evaluate(
        .reduce(Reduction(kind, dimensions: [1])), booleans, integers([], [initial], .i1))
      #expect(result.integers == expected)
    }
  }

  @Test("A reduction of nothing is the initial value")
  func emptyReductions() throws {
    let sum = Op.reduce(Reduction(.add, dimensions: [0]))
    #expect(try evaluate(sum, floats([0, 2], []), floats([], [7])).doubles == [7, 7])
    #expect(try evaluate(sum, floats([3, 0], []), floats([], [7])).doubles == [])
  }

  @Test("Sums of f32 are rounded once, products at each step")
  func accumulation() throws {
    let terms = floats([4], [16_777_216, 1, 1, 1], .f32)
    let sum = try evaluate(
      .reduce(Reduction(.add, dimensions: [0])), terms, floats([], [0], .f32))
    #expect(sum.doubles == [16_777_220])
    let factors = floats([4], [1e30, 1e30, 1e-30, 1e-30], .f32)
    let product = try evaluate(
      .reduce(Reduction(.multiply, dimensions: [0])), factors, floats([], [1], .f32))
    #expect(product.doubles == [.infinity])
    let dot = try evaluate(
      .dot(DotDimensions(leftContracting: [0], rightContracting: [0])), terms,
      floats([4], [1, 1, 1, 1], .f32))
    #expect(dot.doubles == [16_777_220])
  }

  @Test("Matrix products in every layout")
  func matrices() throws {
    // [[1, 2, 3], [4, 5, 6]] times [[1, 2], [3, 4], [5, 6]].
    let expected: [Double] = [22, 28, 49, 64]
    let left = floats([2, 3], [1, 2, 3, 4, 5, 6])
    let leftTransposed = floats([3, 2], [1, 4, 2, 5, 3, 6])
    let right = floats([3, 2], [1, 2, 3, 4, 5, 6])
    let rightTransposed = floats([2, 3], [1, 3, 5, 2, 4, 6])
    func dot(_ left: Literal, _ leftAxis: Int, _ right: Literal, _ rightAxis: Int) throws
      -> [Double]
    {
      try evaluate(
        .dot(DotDimensions(leftContracting: [leftAxis], rightContracting: [rightAxis])), left,
        right
      ).doubles
    }
    #expect(try dot(left, 1, right, 0) == expected)
    #expect(try dot(leftTransposed, 0, right, 0) == expected)
    #expect(try dot(left, 1, rightTransposed, 1) == expected)
    #expect(try dot(leftTransposed, 0, rightTransposed, 1) == expected)
  }

  @Test("Batches, several contracted axes, none, and empty ones")
  func otherProducts() throws {
    let batched = try evaluate(
      .dot(
        DotDimensions(
          leftBatching: [0], rightBatching: [1], leftContracting: [1], rightContracting: [0])),
      floats([2, 2], [1, 2, 3, 4]), floats([2, 2, 1], [5, 6, 7, 8]))
    #expect(batched.type.shape == [2, 1] && batched.doubles == [19, 50])
    let double = try evaluate(
      .dot(DotDimensions(leftContracting: [0, 1], rightContracting: [1, 0])),
      floats([2, 2], [1, 2, 3, 4]), floats([2, 2], [5, 6, 7, 8]))
    #expect(double.doubles == [69])
    let outer = try evaluate(
      .dot(DotDimensions(leftContracting: [], rightContracting: [])), integers([2], [2, 3]),
      integers([3], [1, 10, 100]))
    #expect(outer.integers == [2, 20, 200, 3, 30, 300])
    let empty = try evaluate(
      .dot(DotDimensions(leftContracting: [1], rightContracting: [0])), floats([2, 0], []),
      floats([0, 2], []))
    #expect(empty.doubles == [0, 0, 0, 0])
    let wrapping = try evaluate(
      .dot(DotDimensions(leftContracting: [0], rightContracting: [0])),
      integers([2], [65536, 1], .i32), integers([2], [65536, 5], .i32))
    #expect(wrapping.integers == [5])
  }
}
