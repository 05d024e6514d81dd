import TensorIR
import Testing

@testable import Interpreter

/// Functions of elements: numbers worked out by hand or from tables, and special values.
@Suite struct ElementwiseTests {
  @Test(
    "Functions of one float",
    arguments: [
      (.abs, [-2, 3, -0.0], [2, 3, 0]), (.negate, [-2, 3, 0], [2, -3, -0.0]),
      (.sign, [-2, 3, -0.0, 0], [-1, 1, -0.0, 0]), (.exponential, [0, 1], [1, 2.718281828459045]),
      (.exponentialMinusOne, [0, 1e-10], [0, 1.00000000005e-10]),
      (.log, [1, 2], [0, 0.6931471805599453]),
      (.logPlusOne, [0, 1e-10], [0, 9.9999999995e-11]), (.logistic, [0, 800, -800], [0.5, 1, 0]),
      (.tanh, [0, 0.5], [0, 0.46211715726000973]), (.sine, [0, 1], [0, 0.8414709848078965]),
      (.cosine, [0, 1], [1, 0.5403023058681398]), (.sqrt, [4, 2], [2, 1.4142135623730951]),
      (.rsqrt, [4, 16], [0.5, 0.25]), (.floor, [-1.5, 1.5, -0.0], [-2, 1, -0.0]),
      (.erf, [0, 0.5], [0, 0.5204998778130465]), (.square, [-3, 0.5], [9, 0.25]),
    ] as [(UnaryOp, [Double], [Double])])
  func unaryFloats(op: UnaryOp, operand: [Double], expected: [Double]) throws {
    let result = try evaluate(.unary(op), floats([operand.count], operand)).doubles
    for (actual, expected) in zip(result, expected) {
      #expect(abs(actual - expected) <= 2 * expected.ulp, "\(op): \(actual)")
      #expect(actual.sign == expected.sign)
    }
    let single = try evaluate(.unary(op), floats([operand.count], operand, .f32)).doubles
    for (actual, expected) in zip(single, expected) where abs(expected) > 1e-9 || expected == 0 {
      #expect(actual == Double(Float(expected)), "\(op) of f32: \(actual)")
    }
  }

  @Test(
    "NaN, infinities and ends of domains",
    arguments: [
      (.abs, [.nan, -.infinity], [.nan, .infinity]), (.sign, [.nan, -.infinity], [.nan, -1]),
      (.exponential, [-.infinity, .infinity, 1000], [0, .infinity, .infinity]),
      (.log, [0, -1, .infinity], [-.infinity, .nan, .infinity]),
      (.logPlusOne, [-1, -2], [-.infinity, .nan]),
      (.logistic, [-.infinity, .infinity, .nan], [0, 1, .nan]),
      (.tanh, [-.infinity, .infinity], [-1, 1]), (.sine, [.infinity], [.nan]),
      (.sqrt, [-1, -0.0, .infinity], [.nan, -0.0, .infinity]),
      (.rsqrt, [0, -0.0, .infinity, -1], [.infinity, -.infinity, 0, .nan]),
      (.floor, [-.infinity, .nan], [-.infinity, .nan]), (.erf, [-.infinity, .infinity], [-1, 1]),
    ] as [(UnaryOp, [Double], [Double])])
  func unarySpecials(op: UnaryOp, operand: [Double], expected: [Double]) throws {
    for element in [ElementType.f32, .f64] {
      let result = try evaluate(.unary(op), floats([operand.count], operand, element))
      #expect(sameBits(result.doubles, expected), "\(op) \(element): \(result.doubles)")
    }
  }

  @Test("A small logistic keeps its relative accuracy")
  func smallLogistic() throws {
    let result = try evaluate(.unary(.logistic), floats([], [-50])).doubles[0]
    #expect(abs(result - 1.928749847963918e-22) < 1e-36)
  }

  @Test("is_finite")
  func isFinite() throws {
    let operand = floats([4], [.nan, .infinity, -.infinity, 1e308])
    #expect(try evaluate(.unary(.isFinite), operand) == integers([4], [0, 0, 0, 1], .i1))
  }

  @Test("Functions of one integer wrap")
  func unaryIntegers() throws {
    let operand = integers([4], [Int64(Int32.min), -3, 0, 70000], .i32)
    let low = Int64(Int32.min)
    #expect(try evaluate(.unary(.abs), operand).integers == [low, 3, 0, 70000])
    #expect(try evaluate(.unary(.negate), operand).integers == [low, 3, 0, -70000])
    #expect(try evaluate(.unary(.sign), operand).integers == [-1, -1, 0, 1])
    #expect(try evaluate(.unary(.not), operand).integers == [2_147_483_647, 2, -1, -70001])
    #expect(try evaluate(.unary(.square), operand).integers == [0, 9, 0, 605_032_704])
    #expect(try evaluate(.unary(.not), integers([2], [0, 1], .i1)).integers == [1, 0])
    #expect(try evaluate(.unary(.abs), integers([], [.min])).integers == [.min])
  }

  @Test(
    "Functions of two floats",
    arguments: [
      (.add, [1, .infinity], [2, -.infinity], [3, .nan]), (.subtract, [1, 0], [3, 0], [-2, 0]),
      (.multiply, [2, 0, -1], [3, .infinity, 0], [6, .nan, -0.0]),
      (.divide, [1, 1, -1, 0], [4, 0, 0, 0], [0.25, .infinity, -.infinity, .nan]),
      (.maximum, [1, .nan, 3, -0.0, 0], [2, 1, .nan, 0, -0.0], [2, .nan, .nan, 0, 0]),
      (.minimum, [1, .nan, 3, -0.0, 0], [2, 1, .nan, 0, -0.0], [1, .nan, .nan, -0.0, -0.0]),
      (
        .power, [2, 2, -2, .nan, -8, 0], [10, -1, 3, 0, 1.0 / 3, -1],
        [1024, 0.5, -8, 1, .nan, .infinity]
      ),
    ] as [(BinaryOp, [Double], [Double], [Double])])
  func binaryFloats(
    op: BinaryOp, left: [Double], right: [Double], expected: [Double]
  ) throws {
    for element in [ElementType.f32, .f64] {
      let (left, right) = (
        floats([left.count], left, element), floats([right.count], right, element)
      )
      let result = try evaluate(.binary(op), left, right)
      #expect(sameBits(result.doubles, expected), "\(op) \(element): \(result.doubles)")
    }
  }

  @Test("f32 results are rounded after every op")
  func singlePrecision() throws {
    let tenth = floats([], [0.1], .f32)
    let sum = try evaluate(.binary(.add), tenth, floats([], [0.2], .f32))
    #expect(sum.doubles == [Double(Float(0.1) + Float(0.2))])
    let product = try evaluate(.binary(.multiply), tenth, tenth)
    #expect(product.doubles == [Double(Float(0.1) * Float(0.1))])
    let huge = floats([], [3e38], .f32)
    #expect(try evaluate(.binary(.add), huge, huge).doubles == [.infinity])
  }

  @Test(
    "Functions of two integers truncate and wrap, and never trap",
    arguments: [
      (.add, [Int64(Int32.max), 1], [1, 2], [Int64(Int32.min), 3]),
      (.subtract, [Int64(Int32.min), 5], [1, 7], [Int64(Int32.max), -2]),
      (.multiply, [65536, -3], [65536, 5], [0, -15]),
      (
        .divide, [7, -7, 7, Int64(Int32.min), 0], [2, 2, 0, -1, 0],
        [3, -3, -1, Int64(Int32.min), -1]
      ),
      (.maximum, [1, -5], [2, -6], [2, -5]), (.minimum, [1, -5], [2, -6], [1, -6]),
      (
        .power, [2, -1, -1, 1, 2, 0, 3, 2, 0], [10, -3, -4, -7, -1, -1, 21, 32, 0],
        [1024, -1, 1, 1, 0, 0, 1_870_418_611, 0, 1]
      ),
      (.and, [12, -1], [10, 7], [8, 7]), (.or, [12, -8], [10, 7], [14, -1]),
    ] as [(BinaryOp, [Int64], [Int64], [Int64])])
  func binaryIntegers(op: BinaryOp, left: [Int64], right: [Int64], expected: [Int64]) throws {
    let result = try evaluate(
      .binary(op), integers([left.count], left, .i32), integers([right.count], right, .i32))
    #expect(result.integers == expected, "\(op): \(result.integers)")
  }

  @Test("Dividing the least i64 does not trap")
  func leastInteger() throws {
    let result = try evaluate(.binary(.divide), integers([2], [.min, 9]), integers([2], [-1, 0]))
    #expect(result.integers == [.min, -1])
  }

  @Test("Functions of two booleans")
  func binaryBooleans() throws {
    let (left, right) = (integers([4], [0, 0, 1, 1], .i1), integers([4], [0, 1, 0, 1], .i1))
    for op in [BinaryOp.add, .maximum, .or] {
      #expect(try evaluate(.binary(op), left, right).integers == [0, 1, 1, 1])
    }
    for op in [BinaryOp.multiply, .minimum, .and] {
      #expect(try evaluate(.binary(op), left, right).integers == [0, 0, 0, 1])
    }
  }

  @Test("Equal operands give the same as tensors of unequal elements")
  func splats() throws {
    let sum = try evaluate(
      .binary(.add), Literal(TensorType([3], .f32), filledWith: 2),
      Literal(TensorType([3], .f32), filledWith: 0.5))
    #expect(sum.type == TensorType([3], .f32) && sum.doubles == [2.5, 2.5, 2.5])
    let empty = floats([0, 2], [])
    #expect(try evaluate(.binary(.add), empty, empty) == empty)
    #expect(try evaluate(.unary(.tanh), empty) == empty)
  }
}
