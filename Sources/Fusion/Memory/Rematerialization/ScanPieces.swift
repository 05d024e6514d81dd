internal import TensorIR

extension FunctionBuilder {
  /// A scalar i64.
  mutating func integer(_ value: Int) throws -> ValueID {
    try constant(Literal(TensorType([], .i64), integers: [Int64(value)]))
  }

  /// A vector of i64.
  mutating func integers(_ values: [Int]) throws -> ValueID {
    try constant(Literal(TensorType([values.count], .i64), integers: values.map { Int64($0) }))
  }

  /// Starts of the rows from `row` on of a stack.
  private mutating func starts(_ row: ValueID, of stack: ValueID) throws -> [ValueID] {
    let zero = try integer(0)
    return [row] + self[stack].shape.dropFirst().map { _ in zero }
  }

  /// So many rows of a stack.
  mutating func rows(_ count: Int, of stack: ValueID, at row: ValueID) throws -> ValueID {
    let sizes = [count] + self[stack].shape.dropFirst()
    return try emit(.dynamicSlice(sizes: sizes), [stack] + starts(row, of: stack))
  }

  /// One row of a stack, without its axis.
  mutating func row(of stack: ValueID, at row: ValueID) throws -> ValueID {
    let shape = Array(self[stack].shape.dropFirst())
    return try reshape(rows(1, of: stack, at: row), to: shape)
  }

  /// A stack with some rows replaced.
  mutating func replacing(
    _ stack: ValueID, at row: ValueID, with rows: ValueID
  ) throws -> ValueID {
    try emit(.dynamicUpdateSlice, [stack, rows] + starts(row, of: stack))
  }

  /// A stack with one row replaced, which is given without its axis.
  mutating func replacingRow(
    of stack: ValueID, at row: ValueID, with value: ValueID
  ) throws -> ValueID {
    let entry = try reshape(value, to: [1] + self[value].shape)
    return try replacing(stack, at: row, with: entry)
  }

  /// A loop that runs as long as its first carry is less than its last capture.
  ///
  /// - Parameter body: gives the next carries from captures and carries.
  mutating func counting(
    captures: [ValueID], carries: [ValueID], upTo end: ValueID,
    _ body: (inout FunctionBuilder, [ValueID], [ValueID]) throws -> [ValueID]
  ) throws -> [ValueID] {
    let operands = captures + [end] + carries
    let count = captures.count
    var test = FunctionBuilder(name: "region", location: location)
    let tested = operands.map { test.parameter(self[$0]) }
    let holds = try test.compare(.less, tested[count + 1], tested[count])
    var region = FunctionBuilder(name: "region", location: location)
    let inner = operands.map { region.parameter(self[$0]) }
    let next = try body(&region, Array(inner[..<count]), Array(inner[(count + 1)...]))
    let loop = While(
      captureCount: count + 1, condition: test.finish(returning: [holds]),
      body: region.finish(returning: next))
    return try emitAll(.whileLoop(loop), operands)
  }

  /// A scan over some of a scan's steps.
  ///
  /// - Parameter base: the index of the first row.
  mutating func piece(
    of scan: Scan, _ operands: [ValueID], length: Int, base: ValueID
  ) throws -> [ValueID] {
    var scan = scan
    scan.length = length
    let index = scan.body.parameters[0]
    guard scan.body.useCounts()[index.index] > 0 else {
      return try emitAll(.scan(scan), operands)
    }
    // The body sees the step's index in the whole: its own plus the first one's.
    var region = FunctionBuilder(name: "region", location: location)
    let own = region.parameter(scan.body[index])
    let first = region.parameter(scan.body[index])
    let rest = scan.body.parameters.dropFirst().map { region.parameter(scan.body[$0]) }
    let results = try region.inline(scan.body, [region.add(own, first)] + rest)
    scan.body = region.finish(returning: results)
    scan.captureCount += 1
    return try emitAll(.scan(scan), [base] + operands)
  }
}

extension Scan {
  /// The operands that are carries.
  var carryRange: Range<Int> { captureCount..<(captureCount + carryCount) }
}
