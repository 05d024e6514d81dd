internal import LoopIR

/// Pieces of an arena with the offsets that they have got, by offset.
///
/// The columns are arrays of their own, since each piece is compared with all that are there.
struct PlacedPieces {
  private var starts: [Int] = []
  private var ends: [Int] = []
  private var firsts: [Int] = []
  private var lasts: [Int] = []
  /// The bytes that all pieces take together.
  private(set) var byteCount = 0

  /// The lowest offset that is free for so many bytes during a piece's life; it is taken.
  mutating func place(_ byteCount: Int, during life: ClosedRange<Int>) -> Int {
    let (first, last) = (life.lowerBound, life.upperBound)
    var offset = 0
    for piece in starts.indices where firsts[piece] <= last && lasts[piece] >= first {
      if starts[piece] >= offset + byteCount { break }
      offset = max(offset, ends[piece])
    }
    let position = starts.partitioningIndex { $0 > offset }
    starts.insert(offset, at: position)
    ends.insert(offset + byteCount, at: position)
    firsts.insert(first, at: position)
    lasts.insert(last, at: position)
    self.byteCount = max(self.byteCount, offset + byteCount)
    return offset
  }
}

/// The least of the numbers in any range of a list.
struct RangeMinima {
  private let count: Int
  /// A binary tree whose leaves, the second half, are the numbers.
  private var nodes: [Int]

  init(_ numbers: [Int]) {
    count = numbers.count
    nodes = [Int](repeating: Int.max, count: count) + numbers
    for node in stride(from: count - 1, to: 0, by: -1) {
      nodes[node] = min(nodes[2 * node], nodes[2 * node + 1])
    }
  }

  /// The least number at some positions; `Int.max` where there is none.
  ///
  /// - Complexity: O(log count)
  func least(in positions: ClosedRange<Int>) -> Int {
    var (low, high) = (max(positions.lowerBound, 0) + count, min(positions.upperBound, count - 1))
    high += count + 1
    var least = Int.max
    while low < high {
      if !low.isMultiple(of: 2) {
        least = min(least, nodes[low])
        low += 1
      }
      if !high.isMultiple(of: 2) {
        high -= 1
        least = min(least, nodes[high])
      }
      low /= 2
      high /= 2
    }
    return least
  }
}

extension [Int] {
  /// The first index whose number, and all behind it, meet a condition; the numbers are in order.
  ///
  /// - Complexity: O(log count)
  func partitioningIndex(where isBehind: (Int) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
