import Interpreter
import TensorIR
import TestSupport
import Testing

/// Fourier transforms as native code computes them: with all lanes and with some, in one step and in two,
/// as convolutions, along inner axes, and between real numbers and half a spectrum.
struct NativeFourierTests {
  /// The batch, and the lengths of the transformed axes.
  private static let cases: [([Int], [Int])] = [
    ([40], [12]), ([37], [64]), ([1], [1024]), ([], [4096]), ([2], [420]), ([3], [67]),
    ([1], [536]),
    ([20], [31]), ([], [64, 20]), ([3], [17, 33]), ([2], [6, 16, 16]), ([1], [9000]), ([70], [1]),
  ]

  @Test(arguments: cases, FourierTransform.Kind.allCases)
  func transformsAgree(_ shape: ([Int], [Int]), _ kind: FourierTransform.Kind) throws {
    let transform = FourierTransform(kind, lengths: shape.1)
    for part in ElementType.floats {
      var builder = FunctionBuilder(name: "main")
      let element = kind == .real ? part : part.complexType ?? part
      let x = builder.parameter(TensorType(shape.0 + transform.operandExtents, element))
      let direct = try builder.emit(.fft(transform), [x])
      // Once more with parts in tensors of their own.
      let negated = try builder.emit(.fft(transform), [builder.unary(.negate, x)])
      let sum = try builder.subtract(direct, negated)
      let function = builder.finish(returning: [try builder.emit(.fft(transform), [x]), sum])
      var random = SplitMix64(seed: 11)
      let arguments = [
        ArgumentValues.uniform(-1...1).literal(function.parameterTypes[0], using: &random)
      ]
      let expected = try Interpreter().run(function, arguments)
      let actual = try runNatively(function, arguments)
      #expect(try runNatively(function, arguments, threads: 1) == actual)
      for (left, right) in zip(actual, expected) {
        let size = (right.realParts + right.imaginaryParts).map(\.magnitude).max() ?? 0
        let bound = (part == .f64 ? 1e-14 : 2e-6) * size
        let differences =
          zip(left.realParts, right.realParts).map { abs($0 - $1) }
          + zip(left.imaginaryParts, right.imaginaryParts).map { abs($0 - $1) }
        let worst = differences.max() ?? 0
        #expect(worst <= bound, "\(kind.rawValue) of \(shape) \(part)")
      }
    }
  }

  /// Each series is as exact as it would be alone, beside others that are larger, infinite or NaN.
  @Test(arguments: [32, 15, 2], [1, 9])
  func seriesDoNotTouchEachOther(_ length: Int, _ behind: Int) throws {
    for kind in FourierTransform.Kind.allCases {
      let transform = FourierTransform(kind, lengths: [length])
      var builder = FunctionBuilder(name: "main")
      let element = kind == .real ? ElementType.f64 : .c128
      let extent = transform.operandExtents[0]
      let x = builder.parameter(TensorType([24, behind, extent], element))
      // Along an inner axis where there are several behind it.
      let found = try builder.emit(.fft(transform), [x])
      let function = builder.finish(returning: [found])
      var random = SplitMix64(seed: 5)
      let values = ArgumentValues.uniform(-1...1).literal(
        function.parameterTypes[0], using: &random)
      let scales = (0..<24).map { [1.0, 1e-30, 1e30, .nan, .infinity, 1e-10][$0 % 6] }
      let size = behind * extent
      func scaled(_ parts: [Double]) -> [Double] {
        parts.enumerated().map { $1 * scales[$0 / size] }
      }
      let argument =
        kind == .real
        ? Literal(values.type, doubles: scaled(values.doubles))
        : Literal(
          values.type, real: scaled(values.realParts), imaginary: scaled(values.imaginaryParts))
      func run(_ argument: Literal) throws -> [Double] {
        let result = try runNatively(function, [argument])[0]
        return kind == .realInverse ? result.doubles : result.realParts
      }
      let (plain, actual) = (try run(values), try run(argument))
      let count = behind * transform.resultExtents[0]
      for (place, value) in zip(plain, actual).enumerated() {
        let scale = scales[place / count]
        guard scale.isFinite else { continue }
        #expect(abs(value.1 - value.0 * scale) <= 1e-13 * scale, "\(kind.rawValue) \(length)")
      }
    }
  }
}
