import TensorIR
import Testing

@testable import Interpreter

/// Comparisons, choices, bounds, conversions and index tensors.
@Suite struct ChoiceTests {
  @Test(
    "Comparisons of floats; of a NaN only NE holds",
    arguments: [
      (.equal, [0, 1, 0, 1, 0]), (.notEqual, [1, 0, 1, 0, 1]), (.greaterOrEqual, [0, 1, 1, 1, 0]),
      (.greater, [0, 0, 1, 0, 0]), (.lessOrEqual, [1, 1, 0, 1, 0]), (.less, [1, 0, 0, 0, 0]),
    ] as [(Comparison.Direction, [Int64])])
  func floatComparisons(direction: Comparison.Direction, expected: [Int64]) throws {
    let result = try evaluate(
      .compare(Comparison(direction)), floats([5], [1, 2, 3, -0.0, .nan]),
      floats([5], [2, 2, 2, 0, .nan]))
    #expect(result == integers([5], expected, .i1))
  }

  @Test("Comparisons of integers are signed, of booleans false is less")
  func integerComparisons() throws {
    let less = Op.compare(Comparison(.less))
    let integerResult = try evaluate(
      less, integers([3], [-1, .max, 2]), integers([3], [1, .min, 2]))
    #expect(integerResult.integers == [1, 0, 0])
    let booleanResult = try evaluate(
      less, integers([4], [0, 0, 1, 1], .i1), integers([4], [0, 1, 0, 1], .i1))
    #expect(booleanResult.integers == [0, 1, 0, 0])
    let large = try evaluate(
      .compare(Comparison(.equal)), integers([], [9_007_199_254_740_993]),
      integers([], [9_007_199_254_740_992]))
    #expect(large.integers == [0])
  }

  @Test("select, element by element and by a scalar")
  func select() throws {
    let (yes, no) = (floats([3], [1, .nan, 3]), floats([3], [4, 5, 6]))
    let mixed = try evaluate(.select, integers([3], [1, 0, 1], .i1), yes, no)
    #expect(mixed.doubles == [1, 5, 3])
    #expect(try evaluate(.select, integers([], [0], .i1), yes, no) == no)
    #expect(try evaluate(.select, integers([], [1], .i1), yes, no) == yes)
  }

  @Test("clamp, with tensors and scalars as bounds")
  func clamp() throws {
    let operand = floats([4], [-5, 0.5, 5, .nan])
    let byScalars = try evaluate(.clamp, floats([], [-1]), operand, floats([], [1]))
    #expect(sameBits(byScalars.doubles, [-1, 0.5, 1, .nan]))
    let byTensors = try evaluate(
      .clamp, floats([4], [0, 1, 0, 0]), operand, floats([4], [1, 2, 9, 1]))
    #expect(sameBits(byTensors.doubles, [0, 1, 5, .nan]))
    let crossed = try evaluate(.clamp, integers([], [3]), integers([2], [0, 9]), integers([], [1]))
    #expect(crossed.integers == [1, 1])
  }

  @Test("Floats become integers by truncation, saturation, and zero for NaN")
  func convertToIntegers() throws {
    let operand = floats([7], [1.9, -1.9, 3e9, -3e9, .nan, .infinity, -0.5])
    #expect(
      try evaluate(.convert(to: .i32), operand).integers
        == [1, -1, 2_147_483_647, -2_147_483_648, 0, 2_147_483_647, 0])
    #expect(
      try evaluate(.convert(to: .i64), operand).integers
        == [1, -1, 3_000_000_000, -3_000_000_000, 0, .max, 0])
    #expect(try evaluate(.convert(to: .i1), operand).integers == [1, 1, 1, 1, 1, 1, 1])
    #expect(try evaluate(.convert(to: .i1), floats([2], [0, -0.0], .f32)).integers == [0, 0])
    let edge = floats([2], [9.3e18, -9.3e18], .f32)
    #expect(try evaluate(.convert(to: .i64), edge).integers == [.max, .min])
  }

  @Test("Integers wrap to shorter ones and are rounded once to floats")
  func convertIntegers() throws {
    let operand = integers([3], [4_294_967_297, -1, 16_777_217])
    #expect(try evaluate(.convert(to: .i32), operand).integers == [1, -1, 16_777_217])
    #expect(try evaluate(.convert(to: .i1), integers([2], [4_294_967_296, 0])).integers == [1, 0])
    #expect(
      try evaluate(.convert(to: .f32), operand).doubles == [4_294_967_296, -1, 16_777_216])
    // Rounding to a double first would give 2^60 + 2^36, then round to the even neighbour 2^60.
    let tie = integers([], [1_152_921_504_606_846_976 + 68_719_476_736 + 1])
    #expect(try evaluate(.convert(to: .f32), tie).doubles == [1_152_921_642_045_800_448])
    #expect(try evaluate(.convert(to: .f64), integers([2], [0, 1], .i1)).doubles == [0, 1])
  }

  @Test("Floats are rounded to shorter ones")
  func convertFloats() throws {
    let operand = floats([4], [0.1, 1e300, .nan, -0.0])
    let result = try evaluate(.convert(to: .f32), operand)
    #expect(result.type == TensorType([4], .f32))
    #expect(sameBits(result.doubles, [Double(Float(0.1)), .infinity, .nan, -0.0]))
  }

  @Test("iota counts along one axis")
  func iota() throws {
    let type = TensorType([2, 3], .i32)
    #expect(try evaluate(.iota(type, dimension: 0)).integers == [0, 0, 0, 1, 1, 1])
    #expect(try evaluate(.iota(type, dimension: 1)).integers == [0, 1, 2, 0, 1, 2])
    #expect(try evaluate(.iota(TensorType([2], .f32), dimension: 0)).doubles == [0, 1])
    #expect(try evaluate(.iota(TensorType([0], .f64), dimension: 0)).doubles == [])
  }

  @Test("Operands that break a typing rule and results beyond memory throw")
  func failures() throws {
    #expect(throws: AdjointError.self) {
      try evaluate(.binary(.add), floats([2], [1, 2]), floats([3], [1, 2, 3]))
    }
    #expect(throws: AdjointError.self) { try Op.unary(.abs).evaluated([]) }
    #expect(throws: AdjointError.self) {
      try evaluate(
        .shape(.broadcast(shape: [1 << 40, 1 << 40], dimensions: [])), floats([], [1]))
    }
    #expect(throws: AdjointError.self) {
      try Op.call(Callee("f", resultTypes: [])).evaluated([])
    }
  }
}
