import Interpreter
import Runtime
import TensorIR
import TestSupport
import Testing

/// Functions of complex numbers with zero, infinite and unknown parts, beside poles and branch points, are
/// what the C library makes of them, which follows Annex G of C99; functions that it lacks are what the
/// interpreter makes of its.
@Suite struct NativeComplexEdgeTests {
  private static let parts: [Double] = [
    0, -0.0, 1, -1, 2.5, -30, .infinity, -.infinity, .nan,
  ]

  @Test(
    arguments: [
      UnaryOp.exponential, .log, .sqrt, .sinh, .cosh, .tanh, .sine, .cosine, .tangent, .asin, .acos,
      .atan, .asinh, .acosh, .atanh, .exponentialMinusOne, .logPlusOne, .logistic, .rsqrt,
      .cubeRoot, .sign,
    ], [ElementType.c64, .c128])
  func agreesWithTheLibrary(_ op: UnaryOp, _ element: ElementType) throws {
    let part = element == .c64 ? ElementType.f32 : .f64
    var points = Self.parts.flatMap { real in Self.parts.map { (real, $0) } }
    if part == .f64 { points += [(1, 1e-310), (-1, 1e-200), (1e-310, -1)] }
    let type = TensorType([points.count], part)
    var builder = FunctionBuilder(name: "main")
    let (real, imaginary) = (builder.parameter(type), builder.parameter(type))
    let value = try builder.unary(op, builder.emit(.complex(.make), [real, imaginary]))
    let function = builder.finish(returning: [
      try builder.emit(.complex(.real), [value]), try builder.emit(.complex(.imaginary), [value]),
    ])
    let arguments = [
      Literal(type, doubles: points.map(\.0)), Literal(type, doubles: points.map(\.1)),
    ]
    let expected = try Interpreter().run(function, arguments).map(\.doubles)
    let results = try runNatively(function, arguments).map(\.doubles)
    let turns = [.sine, .cosine, .tangent].contains(op)
    for (position, point) in points.enumerated() {
      let isUnknown =
        point.0.isNaN || !point.1.isFinite || (turns && !point.0.isFinite)
      for side in 0...1 {
        let (own, other) = (results[side][position], expected[side][position])
        #expect(
          agrees(own, other, atUnknown: isUnknown),
          "\(op.rawValue) of \(point): \(own), not \(other)")
      }
    }
  }

  /// Real parts of squares of numbers close to a diagonal cancel nothing, and large ones do not overflow.
  @Test(arguments: [ElementType.c64, .c128])
  func squaresDoNotCancel(_ element: ElementType) throws {
    let part = element == .c64 ? ElementType.f32 : .f64
    let huge = part == .f32 ? 1e30 : 1e200
    let near = part == .f32 ? 1 + 0x1p-20 : 1 + 0x1p-45
    let points = [(huge, huge), (-huge, huge), (near, 1), (1, -near), (0, -0.0), (3, 4)]
    let type = TensorType([points.count], part)
    var builder = FunctionBuilder(name: "main")
    let (real, imaginary) = (builder.parameter(type), builder.parameter(type))
    let square = try builder.unary(.square, builder.emit(.complex(.make), [real, imaginary]))
    let function = builder.finish(returning: [
      try builder.emit(.complex(.real), [square]), try builder.emit(.complex(.imaginary), [square]),
    ])
    let arguments = [
      Literal(type, doubles: points.map(\.0)), Literal(type, doubles: points.map(\.1)),
    ]
    let step = near - 1
    let expected = [
      [0, 0, step * (2 + step), -step * (2 + step), 0, -7],
      [.infinity, -.infinity, 2 * near, -2 * near, -0.0, 24],
    ].map { Literal(type, doubles: $0) }
    #expect(try runNatively(function, arguments) == expected)
    #expect(try Interpreter().run(function, arguments) == expected)
  }

  /// Whether two parts are equal but for rounding; signs that Annex G leaves open may differ.
  private func agrees(_ own: Double, _ other: Double, atUnknown isUnknown: Bool) -> Bool {
    if own.isNaN || other.isNaN { return own.isNaN && other.isNaN }
    if isUnknown && (own.isInfinite || own == 0) { return own.magnitude == other.magnitude }
    if own.isInfinite || other.isInfinite || other == 0 {
      return own == other && own.sign == other.sign
    }
    return (own - other).magnitude <= 4e-7 * other.magnitude
  }
}
