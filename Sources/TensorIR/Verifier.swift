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

  /// The longest chain of calls; bounds the recursion of everything that follows calls.
  private static let maximumCallDepth = 256

  /// V4: no function calls itself, directly or through others, and chains of calls are not too long.
  private func verifyCallsEnd() throws {
    let byName = Dictionary(functions.map { ($0.name, $0) }) { first, _ in first }
    var lengths = [String: Int]()
    var active = Set<String>()
    /// The length of the longest chain of calls that starts at a function.
    func chainLength(from function: Function) throws -> Int {
      if let known = lengths[function.name] { return known }
      guard active.insert(function.name).inserted else {
        throw AdjointError(
          .unsupported, "function @\(function.name) calls itself", at: function.location)
      }
      var length = 1
      try function.forEachOperation { operation in
        guard active.count <= Module.maximumCallDepth, case .call(let callee) = operation.op,
          let next = byName[callee.name]
        else { return }
        length = max(length, try chainLength(from: next) + 1)
      }
      guard max(length, active.count) <= Module.maximumCallDepth else {
        throw AdjointError(
          .unsupported, "calls nest more than \(Module.maximumCallDepth) deep at @\(function.name)",
          at: function.location)
      }
      active.remove(function.name)
      lengths[function.name] = length
      return length
    }
    for function in functions { _ = try chainLength(from: function) }
  }
}

extension Function {
  /// Checks the invariants listed at `Function`; calls are looked up in `module`.
  ///
  /// - Throws: `AdjointError` naming the invariant or typing constraint and the place.
  package func verify(in module: Module = Module()) throws {
    try verify(in: module, depth: 0)
  }

  /// The deepest nesting of regions.
  package static let maximumRegionDepth = 64

  /// Checks the invariants of a function or of a region with `depth` regions around it.
  private func verify(in module: Module, depth: Int) throws {
    guard depth <= Self.maximumRegionDepth else {
      throw AdjointError(.unsupported, "V6: regions nest too deeply", at: location)
    }
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
      for region in operation.op.regions { try region.verify(in: module, depth: depth + 1) }
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
