import TensorIR

/// The transpose of a loop whose number of iterations is not known before it ends.
///
/// The values of the loop are run counted, with snapshots in a table of fixed size: when it
/// is full, every second one is dropped and the distance between them doubles. Then the steps are
/// walked from the last to the first in segments between snapshots; a segment's steps are found from a
/// second table, filled in the same way when the walk enters the segment. Each step is so computed
/// again from the next snapshot before it: once, or a few times in loops of many thousand steps.
///
/// Source of the doubling distance: Stumm and Walther, "New algorithms for optimal online
/// checkpointing", 2010, in its simplest form.
extension While {
  /// How many snapshots a table holds at most, and at least.
  private static let tableCounts = 4...64
  /// Each table has at least so many elements, more than a value that stays in registers: so the loops
  /// are made of the same kernels, which round alike, however many snapshots there are.
  private static let leastTableElements = 37

  /// The cotangents of a loop on values and tangents.
  func transpose(
    _ operation: Operation, _ cotangents: [ValueID?], in pass: inout ReversePass
  ) throws {
    let reversal = try LoopReversal(self, operation, in: pass)
    try reversal.emit(cotangents, in: &pass)
  }

  /// Builds the loops.
  private struct LoopReversal {
    let loop: While
    let operation: Operation
    /// Positions among operands: captures and carries that are no tangents, and those that are.
    let plainCaptures, plainCarries, linearCaptures, linearCarries: [Int]
    /// The types of the carries that are no tangents.
    let types: [TensorType]
    /// How many snapshots a table holds: an even number, so that two tables take half of a memory
    /// budget at most.
    let snapshotCount: Int
    let i64 = TensorType([], .i64)

    init(_ loop: While, _ operation: Operation, in pass: ReversePass) throws {
      self.loop = loop
      self.operation = operation
      // Carries are linear where they ever depend on a tangent.
      let operands = operation.operands.map { pass.isLinear($0) }
      let carries = loop.carriesVaried(operands)
      let captures = 0..<loop.captureCount
      plainCaptures = captures.filter { !operands[$0] }
      linearCaptures = captures.filter { operands[$0] }
      plainCarries = carries.indices.filter { !carries[$0] }.map { $0 + loop.captureCount }
      linearCarries = carries.indices.filter { carries[$0] }.map { $0 + loop.captureCount }
      let types = plainCarries.map { loop.body[loop.body.parameters[$0]] }
      self.types = types
      let byteCount = types.reduce(1) { $0 + $1.byteCount }
      let fitting = SnapshotBudget.byteCount.map { $0 / (4 * byteCount) / 2 * 2 }
      let (least, most) = (While.tableCounts.lowerBound, While.tableCounts.upperBound)
      snapshotCount = min(max(fitting ?? most, least), most)
    }

    /// The region of the values alone: from plain captures and carries to the results at positions
    /// among the body's, or the condition.
    func plainRegion(_ region: Region, results: [Int]) throws -> Region {
      var copier = RegionCopier(from: region)
      for position in plainCaptures + plainCarries {
        copier.parameter(for: region.parameters[position])
      }
      let returned = try copier.copy(results.map { region.results[$0] })
      return copier.builder.finish(returning: returned)
    }

    /// Runs the loop again with snapshots, then backwards.
    func emit(_ cotangents: [ValueID?], in pass: inout ReversePass) throws {
      let captures = try plainCaptures.map { try pass.residual(operation.operands[$0]) }
      let start = try plainCarries.map { try pass.residual(operation.operands[$0]) }
      let step = try plainRegion(
        loop.body, results: plainCarries.map { $0 - loop.captureCount })
      let condition = try plainRegion(loop.condition, results: [0])
      let forward = try recorded(
        step, while: condition, captures: captures, start: start, in: &pass.builder)
      pass.use(forward.state, forLoopOf: operation)

      // Backwards: index of the next step to walk, the first step in the segment, the state that fills it, the
      // tables, cotangents of carries and sums of cotangents of captures.
      let reverse = try loop.body.transposed(
        in: linearCaptures + linearCarries, seeds: linearCarries.map { $0 - loop.captureCount })
      let lanes = try pass.lanesChosen(cotangents, of: loop.body)
      let carried = try linearCarries.map { position in
        try cotangents[position - loop.captureCount]
          ?? pass.builder.splat(0, pass.type(operation.operands[position]))
      }
      let sums = try linearCaptures.map {
        try pass.builder.splat(0, pass.type(operation.operands[$0]))
      }
      let none = try pass.builder.number(-1)
      let state = try types.map { try pass.builder.memory($0) }
      let walked =
        [forward.count, none] + state + forward.tables + carried + sums
      let results = try pass.builder.repeating(
        captures: captures + [forward.stride], walked,
        while: { test, _, carries in
          try test.compare(.greater, carries[0], test.number(0))
        },
        body: { builder, captures, carries in
          try backward(step, reverse, captures, carries, in: &builder)
        })
      let gradients = results.dropFirst(2 + 2 * types.count)
      for (position, gradient) in zip(linearCarries + linearCaptures, gradients) {
        try pass.accumulate(
          pass.kept(gradient, in: lanes), on: operation.operands[position])
      }
    }

    /// One step backwards: fills the step's segment if the walk has left the last one, and runs the
    /// transposed step on the values before it.
    private func backward(
      _ step: Region, _ reverse: TransposedRegion, _ captures: [ValueID], _ carries: [ValueID],
      in builder: inout FunctionBuilder
    ) throws -> [ValueID] {
      var rest = carries[...]
      func take(_ count: Int) -> [ValueID] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      let (remaining, first) = (take(1)[0], take(1)[0])
      let (state, tables) = (take(types.count), take(types.count))
      let (carried, sums) = (take(linearCarries.count), take(linearCaptures.count))
      let plain = Array(captures.dropLast())
      let stride = captures[plain.count]

      let count = try builder.number(Int64(snapshotCount))
      let index = try builder.subtract(remaining, builder.number(1))
      let slot = try builder.divide(index, stride)
      let offset = try builder.subtract(index, builder.multiply(slot, stride))
      let place = try builder.remainder(offset, count)
      // Where every step has a snapshot there are no segments.
      let hasAll = try builder.compare(.equal, stride, builder.number(1))
      let begin = try builder.select(hasAll, first, builder.subtract(index, place))
      let isNew = try builder.compare(.notEqual, begin, first)
      let filled = try fillSegment(
        step, plain, from: slot, to: offset, state, tables, where: isNew, in: &builder)
      let row = try builder.select(hasAll, index, builder.add(place, count))
      let values = try zip(filled.tables, types).map { try builder.row(row, of: $0, $1) }

      var known: [ValueID: ValueID] = [:]
      for (position, value) in zip(plainCaptures + plainCarries, plain + values) {
        known[reverse.parameter(for: loop.body.parameters[position])] = value
      }
      for (seed, value) in zip(reverse.seeds, carried) { known[seed] = value }
      let gradients = try builder.inline(
        reverse.region, reverse.region.parameters.compactMap { known[$0] })
      let nextSums = try zip(sums, gradients).map { try builder.add($0, $1) }
      return [index, begin] + filled.state + filled.tables
        + gradients.dropFirst(linearCaptures.count) + nextSums
    }

    /// Runs the steps from the snapshot in a slot up to one at an offset from it, where a condition holds; the
    /// values before each of the last steps stand in the tables' second part then.
    private func fillSegment(
      _ step: Region, _ captures: [ValueID], from slot: ValueID, to offset: ValueID,
      _ state: [ValueID], _ tables: [ValueID], where condition: ValueID,
      in builder: inout FunctionBuilder
    ) throws -> (state: [ValueID], tables: [ValueID]) {
      let (zero, one) = (try builder.number(0), try builder.number(1))
      // A loop of one iteration or none: a branch would copy what it hands on.
      let once = try builder.select(condition, one, zero)
      let begun = try builder.counting(to: once, captures: tables + [slot], state) {
        body, _, captures, _ in
        try zip(captures, types).map { try body.row(captures[types.count], of: $0, $1) }
      }
      let length = try builder.select(condition, builder.add(offset, one), zero)
      let results = try builder.counting(to: length, captures: captures, begun + tables) {
        body, index, captures, carries in
        let state = Array(carries.prefix(types.count))
        let count = try body.number(Int64(snapshotCount))
        let row = try body.add(body.remainder(index, count), count)
        let tables = try zip(zip(carries.dropFirst(types.count), state), types).map {
          try body.settingRow(row, of: $0.0, to: $0.1, $1)
        }
        return try body.inline(step, captures + state) + tables
      }
      return (Array(results.prefix(types.count)), Array(results.dropFirst(types.count)))
    }

    /// Runs steps from a start as long as a condition holds, with snapshots.
    private func recorded(
      _ step: Region, while condition: Region, captures: [ValueID], start: [ValueID],
      in builder: inout FunctionBuilder
    ) throws -> (count: ValueID, stride: ValueID, state: [ValueID], tables: [ValueID]) {
      // Snapshots, the rows of a segment, and one for what no snapshot is due of.
      let tables = try types.map {
        let fewest = (While.leastTableElements + $0.count - 1) / max($0.count, 1)
        let rows = max(2 * snapshotCount + 1, fewest)
        return try builder.memory(TensorType([rows] + $0.shape, $0.element))
      }
      let (zero, one) = (try builder.number(0), try builder.number(1))
      let results = try builder.repeating(
        captures: captures, [zero, one] + start + tables,
        while: { test, captures, carries in
          try test.inline(condition, captures + carries[2...].prefix(types.count))[0]
        },
        body: { body, captures, carries in
          let state = Array(carries[2...].prefix(types.count))
          let saved = try record(
            state, at: carries[0], stride: carries[1],
            in: Array(carries.dropFirst(2 + types.count)), in: &body)
          let next = try body.inline(step, captures + state)
          return try [body.add(carries[0], body.number(1)), saved.stride] + next + saved.tables
        })
      let (state, recorded) = (
        results.dropFirst(2).prefix(types.count), results.dropFirst(2 + types.count)
      )
      return (results[0], results[1], Array(state), Array(recorded))
    }

    /// Puts values into tables, in the row of their snapshot or in the last one where none is due; where the
    /// tables are full, every second snapshot is dropped first and the stride doubles.
    private func record(
      _ state: [ValueID], at index: ValueID, stride: ValueID, in tables: [ValueID],
      in builder: inout FunctionBuilder
    ) throws -> (stride: ValueID, tables: [ValueID]) {
      let count = Int64(snapshotCount)
      let limit = try builder.multiply(stride, builder.number(count))
      let isFull = try builder.compare(.greaterOrEqual, index, limit)
      let kept = try builder.select(isFull, builder.number(count / 2 - 1), builder.number(0))
      let thinned = try builder.counting(to: kept, captures: [], tables) {
        body, index, _, tables in
        let row = try body.add(index, body.number(1))
        let source = try body.add(row, row)
        return try zip(tables, types).map { table, type in
          try body.settingRow(row, of: table, to: body.row(source, of: table, type), type)
        }
      }
      let newStride = try builder.select(isFull, builder.add(stride, stride), stride)
      let slot = try builder.divide(index, newStride)
      let isDue = try builder.compare(.equal, builder.multiply(slot, newStride), index)
      let row = try builder.select(isDue, slot, builder.number(2 * count))
      let recorded = try zip(zip(thinned, state), types).map {
        try builder.settingRow(row, of: $0.0, to: $0.1, $1)
      }
      return (newStride, recorded)
    }
  }
}

extension FunctionBuilder {
  /// A scalar i64.
  fileprivate mutating func number(_ value: Int64) throws -> ValueID {
    try constant(Literal(TensorType([], .i64), integers: [value]))
  }

  /// Memory with unspecified contents.
  fileprivate mutating func memory(_ type: TensorType) throws -> ValueID {
    try emitAll(.foreign(.memory(type)), [])[0]
  }

  /// What is left of a division of integers.
  fileprivate mutating func remainder(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    try emit(.binary(.remainder), [left, right])
  }

  /// Starts of a row of a table of entries of a type.
  private mutating func starts(_ row: ValueID, _ type: TensorType) throws -> [ValueID] {
    let zero = try number(0)
    return [row] + type.shape.map { _ in zero }
  }

  /// A row of a table of entries of a type.
  fileprivate mutating func row(
    _ row: ValueID, of table: ValueID, _ type: TensorType
  ) throws -> ValueID {
    let slice = try emit(
      .dynamicSlice(sizes: [1] + type.shape), [table] + starts(row, type))
    return try reshape(slice, to: type.shape)
  }

  /// A table of entries of a type with other values in a row.
  fileprivate mutating func settingRow(
    _ row: ValueID, of table: ValueID, to values: ValueID, _ type: TensorType
  ) throws -> ValueID {
    let entry = try reshape(values, to: [1] + type.shape)
    return try emit(.dynamicUpdateSlice, [table, entry] + starts(row, type))
  }

  /// A loop that builds its regions on captures and carries; the carries' last values.
  fileprivate mutating func repeating(
    captures: [ValueID], _ start: [ValueID],
    while test: (inout FunctionBuilder, [ValueID], [ValueID]) throws -> ValueID,
    body: (inout FunctionBuilder, [ValueID], [ValueID]) throws -> [ValueID]
  ) throws -> [ValueID] {
    let operands = captures + start
    func region(
      _ build: (inout FunctionBuilder, [ValueID], [ValueID]) throws -> [ValueID]
    ) throws -> Region {
      var region = FunctionBuilder(name: "region", location: location)
      let parameters = operands.map { region.parameter(self[$0]) }
      let results = try build(
        &region, Array(parameters.prefix(captures.count)),
        Array(parameters.dropFirst(captures.count)))
      return region.finish(returning: results)
    }
    let loop = While(
      captureCount: captures.count, condition: try region { try [test(&$0, $1, $2)] },
      body: try region(body))
    return try emitAll(.whileLoop(loop), operands)
  }

  /// A loop over indices from zero up to a limit; its body gets the index, captures and carries.
  fileprivate mutating func counting(
    to limit: ValueID, captures: [ValueID], _ start: [ValueID],
    body: (inout FunctionBuilder, ValueID, [ValueID], [ValueID]) throws -> [ValueID]
  ) throws -> [ValueID] {
    let results = try repeating(
      captures: captures + [limit], [number(0)] + start,
      while: { test, captures, carries in
        try test.compare(.less, carries[0], captures[captures.count - 1])
      },
      body: { builder, captures, carries in
        let next = try body(&builder, carries[0], captures.dropLast(), Array(carries.dropFirst()))
        return try [builder.add(carries[0], builder.number(1))] + next
      })
    return Array(results.dropFirst())
  }
}
