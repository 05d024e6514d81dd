internal import LoopIR
internal import TensorIR

/// A program whose scans were taken apart.
struct CheckpointedProgram {
  var lowered: LoweredProgram
  /// The function that it carries out.
  let function: Function

  /// Counts the scans' recomputation with the program's.
  init(_ lowered: LoweredProgram, _ checkpointed: CheckpointedFunction) {
    self.lowered = lowered
    function = checkpointed.function
    let memory = lowered.memory
    self.lowered.memory.values = checkpointed.residuals + memory.values
    self.lowered.memory.recomputedByteCount =
      memory.recomputedByteCount.addingCapped(checkpointed.recomputedByteCount)
    self.lowered.memory.addedFlops = memory.addedFlops.addingCapped(checkpointed.addedFlops)
  }
}

/// Finds how scans are taken apart so that a program fits a memory budget, where no choice of what
/// to compute again does that alone.
struct CheckpointSearch {
  private let function: Function
  /// Lowers a function within a budget, or without one; with values that are not stored, unless others that are
  /// take as many bytes as given, or without.
  private let lower: (Function, Int?, _ inlinesBelow: Int?) throws -> LoweredProgram
  /// What is missing, with the least bytes of all plans.
  private(set) var shortage: MemoryShortage
  /// The bytes of what stays whole when scans are taken apart, as far as is known.
  private var rest: Int
  /// Whether it is clear from one division into blocks that no other one takes less than what is known.
  private var areBlocksHopeless = false

  /// How many divisions into blocks are planned.
  private static let trialCount = 4
  /// The part of the added work that a larger division may have to be planned where another one fits.
  private static let worthwhile = 0.9

  /// - Parameter shortage: what the plans lack in which scans are whole.
  init(
    _ function: Function, _ shortage: MemoryShortage,
    lower: @escaping (Function, Int?, _ inlinesBelow: Int?) throws -> LoweredProgram
  ) {
    self.function = function
    self.lower = lower
    self.shortage = shortage
    rest = max(shortage.saveAll - function.checkpointedByteCount, 0)
  }

  /// A program within a budget, and the function that it carries out; nil where there is none.
  mutating func lowered(
    within budget: Int
  ) throws -> CheckpointedProgram? {
    let segments = try checkpointed(.segments, budget)
    // Planning takes long, so it is left for the end where it is not likely to lead anywhere: what
    // stays whole only becomes much smaller where it is most of it.
    let isLikely = segments.map { $0.byteCount + rest <= budget || rest > budget / 4 }
    if isLikely == true, let found = try inSegments(segments, budget) { return found }
    if let found = try inBlocks(budget) { return found }
    if isLikely == false, let found = try inSegments(segments, budget) { return found }
    guard !areBlocksHopeless, let smallest = try checkpointed(.blocks(within: nil), budget),
      let lowered = try fitting(smallest, budget)
    else { return nil }
    return CheckpointedProgram(lowered, smallest)
  }

  /// The program within a budget whose scans are whole; nil where there is none.
  mutating func loweredWhole(within budget: Int) throws -> LoweredProgram? {
    try fitting(nil, budget, inlinesValues: true)
  }

  /// A program within a budget whose scans are taken apart, and in which some values are not stored; nil
  /// where there is none.
  mutating func loweredInlining(within budget: Int) throws -> CheckpointedProgram? {
    let ways: [ScanCheckpointing] =
      areBlocksHopeless ? [.segments] : [.segments, .blocks(within: nil)]
    for way in ways {
      guard let divided = try checkpointed(way, budget),
        let lowered = try fitting(divided, budget, inlinesValues: true)
      else { continue }
      return CheckpointedProgram(lowered, divided)
    }
    return nil
  }

  private func checkpointed(
    _ way: ScanCheckpointing, _ budget: Int
  ) throws -> CheckpointedFunction? {
    try CheckpointedFunction(function, way, leastByteCount: budget / 16)
  }

  /// - Parameter divided: the function with scans taken apart; nil for the function itself.
  private mutating func fitting(
    _ divided: CheckpointedFunction?, _ budget: Int, inlinesValues: Bool = false
  ) throws -> LoweredProgram? {
    do {
      return try lower(
        divided?.function ?? function, budget, inlinesValues ? shortage.least : nil)
    } catch var found as MemoryShortage {
      found.plan?.divided = divided
      shortage.improve(with: found)
      return nil
    }
  }

  private mutating func inSegments(
    _ segments: CheckpointedFunction?, _ budget: Int
  ) throws -> CheckpointedProgram? {
    guard let segments, segments.byteCount <= budget || segments.byteCount < shortage.least
    else { return nil }
    return try fitting(segments, budget).map { CheckpointedProgram($0, segments) }
  }

  /// Blocks and snapshots that take what the rest of the program leaves of a budget: each trial tells
  /// better what that is.
  private mutating func inBlocks(_ budget: Int) throws -> CheckpointedProgram? {
    var limit = rest < budget ? min(budget - rest, budget / 32 * 31) : budget / 8 * 7
    var best: (program: CheckpointedProgram, addedFlops: Int)?
    var tried = Set<Int>()
    for _ in 0..<Self.trialCount where limit > 0 {
      guard let nested = try checkpointed(.blocks(within: limit), budget),
        tried.insert(nested.byteCount).inserted,
        Double(nested.addedFlops) < Self.worthwhile * Double(best?.addedFlops ?? .max)
      else { break }
      let lowered = try lower(nested.function, nil, nil)
      let byteCount = lowered.program.arenaByteCount
      let isFitting = byteCount <= budget
      if isFitting, byteCount > best?.program.lowered.program.arenaByteCount ?? 0 {
        best = (CheckpointedProgram(lowered, nested), nested.addedFlops)
      }
      if isFitting, budget - byteCount <= budget / 8 { break }
      // Fewer bytes for blocks are not that much less in all.
      areBlocksHopeless = byteCount - 2 * nested.byteCount > max(budget, shortage.least)
      if areBlocksHopeless { break }
      // What the rest of the program takes was reckoned from this trial.
      // Of what is taken from blocks a part comes back, as they share memory with the rest.
      let missing = byteCount - budget
      limit = nested.byteCount - (isFitting ? missing + budget / 64 : missing / 2 * 3)
    }
    return best?.program
  }
}
