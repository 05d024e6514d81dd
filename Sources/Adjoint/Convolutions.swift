internal import TensorIR

/// How far windows reach beyond the ends of the spatial axes of a tensor.
public enum WindowPadding: Sendable {
  /// Not at all.
  case valid
  /// So far that one window starts at each stride; where that takes an odd number of places, the end has
  /// one more than the start.
  case same
  /// By so many places along each spatial axis; negative ones leave elements out.
  case amounts(before: [Int], after: [Int])

  /// The places before and behind the elements of each axis.
  fileprivate func places(
    _ extents: [Int], spans: [Int], strides: [Int], in name: String
  ) throws -> (low: [Int], high: [Int]) {
    switch self {
    case .valid: return (extents.map { _ in 0 }, extents.map { _ in 0 })
    case .same:
      let totals = extents.indices.map { axis in
        let count = (extents[axis] + strides[axis] - 1) / strides[axis]
        return Swift.max((count - 1) * strides[axis] + spans[axis] - extents[axis], 0)
      }
      return (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
    case .amounts(let before, let after):
      guard before.count == extents.count, after.count == extents.count else {
        throw AdjointError(
          .argument,
          "\(name): padding of \(before.count) and \(after.count) axes for \(extents.count)")
      }
      return (before, after)
    }
  }
}

/// The number of places that windows span; dilations and strides are checked to be positive.
private func spans(
  _ windows: [Int], _ dilations: [Int], strides: [Int], in name: String
) throws -> [Int] {
  guard dilations.count == windows.count, strides.count == windows.count else {
    throw AdjointError(
      .argument,
      "\(name): \(strides.count) strides and \(dilations.count) dilations"
        + " for \(windows.count) spatial axes")
  }
  guard (windows + dilations + strides).allSatisfy({ (1..<(1 << 31)).contains($0) }) else {
    throw AdjointError(
      .argument,
      "\(name): windows \(windows), strides \(strides) and dilations \(dilations) must be positive")
  }
  return zip(windows, dilations).map { Convolution.dilated($0, $1) }
}

extension Tensor where Scalar: TensorNumeric {
  /// Sums of products with a kernel in windows: for every place of a window, over its taps and over
  /// features.
  ///
  /// - Parameters:
  ///   - kernel: taps along each spatial axis, then input features of a group, then output features:
  ///     `[3, 3, 16, 32]`.
  ///   - strides: how far windows are apart along each spatial axis; 1 when not given.
  ///   - padding: the zeros around the tensor.
  ///   - inputDilation: how far the tensor's elements stand apart, with nothing between; more than 1 gives
  ///     what is called a transposed convolution.
  ///   - kernelDilation: how far taps are apart.
  ///   - groups: parts of the features, each with output features of its own; as many as there are features
  ///     for a convolution of each by itself.
  /// - Returns: batch, places of windows, output features.
  ///
  /// The tensor has the batch first and features last: `[batch, height, width, features]`, with any number
  /// of spatial axes between. An `AdjointError` of shapes that do not fit is thrown where elements are asked
  /// for.
  public func convolved(
    with kernel: Tensor, strides: [Int]? = nil, padding: WindowPadding = .valid,
    inputDilation: [Int]? = nil, kernelDilation: [Int]? = nil, groups: Int = 1,
    file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived {
        if let failure = kernel.node.failure { throw failure }
        guard rank >= 2, kernel.rank == rank else {
          throw AdjointError(
            .shape,
            "convolved: shapes \(shape) and \(kernel.shape) must have one rank of at least 2")
        }
        let taken = kernel.shape[rank - 2].multipliedReportingOverflow(by: groups)
        guard groups < 1 || (!taken.overflow && shape[rank - 1] == taken.partialValue) else {
          throw AdjointError(
            .shape,
            "convolved: shape \(shape) has \(shape[rank - 1]) features, and a kernel of shape "
              + "\(kernel.shape) takes \(kernel.shape[rank - 2])"
              + (groups == 1 ? "" : " for each of \(groups) groups"))
        }
        let extents = Array(shape[1..<(rank - 1)])
        let ones = extents.map { _ in 1 }
        let steps = strides ?? ones
        let spans = try spans(
          kernel.shape.dropLast(2).map { Swift.max($0, 1) }, kernelDilation ?? ones,
          strides: steps, in: "convolved")
        var convolution = Convolution.channelsLast(spatial: extents.count)
        convolution.strides = steps
        convolution.kernelDilation = kernelDilation ?? ones
        convolution.inputDilation = inputDilation ?? ones
        convolution.featureGroups = groups
        (convolution.low, convolution.high) = try padding.places(
          extents, spans: spans, strides: steps, in: "convolved")
        return TensorNode.apply(
          .convolution(convolution), [node, kernel.node], at: .unknown)
      }
    }
  }

  /// The greatest element of each window over the spatial axes: those between the batch, first, and
  /// features, last.
  ///
  /// The derivative goes to the first greatest element of each window.
  ///
  /// - Parameters:
  ///   - windows: their extents along each spatial axis.
  ///   - strides: how far they are apart; as far as they are long when not given.
  ///   - padding: how far they reach beyond the ends, where nothing is counted.
  public func maxPooled(
    over windows: [Int], strides: [Int]? = nil, padding: WindowPadding = .valid,
    file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived { try pooled(.maximum, windows, strides, padding, in: "maxPooled") }
    }
  }

  /// The windows' elements combined.
  fileprivate func pooled(
    _ kind: Reduction.Kind, _ windows: [Int], _ strides: [Int]?, _ padding: WindowPadding,
    in name: String
  ) throws -> TensorNode {
    guard rank == windows.count + 2 else {
      throw AdjointError(
        .shape,
        "\(name): windows \(windows) over shape \(shape), which has \(Swift.max(rank - 2, 0)) spatial axes"
      )
    }
    let steps = strides ?? windows
    let spans = try spans(windows, windows.map { _ in 1 }, strides: steps, in: name)
    let (low, high) = try padding.places(
      Array(shape[1..<(rank - 1)]), spans: spans, strides: steps, in: name)
    let all = Windows(
      extents: [1] + windows + [1], strides: [1] + steps + [1], low: [0] + low + [0],
      high: [0] + high + [0])
    let identity = try TensorNode(kind.identity(of: Scalar.elementType), isLiteral: true)
    return TensorNode.apply(.window(.reduce(kind, all)), [node, identity], at: .unknown)
  }
}

extension Tensor where Scalar: TensorFloatingPoint {
  /// The mean of the elements of each window over the spatial axes; what a window has beyond the ends does
  /// not count.
  ///
  /// - Parameters:
  ///   - windows: their extents along each spatial axis.
  ///   - strides: how far they are apart; as far as they are long when not given.
  ///   - padding: how far they reach beyond the ends.
  public func averagePooled(
    over windows: [Int], strides: [Int]? = nil, padding: WindowPadding = .valid,
    file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      let sums = derived { try pooled(.add, windows, strides, padding, in: "averagePooled") }
      if case .valid = padding {
        return sums / Tensor(Scalar(windows.reduce(1.0) { $0 * Double($1) }))
      }
      let ones = Tensor.ones([1] + shape.dropFirst().dropLast() + [1])
      let counts = ones.derived {
        try ones.pooled(.add, windows, strides, padding, in: "averagePooled")
      }
      return sums / counts
    }
  }
}
