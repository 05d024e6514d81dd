import Interpreter
import TensorIR
import TestSupport
import Testing

/// Functions of short floats, which are computed in f32 and rounded.
@Suite struct NativeShortFloatTests {
  /// Functions whose result is a float.
  private static let functions = UnaryOp.allCases.filter { op in
    opTable.contains { row in
      guard row.elements.contains(.bf16) else { return false }
      let function = try? row.function(element: .bf16, shapeVariant: 0)
      return function?.operations.last?.op == .unary(op)
        && function?.resultTypes == [TensorType([], .bf16)]
    }
  }

  /// Every seventh bit pattern gives what f64 gives, rounded once but for what f32 has lost, in vectors and
  /// where another function of the result is in the same kernel.
  @Test(arguments: functions, [ElementType.f16, .bf16])
  func resultsAreRounded(_ op: UnaryOp, _ element: ElementType) throws {
    let patterns = Array(stride(from: Int64(0), to: 1 << 16, by: 7))
    let narrow = TensorType([patterns.count], element)
    var cast = FunctionBuilder(name: "cast")
    let bits = cast.parameter(TensorType([patterns.count], .u16))
    let made = try cast.emit(.bits(.cast(to: element)), [bits])
    let toElements = cast.finish(returning: [made, try cast.convert(made, to: .f64)])
    let arguments = try Interpreter().run(
      toElements, [Literal(TensorType([patterns.count], .u16), integers: patterns)])

    var builder = FunctionBuilder(name: "main")
    let value = try builder.unary(op, builder.parameter(narrow))
    let wide = try builder.convert(value, to: .f64)
    let results = try runNatively(
      builder.finish(returning: [value, wide]), [arguments[0]])
    var exact = FunctionBuilder(name: "main")
    let wideValue = try exact.unary(op, exact.parameter(arguments[1].type))
    let expected = try Interpreter().run(
      exact.finish(returning: [wideValue]), [arguments[1]])[0].doubles

    #expect(
      results[0].doubles.elementsEqual(results[1].doubles) { $0 == $1 || $0.isNaN && $1.isNaN })
    let format = try #require(element.floatFormat)
    var worst = 0.0
    for (own, exact) in zip(results[0].doubles, expected) {
      #expect(own.isNaN == exact.isNaN)
      guard own.isFinite, exact.isFinite, exact != 0 else { continue }
      let exponent = max(Int(exact.exponent), format.leastExponent)
      let place = Double(sign: .plus, exponent: exponent - format.fractionBits, significand: 1)
      worst = max(worst, (own - exact).magnitude / place)
    }
    #expect(worst <= 0.502, "\(op) of \(element): \(worst) units in the last place")
  }
}
