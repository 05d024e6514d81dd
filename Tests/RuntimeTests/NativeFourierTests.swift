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
}
