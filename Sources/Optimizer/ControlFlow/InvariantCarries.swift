import TensorIR

/// Makes carries that no iteration changes captures.
///
///     Before:  while(%a = %x, %b = %y) … do { … return %a, %1 }
///     After:   while(%b = %y) … do { … return %1 }    with %x in place of %a
@Sendable func captureInvariantCarries(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  switch op {
  case .whileLoop(var loop):
    let carries = loop.captureCount..<operands.count
    let isInvariant = carries.map { position in
      loop.body.returns(
        loop.body.results[position - loop.captureCount], unchanged: position, operands,
        captures: 0..<loop.captureCount)
    }
    guard isInvariant.contains(true) else { return nil }
    let order =
      Array(0..<loop.captureCount) + carries.filter { isInvariant[$0 - carries.lowerBound] }
      + carries.filter { !isInvariant[$0 - carries.lowerBound] }
    loop.captureCount += isInvariant.count { $0 }
    loop.condition.parameters = order.map { loop.condition.parameters[$0] }
    loop.body.parameters = order.map { loop.body.parameters[$0] }
    loop.body.results = loop.body.results.dropping(isInvariant)
    let rest = try rewriter.emitAll(
      .whileLoop(loop), order.map { operands[$0] }, types: types.dropping(isInvariant))
    return isInvariant.merging(rest, where: carries.map { operands[$0] })
  case .scan(var scan):
    let carries = scan.captureCount..<(scan.captureCount + scan.carryCount)
    let isInvariant = carries.map { position in
      scan.body.returns(
        scan.body.results[position - carries.lowerBound], unchanged: position + 1, operands,
        captures: 1..<(1 + scan.captureCount), operandOffset: 1)
    }
    guard isInvariant.contains(true) else { return nil }
    let order =
      Array(0..<scan.captureCount) + carries.filter { isInvariant[$0 - carries.lowerBound] }
      + carries.filter { !isInvariant[$0 - carries.lowerBound] }
      + (carries.upperBound..<operands.count)
    let count = isInvariant.count { $0 }
    scan.captureCount += count
    scan.carryCount -= count
    scan.body.parameters =
      [scan.body.parameters[0]] + order.map { scan.body.parameters[$0 + 1] }
    let stacked = types.map { _ in false }.dropFirst(isInvariant.count)
    scan.body.results = scan.body.results.dropping(isInvariant + stacked)
    let rest = try rewriter.emitAll(
      .scan(scan), order.map { operands[$0] }, types: types.dropping(isInvariant + stacked))
    return (isInvariant + stacked).merging(rest, where: carries.map { operands[$0] })
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
}

extension Region {
  /// Whether a returned value is the parameter at a position, or a capture of the same operand.
  fileprivate func returns(
    _ value: ValueID, unchanged position: Int, _ operands: [ValueID], captures: Range<Int>,
    operandOffset: Int = 0
  ) -> Bool {
    if value == parameters[position] { return true }
    guard let capture = captures.first(where: { parameters[$0] == value }) else { return false }
    return operands[capture - operandOffset] == operands[position - operandOffset]
  }
}

extension Array {
  /// The elements that are not marked.
  fileprivate func dropping(_ isDropped: [Bool]) -> [Element] {
    zip(self, isDropped).filter { !$0.1 }.map { $0.0 }
  }
}

extension [Bool] {
  /// For each mark its own element of `own`, in order where it is true, else the next of `rest`.
  fileprivate func merging(_ rest: [ValueID], where own: [ValueID]) -> [ValueID] {
    var others = rest.makeIterator()
    return enumerated().compactMap { position, isOwn in isOwn ? own[position] : others.next() }
  }
}
