import TensorIR

extension Branch {
  /// The tangents of a branch's results: computed by the branch that is taken.
  func tangents(
    of operation: Operation, at position: Int, _ wanted: RegionActivity, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    if let linearization = pass.linearization(at: position) {
      return try pass.emitLinearPart(of: operation, linearization)
    }
    let active = activity(wanted.operands, results: wanted.results)
    let operands = active.operands.positions
    let results = active.results.positions
    var fused = self
    fused.branches = try branches.map {
      try $0.withTangents(parameters: operands.map { $0 - 1 }, results: results)
    }
    let tangents = try operands.map { try pass.denseTangent(operation.operands[$0]) }
    let all = try pass.replace(
      at: position, with: .branch(fused), operation.operands + tangents,
      ownResults: Array(operation.results.indices))
    var found = [ValueID?](repeating: nil, count: operation.results.count)
    for (result, tangent) in zip(results, all.dropFirst(found.count)) { found[result] = tangent }
    return found
  }

  /// The branch that saves what its linear part reads, and the linear part.
  ///
  /// What other branches save is zero where they are not taken.
  func linearized(_ wanted: RegionActivity) throws -> Linearization {
    let active = activity(wanted.operands, results: wanted.results)
    let operands = active.operands.positions
    let results = active.results.positions
    let forwards = try branches.map {
      try ForwardPass(
        $0, name: $0.name, parameters: operands.map { $0 - 1 }, results: results,
        mode: .linearized)
    }
    let saved = forwards.map { $0.savedValues(forResults: results) { _ in true } }
    let savedTypes = zip(forwards, saved).flatMap { forward, values in
      values.map { forward.builder.function[$0] }
    }
    var (saving, linear) = (self, self)
    for (number, forward) in forwards.enumerated() {
      let whole = forward.builder.function
      let before = saved.prefix(number).reduce(0) { $0 + $1.count }
      let own = before..<(before + saved[number].count)

      var augmented = RegionCopier(from: whole)
      for parameter in branches[number].parameters { augmented.parameter(for: parameter) }
      var returned = try augmented.copy(forward.source.results)
      let copies = try augmented.copy(saved[number])
      for (index, type) in savedTypes.enumerated() {
        returned.append(
          try own.contains(index)
            ? copies[index - before] : augmented.builder.splat(0, type))
      }
      saving.branches[number] = augmented.builder.finish(returning: returned)

      var part = RegionCopier(from: whole)
      for parameter in branches[number].parameters { part.parameter(for: parameter) }
      for (index, type) in savedTypes.enumerated() {
        let value = own.contains(index) ? saved[number][index - before] : nil
        if let value, part.copy(of: value) == nil {
          part.parameter(for: value)
        } else {
          _ = part.builder.parameter(type)
        }
      }
      for tangent in forward.tangentParameters { part.parameter(for: tangent) }
      let tangents = try results.map { result in
        let value = branches[number].results[result]
        guard let tangent = forward.tangent(value) else {
          return try part.builder.splat(0, branches[number][value])
        }
        return try part.copy([tangent])[0]
      }
      linear.branches[number] = part.builder.finish(returning: tangents)
    }
    let captures = branches[0].parameters.indices.map { Linearization.Operand.primal($0 + 1) }
    let linearOperands =
      [Linearization.Operand.primal(0)] + captures
      + savedTypes.indices.map { .saved($0) } + operands.map { .tangent($0) }
    return Linearization(
      augmented: .branch(saving), savedTypes: savedTypes, linear: .branch(linear),
      operands: linearOperands, activeResults: results)
  }
}
