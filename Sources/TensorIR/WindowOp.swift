/// Windows over a tensor, one entry per axis.
///
/// Place `k` of window `i` along an axis meets place `i · stride + k · dilation − low` of the dilated
/// tensor, in which element `u` stands at `u · baseDilation`.
package struct Windows: Hashable, Sendable {
  package var extents: [Int]
  package var strides: [Int]
  package var baseDilations: [Int]
  package var dilations: [Int]
  package var low: [Int]
  package var high: [Int]

  package init(
    extents: [Int], strides: [Int]? = nil, baseDilations: [Int]? = nil, dilations: [Int]? = nil,
    low: [Int]? = nil, high: [Int]? = nil
  ) {
    let ones = extents.map { _ in 1 }
    let zeros = extents.map { _ in 0 }
    self.extents = extents
    self.strides = strides ?? ones
    self.baseDilations = baseDilations ?? ones
    self.dilations = dilations ?? ones
    self.low = low ?? zeros
    self.high = high ?? zeros
  }

  /// The places of a window.
  package var count: Int { extents.reduce(1) { $0.multipliedCapped(by: $1) } }

  /// The windows with another axis in front, along which every window is one element.
  package var withLeadingAxis: Windows {
    Windows(
      extents: [1] + extents, strides: [1] + strides, baseDilations: [1] + baseDilations,
      dilations: [1] + dilations, low: [0] + low, high: [0] + high)
  }

  /// How many windows fit along each axis of a tensor.
  package func counts(over shape: [Int]) -> [Int] {
    shape.indices.map { axis in
      let padded =
        Convolution.dilated(shape[axis], baseDilations[axis]) + low[axis] + high[axis]
      let span = Convolution.dilated(extents[axis], dilations[axis])
      return padded <= 0 || span > padded ? 0 : (padded - span) / strides[axis] + 1
    }
  }

  /// The windows that give each element of a tensor of `shape` what the windows with it have.
  package func reversed(over shape: [Int]) -> Windows {
    var result = self
    (result.strides, result.baseDilations) = (baseDilations, strides)
    for (axis, count) in counts(over: shape).enumerated() {
      let reach = (extents[axis] - 1) * dilations[axis]
      result.low[axis] = reach - low[axis]
      result.high[axis] =
        Convolution.dilated(shape[axis], baseDilations[axis]) + reach
        - Convolution.dilated(count, strides[axis]) - result.low[axis]
    }
    return result
  }
}

/// Ops over windows of a tensor.
package enum WindowOp: Hashable, Sendable {
  /// (operand, initial): the elements of each window combined, from the initial value on, which also
  /// stands beyond the operand's ends and between the elements of a dilated one.
  case reduce(Reduction.Kind, Windows)
  /// (operand, extremes): where in each window the element is that equals the window's extreme, places
  /// counted in row-major order: the first one, or the last. A NaN equals any extreme. Where there is
  /// none the result is no place.
  case place(isLast: Bool, Windows)
  /// (operand, places): the element at a place of each window, zero where there is none.
  case collect(Windows)
  /// (updates, places): zeros of a shape, to which the update of each window is added at its place.
  case scatter(Windows, shape: [Int])

  /// The windows.
  package var windows: Windows {
    switch self {
    case .reduce(_, let windows), .place(_, let windows), .collect(let windows),
      .scatter(let windows, _):
      windows
    }
  }

  /// The mnemonic.
  package var mnemonic: String {
    switch self {
    case .reduce: "stablehlo.reduce_window"
    case .place: "adjoint.window_place"
    case .collect: "adjoint.window_collect"
    case .scatter: "adjoint.window_scatter"
    }
  }

  /// What a place is where a window has none: before the first, or behind the last.
  package static func noPlace(isLast: Bool) -> Int { isLast ? -1 : Int(Int32.max) }
}

extension Int {
  /// The product, or the greatest number where that is too small.
  ///
  /// - Requires: neither is negative.
  func multipliedCapped(by other: Int) -> Int {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? .max : product
  }
}
