import Differentiation
import Fusion
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Convolutions and both their gradients are products over taps, never plain loops.
@Suite struct ConvolutionProductTests {
  @Test(arguments: [(1, 1), (4, 1), (1, 4)])
  func gradientsAreProducts(_ featureGroups: Int, _ batchGroups: Int) throws {
    let plain = Convolution.channelsLast(spatial: 2)
    let convolution = Convolution(
      input: plain.input, kernel: plain.kernel, output: plain.output, low: [1, 1], high: [1, 1],
      featureGroups: featureGroups, batchGroups: batchGroups)
    var builder = FunctionBuilder(name: "main")
    let image = builder.parameter(TensorType([4, 8, 8, 32], .f32))
    let kernel = builder.parameter(TensorType([3, 3, 32 / featureGroups, 64], .f32))
    let result = try builder.emit(.convolution(convolution), [image, kernel])
    let square = try builder.multiply(result, result)
    let sum = try builder.reduce(.add, square, dimensions: [0, 1, 2, 3])
    let gradient = try builder.finish(returning: [sum]).withGradient(of: [0, 1]).simplified()
    let program = try LoopProgram(lowering: gradient, for: .x86_64v4)
    try program.verify()
    var products = 0
    for kernel in program.kernels {
      kernel.body.forEachNode { if case .contract = $0 { products += 1 } }
    }
    #expect(products == 3)
  }
}
