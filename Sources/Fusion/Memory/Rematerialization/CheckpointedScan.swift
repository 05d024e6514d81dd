internal import TensorIR

/// A scan whose stacked results are read by a scan in the other direction alone, so that they can be
/// computed again, segment by segment, from carries kept at the start of each.
struct CheckpointedScan {
  /// The scan that saves, and the one that reads what is saved.
  let forward: Scan
  let backward: Scan
  /// Their operations.
  let forwardOperation: Operation
  let backwardOperation: Operation
  /// The results of the forward scan that only the backward one reads, by position.
  let residuals: [Int]
  /// For each of these the operand of the backward scan, by position.
  let readers: [Int]
  /// Bytes of the carries, and of what is saved, of one step.
  let carryByteCount: Int
  let residualByteCount: Int

  /// Bytes of all that is saved.
  var savedByteCount: Int { residualByteCount.multipliedCapped(by: forward.length) }

  /// The pair of scans that the operation at a position starts; nil where there is none.
  init?(_ function: Function, at position: Int) {
    let operation = function.operations[position]
    guard case .scan(let forward) = operation.op, forward.length > 3 else { return nil }
    let returned = Set(function.results)
    var reader: Int?
    var residuals: [Int] = []
    var readers: [Int] = []
    for index in forward.carryCount..<operation.results.count {
      let value = operation.results[index]
      var uses: [(operation: Int, operand: Int)] = []
      for (user, other) in function.operations.enumerated().dropFirst(position + 1) {
        for (operand, used) in other.operands.enumerated() where used == value {
          uses.append((user, operand))
        }
      }
      guard uses.count == 1, !returned.contains(value), let use = uses.first,
        case .scan(let other) = function.operations[use.operation].op,
        other.length == forward.length, other.isReversed != forward.isReversed,
        use.operand >= other.captureCount + other.carryCount,
        reader == nil || reader == use.operation
      else { continue }
      reader = use.operation
      residuals.append(index)
      readers.append(use.operand)
    }
    guard let reader, case .scan(let backward) = function.operations[reader].op else { return nil }
    self.forward = forward
    self.backward = backward
    forwardOperation = operation
    backwardOperation = function.operations[reader]
    self.residuals = residuals
    self.readers = readers
    carryByteCount = operation.results.prefix(forward.carryCount).reduce(0) {
      $0 + function[$1].byteCount
    }
    residualByteCount = residuals.reduce(0) {
      $0 + function[operation.results[$1]].byteCount / forward.length
    }
  }

  /// How a length is cut into segments, these into segments again and so on, with the least bytes: of
  /// the carries kept at each level, and of one innermost segment's residuals. With two levels the
  /// segments are near √(c·N/r) long, with N steps, c bytes of carries and r of residuals.
  ///
  /// - Parameter levels: how many loops stand in each other; one is the scan as it is.
  /// - Returns: nil where the length has no such divisors.
  func division(levels: Int) -> Division? {
    var known: [[Int]: Division?] = [:]
    func best(_ length: Int, _ levels: Int) -> Division? {
      if levels == 1 {
        let bytes = length.multipliedCapped(by: residualByteCount)
        return Division(segment: length, innermost: length, byteCount: bytes)
      }
      if let found = known[[length, levels]] { return found }
      var result: Division?
      for segment in length.properDivisors {
        guard let inner = best(segment, levels - 1) else { continue }
        let bytes = (length / segment).multipliedCapped(by: carryByteCount)
          .addingCapped(inner.byteCount)
        if bytes < result?.byteCount ?? .max {
          result = Division(segment: segment, innermost: inner.innermost, byteCount: bytes)
        }
      }
      known[[length, levels]] = .some(result)
      return result
    }
    return best(forward.length, levels)
  }

  /// A length cut into segments.
  struct Division {
    /// The lengths of the outermost and of the innermost segments.
    var segment: Int
    var innermost: Int
    var byteCount: Int
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

extension Function {
  /// The function with pairs of scans made nests of scans over segments: forward, the carries at the
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
  ///
  /// - Parameter leastByteCount: pairs that save less stay as they are.
  /// With more than two levels the segments' own pairs of scans are divided again.
  ///
  /// - Returns: the function and the bytes that pairs then take at least; nil where there is no such pair.
  func checkpointingScans(
    levels: Int, leastByteCount: Int
  ) throws -> (function: Function, byteCount: Int)? {
    var function = self
    var byteCount = 0
    var position = 0
    var isChanged = false
    while position < function.operations.count {
      if let pair = CheckpointedScan(function, at: position),
        pair.savedByteCount >= leastByteCount, let division = pair.division(levels: levels),
        division.byteCount < pair.savedByteCount
      {
        var rewriter = SegmentRewriter(function, pair, division)
        function = try rewriter.run()
        isChanged = true
        byteCount = byteCount.addingCapped(division.byteCount)
        // The pair's segments stand in the body of the backward scan.
        if levels > 2 {
          function.operations = try function.operations.map { operation in
            guard case .scan(var scan) = operation.op,
              scan.length * division.segment
                == pair.forward.length, scan.isReversed == pair.backward.isReversed,
              let inner = try scan.body.checkpointingScans(levels: levels - 1, leastByteCount: 0)
            else { return operation }
            var operation = operation
            scan.body = inner.function
            operation.op = .scan(scan)
            return operation
          }
        }
      }
      position += 1
    }
    return isChanged ? (function, byteCount) : nil
  }
}

/// Copies a function with one pair of scans in segments.
private struct SegmentRewriter {
  let source: Function
  let pair: CheckpointedScan
  /// The length of a segment, and how many there are.
  let length: Int
  let count: Int
  /// The length of the pieces in which a segment runs forward where its residuals are not read.
  let piece: Int
  var builder: FunctionBuilder
  var map: [ValueID: ValueID] = [:]
  /// The carries at the start of each segment.
  var snapshots: [ValueID] = []

  init(_ source: Function, _ pair: CheckpointedScan, _ division: CheckpointedScan.Division) {
    self.source = source
    self.pair = pair
    length = division.segment
    count = pair.forward.length / length
    piece = division.innermost
    builder = FunctionBuilder(
      name: source.name, isPrivate: source.isPrivate, location: source.location)
    builder.setWrittenAttributes(source.writtenAttributes)
  }

  mutating func run() throws -> Function {
    for parameter in source.parameters { map[parameter] = builder.parameter(source[parameter]) }
    for operation in source.operations {
      builder.location = operation.location
      if operation.results == pair.forwardOperation.results {
        try emitForward()
      } else if operation.results == pair.backwardOperation.results {
        try emitBackward()
      } else {
        let results = try builder.copy(operation, operands: operation.operands.map(mapped))
        for (old, new) in zip(operation.results, results) { map[old] = new }
      }
    }
    return builder.finish(returning: source.results.map(mapped))
  }

  private func mapped(_ value: ValueID) -> ValueID {
    guard let known = map[value] else { preconditionFailure("values are defined before use") }
    return known
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

  /// The stacked results of the forward scan that others than the backward one read.
  private var outputs: [Int] {
    (pair.forward.carryCount..<pair.forwardOperation.results.count).filter {
      !pair.residuals.contains($0)
    }
  }

  /// The type of some steps of a stacked result of the forward scan.
  private func stackType(_ result: Int, _ length: Int) -> TensorType {
    let type = source[pair.forwardOperation.results[result]]
    return TensorType([length] + type.shape.dropFirst(), type.element)
  }

  /// A scan over some steps in an outer body.
  ///
  /// - Parameter base: the index of the first step.
  private func inner(
    _ scan: Scan, _ operands: [ValueID], length: Int, base: ValueID,
    in body: inout FunctionBuilder
  ) throws -> [ValueID] {
    var scan = scan
    scan.length = length
    let index = scan.body.parameters[0]
    guard scan.body.useCounts()[index.index] > 0 else {
      return try body.emitAll(.scan(scan), operands)
    }
    // The body sees the step's index in the whole: its own plus the segment's first.
    var region = FunctionBuilder(name: "region", location: body.location)
    let own = region.parameter(scan.body[index])
    let first = region.parameter(scan.body[index])
    var copies: [ValueID: ValueID] = [index: try region.add(own, first)]
    for parameter in scan.body.parameters.dropFirst() {
      copies[parameter] = region.parameter(scan.body[parameter])
    }
    for operation in scan.body.operations {
      let results = try region.copy(
        operation, operands: operation.operands.compactMap { copies[$0] })
      for (old, new) in zip(operation.results, results) { copies[old] = new }
    }
    scan.body = region.finish(returning: scan.body.results.compactMap { copies[$0] })
    scan.captureCount += 1
    return try body.emitAll(.scan(scan), [base] + operands)
  }

  /// The index of the first of so many steps.
  private func base(
    _ index: ValueID, _ length: Int, in body: inout FunctionBuilder
  ) throws -> ValueID {
    let count = try body.constant(Literal(body[index], integers: [Int64(length)]))
    return try body.multiply(index, count)
  }

  /// A segment run forward, of whose residuals those of the last piece are left: piece by piece where a
  /// segment has several.
  ///
  /// - Returns: the carries, residuals of one piece, and the other stacked results.
  private func forwardSegment(
    captures: [ValueID], carries: [ValueID], idle: [ValueID], stacks: [ValueID], base: ValueID,
    in body: inout FunctionBuilder
  ) throws -> [ValueID] {
    let scan = pair.forward
    guard piece < length else {
      let results = try inner(
        scan, captures + carries + stacks, length: length, base: base, in: &body)
      return Array(results.prefix(scan.carryCount)) + pair.residuals.map { results[$0] }
        + outputs.map { results[$0] }
    }
    var region = FunctionBuilder(name: "region", location: body.location)
    let index = region.parameter(TensorType([], .i64))
    let first = region.parameter(TensorType([], .i64))
    let ownCaptures = captures.map { region.parameter(body[$0]) }
    let ownCarries = carries.map { region.parameter(body[$0]) }
    for value in idle { _ = region.parameter(body[value]) }
    let pieces = try stacks.map { stack -> ValueID in
      let shape = [length / piece, piece] + body[stack].shape.dropFirst()
      return try body.emit(.shape(.reshape(shape: shape)), [stack])
    }
    let ownStacks = pieces.map { stack in
      region.parameter(TensorType(Array(body[stack].shape.dropFirst()), body[stack].element))
    }
    let start = try region.add(first, self.base(index, piece, in: &region))
    let results = try inner(
      scan, ownCaptures + ownCarries + ownStacks, length: piece, base: start, in: &region)
    let returned =
      Array(results.prefix(scan.carryCount)) + pair.residuals.map { results[$0] }
      + outputs.map { results[$0] }
    let middle = Scan(
      length: length / piece, isReversed: scan.isReversed, captureCount: captures.count + 1,
      carryCount: carries.count + idle.count, body: region.finish(returning: returned))
    var all = try body.emitAll(.scan(middle), [base] + captures + carries + idle + pieces)
    for (position, output) in outputs.enumerated() {
      let place = middle.carryCount + position
      all[place] = try body.emit(
        .shape(.reshape(shape: stackType(output, length).shape)), [all[place]])
    }
    return all
  }

  // MARK: Scans

  private mutating func emitForward() throws {
    let (scan, operation) = (pair.forward, pair.forwardOperation)
    let captures = operation.operands[..<scan.captureCount].map(mapped)
    let carries = operation.operands[scan.carryRange].map(mapped)
    let idle = try pair.residuals.map { try builder.splat(0, stackType($0, piece)) }
    let stacks = try segments(of: operation, from: scan.carryRange.upperBound)
    var body = FunctionBuilder(name: "region", location: operation.location)
    let index = body.parameter(TensorType([], .i64))
    let ownCaptures = captures.map { body.parameter(builder[$0]) }
    let ownCarries = carries.map { body.parameter(builder[$0]) }
    let ownIdle = idle.map { body.parameter(builder[$0]) }
    let ownStacks = stacks.map { stack in
      body.parameter(TensorType(Array(builder[stack].shape.dropFirst()), builder[stack].element))
    }
    let base = try base(index, length, in: &body)
    var returned = try forwardSegment(
      captures: ownCaptures, carries: ownCarries, idle: ownIdle, stacks: ownStacks, base: base,
      in: &body)
    returned.insert(contentsOf: ownCarries, at: carries.count + idle.count)
    let region = body.finish(returning: returned)
    let outer = Scan(
      length: count, isReversed: scan.isReversed, captureCount: captures.count,
      carryCount: carries.count + idle.count, body: region)
    let all = try builder.emitAll(.scan(outer), captures + carries + idle + stacks)
    for (old, new) in zip(operation.results, all.prefix(scan.carryCount)) { map[old] = new }
    let rest = Array(all[outer.carryCount...])
    snapshots = Array(rest.prefix(carries.count))
    for (output, stack) in zip(outputs, rest.dropFirst(carries.count)) {
      try join(stack, as: operation.results[output])
    }
  }

  private mutating func emitBackward() throws {
    let (scan, operation) = (pair.backward, pair.backwardOperation)
    let (forward, source) = (pair.forward, pair.forwardOperation)
    let captures = operation.operands[..<scan.captureCount].map(mapped)
    let forwardCaptures = source.operands[..<forward.captureCount].map(mapped)
    let carries = operation.operands[scan.carryRange].map(mapped)
    let idle = try outputs.map { try builder.splat(0, stackType($0, length)) }
    let first = scan.carryRange.upperBound
    let plain = (first..<operation.operands.count).filter { !pair.readers.contains($0) }
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
    let again = try inner(
      forward, ownForwardCaptures + starts + ownForwardStacks, length: length, base: base,
      in: &body)
    var read = [ValueID?](repeating: nil, count: operation.operands.count)
    for (position, slice) in zip(plain, ownStacks) { read[position] = slice }
    for (position, residual) in zip(pair.readers, pair.residuals) {
      read[position] = again[residual]
    }
    let results = try inner(
      scan, ownCaptures + ownCarries + read[first...].compactMap { $0 }, length: length,
      base: base, in: &body)
    let region = body.finish(
      returning: Array(results.prefix(scan.carryCount)) + outputs.map { again[$0] }
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

extension Scan {
  /// The operands that are carries.
  fileprivate var carryRange: Range<Int> { captureCount..<(captureCount + carryCount) }
}
