import Interpreter
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Integers made of floats, and products of short integers, at the ends of their ranges.
@Suite struct NativeIntegerTests {
  /// Floats beyond all integers, at the ends of their ranges, between them, and NaN; each in a lane
  /// of its own, with a rest behind whole vectors.
  @Test(
    arguments: [ElementType.f32, .f64],
    [.i8, .u8, .i16, .u16, .i32, .u32, .i64, .u64] as [ElementType])
  func floatsAreHeldAtTheEnds(_ from: ElementType, _ to: ElementType) throws {
    var values: [Double] = [.nan, .infinity, -.infinity, 0, -0.0, 0.5, -0.5, -0.999, 1e30, -1e30]
    for exponent in [7, 8, 15, 16, 31, 32, 63, 64] {
      let power = Double(sign: .plus, exponent: exponent, significand: 1)
      values += [power, -power, power - 1, -power - 1, power - 0.5, -power - 0.5, power.nextDown]
      values += [Double(Float(power).nextDown), Double(-Float(power).nextUp), -power.nextUp]
    }
    let type = TensorType([values.count], from)
    var builder = FunctionBuilder(name: "main")
    let parameter = builder.parameter(type)
    let function = builder.finish(returning: [try builder.convert(parameter, to: to)])
    try check(function, [Literal(type, doubles: values)])
  }

  /// Sums that are the greatest and least ones which a float holds, and longer ones.
  @Test(arguments: [
    (ElementType.i8, 1024, -128.0), (.i8, 1025, -128), (.i8, 70, 127), (.u8, 256, 255),
    (.u8, 300, 255), (.i8, 3, -128),
  ])
  func productsOfBytesAreExact(_ element: ElementType, _ depth: Int, _ end: Double) throws {
    for result in [element == .i8 ? ElementType.i32 : .u32, element] {
      let (left, right) = (TensorType([17, depth], element), TensorType([depth, 35], element))
      var dimensions = DotDimensions(leftContracting: [1], rightContracting: [0])
      dimensions.resultElement = result == element ? nil : result
      var builder = FunctionBuilder(name: "main")
      let operands = [builder.parameter(left), builder.parameter(right)]
      let function = builder.finish(returning: [try builder.emit(.dot(dimensions), operands)])
      try check(function, [Literal(left, filledWith: end), Literal(right, filledWith: end)])
      var random = SplitMix64(seed: 7)
      let arguments = [left, right].map { type in
        let range = element == .i8 ? -128...127 : 0...255
        return Literal(
          type, integers: (0..<type.count).map { _ in Int64(random.int(in: range)) })
      }
      try check(function, arguments)
    }
  }

  /// Starts beyond either end of what their types hold are held at that end.
  @Test(arguments: [ElementType.i8, .u8, .i32, .u32, .i64, .u64])
  func startsAreHeldAtTheEnds(_ element: ElementType) throws {
    let (base, index) = (TensorType([3, 9], .f32), TensorType([], element))
    var builder = FunctionBuilder(name: "main")
    let operand = builder.parameter(base)
    let starts = [builder.parameter(index), builder.parameter(index)]
    let slice = try builder.emit(.dynamicSlice(sizes: [2, 4]), [operand] + starts)
    let update = try builder.emit(.dynamicUpdateSlice, [operand, slice] + starts.reversed())
    let function = builder.finish(returning: [slice, update])
    let values = Literal(base, doubles: (0..<base.count).map(Double.init))
    for (row, column) in [(1, 2), (-1, 3), (.min, .max), (.max, -2)] as [(Int64, Int64)] {
      let places = [row, column].map { Literal(index, integers: [$0]) }
      try check(function, [values] + places)
    }
    let beyond = [Literal](repeating: Literal(index, integers: [-1]), count: 2)
    let found = try Interpreter().run(function, [values] + beyond)
    #expect(found[0].doubles[0] == (element.kind == .unsigned ? 14 : 0))
  }

  /// Updates in numbers that four do not divide, in order, in range or not.
  @Test(arguments: [16, 17, 18, 19, 63])
  func updatesComeInOrder(_ count: Int) throws {
    for combination in [ScatterDimensions.Combination.set, .add] {
      let base = TensorType([5], .f32)
      var builder = FunctionBuilder(name: "main")
      let operand = builder.parameter(base)
      let indices = builder.parameter(TensorType([count, 1], .i32))
      let updates = builder.parameter(TensorType([count], .f32))
      let function = builder.finish(
        returning: [try builder.scattered(combination, operand, indices, updates)])
      let places = (0..<count).map { Int64($0 * 7 % 9 - 2) }
      try check(
        function,
        [
          Literal(base, filledWith: 1), Literal(TensorType([count, 1], .i32), integers: places),
          Literal(TensorType([count], .f32), doubles: (0..<count).map { Double($0) + 0.5 }),
        ])
    }
  }

  /// Compares with the interpreter to the bit, on each processor that runs here.
  private func check(_ function: Function, _ arguments: [Literal]) throws {
    let expected = try Interpreter().run(function, arguments)
    for target in TargetDescription.runnable {
      for threads in 1...2 {
        let found = try runNatively(function, arguments, threads: threads, target: target)
        for (result, expected) in zip(found, expected) {
          expectClose(result, expected, .exact, "\(target), \(threads)")
        }
      }
    }
  }
}
