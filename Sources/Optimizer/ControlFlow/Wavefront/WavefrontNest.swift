import TensorIR

/// What each cell of a row reads of one value that is put together of the row before.
struct RowRead {
  /// A column that reads something else than the row before.
  struct Edge {
    var column: Int
    /// A value of the body over rows and its element.
    var source: ValueID
    var element: Int
    /// Whether the iteration before computed it.
    var isOfRowBefore: Bool
  }

  /// The value of the body over rows of which each cell reads its element.
  var value: ValueID
  /// The stacked result of the scan along the row that the row before holds.
  var result: Int
  /// The column that is read of the row before, counted from the cell's own.
  var distance: Int
  var edges: [Edge]
}

/// A scan over rows whose body runs along the row, where each cell reads cells of the row before: of two
/// sequences' alignment, of dynamic time warping, of a filter over an image.
struct WavefrontNest {
  /// The scan over rows.
  let scan: Scan
  /// The scan along a row.
  let along: Scan
  /// The operation of the body that it is.
  let operation: Operation
  /// What cells read of the row before.
  private(set) var reads: [RowRead] = []
  /// Values of the body of which each cell takes its own element.
  private(set) var rows: [ValueID] = []
  /// Values of the body that all cells of a row read.
  private(set) var captures: [ValueID]
  /// One cell: the index along the row, `captures`, carries along the row, elements of `rows`, then of
  /// `reads`; what the body along the row returns.
  private(set) var cell: Region

  private let pieces: RowPieces
  /// For each carry of the scan over rows the pieces of its next value.
  private let next: [[RowPiece]]

  /// Nests of fewer rows or columns stay as they are.
  private static let fewest = 4
  /// Cells of larger tensors fill lanes by themselves.
  private static let largestCell = 16
  /// How many of a cell's slow functions count for how often lanes may be idle.
  private static let mostSlowFunctions = 3
  /// With one slow function in a cell, waves pay from this many lanes on.
  private static let manyLanes = 64
  /// The most columns that read something else than the row before.
  private static let mostEdges = 4

  /// How many waves the column of a row is behind that of the row before.
  var lag: Int { max(1, 1 + (reads.map(\.distance).max() ?? 0)) }
  /// How many waves there are.
  var waveCount: Int { along.length + lag * (scan.length - 1) }
  /// What of earlier waves must be kept: results of cells and how many waves ago they were computed.
  private(set) var histories: [(result: Int, delay: Int)] = []
  /// For each value of the body over rows whether it differs from row to row.
  let varies: [Bool]

  /// The nest that a scan is; nil where it is none, or not worth waves.
  init?(_ scan: Scan) throws {
    guard scan.carryCount > 0, scan.length >= Self.fewest,
      let nest = scan.body.onlyNestedScan, !nest.scan.isReversed, nest.scan.carryCount > 0,
      nest.scan.length >= Self.fewest, nest.scan.body.isSmallCell(atMost: Self.largestCell)
    else { return nil }
    self.scan = scan
    along = nest.scan
    operation = scan.body.operations[nest.position]
    pieces = RowPieces(of: scan, along: along, at: nest.position)
    next = scan.body.results.prefix(scan.carryCount).compactMap { [pieces] in
      pieces.pieces(of: $0)
    }
    varies = scan.body.dependents(on: [scan.body.parameters[0]] + scan.stackParameters)
    captures = Array(operation.operands[..<along.captureCount])
    cell = along.body
    guard next.count == scan.carryCount, isIndependentOfCarries(at: nest.position),
      collectReads(), !reads.isEmpty, isWorthWaves
    else { return nil }
    cell = try makeCell()
    let delays = Dictionary(
      reads.map { ($0.result, lag - $0.distance) }, uniquingKeysWith: max)
    for (result, delay) in delays.sorted(by: { $0.key < $1.key }) {
      histories += (1...delay).map { (result, $0) }
    }
  }

  /// The position of a result of so many waves ago among `histories`.
  func history(of result: Int, delay: Int) -> Int {
    guard let position = histories.firstIndex(where: { $0.result == result && $0.delay == delay })
    else { preconditionFailure("every result is kept as long as it is read") }
    return position
  }

  /// Whether lanes save more time than idle ones and the selection of inputs take: cells of a few
  /// additions are faster one after the other.
  private var isWorthWaves: Bool {
    let slow = min(along.body.slowFunctionCount, Self.mostSlowFunctions)
    guard slow > 1 || scan.length >= Self.manyLanes else { return false }
    return waveCount <= 2 * slow * along.length
  }

  /// Whether all that the scan over rows computes besides cells depends on no carry.
  private func isIndependentOfCarries(at position: Int) -> Bool {
    let results = scan.body.results[scan.carryCount...]
    let carried = scan.body.dependents(on: Array(scan.carryParameters), through: { $0 != position })
    let last = Set(operation.results.prefix(along.carryCount))
    let ends = scan.body.dependents(on: Array(last))
    return operation.operands[..<(along.captureCount + along.carryCount)].allSatisfy {
      pieces.isFree[$0.index]
    } && results.allSatisfy { !carried[$0.index] }
      && scan.body.results.allSatisfy { !ends[$0.index] }
  }
}

// MARK: - What cells read

extension WavefrontNest {
  /// Finds what the stacks of the scan along the row read.
  private mutating func collectReads() -> Bool {
    var seen: Set<ValueID> = []
    var waiting = Array(operation.operands[(along.captureCount + along.carryCount)...])
    while let value = waiting.popLast() {
      guard seen.insert(value).inserted else { continue }
      if pieces.isFree[value.index] {
        if let scalar = splat(value) {
          if !captures.contains(scalar) { captures.append(scalar) }
        } else {
          rows.append(value)
        }
      } else if let read = read(of: value) {
        reads.append(read)
      } else if let definition = pieces.definition(of: value),
        Set<OpFamily>.elementwise.contains(definition.op.family),
        definition.operands.allSatisfy({ scan.body[$0].shape == scan.body[value].shape })
      {
        waiting += definition.operands
      } else {
        return false
      }
    }
    return true
  }

  /// The scalar that all elements of a value are.
  private func splat(_ value: ValueID) -> ValueID? {
    guard let definition = pieces.definition(of: value),
      case .shape(.broadcast(_, let dimensions)) = definition.op, dimensions.isEmpty
    else { return nil }
    return definition.operands[0]
  }

  /// What cells read of a value that is put together of the row before.
  private func read(of value: ValueID) -> RowRead? {
    guard let parts = pieces.pieces(of: value) else { return nil }
    var read: RowRead?
    var edges: [RowRead.Edge] = []
    func note(_ piece: RowPiece, isOfRowBefore: Bool) -> Bool {
      switch piece.source {
      case .carry: return false
      case .result(let result):
        let distance = piece.start - piece.columns.lowerBound
        if let read { return read.result == result && read.distance == distance }
        read = RowRead(value: value, result: result, distance: distance, edges: [])
      case .value(let source):
        guard edges.count + piece.columns.count <= Self.mostEdges else { return false }
        for (element, column) in piece.columns.enumerated() {
          edges.append(
            RowRead.Edge(
              column: column, source: source, element: piece.start + element,
              isOfRowBefore: isOfRowBefore))
        }
      }
      return true
    }
    for part in parts {
      guard case .carry(let carry) = part.source else {
        guard note(part, isOfRowBefore: false) else { return nil }
        continue
      }
      for var piece in next[carry].compactMap({
        $0.cut(to: part.start..<(part.start + part.columns.count))
      }) {
        let first = part.columns.lowerBound
        piece.columns = (piece.columns.lowerBound + first)..<(piece.columns.upperBound + first)
        guard note(piece, isOfRowBefore: true) else { return nil }
      }
    }
    read?.edges = edges
    return read
  }

  /// The region of one cell.
  private func makeCell() throws -> Region {
    var builder = FunctionBuilder(name: along.body.name, location: along.body.location)
    let index = builder.parameter(along.body[along.body.parameters[0]])
    var known: [ValueID: ValueID] = [:]
    var splats: [ValueID: ValueID] = [:]
    for capture in captures { splats[capture] = builder.parameter(scan.body[capture]) }
    let own = operation.operands[..<along.captureCount].compactMap { splats[$0] }
    let carries = along.carryParameters.map { builder.parameter(along.body[$0]) }
    for value in rows + reads.map(\.value) {
      known[value] = builder.parameter(scan.body[value].elementOfFirstAxis)
    }
    func element(of value: ValueID) throws -> ValueID {
      if let found = known[value] { return found }
      let found: ValueID
      if pieces.isFree[value.index], let scalar = splat(value).flatMap({ splats[$0] }) {
        found = try builder.broadcast(
          scalar, to: Array(scan.body[value].shape.dropFirst()), dimensions: [])
      } else if let definition = pieces.definition(of: value) {
        found = try builder.emit(definition.op, definition.operands.map { try element(of: $0) })
      } else {
        throw AdjointError(.verification, "\(value) is no element of a cell")
      }
      known[value] = found
      return found
    }
    let slices = try operation.operands[(along.captureCount + along.carryCount)...].map {
      try element(of: $0)
    }
    return builder.finish(
      returning: try builder.inline(along.body, [index] + own + carries + slices))
  }
}

extension TensorType {
  /// The type of an element along the first axis.
  fileprivate var elementOfFirstAxis: TensorType { TensorType(Array(shape.dropFirst()), element) }
}

extension Region {
  /// The only operation with regions, where it is a scan.
  fileprivate var onlyNestedScan: (position: Int, scan: Scan)? {
    let nested = operations.indices.filter { !operations[$0].op.regions.isEmpty }
    guard nested.count == 1, case .scan(let scan) = operations[nested[0]].op,
      operations.allSatisfy({ $0.op.effect == .none })
    else { return nil }
    return (nested[0], scan)
  }

  /// For how many elements functions of dozens of instructions are computed.
  fileprivate var slowFunctionCount: Int {
    operations.reduce(0) { count, operation in
      switch operation.op {
      case .unary(let op) where op.isTranscendental: count + self[operation.results[0]].count
      case .binary(.power), .binary(.atan2): count + self[operation.results[0]].count
      case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
        .fft, .shape, .reduce, .dot, .convolution, .gather, .scatter, .dynamicSlice,
        .dynamicUpdateSlice, .matrix, .order, .foreign, .window, .optimizationBarrier, .whileLoop,
        .branch, .scan, .custom, .call:
        count
      }
    }
  }

  /// Whether all values of a cell have few elements, and no operation has regions.
  fileprivate func isSmallCell(atMost count: Int) -> Bool {
    types.allSatisfy { $0.count <= count }
      && operations.allSatisfy { $0.op.regions.isEmpty && $0.op.effect == .none }
  }
}
