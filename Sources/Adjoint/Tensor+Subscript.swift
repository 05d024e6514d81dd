internal import TensorIR

/// A choice along one axis of a tensor: a number, a range of numbers, or `.all`.
public protocol TensorIndex: Sendable {
  /// The range chosen from an axis of that extent, and whether the axis goes away.
  func resolved(extent: Int) -> TensorIndexRange
}

/// The part of an axis that an index chooses.
public struct TensorIndexRange: Sendable {
  /// The first element.
  public var start: Int
  /// The element behind the last one.
  public var limit: Int
  /// Whether the axis goes away, because a single element was chosen.
  public var dropsAxis: Bool

  /// Creates a part.
  public init(start: Int, limit: Int, dropsAxis: Bool = false) {
    self.start = start
    self.limit = limit
    self.dropsAxis = dropsAxis
  }
}

extension Int: TensorIndex {
  /// One element; the axis goes away.
  public func resolved(extent: Int) -> TensorIndexRange {
    let (limit, overflow) = addingReportingOverflow(1)
    return TensorIndexRange(start: self, limit: overflow ? self : limit, dropsAxis: true)
  }
}

extension Range<Int>: TensorIndex {
  /// The elements of the range.
  public func resolved(extent: Int) -> TensorIndexRange {
    TensorIndexRange(start: lowerBound, limit: upperBound)
  }
}

extension ClosedRange<Int>: TensorIndex {
  /// The elements of the range, the last one included.
  public func resolved(extent: Int) -> TensorIndexRange {
    let (limit, overflow) = upperBound.addingReportingOverflow(1)
    return TensorIndexRange(start: lowerBound, limit: overflow ? upperBound : limit)
  }
}

extension PartialRangeFrom<Int>: TensorIndex {
  /// The elements from the bound on.
  public func resolved(extent: Int) -> TensorIndexRange {
    TensorIndexRange(start: lowerBound, limit: Swift.max(extent, lowerBound))
  }
}

extension PartialRangeUpTo<Int>: TensorIndex {
  /// The elements before the bound.
  public func resolved(extent: Int) -> TensorIndexRange {
    TensorIndexRange(start: 0, limit: upperBound)
  }
}

extension PartialRangeThrough<Int>: TensorIndex {
  /// The elements up to the bound, included.
  public func resolved(extent: Int) -> TensorIndexRange {
    let (limit, overflow) = upperBound.addingReportingOverflow(1)
    return TensorIndexRange(start: 0, limit: overflow ? upperBound : limit)
  }
}

/// A whole axis, written `.all`.
public struct WholeAxis: TensorIndex {
  /// All elements.
  public func resolved(extent: Int) -> TensorIndexRange {
    TensorIndexRange(start: 0, limit: extent)
  }
}

extension TensorIndex where Self == WholeAxis {
  /// A whole axis.
  public static var all: WholeAxis { WholeAxis() }
}

extension Tensor {
  /// The part of the tensor chosen along its first axes; axes that are not named stay whole.
  ///
  ///     x[0]            // row 0, an axis less
  ///     x[1..<3, .all]  // rows 1 and 2
  ///     x[.all, 2]      // column 2
  ///
  /// An index beyond its axis makes a failed tensor.
  public subscript(_ indices: any TensorIndex...) -> Tensor { indexed(indices, fromEnd: false) }

  /// The part chosen along the last axes: `x[..., 0]`; other axes stay whole.
  public subscript(
    _: (UnboundedRange_) -> Void, _ indices: any TensorIndex...
  ) -> Tensor { indexed(indices, fromEnd: true) }

  /// The part chosen along the first axis: `x[1..<3, ...]`; other axes stay whole.
  public subscript(_ index: any TensorIndex, _: (UnboundedRange_) -> Void) -> Tensor {
    indexed([index], fromEnd: false)
  }

  /// The part chosen along the first two axes: `x[0, 1..<3, ...]`; other axes stay whole.
  public subscript(
    _ first: any TensorIndex, _ second: any TensorIndex, _: (UnboundedRange_) -> Void
  ) -> Tensor { indexed([first, second], fromEnd: false) }

  /// The part chosen by indices of the first or the last axes.
  private func indexed(_ indices: [any TensorIndex], fromEnd: Bool) -> Tensor {
    derived {
      guard indices.count <= rank else {
        throw AdjointError(.shape, "\(indices.count) indices are too many for shape \(shape)")
      }
      let first = fromEnd ? rank - indices.count : 0
      var ranges = shape.map { TensorIndexRange(start: 0, limit: $0) }
      for (axis, index) in indices.enumerated() {
        let range = index.resolved(extent: shape[first + axis])
        let isInside = 0 <= range.start && range.start <= range.limit
        guard isInside, range.limit <= shape[first + axis],
          !range.dropsAxis || range.limit == range.start + 1
        else {
          throw AdjointError(
            .shape, "index \(index) is outside axis \(first + axis) of shape \(shape)")
        }
        ranges[first + axis] = range
      }
      let op = ShapeOp.slice(
        starts: ranges.map(\.start), limits: ranges.map(\.limit),
        strides: Array(repeating: 1, count: rank))
      let kept = ranges.filter { !$0.dropsAxis }.map { $0.limit - $0.start }
      return TensorNode.apply(.shape(op), [node], at: .unknown).reshape(to: kept, at: .unknown)
    }
  }
}
