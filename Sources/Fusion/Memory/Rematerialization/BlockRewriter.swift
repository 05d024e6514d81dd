internal import TensorIR

/// Copies a function with one scan, and the scans that read its residuals, taken apart in blocks of
/// steps by a binomial schedule.
///
/// Forward, the last block's residuals are kept, and snapshots of the carries on the way there. A scan
/// that reads the residuals in the other direction takes the last block first; for each block before, the
/// carries at its start are found from the nearest snapshot, with new snapshots on the way where there is
/// room, then the block is run again for its residuals. The snapshots are a table that all blocks share.
/// A scan that reads them in the same direction runs the forward scan's blocks again beside its own.
///
/// All runs are scans with the original's body and all its results, over one block: so each run is
/// lowered as the original is, and has the same bits.
struct BlockRewriter: ScanRewriter {
  let source: Function
  let pair: CheckpointedScan
  private let schedule: BinomialSchedule
  /// The steps of a block, those of the last one, and how many blocks there are before that.
  private let blockLength: Int
  private let tailLength: Int
  private let blockCount: Int
  var builder: FunctionBuilder
  var map: [ValueID: ValueID] = [:]
  /// Snapshots of the first sweep, and the last block's residuals, by result.
  private var tables: [ValueID] = []
  private var tailResiduals: [Int: ValueID] = [:]

  init(_ source: Function, _ pair: CheckpointedScan, _ division: BlockDivision) {
    self.source = source
    self.pair = pair
    blockLength = division.blockLength
    let count = (pair.forward.length + blockLength - 1) / blockLength
    blockCount = count - 1
    tailLength = pair.forward.length - blockCount * blockLength
    schedule = BinomialSchedule(stepCount: count, snapshotCount: division.snapshotCount)
    builder = FunctionBuilder(copying: source)
  }

  /// The steps that are run again for their residuals, and those that are run for their carries alone
  /// beside the first run forward.
  var repeatedSteps: (again: Int, advancing: Int) {
    let first = schedule.reversals[blockCount].runs
    let runs = schedule.distances.enumerated().reduce(0) { sum, run in
      first.contains(run.offset) ? sum : sum + run.element
    }
    let sweeps = pair.readers.count(where: \.isAgainst)
    return (blockCount * blockLength, sweeps * runs * blockLength)
  }

  // MARK: The forward scan

  /// What every run of the forward scan sees: captures and stacks.
  private struct Scene {
    var captures: [ValueID]
    var stacks: [ValueID]

    var values: [ValueID] { captures + stacks }

    /// The same values as parameters of a region.
    func replaced(by parameters: some Sequence<ValueID>) -> Scene {
      let all = Array(parameters)
      return Scene(
        captures: Array(all.prefix(captures.count)), stacks: Array(all.dropFirst(captures.count)))
    }
  }

  private var scene: Scene {
    let (scan, operands) = (pair.forward, pair.forwardOperation.operands)
    return Scene(
      captures: operands[..<scan.captureCount].map(mapped),
      stacks: operands[scan.carryRange.upperBound...].map(mapped))
  }

  /// Where the rows of a block start, a block being given by its number in the order of the runs.
  private func firstRow(of block: ValueID, in body: inout FunctionBuilder) throws -> ValueID {
    let steps = try body.multiply(block, body.integer(blockLength))
    guard pair.forward.isReversed else { return steps }
    return try body.subtract(body.integer(pair.forward.length - blockLength), steps)
  }

  /// Where the rows of the last block start.
  private var tailRow: Int {
    pair.forward.isReversed ? 0 : pair.forward.length - tailLength
  }

  /// Runs the forward scan over blocks from one on, of whose results only some are kept.
  ///
  /// - Parameter outputs: stacks to fill with what others read; empty where nobody does.
  /// - Returns: the carries, and these stacks.
  private func advance(
    _ scene: Scene, from state: [ValueID], block: ValueID, by distance: ValueID,
    outputs: [ValueID], in body: inout FunctionBuilder
  ) throws -> (state: [ValueID], outputs: [ValueID]) {
    let scan = pair.forward
    let end = try body.add(block, distance)
    let results = try body.counting(
      captures: scene.values, carries: [block] + state + outputs, upTo: end
    ) { body, captures, carries in
      let scene = scene.replaced(by: captures)
      let row = try firstRow(of: carries[0], in: &body)
      let slices = try scene.stacks.map { try body.rows(blockLength, of: $0, at: row) }
      let state = carries[1...].prefix(state.count)
      let results = try body.piece(
        of: scan, scene.captures + state + slices, length: blockLength, base: row)
      let stacks = carries.dropFirst(1 + state.count)
      let filled = try zip(stacks, pair.outputs).map { stack, output in
        try body.replacing(stack, at: row, with: results[output])
      }
      return try [body.add(carries[0], body.integer(1))] + results.prefix(state.count) + filled
    }
    return (
      Array(results.dropFirst().prefix(state.count)), Array(results.dropFirst(1 + state.count))
    )
  }

  /// Runs forward with snapshots, as the schedule has it for one block.
  ///
  /// - Parameters:
  ///   - slot: the snapshot of the start.
  ///   - block: the block in front of which it was taken.
  ///   - runs: the first run and the one behind the last.
  private func sweep(
    _ scene: Scene, from state: [ValueID], tables: [ValueID], outputs: [ValueID],
    slot: ValueID, block: ValueID, runs: (first: ValueID, end: ValueID), distances: ValueID,
    in body: inout FunctionBuilder
  ) throws -> (state: [ValueID], tables: [ValueID], outputs: [ValueID]) {
    let count = state.count
    let carries = [runs.first, slot, block] + state + tables + outputs
    let results = try body.counting(
      captures: scene.values + [distances], carries: carries, upTo: runs.end
    ) { body, captures, carries in
      let scene = scene.replaced(by: captures.dropLast())
      let (run, slot, block) = (carries[0], carries[1], carries[2])
      let state = Array(carries[3...].prefix(count))
      let tables = Array(carries[(3 + count)...].prefix(count))
      let filled = try zip(tables, state).map { table, value in
        try body.replacingRow(of: table, at: slot, with: value)
      }
      let distance = try body.row(of: captures[captures.count - 1], at: run)
      let next = try advance(
        scene, from: state, block: block, by: distance,
        outputs: Array(carries.dropFirst(3 + 2 * count)), in: &body)
      let one = try body.integer(1)
      return try [body.add(run, one), body.add(slot, one), body.add(block, distance)]
        + next.state + filled + next.outputs
    }
    let rest = results.dropFirst(3)
    return (
      Array(rest.prefix(count)), Array(rest.dropFirst(count).prefix(count)),
      Array(rest.dropFirst(2 * count))
    )
  }

  mutating func emitForward() throws {
    let (scan, operation) = (pair.forward, pair.forwardOperation)
    let scene = scene
    let state = operation.operands[scan.carryRange].map(mapped)
    let isAgainst = pair.readers.contains(where: \.isAgainst)
    let runs = schedule.reversals[blockCount].runs
    let empty = try state.map { value in
      let type = builder[value]
      let count = isAgainst ? schedule.snapshotCount : 1
      return try builder.splat(0, TensorType([count] + type.shape, type.element))
    }
    let stacks = try pair.outputs.map {
      try builder.splat(0, source[operation.results[$0]])
    }
    let zero = try builder.integer(0)
    let next: (state: [ValueID], tables: [ValueID], outputs: [ValueID])
    if isAgainst {
      next = try sweep(
        scene, from: state, tables: empty, outputs: stacks, slot: zero, block: zero,
        runs: (builder.integer(runs.lowerBound), builder.integer(runs.upperBound)),
        distances: builder.integers(schedule.distances), in: &builder)
    } else {
      let end = try advance(
        scene, from: state, block: zero, by: builder.integer(blockCount), outputs: stacks,
        in: &builder)
      next = (end.state, [], end.outputs)
    }
    tables = next.tables
    let results = try tail(of: scan, scene.captures, next.state, scene.stacks)
    for residual in pair.residuals { tailResiduals[residual] = results[residual] }
    for (old, new) in zip(operation.results, results.prefix(scan.carryCount)) { map[old] = new }
    for (output, stack) in zip(pair.outputs, next.outputs) {
      map[operation.results[output]] = try builder.replacing(
        stack, at: builder.integer(tailRow), with: results[output])
    }
  }

  /// The last block of a scan, from whole stacks.
  private mutating func tail(
    of scan: Scan, _ captures: [ValueID], _ carries: [ValueID], _ stacks: [ValueID]
  ) throws -> [ValueID] {
    let row = try builder.integer(tailRow)
    let slices = try stacks.map { try builder.rows(tailLength, of: $0, at: row) }
    return try builder.piece(
      of: scan, captures + carries + slices, length: tailLength, base: row)
  }

  // MARK: Readers

  /// What a reader's blocks see and hand on.
  private struct ReaderParts {
    var captures: [ValueID]
    /// The stacks that are no residuals, and which operands they are.
    var stacks: [ValueID]
    var stackOperands: [Int]
    var carries: [ValueID]
    /// The stacked results, filled block by block.
    var outputs: [ValueID]
  }

  private func parts(of reader: CheckpointedScan.Reader) -> ReaderParts {
    let (scan, operands) = (reader.scan, reader.operation.operands)
    let isRead = Set(reader.reads.map(\.operand))
    let plain = (scan.carryRange.upperBound..<operands.count).filter { !isRead.contains($0) }
    return ReaderParts(
      captures: operands[..<scan.captureCount].map(mapped),
      stacks: plain.map { mapped(operands[$0]) }, stackOperands: plain,
      carries: operands[scan.carryRange].map(mapped), outputs: [])
  }

  /// A reader's operands for some steps, given rows of its stacks and residuals.
  private func operands(
    of reader: CheckpointedScan.Reader, _ parts: ReaderParts, rows: [ValueID],
    residual: (Int) -> ValueID?
  ) -> [ValueID] {
    var stacks: [Int: ValueID] = [:]
    for (operand, row) in zip(parts.stackOperands, rows) { stacks[operand] = row }
    for (operand, result) in reader.reads { stacks[operand] = residual(result) }
    return parts.captures + parts.carries + stacks.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The last block of a reader, with residuals at hand.
  private mutating func tail(
    of reader: CheckpointedScan.Reader, _ parts: inout ReaderParts, _ residuals: [Int: ValueID]
  ) throws {
    let row = try builder.integer(tailRow)
    let rows = try parts.stacks.map { try builder.rows(tailLength, of: $0, at: row) }
    let results = try builder.piece(
      of: reader.scan, operands(of: reader, parts, rows: rows) { residuals[$0] },
      length: tailLength, base: row)
    parts.carries = Array(results.prefix(reader.scan.carryCount))
    parts.outputs = try zip(parts.outputs, results.dropFirst(reader.scan.carryCount)).map {
      try builder.replacing($0, at: row, with: $1)
    }
  }

  mutating func emit(_ reader: CheckpointedScan.Reader) throws {
    let (scan, operation) = (reader.scan, reader.operation)
    var parts = parts(of: reader)
    parts.outputs = try operation.results.dropFirst(scan.carryCount).map {
      try builder.splat(0, source[$0])
    }
    if reader.isAgainst {
      try tail(of: reader, &parts, tailResiduals)
      try emitBlocks(of: reader, &parts)
    } else {
      try emitBlocks(of: reader, &parts)
      try tail(of: reader, &parts, tailResiduals)
    }
    for (old, new) in zip(operation.results, parts.carries + parts.outputs) { map[old] = new }
  }

  /// The blocks of a reader before the last one, each with the forward scan's run again.
  private mutating func emitBlocks(
    of reader: CheckpointedScan.Reader, _ parts: inout ReaderParts
  ) throws {
    let (forward, scan) = (pair.forward, reader.scan)
    let scene = scene
    // The carries: a table of snapshots against the direction, else the forward scan's state.
    let states =
      reader.isAgainst
      ? tables : pair.forwardOperation.operands[forward.carryRange].map(mapped)
    let tables = try reader.isAgainst ? scheduleTables() : []
    let captures = scene.values + parts.captures + parts.stacks + tables
    let carries = states + parts.carries + parts.outputs
    var body = FunctionBuilder(name: "region", location: reader.operation.location)
    let block = body.parameter(TensorType([], .i64))
    let ownCaptures = captures.map { body.parameter(builder[$0]) }
    let ownCarries = carries.map { body.parameter(builder[$0]) }

    let ownScene = scene.replaced(by: ownCaptures.prefix(scene.values.count))
    let rest = ownCaptures.dropFirst(scene.values.count)
    var own = parts
    own.captures = Array(rest.prefix(parts.captures.count))
    own.stacks = Array(rest.dropFirst(parts.captures.count).prefix(parts.stacks.count))
    own.carries = Array(ownCarries.dropFirst(states.count).prefix(parts.carries.count))
    own.outputs = Array(ownCarries.dropFirst(states.count + parts.carries.count))
    var nextStates = Array(ownCarries.prefix(states.count))
    var start = nextStates
    if reader.isAgainst {
      let ownTables = ownCaptures.suffix(tables.count)
      let entry = try ownTables.dropLast().map { try body.row(of: $0, at: block) }
      start = try nextStates.map { try body.row(of: $0, at: entry[0]) }
      let found = try sweep(
        ownScene, from: start, tables: nextStates, outputs: [], slot: entry[0], block: entry[1],
        runs: (entry[2], entry[3]), distances: ownCaptures[ownCaptures.count - 1], in: &body)
      (start, nextStates) = (found.state, found.tables)
    }
    let row = try firstRow(of: block, in: &body)
    let slices = try ownScene.stacks.map { try body.rows(blockLength, of: $0, at: row) }
    let again = try body.piece(
      of: forward, ownScene.captures + start + slices, length: blockLength, base: row)
    if !reader.isAgainst { nextStates = Array(again.prefix(states.count)) }
    let ownSlices = try own.stacks.map { try body.rows(blockLength, of: $0, at: row) }
    let results = try body.piece(
      of: scan, operands(of: reader, own, rows: ownSlices) { again[$0] }, length: blockLength,
      base: row)
    let filled = try zip(own.outputs, results.dropFirst(scan.carryCount)).map {
      try body.replacing($0, at: row, with: $1)
    }
    let region = body.finish(
      returning: nextStates + results.prefix(scan.carryCount) + filled)
    let outer = Scan(
      length: blockCount, isReversed: reader.isAgainst, captureCount: captures.count,
      carryCount: carries.count, body: region)
    let all = try builder.emitAll(.scan(outer), captures + carries)
    let after = all.dropFirst(states.count)
    parts.carries = Array(after.prefix(parts.carries.count))
    parts.outputs = Array(after.dropFirst(parts.carries.count))
  }

  /// For each block before the last one: the snapshot to start from, where that was taken, the first
  /// run and the one behind the last; and how far each run goes.
  private mutating func scheduleTables() throws -> [ValueID] {
    let reversals = schedule.reversals.prefix(blockCount)
    return try [
      builder.integers(reversals.map(\.slot)), builder.integers(reversals.map(\.position)),
      builder.integers(reversals.map(\.runs.lowerBound)),
      builder.integers(reversals.map(\.runs.upperBound)), builder.integers(schedule.distances),
    ]
  }
}
