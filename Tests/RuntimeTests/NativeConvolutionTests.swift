import Differentiation
import Interpreter
import TensorIR
import TestSupport
import Testing

/// Machine code of convolutions with their adjoints, of sizes around tiles, runs of rows and panels.
@Suite struct NativeConvolutionTests {
  /// A convolution and the shapes of its operands.
  struct Case: Sendable, CustomTestStringConvertible {
    var input: [Int]
    var kernel: [Int]
    var convolution: Convolution
    var element = ElementType.f32

    init(
      _ input: [Int], _ kernel: [Int], strides: [Int]? = nil, low: [Int]? = nil,
      high: [Int]? = nil, inputDilation: [Int]? = nil, kernelDilation: [Int]? = nil,
      reversal: [Bool]? = nil, featureGroups: Int = 1, batchGroups: Int = 1, _ element: ElementType
    ) {
      self.input = input
      self.kernel = kernel
      self.element = element
      let plain = Convolution.channelsLast(spatial: input.count - 2)
      convolution = Convolution(
        input: plain.input, kernel: plain.kernel, output: plain.output, strides: strides, low: low,
        high: high, inputDilation: inputDilation, kernelDilation: kernelDilation,
        reversal: reversal, featureGroups: featureGroups, batchGroups: batchGroups)
    }

    /// The same with features before spatial axes.
    var featuresFirst: Case {
      let spatial = Array(2..<input.count)
      var result = self
      result.input = [input[0], input[input.count - 1]] + input[1..<(input.count - 1)]
      result.kernel = Array(kernel.suffix(2).reversed()) + kernel.dropLast(2)
      let layout = Convolution.Layout(batch: 0, feature: 1, spatial: spatial)
      result.convolution.input = layout
      result.convolution.output = layout
      result.convolution.kernel = Convolution.KernelLayout(input: 1, output: 0, spatial: spatial)
      return result
    }

    var testDescription: String { "\(input) \(kernel) \(element.rawValue)" }

    /// The sum of the result's squares, whose gradient has the result in it.
    func function() throws -> Function {
      var builder = FunctionBuilder(name: "main")
      let operands = [input, kernel].map { builder.parameter(TensorType($0, element)) }
      let result = try builder.emit(.convolution(convolution), operands)
      let square = try builder.multiply(result, result)
      let sum = try builder.reduce(
        .add, square, dimensions: Array(builder[square].shape.indices))
      return builder.finish(returning: [sum])
    }
  }

  private static let cases = [
    Case([2, 9, 8, 5], [3, 3, 5, 17], low: [1, 1], high: [1, 1], .f32),
    Case([2, 7, 12, 16], [3, 3, 16, 33], low: [1, 1], high: [1, 1], .f32),
    Case([3, 9, 9, 3], [3, 3, 3, 8], strides: [2, 2], low: [1, 0], high: [0, 1], .f32),
    Case([1, 30, 6], [5, 6, 20], low: [4], high: [0], kernelDilation: [3], .f64),
    Case([2, 6, 5, 9], [4, 3, 9, 7], low: [2, 1], high: [2, 1], inputDilation: [2, 2], .f64),
    Case([1, 11, 4], [2, 4, 18], low: [1], high: [2], inputDilation: [3], reversal: [true], .f32),
    Case([2, 8, 12], [3, 4, 24], low: [1], high: [1], featureGroups: 3, .f32),
    Case(
      [2, 6, 7, 48], [3, 3, 16, 72], low: [1, 1], high: [1, 1], featureGroups: 3, .f32),
    Case([4, 8, 6], [3, 6, 8], strides: [2], low: [1], high: [1], batchGroups: 2, .f32),
    Case([1, 5, 6, 5, 3], [3, 3, 3, 3, 4], low: [1, 1, 1], high: [1, 1, 1], .f32),
    Case([5, 6, 7, 8], [1, 1, 8, 20], .f32),
    Case([2, 10, 10, 6], [3, 3, 1, 6], low: [1, 1], high: [1, 1], featureGroups: 6, .f32),
    // Depths beyond one panel, in whole taps and within them, and beyond one register.
    Case([2, 4, 6, 150], [3, 3, 150, 40], low: [1, 1], high: [1, 1], .f32),
    Case([1, 14, 1100], [2, 1100, 33], .f32),
    Case([30, 13, 13, 2], [3, 3, 2, 18], low: [1, 1], high: [1, 1], .f32),
  ]

  @Test(arguments: cases + cases.map(\.featuresFirst))
  func agreesWithTheInterpreter(_ one: Case) throws {
    let gradient = try one.function().withGradient(of: [0, 1])
    var random = SplitMix64(seed: 7)
    let arguments = gradient.parameterTypes.map {
      ArgumentValues.uniform(-1...1).literal($0, using: &random)
    }
    let expected = try Interpreter().run(gradient, arguments)
    for (actual, expected) in zip(try runNatively(gradient, arguments), expected) {
      expectClose(actual, expected, relative: one.element == .f32 ? 1e-5 : 1e-13, "\(one)")
    }
  }
}
