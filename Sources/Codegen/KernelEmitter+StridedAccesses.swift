internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// Lanes that are evenly apart in memory, by few elements: whole vectors of what lies from the first to the
/// last are read or written, and lanes are picked from them. An instruction that gathers or scatters takes
/// about as long as moving each lane by itself.
struct StridedLanes {
  /// A whole vector of what lies between the first and the last lane's element.
  private struct Stretch {
    /// The element that it starts at.
    var first: Int
    /// The lanes whose elements it is the first to hold.
    var lanes: Range<Int>
  }

  private let stride: Int
  private let width: Int
  private var stretches: [Stretch] = []

  /// - Parameters:
  ///   - stride: how many elements the lanes are apart.
  ///   - width: how many lanes there are.
  init(stride: Int, width: Int) {
    self.stride = stride
    self.width = width
    var lane = 0
    while lane < width {
      // The last stretch ends at the last lane's element, behind which memory may end.
      let first = min(lane * stride, stride * (width - 1) + 1 - width)
      let end = min(width, (first + width - 1) / stride + 1)
      stretches.append(Stretch(first: first, lanes: lane..<end))
      lane = end
    }
  }

  /// The lanes of what `load` reads from an element on.
  func loaded(_ builder: IRBuilder, _ load: (Int) -> LLVMValue) -> LLVMValue {
    var result: LLVMValue?
    for stretch in stretches {
      let vector = load(stretch.first)
      let picked = (0..<width).map { lane in
        if stretch.lanes.contains(lane) {
          return (result == nil ? 0 : width) + lane * stride - stretch.first
        }
        return lane < stretch.lanes.lowerBound ? lane : -1
      }
      result =
        result.map { builder.shuffle($0, vector, picked) } ?? builder.shuffle(vector, picked)
    }
    guard let result else { preconditionFailure("a vector has lanes") }
    return result
  }

  /// Hands each stretch of a vector's lanes to `store`: the element that it starts at, the lanes at their
  /// places, and which places are lanes.
  func store(
    _ value: LLVMValue, _ builder: IRBuilder,
    _ store: (_ first: Int, _ value: LLVMValue, _ isLane: [Bool]) -> Void
  ) {
    for stretch in stretches {
      var picked = [Int](repeating: -1, count: width)
      for lane in stretch.lanes { picked[lane * stride - stretch.first] = lane }
      store(stretch.first, builder.shuffle(value, picked), picked.map { $0 >= 0 })
    }
  }

  /// Whether so many elements apart are few.
  static func isWorthwhile(stride: Int, width: Int) -> Bool {
    (2...max(2, width / 2)).contains(stride) && width >= 4
  }
}
