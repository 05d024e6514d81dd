internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// How many iterations of a serial loop inside a vector loop are carried out together (unroll and
  /// jam); nil where they are not.
  ///
  /// A long chain of dependent instructions, as an exponential is, fills the processor's window before it
  /// is done. With fewer than four vectors side by side, vectors of the next iterations go beside them.
  /// Of maxima and minima, whose order does not matter, each of the iterations has its own, so that they
  /// do not wait for each other; so it is with a few long sums. Other sums are made in the order
  /// of iterations.
  func jammedIterations(of loop: Loop) -> Int? {
    let extent = kernel.variables[loop.variable.index].extent
    guard let lanes, lanes.width > 1, lanes.copies <= EmissionCosts.Lanes.vectorsSideBySide,
      extent >= 2,
      module.target.registers >= 32, !callsFunctions, loop.mayBeJammed.isGranted
    else { return nil }
    let hasLongSums = !longSums(of: loop).isEmpty
    if callsVectorFunctions, !hasLongSums { return nil }
    var sums = Set<ScalarID>()
    var isCostly = false
    for node in loop.body {
      switch node {
      case .define(let scalar, .apply(let op, _)):
        isCostly = isCostly || (op.isElementary && analysis.varying.contains(scalar))
      case .accumulate(let sum, _): guard sums.insert(sum).inserted else { return nil }
      // Other memory may stand in the place of what is read.
      case .store(let store): guard isPerLane(store.memory) else { return nil }
      case .define, .loop, .contract: break
      }
    }
    let most: Int
    if isCostly {
      most = EmissionCosts.Lanes.vectorsSideBySide / lanes.copies
    } else if !extremes(of: loop).isEmpty {
      most = lanes.copies > 2 ? 2 : EmissionCosts.Lanes.vectorsSideBySide
    } else {
      guard hasLongSums else { return nil }
      most = EmissionCosts.Lanes.vectorsSideBySide / lanes.copies
    }
    if most < 2 { return nil }
    return extent.isMultiple(of: most) ? most : 2
  }

  /// The accumulators of a loop whose value does not depend on the order of iterations.
  private func extremes(of loop: Loop) -> [Accumulator] {
    loop.accumulators.filter { accumulator in
      switch accumulator.kind {
      case .maximum, .minimum: analysis.varying.contains(accumulator.result)
      case .add, .multiply, .and, .or: false
      }
    }
  }

  /// The accumulators of a loop of nothing but a few long sums of floats; none where it has others.
  ///
  /// That does not depend on what is summed up, so that sums have the same bits where a value is computed in
  /// the place of its load.
  private func longSums(of loop: Loop) -> [Accumulator] {
    let isShort = kernel.variables[loop.variable.index].extent < Self.longSum
    guard !isShort, loop.accumulators.count <= Self.longSumCount else { return [] }
    let isPlain = loop.body.allSatisfy { node in
      switch node {
      case .define, .accumulate: true
      case .store, .loop, .contract: false
      }
    }
    let areSums = loop.accumulators.allSatisfy { accumulator in
      accumulator.kind == .add && element(of: accumulator.result).isFloat
        && analysis.varying.contains(accumulator.result)
    }
    return isPlain && areSums ? loop.accumulators : []
  }

  /// Sums of fewer terms are over before they wait for long.
  private static let longSum = 32
  /// So many sums side by side do not wait for each other.
  private static let longSumCount = 2

  /// The accumulators of which each of the iterations that are carried out together has its own.
  private func separateAccumulators(of loop: Loop) -> [Accumulator] {
    let extremes = extremes(of: loop)
    return extremes.isEmpty ? longSums(of: loop) : extremes
  }

  /// Emits a serial loop some iterations at a time, node by node, and what is left one by one.
  func emitJammed(_ loop: Loop, _ count: Int) {
    let extent = kernel.variables[loop.variable.index].extent
    let main = extent / count * count
    let separate = separateAccumulators(of: loop)
    for accumulator in separate {
      let identity = accumulators[accumulator.result] ?? []
      accumulators[accumulator.result] = (0..<count).flatMap { _ in identity }
    }
    let results = Set(separate.map(\.result))
    counted(
      from: builder.int(0, module.i64), to: builder.int(main, module.i64), step: count,
      updating: loop.body
    ) { index in
      let places = (0..<count).map { builder.add(index, builder.int($0, module.i64)) }
      var values = [[ScalarID: [LLVMValue]]](repeating: [:], count: count)
      for node in loop.body { emit(node, of: loop, at: places, results, &values) }
    }
    for accumulator in separate { joinIterations(of: accumulator, count) }
    for rest in main..<extent {
      variables[loop.variable] = builder.int(rest, module.i64)
      emitSerial(loop.body)
    }
  }

  /// Makes one of the accumulators that some iterations have each.
  private func joinIterations(of accumulator: Accumulator, _ count: Int) {
    guard let all = accumulators[accumulator.result] else { return }
    let element = element(of: accumulator.result)
    let copies = all.count / count
    accumulators[accumulator.result] = (0..<copies).map { copy in
      var parts = (0..<count).map { all[$0 * copies + copy] }
      while parts.count > 1 {
        parts = stride(from: 0, to: parts.count, by: 2).map { position in
          position + 1 < parts.count
            ? apply(
              .binary(accumulator.kind.binary), [parts[position], parts[position + 1]],
              [element, element])
            : parts[position]
        }
      }
      return parts[0]
    }
  }

  /// Emits one node of several iterations.
  ///
  /// - Parameters:
  ///   - separate: accumulators of which each iteration has its own.
  ///   - values: what each iteration has defined so far.
  private func emit(
    _ node: Node, of loop: Loop, at places: [LLVMValue], _ separate: Set<ScalarID>,
    _ values: inout [[ScalarID: [LLVMValue]]]
  ) {
    func enter(_ iteration: Int) {
      variables[loop.variable] = places[iteration]
      for (scalar, value) in values[iteration] { scalars[scalar] = value }
    }
    if case .define(let scalar, .apply(let op, let operands)) = node, op.isElementary,
      !op.isSineOrCosine, analysis.varying.contains(scalar), let lanes
    {
      let elements = operands.map { element(of: $0) }
      let inputs = places.indices.flatMap { iteration -> [[LLVMValue]] in
        enter(iteration)
        return (0..<lanes.copies).map { copy in operands.map { vector($0, copy: copy) } }
      }
      let results = interleaved(inputs) { [apply(op, $0, elements)] }.map { $0[0] }
      for iteration in places.indices {
        let first = iteration * lanes.copies
        values[iteration][scalar] = Array(results[first..<(first + lanes.copies)])
      }
      return
    }
    for iteration in places.indices {
      enter(iteration)
      if case .accumulate(let sum, let value) = node, separate.contains(sum),
        var all = accumulators[sum]
      {
        let copies = all.count / places.count
        let own = (iteration * copies)..<((iteration + 1) * copies)
        accumulators[sum] = Array(all[own])
        accumulate(sum, value)
        all.replaceSubrange(own, with: accumulators[sum] ?? [])
        accumulators[sum] = all
        continue
      }
      emit(node)
      if case .define(let scalar, _) = node { values[iteration][scalar] = scalars[scalar] }
    }
  }
}

extension ScalarOp {
  /// Whether it is a function that may share its range reduction with another one.
  fileprivate var isSineOrCosine: Bool {
    if case .unary(let op) = self { op.isOneOfSineAndCosine } else { false }
  }
}
