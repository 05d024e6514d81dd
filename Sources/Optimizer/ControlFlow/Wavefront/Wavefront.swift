import Batching
import TensorIR

/// Runs the cells of a table along its diagonals: those of one diagonal do not depend on each other.
///
/// Lane i of wave t is the cell of row i and column t − lag·i, where `lag` leaves each cell the ones it
/// reads of the row before. Lanes beyond the ends of their rows compute the first cell again, from whose
/// inputs no derivative is taken. Loop skewing of Wolfe, "Loops skewing: The wavefront method revisited"
/// (1986), with one lane for each row.
///
///     Before:  adjoint.scan(rows) { … adjoint.scan(columns) { cell } … }
///     After:   adjoint.scan(waves) { cells of a diagonal }
@Sendable func runWaves(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(let scan) = op, let nest = try WavefrontNest(scan) else { return nil }
  var builder = FunctionBuilder(name: scan.body.name, location: scan.body.location)
  let parameters = operands.map { builder.parameter(rewriter[$0]) }
  var waves = try Wavefront(of: nest, parameters, into: builder)
  let results = try waves.results()
  return try rewriter.emitInlined(waves.builder.finish(returning: results), operands)
}

/// The operations that compute a nest in waves.
private struct Wavefront {
  let nest: WavefrontNest
  var builder: FunctionBuilder
  /// Captures and first carries of the scan over rows.
  let captures: [ValueID]
  let carries: [ValueID]
  /// The stacks of the scan over rows and their indices, in the order in which the rows are computed.
  private let stacks: [ValueID]
  private let indices: ValueID

  private var rowCount: Int { nest.scan.length }
  private var columnCount: Int { nest.along.length }

  init(of nest: WavefrontNest, _ operands: [ValueID], into builder: FunctionBuilder) throws {
    let (first, end) = (nest.scan.captureCount, nest.scan.captureCount + nest.scan.carryCount)
    var builder = builder
    let type = TensorType([nest.scan.length], .i64)
    let numbers = try builder.emit(.iota(type, dimension: 0), [])
    let ordered = try ([numbers] + operands[end...]).map { stack in
      try nest.scan.isReversed
        ? builder.emit(.shape(.reverse(dimensions: [0])), [stack]) : stack
    }
    self.nest = nest
    self.builder = builder
    captures = Array(operands[..<first])
    carries = Array(operands[first..<end])
    indices = ordered[0]
    stacks = Array(ordered[1...])
  }

  /// What the scan over rows gives.
  mutating func results() throws -> [ValueID] {
    let body = nest.scan.body
    let read = nest.operation.results.dropFirst(nest.along.carryCount)
    let whole = body.liveness(for: Array(body.results.dropFirst(nest.scan.carryCount))) { _ in
      false
    }.values
    let last = body.liveness(for: Array(body.results.prefix(nest.scan.carryCount))) { _ in false }
      .values
    let rows = read.indices.filter { whole[read[$0].index] }.map { $0 - read.startIndex }
    let ends = read.indices.filter { last[read[$0].index] && !whole[read[$0].index] }
      .map { $0 - read.startIndex }

    let given = try emitWaves(rows, ends)
    var lastRows: [ValueID: ValueID] = [:]
    var allRows: [ValueID: ValueID] = [:]
    for (result, stack) in zip(rows, given) {
      let all = try unskewed(stack)
      allRows[read[read.startIndex + result]] = all
      lastRows[read[read.startIndex + result]] = try element(rowCount - 1, of: all)
    }
    for (result, stack) in zip(ends, given.dropFirst(rows.count)) {
      let first = nest.waveCount - columnCount
      lastRows[read[read.startIndex + result]] = try slice(stack, first..<nest.waveCount)
    }
    return try lastCarries(lastRows) + stackedResults(allRows)
  }
}

// MARK: - Before and after the waves

extension Wavefront {
  /// Values of the body over rows for all rows, along a new first axis.
  private mutating func perRow(
    _ values: [ValueID], knowing known: [ValueID: ValueID] = [:]
  ) throws -> [ValueID] {
    if values.isEmpty { return [] }
    let body = nest.scan.body
    var copier = RegionCopier(from: body)
    let order = known.keys.sorted()
    for parameter in freeParameters + order { copier.parameter(for: parameter) }
    let region = copier.builder.finish(returning: try copier.copy(values))
    let flags =
      [true] + captures.map { _ in false } + stacks.map { _ in true } + order.map { _ in true }
    let batched = try region.batched(size: rowCount, flags)
    return try builder.inline(
      batched, [indices] + captures + stacks + order.compactMap { known[$0] })
  }

  /// Values of the body over rows for one row.
  private mutating func inRow(
    _ row: Int, _ values: [ValueID], knowing known: [ValueID: ValueID]
  ) throws -> [ValueID] {
    if values.isEmpty { return [] }
    var copier = RegionCopier(from: nest.scan.body)
    let order = known.keys.sorted()
    for parameter in freeParameters + order { copier.parameter(for: parameter) }
    let region = copier.builder.finish(returning: try copier.copy(values))
    let index = nest.scan.isReversed ? rowCount - 1 - row : row
    let number = try builder.constant(Literal(TensorType([], .i64), integers: [Int64(index)]))
    let slices = try stacks.map { try element(row, of: $0) }
    return try builder.inline(
      region, [number] + captures + slices + order.compactMap { known[$0] })
  }

  /// The body's index, captures and slices.
  private var freeParameters: [ValueID] {
    [nest.scan.body.parameters[0]] + nest.scan.captureParameters + nest.scan.stackParameters
  }

  /// The carries after the last row.
  private mutating func lastCarries(_ known: [ValueID: ValueID]) throws -> [ValueID] {
    try inRow(
      rowCount - 1, Array(nest.scan.body.results.prefix(nest.scan.carryCount)), knowing: known)
  }

  /// The stacked results in the order of the indices.
  private mutating func stackedResults(_ known: [ValueID: ValueID]) throws -> [ValueID] {
    let all = try perRow(
      Array(nest.scan.body.results.dropFirst(nest.scan.carryCount)), knowing: known)
    guard nest.scan.isReversed else { return all }
    return try all.map { try builder.emit(.shape(.reverse(dimensions: [0])), [$0]) }
  }
}

// MARK: - The waves

extension Wavefront {
  /// The scan over waves: whole stacks of some stacked results along the row, and of others those of the
  /// last row.
  private mutating func emitWaves(_ rows: [Int], _ ends: [Int]) throws -> [ValueID] {
    let along = nest.along
    let starts = nest.operation.operands[along.captureCount...].prefix(along.carryCount)
    let edges = nest.reads.flatMap(\.edges)
    let varying = nest.captures.filter { nest.varies[$0.index] }
    var values = try perRow(varying + starts + nest.rows + edges.map(\.source))[...]
    func take(_ count: Int) -> [ValueID] {
      defer { values = values.dropFirst(count) }
      return Array(values.prefix(count))
    }
    var inputs = WaveInputs()
    inputs.varying = take(varying.count)
    inputs.starts = take(starts.count)
    let rowStacks = take(nest.rows.count)
    let edgeRows = take(edges.count)
    inputs.fixed = try inRow(0, nest.captures.filter { !nest.varies[$0.index] }, knowing: [:])
    let firstRows = try inRow(
      0, nest.reads.map(\.value),
      knowing: Dictionary(uniqueKeysWithValues: zip(nest.scan.carryParameters, carries)))
    inputs.edges = try edgeLanes(edgeRows, firstRows)
    inputs.idle = try inputs.starts.map { try stopped(element(0, of: $0)) }
    for row in rowStacks { inputs.idle.append(try stopped(element(0, of: element(0, of: row)))) }
    inputs.idle += try firstRows.map { try stopped(element(0, of: $0)) }
    inputs.carries = inputs.starts
    inputs.histories = try nest.histories.map { history in
      let row = nest.scan.body[nest.operation.results[along.carryCount + history.result]]
      return try builder.splat(0, TensorType([rowCount] + row.shape.dropFirst(), row.element))
    }
    inputs.rows = try rowStacks.map { try skewed($0) }
    inputs.streams = try firstRows.map { try stream($0) }

    let scan = Scan(
      length: nest.waveCount, captureCount: inputs.captures.count,
      carryCount: inputs.carries.count + inputs.histories.count,
      body: try body(inputs, stacking: rows, ends))
    return Array(try builder.emitAll(.scan(scan), inputs.all).dropFirst(scan.carryCount))
  }

  /// The body of the scan over waves for these inputs.
  private func body(
    _ inputs: WaveInputs, stacking rows: [Int], _ ends: [Int]
  ) throws -> Region {
    let body = nest.along.body
    var region = FunctionBuilder(name: body.name, location: body.location)
    let wave = region.parameter(TensorType([], .i64))
    let parameters = inputs.mapping { value, isStack in
      let type = builder[value]
      return region.parameter(
        isStack ? TensorType(Array(type.shape.dropFirst()), type.element) : type)
    }
    var waves = try WaveBody(nest, wave: wave, parameters, in: region)
    return try waves.region(stacking: rows, ends)
  }

  /// For each edge of each read what the lanes read there.
  private mutating func edgeLanes(
    _ rows: [ValueID], _ firstRows: [ValueID]
  ) throws -> [ValueID] {
    var rows = rows.makeIterator()
    var lanes: [ValueID] = []
    for (read, first) in zip(nest.reads, firstRows) {
      for edge in read.edges {
        guard let row = rows.next() else { continue }
        let columns = try slice(row, edge.element..<(edge.element + 1), axis: 1)
        var shape = builder[columns].shape
        shape.remove(at: 1)
        let own = try builder.reshape(columns, to: shape)
        guard edge.isOfRowBefore else {
          lanes.append(own)
          continue
        }
        let outer = try slice(first, edge.column..<(edge.column + 1))
        let before = try slice(own, 0..<(rowCount - 1))
        lanes.append(try builder.emit(.shape(.concatenate(dimension: 0)), [outer, before]))
      }
    }
    return lanes
  }
}

// MARK: - Moving elements

extension Wavefront {
  /// Some elements along an axis.
  private mutating func slice(
    _ value: ValueID, _ range: Range<Int>, axis: Int = 0
  ) throws -> ValueID {
    let shape = builder[value].shape
    if range == 0..<shape[axis] { return value }
    var (starts, limits) = (shape.map { _ in 0 }, shape)
    (starts[axis], limits[axis]) = (range.lowerBound, range.upperBound)
    return try builder.emit(
      .shape(.slice(starts: starts, limits: limits, strides: shape.map { _ in 1 })), [value])
  }

  /// One element along the first axis.
  private mutating func element(_ position: Int, of value: ValueID) throws -> ValueID {
    try builder.reshape(
      slice(value, position..<(position + 1)), to: Array(builder[value].shape.dropFirst()))
  }

  /// A value from which no derivative is taken.
  private mutating func stopped(_ value: ValueID) throws -> ValueID {
    builder[value].element.isFloat ? try builder.unary(.stopGradient, value) : value
  }

  /// The value with zeros behind its elements along an axis.
  private mutating func padded(_ value: ValueID, axis: Int, to extent: Int) throws -> ValueID {
    let type = builder[value]
    var high = type.shape.map { _ in 0 }
    high[axis] = extent - type.shape[axis]
    if high[axis] == 0 { return value }
    let zero = try builder.constant(Literal(TensorType([], type.element), filledWith: 0))
    let none = type.shape.map { _ in 0 }
    return try builder.emit(.shape(.pad(low: none, high: high, interior: none)), [value, zero])
  }

  /// Rows as waves: element (i, j) becomes (j + lag·i, i).
  private mutating func skewed(_ rows: ValueID) throws -> ValueID {
    let rest = Array(builder[rows].shape.dropFirst(2))
    let waves = nest.waveCount
    let wide = try padded(rows, axis: 1, to: waves + nest.lag)
    let flat = try builder.reshape(wide, to: [rowCount * (waves + nest.lag)] + rest)
    let moved = try builder.reshape(
      slice(flat, 0..<(rowCount * waves)), to: [rowCount, waves] + rest)
    return try builder.transpose(moved, permutation: [1, 0] + rest.indices.map { $0 + 2 })
  }

  /// Waves as rows: the inverse of `skewed`.
  private mutating func unskewed(_ stack: ValueID) throws -> ValueID {
    let rest = Array(builder[stack].shape.dropFirst(2))
    let waves = nest.waveCount
    let moved = try builder.transpose(stack, permutation: [1, 0] + rest.indices.map { $0 + 2 })
    let flat = try builder.reshape(moved, to: [rowCount * waves] + rest)
    let wide = try builder.reshape(
      padded(flat, axis: 0, to: rowCount * (waves + nest.lag)),
      to: [rowCount, waves + nest.lag] + rest)
    return try slice(wide, 0..<columnCount, axis: 1)
  }

  /// A row as what the first lane reads in each wave.
  private mutating func stream(_ row: ValueID) throws -> ValueID {
    let long = try padded(row, axis: 0, to: nest.waveCount)
    return try builder.reshape(
      long, to: [nest.waveCount, 1] + builder[row].shape.dropFirst())
  }
}
