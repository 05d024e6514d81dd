internal import LoopIR
package import TensorIR

/// A function with scans whose residuals other scans read taken apart: forward, carries are kept on the
/// way instead of residuals; where these are read, parts of the scan are run again for its residuals.
///
/// Scans in the bodies of loops and in branches are taken apart as well, where what reads their residuals
/// stands beside them.
struct CheckpointedFunction {
  /// The function.
  private(set) var function: Function
  /// The bytes that these scans take at least.
  private(set) var byteCount = 0
  /// The bytes of residuals that are computed again.
  private(set) var recomputedByteCount = 0
  /// Arithmetic operations of computing them again.
  private(set) var addedFlops = 0
  /// The stacks of residuals, and how they are computed again, in order.
  private(set) var residuals: [MemoryReport.Value] = []

  private let way: ScanCheckpointing
  private let leastByteCount: Int
  /// The sum of the roots of what pairs save, by which they share the bytes that there are.
  private let rootSum: Double
  private var isChanged = false

  /// Takes the scans of a function apart; nil where nothing is gained.
  ///
  /// - Parameter leastByteCount: scans that save less stay as they are.
  init?(_ function: Function, _ way: ScanCheckpointing, leastByteCount: Int) throws {
    self.function = function
    self.way = way
    self.leastByteCount = leastByteCount
    let saved = function.checkpointedByteCounts(joinsSums: way == .segments)
    rootSum = saved.reduce(0) { $0 + Double($1).squareRoot() }
    self.function = try takenApart(function, runs: 1)
    guard isChanged else { return nil }
    residuals.reverse()
    for number in residuals.indices { residuals[number].name = "r\(number)" }
  }

  /// A function or region with scans taken apart.
  ///
  /// - Parameter runs: how often it is run, as far as that is known.
  private mutating func takenApart(_ source: Function, runs: Int) throws -> Function {
    var function = source
    // Backwards, since what comes before a scan keeps its place.
    for position in function.operations.indices.reversed() {
      let op = function.operations[position].op
      if !op.regions.isEmpty {
        function.operations[position].op = try op.mappingRegions {
          try takenApart($0, runs: runs.multipliedCapped(by: op.tripCount))
        }
      }
      guard let pair = CheckpointedScan(function, at: position, joinsSums: way == .segments),
        pair.savedByteCount >= leastByteCount, let part = try takenApart(pair, in: function)
      else { continue }
      let flops = part.addedFlops.multipliedCapped(by: runs)
      residuals += pair.residualValues(in: function, part.reason, addedFlops: flops).reversed()
      function = part.function
      byteCount = byteCount.addingCapped(part.byteCount)
      recomputedByteCount = recomputedByteCount.addingCapped(part.recomputedByteCount)
      addedFlops = addedFlops.addingCapped(flops)
      isChanged = true
    }
    return function
  }

  /// What becomes of a function when one pair of scans is taken apart.
  private struct Part {
    var function: Function
    var byteCount: Int
    var recomputedByteCount: Int
    var addedFlops: Int
    /// How residuals are computed again, in words.
    var reason: String
  }

  private func takenApart(
    _ pair: CheckpointedScan, in function: Function
  ) throws -> Part? {
    switch way {
    case .segments:
      guard let segments = pair.segments, segments.byteCount < pair.savedByteCount else {
        return nil
      }
      var rewriter = SegmentRewriter(function, pair, length: segments.length)
      return try Part(
        function: rewriter.run(), byteCount: segments.byteCount,
        recomputedByteCount: pair.savedByteCount,
        addedFlops: pair.repeatedProducts.reduce(
          pair.addedFlops(again: pair.forward.length, advancing: 0)
        ) { $0.addingCapped(function.flops(of: $1)) },
        reason: "segments of \(segments.length) steps are run again, each from its snapshot")
    case .blocks(let limit):
      let share = Double(pair.savedByteCount).squareRoot() / max(rootSum, 1)
      let blocks =
        limit.map { pair.blocks(within: Int(Double($0) * min(share, 1))) } ?? pair.leastBlocks
      guard let blocks, blocks.byteCount < pair.savedByteCount else { return nil }
      var rewriter = BlockRewriter(function, pair, blocks)
      let steps = rewriter.repeatedSteps
      return try Part(
        function: rewriter.run(), byteCount: blocks.byteCount,
        recomputedByteCount: pair.residualByteCount.multipliedCapped(by: steps.again),
        addedFlops: pair.addedFlops(again: steps.again, advancing: steps.advancing),
        reason: "blocks of \(blocks.blockLength) steps are run again, from"
          + " \(blocks.snapshotCount) snapshot\(blocks.snapshotCount == 1 ? "" : "s")")
    }
  }
}

extension Function {
  /// The bytes of each scan's residuals that other scans read, which may be taken apart, in regions too.
  fileprivate func checkpointedByteCounts(joinsSums: Bool) -> [Int] {
    operations.indices.flatMap { position -> [Int] in
      let pair = CheckpointedScan(self, at: position, joinsSums: joinsSums)
      let inner = operations[position].op.regions.flatMap {
        $0.checkpointedByteCounts(joinsSums: joinsSums)
      }
      return (pair.map { [$0.savedByteCount] } ?? []) + inner
    }
  }

  /// The bytes that scans save for other scans, which may be taken apart.
  var checkpointedByteCount: Int {
    checkpointedByteCounts(joinsSums: true).reduce(0) { $0.addingCapped($1) }
  }
}

extension Op {
  /// How often regions are run, as far as that is known.
  fileprivate var tripCount: Int {
    if case .scan(let scan) = self { scan.length } else { 1 }
  }
}

extension CheckpointedScan {
  /// The products that are made again where the forward scan is run again.
  fileprivate var repeatedProducts: [Operation] {
    forwardOperation.operands.compactMap { products[$0] }
  }

  /// The stacks of residuals as a report has them: of the added operations the first one has all.
  fileprivate func residualValues(
    in function: Function, _ reason: String, addedFlops: Int
  ) -> [MemoryReport.Value] {
    residuals.enumerated().map { number, residual in
      var value = MemoryReport.Value(
        name: "", type: function[forwardOperation.results[residual]],
        location: forwardOperation.location, isCrossing: true)
      value.recomputations = readers.count
      value.reason = reason
      value.addedFlops = number == 0 ? addedFlops : 0
      value.addedNanoseconds = RematerializationCosts.nanoseconds(flops: value.addedFlops)
      return value
    }
  }

  /// Arithmetic operations that are added where the steps of some blocks are run for their carries first,
  /// then again for each reader's residuals.
  ///
  /// - Parameters:
  ///   - steps: the steps of these blocks.
  ///   - advancing: further steps that are run for their carries.
  fileprivate func addedFlops(again steps: Int, advancing: Int) -> Int {
    let body = forward.body
    let whole = body.flops(for: body.results)
    let carries = body.flops(for: Array(body.results.prefix(forward.carryCount)))
    return steps.addingCapped(advancing).multipliedCapped(by: carries)
      .addingCapped((readers.count - 1).multipliedCapped(by: steps).multipliedCapped(by: whole))
  }
}

extension Function {
  /// Arithmetic operations that some values take, as `Kernel.costs(in:)` counts them.
  package func flops(for values: [ValueID]) -> Int {
    let needed = operationsNeeded(for: values)
    return zip(operations, needed).reduce(0) { sum, pair in
      pair.1 ? sum.addingCapped(flops(of: pair.0)) : sum
    }
  }

  fileprivate func flops(of operation: Operation) -> Int {
    let type = self[operation.results[0]]
    func perElement(_ op: ScalarOp) -> Int {
      type.element.isFloat ? type.count.multipliedCapped(by: op.flops) : 0
    }
    switch operation.op {
    case .unary(let op): return perElement(.unary(op))
    case .binary(let op): return perElement(.binary(op))
    case .reduce: return type.element.isFloat ? self[operation.operands[0]].count : 0
    case .dot(let dimensions):
      let left = self[operation.operands[0]].shape
      let depth = dimensions.leftContracting.reduce(1) { $0 * left[$1] }
      return type.count.multipliedCapped(by: 2 * depth)
    case .convolution(let convolution):
      let kernel = self[operation.operands[1]]
      let outputs = max(kernel.shape[convolution.kernel.output], 1)
      return type.count.multipliedCapped(by: 2 * kernel.count / outputs)
    case .scan(let scan):
      return scan.length.multipliedCapped(by: scan.body.flops(for: scan.body.results))
    case .branch(let branch): return branch.branches.map { $0.flops(for: $0.results) }.max() ?? 0
    case .whileLoop(let loop): return loop.body.flops(for: loop.body.results)
    case .constant, .iota, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .shape,
      .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign,
      .optimizationBarrier, .custom, .call:
      return 0
    }
  }
}
