/// The windows and dimension numbers of a `convolution`, named by role; entries of lists are spatial
/// axes in order.
///
/// A result at place `i` along a spatial axis sums products over taps `k`: the kernel's tap `k`, counted
/// from the other end where the axis is reversed, meets the place `i · stride + k · kernelDilation − low`
/// of the dilated input. Input element `u` stands at place `u · inputDilation`; places between elements
/// take no part, and beyond the ends lie zeros.
package struct Convolution: Hashable, Sendable {
  /// Where the axes of an input or a result stand.
  package struct Layout: Hashable, Sendable {
    package var batch: Int
    package var feature: Int
    package var spatial: [Int]

    package init(batch: Int, feature: Int, spatial: [Int]) {
      self.batch = batch
      self.feature = feature
      self.spatial = spatial
    }

    /// All axes.
    package var axes: [Int] { [batch, feature] + spatial }
    /// The layout with batch and feature exchanged.
    package var swapped: Layout { Layout(batch: feature, feature: batch, spatial: spatial) }
    /// Batch first, features last.
    package static func channelsLast(spatial count: Int) -> Layout {
      Layout(batch: 0, feature: count + 1, spatial: Array(1..<(count + 1)))
    }
  }

  /// Where the axes of a kernel stand.
  package struct KernelLayout: Hashable, Sendable {
    package var input: Int
    package var output: Int
    package var spatial: [Int]

    package init(input: Int, output: Int, spatial: [Int]) {
      self.input = input
      self.output = output
      self.spatial = spatial
    }

    /// All axes.
    package var axes: [Int] { [input, output] + spatial }
    /// The layout with input and output features exchanged.
    package var swapped: KernelLayout {
      KernelLayout(input: output, output: input, spatial: spatial)
    }
    /// Taps first, output features last.
    package static func channelsLast(spatial count: Int) -> KernelLayout {
      KernelLayout(input: count, output: count + 1, spatial: Array(0..<count))
    }
  }

  package var input: Layout
  package var kernel: KernelLayout
  package var output: Layout
  package var strides: [Int]
  /// Zeros before the input; negative amounts cut.
  package var low: [Int]
  /// Zeros behind the input; negative amounts cut.
  package var high: [Int]
  package var inputDilation: [Int]
  package var kernelDilation: [Int]
  /// Whether taps are counted from the other end.
  package var reversal: [Bool]
  /// Groups of input features, each of which meets its own output features.
  package var featureGroups: Int
  /// Groups of the batch, each of which meets its own output features.
  package var batchGroups: Int
  /// The result's element type where it is not the operands'.
  package var resultElement: ElementType?
  /// The precision asked for, operand by operand; empty where it is the default one of both.
  package var precision: [Precision]

  package init(
    input: Layout, kernel: KernelLayout, output: Layout, strides: [Int]? = nil, low: [Int]? = nil,
    high: [Int]? = nil, inputDilation: [Int]? = nil, kernelDilation: [Int]? = nil,
    reversal: [Bool]? = nil, featureGroups: Int = 1, batchGroups: Int = 1,
    resultElement: ElementType? = nil, precision: [Precision] = []
  ) {
    let ones = input.spatial.map { _ in 1 }
    let zeros = input.spatial.map { _ in 0 }
    self.input = input
    self.kernel = kernel
    self.output = output
    self.strides = strides ?? ones
    self.low = low ?? zeros
    self.high = high ?? zeros
    self.inputDilation = inputDilation ?? ones
    self.kernelDilation = kernelDilation ?? ones
    self.reversal = reversal ?? input.spatial.map { _ in false }
    self.featureGroups = featureGroups
    self.batchGroups = batchGroups
    self.resultElement = resultElement
    self.precision = precision
  }

  /// A convolution of channels-last operands whose kernel has taps first and output features last.
  package static func channelsLast(spatial count: Int) -> Convolution {
    Convolution(
      input: .channelsLast(spatial: count), kernel: .channelsLast(spatial: count),
      output: .channelsLast(spatial: count))
  }

  /// The number of spatial axes.
  package var spatialRank: Int { input.spatial.count }

  /// The extent of `count` elements with `dilation − 1` places between neighbours.
  package static func dilated(_ count: Int, _ dilation: Int) -> Int {
    count == 0 ? 0 : (count - 1) * dilation + 1
  }

  /// The convolution without the precision asked for, on which results do not depend.
  package var withoutPrecision: Convolution {
    var result = self
    result.precision = []
    return result
  }
}
