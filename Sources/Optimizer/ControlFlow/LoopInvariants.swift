import TensorIR

/// Computes what does not change from one iteration to the next before the loop.
///
/// What only moves or repeats elements stays inside, where it costs nothing.
///
///     Before:  adjoint.scan(%x) { … %1 = exponential %w … } where %w is captured
///     After:   %1 = exponential %w   adjoint.scan(%x) { … } with %1 captured
@Sendable func hoistInvariants(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  let region: Region
  let first: Int
  switch op {
  case .whileLoop(let loop): (region, first) = (loop.body, 0)
  case .scan(let scan): (region, first) = (scan.body, 1)
  case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
    .fft, .shape,
    .reduce,
    .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
    .foreign,
    .window,
    .optimizationBarrier,
    .branch,
    .custom, .call:
    return nil
  }
  let count = op.captureRange.count
  let captures = Array(region.parameters[first..<(first + count)])
  let hoisted = region.invariantResults(captures: captures)
  guard !hoisted.isEmpty else { return nil }

  var inner = RegionCopier(from: region)
  for parameter in region.parameters { inner.parameter(for: parameter) }
  for value in hoisted { inner.parameter(for: value) }
  let results = try inner.copy(region.results)
  var body = inner.builder.finish(returning: results)
  let added = Array(body.parameters.suffix(hoisted.count))
  let isRead = body.readParameters.suffix(hoisted.count)
  let kept = zip(hoisted, isRead).filter { $0.1 }.map { $0.0 }
  guard !kept.isEmpty else { return nil }
  let keptParameters = zip(added, isRead).filter { $0.1 }.map { $0.0 }
  body.parameters.removeLast(hoisted.count)
  body.parameters.insert(contentsOf: keptParameters, at: first + count)

  var outer = RegionCopier(from: region)
  for capture in captures { outer.parameter(for: capture) }
  let returned = try outer.copy(kept)
  let before = outer.builder.finish(returning: returned)
  let values = try rewriter.emitInlined(before, Array(operands[op.captureRange]))
  var all = operands
  all.insert(contentsOf: values, at: op.captureRange.upperBound)
  body.renumber()
  if case .scan(var scan) = op {
    scan.captureCount += kept.count
    scan.body = body
    return try rewriter.emitAll(.scan(scan), all, types: types)
  }
  guard case .whileLoop(let loop) = op else { return nil }
  var condition = FunctionBuilder(continuing: loop.condition, name: loop.condition.name)
  let extra = kept.map { condition.parameter(region[$0]) }
  var test = condition.finish(returning: loop.condition.results)
  test.parameters = loop.condition.parameters
  test.parameters.insert(contentsOf: extra, at: count)
  test.renumber()
  let hoisting = While(captureCount: count + kept.count, condition: test, body: body)
  return try rewriter.emitAll(.whileLoop(hoisting), all, types: types)
}

extension Region {
  /// The results of computing operations that depend on captures alone.
  fileprivate func invariantResults(captures: [ValueID]) -> [ValueID] {
    var isInvariant = [Bool](repeating: false, count: types.count)
    var dependsOnCapture = isInvariant
    for capture in captures {
      isInvariant[capture.index] = true
      dependsOnCapture[capture.index] = true
    }
    var found: [ValueID] = []
    for operation in operations
    where operation.op.effect == .none
      && operation.operands.allSatisfy({ isInvariant[$0.index] })
    {
      let depends = operation.operands.contains { dependsOnCapture[$0.index] }
      for result in operation.results {
        isInvariant[result.index] = true
        dependsOnCapture[result.index] = depends
        if depends, operation.op.isWorthHoisting { found.append(result) }
      }
    }
    return found
  }
}

extension Op {
  /// Whether the operation computes, rather than only moves or repeats elements.
  var isWorthHoisting: Bool {
    switch self {
    case .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .reduce, .dot,
      .convolution, .window,
      .gather,
      .scatter, .matrix, .order, .foreign,
      .whileLoop, .branch, .scan, .custom:
      true
    case .constant, .iota, .shape, .dynamicSlice, .dynamicUpdateSlice, .optimizationBarrier,
      .call:
      false
    }
  }
}
