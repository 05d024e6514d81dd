import TensorIR

extension CustomDerivative {
  /// The tangents of the results, as the program states them.
  ///
  /// - Throws: `AdjointError` where a captured value has a tangent, which the stated derivative ignores.
  func tangents(
    of operation: Operation, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    guard let function else { return try linearTangents(of: operation, in: &pass) }
    for capture in operation.operands.prefix(captureCount) where pass.tangent(capture) != nil {
      throw AdjointError(
        .notDifferentiable,
        "a function with a derivative of its own reads a value from outside that is differentiated;"
          + " make it an argument", at: operation.location)
    }
    let seeds = try operation.operands.dropFirst(captureCount)
      .filter { pass.type($0).element.isFloat }.map { try pass.denseTangent($0) }
    let found =
      switch kind {
      case .tangents: try pass.builder.inline(rule, operation.operands + seeds)
      case .cotangents, .linear: try emitLinearCall(operation, seeds, in: &pass)
      }
    var tangents = found.makeIterator()
    return function.resultTypes.map { $0.element.isFloat ? tangents.next() : nil }
  }

  /// Emits what the rule computes before it reads cotangents, and the linear function whose transpose the
  /// rest of it is; the tangents of float results.
  private func emitLinearCall(
    _ operation: Operation, _ tangents: [ValueID], in pass: inout ForwardPass
  ) throws -> [ValueID] {
    let cotangents = Array(rule.parameters.dropFirst(operation.operands.count))
    let isLinear = rule.dependents(on: cotangents)
    var saved = rule.residuals(isLinear)
    for result in rule.results where !isLinear[result.index] && !saved.contains(result) {
      saved.append(result)
    }
    var before = rule
    before.parameters = rule.parameters.dropLast(cotangents.count)
    before.results = saved
    var copier = RegionCopier(from: before)
    for parameter in before.parameters { copier.parameter(for: parameter) }
    let copies = try copier.copy(saved)
    let residuals = try pass.builder.inline(
      copier.builder.finish(returning: copies), operation.operands)

    var transpose = RegionCopier(from: rule)
    for value in saved { transpose.parameter(for: value) }
    for value in cotangents { transpose.parameter(for: value) }
    let returned = try transpose.copy(rule.results)
    let call = CustomDerivative(
      .linear, captureCount: saved.count, function: nil,
      rule: transpose.builder.finish(returning: returned))
    return try pass.builder.emitAll(.custom(call), residuals + tangents)
  }

  /// The tangents of a linear call: linear itself in those of its arguments.
  private func linearTangents(
    of operation: Operation, in pass: inout ForwardPass
  ) throws -> [ValueID?] {
    let captures = operation.operands.prefix(captureCount)
    guard captures.contains(where: { pass.tangent($0) != nil }) else {
      let tangents = try operation.operands.dropFirst(captureCount).map {
        try pass.denseTangent($0)
      }
      return try pass.builder.emitAll(.custom(self), captures + tangents)
    }
    let active = operation.operands.indices.filter { pass.tangent(operation.operands[$0]) != nil }
    let region = try linearFunction(at: operation.location)
    let both = try region.withTangents(
      parameters: active, results: Array(operation.results.indices))
    let tangents = active.compactMap { pass.tangent(operation.operands[$0]) }
    let results = try pass.builder.inline(both, operation.operands + tangents)
    return results.suffix(operation.results.count)
  }

  /// The linear function whose transpose the rule is: of captures and arguments.
  ///
  /// - Throws: `AdjointError` where the rule is not linear in cotangents.
  func linearFunction(at location: SourceLocation) throws -> Region {
    let seeds = Array(rule.results.indices)
    let linear = Array(captureCount..<rule.parameters.count)
    let reverse: TransposedRegion
    do {
      reverse = try rule.transposed(in: linear, seeds: seeds)
    } catch let error as AdjointError {
      throw AdjointError(
        .notDifferentiable,
        "a pullback that is not linear in its cotangent has no forward mode: \(error.message)",
        at: location)
    }
    var region = reverse.region
    region.parameters =
      rule.parameters.prefix(captureCount).map { reverse.parameter(for: $0) } + reverse.seeds
    return region
  }

  /// The cotangents of a linear call: what its rule says.
  func transpose(
    _ operation: Operation, _ cotangents: [ValueID?], in pass: inout ReversePass
  ) throws {
    guard kind == .linear else { throw pass.notLinear(operation) }
    let captures = try operation.operands.prefix(captureCount).map { try pass.residual($0) }
    let seeds = try zip(operation.results, cotangents).map { result, cotangent in
      try cotangent ?? pass.builder.splat(0, pass.type(result))
    }
    let results = try pass.builder.inline(rule, captures + seeds)
    for (argument, result) in zip(operation.operands.dropFirst(captureCount), results) {
      try pass.accumulate(result, on: argument)
    }
  }
}

extension Function {
  /// The function with linear calls written out, which nobody transposes any more.
  func droppingLinearCalls() throws -> Function {
    guard holdsLinearCall else { return self }
    return try replacingOperations { operation, operands, builder in
      guard case .custom(let custom) = operation.op, custom.kind == .linear else { return nil }
      return try builder.inline(custom.linearFunction(at: operation.location), operands)
    }
  }

  /// Whether an operation is a linear call; regions have lost theirs when they were made.
  private var holdsLinearCall: Bool {
    operations.contains { operation in
      if case .custom(let custom) = operation.op { return custom.kind == .linear }
      return false
    }
  }
}
