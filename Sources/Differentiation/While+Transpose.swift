import TensorIR

/// The transpose of a loop whose number of iterations is not known before it ends.
///
/// The values of the loop are run once more, counted, with snapshots in a table of fixed size: when it
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
      let forward = try snapshots(
        of: step, while: condition, captures: captures, start: start, count: nil,
        in: &pass.builder)

      // Backwards: index of the next step to walk, the first step in the second table and its
      // distance, the table, cotangents of carries and sums of cotangents of captures.
      let reverse = try loop.body.transposed(
        in: linearCaptures + linearCarries, seeds: linearCarries.map { $0 - loop.captureCount })
      var operands = captures + [forward.stride] + forward.tables
      let captureCount = operands.count
      let lanes = try pass.lanesChosen(cotangents, of: loop.body)
      let carried = try linearCarries.map { position in
        try cotangents[position - loop.captureCount]
          ?? pass.builder.splat(0, pass.type(operation.operands[position]))
      }
      let sums = try linearCaptures.map {
        try pass.builder.splat(0, pass.type(operation.operands[$0]))
      }
      let emptyTables = try types.map { try pass.builder.emptyTable(of: $0, snapshotCount) }
      let none = try pass.builder.number(-1)
      let one = try pass.builder.number(1)
      operands += [forward.count, none, one] + emptyTables + carried + sums

      let body = try backwardBody(
        step: step, reverse: reverse, captureCount: captureCount, operands.map { pass.builder[$0] })
      var test = FunctionBuilder(name: "region", location: operation.location)
      let parameters = operands.map { test.parameter(pass.builder[$0]) }
      let zero = try test.number(0)
      let more = try test.compare(.greater, parameters[captureCount], zero)
      let walk = While(
        captureCount: captureCount, condition: test.finish(returning: [more]), body: body)
      let results = try pass.builder.emitAll(.whileLoop(walk), operands)
      let gradients = results.dropFirst(3 + types.count)
      for (position, gradient) in zip(linearCarries + linearCaptures, gradients) {
        try pass.accumulate(
          pass.kept(gradient, in: lanes), on: operation.operands[position])
      }
    }

    /// One step backwards: enters the step's segment if the walk has left the last one, finds the
    /// values before the step, and runs the transposed step.
    private func backwardBody(
      step: Region, reverse: TransposedRegion, captureCount: Int, _ types: [TensorType]
    ) throws -> Region {
      var builder = FunctionBuilder(name: "region", location: operation.location)
      let parameters = types.map { builder.parameter($0) }
      let count = plainCaptures.count
      let captures = Array(parameters[..<count])
      let (stride, tables) = (parameters[count], Array(parameters[(count + 1)..<captureCount]))
      let rest = Array(parameters[captureCount...])
      let tableCount = self.types.count
      let (remaining, first, distance) = (rest[0], rest[1], rest[2])
      let segment = Array(rest[3..<(3 + tableCount)])
      let carried = Array(rest[(3 + tableCount)...].prefix(linearCarries.count))
      let sums = Array(rest[(3 + tableCount + linearCarries.count)...])

      let index = try builder.subtract(remaining, builder.number(1))
      let slot = try builder.divide(index, stride)
      let begin = try builder.multiply(slot, stride)
      let isNew = try builder.compare(.notEqual, begin, first)
      // Entering: from the snapshot at `begin`, the steps up to this one.
      let entered = try builder.branch(
        on: isNew, captures: captures + [slot, index, begin, distance] + tables + segment
      ) { branch, inner in
        let captures = Array(inner[..<count])
        let (slot, index, begin) = (inner[count], inner[count + 1], inner[count + 2])
        let tables = inner[(count + 4)...].prefix(tableCount)
        let start = try zip(tables, self.types).map { try branch.entry(of: $0, at: slot, $1) }
        let length = try branch.add(branch.subtract(index, begin), branch.number(1))
        let filled = try snapshots(
          of: step, while: nil, captures: captures, start: start, count: length, in: &branch)
        return [filled.stride] + filled.tables
      } otherwise: { _, inner in
        [inner[count + 3]] + inner[(count + 4 + tableCount)...]
      }
      let (newDistance, newSegment) = (entered[0], Array(entered.dropFirst()))
      // From the nearest entry of the second table to the values before the step.
      let offset = try builder.subtract(index, begin)
      let place = try builder.divide(offset, newDistance)
      let near = try zip(newSegment, self.types).map { try builder.entry(of: $0, at: place, $1) }
      let missing = try builder.subtract(offset, builder.multiply(place, newDistance))
      let state = try builder.repeating(
        step, captures: captures, start: near, count: missing, location: operation.location)

      var values: [ValueID: ValueID] = [:]
      for (position, value) in zip(plainCaptures, captures) {
        values[reverse.parameter(for: loop.body.parameters[position])] = value
      }
      for (position, value) in zip(plainCarries, state) {
        values[reverse.parameter(for: loop.body.parameters[position])] = value
      }
      for (seed, value) in zip(reverse.seeds, carried) { values[seed] = value }
      let gradients = try builder.inline(
        reverse.region, reverse.region.parameters.compactMap { values[$0] })
      let nextSums = try zip(sums, gradients).map { try builder.add($0, $1) }
      let nextCarried = gradients.dropFirst(linearCaptures.count)
      return builder.finish(
        returning: [index, begin, newDistance] + newSegment + nextCarried + nextSums)
    }

    /// Runs steps from a start with snapshots: as long as a condition holds, or a number of times.
    private func snapshots(
      of step: Region, while condition: Region?, captures: [ValueID], start: [ValueID],
      count: ValueID?, in builder: inout FunctionBuilder
    ) throws -> (count: ValueID, stride: ValueID, tables: [ValueID]) {
      let tables = try types.map { try builder.emptyTable(of: $0, snapshotCount) }
      let (zero, one) = (try builder.number(0), try builder.number(1))
      let operands =
        captures + (count.map { [$0] } ?? []) + [zero, one] + start + tables
      let captureCount = captures.count + (count == nil ? 0 : 1)
      var test = FunctionBuilder(name: "region", location: operation.location)
      let tested = operands.map { test.parameter(builder[$0]) }
      let holds: ValueID
      if let condition {
        let state = tested[(captureCount + 2)...].prefix(types.count)
        holds = try test.inline(condition, Array(tested[..<captures.count] + state))[0]
      } else {
        holds = try test.compare(.less, tested[captureCount], tested[captureCount - 1])
      }
      var body = FunctionBuilder(name: "region", location: operation.location)
      let inner = operands.map { body.parameter(builder[$0]) }
      let (index, stride) = (inner[captureCount], inner[captureCount + 1])
      let state = Array(inner[(captureCount + 2)...].prefix(types.count))
      let innerTables = Array(inner[(captureCount + 2 + types.count)...])
      let saved = try body.recordSnapshot(
        of: state, at: index, stride: stride, in: innerTables, types, snapshotCount)
      let next = try body.inline(step, Array(inner[..<captures.count] + state))
      let nextIndex = try body.add(index, body.number(1))
      let loop = While(
        captureCount: captureCount, condition: test.finish(returning: [holds]),
        body: body.finish(
          returning: [nextIndex, saved.stride] + next + saved.tables))
      let results = try builder.emitAll(.whileLoop(loop), operands)
      return (results[0], results[1], Array(results.dropFirst(2 + types.count)))
    }
  }
}

extension FunctionBuilder {
  /// A scalar i64.
  fileprivate mutating func number(_ value: Int64) throws -> ValueID {
    try constant(Literal(TensorType([], .i64), integers: [value]))
  }

  /// A table of `count` entries of a type, all zero.
  fileprivate mutating func emptyTable(of type: TensorType, _ count: Int) throws -> ValueID {
    try splat(0, TensorType([count] + type.shape, type.element))
  }

  /// Starts of the entry `slot` of a table of entries of a type.
  private mutating func starts(_ slot: ValueID, _ type: TensorType) throws -> [ValueID] {
    let zero = try number(0)
    return [slot] + type.shape.map { _ in zero }
  }

  /// The entry `slot` of a table.
  fileprivate mutating func entry(
    of table: ValueID, at slot: ValueID, _ type: TensorType
  ) throws -> ValueID {
    let slice = try emit(
      .dynamicSlice(sizes: [1] + type.shape), [table] + starts(slot, type))
    return try reshape(slice, to: type.shape)
  }

  /// A choice between what two closures compute from captured values.
  fileprivate mutating func branch(
    on predicate: ValueID, captures: [ValueID],
    then: (inout FunctionBuilder, [ValueID]) throws -> [ValueID],
    otherwise: (inout FunctionBuilder, [ValueID]) throws -> [ValueID]
  ) throws -> [ValueID] {
    let branches = try [region(of: captures, then), region(of: captures, otherwise)]
    return try emitAll(
      .branch(Branch(.predicate, branches: branches)), [predicate] + captures)
  }

  /// A region of parameters like some values.
  private func region(
    of values: [ValueID], _ build: (inout FunctionBuilder, [ValueID]) throws -> [ValueID]
  ) throws -> Region {
    var region = FunctionBuilder(name: "region", location: location)
    let parameters = values.map { region.parameter(self[$0]) }
    let results = try build(&region, parameters)
    return region.finish(returning: results)
  }

  /// Runs a step a number of times.
  fileprivate mutating func repeating(
    _ step: Region, captures: [ValueID], start: [ValueID], count: ValueID,
    location: SourceLocation
  ) throws -> [ValueID] {
    let operands = captures + [count] + [try number(0)] + start
    var test = FunctionBuilder(name: "region", location: location)
    let tested = operands.map { test.parameter(self[$0]) }
    let holds = try test.compare(.less, tested[captures.count + 1], tested[captures.count])
    var body = FunctionBuilder(name: "region", location: location)
    let inner = operands.map { body.parameter(self[$0]) }
    let values = inner[..<captures.count] + inner[(captures.count + 2)...]
    let next = try body.inline(step, Array(values))
    let index = try body.add(inner[captures.count + 1], body.number(1))
    let loop = While(
      captureCount: captures.count + 1, condition: test.finish(returning: [holds]),
      body: body.finish(returning: [index] + next))
    return Array(try emitAll(.whileLoop(loop), operands).dropFirst())
  }

  /// Puts values into tables if the index is a multiple of the stride; where the tables are full,
  /// every second entry is dropped first and the stride doubles.
  fileprivate mutating func recordSnapshot(
    of state: [ValueID], at index: ValueID, stride: ValueID, in tables: [ValueID],
    _ types: [TensorType], _ count: Int
  ) throws -> (stride: ValueID, tables: [ValueID]) {
    let slot = try divide(index, stride)
    let isFull = try compare(.greaterOrEqual, slot, number(Int64(count)))
    let thinned = try branch(on: isFull, captures: [stride] + tables) { branch, inner in
      let doubled = try branch.add(inner[0], inner[0])
      return try [doubled]
        + zip(inner.dropFirst(), types).map { table, type in
          let zeros = type.shape.map { _ in 0 }
          let kept = try branch.emit(
            .shape(
              .slice(
                starts: [0] + zeros, limits: [count] + type.shape,
                strides: [2] + type.shape.map { _ in 1 })), [table])
          return try branch.padded(
            kept, low: [0] + zeros, high: [count / 2] + zeros, interior: [0] + zeros)
        }
    } otherwise: { _, inner in
      inner
    }
    let newStride = thinned[0]
    let newSlot = try divide(index, newStride)
    let isDue = try compare(.equal, multiply(newSlot, newStride), index)
    let recorded = try branch(
      on: isDue, captures: [newSlot] + state + thinned.dropFirst()
    ) { branch, inner in
      let state = inner[1...].prefix(types.count)
      return try zip(zip(inner.dropFirst(1 + types.count), state), types).map { pair, type in
        let entry = try branch.reshape(pair.1, to: [1] + type.shape)
        return try branch.emit(
          .dynamicUpdateSlice, [pair.0, entry] + branch.starts(inner[0], type))
      }
    } otherwise: { _, inner in
      Array(inner.dropFirst(1 + types.count))
    }
    return (newStride, recorded)
  }
}
