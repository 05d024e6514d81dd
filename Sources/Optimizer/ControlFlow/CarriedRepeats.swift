import TensorIR

/// Carries from one iteration to the next what both would compute.
///
/// What an iteration computes from its carries stands in the iteration before where that computes the
/// same from their next values. Leapfrog integrators are written so: the force at a step's end is that
/// at the next one's start.
///
///     Before:  adjoint.scan(%x0) { ^(%i, %x): %a = f(%x) … %next … %b = f(%next)  return %next }
///     After:   %a0 = f(%x0)   adjoint.scan(%x0, %a0) { ^(%i, %x, %a): … return %next, f(%next) }
@Sendable func carryRepeats(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(var scan) = op, scan.length > 1,
    let repeats = CarriedRepeats(in: scan)
  else { return nil }
  let body = scan.body
  let end = scan.captureCount + scan.carryCount

  var outer = RegionCopier(from: body)
  for parameter in body.parameters[1...end] { outer.parameter(for: parameter) }
  let returned = try outer.copy(repeats.values)
  let before = outer.builder.finish(returning: returned)
  let initial = try rewriter.emitInlined(before, Array(operands[..<end]))

  var inner = RegionCopier(from: body)
  for parameter in body.parameters[...end] { inner.parameter(for: parameter) }
  for value in repeats.values { inner.parameter(for: value) }
  for parameter in body.parameters[(end + 1)...] { inner.parameter(for: parameter) }
  let results =
    body.results[..<scan.carryCount] + repeats.next + body.results[scan.carryCount...]
  scan.body = inner.builder.finish(returning: try inner.copy(Array(results)))
  let count = repeats.values.count
  let carried = repeats.values.map { body[$0] }
  var inserted = types
  inserted.insert(contentsOf: carried, at: scan.carryCount)
  var all = operands
  all.insert(contentsOf: initial, at: end)
  var after = try rewriter.emitAll(
    .scan(scan.with(carryCount: scan.carryCount + count)), all, types: inserted)
  after.removeSubrange(scan.carryCount..<(scan.carryCount + count))
  return after
}

/// What one iteration of a scan computes from its carries and the one before it from their next values.
private struct CarriedRepeats {
  /// The values that become carries: the last of each repeated computation.
  private(set) var values: [ValueID] = []
  /// What each of them is in the next iteration.
  private(set) var next: [ValueID] = []

  /// A computation that costs less for each element that would be carried is repeated.
  private static let leastCost = 12
  /// How many operations the costs of all computations are summed over.
  private static let walkLimit = 10_000

  /// Nil where nothing is repeated that is worth a carry.
  init?(in scan: Scan) {
    let body = scan.body
    guard scan.readsNextCarries else { return nil }
    let next = scan.valuesInNextIteration()
    var isRepeated = next.indices.map { next[$0] != nil && next[$0] != ValueID($0) }
    let carries = body.parameters[(1 + scan.captureCount)...].prefix(scan.carryCount)
    for parameter in carries { isRepeated[parameter.index] = false }
    guard isRepeated.contains(true) else { return nil }

    let definitions = body.definitions()
    var isRead = [Bool](repeating: false, count: body.types.count)
    for result in body.results { isRead[result.index] = true }
    var budget = Self.walkLimit
    for operation in body.operations.reversed() {
      for result in operation.results where isRead[result.index] && isRepeated[result.index] {
        isRepeated[result.index] =
          operation.op.isWorthHoisting
          && body.cost(of: result, isRepeated, definitions, &budget)
            >= Self.leastCost * max(body[result].count, 1)
      }
      // What stays in the body reads its operands there.
      let stays =
        operation.op.effect != .none
        || operation.results.contains { isRead[$0.index] && !isRepeated[$0.index] }
      if stays { for operand in operation.operands { isRead[operand.index] = true } }
    }
    for operation in body.operations {
      for result in operation.results where isRead[result.index] && isRepeated[result.index] {
        guard let later = next[result.index] else { continue }
        values.append(result)
        self.next.append(later)
      }
    }
    if values.isEmpty { return nil }
  }
}

extension Scan {
  /// The scan with another number of carries.
  fileprivate func with(carryCount: Int) -> Scan {
    var scan = self
    scan.carryCount = carryCount
    return scan
  }

  /// Whether an operation of the body computes with the next value of a carry.
  fileprivate var readsNextCarries: Bool {
    let next = Set(body.results.prefix(carryCount)).subtracting(body.parameters)
    return body.operations.contains { $0.operands.contains(where: next.contains) }
  }

  /// For each value of the body the one that is its value in the next iteration, where there is one.
  ///
  /// A capture or a constant is its own; a carry's is what the body returns for it; another value's is
  /// the result of an operation that computes the same from its operands' next values.
  fileprivate func valuesInNextIteration() -> [ValueID?] {
    var next = [ValueID?](repeating: nil, count: body.types.count)
    for parameter in body.parameters[1...].prefix(captureCount) {
      next[parameter.index] = parameter
    }
    for (parameter, result) in zip(body.parameters[(1 + captureCount)...], body.results)
      .prefix(carryCount)
    {
      next[parameter.index] = result
    }
    var table = ExpressionTable(capacity: body.operations.count)
    for (position, operation) in body.operations.enumerated() {
      if case .vacant(let slot) = table.find(
        operation.op.withoutPrecision, operation.operands, in: body)
      {
        table.insert(position: position, at: slot)
      }
    }
    for operation in body.operations where operation.op.effect == .none {
      let operands = operation.operands.compactMap { next[$0.index] }
      guard operands.count == operation.operands.count else { continue }
      guard let later = table.repetition(of: operation, operands, in: body) else { continue }
      for (result, value) in zip(operation.results, later.results) { next[result.index] = value }
    }
    return next
  }
}

extension ExpressionTable {
  /// The operation that computes the same from other operands, in either order where that is the same.
  fileprivate mutating func repetition(
    of operation: Operation, _ operands: [ValueID], in body: Region
  ) -> Operation? {
    let op = operation.op.withoutPrecision
    if case .found(let position) = find(op, operands, in: body) {
      return body.operations[position]
    }
    guard case .binary(let binary) = op, binary.isCommutative,
      case .found(let position) = find(op, operands.reversed(), in: body)
    else { return nil }
    return body.operations[position]
  }
}

extension Region {
  /// About how many additions a value costs with all repeated values that it is computed from.
  fileprivate func cost(
    of value: ValueID, _ isRepeated: [Bool], _ definitions: [Int?], _ budget: inout Int
  ) -> Int {
    var seen: Set<Int> = []
    var waiting = [value]
    var cost = 0
    while let value = waiting.popLast(), budget > 0 {
      budget -= 1
      guard isRepeated[value.index], let position = definitions[value.index],
        seen.insert(position).inserted
      else { continue }
      cost += self.cost(of: operations[position])
      waiting += operations[position].operands
    }
    return cost
  }

  /// About how many additions an operation costs.
  private func cost(of operation: Operation) -> Int {
    let count = operation.results.reduce(0) { $0 + self[$1].count }
    let read = operation.operands.reduce(0) { $0 + self[$1].count }
    switch operation.op {
    case .unary(.sqrt), .unary(.rsqrt): return count * 16
    case .unary(let op): return count * (op.isTranscendental ? 16 : 1)
    case .binary(let op): return count * (op == .divide || op == .power ? 16 : 1)
    case .dot(let dimensions):
      let left = self[operation.operands[0]].shape
      return count * dimensions.leftContracting.reduce(2) { $0 * left[$1] }
    case .compare, .select, .clamp, .convert, .bits, .complex: return count
    case .reduce, .window, .gather, .scatter: return count + read
    case .convolution, .fft, .matrix, .order, .foreign, .whileLoop, .branch, .scan, .custom, .call:
      return 16 * (count + read)
    case .constant, .iota, .shape, .dynamicSlice, .dynamicUpdateSlice, .optimizationBarrier:
      return 0
    }
  }
}
