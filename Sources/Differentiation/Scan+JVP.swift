import TensorIR

extension Scan {
  /// The tangents of a scan's results: those of active carries and stacks.
  func tangents(
    of operation: Operation, at position: Int, _ wanted: RegionActivity, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    if let linearization = pass.linearization(at: position) {
      return try pass.emitLinearPart(of: operation, linearization)
    }
    let active = activity(wanted.operands, results: wanted.results)
    return try fusedTangents(of: operation, at: position, active, in: &pass)
  }

  /// One scan for values and tangents: captures, then their tangents; carries, then theirs; stacks,
  /// then theirs.
  private func fusedTangents(
    of operation: Operation, at position: Int, _ active: RegionActivity, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let operands = active.operands.positions
    let results = active.results.positions
    var body = try body.withTangents(parameters: operands.map { $0 + 1 }, results: results)
    let own = Array(body.parameters.prefix(operation.operands.count + 1))
    let tangents = Dictionary(
      uniqueKeysWithValues: zip(operands, body.parameters.dropFirst(own.count)))
    let groups = operandGroups(count: operation.operands.count)
    body.parameters = own.prefix(1) + []
    var outer: [ValueID] = []
    for group in groups {
      body.parameters += own[(group.lowerBound + 1)..<(group.upperBound + 1)]
      body.parameters += group.compactMap { tangents[$0] }
      outer += operation.operands[group]
      outer += try operands.filter(group.contains).map {
        try pass.denseTangent(operation.operands[$0])
      }
    }
    let returned = body.results
    let resultTangents = Dictionary(
      uniqueKeysWithValues: zip(results, returned.dropFirst(operation.results.count)))
    var places: [Int] = []
    var tangentPlaces: [Int: Int] = [:]
    body.results = []
    for group in [0..<carryCount, carryCount..<operation.results.count] {
      for index in group {
        places.append(body.results.count)
        body.results.append(returned[index])
      }
      for index in group {
        guard let tangent = resultTangents[index] else { continue }
        tangentPlaces[index] = body.results.count
        body.results.append(tangent)
      }
    }
    var fused = self
    fused.body = body
    fused.captureCount += operands.count { $0 < captureCount }
    fused.carryCount += operands.count(where: carryRange.contains)
    let all = try pass.replace(at: position, with: .scan(fused), outer, ownResults: places)
    return operation.results.indices.map { index in tangentPlaces[index].map { all[$0] } }
  }

  /// The scan that saves what its linear part reads, and the linear part.
  func linearized(_ wanted: RegionActivity) throws -> Linearization {
    let active = activity(wanted.operands, results: wanted.results)
    let results = active.results.positions
    let forward = try ForwardPass(
      body, name: body.name, parameters: active.operands.positions.map { $0 + 1 },
      results: results, mode: .linearized)
    let whole = forward.builder.function
    let saved = forward.savedValues(forResults: results, repetitions: length) {
      $0 == 0 || !carryRange.contains($0 - 1)
    }
    var augmented = RegionCopier(from: whole)
    for parameter in body.parameters { augmented.parameter(for: parameter) }
    let returned = try augmented.copy(forward.source.results + saved)
    var saving = self
    saving.body = augmented.builder.finish(returning: returned)
    let (linear, operands) = try linearPart(of: forward, active, saved: saved)
    return Linearization(
      augmented: .scan(saving),
      savedTypes: saved.map { TensorType([length] + whole[$0].shape, whole[$0].element) },
      linear: .scan(linear), operands: operands, activeResults: results)
  }

  /// The scan on tangents, and its operands: captures, their tangents; tangents of carries; stacks, what
  /// is saved, tangents of stacks.
  private func linearPart(
    of forward: ForwardPass, _ active: RegionActivity, saved: [ValueID]
  ) throws -> (scan: Scan, operands: [Linearization.Operand]) {
    let whole = forward.builder.function
    let tangents = active.results.positions.map { forward.tangent(body.results[$0]) }
    let isKnown = Set(body.parameters + saved + forward.tangentParameters)
    let needed = whole.operationsNeeded(for: tangents.compactMap { $0 }) { isKnown.contains($0) }
    var isRead = [Bool](repeating: false, count: whole.types.count)
    for (operation, isNeeded) in zip(whole.operations, needed) where isNeeded {
      for operand in operation.operands { isRead[operand.index] = true }
    }
    var linear = RegionCopier(from: whole)
    linear.parameter(for: body.parameters[0])
    var operands: [Linearization.Operand] = []
    var counts: [Int] = []
    let groups = operandGroups(count: active.operands.count)
    for (number, group) in groups.enumerated() {
      if number != 1 {
        for index in group where isRead[body.parameters[index + 1].index] {
          linear.parameter(for: body.parameters[index + 1])
          operands.append(.primal(index))
        }
      }
      if number == 2 {
        for (index, value) in saved.enumerated() where linear.copy(of: value) == nil {
          linear.parameter(for: value)
          operands.append(.saved(index))
        }
      }
      for (index, tangent) in zip(active.operands.positions, forward.tangentParameters)
      where group.contains(index) {
        linear.parameter(for: tangent)
        operands.append(.tangent(index))
      }
      counts.append(operands.count)
    }
    try linear.copy(tangents.compactMap { $0 })
    let results = try zip(active.results.positions, tangents).map { result, tangent in
      try tangent.flatMap { linear.copy(of: $0) }
        ?? linear.builder.splat(0, body[body.results[result]])
    }
    let scan = Scan(
      length: length, isReversed: isReversed, captureCount: counts[0],
      carryCount: counts[1] - counts[0], body: linear.builder.finish(returning: results))
    return (scan, operands)
  }

  /// Where captures, carries and stacks stand among operands.
  private func operandGroups(count: Int) -> [Range<Int>] {
    [0..<captureCount, carryRange, carryRange.upperBound..<count]
  }
}
