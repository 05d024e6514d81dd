import Adjoint
import Testing

/// Convolutions and pooling from Swift.
@Suite struct ConvolutionTests {
  private let line = Tensor<Float>([[[1], [2], [3], [4], [5]]])
  private let taps = Tensor<Float>([[[1]], [[10]], [[100]]])

  @Test func windowsAndPadding() throws {
    #expect(try line.convolved(with: taps).scalars() == [321, 432, 543])
    #expect(
      try line.convolved(with: taps, padding: .same).scalars() == [210, 321, 432, 543, 54])
    #expect(
      try line.convolved(with: taps, strides: [2], padding: .same).scalars() == [210, 432, 54])
    #expect(
      try line.convolved(with: taps, padding: .amounts(before: [2], after: [-1])).scalars()
        == [100, 210, 321, 432])
    #expect(try line.convolved(with: taps, kernelDilation: [2]).scalars() == [531])
    #expect(
      try line.convolved(with: taps, inputDilation: [2]).scalars() == [
        201, 20, 302, 30, 403, 40, 504,
      ])
  }

  @Test func groupsAndFeatures() throws {
    let x = Tensor<Float>([[[1, 2], [3, 4]]])
    let each = Tensor<Float>([[[1, 10]]])
    #expect(try x.convolved(with: each, groups: 2).scalars() == [1, 20, 3, 40])
    let mixing = Tensor<Float>([[[1], [10]]])
    #expect(try x.convolved(with: mixing).scalars() == [21, 43])
  }

  @Test func pools() throws {
    let x = Tensor<Float>([[[1], [5], [2], [4], [3]]])
    #expect(try x.maxPooled(over: [2]).scalars() == [5, 4])
    #expect(try x.maxPooled(over: [3], strides: [1], padding: .same).scalars() == [5, 5, 5, 4, 4])
    #expect(try x.averagePooled(over: [2]).scalars() == [3, 3])
    #expect(try x.averagePooled(over: [2], padding: .same).scalars() == [3, 3, 3])
    #expect(try Tensor<Int32>([[[3], [7]]]).maxPooled(over: [2]).scalars() == [7])
  }

  /// Of equal elements the first one of each window has the derivative.
  @Test func tiesOfMaxima() throws {
    let x = Tensor<Float>([[[2], [2], [1], [1], [0], [3]]])
    let slope = try gradient(at: x) { $0.maxPooled(over: [2]).sum() }
    #expect(try slope.scalars() == [1, 0, 1, 0, 0, 1])
    let overlapping = try gradient(at: x) { $0.maxPooled(over: [3], strides: [1]).sum() }
    #expect(try overlapping.scalars() == [1, 1, 1, 0, 0, 1])
  }

  @Test func gradients() throws {
    let (x, y) = try gradient(at: line, taps) { x, y in
      (x.convolved(with: y, padding: .same) * Tensor<Float>([[[1], [0], [0], [2], [0]]])).sum()
    }
    #expect(try x.scalars() == [10, 100, 2, 20, 200])
    #expect(try y.scalars() == [6, 9, 12])
  }

  @Test func examples() throws {
    let kernels = Tensor<Float>([[[[1]], [[10]]], [[[2]], [[20]]]])
    let each = try vmap(in: [nil, 0]) { (x: Tensor<Float>, y: Tensor<Float>) in
      x.convolved(with: y, strides: [3])
    }(line, kernels)
    #expect(try each.scalars() == [21, 54, 42, 108])
  }

  @Test func mistakes() {
    func message(_ tensor: Tensor<Float>) -> String {
      do { return try "\(tensor.scalars())" } catch { return "\(error)" }
    }
    #expect(message(line.convolved(with: line)).contains("features, and a kernel of shape"))
    #expect(message(line.convolved(with: taps[0])).contains("must have one rank of at least 2"))
    #expect(message(line.convolved(with: taps, strides: [0])).contains("must be positive"))
    #expect(message(line.convolved(with: taps, strides: [1, 1])).contains("2 strides"))
    #expect(
      message(line.convolved(with: taps, inputDilation: [-1]))
        .contains("convolution: input dilation [-1] must be positive"))
    #expect(
      message(line.convolved(with: taps, groups: 0))
        .contains("convolution: group counts 0 of features"))
    #expect(
      message(line.convolved(with: taps, padding: .amounts(before: [1, 1], after: [0])))
        .contains("padding of 2 and 1 axes for 1"))
    #expect(message(line.maxPooled(over: [2, 2])).contains("which has 1 spatial axes"))
    #expect(message(line.maxPooled(over: [0])).contains("must be positive"))
    #expect(message(line.averagePooled(over: [2, 2], padding: .same)).contains("spatial axes"))
    #expect(message(Tensor<Float>(3).averagePooled(over: [], padding: .same)).contains("has 0"))
  }

  /// A gradient in which what follows a product makes another one again, element by element.
  @Test func secondOrderOfBatchGroups() throws {
    let text = """
      module @jit_G {
        func.func @main(%arg0: tensor<3x3x6x16xf32>, %arg1: tensor<16x1x96x2xf32>) -> tensor<f32> {
          %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[i, 0, o, 1]->[0, 1, b, f], window = {stride = [1, 3], pad = [[4, 2], [2, -1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 3 : i64, feature_group_count = 1 : i64} : (tensor<3x3x6x16xf32>, tensor<16x1x96x2xf32>) -> tensor<9x2x1x96xf32>
          %1 = stablehlo.cosine %0 : tensor<9x2x1x96xf32>
          %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
          %2 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<9x2x1x96xf32>
          %3 = stablehlo.multiply %2, %1 : tensor<9x2x1x96xf32>
          %4 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[0, 1, i, o]->[b, 0, f, 1], window = {stride = [1, 1], pad = [[4, 2], [2, -3]], lhs_dilate = [1, 1], rhs_dilate = [1, 3], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 3 : i64} : (tensor<3x3x6x16xf32>, tensor<9x2x1x96xf32>) -> tensor<16x1x96x2xf32>
          %5 = stablehlo.reshape %arg1 : (tensor<16x1x96x2xf32>) -> tensor<16x1x3x32x2xf32>
          %6 = stablehlo.transpose %5, dims = [2, 0, 1, 3, 4] : (tensor<16x1x3x32x2xf32>) -> tensor<3x16x1x32x2xf32>
          %7 = stablehlo.reshape %6 : (tensor<3x16x1x32x2xf32>) -> tensor<48x1x32x2xf32>
          %8 = stablehlo.reverse %7, dims = [1, 3] : tensor<48x1x32x2xf32>
          %9 = stablehlo.convolution(%3, %8) dim_numbers = [0, 1, b, f]x[o, 0, i, 1]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[-4, -2], [-1, 4]], lhs_dilate = [1, 3], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 3 : i64} : (tensor<9x2x1x96xf32>, tensor<48x1x32x2xf32>) -> tensor<1x3x6x48xf32>
          %10 = stablehlo.reshape %9 : (tensor<1x3x6x48xf32>) -> tensor<1x3x6x3x16xf32>
          %11 = stablehlo.transpose %10, dims = [3, 0, 1, 2, 4] : (tensor<1x3x6x3x16xf32>) -> tensor<3x1x3x6x16xf32>
          %12 = stablehlo.reshape %11 : (tensor<3x1x3x6x16xf32>) -> tensor<3x3x6x16xf32>
          %13 = stablehlo.sine %12 : tensor<3x3x6x16xf32>
          %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
          %14 = stablehlo.reduce(%13 init: %cst_0) applies stablehlo.add across dimensions = [0, 1, 2, 3] : (tensor<3x3x6x16xf32>, tensor<f32>) -> tensor<f32>
          %15 = stablehlo.multiply %4, %4 : tensor<16x1x96x2xf32>
          %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
          %16 = stablehlo.reduce(%15 init: %cst_1) applies stablehlo.add across dimensions = [0, 1, 2, 3] : (tensor<16x1x96x2xf32>, tensor<f32>) -> tensor<f32>
          %17 = stablehlo.add %14, %16 : tensor<f32>
          return %17 : tensor<f32>
        }
      }
      """
    let program = try Program(parsing: text, file: "groups.mlir")
    let arguments = try program.parameterTypes().map { type in
      let values = (0..<type.shape.reduce(1, *)).map { Float(($0 * 37) % 101) / 100 - 0.5 }
      return try Tensor<Float>(values).reshaped(to: type.shape).data()
    }
    let results = try [Engine.native, .interpreter].map { engine in
      try program.compile(transform: .gradient([0, 1]), engine: engine).call(arguments)
        .map(\.doubles)
    }
    for (native, expected) in zip(results[0], results[1]) {
      let scale = expected.map(abs).max() ?? 0
      #expect(scale > 0)
      #expect(zip(native, expected).allSatisfy { abs($0 - $1) <= 1e-4 * scale })
    }
  }
}
