import Differentiation
import Fusion
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Convolutions with one input feature for each output feature are written out; what is no product else is
/// a loop over padded input.
@Suite struct StencilConvolutionTests {
  /// A convolution of an image by a kernel, with an optional group for each feature.
  private func convolved(
    features: Int, outputs: Int, taps: [Int], groups: Int = 1, squaresSum: Bool = false
  ) throws -> Function {
    var convolution = Convolution.channelsLast(spatial: 2)
    (convolution.low, convolution.high) = (taps.map { $0 / 2 }, taps.map { $0 / 2 })
    convolution.featureGroups = groups
    var builder = FunctionBuilder(name: "main")
    let image = builder.parameter(TensorType([2, 12, 20, features], .f32))
    let kernel = builder.parameter(TensorType(taps + [features / groups, outputs], .f32))
    let result = try builder.emit(.convolution(convolution), [image, kernel])
    guard squaresSum else { return builder.finish(returning: [result]) }
    let square = try builder.multiply(result, result)
    let sum = try builder.reduce(.add, square, dimensions: [0, 1, 2, 3])
    return builder.finish(returning: [sum])
  }

  /// The loops of a lowered function that run over taps: as many iterations as there are taps along an axis.
  private func tapLoops(_ function: Function, extent: Int) throws -> Int {
    let program = try LoopProgram(lowering: function.simplified(), for: .x86_64v4)
    try program.verify()
    return program.kernels.reduce(0) { sum, kernel in
      var count = 0
      kernel.body.forEachNode { node in
        if case .loop(let loop) = node, kernel.variables[loop.variable.index].extent == extent {
          count += 1
        }
      }
      return sum + count
    }
  }

  @Test func filtersOfFewTapsAreWrittenOut() throws {
    let filter = try convolved(features: 1, outputs: 1, taps: [3, 3])
    #expect(try tapLoops(filter, extent: 3) == 0)
    let depthwise = try convolved(features: 32, outputs: 32, taps: [3, 3], groups: 32)
    #expect(try tapLoops(depthwise, extent: 3) == 0)
  }

  @Test func filtersOfManyTapsAreLoops() throws {
    let filter = try convolved(features: 1, outputs: 1, taps: [7, 7])
    #expect(try tapLoops(filter, extent: 7) == 2)
  }

  /// The gradient for an input of one feature asks nowhere whether a window reaches beyond the result.
  @Test func loopsOverTapsReadPaddedInput() throws {
    let function = try convolved(features: 1, outputs: 8, taps: [5, 5], squaresSum: true)
      .withGradient(of: [0]).simplified()
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    try program.verify()
    let loops = program.kernels.filter { kernel in
      kernel.variables.count(where: { $0.extent == 5 }) >= 2
        && !kernel.body.contains { if case .loop = $0 { false } else { true } }
    }
    #expect(!loops.isEmpty)
    for kernel in loops {
      kernel.body.forEachNode { node in
        if case .define(_, .inBounds) = node { Issue.record("\(kernel.name) asks for its bounds") }
      }
    }
  }
}
