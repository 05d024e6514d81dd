import Interpreter
import TensorIR
import TestSupport
import Testing

/// Cumulative combinations of so many elements that they are made in blocks, and chains of extremes.
@Suite struct NativePrefixTests {
  /// The bits of each result are those of one element after the other, with NaN and zeros of both signs.
  @Test(
    arguments: [
      (Reduction.Kind.maximum, ElementType.f32), (.minimum, .f32), (.maximum, .f64),
      (.minimum, .f64), (.maximum, .bf16), (.add, .i32), (.multiply, .u64), (.maximum, .i8),
      (.and, .u16), (.or, .i1),
    ], [[16_384], [16_411], [16_400, 2]])
  func blocksGiveTheBitsOfOneChain(
    _ form: (kind: Reduction.Kind, element: ElementType), _ shape: [Int]
  ) throws {
    let type = TensorType(shape, form.element)
    var random = SplitMix64(seed: 7)
    let values = (0..<type.count).map { place -> Double in
      if !form.element.isFloat { return Double(random.int(in: 0...1)) * Double(place % 100) }
      if place > type.count / 2, random.oneIn(5000) { return .nan }
      return random.oneIn(50) ? -0.0 : -Double(random.int(in: 0...9)) * Double(place % 77) / 4
    }
    let argument =
      form.element.isFloat
      ? Literal(type, doubles: values)
      : Literal(type, integers: values.map { form.element == .i1 ? Int64($0) & 1 : Int64($0) | 1 })
    var builder = FunctionBuilder(name: "main")
    let operand = builder.parameter(type)
    // One direction for each shape: the interpreter takes a while for so many elements.
    let function = builder.finish(returning: [
      try builder.prefixes(operand, form.kind, along: 0, isReversed: shape == [16_411])
    ])
    let expected = try Interpreter().run(function, [argument])
    for threads in [1, 2] {
      #expect(try runNatively(function, [argument], threads: threads) == expected)
    }
  }

  /// A chain of scalars that is no prefix: each step's extreme of two things, of all kinds of numbers.
  @Test(arguments: [ElementType.f32, .f64, .f16], [BinaryOp.maximum, .minimum])
  func extremesOfScalars(_ element: ElementType, _ op: BinaryOp) throws {
    let parts = [0, -0.0, 1, -1.5, .infinity, -.infinity, .nan]
    let pairs = parts.flatMap { first in parts.map { (first, $0) } }
    let type = TensorType([pairs.count], element), scalar = TensorType([], element)
    var body = FunctionBuilder(name: "region")
    _ = body.parameter(TensorType([], .i64))
    let last = body.parameter(scalar)
    let value = try body.binary(op, body.parameter(scalar), body.parameter(scalar))
    let next = try body.binary(op, last, value)
    let scan = Scan(
      length: pairs.count, captureCount: 0, carryCount: 1,
      body: body.finish(returning: [next, value]))
    var builder = FunctionBuilder(name: "main")
    let operands = [builder.parameter(scalar), builder.parameter(type), builder.parameter(type)]
    let function = builder.finish(returning: try builder.emitAll(.scan(scan), operands))
    let arguments = [
      Literal(scalar, doubles: [0.5]), Literal(type, doubles: pairs.map(\.0)),
      Literal(type, doubles: pairs.map(\.1)),
    ]
    let (results, expected) = (
      try runNatively(function, arguments), try Interpreter().run(function, arguments)
    )
    #expect(results[0].doubles[0].isNaN && expected[0].doubles[0].isNaN)
    for (own, other) in zip(results[1].doubles, expected[1].doubles) {
      #expect(own.isNaN ? other.isNaN : own == other && own.sign == other.sign)
    }
  }

  /// Extremes in lanes of all kinds of numbers, of vectors of several widths.
  @Test(
    arguments: [ElementType.f32, .f64, .f16], [BinaryOp.maximum, .minimum])
  func extremesOfVectors(_ element: ElementType, _ op: BinaryOp) throws {
    let parts = [0, -0.0, 1, -1.5, .infinity, -.infinity, .nan]
    let pairs = parts.flatMap { first in parts.map { (first, $0) } }
    for count in [4, 7, 8, pairs.count] {
      for start in stride(from: 0, through: pairs.count - count, by: count) {
        let type = TensorType([count], element)
        var builder = FunctionBuilder(name: "main")
        let (left, right) = (builder.parameter(type), builder.parameter(type))
        let function = builder.finish(returning: [try builder.binary(op, left, right)])
        let some = pairs[start..<(start + count)]
        let arguments = [
          Literal(type, doubles: some.map(\.0)), Literal(type, doubles: some.map(\.1)),
        ]
        let results = try runNatively(function, arguments)[0].doubles
        let expected = try Interpreter().run(function, arguments)[0].doubles
        for (own, other) in zip(results, expected) {
          #expect(own.isNaN ? other.isNaN : own == other && own.sign == other.sign)
        }
      }
    }
  }
}
