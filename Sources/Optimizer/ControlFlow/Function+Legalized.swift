import TensorIR

extension Function {
  /// An equal function in plain StableHLO: every `adjoint.scan` is a `while` that counts, reads slices
  /// with `dynamic_slice` and writes them with `dynamic_update_slice`; places of windows are slices, and
  /// orders are counted, or those of a sorting network.
  ///
  /// - Throws: `AdjointError` where an operation breaks its typing rule.
  package func legalizedScans() throws -> Function {
    try droppingCustomDerivatives().withoutScans()
  }

  /// As `legalizedScans()`, where no function has a stated derivative.
  private func withoutScans() throws -> Function {
    try replacingOperations { operation, operands, builder in
      operation.op = try operation.op.mappingRegions { try $0.withoutScans() }
      if case .scan(let scan) = operation.op { return try builder.whileLoop(for: scan, operands) }
      if case .window(let window) = operation.op {
        return [try builder.plainWindow(window, operands)]
      }
      if case .order(let ordering) = operation.op {
        return [try builder.plainOrder(ordering, of: operands)]
      }
      return nil
    }
  }
}

extension FunctionBuilder {
  /// A scan as a loop whose carries are the number of iterations so far, the scan's carries and its
  /// stacked results; what it captures are the scan's captures and stacks.
  fileprivate mutating func whileLoop(
    for scan: Scan, _ operands: [ValueID]
  ) throws -> [ValueID] {
    let carryEnd = scan.captureCount + scan.carryCount
    let types = try Op.scan(scan).resultTypes(operands.map { self[$0] })
    let stacked = try types.dropFirst(scan.carryCount).map { try splat(0, $0) }
    let captures = operands[..<scan.captureCount] + operands[carryEnd...]
    let start = try number(0)
    let all =
      Array(captures) + [start] + operands[scan.captureCount..<carryEnd] + stacked

    var test = FunctionBuilder(name: "region", location: location)
    let tested = all.map { test.parameter(self[$0]) }
    let isMore = try test.compare(.less, tested[captures.count], test.number(scan.length))

    var body = FunctionBuilder(name: "region", location: location)
    let inner = all.map { body.parameter(self[$0]) }
    let count = inner[captures.count]
    let index =
      try scan.isReversed ? body.subtract(body.number(scan.length - 1), count) : count
    let slices = try inner[scan.captureCount..<captures.count].map {
      try body.row(of: $0, at: index)
    }
    let carries = inner[(captures.count + 1)...].prefix(scan.carryCount)
    let returned = try body.inline(
      scan.body, [index] + inner[..<scan.captureCount] + carries + slices)
    let tables = inner[(captures.count + 1 + scan.carryCount)...]
    let written = try zip(tables, returned.dropFirst(scan.carryCount)).map { table, slice in
      try body.replacingRow(of: table, at: index, with: slice)
    }
    let next = try body.add(count, body.number(1))
    let loop = While(
      captureCount: captures.count, condition: test.finish(returning: [isMore]),
      body: body.finish(returning: [next] + returned.prefix(scan.carryCount) + written))
    return Array(try emitAll(.whileLoop(loop), all).dropFirst())
  }

  /// A scalar i64.
  private mutating func number(_ value: Int) throws -> ValueID {
    try constant(Literal(TensorType([], .i64), integers: [Int64(value)]))
  }

  /// The starts of a row.
  private mutating func starts(_ index: ValueID, rank: Int) throws -> [ValueID] {
    let zero = try number(0)
    return [index] + Array(repeating: zero, count: rank - 1)
  }

  /// A row of a tensor, without its first axis.
  private mutating func row(of tensor: ValueID, at index: ValueID) throws -> ValueID {
    let shape = Array(self[tensor].shape.dropFirst())
    let row = try emit(
      .dynamicSlice(sizes: [1] + shape), [tensor] + starts(index, rank: shape.count + 1))
    return try reshape(row, to: shape)
  }

  /// A tensor with a row replaced.
  private mutating func replacingRow(
    of tensor: ValueID, at index: ValueID, with row: ValueID
  ) throws -> ValueID {
    let shape = self[tensor].shape
    let update = try reshape(row, to: [1] + shape.dropFirst())
    return try emit(
      .dynamicUpdateSlice, [tensor, update] + starts(index, rank: shape.count))
  }
}
