import TensorIR

/// Adds up over the steps of a scan before the lanes: a carried sum of sums over lanes becomes a carried
/// sum for each lane, whose sum is taken once after the scan.
///
/// Lanes then do not meet in the body, so that threads may share the loop as a whole, and no step adds
/// across lanes. Only where the body has no products, which are better distributed as a whole, and for as
/// many lanes as fill vectors. Sums may stand in places of a larger carry, as the gradients of parameters
/// in one array do.
///
///     Before:  adjoint.scan(%s0, …) { … %1 = reduce add %x   return %s + %1 }
///     After:   %a = adjoint.scan(0, …) { … return %a + %x }   %s0 + reduce add %a
@Sendable func sumLanesLast(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(var scan) = op, scan.length > 1, scan.body.isWithoutProducts else { return nil }
  let sums = LaneSums(in: scan.body)
  for carry in 0..<scan.carryCount {
    let parameter = scan.body.parameters[1 + scan.captureCount + carry]
    guard let sum = try sums.sum(of: parameter, to: scan.body.results[carry]) else { continue }
    let (first, end) = (scan.carryCount, scan.captureCount + scan.carryCount)
    let added = sum.terms.flatMap(\.operands).map { scan.body[$0] }
    try scan.carry(sum, inPlaceOf: carry)
    var (all, inner) = (operands, types)
    all.insert(contentsOf: try added.map { try rewriter.emitSplat(0, $0) }, at: end)
    inner.insert(contentsOf: added, at: first)
    var results = try rewriter.emitAll(.scan(scan), all, types: inner)
    var totals = results[first..<(first + added.count)]
    for term in sum.terms {
      let reduced = try zip(totals, term.dimensions).map {
        try rewriter.emitReduce(.add, $0, $1)
      }
      totals = totals.dropFirst(term.operands.count)
      let whole = try rewriter.emitInlined(term.moves, reduced)[0]
      results[carry] = try rewriter.emitBinary(.add, results[carry], whole)
    }
    results.removeSubrange(first..<(first + added.count))
    return results
  }
  return nil
}

extension Scan {
  /// Hands on what is summed over lanes from step to step, lane by lane, instead of adding it to a carry.
  fileprivate mutating func carry(_ sum: LaneSum, inPlaceOf carry: Int) throws {
    var builder = FunctionBuilder(continuing: body, name: body.name)
    let operands = sum.terms.flatMap(\.operands)
    let lanes = operands.map { builder.parameter(body[$0]) }
    let next = try zip(lanes, operands).map { try builder.add($0, $1) }
    var rest = sum.rest[0]
    for term in sum.rest.dropFirst() { rest = try builder.add(rest, term) }
    var results = body.results
    results[carry] = rest
    results.insert(contentsOf: next, at: carryCount)
    var region = builder.finish(returning: results)
    region.parameters = body.parameters
    region.parameters.insert(contentsOf: lanes, at: 1 + captureCount + carryCount)
    region.renumber()
    body = region
    carryCount += lanes.count
  }
}

/// A carry that grows by sums over lanes, perhaps among other terms.
private struct LaneSum {
  /// One of the terms.
  struct Term {
    /// What is summed over lanes, and over which axes.
    var operands: [ValueID]
    var dimensions: [[Int]]
    /// What puts the sums, its parameters, in their places beside zeros.
    var moves: Region
  }

  var terms: [Term]
  /// The other terms of the carry's next value, itself among them.
  var rest: [ValueID]
}

/// Finds sums over lanes in a body.
private struct LaneSums {
  let body: Region
  private let uses: [Int]
  private let definitions: [Int?]

  /// Sums over fewer elements stay where they are.
  private static let fewestLanes = 64
  /// Sums of fewer elements into one stay, too.
  private static let fewestTerms = 8

  init(in body: Region) {
    self.body = body
    uses = body.useCounts()
    definitions = body.definitions()
  }

  /// The sums over lanes that a carry grows by; nil where there are none.
  func sum(of carry: ValueID, to result: ValueID) throws -> LaneSum? {
    guard uses[carry.index] == 1, body[carry].element.isFloat else { return nil }
    var leaves: [ValueID] = []
    var waiting = [result]
    while let value = waiting.popLast() {
      if let operation = onlyUse(value), case .binary(.add) = operation.op {
        waiting += operation.operands.reversed()
      } else {
        leaves.append(value)
      }
    }
    guard leaves.count > 1, leaves.contains(carry) else { return nil }
    var sum = LaneSum(terms: [], rest: [])
    for leaf in leaves {
      if let term = try term(leaf) { sum.terms.append(term) } else { sum.rest.append(leaf) }
    }
    return sum.terms.isEmpty ? nil : sum
  }

  /// The operation that defines a value which is read once.
  private func onlyUse(_ value: ValueID) -> Operation? {
    guard uses[value.index] == 1 else { return nil }
    return definitions[value.index].map { body.operations[$0] }
  }

  /// A value as sums over lanes beside zeros; nil where it is something else.
  private func term(_ value: ValueID) throws -> LaneSum.Term? {
    var sums: [(value: ValueID, operand: ValueID, dimensions: [Int])] = []
    var waiting = [value]
    while let value = waiting.popLast() {
      if isZero(value) { continue }
      guard let operation = onlyUse(value) else { return nil }
      if case .reduce(let reduction) = operation.op {
        guard reduction.kind == .add, operation.operands.count == 2,
          isZero(operation.operands[1]), body[operation.operands[0]].count >= Self.fewestLanes,
          body[operation.operands[0]].count >= Self.fewestTerms * body[value].count
        else { return nil }
        sums.append((value, operation.operands[0], reduction.dimensions))
      } else if case .shape = operation.op {
        waiting += operation.operands
      } else {
        return nil
      }
    }
    guard !sums.isEmpty else { return nil }
    var copier = RegionCopier(from: body)
    for sum in sums { copier.parameter(for: sum.value) }
    let moved = try copier.copy([value])
    return LaneSum.Term(
      operands: sums.map(\.operand), dimensions: sums.map(\.dimensions),
      moves: copier.builder.finish(returning: moved))
  }

  /// Whether all elements of a value are constant zeros.
  private func isZero(_ value: ValueID) -> Bool {
    guard let operation = definitions[value.index].map({ body.operations[$0] }) else {
      return false
    }
    switch operation.op {
    case .constant(let literal): return literal.doubles.allSatisfy { $0 == 0 }
    case .shape(.broadcast), .shape(.reshape): return isZero(operation.operands[0])
    case .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .shape,
      .reduce, .dot, .convolution, .window, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      return false
    }
  }
}

extension Region {
  /// Whether no operation multiplies matrices, or has regions or effects.
  fileprivate var isWithoutProducts: Bool {
    operations.allSatisfy { operation in
      switch operation.op {
      case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .shape,
        .reduce, .dynamicSlice:
        true
      case .complex, .fft, .dot, .convolution, .window, .gather, .scatter, .dynamicUpdateSlice,
        .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
        false
      }
    }
  }
}
