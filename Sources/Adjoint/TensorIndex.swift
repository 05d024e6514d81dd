internal import TensorIR

/// A choice along one axis of a tensor: a number, a range or stride of numbers, an array or a tensor
/// of numbers, `.all`, or `.newAxis` for an axis that is not there yet.
///
/// Negative numbers count from the end of the axis. Do not conform other types.
public protocol TensorIndex: Sendable {
  /// What is chosen.
  var selection: TensorSelection { get }
}

/// What an index of a subscript chooses.
public struct TensorSelection: Sendable {
  /// The kinds of choice; negative numbers count from the end.
  enum Kind: Sendable {
    /// One element; the axis goes away.
    case element(Int)
    /// The elements from `start` to before `limit`; nil for the ends of the axis.
    case range(start: Int?, limit: Int?)
    /// The elements from the first number to the second, included.
    case closedRange(Int, Int)
    /// The elements from `start` on in steps, up to `end`, which belongs to them where `isClosed`.
    case stride(start: Int, end: Int, step: Int, isClosed: Bool)
    /// The elements at computed places, whose shape takes the place of the axis.
    case places(TensorNode)
    /// No element: an axis of extent one.
    case newAxis
  }

  /// What is chosen.
  let kind: Kind
}

extension Int: TensorIndex {
  /// One element; the axis goes away.
  public var selection: TensorSelection { TensorSelection(kind: .element(self)) }
}

extension Range<Int>: TensorIndex {
  /// The elements of the range.
  public var selection: TensorSelection {
    TensorSelection(kind: .range(start: lowerBound, limit: upperBound))
  }
}

extension ClosedRange<Int>: TensorIndex {
  /// The elements of the range, the last one included.
  public var selection: TensorSelection {
    TensorSelection(kind: .closedRange(lowerBound, upperBound))
  }
}

extension PartialRangeFrom<Int>: TensorIndex {
  /// The elements from the bound on.
  public var selection: TensorSelection {
    TensorSelection(kind: .range(start: lowerBound, limit: nil))
  }
}

extension PartialRangeUpTo<Int>: TensorIndex {
  /// The elements before the bound.
  public var selection: TensorSelection {
    TensorSelection(kind: .range(start: nil, limit: upperBound))
  }
}

extension PartialRangeThrough<Int>: TensorIndex {
  /// The elements up to the bound, included.
  public var selection: TensorSelection { TensorSelection(kind: .closedRange(0, upperBound)) }
}

extension StrideTo: TensorIndex where Element == Int {
  /// The elements in steps, which may go backwards.
  public var selection: TensorSelection { TensorSelection(kind: .striding(self, "to", false)) }
}

extension StrideThrough: TensorIndex where Element == Int {
  /// The elements in steps, which may go backwards, the end included.
  public var selection: TensorSelection { TensorSelection(kind: .striding(self, "through", true)) }
}

extension [Int]: TensorIndex {
  /// The elements at the given places, in their order.
  public var selection: TensorSelection {
    TensorSelection(kind: .places(TensorNode.elements(self, shape: [count])))
  }
}

extension Tensor: TensorIndex where Scalar: TensorNumeric & FixedWidthInteger {
  /// The elements at computed places; those beyond the axis are moved to its nearest end.
  public var selection: TensorSelection { TensorSelection(kind: .places(node)) }
}

/// A whole axis, written `.all`.
public struct WholeAxis: TensorIndex {
  /// All elements.
  public var selection: TensorSelection {
    TensorSelection(kind: .range(start: nil, limit: nil))
  }
}

/// An axis of extent one, written `.newAxis`.
public struct NewAxis: TensorIndex {
  /// No element of the tensor's own axes.
  public var selection: TensorSelection { TensorSelection(kind: .newAxis) }
}

extension TensorIndex where Self == WholeAxis {
  /// A whole axis.
  public static var all: WholeAxis { WholeAxis() }
}

extension TensorIndex where Self == NewAxis {
  /// An axis of extent one that the tensor does not have yet.
  public static var newAxis: NewAxis { NewAxis() }
}

extension TensorSelection.Kind {
  /// The numbers of a stride, whose mirror shows its bounds; they are not public otherwise, and
  /// a stride may have more elements than could be walked over.
  fileprivate static func striding(_ stride: Any, _ end: String, _ isClosed: Bool) -> Self {
    let mirror = Mirror(reflecting: stride)
    let numbers = ["from", end, "by"].map { mirror.descendant($0) as? Int }
    guard let start = numbers[0], let end = numbers[1], let step = numbers[2] else {
      preconditionFailure("the mirror of a stride shows its bounds and step")
    }
    return .stride(start: start, end: end, step: step, isClosed: isClosed)
  }

  /// Whether the choice stands for an axis of the tensor.
  var takesAxis: Bool {
    if case .newAxis = self { false } else { true }
  }
}

/// The elements of an axis that a choice without computed places keeps.
struct AxisPart {
  /// The first element in the order of the axis.
  var start: Int
  /// How many elements.
  var count: Int
  /// The distance between neighbours.
  var step = 1
  /// Whether they are read backwards.
  var isReversed = false

  /// The element behind the last one.
  var limit: Int { count == 0 ? start : start + (count - 1) * step + 1 }

  /// The part of an axis of that extent; nil where it is beyond the axis.
  init?(_ kind: TensorSelection.Kind, extent: Int) {
    /// A number that may count from the end.
    func resolved(_ number: Int) -> Int { number < 0 ? number + extent : number }
    switch kind {
    case .element(let index):
      let place = resolved(index)
      guard 0 <= place, place < extent else { return nil }
      self.init(start: place, count: 1)
    case .range(let first, let end):
      let (first, end) = (resolved(first ?? 0), end.map(resolved) ?? extent)
      guard 0 <= first, first <= extent, end <= extent, first <= end else { return nil }
      self.init(start: first, count: end - first)
    case .closedRange(let first, let last):
      let (first, last) = (resolved(first), resolved(last))
      guard 0 <= first, last < extent, first <= last + 1 else { return nil }
      self.init(start: first, count: last - first + 1)
    case .stride(let first, let end, let step, let isClosed):
      self.init(extent: extent, first: first, end: end, step: step, isClosed: isClosed)
    case .places, .newAxis:
      self.init(start: 0, count: extent)
    }
  }

  /// The elements of a stride, whose numbers are taken as they are.
  private init?(extent: Int, first: Int, end: Int, step: Int, isClosed: Bool) {
    let distance =
      step > 0 ? end.subtractingReportingOverflow(first) : first.subtractingReportingOverflow(end)
    guard !distance.overflow, step != .min else { return nil }
    let size = Swift.abs(step)
    let span = distance.partialValue
    let isEmpty = span < 0 || (span == 0 && !isClosed)
    count = isEmpty ? 0 : (isClosed ? span / size : (span - 1) / size) + 1
    guard count > 0 else {
      (start, self.step) = (0, 1)
      return
    }
    let last = first + (count - 1) * step
    guard 0 <= Swift.min(first, last), Swift.max(first, last) < extent else { return nil }
    (start, self.step, isReversed) = (Swift.min(first, last), count > 1 ? size : 1, step < 0)
  }
}
