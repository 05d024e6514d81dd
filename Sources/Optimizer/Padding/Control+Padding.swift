import TensorIR

/// A padded region, and what it reads besides its parameters.
private struct PaddedRegion {
  /// The region, with its own parameters first.
  var region: Region
  /// How many parameters are its own.
  let parameterCount: Int
  /// The numbers of the size that it reads, by class.
  let scalars: [(index: Int, value: ValueID)]
  /// The constants that it reads, by position.
  let literals: [(position: Int, value: ValueID)]
  /// What is known of its results.
  let forms: [PaddedForm]
}

/// What regions read of the size.
private struct SizeReads {
  /// Classes of numbers.
  var classes: [Int] = []
  /// Positions of constants.
  var positions: [Int] = []

  /// All that regions read.
  init(_ regions: [PaddedRegion]) {
    for region in regions {
      for (index, _) in region.scalars where !classes.contains(index) { classes.append(index) }
      for (position, _) in region.literals where !positions.contains(position) {
        positions.append(position)
      }
    }
  }
}

extension FunctionPadder {
  /// Pads a region whose parameters have forms.
  ///
  /// - Parameter finish: adds to the region and gives what it returns.
  private mutating func padded(
    _ regions: [Region], _ forms: [PaddedForm],
    finish: (inout FunctionPadder, [ValueID]) throws -> [ValueID] = { $1 }
  ) throws -> PaddedRegion {
    let last = regions[regions.count - 1]
    var inner = FunctionPadder(alignment, regions, name: last.name)
    inner.builder.location = last.location
    for (parameter, form) in zip(last.parameters, forms) {
      try inner.define(parameter, inner.builder.parameter(last[parameter]), form)
    }
    try inner.run()
    let results = try finish(&inner, last.results.map { inner.value(of: $0) })
    return PaddedRegion(
      region: inner.builder.finish(returning: results), parameterCount: last.parameters.count,
      scalars: inner.scalars, literals: inner.literals,
      forms: last.results.map { inner.form(of: $0) })
  }

  /// A region that takes what all regions of its op read of the size behind its first parameters.
  private func closed(
    _ padded: PaddedRegion, over reads: SizeReads, at position: Int
  ) -> Region {
    var region = padded.region
    func parameter(_ known: ValueID?, _ type: TensorType) -> ValueID {
      if let known { return known }
      region.types.append(type)
      return ValueID(region.types.count - 1)
    }
    let scalars = reads.classes.map { index in
      parameter(
        padded.scalars.first { $0.index == index }?.value, TensorType([], .i32))
    }
    let literals = reads.positions.map { position in
      parameter(
        padded.literals.first { $0.position == position }?.value,
        alignment.outlines[alignment.count - 1].literals[position].type)
    }
    let own = region.parameters.prefix(padded.parameterCount)
    region.parameters = own.prefix(position) + scalars + literals + own.dropFirst(position)
    region.renumber()
    return region
  }

  /// The values of what regions read of the size.
  private mutating func values(of reads: SizeReads) throws -> [ValueID] {
    try reads.classes.map { try scalar(ofClass: $0) } + reads.positions.map { constant($0) }
  }

  /// What is known of carries that a region hands on, where it is known of the first ones.
  private func carried(_ forms: some Sequence<PaddedForm>) -> [PaddedForm] {
    forms.map { PaddedForm($0.axes) }
  }

  // MARK: Ops with regions

  /// Pads a loop; its condition is a scalar of valid elements.
  mutating func padWhile(
    _ operation: Operation, _ loop: While, _ ops: [Op], _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let loops = ops.compactMap { op -> While? in
      if case .whileLoop(let loop) = op { loop } else { nil }
    }
    let carries = carried(forms.dropFirst(loop.captureCount))
    let inner = Array(forms.prefix(loop.captureCount)) + carries
    let condition = try padded(loops.map(\.condition), inner)
    let body = try padded(loops.map(\.body), inner)
    guard zip(body.forms, carries).allSatisfy({ $0.axes == $1.axes }) else {
      throw PaddingRefusal("carries are padded in different ways")
    }
    let reads = SizeReads([condition, body])
    let extra = try values(of: reads)
    let padded = While(
      captureCount: loop.captureCount + extra.count,
      condition: closed(condition, over: reads, at: loop.captureCount),
      body: closed(body, over: reads, at: loop.captureCount))
    try emit(
      operation, .whileLoop(padded),
      operands.prefix(loop.captureCount) + extra + operands.dropFirst(loop.captureCount), carries)
  }

  /// Pads a choice between regions.
  mutating func padBranch(
    _ operation: Operation, _ branch: Branch, _ ops: [Op], _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let each = ops.compactMap { op -> Branch? in
      if case .branch(let branch) = op { branch } else { nil }
    }
    let captures = Array(forms.dropFirst())
    let branches = try branch.branches.indices.map { position in
      try padded(each.map { $0.branches[position] }, captures)
    }
    let results = carried(branches[0].forms)
    guard branches.allSatisfy({ zip($0.forms, results).allSatisfy { $0.axes == $1.axes } }) else {
      throw PaddingRefusal("branches are padded in different ways")
    }
    let reads = SizeReads(branches)
    let extra = try values(of: reads)
    let regions = branches.map { closed($0, over: reads, at: captures.count) }
    try emit(operation, .branch(Branch(branch.kind, branches: regions)), operands + extra, results)
  }

  /// Pads a scan: runs at indices that are not valid change no carry.
  mutating func padScan(
    _ operation: Operation, _ scan: Scan, _ ops: [Op], _ operands: [ValueID],
    _ forms: [PaddedForm]
  ) throws {
    let scans = ops.compactMap { op -> Scan? in
      if case .scan(let scan) = op { scan } else { nil }
    }
    let length = TracedNumber(scans.map(\.length))
    let stackStart = scan.captureCount + scan.carryCount
    guard length.isFixed || operation.op.effect == .none else {
      throw PaddingRefusal("would run an effect for padding")
    }
    guard forms[stackStart...].allSatisfy({ $0.axes[0] == AxisForm(length) }) else {
      throw PaddingRefusal("goes over an axis whose valid elements lie scattered")
    }
    if !length.isFixed { try alignment.requireExtent(length) }
    let carries = carried(forms[scan.captureCount..<stackStart])
    let inner =
      [PaddedForm([])] + forms.prefix(scan.captureCount) + carries
      + forms[stackStart...].map { form in
        PaddedForm(Array(form.axes.dropFirst()))
      }
    let counts = last.useCounts()
    let isRead = operation.results.prefix(scan.carryCount).contains { counts[$0.index] > 0 }
    let isFrozen = !length.isFixed && (scan.isReversed || isRead)
    let body = try padded(scans.map(\.body), inner) { padder, results in
      guard isFrozen else { return results }
      return try padder.frozen(results, beyond: length, scan)
    }
    guard zip(body.forms, carries).allSatisfy({ $0.axes == $1.axes }) else {
      throw PaddingRefusal("carries are padded in different ways")
    }
    let reads = SizeReads([body])
    let extra = try values(of: reads)
    var padded = scan
    padded.captureCount += extra.count
    padded.body = closed(body, over: reads, at: 1 + scan.captureCount)
    let stacks = body.forms.dropFirst(scan.carryCount).map { form in
      PaddedForm([AxisForm(length)] + form.axes)
    }
    try emit(
      operation, .scan(padded),
      operands.prefix(scan.captureCount) + extra + operands.dropFirst(scan.captureCount),
      carries + stacks)
  }

  /// The results of a scan's body with the carries that it was given at indices from `length` on.
  private mutating func frozen(
    _ results: [ValueID], beyond length: TracedNumber, _ scan: Scan
  ) throws -> [ValueID] {
    let parameters = builder.function.parameters
    let count = try builder.convert(scalar(length), to: .i64)
    let isValid = try builder.compare(.less, parameters[0], count)
    let carries = try (0..<scan.carryCount).map { carry in
      try builder.select(isValid, results[carry], parameters[1 + scan.captureCount + carry])
    }
    return carries + results.dropFirst(scan.carryCount)
  }
}
