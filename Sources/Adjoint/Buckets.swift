/// Sizes that share compiled code: what `jit(buckets:)` takes.
///
/// One program serves all leading sizes of a bucket, so that a short last batch or a growing window does not
/// compile again. Arguments are filled up with zeros to the bucket's size, and all that mixes rows sees the
/// call's own rows only, so results are those of a program for the size itself, up to the order in which
/// reductions add up. The closure is traced at each new size, and at two other sizes of the bucket where a
/// program is made. Where that does not tell how to keep rows apart, the size is compiled by itself, and
/// `explain()` says why; sizes of a bucket that would end beyond 2³¹ are compiled by themselves, too.
///
///     let loss = jit(buckets: .powersOfTwo) { (w: Tensor<Float>, x: Tensor<Float>) in
///       square(matmul(x, w)).mean()
///     }
public struct Buckets: Hashable, Sendable {
  /// How sizes are divided.
  private enum Division: Hashable, Sendable {
    case powersOfTwo
    case multiples(Int)
    case sizes([Int])
  }

  private let division: Division
  /// The arguments, by position, whose tensors may be filled up; nil for those that are tensors.
  private(set) var chosenArguments: [Int]?

  /// Buckets that end at powers of two: 3 and 4, 5 to 8, 9 to 16, …
  public static let powersOfTwo = Buckets(division: .powersOfTwo)

  /// Buckets that end at multiples of `step`, which is at least 1.
  public static func multiples(of step: Int) -> Buckets {
    Buckets(division: .multiples(max(1, step)))
  }

  /// Buckets that end at these sizes; greater ones are compiled by themselves.
  public static func sizes(_ sizes: [Int]) -> Buckets {
    Buckets(division: .sizes(sizes.sorted()))
  }

  /// The same for all tensors of some arguments, by position from zero on, and for no others.
  ///
  /// Without it the arguments that are tensors may be filled up, and models and other trees are not. Of
  /// `jitInPlace` the state is argument 0.
  public func arguments(_ positions: Int...) -> Buckets {
    var buckets = self
    buckets.chosenArguments = positions
    return buckets
  }

  /// The size to which one is filled up; nil where it is compiled by itself.
  func size(for count: Int) -> Int? {
    let limit = 1 << 31
    guard count >= 1, count < limit else { return nil }
    let size: Int?
    switch division {
    case .powersOfTwo: size = 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
    case .multiples(let step):
      let (end, overflow) = ((count - 1) / step + 1).multipliedReportingOverflow(by: step)
      size = overflow ? nil : end
    case .sizes(let sizes): size = sizes.first { $0 >= count }
    }
    return size.flatMap { $0 <= limit ? $0 : nil }
  }

  /// The least size of the bucket that ends at a size.
  func start(ofBucketEndingAt size: Int) -> Int {
    switch division {
    case .powersOfTwo: return size / 2 + 1
    case .multiples(let step): return max(1, size - step + 1)
    case .sizes(let sizes): return (sizes.last { $0 < size } ?? 0) + 1
    }
  }

  /// Another size of a bucket than `count` and the bucket's own, the greatest one; nil where there is none.
  func otherSize(than count: Int, inBucketEndingAt size: Int) -> Int? {
    let least = max(2, start(ofBucketEndingAt: size))
    return [size - 1, size - 2].first { $0 != count && $0 >= least }
  }
}
