import TensorIR

extension While {
  /// Emits the loop for many examples. Where examples decide themselves how often they go round, the
  /// loop goes on while one of them wants to, and the others keep their carries.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let captures = operands.prefix(captureCount).map(\.isBatched)
    var carries = operands.dropFirst(captureCount).map(\.isBatched)
    var isDecidedAlone = false
    while true {
      let flags = captures + carries
      let none = Array(repeating: false, count: 1)
      isDecidedAlone =
        try BatchingPass.run(condition, size: pass.size, flags, forcing: none).isBatched[0]
      if isDecidedAlone { carries = carries.map { _ in true } }
      let next = try BatchingPass.run(
        body, size: pass.size, captures + carries, forcing: carries
      ).isBatched
      if next == carries { break }
      carries = next
    }
    let flags = captures + carries
    var loop = self
    loop.condition = try BatchingPass.run(
      condition, size: pass.size, flags, forcing: [false]
    ).function
    loop.body = try BatchingPass.run(body, size: pass.size, flags, forcing: carries).function
    if isDecidedAlone { try loop.letExamplesStop(self, size: pass.size, flags) }
    let arguments = try zip(operands, flags).map { try $1 ? pass.batch($0) : $0.id }
    return try zip(pass.builder.emitAll(.whileLoop(loop), arguments), carries).map {
      BatchingPass.Value(id: $0, isBatched: $1)
    }
  }

  /// Makes the condition that of any example, and lets the body change those examples only that want
  /// it.
  private mutating func letExamplesStop(
    _ original: While, size: Int, _ flags: [Bool]
  ) throws {
    var asking = FunctionBuilder(continuing: condition, name: condition.name)
    let anyone = try asking.reduce(.or, condition.results[0], dimensions: [0])
    condition = asking.finish(returning: [anyone])

    let empty = FunctionBuilder(name: body.name, isPrivate: body.isPrivate, location: body.location)
    var pass = BatchingPass(original.body, size: size, into: empty)
    let parameters = zip(original.body.parameters, flags).map { parameter, isBatched in
      let type = original.body[parameter]
      let shape = isBatched ? [size] + type.shape : type.shape
      return BatchingPass.Value(
        id: pass.builder.parameter(TensorType(shape, type.element)), isBatched: isBatched)
    }
    let goesOn = try pass.inline(original.condition, parameters)[0]
    let next = try pass.copy(original.body, parameters)
    let results = try zip(next, parameters.dropFirst(captureCount)).map { new, old in
      let isActive = try pass.spread(goesOn, over: pass.shape(old))
      return try pass.builder.select(isActive, pass.batch(new), pass.batch(old))
    }
    body = pass.builder.finish(returning: results)
  }
}

extension Branch {
  /// Emits the choice for many examples: where they choose alike, a choice of branches for many;
  /// else all branches, of whose results each example takes its own.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let (selector, captures) = (operands[0], Array(operands.dropFirst()))
    guard !selector.isBatched else {
      return try chosenAlone(selector, captures, in: &pass)
    }
    let flags = captures.map(\.isBatched)
    let none = Array(repeating: false, count: branches.first?.results.count ?? 0)
    let depending = try branches.map {
      try BatchingPass.run($0, size: pass.size, flags, forcing: none).isBatched
    }
    let forced = none.indices.map { index in depending.contains { $0[index] } }
    var branch = self
    branch.branches = try branches.map {
      try BatchingPass.run($0, size: pass.size, flags, forcing: forced).function
    }
    let results = try pass.builder.emitAll(.branch(branch), operands.map(\.id))
    return zip(results, forced).map { BatchingPass.Value(id: $0, isBatched: $1) }
  }

  /// The results of all branches, chosen by each example.
  private func chosenAlone(
    _ selector: BatchingPass.Value, _ captures: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let all = try branches.map { try pass.inline($0, captures) }
    guard let last = all.last else { return [] }
    return try last.indices.map { index in
      let shape = pass.shape(last[index])
      var chosen = try pass.batch(last[index])
      for position in branches.indices.dropLast().reversed() {
        let isChosen = BatchingPass.Value(
          id: try takes(position, selector.id, in: &pass), isBatched: true)
        chosen = try pass.builder.select(
          pass.spread(isChosen, over: shape), pass.batch(all[position][index]), chosen)
      }
      return BatchingPass.Value(id: chosen, isBatched: true)
    }
  }

  /// Whether each example takes the branch at a position, which is not the last one.
  private func takes(
    _ position: Int, _ selector: ValueID, in pass: inout BatchingPass
  ) throws -> ValueID {
    switch kind {
    case .predicate: return selector
    case .index:
      let number = try pass.builder.splat(Double(position), pass.builder[selector])
      return try pass.builder.compare(.equal, selector, number)
    }
  }
}

extension Scan {
  /// Emits the scan for many examples: its slices and stacked results are those of all examples, so
  /// their axis stands behind that of the runs.
  func batched(
    _ operands: [BatchingPass.Value], in pass: inout BatchingPass
  ) throws -> [BatchingPass.Value] {
    let flags = operands.map(\.isBatched)
    let captures = Array(flags[..<captureCount])
    var carries = Array(flags[captureCount..<(captureCount + carryCount)])
    let stacks = Array(flags[(captureCount + carryCount)...])
    let none = Array(repeating: false, count: body.results.count - carryCount)
    var outputs = none
    while true {
      let next = try BatchingPass.run(
        body, size: pass.size, [false] + captures + carries + stacks, forcing: carries + none
      ).isBatched
      outputs = Array(next[carryCount...])
      if Array(next[..<carryCount]) == carries { break }
      carries = Array(next[..<carryCount])
    }
    var scan = self
    scan.body = try BatchingPass.run(
      body, size: pass.size, [false] + captures + carries + stacks, forcing: carries + outputs
    ).function
    let arguments = try operands.enumerated().map { index, operand in
      if index < captureCount { return operand.id }
      if index < captureCount + carryCount {
        return carries[index - captureCount] ? try pass.batch(operand) : operand.id
      }
      return operand.isBatched ? try exchanged(operand.id, in: &pass) : operand.id
    }
    let results = try pass.builder.emitAll(.scan(scan), arguments)
    return try zip(results, carries + outputs).enumerated().map { index, result in
      let (id, isBatched) = result
      let isStacked = index >= carryCount
      return BatchingPass.Value(
        id: isBatched && isStacked ? try exchanged(id, in: &pass) : id, isBatched: isBatched)
    }
  }

  /// A value with its first two axes exchanged.
  private func exchanged(_ value: ValueID, in pass: inout BatchingPass) throws -> ValueID {
    try pass.builder.transpose(
      value, permutation: [1, 0] + Array(2..<pass.builder[value].rank))
  }
}
