import Batching
import TensorIR

/// What the scan over waves is given, in the order of its operands: values outside, parameters inside.
struct WaveInputs {
  /// Captures of cells that are the same for all rows.
  var fixed: [ValueID] = []
  /// Captures of cells, one for each lane.
  var varying: [ValueID] = []
  /// The carries of each lane's first cell.
  var starts: [ValueID] = []
  /// What lanes read at the edges of reads.
  var edges: [ValueID] = []
  /// The inputs of lanes beyond the ends of their rows: carries, elements of rows, then of reads.
  var idle: [ValueID] = []
  /// The carries along the rows.
  var carries: [ValueID] = []
  /// What cells of earlier waves gave.
  var histories: [ValueID] = []
  /// Each lane's element of rows, for each wave.
  var rows: [ValueID] = []
  /// What the first lane reads of the row before the first, for each wave.
  var streams: [ValueID] = []

  /// Those that do not change from wave to wave.
  var captures: [ValueID] { fixed + varying + starts + edges + idle }
  /// All, in the order of a scan's operands.
  var all: [ValueID] { captures + carries + histories + rows + streams }

  /// As many other values, of which the last are for stacks, made one after the other.
  func mapping(_ transform: (_ value: ValueID, _ isStack: Bool) -> ValueID) -> WaveInputs {
    func each(_ values: [ValueID], isStack: Bool = false) -> [ValueID] {
      values.map { transform($0, isStack) }
    }
    return WaveInputs(
      fixed: each(fixed), varying: each(varying), starts: each(starts), edges: each(edges),
      idle: each(idle), carries: each(carries), histories: each(histories),
      rows: each(rows, isStack: true), streams: each(streams, isStack: true))
  }
}

/// The body of the scan over waves, under construction.
struct WaveBody {
  private let nest: WavefrontNest
  private let inputs: WaveInputs
  private var builder: FunctionBuilder
  /// The column of each lane's cell, and whether the row has it.
  private let column: ValueID
  private let isActive: ValueID

  private var laneCount: Int { nest.scan.length }

  /// A body whose parameters are the number of the wave and `inputs`.
  init(
    _ nest: WavefrontNest, wave: ValueID, _ inputs: WaveInputs, in builder: FunctionBuilder
  ) throws {
    var builder = builder
    let type = TensorType([nest.scan.length], .i64)
    let lanes = try builder.emit(.iota(type, dimension: 0), [])
    let delay = try builder.multiply(lanes, builder.splat(Double(nest.lag), type))
    column = try builder.subtract(
      builder.broadcast(wave, to: type.shape, dimensions: []), delay)
    isActive = try builder.binary(
      .and, builder.compare(.greaterOrEqual, column, builder.splat(0, type)),
      builder.compare(.less, column, builder.splat(Double(nest.along.length), type)))
    self.nest = nest
    self.inputs = inputs
    self.builder = builder
  }

  /// The body, which stacks some results of cells, and of others those of the last lane.
  mutating func region(stacking whole: [Int], _ ends: [Int]) throws -> Region {
    let arguments = try cellArguments()
    let flags =
      [true] + nest.captures.map { nest.varies[$0.index] }
      + arguments.dropFirst(1 + nest.captures.count).map { _ in true }
    let cells = try builder.inline(
      nest.cell.batched(size: laneCount, flags), arguments)
    let given = Array(cells.dropFirst(nest.along.carryCount))
    let histories = nest.histories.map { history in
      history.delay == 1
        ? given[history.result]
        : inputs.histories[nest.history(of: history.result, delay: history.delay - 1)]
    }
    let last = try ends.map { result in
      let lane = try slice(given[result], (laneCount - 1)..<laneCount)
      return try builder.reshape(lane, to: Array(builder[lane].shape.dropFirst()))
    }
    return builder.finish(
      returning: Array(cells[..<nest.along.carryCount]) + histories + whole.map { given[$0] } + last
    )
  }

  /// What the cells of a wave are given.
  private mutating func cellArguments() throws -> [ValueID] {
    let zero = try splat(0)
    let index = try builder.select(isActive, column, zero)
    let isFirst = try builder.compare(.equal, column, zero)
    var (fixed, varying) = (inputs.fixed.makeIterator(), inputs.varying.makeIterator())
    let captures = nest.captures.compactMap {
      nest.varies[$0.index] ? varying.next() : fixed.next()
    }
    var values: [ValueID] = []
    for (start, carry) in zip(inputs.starts, inputs.carries) {
      values.append(try choose(isFirst, start, carry))
    }
    values += inputs.rows
    values += try readValues()
    var arguments = [index] + captures
    for (value, idle) in zip(values, inputs.idle) {
      let type = builder[value]
      let other = try builder.broadcast(
        idle, to: type.shape, dimensions: Array(type.shape.indices.dropFirst()))
      arguments.append(try choose(isActive, value, other))
    }
    return arguments
  }

  /// What each lane reads of the row before.
  private mutating func readValues() throws -> [ValueID] {
    var edges = inputs.edges.makeIterator()
    var values: [ValueID] = []
    for (read, stream) in zip(nest.reads, inputs.streams) {
      let history = nest.history(of: read.result, delay: nest.lag - read.distance)
      let before = try slice(inputs.histories[history], 0..<(laneCount - 1))
      var value = try builder.emit(.shape(.concatenate(dimension: 0)), [stream, before])
      for edge in read.edges {
        guard let lanes = edges.next() else { continue }
        let isThere = try builder.compare(.equal, column, splat(Double(edge.column)))
        value = try choose(isThere, lanes, value)
      }
      values.append(value)
    }
    return values
  }

  /// For each lane one value or another.
  private mutating func choose(
    _ condition: ValueID, _ value: ValueID, _ other: ValueID
  ) throws -> ValueID {
    let condition = try builder.broadcast(
      condition, to: builder[value].shape, dimensions: [0])
    return try builder.select(condition, value, other)
  }

  /// A number in each lane.
  private mutating func splat(_ number: Double) throws -> ValueID {
    try builder.splat(number, TensorType([laneCount], .i64))
  }

  /// Some lanes.
  private mutating func slice(_ value: ValueID, _ lanes: Range<Int>) throws -> ValueID {
    let shape = builder[value].shape
    return try builder.emit(
      .shape(
        .slice(
          starts: [lanes.lowerBound] + shape.dropFirst().map { _ in 0 },
          limits: [lanes.upperBound] + shape.dropFirst(), strides: shape.map { _ in 1 })),
      [value])
  }
}
