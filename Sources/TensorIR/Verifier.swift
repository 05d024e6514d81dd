extension Module {
  /// Checks every function's invariants, as listed at `Function`.
  ///
  /// - Throws: `AdjointError` naming the invariant or typing constraint and the place.
  package func verify() throws {
    var seen = Set<String>()
    for function in functions {
      guard seen.insert(function.name).inserted else {
        throw AdjointError(
          .type, "function @\(function.name) is defined twice", at: function.location)
      }
      try function.verify(in: self)
    }
    try verifyCallsEnd()
  }

  /// V4: no function calls itself, directly or through others.
  private func verifyCallsEnd() throws {
    var finished = Set<String>()
    var active = Set<String>()
    func visit(_ function: Function) throws {
      guard !finished.contains(function.name) else { return }
      guard active.insert(function.name).inserted else {
        throw AdjointError(
          .unsupported, "function @\(function.name) calls itself", at: function.location)
      }
      for operation in function.operations {
        if case .call(let callee) = operation.op, let next = self.function(named: callee.name) {
          try visit(next)
        }
      }
      active.remove(function.name)
      finished.insert(function.name)
    }
    for function in functions { try visit(function) }
  }
}

extension Function {
  /// Checks the invariants listed at `Function`; calls are looked up in `module`.
  ///
  /// - Throws: `AdjointError` naming the invariant or typing constraint and the place.
  package func verify(in module: Module = Module()) throws {
    var isDefined = [Bool](repeating: false, count: types.count)
    func define(_ value: ValueID, _ place: SourceLocation) throws {
      guard types.indices.contains(value.index), !isDefined[value.index] else {
        throw AdjointError(.type, "V1: \(value) is defined twice or not in the table", at: place)
      }
      isDefined[value.index] = true
    }
    func checkUse(_ value: ValueID, _ place: SourceLocation) throws {
      guard types.indices.contains(value.index), isDefined[value.index] else {
        throw AdjointError(.type, "V1: \(value) is read before it is defined", at: place)
      }
    }
    try verifySizes()
    for parameter in parameters { try define(parameter, location) }
    for operation in operations {
      for operand in operation.operands { try checkUse(operand, operation.location) }
      try verifyTypes(of: operation, in: module)
      for result in operation.results { try define(result, operation.location) }
    }
    for result in results { try checkUse(result, location) }
    if let orphan = isDefined.firstIndex(of: false) {
      throw AdjointError(.type, "V2: %\(orphan) is in the table but not defined", at: location)
    }
  }

  /// V5: extents are not negative, and sizes in bytes fit an `Int`.
  private func verifySizes() throws {
    for type in types {
      let size = (type.shape + [type.element.byteCount]).checkedCount
      guard type.shape.allSatisfy({ $0 >= 0 }), size != nil else {
        throw AdjointError(.type, "V5: \(type) has no size", at: location)
      }
    }
  }

  /// V3 and V4 of one operation.
  private func verifyTypes(of operation: Operation, in module: Module) throws {
    let operandTypes = operation.operands.map { self[$0] }
    do {
      let inferred = try operation.op.resultTypes(operandTypes)
      guard inferred == operation.results.map({ self[$0] }) else {
        throw AdjointError(
          .type,
          "V3: \(operation.op.mnemonic) gives \(inferred.map(\.description).joined(separator: ", "))"
        )
      }
      guard case .call(let callee) = operation.op else { return }
      guard let target = module.function(named: callee.name) else {
        throw AdjointError(.type, "V4: there is no function @\(callee.name)")
      }
      guard target.parameterTypes == operandTypes, target.resultTypes == callee.resultTypes else {
        throw AdjointError(.type, "V4: the call does not have the types of @\(callee.name)")
      }
    } catch let error as AdjointError {
      throw error.placed(at: operation.location)
    }
  }
}
