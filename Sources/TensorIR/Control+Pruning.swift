/// An operation with regions without what nobody reads.
package struct PrunedOperation {
  package var op: Op
  /// The positions of the operands that stay.
  package var operands: [Int]
  /// The positions of the results that stay.
  package var results: [Int]
  /// How many operations went or became smaller in regions, and how many operands and results went.
  package var changes: Int
}

extension Op {
  /// For each operand whether some of the results depend on it.
  func operandsRead(for results: [Bool], count: Int) -> [Bool] {
    switch self {
    case .whileLoop(let loop): loop.operandsRead(for: results)
    case .branch(let branch): branch.operandsRead(for: results, count: count)
    case .scan(let scan): scan.operandsRead(for: results)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .foreign,
      .optimizationBarrier, .custom, .window,
      .call:
      [Bool](repeating: true, count: count)
    }
  }

  /// The operation without results that are not wanted, and without operands and carries that the
  /// others do not depend on.
  package func pruned(keeping results: [Bool], operandCount: Int) -> PrunedOperation {
    switch self {
    case .whileLoop(let loop): return loop.pruned(keeping: results)
    case .branch(let branch): return branch.pruned(keeping: results, operandCount: operandCount)
    case .scan(let scan): return scan.pruned(keeping: results)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .foreign,
      .optimizationBarrier, .custom, .window,
      .call:
      return PrunedOperation(
        op: self, operands: Array(0..<operandCount), results: Array(results.indices), changes: 0)
    }
  }
}

extension Region {
  /// For each parameter whether some of the results depend on it.
  fileprivate func parametersRead(for results: [Bool]) -> [Bool] {
    var region = self
    region.results = zip(self.results, results).filter { $0.1 }.map { $0.0 }
    return region.readParameters
  }

  /// The region with some of its parameters and results, and how many operations went.
  fileprivate func keeping(
    parameters: [Bool], results: [Bool]
  ) -> (region: Region, changes: Int) {
    var region = self
    region.results = zip(self.results, results).filter { $0.1 }.map { $0.0 }
    var changes = region.dropUnneeded()
    guard parameters.contains(false) else { return (region, changes) }
    changes += parameters.count { !$0 }
    region.parameters = zip(region.parameters, parameters).filter { $0.1 }.map { $0.0 }
    region.renumber()
    return (region, changes)
  }
}

extension While {
  /// For each operand whether the condition or some of the results depend on it.
  fileprivate func operandsRead(for results: [Bool]) -> [Bool] {
    let tested = condition.readParameters
    let start = zip(results, tested.dropFirst(captureCount)).map { $0 || $1 }
    let carries = start.closed {
      Array(body.parametersRead(for: $0).dropFirst(captureCount))
    }
    let read = body.parametersRead(for: carries)
    return zip(tested, read).prefix(captureCount).map { $0 || $1 } + carries
  }

  /// The loop without carries that neither the condition nor a wanted result depends on.
  fileprivate func pruned(keeping results: [Bool]) -> PrunedOperation {
    let read = operandsRead(for: results)
    let carries = Array(read.dropFirst(captureCount))
    let test = condition.keeping(parameters: read, results: [true])
    let step = body.keeping(parameters: read, results: carries)
    let captures = read.prefix(captureCount).count { $0 }
    return PrunedOperation(
      op: .whileLoop(While(captureCount: captures, condition: test.region, body: step.region)),
      operands: read.indices.filter { read[$0] }, results: carries.indices.filter { carries[$0] },
      changes: test.changes + step.changes)
  }
}

extension Branch {
  /// For each operand whether some of the results depend on it in some branch.
  fileprivate func operandsRead(for results: [Bool], count: Int) -> [Bool] {
    let read = branches.map { $0.parametersRead(for: results) }
    return [true] + (0..<(count - 1)).map { position in read.contains { $0[position] } }
  }

  /// The branch without results that are not wanted.
  fileprivate func pruned(keeping results: [Bool], operandCount: Int) -> PrunedOperation {
    let read = operandsRead(for: results, count: operandCount)
    let parts = branches.map {
      $0.keeping(parameters: Array(read.dropFirst()), results: results)
    }
    return PrunedOperation(
      op: .branch(Branch(kind, branches: parts.map(\.region))),
      operands: read.indices.filter { read[$0] }, results: results.indices.filter { results[$0] },
      changes: parts.reduce(results.count { !$0 }) { $0 + $1.changes })
  }
}

extension Scan {
  /// For each of the body's results whether some of the scan's depend on it.
  private func bodyResultsRead(for results: [Bool]) -> [Bool] {
    let stacked = results.dropFirst(carryCount)
    let carries = Array(results.prefix(carryCount)).closed { carries in
      let read = body.parametersRead(for: carries + stacked)
      return Array(read.dropFirst(1 + captureCount).prefix(carryCount))
    }
    return carries + stacked
  }

  /// For each operand whether some of the results depend on it.
  fileprivate func operandsRead(for results: [Bool]) -> [Bool] {
    let wanted = bodyResultsRead(for: results)
    var read = Array(body.parametersRead(for: wanted).dropFirst())
    read.replaceSubrange(
      captureCount..<(captureCount + carryCount), with: wanted.prefix(carryCount))
    return read
  }

  /// The scan without carries and stacks that no wanted result depends on.
  fileprivate func pruned(keeping results: [Bool]) -> PrunedOperation {
    let wanted = bodyResultsRead(for: results)
    let read = operandsRead(for: results)
    let step = body.keeping(parameters: [true] + read, results: wanted)
    let scan = Scan(
      length: length, isReversed: isReversed,
      captureCount: read.prefix(captureCount).count { $0 },
      carryCount: wanted.prefix(carryCount).count { $0 }, body: step.region)
    return PrunedOperation(
      op: .scan(scan), operands: read.indices.filter { read[$0] },
      results: wanted.indices.filter { wanted[$0] },
      changes: step.changes + wanted.count { !$0 })
  }
}
