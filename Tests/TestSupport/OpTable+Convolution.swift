import TensorIR

/// Convolutions of every kind of window, layout and group.
let convolutionRows: [OpRow] = [
  convolutionRow("convolution plain", windows), convolutionRow("convolution layouts", layouts),
  convolutionRow("convolution groups", groups), convolutionRow("convolution extents", extents),
  // A part is the sum of twice as many products.
  OpRow(
    "convolution of complex", ElementType.complexNumbers, values: [.uniform(-2...2)],
    derivative: .smooth(), tolerance: Tolerance(ulps: 8, epsilons: 512),
    variants: [windows[4], windows[8], layouts[1], groups[0], groups[3], extents[3]]),
  OpRow(
    "convolution into f32", [.f16, .bf16], values: [.uniform(-2...2)], derivative: .smooth(),
    tolerance: .sum, variants: [variant([2, 5, 3], [2, 3, 4], .wide)]),
]

extension Convolution {
  /// A convolution along one axis whose sums are f32.
  fileprivate static var wide: Convolution {
    var result = Convolution.channelsLast(spatial: 1)
    result.resultElement = .f32
    return result
  }

  /// The convolution with its window changed.
  fileprivate func with(
    strides: [Int]? = nil, low: [Int]? = nil, high: [Int]? = nil, inputDilation: [Int]? = nil,
    kernelDilation: [Int]? = nil, reversal: [Bool]? = nil, featureGroups: Int = 1,
    batchGroups: Int = 1
  ) -> Convolution {
    Convolution(
      input: input, kernel: kernel, output: output, strides: strides, low: low, high: high,
      inputDilation: inputDilation, kernelDilation: kernelDilation, reversal: reversal,
      featureGroups: featureGroups, batchGroups: batchGroups)
  }
}

private let line = Convolution.channelsLast(spatial: 1)
private let image = Convolution.channelsLast(spatial: 2)

private let windows: [OpVariant] = [
  variant([2, 6, 3], [3, 3, 4], line),
  variant([2, 7, 3], [3, 3, 2], line.with(strides: [2], low: [1], high: [1])),
  variant([1, 6, 2], [2, 2, 3], line.with(low: [2], high: [-1], kernelDilation: [2])),
  variant([2, 4, 2], [3, 2, 2], line.with(low: [1], high: [2], inputDilation: [2])),
  variant(
    [1, 5, 2], [2, 2, 3],
    line.with(
      strides: [3], low: [3], high: [4], inputDilation: [2], kernelDilation: [3], reversal: [true])),
  variant([2, 5, 4, 3], [3, 2, 3, 2], image.with(low: [1, 0], high: [1, 1])),
  variant(
    [1, 7, 6, 2], [3, 3, 2, 3], image.with(strides: [2, 3], low: [1, 2], high: [0, 1])),
  variant(
    [1, 4, 5, 2], [2, 3, 2, 2],
    image.with(
      low: [1, -1], high: [1, 2], inputDilation: [2, 1], kernelDilation: [1, 2],
      reversal: [false, true])),
  variant([9, 5, 4, 17], [3, 3, 17, 18], image.with(low: [1, 1], high: [1, 1])),
]

private let layouts: [OpVariant] = [
  variant(
    [2, 3, 6], [4, 3, 3],
    Convolution(
      input: .init(batch: 0, feature: 1, spatial: [2]),
      kernel: .init(input: 1, output: 0, spatial: [2]),
      output: .init(batch: 0, feature: 1, spatial: [2]), low: [1], high: [1])),
  variant(
    [2, 3, 5, 4], [4, 3, 3, 2],
    Convolution(
      input: .init(batch: 0, feature: 1, spatial: [2, 3]),
      kernel: .init(input: 1, output: 0, spatial: [2, 3]),
      output: .init(batch: 0, feature: 1, spatial: [2, 3]), strides: [2, 1])),
  variant(
    [3, 5, 4, 2], [3, 2, 4, 3],
    Convolution(
      input: .init(batch: 3, feature: 0, spatial: [2, 1]),
      kernel: .init(input: 3, output: 2, spatial: [1, 0]),
      output: .init(batch: 1, feature: 2, spatial: [3, 0]))),
  variant([3, 4], [4, 5], .channelsLast(spatial: 0)),
  variant(
    [1, 3, 4, 3, 2], [2, 2, 2, 2, 3],
    Convolution.channelsLast(spatial: 3).with(low: [1, 0, 0], high: [0, 1, 0])),
]

private let groups: [OpVariant] = [
  variant([2, 5, 4], [2, 2, 6], line.with(featureGroups: 2)),
  variant([2, 5, 3], [2, 1, 3], line.with(low: [1], featureGroups: 3)),
  variant([1, 4, 4, 3], [3, 3, 1, 6], image.with(low: [1, 1], high: [1, 1], featureGroups: 3)),
  variant([4, 5, 3], [2, 3, 4], line.with(batchGroups: 2)),
  variant([6, 5, 2], [3, 2, 3], line.with(strides: [2], inputDilation: [2], batchGroups: 3)),
]

private let extents: [OpVariant] = [
  variant([0, 5, 3], [2, 3, 4], line), variant([2, 0, 3], [2, 3, 4], line.with(low: [3])),
  variant([2, 5, 0], [2, 0, 4], line), variant([2, 5, 3], [2, 3, 0], line),
  variant([2, 5, 3], [0, 3, 4], line), variant([2, 2, 3], [4, 3, 2], line),
  variant([2, 2, 3], [2, 3, 2], line.with(low: [5], high: [4])),
  variant([2, 3, 2], [3, 2, 2], line.with(low: [4], high: [4], kernelDilation: [5])),
  variant([1, 1, 2], [1, 2, 2], line.with(low: [1], high: [1], inputDilation: [7])),
]

/// The row of convolutions of one kind.
private func convolutionRow(_ name: String, _ variants: [OpVariant]) -> OpRow {
  OpRow(
    name, ElementType.everyNumber, values: [.uniform(-2...2)],
    derivative: .smooth(), tolerance: .sum, variants: variants)
}

private func variant(
  _ input: [Int], _ kernel: [Int], _ convolution: Convolution
) -> OpVariant {
  OpVariant(
    .convolution(convolution), input, kernel,
    name: "\(input) \(kernel) by \(convolution.strides) from \(convolution.low)"
      + " to \(convolution.high) dilated \(convolution.inputDilation) \(convolution.kernelDilation)"
  )
}
