import TensorIR

/// Adds up over the steps of a scan before the lanes: a carried sum of sums over lanes becomes a carried
/// sum for each lane, whose sum is taken once after the scan.
///
/// Lanes then do not meet in the body, so that threads may share the loop as a whole, and no step adds
/// across lanes. Only where the body has no products, which are better distributed as a whole, and for as
/// many lanes as fill vectors.
///
///     Before:  adjoint.scan(%s0, …) { … %1 = reduce add %x   return %s + %1 }
///     After:   %a = adjoint.scan(0, …) { … return %a + %x }   %s0 + reduce add %a
@Sendable func sumLanesLast(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(var scan) = op, scan.length > 1 else { return nil }
  let body = scan.body
  let uses = body.useCounts()
  let definitions = body.definitions()
  for carry in 0..<scan.carryCount {
    let parameter = body.parameters[1 + scan.captureCount + carry]
    guard uses[parameter.index] == 1, body[parameter].element.isFloat,
      let sum = body.sumOverLanes(of: parameter, to: body.results[carry], uses, definitions),
      body.isWithoutProducts
    else { continue }
    var builder = FunctionBuilder(continuing: body, name: body.name)
    let end = scan.captureCount + scan.carryCount
    let lanes = builder.parameter(body[sum.terms[0]])
    var next = lanes
    for term in sum.terms { next = try builder.add(next, term) }
    var rest = sum.rest[0]
    for term in sum.rest.dropFirst() { rest = try builder.add(rest, term) }
    var results = body.results
    results[carry] = rest
    results.insert(next, at: scan.carryCount)
    var region = builder.finish(returning: results)
    region.parameters = body.parameters
    region.parameters.insert(lanes, at: 1 + end)
    region.renumber()
    scan.body = region
    scan.carryCount += 1
    var (all, inner) = (operands, types)
    all.insert(try rewriter.emitSplat(0, body[sum.terms[0]]), at: end)
    inner.insert(body[sum.terms[0]], at: scan.carryCount - 1)
    var after = try rewriter.emitAll(.scan(scan), all, types: inner)
    let total = after.remove(at: scan.carryCount - 1)
    let reduced = try rewriter.emitReduce(.add, total, sum.dimensions)
    after[carry] = try rewriter.emitBinary(.add, after[carry], reduced)
    return after
  }
  return nil
}

extension Region {
  /// Sums over fewer elements stay where they are.
  private static let fewestLanes = 64
  /// Sums of fewer elements into one stay, too.
  private static let fewestTerms = 8

  /// A carry that grows by sums over lanes, perhaps among other terms.
  fileprivate struct LaneSum {
    /// What is summed over lanes.
    var terms: [ValueID]
    /// The axes of the terms that are summed over.
    var dimensions: [Int]
    /// The other terms of the carry's next value, itself among them.
    var rest: [ValueID]
  }

  /// Sums over the same lanes that a carry grows by.
  fileprivate func sumOverLanes(
    of carry: ValueID, to result: ValueID, _ uses: [Int], _ definitions: [Int?]
  ) -> LaneSum? {
    var leaves: [ValueID] = []
    var waiting = [result]
    while let value = waiting.popLast() {
      if let position = definitions[value.index], uses[value.index] == 1,
        case .binary(.add) = operations[position].op
      {
        waiting += operations[position].operands.reversed()
      } else {
        leaves.append(value)
      }
    }
    guard leaves.count > 1, leaves.contains(carry) else { return nil }
    var sum = LaneSum(terms: [], dimensions: [], rest: [])
    for leaf in leaves {
      if uses[leaf.index] == 1, let (operand, dimensions) = sumOverLanes(leaf, definitions),
        sum.terms.isEmpty
          || sum.dimensions == dimensions && self[sum.terms[0]] == self[operand]
      {
        sum.terms.append(operand)
        sum.dimensions = dimensions
      } else {
        sum.rest.append(leaf)
      }
    }
    return sum.terms.isEmpty ? nil : sum
  }

  /// What a value is the sum of over lanes, and the axes.
  private func sumOverLanes(
    _ value: ValueID, _ definitions: [Int?]
  ) -> (operand: ValueID, dimensions: [Int])? {
    guard let position = definitions[value.index],
      case .reduce(let reduction) = operations[position].op, reduction.kind == .add,
      operations[position].operands.count == 2
    else { return nil }
    let (operand, initial) = (operations[position].operands[0], operations[position].operands[1])
    guard self[operand].count >= Self.fewestLanes,
      self[operand].count >= Self.fewestTerms * self[value].count,
      let start = definitions[initial.index], case .constant(let literal) = operations[start].op,
      literal.doubles.allSatisfy({ $0 == 0 })
    else { return nil }
    return (operand, reduction.dimensions)
  }

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
