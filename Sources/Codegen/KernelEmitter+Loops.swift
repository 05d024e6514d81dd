internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  func emit(_ loop: Loop) {
    let (outside, angles) = (iterations, sinesAndCosines)
    defer {
      iterations = outside
      // What the body computes may not be there behind it.
      sinesAndCosines = angles
    }
    let (product, overflows) = iterations.multipliedReportingOverflow(by: count(of: loop))
    iterations = overflows ? .max : product
    for accumulator in loop.accumulators { open(accumulator) }
    switch loop.schedule {
    case .parallel:
      repeated(loop, from: function.parameters[1], to: function.parameters[2])
    case .serial:
      if case .condition(let holds) = loop.range {
        emit(loop, while: holds)
        break
      }
      if case .once(let holds) = loop.range {
        emit(loop, if: holds)
        break
      }
      if let count = jammedIterations(of: loop) {
        emitJammed(loop, count)
        break
      }
      let (first, end) = range(of: loop)
      for carry in loop.carries {
        accumulators[carry.current] = values(of: carry.initial, in: carry)
      }
      withFixedStarts(in: loop) { repeated(loop, from: first, to: end) }
      for carry in loop.carries {
        scalars[carry.result] = accumulators.removeValue(forKey: carry.current)
      }
    case .unrolled(let count): withFixedStarts(in: loop) { emitUnrolled(loop, by: count) }
    case .tiled(let size) where lanes != nil: emitRowCopies(loop, size: size)
    case .tiled(let size):
      let (first, end) = range(of: loop)
      emitTiled(loop, size: size, from: first, to: end)
    case .vector(let width, _) where !loop.carries.isEmpty: emitRecurrences(loop, width: width)
    case .vector(let width, let interleave):
      let mayLeave = mayLeaveMemory
      mayLeaveMemory = hasFarAccesses(loop)
      if let plan = piecePlan(of: loop, width, interleave) {
        emitVersions(loop, plan) { emitVector(loop, width: width, interleave: interleave) }
      } else {
        emitVector(loop, width: width, interleave: interleave)
      }
      mayLeaveMemory = mayLeave
    }
    for accumulator in loop.accumulators { close(accumulator) }
  }

  /// About how many iterations a loop has.
  func count(of loop: Loop) -> Int {
    if case .block(_, let size) = loop.range { return size }
    return kernel.variables[loop.variable.index].extent
  }

  /// Loops of unknown count ask after so many iterations whether they should end.
  private static let iterationsBetweenTests = 4096

  /// What a pointer behind the kernel's buffers points to.
  func pointer(to extra: KernelExtra) -> LLVMValue {
    let place = builder.gep(
      function.parameters[0], bytes: extra.byte(behind: kernel.slots.count))
    return builder.load(module.pointer, place, alignment: 8)
  }

  /// What a carry starts from or goes on with, for each lane where it is inside of lanes.
  private func values(of scalar: ScalarID, in carry: Carry) -> [LLVMValue] {
    guard let lanes, analysis.varying.contains(carry.current) else { return copies(of: scalar) }
    return (0..<lanes.copies).map { vector(scalar, copy: $0) }
  }

  /// A loop that ends where a boolean that it carries does not hold, in lanes where it holds in none: those
  /// that are done keep what they have.
  private func emit(_ loop: Loop, while holds: ScalarID) {
    let outer = lanes
    let before = builder.currentBlock
    let head = builder.appendBlock("head")
    let start = builder.appendBlock("loop")
    let after = builder.appendBlock("after")
    let initial = loop.carries.map { values(of: $0.initial, in: $0) }
    builder.br(head)
    builder.position(at: head)
    let index = builder.phi(module.i64)
    builder.addIncoming(index, builder.int(0, module.i64), from: before)
    let phis = initial.map { values in
      values.map { value in
        let phi = builder.phi(value.type)
        builder.addIncoming(phi, value, from: before)
        return phi
      }
    }
    for (carry, values) in zip(loop.carries, phis) {
      scalars[carry.current] = values
      scalars[carry.result] = values
    }
    let active = lanes.map { lanes in (0..<lanes.copies).map { mask(holds, copy: $0) } }
    let goesOn = builder.appendBlock("goes.on")
    builder.condBr(
      active.map { anyLane(of: $0.compactMap(\.self)) } ?? uniform(holds), goesOn, after)
    builder.position(at: goesOn)
    let context = pointer(to: .context)
    builder.leaveIfCancelled(
      after: index, of: Self.iterationsBetweenTests, context: context, task: pointer(to: .task),
      to: after, else: start)
    builder.position(at: start)
    variables[loop.variable] = index
    if let active { lanes?.masks = active }
    emitSerial(loop.body)
    lanes = outer
    let kept = next(of: loop, insteadOf: phis, where: active)
    let latch = builder.currentBlock
    builder.addIncoming(index, builder.add(index, builder.int(1, module.i64)), from: latch)
    for (phis, values) in zip(phis, kept) {
      for (phi, value) in zip(phis, values) { builder.addIncoming(phi, value, from: latch) }
    }
    builder.br(head)
    builder.position(at: after)
  }

  /// What a loop's carries go on with, in lanes that are off what they had.
  private func next(
    of loop: Loop, insteadOf before: [[LLVMValue]], where active: [LLVMValue?]?
  ) -> [[LLVMValue]] {
    zip(loop.carries, before).map { carry, before in
      let next = values(of: carry.next, in: carry)
      return next.indices.map { copy in
        active?[copy].map { builder.select($0, next[copy], before[copy]) } ?? next[copy]
      }
    }
  }

  /// A branch, whose body is carried out where a boolean holds, in lanes where it holds in one; lanes in
  /// which it does not keep what they have.
  private func emit(_ loop: Loop, if holds: ScalarID) {
    let outer = lanes
    let isUniform = lanes == nil || !analysis.varying.contains(holds)
    let active =
      isUniform ? nil : lanes.map { lanes in (0..<lanes.copies).map { mask(holds, copy: $0) } }
    let initial = loop.carries.map { values(of: $0.initial, in: $0) }
    let taken = active.map { anyLane(of: $0.compactMap(\.self)) } ?? uniform(holds)
    let before = builder.currentBlock
    let then = builder.appendBlock("then")
    let after = builder.appendBlock("after")
    builder.condBr(taken, then, after)
    builder.position(at: then)
    variables[loop.variable] = builder.int(0, module.i64)
    for (carry, values) in zip(loop.carries, initial) { scalars[carry.current] = values }
    if let active { lanes?.masks = active }
    emitSerial(loop.body)
    lanes = outer
    let kept = next(of: loop, insteadOf: initial, where: active)
    let latch = builder.currentBlock
    builder.br(after)
    builder.position(at: after)
    for ((carry, initial), kept) in zip(zip(loop.carries, initial), kept) {
      scalars[carry.result] = zip(initial, kept).map { initial, kept in
        let merged = builder.phi(kept.type)
        builder.addIncoming(merged, initial, from: before)
        builder.addIncoming(merged, kept, from: latch)
        return merged
      }
    }
  }

  /// Whether a lane of some vectors of booleans is on.
  private func anyLane(of masks: [LLVMValue]) -> LLVMValue {
    guard let first = masks.first else { return builder.bool(false) }
    let any = masks.dropFirst().reduce(first) { builder.or($0, $1) }
    return builder.reduceOr(any)
  }

  /// The first iteration of a loop and the one after its last.
  func range(of loop: Loop) -> (LLVMValue, LLVMValue) {
    let extent = builder.int(kernel.variables[loop.variable.index].extent, module.i64)
    switch loop.range {
    case .full: return (builder.int(0, module.i64), extent)
    case .condition, .once:
      preconditionFailure("a loop with a condition has no last iteration")
    case .block(let block, let size):
      let first = builder.mul(variable(block), builder.int(size, module.i64))
      let end = builder.add(first, builder.int(size, module.i64))
      return (first, builder.smin(end, extent))
    }
  }

  /// A loop of steps of one around the body.
  func repeated(_ loop: Loop, from first: LLVMValue, to end: LLVMValue) {
    counted(from: first, to: end, step: 1, updating: loop.body, loop.carries) { index in
      variables[loop.variable] = index
      for carry in loop.carries { scalars[carry.current] = accumulators[carry.current] }
      emitSerial(loop.body)
      let next = loop.carries.map { values(of: $0.next, in: $0) }
      for (carry, value) in zip(loop.carries, next) { accumulators[carry.current] = value }
    }
  }

  // MARK: Vector loops

  /// Full groups of vectors first, then what is left, masked.
  private func emitVector(_ loop: Loop, width: Int, interleave: Int) {
    let outer = lanes
    let extent = kernel.variables[loop.variable.index].extent
    let step = width * interleave
    if case .full = loop.range {
      let main = extent / step * step
      emitGroups(
        loop, width, interleave, from: builder.int(0, module.i64), to: builder.int(main, module.i64)
      )
      emitRest(loop, width, from: main, count: extent - main)
    } else if case .block(let block, step) = loop.range,
      extent.isMultiple(of: step) || !loop.holdsLoops
    {
      emitGroup(loop, width, interleave, of: block)
    } else {
      let (first, end) = range(of: loop)
      guard !extent.isMultiple(of: step) else {
        emitGroups(loop, width, interleave, from: first, to: end)
        lanes = outer
        return
      }
      let whole = builder.sub(
        end, builder.srem(builder.sub(end, first), builder.int(step, module.i64)))
      emitGroups(loop, width, interleave, from: first, to: whole)
      counted(from: whole, to: end, step: width, updating: loop.body) { index in
        variables[loop.variable] = index
        emitBody(loop, width, masks: [restMask(loop, width, count: builder.sub(end, index))])
      }
    }
    lanes = outer
  }

  private func emitGroups(
    _ loop: Loop, _ width: Int, _ interleave: Int, from first: LLVMValue, to end: LLVMValue
  ) {
    let step = width * interleave
    let emitGroup = { [self] (index: LLVMValue) in
      variables[loop.variable] = index
      emitBody(loop, width, masks: [LLVMValue?](repeating: nil, count: interleave))
    }
    if let plan = pieces, !patterns.isEmpty, constantTrips(first, end, step) ?? .max > 1 {
      emitPieces(loop, plan, step: step, from: first, to: end, emitGroup)
    } else {
      counted(from: first, to: end, step: step, updating: loop.body, [], emitGroup)
    }
  }

  /// A block that is one group of vectors, masked where the last block may end early.
  private func emitGroup(_ loop: Loop, _ width: Int, _ interleave: Int, of block: VariableID) {
    let extent = kernel.variables[loop.variable.index].extent
    let size = width * interleave
    let first = builder.mul(variable(block), builder.int(size, module.i64))
    variables[loop.variable] = first
    let isWhole = kernel.variables[block.index].extent * size == extent
    let left = builder.sub(builder.int(extent, module.i64), first)
    let masks = (0..<interleave).map { copy -> LLVMValue? in
      if isWhole { return nil }
      let count = builder.sub(left, builder.int(copy * width, module.i64))
      return laneMask(count, width: width)
    }
    emitBody(loop, width, masks: masks)
  }

  /// The last iterations of a loop of known extent, side by side.
  private func emitRest(_ loop: Loop, _ width: Int, from first: Int, count: Int) {
    guard count > 0 else { return }
    variables[loop.variable] = builder.int(first, module.i64)
    let whole = count / width
    var masks = [LLVMValue?](repeating: nil, count: whole)
    if count % width > 0 {
      let inside = (0..<width).map { builder.bool($0 < count % width) }
      masks.append(builder.constantVector(inside))
    }
    emitBody(loop, width, masks: masks)
  }

  /// The lanes in range of a block's last vector; where blocks are whole vectors it is the same one
  /// whenever there is any.
  private func restMask(_ loop: Loop, _ width: Int, count: LLVMValue) -> LLVMValue? {
    let rest = kernel.variables[loop.variable.index].extent % width
    if case .vector(_, interleave: 1) = loop.schedule, case .block(_, let size) = loop.range,
      size.isMultiple(of: width)
    {
      return laneMasks(columns: rest, width: width)[0]
    }
    return width > 1 ? laneMask(count, width: width) : nil
  }

  private func emitBody(_ loop: Loop, _ width: Int, masks: [LLVMValue?]) {
    lanes = Lanes(variable: loop.variable, width: width, copies: masks.count, masks: masks)
    for node in loop.body { emit(node) }
  }

  // MARK: Counting

  /// Emits `for i in stride(from: first, to: end, by: step)`; accumulators that the body updates
  /// and carries are handed from one iteration to the next.
  func counted(
    from first: LLVMValue, to end: LLVMValue, step: Int, updating body: [Node],
    _ carries: [Carry] = [], _ emitBody: (LLVMValue) -> Void
  ) {
    let trips = constantTrips(first, end, step)
    if trips == 0 { return }
    if trips == 1 { return emitBody(first) }
    let carried = updatedAccumulators(body) + carries.map(\.current)
    let before = builder.currentBlock
    let start = builder.appendBlock("loop")
    let after = builder.appendBlock("after")
    if trips == nil {
      builder.condBr(builder.icmp(.slt, first, end), start, after)
    } else {
      builder.br(start)
    }
    let entering = carried.map { accumulators[$0] ?? [] }
    builder.position(at: start)
    let index = builder.phi(module.i64)
    builder.addIncoming(index, first, from: before)
    let phis = entering.map { values in
      values.map { value in
        let phi = builder.phi(value.type)
        builder.addIncoming(phi, value, from: before)
        return phi
      }
    }
    for (accumulator, values) in zip(carried, phis) { accumulators[accumulator] = values }
    emitBody(index)
    let next = builder.add(index, builder.int(step, module.i64))
    let latch = builder.currentBlock
    builder.addIncoming(index, next, from: latch)
    for (accumulator, values) in zip(carried, phis) {
      for (phi, value) in zip(values, accumulators[accumulator] ?? []) {
        builder.addIncoming(phi, value, from: latch)
      }
    }
    builder.condBr(builder.icmp(.slt, next, end), start, after)
    builder.position(at: after)
    guard trips == nil else { return }
    for (accumulator, values) in zip(carried, entering) {
      let leaving = accumulators[accumulator] ?? []
      accumulators[accumulator] = zip(values, leaving).map { old, new in
        let merged = builder.phi(new.type)
        builder.addIncoming(merged, old, from: before)
        builder.addIncoming(merged, new, from: latch)
        return merged
      }
    }
  }

  /// The number of iterations where both ends are constants.
  private func constantTrips(_ first: LLVMValue, _ end: LLVMValue, _ step: Int) -> Int? {
    guard let low = first.constantInteger, let high = end.constantInteger else { return nil }
    return high <= low ? 0 : (high - low + step - 1) / step
  }

  /// The open accumulators that nodes update.
  func updatedAccumulators(_ body: [Node]) -> [ScalarID] {
    var updated = Set<ScalarID>()
    body.forEachNode { if case .accumulate(let sum, _) = $0 { updated.insert(sum) } }
    return updated.filter { accumulators[$0] != nil }.sorted()
  }

  // MARK: Accumulators

  /// Starts an accumulator from its identity, with as many partial results as copies and lanes.
  private func open(_ accumulator: Accumulator) {
    let identity = constant(accumulator.kind.identity(of: element(of: accumulator.result)))
    var group = analysis.groups[accumulator.result]
    if group == nil, analysis.varying.contains(accumulator.result), let lanes {
      group = LaneAnalysis.Group(width: lanes.width, copies: lanes.copies)
    }
    guard let group else {
      accumulators[accumulator.result] = [identity]
      return
    }
    let vector = group.width > 1 ? builder.splat(identity, group.width) : identity
    accumulators[accumulator.result] = [LLVMValue](repeating: vector, count: group.copies)
  }

  func accumulate(_ accumulator: ScalarID, _ value: ScalarID) {
    guard var partial = accumulators[accumulator], let kind = kinds[accumulator] else {
      preconditionFailure("an accumulator is used inside its loop")
    }
    let element = element(of: accumulator)
    let types = [element, element]
    let isFolded = analysis.groups[accumulator] != nil
    let term = contractions.accumulated[value]
    guard let lanes, isFolded || analysis.varying.contains(accumulator) else {
      partial[0] =
        term.map { multiplyAdd($0, $0.factors.map(uniform) + partial) }
        ?? apply(.binary(kind.binary), [partial[0], uniform(value)], types)
      accumulators[accumulator] = partial
      return
    }
    for copy in 0..<lanes.copies {
      let factors = term?.factors.map { vector($0, copy: copy) } ?? []
      let mask = isFolded ? lanes.masks[copy] : nil
      if let term, mask == nil {
        partial[copy] = multiplyAdd(term, factors + [partial[copy]])
        continue
      }
      var added = term.map { product($0, factors) } ?? vector(value, copy: copy)
      if let mask {
        added = builder.select(
          mask, added, builder.splat(constant(kind.identity(of: element)), lanes.width))
      }
      partial[copy] = apply(.binary(kind.binary), [partial[copy], added], types)
    }
    accumulators[accumulator] = partial
  }

  /// Ends an accumulator: copies and lanes are combined in a fixed tree, except in a loop inside a
  /// vector loop, where each lane has its own result.
  private func close(_ accumulator: Accumulator) {
    guard var partial = accumulators.removeValue(forKey: accumulator.result) else { return }
    if analysis.groups[accumulator.result] != nil {
      partial = [folded(partial, accumulator.kind, element(of: accumulator.result))]
    }
    scalars[accumulator.result] = partial
  }

  /// Vectors and their lanes combined in a fixed tree.
  func folded(
    _ vectors: [LLVMValue], _ kind: Reduction.Kind, _ element: ElementType
  ) -> LLVMValue {
    let combine = { [self] (left: LLVMValue, right: LLVMValue) in
      apply(.binary(kind.binary), [left, right], [element, element])
    }
    var partial = vectors
    while partial.count > 1 {
      partial = stride(from: 0, to: partial.count, by: 2).map { position in
        position + 1 < partial.count
          ? combine(partial[position], partial[position + 1])
          : partial[position]
      }
    }
    return partial[0].type.isVector ? builder.reduceTree(partial[0], combine) : partial[0]
  }
}

extension Loop {
  /// Whether a loop stands in the body; then masks, which cost something in each iteration, are kept
  /// for the last block.
  fileprivate var holdsLoops: Bool {
    body.contains { if case .loop = $0 { true } else { false } }
  }
}
