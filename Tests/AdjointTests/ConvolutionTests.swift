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
}
