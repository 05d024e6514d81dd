internal import LoopIR
internal import TensorIR

/// Finds how scans are taken apart so that a program fits a memory budget, where no choice of what
/// to compute again does that alone.
struct CheckpointSearch {
  private let function: Function
  /// Lowers a function within a budget, or without one.
  private let lower: (Function, Int?) throws -> LoweredProgram
  /// The least bytes of all plans.
  private(set) var least: Int

  /// How many divisions into blocks are planned.
  private static let trialCount = 4

  init(
    _ function: Function, least: Int, lower: @escaping (Function, Int?) throws -> LoweredProgram
  ) {
    self.function = function
    self.least = least
    self.lower = lower
  }

  /// A program within a budget, and the function that it carries out; nil where there is none.
  mutating func lowered(
    within budget: Int
  ) throws -> (lowered: LoweredProgram, function: Function)? {
    if let nested = try checkpointed(.segments, budget),
      nested.byteCount <= budget || nested.byteCount < least,
      let lowered = try fitting(nested.function, budget)
    {
      return (lowered, nested.function)
    }
    if let found = try inBlocks(budget) { return found }
    guard let smallest = try checkpointed(.blocks(within: nil), budget),
      let lowered = try fitting(smallest.function, budget)
    else { return nil }
    return (lowered, smallest.function)
  }

  private func checkpointed(
    _ way: Function.ScanCheckpointing, _ budget: Int
  ) throws -> (function: Function, byteCount: Int)? {
    try function.checkpointingScans(way, leastByteCount: budget / 16)
  }

  private mutating func fitting(_ function: Function, _ budget: Int) throws -> LoweredProgram? {
    do {
      return try lower(function, budget)
    } catch let shortage as MemoryShortage {
      least = min(least, shortage.least)
      return nil
    }
  }

  /// Blocks and snapshots that take what the rest of the program leaves of a budget: the first trial
  /// tells what that is.
  private mutating func inBlocks(
    _ budget: Int
  ) throws -> (lowered: LoweredProgram, function: Function)? {
    var limit = budget / 8 * 7
    var best: (lowered: LoweredProgram, function: Function)?
    var tried = Set<Int>()
    for _ in 0..<Self.trialCount where limit > 0 {
      guard let nested = try checkpointed(.blocks(within: limit), budget),
        tried.insert(nested.byteCount).inserted
      else { break }
      let lowered = try lower(nested.function, nil)
      let byteCount = lowered.program.arenaByteCount
      let isFitting = byteCount <= budget
      if isFitting, byteCount > best?.lowered.program.arenaByteCount ?? 0 {
        best = (lowered, nested.function)
      }
      if isFitting, budget - byteCount <= budget / 16 { break }
      // What the rest of the program takes was reckoned from this trial.
      limit = nested.byteCount + (budget - byteCount) - (isFitting ? budget / 64 : 0)
    }
    return best
  }
}
