internal import LoopIR
internal import TensorIR

/// A scan whose stacked results only other scans over as many steps read, slice by slice, so that they
/// can be computed again from carries kept on the way.
struct CheckpointedScan {
  /// A scan that reads what is saved.
  struct Reader {
    let scan: Scan
    let operation: Operation
    /// The operands that are residuals, and which results of the forward scan these are, by position.
    let reads: [(operand: Int, residual: Int)]
    /// Whether it runs against the forward scan's direction.
    let isAgainst: Bool
  }

  /// The scan that saves.
  let forward: Scan
  let forwardOperation: Operation
  /// The results of the forward scan that only the readers read, by position.
  let residuals: [Int]
  let readers: [Reader]
  /// Sums of products over parts of what is saved and of what the reader stacks.
  let sums: [StackedSum]
  /// Products that only make stacks whose slices the forward scan and its reader take, by the stack.
  let products: [ValueID: Operation]
  /// Bytes of the carries, and of what is saved, of one step.
  let carryByteCount: Int
  let residualByteCount: Int
  /// Bytes of one step of all stacks that the forward scan and its readers take slices of.
  let sliceByteCount: Int

  /// Bytes of all that is saved.
  var savedByteCount: Int { residualByteCount.multipliedCapped(by: forward.length) }

  /// The stacked results of the forward scan that others than the readers read.
  var outputs: [Int] {
    (forward.carryCount..<forwardOperation.results.count).filter { !residuals.contains($0) }
  }

  /// The scan at a position with its readers; nil where there are none.
  ///
  /// - Parameter joinsSums: whether sums of products over what is saved may be made with it, so that the products'
  ///   factors do not stay whole.
  init?(_ function: Function, at position: Int, joinsSums: Bool) {
    let operation = function.operations[position]
    guard case .scan(let forward) = operation.op, forward.length > 3 else { return nil }
    sums = joinsSums ? StackedSum.sums(over: forward, operation, in: function) : []
    let joined = Set(sums.flatMap(\.parts))
    let returned = Set(function.results)
    var residuals: [Int] = []
    var reads: [Int: [(operand: Int, residual: Int)]] = [:]
    for index in forward.carryCount..<operation.results.count {
      let value = operation.results[index]
      var uses: [(operation: Int, operand: Int)] = []
      var isSummed = false
      for (user, other) in function.operations.enumerated().dropFirst(position + 1) {
        if other.results.contains(where: joined.contains) {
          isSummed = isSummed || other.operands[0] == value
          continue
        }
        for (operand, used) in other.operands.enumerated() where used == value {
          uses.append((user, operand))
        }
      }
      guard !uses.isEmpty || isSummed, !returned.contains(value) else { continue }
      let areSlices = uses.allSatisfy { use in
        guard case .scan(let other) = function.operations[use.operation].op else { return false }
        return other.length == forward.length && use.operand >= other.carryRange.upperBound
      }
      guard areSlices else { continue }
      residuals.append(index)
      for use in uses { reads[use.operation, default: []].append((use.operand, index)) }
    }
    guard !reads.isEmpty else { return nil }
    self.forward = forward
    forwardOperation = operation
    self.residuals = residuals
    readers = reads.sorted { $0.key < $1.key }.compactMap { place, reads in
      let operation = function.operations[place]
      guard case .scan(let scan) = operation.op else { return nil }
      return Reader(
        scan: scan, operation: operation, reads: reads,
        isAgainst: scan.isReversed != forward.isReversed)
    }
    products =
      joinsSums && readers.count == 1
      ? function.stackProducts(of: [operation, readers[0].operation]) : [:]
    func bytes(_ values: some Sequence<ValueID>) -> Int {
      values.reduce(0) { $0.addingCapped(function[$1].byteCount) }
    }
    carryByteCount = bytes(operation.results.prefix(forward.carryCount))
    residualByteCount = bytes(residuals.map { operation.results[$0] }) / forward.length
    let slices = operation.operands[forward.carryRange.upperBound...]
    let others = readers.map { reader in
      let read = Set(reader.reads.map(\.operand))
      let scan = reader.scan
      let plain = (scan.carryRange.upperBound..<reader.operation.operands.count)
        .filter { !read.contains($0) }.map { reader.operation.operands[$0] }
      return bytes(plain + reader.operation.results.dropFirst(scan.carryCount))
    }
    sliceByteCount = (bytes(slices) + (others.max() ?? 0)) / forward.length
  }

  /// The length of segments with the least bytes, of the carries kept at the start of each and of the
  /// residuals of one: near √(c·N/r), with N steps, c bytes of carries and r of residuals.
  ///
  /// - Returns: nil where the length has no divisors, or several scans read the residuals.
  var segments: (length: Int, byteCount: Int)? {
    guard readers.count == 1, readers[0].isAgainst else { return nil }
    let divisors = forward.length.properDivisors.filter { divisor in
      divisor.isMultiple(of: pieceStep)
        && sums.allSatisfy { divisor.isMultiple(of: $0.partLength) }
    }
    let candidates = divisors.map { segment in
      let bytes = (forward.length / segment).multipliedCapped(by: carryByteCount)
      return (segment, bytes.addingCapped(segment.multipliedCapped(by: residualByteCount)))
    }
    return candidates.min { $0.1 < $1.1 }
  }

  /// Blocks and snapshots with the least work within so many bytes.
  func blocks(within byteCount: Int) -> BlockDivision? {
    // The blocks of a reversed scan start at its last row, vectors of iterations at the first one.
    if forward.isReversed, !forward.length.isMultiple(of: pieceStep) { return nil }
    return BlockDivision(
      length: forward.length, carryByteCount: carryByteCount,
      residualByteCount: residualByteCount.addingCapped(sliceByteCount), step: pieceStep,
      within: byteCount)
  }

  /// What lengths of pieces are multiples of: scans over single numbers may become loops whose iterations
  /// are composed, and give the same bits only where the same iterations are.
  private var pieceStep: Int {
    let scans = [(forward, forwardOperation)] + readers.map { ($0.scan, $0.operation) }
    let mayBeLanes = scans.contains { scan, operation in
      let ends = operation.operands.count - scan.carryRange.upperBound
      let slices = scan.body.parameters.suffix(ends) + scan.body.results.dropFirst(scan.carryCount)
      return slices.allSatisfy { scan.body[$0].count == 1 }
    }
    return mayBeLanes ? Recurrence.width : 1
  }

  /// The blocks and snapshots that take the fewest bytes, within some percent.
  var leastBlocks: BlockDivision? {
    let least = residualByteCount.addingCapped(sliceByteCount).addingCapped(carryByteCount)
    var byteCount = least.addingCapped(1)
    // With fewer, long loops would be run forward too often.
    while byteCount < savedByteCount {
      if let blocks = blocks(within: byteCount) { return blocks }
      byteCount = byteCount.addingCapped(max(byteCount / 20, 1))
    }
    return nil
  }
}

extension Int {
  /// The divisors but one and the number itself, smallest first.
  fileprivate var properDivisors: [Int] {
    var (small, large): ([Int], [Int]) = ([], [])
    var divisor = 2
    while divisor * divisor <= self {
      if isMultiple(of: divisor) {
        small.append(divisor)
        if divisor * divisor != self { large.append(self / divisor) }
      }
      divisor += 1
    }
    return small + large.reversed()
  }
}

/// How pairs of scans are taken apart.
enum ScanCheckpointing: Hashable {
  /// Segments of equal length, with a snapshot of each.
  case segments
  /// Blocks by a binomial schedule within so many bytes in all; nil for as few as there can be.
  case blocks(within: Int?)
}
