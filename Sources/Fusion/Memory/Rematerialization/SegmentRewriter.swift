internal import TensorIR

/// Copies a function with one pair of scans as nests of scans over segments: forward, the carries at the
/// start of each segment are kept instead of residuals; backward, each segment is run again for its
/// residuals, in the other direction.
///
///     Before:  %s, %r = scan(%a) {length = 100};  %g = scan(%z, %r) {length = 100, reverse = true}
///     After:   %s, %c = scan(%a) {length = 10} { … scan {length = 10} … };
///              %g = scan(%z, %c) {length = 10, reverse = true} { scan {length = 10} …
///              scan {length = 10, reverse = true} }
///
/// Inner scans return all that the original returns, so that their bodies are compiled to the same
/// arithmetic; what nobody needs of it is a carry of the outer scan, which each segment overwrites.
struct SegmentRewriter: ScanRewriter {
  let source: Function
  let pair: CheckpointedScan
  /// The length of a segment, and how many there are.
  let length: Int
  let count: Int
  var builder: FunctionBuilder
  var map: [ValueID: ValueID] = [:]
  /// The carries at the start of each segment.
  var snapshots: [ValueID] = []

  init(_ source: Function, _ pair: CheckpointedScan, length: Int) {
    self.source = source
    self.pair = pair
    self.length = length
    count = pair.forward.length / length
    builder = FunctionBuilder(copying: source)
  }

  // MARK: Stacks in segments

  private func segmented(_ type: TensorType) -> TensorType {
    TensorType([count, length] + type.shape.dropFirst(), type.element)
  }

  /// The stacks of a scan as stacks of segments.
  private mutating func segments(of operation: Operation, from first: Int) throws -> [ValueID] {
    try operation.operands[first...].map { operand in
      try builder.emit(
        .shape(.reshape(shape: segmented(source[operand]).shape)), [mapped(operand)])
    }
  }

  /// Puts stacks of segments in the place of a scan's stacked result.
  private mutating func join(_ stack: ValueID, as result: ValueID) throws {
    map[result] = try builder.emit(.shape(.reshape(shape: source[result].shape)), [stack])
  }

  /// The type of some steps of a stacked result of the forward scan.
  private func stackType(_ result: Int, _ length: Int) -> TensorType {
    let type = source[pair.forwardOperation.results[result]]
    return TensorType([length] + type.shape.dropFirst(), type.element)
  }

  /// The index of the first of so many steps.
  private func base(
    _ index: ValueID, _ length: Int, in body: inout FunctionBuilder
  ) throws -> ValueID {
    try body.multiply(index, body.integer(length))
  }

  // MARK: Scans

  mutating func emitForward() throws {
    let (scan, operation) = (pair.forward, pair.forwardOperation)
    let captures = operation.operands[..<scan.captureCount].map(mapped)
    let carries = operation.operands[scan.carryRange].map(mapped)
    let idle = try pair.residuals.map { try builder.splat(0, stackType($0, length)) }
    let stacks = try segments(of: operation, from: scan.carryRange.upperBound)
    var body = FunctionBuilder(name: "region", location: operation.location)
    let index = body.parameter(TensorType([], .i64))
    let ownCaptures = captures.map { body.parameter(builder[$0]) }
    let ownCarries = carries.map { body.parameter(builder[$0]) }
    for value in idle { _ = body.parameter(builder[value]) }
    let ownStacks = stacks.map { stack in
      body.parameter(TensorType(Array(builder[stack].shape.dropFirst()), builder[stack].element))
    }
    let base = try base(index, length, in: &body)
    let results = try body.piece(
      of: scan, ownCaptures + ownCarries + ownStacks, length: length, base: base)
    let region = body.finish(
      returning: results.prefix(scan.carryCount) + pair.residuals.map { results[$0] } + ownCarries
        + pair.outputs.map { results[$0] })
    let outer = Scan(
      length: count, isReversed: scan.isReversed, captureCount: captures.count,
      carryCount: carries.count + idle.count, body: region)
    let all = try builder.emitAll(.scan(outer), captures + carries + idle + stacks)
    for (old, new) in zip(operation.results, all.prefix(scan.carryCount)) { map[old] = new }
    let rest = Array(all[outer.carryCount...])
    snapshots = Array(rest.prefix(carries.count))
    for (output, stack) in zip(pair.outputs, rest.dropFirst(carries.count)) {
      try join(stack, as: operation.results[output])
    }
  }

  mutating func emit(_ reader: CheckpointedScan.Reader) throws {
    let (scan, operation) = (reader.scan, reader.operation)
    let isRead = Set(reader.reads.map(\.operand))
    let (forward, source) = (pair.forward, pair.forwardOperation)
    let captures = operation.operands[..<scan.captureCount].map(mapped)
    let forwardCaptures = source.operands[..<forward.captureCount].map(mapped)
    let carries = operation.operands[scan.carryRange].map(mapped)
    let idle = try pair.outputs.map { try builder.splat(0, stackType($0, length)) }
    let first = scan.carryRange.upperBound
    let plain = (first..<operation.operands.count).filter { !isRead.contains($0) }
    let stacks = try plain.map { position in
      let operand = operation.operands[position]
      return try builder.emit(
        .shape(.reshape(shape: segmented(self.source[operand]).shape)), [mapped(operand)])
    }
    let forwardStacks = try segments(of: source, from: forward.carryRange.upperBound)
    var body = FunctionBuilder(name: "region", location: operation.location)
    let index = body.parameter(TensorType([], .i64))
    let ownCaptures = captures.map { body.parameter(builder[$0]) }
    let ownForwardCaptures = forwardCaptures.map { body.parameter(builder[$0]) }
    let ownCarries = carries.map { body.parameter(builder[$0]) }
    for value in idle { _ = body.parameter(builder[value]) }
    func slices(_ stacks: [ValueID]) -> [ValueID] {
      stacks.map { stack in
        body.parameter(TensorType(Array(builder[stack].shape.dropFirst()), builder[stack].element))
      }
    }
    let starts = slices(snapshots)
    let ownForwardStacks = slices(forwardStacks)
    let ownStacks = slices(stacks)
    let base = try base(index, length, in: &body)
    let again = try body.piece(
      of: forward, ownForwardCaptures + starts + ownForwardStacks, length: length, base: base)
    var read = [ValueID?](repeating: nil, count: operation.operands.count)
    for (position, slice) in zip(plain, ownStacks) { read[position] = slice }
    for (position, residual) in reader.reads { read[position] = again[residual] }
    let results = try body.piece(
      of: scan, ownCaptures + ownCarries + read[first...].compactMap { $0 }, length: length,
      base: base)
    let region = body.finish(
      returning: Array(results.prefix(scan.carryCount)) + pair.outputs.map { again[$0] }
        + results.dropFirst(scan.carryCount))
    let outer = Scan(
      length: count, isReversed: scan.isReversed,
      captureCount: captures.count + forwardCaptures.count,
      carryCount: carries.count + idle.count, body: region)
    let operands = captures + forwardCaptures + carries + idle + snapshots
    let all = try builder.emitAll(.scan(outer), operands + forwardStacks + stacks)
    for (old, new) in zip(operation.results, all.prefix(scan.carryCount)) { map[old] = new }
    for (old, stack) in zip(
      operation.results.dropFirst(scan.carryCount), all.dropFirst(outer.carryCount))
    {
      try join(stack, as: old)
    }
  }
}
