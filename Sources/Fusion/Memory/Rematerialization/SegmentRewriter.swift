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
  /// The position of the operation that defines each value of the source.
  private let definitions: [Int?]

  init(_ source: Function, _ pair: CheckpointedScan, length: Int) {
    self.source = source
    self.pair = pair
    self.length = length
    count = pair.forward.length / length
    definitions = source.definitions()
    builder = FunctionBuilder(copying: source)
  }

  // MARK: Stacks in segments

  private func segmented(_ type: TensorType) -> TensorType {
    TensorType([count, length] + type.shape.dropFirst(), type.element)
  }

  /// A stack as one of segments.
  private mutating func segments(of stack: ValueID) throws -> ValueID {
    try builder.emit(
      .shape(.reshape(shape: segmented(source[stack]).shape)), [demanded(stack, definitions)])
  }

  /// What scans over segments take for stacks: those of the left factors of products, and the right ones.
  private mutating func factors(
    of stacks: some Sequence<ValueID>
  ) throws -> (left: [ValueID], right: [ValueID]) {
    let left = try stacks.map { try segments(of: pair.products[$0]?.operands[0] ?? $0) }
    let right = try stacks.compactMap { pair.products[$0]?.operands[1] }.map {
      try demanded($0, definitions)
    }
    return (left, right)
  }

  /// The slices of a segment of stacks.
  private func slices(
    of stacks: some Sequence<ValueID>, _ left: [ValueID], _ right: [ValueID],
    in body: inout FunctionBuilder
  ) throws -> [ValueID] {
    var right = right.makeIterator()
    return try zip(stacks, left).map { stack, slice in
      guard let product = pair.products[stack], let factor = right.next() else { return slice }
      return try body.emit(product.op, [slice, factor])
    }
  }

  /// Puts stacks of segments in the place of a scan's stacked result.
  private mutating func join(_ stack: ValueID, as result: ValueID) throws {
    map[result] = try builder.emit(.shape(.reshape(shape: source[result].shape)), [stack])
  }

  /// The type of some steps of a stack.
  private func rowsType(_ stack: ValueID, _ length: Int) -> TensorType {
    TensorType([length] + source[stack].shape.dropFirst(), source[stack].element)
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
    let idle = try pair.residuals.map {
      try builder.splat(0, rowsType(operation.results[$0], length))
    }
    let operands = operation.operands[scan.carryRange.upperBound...]
    let (stacks, factors) = try factors(of: operands)
    var body = FunctionBuilder(name: "region", location: operation.location)
    let index = body.parameter(TensorType([], .i64))
    let ownCaptures = captures.map { body.parameter(builder[$0]) }
    let ownFactors = factors.map { body.parameter(builder[$0]) }
    let ownCarries = carries.map { body.parameter(builder[$0]) }
    for value in idle { _ = body.parameter(builder[value]) }
    let ownStacks = slices(of: stacks, in: &body)
    let base = try base(index, length, in: &body)
    let rows = try slices(of: operands, ownStacks, ownFactors, in: &body)
    let results = try body.piece(
      of: scan, ownCaptures + ownCarries + rows, length: length, base: base)
    let region = body.finish(
      returning: results.prefix(scan.carryCount) + pair.residuals.map { results[$0] } + ownCarries
        + pair.outputs.map { results[$0] })
    let outer = Scan(
      length: count, isReversed: scan.isReversed, captureCount: captures.count + factors.count,
      carryCount: carries.count + idle.count, body: region)
    let all = try builder.emitAll(.scan(outer), captures + factors + carries + idle + stacks)
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
    let plain = (scan.carryRange.upperBound..<operation.operands.count)
      .filter { !isRead.contains($0) }
    let summed = summedOnly(of: operation, from: scan.carryCount)
    // What both scans take is made once.
    let common = pair.forwardOperation.operands[pair.forward.carryRange.upperBound...]
    let own = plain.map { operation.operands[$0] }.filter { !common.contains($0) }
    let (captures, carries, stacks) = try outerOperands(of: reader, own, summed)

    var body = FunctionBuilder(name: "region", location: operation.location)
    let index = body.parameter(TensorType([], .i64))
    let ownCaptures = captures.map { $0.map { body.parameter(builder[$0]) } }
    let ownCarries = carries.map { $0.map { body.parameter(builder[$0]) } }
    let ownStacks = stacks.map { slices(of: $0, in: &body) }
    let base = try base(index, length, in: &body)
    let rows = try slices(of: common, ownStacks[1], ownCaptures[2], in: &body)
    let ownRows = try slices(of: own, ownStacks[2], ownCaptures[3], in: &body)
    let known = Dictionary(zip(Array(common) + own, rows + ownRows)) { first, _ in first }
    let again = try body.piece(
      of: pair.forward, ownCaptures[1] + ownStacks[0] + rows, length: length, base: base)
    var read = [ValueID?](repeating: nil, count: operation.operands.count)
    for position in plain { read[position] = known[operation.operands[position]] }
    for (position, residual) in reader.reads { read[position] = again[residual] }
    let results = try body.piece(
      of: scan, ownCaptures[0] + ownCarries[0] + read.compactMap { $0 }, length: length, base: base)
    var sums: [ValueID] = []
    for (number, sum) in pair.sums.enumerated() {
      var others = ownStacks[3 + number].makeIterator()
      let parts = try sum.sources.compactMap { source -> ValueID? in
        switch source {
        case .saved(let position): try self.parts(of: again[position], sum, in: &body)
        case .read(let position): try self.parts(of: results[position], sum, in: &body)
        case .other: others.next()
        }
      }
      let count = length / sum.partLength
      sums += try body.piece(
        of: sum.scan, ownCaptures[4 + number] + ownCarries[1 + number] + parts, length: count,
        base: self.base(index, count, in: &body))
    }
    let returned = (scan.carryCount..<results.count).filter { !summed.contains($0) }
    let idle = pair.outputs.map { again[$0] } + summed.map { results[$0] }
    let region = body.finish(
      returning: Array(results.prefix(scan.carryCount)) + sums + idle
        + returned.map { results[$0] })
    let outer = Scan(
      length: count, isReversed: scan.isReversed, captureCount: captures.joined().count,
      carryCount: carries.joined().count, body: region)
    let all = try builder.emitAll(
      .scan(outer), Array(captures.joined()) + carries.joined() + stacks.joined())
    let ends = operation.results.prefix(scan.carryCount) + pair.sums.flatMap(\.operation.results)
    for (old, new) in zip(ends, all) { map[old] = new }
    for (old, stack) in zip(returned, all.dropFirst(outer.carryCount)) {
      try join(stack, as: operation.results[old])
    }
  }

  /// What the loop over segments takes: for the reader, the forward scan, the products that make stacks
  /// of both, and each sum.
  private mutating func outerOperands(
    of reader: CheckpointedScan.Reader, _ own: [ValueID], _ summed: [Int]
  ) throws -> (captures: [[ValueID]], carries: [[ValueID]], stacks: [[ValueID]]) {
    let (scan, operation) = (reader.scan, reader.operation)
    let (forward, forwardOperation) = (pair.forward, pair.forwardOperation)
    let common = try factors(of: forwardOperation.operands[forward.carryRange.upperBound...])
    let ownFactors = try factors(of: own)
    var captures = [
      operation.operands[..<scan.captureCount].map(mapped),
      forwardOperation.operands[..<forward.captureCount].map(mapped), common.right,
      ownFactors.right,
    ]
    var carries = [operation.operands[scan.carryRange].map(mapped)]
    var stacks = [snapshots, common.left, ownFactors.left]
    for sum in pair.sums {
      let operands = try sum.operation.operands[..<sum.scan.carryRange.upperBound].map {
        try demanded($0, definitions)
      }
      captures.append(Array(operands[..<sum.scan.captureCount]))
      carries.append(Array(operands[sum.scan.captureCount...]))
      stacks.append(
        try sum.sources.compactMap { source -> ValueID? in
          guard case .other(let whole) = source else { return nil }
          let shape = [count, length / sum.partLength, sum.partLength]
          return try builder.reshape(
            demanded(whole, definitions), to: shape + self.source[whole].shape.dropFirst())
        })
    }
    let idle =
      pair.outputs.map { forwardOperation.results[$0] } + summed.map { operation.results[$0] }
    carries.append(try idle.map { try builder.splat(0, rowsType($0, length)) })
    return (captures, carries, stacks)
  }

  /// The stacked results of the reader that only sums take, by position.
  private func summedOnly(of operation: Operation, from first: Int) -> [Int] {
    let parts = Set(pair.sums.flatMap(\.parts))
    var isRead = Set(source.results)
    for other in source.operations where !other.results.contains(where: parts.contains) {
      isRead.formUnion(other.operands)
    }
    let isTaken = Set(
      source.operations.filter { $0.results.contains(where: parts.contains) }.flatMap(\.operands))
    return (first..<operation.results.count).filter {
      isTaken.contains(operation.results[$0]) && !isRead.contains(operation.results[$0])
    }
  }

  /// Some steps of a stack as parts of a sum.
  private func parts(
    of steps: ValueID, _ sum: StackedSum, in body: inout FunctionBuilder
  ) throws -> ValueID {
    let shape = [length / sum.partLength, sum.partLength] + body[steps].shape.dropFirst()
    return try body.reshape(steps, to: shape)
  }

  /// A slice of each stack that the loop over segments takes.
  private func slices(of stacks: [ValueID], in body: inout FunctionBuilder) -> [ValueID] {
    stacks.map { stack in
      body.parameter(TensorType(Array(builder[stack].shape.dropFirst()), builder[stack].element))
    }
  }
}
