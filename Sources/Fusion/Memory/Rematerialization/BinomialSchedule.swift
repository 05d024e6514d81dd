internal import TensorIR

/// In which order the steps of a loop are run forward, kept and reversed where so many snapshots of
/// the state fit, with the least number of forward steps.
///
/// Source: Griewank and Walther, "Algorithm 799: Revolve", 2000. With s snapshots and at most r runs of
/// each step, β(s, r) = (s + r choose s) steps can be reversed. Snapshots are a stack: the one at the
/// start is the first, and one is dropped when the step behind it has been reversed.
package struct BinomialSchedule: Sendable {
  /// What is done before one step is reversed: its state is found from a snapshot.
  package struct Reversal: Sendable {
    /// The snapshot to start from, and the step in front of which it was taken.
    package var slot: Int
    package var position: Int
    /// The runs forward, by number: the state before each is kept in the slots from the first one on,
    /// then so many steps are run.
    package var runs: Range<Int>
  }

  package let stepCount: Int
  package let snapshotCount: Int
  /// How many steps each run forward has.
  package private(set) var distances: [Int] = []
  /// What is done before each step is reversed, by step. The last step's is the first sweep.
  package private(set) var reversals: [Reversal] = []

  /// The schedule of a number of steps with a number of snapshots, the start's among them.
  package init(stepCount: Int, snapshotCount: Int) {
    precondition(stepCount > 0 && snapshotCount > 0, "there is a step, and a snapshot of the start")
    self.stepCount = stepCount
    self.snapshotCount = snapshotCount
    var snapshots = [0]
    for step in (0..<stepCount).reversed() {
      reversals.append(reversal(of: step, from: &snapshots))
      if snapshots.last == step { snapshots.removeLast() }
    }
    reversals.reverse()
  }

  private mutating func reversal(of step: Int, from snapshots: inout [Int]) -> Reversal {
    let slot = snapshots.count - 1
    let start = snapshots[slot]
    let first = distances.count
    var position = start
    while position < step {
      if position > start { snapshots.append(position) }
      let distance = Self.distance(step + 1 - position, snapshotCount - snapshots.count + 1)
      distances.append(distance)
      position += distance
    }
    return Reversal(slot: slot, position: start, runs: first..<distances.count)
  }

  /// How far to run before the next snapshot where so many steps are to be reversed, with so many
  /// snapshots, the one in front of them among them: as far as keeps the number of forward steps least.
  private static func distance(_ stepCount: Int, _ snapshotCount: Int) -> Int {
    let repetitions = repetitions(stepCount, snapshotCount)
    let behind = reach(snapshotCount - 1, repetitions - 1)
    return max(1, min(reach(snapshotCount, repetitions - 1), stepCount - behind))
  }

  /// How often a step is run at most before the last time.
  private static func repetitions(_ stepCount: Int, _ snapshotCount: Int) -> Int {
    var repetitions = 0
    while reach(snapshotCount, repetitions) < stepCount { repetitions += 1 }
    return repetitions
  }

  /// How many steps so many snapshots and repetitions reach: a binomial coefficient.
  private static func reach(_ snapshots: Int, _ repetitions: Int) -> Int {
    let (least, sum) = (min(snapshots, repetitions), snapshots + repetitions)
    var result = 1
    for number in 0..<max(least, 0) {
      let (product, overflows) = result.multipliedReportingOverflow(by: sum - number)
      if overflows { return .max }
      result = product / (number + 1)
    }
    return result
  }

  /// The forward steps that a schedule runs, without making it.
  package static func forwardStepCount(_ stepCount: Int, snapshotCount: Int) -> Int {
    let repetitions = repetitions(stepCount, snapshotCount)
    let saved = repetitions > 0 ? reach(snapshotCount + 1, repetitions - 1) : 0
    return (repetitions + 1).multipliedCapped(by: stepCount) - saved
  }
}

/// How a loop is cut into blocks whose residuals are kept at once, and how many states are kept of
/// those at the start of blocks.
struct BlockDivision: Hashable {
  /// The steps of a block; the last one may be shorter.
  var blockLength: Int
  var snapshotCount: Int
  /// Steps run forward, with what calls take reckoned as steps.
  var work: Double
  var byteCount: Int

  /// More blocks than this would make the tables of the schedule too long.
  private static let mostBlocks = 1 << 16
  /// Each step is run forward at most so often, on average.
  private static let mostRuns = 10

  /// The division with the least work within so many bytes; nil where none fits.
  ///
  /// - Parameters:
  ///   - carryByteCount: bytes of a snapshot.
  ///   - residualByteCount: bytes that are kept of each step of a block.
  ///   - step: what the lengths of blocks are multiples of.
  init?(
    length: Int, carryByteCount: Int, residualByteCount: Int, step: Int, within byteCount: Int
  ) {
    var best: BlockDivision?
    // What starting a block takes, in steps.
    let start = 150 / (20 + Double(carryByteCount + residualByteCount) / 12)
    for blocks in Self.lengths(upTo: (length + step - 1) / step) {
      let blockLength = blocks * step
      let kept = blockLength.multipliedCapped(by: residualByteCount)
      let count = (length + blockLength - 1) / blockLength
      guard kept < byteCount, count > 1, count <= Self.mostBlocks else { continue }
      let room = (byteCount - kept) / max(carryByteCount, 1)
      let snapshots = min(room, count - 1)
      guard snapshots > 0 else { continue }
      let runs = BinomialSchedule.forwardStepCount(count, snapshotCount: snapshots)
      guard runs.multipliedCapped(by: blockLength) <= Self.mostRuns * length else { continue }
      let work = Double(runs) * Double(blockLength) + Double(count) * start
      if work < best?.work ?? .infinity {
        best = BlockDivision(
          blockLength: blockLength, snapshotCount: snapshots, work: work,
          byteCount: kept.addingCapped(snapshots.multipliedCapped(by: carryByteCount)))
      }
    }
    guard let best else { return nil }
    self = best
  }

  private init(blockLength: Int, snapshotCount: Int, work: Double, byteCount: Int) {
    self.blockLength = blockLength
    self.snapshotCount = snapshotCount
    self.work = work
    self.byteCount = byteCount
  }

  /// Lengths of blocks that are tried: all short ones, then by a sixteenth more each.
  private static func lengths(upTo length: Int) -> [Int] {
    var lengths: [Int] = []
    var next = 1
    while next < length {
      lengths.append(next)
      next += max(1, next / 16)
    }
    return lengths
  }
}
