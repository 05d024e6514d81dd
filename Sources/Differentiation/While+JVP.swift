import TensorIR

extension While {
  /// One loop for values and tangents: captures, then their tangents; carries, then theirs.
  ///
  /// For reverse mode the loop on tangents runs the values again, and its transpose finds them from
  /// snapshots.
  func tangents(
    of operation: Operation, at position: Int, _ wanted: RegionActivity, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let active = activity(wanted.operands, results: wanted.results)
    let operands = active.operands.positions
    let results = active.results.positions
    var body = try body.withTangents(
      parameters: operands, results: results, mode: pass.isLinearizing ? .linearized : .fused)
    let own = Array(body.parameters.prefix(operation.operands.count))
    let tangents = Dictionary(
      uniqueKeysWithValues: zip(operands, body.parameters.dropFirst(own.count)))
    let groups = [0..<captureCount, captureCount..<operation.operands.count]
    var outer: [ValueID] = []
    body.parameters = []
    for group in groups {
      body.parameters += own[group]
      body.parameters += group.compactMap { tangents[$0] }
      outer += operation.operands[group]
      outer += try operands.filter(group.contains).map {
        try pass.denseTangent(operation.operands[$0])
      }
    }
    var condition = FunctionBuilder(continuing: condition, name: condition.name)
    let extra = body.parameters.map { parameter in
      own.firstIndex(of: parameter).map { self.condition.parameters[$0] }
        ?? condition.parameter(body[parameter])
    }
    var fused = While(
      captureCount: captureCount + operands.count { $0 < captureCount },
      condition: condition.finish(returning: self.condition.results), body: body)
    fused.condition.parameters = extra
    let count = operation.results.count
    var found = [ValueID?](repeating: nil, count: count)
    let all =
      try pass.isLinearizing
      ? pass.builder.emitAll(.whileLoop(fused), outer, at: operation.location)
      : pass.replace(
        at: position, with: .whileLoop(fused), outer, ownResults: Array(0..<count))
    if pass.isLinearizing { pass.noteRerun(of: position, by: all[0]) }
    for (result, tangent) in zip(results, all.dropFirst(count)) { found[result] = tangent }
    return found
  }
}
