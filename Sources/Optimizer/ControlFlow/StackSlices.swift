import TensorIR

/// Lets a scan take slices of stacks, and stack results, where its body reads and writes whole rows of
/// tensors at its index.
///
/// A captured tensor that is read by a `dynamic_slice` of one row at the index plus a constant becomes
/// a stack. A carry that is only written by a `dynamic_update_slice` of one row there, and not read but
/// at that row, becomes a stacked result. Where all such places run backwards, so does the scan.
///
///     Before:  adjoint.scan(%y) { ^(%i, %y): … dynamic_slice %x, %i … return dynamic_update_slice %y, %1, %i }
///     After:   adjoint.scan(%x) { ^(%i, %row): … return %1 }
@Sendable func stackRows(
  _ op: Op, _ operands: [ValueID], _ types: [TensorType], _ rewriter: inout Rewriter
) throws -> [ValueID]? {
  guard case .scan(let scan) = op, scan.length > 0 else { return nil }
  var plan = RowPlan(scan)
  guard plan.findRows() else { return nil }
  let body = try plan.body()
  var outer = Array(operands[..<scan.captureCount])
  for carry in 0..<scan.carryCount where plan.writes[carry] == nil {
    outer.append(operands[scan.captureCount + carry])
  }
  outer += operands[(scan.captureCount + scan.carryCount)...]
  for read in plan.reads {
    outer.append(
      try rewriter.emitRows(
        of: operands[read.source - 1], from: read.first, count: scan.length))
  }
  let raised = Scan(
    length: scan.length, isReversed: scan.isReversed != plan.isFlipped,
    captureCount: scan.captureCount, carryCount: scan.carryCount - plan.writes.count, body: body)
  let written = plan.writes.keys.sorted()
  var inner = types.enumerated().filter { plan.writes[$0.offset] == nil }.map(\.element)
  inner += written.map {
    TensorType([scan.length] + types[$0].shape.dropFirst(), types[$0].element)
  }
  let results = try rewriter.emitAll(.scan(raised), outer, types: inner)
  var next = results.makeIterator()
  var all: [ValueID?] = types.indices.map { plan.writes[$0] == nil ? next.next() : nil }
  for carry in written {
    guard let rows = next.next(), let write = plan.writes[carry] else { continue }
    all[carry] = try rewriter.emitReplacing(
      operands[scan.captureCount + carry], rows, from: write.first, count: scan.length)
  }
  return all.compactMap { $0 }
}

/// Which rows a scan's body reads and writes at its index.
private struct RowPlan {
  /// Rows of a captured or carried tensor that are read.
  struct Read: Hashable {
    /// The tensor, by position among the body's parameters.
    var source: Int
    /// The row read at index zero of the new scan.
    var first: Int
  }

  /// A row of a carry that is written.
  struct Write {
    /// The operation that writes it, by position.
    var operation: Int
    /// The value written, one row.
    var update: ValueID
    /// The row written at index zero of the new scan.
    var first: Int
  }

  private let scan: Scan
  private let analysis: AffineAnalysis
  /// What is read, each once.
  private(set) var reads: [Read] = []
  /// For each `dynamic_slice` by position, its number among `reads`.
  private var readNumbers: [Int: Int] = [:]
  /// What is written, by carry.
  private(set) var writes: [Int: Write] = [:]
  /// Whether the new scan's index runs the other way.
  private(set) var isFlipped = false

  init(_ scan: Scan) {
    self.scan = scan
    analysis = AffineAnalysis(scan)
  }

  /// The place of a row in the order of the body's own index.
  private struct Place: Equatable {
    var source: Int
    var affine: AffineIndex
  }

  /// Finds the rows; false where there are none.
  mutating func findRows() -> Bool {
    let body = scan.body
    var slices: [(operation: Int, place: Place)] = []
    var updates: [(carry: Int, operation: Int, place: Place)] = []
    let parameters = Dictionary(
      uniqueKeysWithValues: body.parameters.enumerated().map { ($1, $0) })
    let carries = (1 + scan.captureCount)..<(1 + scan.captureCount + scan.carryCount)
    for (position, operation) in body.operations.enumerated() {
      switch operation.op {
      case .dynamicSlice(let sizes):
        guard let source = parameters[operation.operands[0]],
          (1..<carries.upperBound).contains(source),
          let place = place(of: source, operation.operands.dropFirst(), sizes)
        else { continue }
        slices.append((position, place))
      case .dynamicUpdateSlice:
        guard let source = parameters[operation.operands[0]], carries.contains(source),
          body.results[source - carries.lowerBound] == operation.results[0],
          let place = place(
            of: source, operation.operands.dropFirst(2), body[operation.operands[1]].shape)
        else { continue }
        updates.append((source - carries.lowerBound, position, place))
      case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
        .fft, .shape,
        .reduce,
        .dot, .convolution, .gather, .scatter, .matrix, .order, .foreign, .optimizationBarrier,
        .whileLoop,
        .branch, .scan, .window,
        .custom, .call:
        continue
      }
    }
    // A carry is a stacked result where all else that reads it are slices at the row written.
    let uses = body.useCounts()
    updates = updates.filter { update in
      let source = update.carry + carries.lowerBound
      let own = slices.filter { $0.place.source == source }
      return own.allSatisfy { $0.place == update.place }
        && uses[body.parameters[source].index] == own.count + 1
        && uses[body.operations[update.operation].results[0].index] == 1
    }
    slices = slices.filter { slice in
      slice.place.source < carries.lowerBound
        || updates.contains { $0.carry + carries.lowerBound == slice.place.source }
    }
    let hasStacks =
      body.parameters.count > carries.upperBound || body.results.count > scan.carryCount
    let scales = Set(slices.map(\.place.affine.scale) + updates.map(\.place.affine.scale))
    isFlipped = !hasStacks && scales == [-1]
    let wanted: Int64 = isFlipped ? -1 : 1
    slices = slices.filter { slice in
      slice.place.affine.scale == wanted
    }
    updates = updates.filter { $0.place.affine.scale == wanted }
    slices = slices.filter { slice in
      slice.place.source < carries.lowerBound
        || updates.contains { $0.carry + carries.lowerBound == slice.place.source }
    }
    for (operation, place) in slices {
      let read = Read(source: place.source, first: first(place))
      if let number = reads.firstIndex(of: read) {
        readNumbers[operation] = number
      } else {
        readNumbers[operation] = reads.count
        reads.append(read)
      }
    }
    for update in updates {
      writes[update.carry] = Write(
        operation: update.operation,
        update: body.operations[update.operation].operands[1], first: first(update.place))
    }
    return !reads.isEmpty || !writes.isEmpty
  }

  /// The first row of a place in the new scan's order.
  private func first(_ place: Place) -> Int {
    let offset = Int(place.affine.offset)
    return isFlipped ? offset - (scan.length - 1) : offset
  }

  /// The row that a slice of `sizes` at `starts` of a parameter is; nil where it is not a whole row at
  /// the index, forwards or backwards, that is always inside.
  private func place(
    of source: Int, _ starts: ArraySlice<ValueID>, _ sizes: [Int]
  ) -> Place? {
    let shape = scan.body[scan.body.parameters[source]].shape
    guard let start = starts.first, sizes.first == 1, shape.dropFirst() == sizes.dropFirst(),
      let affine = analysis.affine(start), abs(affine.scale) == 1,
      let range = affine.range(length: scan.length), range.lowerBound >= 0,
      range.upperBound < Int64(shape[0])
    else { return nil }
    return Place(source: source, affine: affine)
  }

  /// The body of the new scan.
  func body() throws -> Region {
    let old = scan.body
    var builder = FunctionBuilder(name: "region", location: old.location)
    var copies = [ValueID?](repeating: nil, count: old.types.count)
    let index = builder.parameter(TensorType([], .i64))
    for (position, parameter) in old.parameters.enumerated().dropFirst()
    where writes[position - 1 - scan.captureCount] == nil {
      copies[parameter.index] = builder.parameter(old[parameter])
    }
    let rows = reads.map { read -> ValueID in
      let type = old[old.parameters[read.source]]
      return builder.parameter(TensorType(Array(type.shape.dropFirst()), type.element))
    }
    if isFlipped {
      let last = try builder.constant(
        Literal(TensorType([], .i64), integers: [Int64(scan.length - 1)]))
      copies[old.parameters[0].index] = try builder.subtract(last, index)
    } else {
      copies[old.parameters[0].index] = index
    }
    func known(_ value: ValueID) -> ValueID {
      guard let copy = copies[value.index] else {
        preconditionFailure("rows that are written are read as slices only")
      }
      return copy
    }
    let skipped = Set(writes.values.map(\.operation))
    for (position, operation) in old.operations.enumerated() where !skipped.contains(position) {
      builder.location = operation.location
      if let number = readNumbers[position] {
        let shape = old[operation.results[0]].shape
        copies[operation.results[0].index] = try builder.reshape(rows[number], to: shape)
        continue
      }
      let results = try builder.copy(operation, operands: operation.operands.map(known))
      for (old, new) in zip(operation.results, results) { copies[old.index] = new }
    }
    var returned: [ValueID] = []
    for (position, result) in old.results.enumerated() where writes[position] == nil {
      returned.append(known(result))
    }
    for carry in writes.keys.sorted() {
      guard let write = writes[carry] else { continue }
      returned.append(
        try builder.reshape(known(write.update), to: Array(old[write.update].shape.dropFirst())))
    }
    return builder.finish(returning: returned)
  }
}

extension Rewriter {
  /// Rows of a tensor along its first axis; the tensor itself where these are all.
  fileprivate mutating func emitRows(
    of operand: ValueID, from first: Int, count: Int
  ) throws -> ValueID {
    let shape = self[operand].shape
    if first == 0, count == shape[0] { return operand }
    return try emit(
      .shape(
        .slice(
          starts: [first] + shape.dropFirst().map { _ in 0 },
          limits: [first + count] + shape.dropFirst(), strides: shape.map { _ in 1 })),
      [operand])
  }

  /// A tensor with some of its rows replaced.
  fileprivate mutating func emitReplacing(
    _ operand: ValueID, _ rows: ValueID, from first: Int, count: Int
  ) throws -> ValueID {
    let extent = self[operand].shape[0]
    var pieces: [ValueID] = []
    if first > 0 { pieces.append(try emitRows(of: operand, from: 0, count: first)) }
    pieces.append(rows)
    let end = first + count
    if end < extent { pieces.append(try emitRows(of: operand, from: end, count: extent - end)) }
    return pieces.count == 1 ? rows : try emit(.shape(.concatenate(dimension: 0)), pieces)
  }
}
