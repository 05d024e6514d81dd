// Calls in regions of scalars, such as of a reduction, which are read as what the functions do.

extension ModuleParser {
  /// Writes out the calls in an operation's regions.
  ///
  /// - Throws: `AdjointError` where a function is missing or calls itself.
  mutating func inlineCalls(in draft: inout OperationDraft) throws {
    for index in draft.regions.indices where draft.regions[index].region.hasDirectCall {
      draft.regions[index].region = try inlined(draft.regions[index].region)
    }
  }

  /// A function with the operations of the functions that it calls.
  private mutating func inlined(_ function: Function) throws -> Function {
    var callees: [String: Function] = [:]
    for operation in function.operations {
      guard case .call(let callee) = operation.op, callees[callee.name] == nil else { continue }
      callees[callee.name] = try calledFunction(callee.name, at: operation.location)
    }
    return try function.replacingOperations { operation, operands, builder in
      guard case .call(let callee) = operation.op, let called = callees[callee.name] else {
        return nil
      }
      guard called.parameterTypes == operands.map({ builder[$0] }),
        called.resultTypes == callee.resultTypes
      else {
        throw AdjointError(
          .type, "@\(callee.name) has other types than its call", at: operation.location)
      }
      return try builder.inline(called, operands)
    }
  }

  /// The function of a name, wherever it stands in the text, without calls.
  private mutating func calledFunction(
    _ name: String, at location: SourceLocation
  ) throws -> Function {
    let starts = functionStarts ?? findFunctions()
    functionStarts = starts
    guard let start = starts[name] else {
      throw AdjointError(.type, "there is no function @\(name)", at: location)
    }
    guard calledFunctions.insert(name).inserted else {
      throw AdjointError(.unsupported, "@\(name) calls itself", at: location)
    }
    defer { calledFunctions.remove(name) }
    let position = cursor.position
    defer { cursor.position = position }
    cursor.position = start
    let called = cursor.isNext("\"") ? try genericFunction() : try function()
    return called.hasDirectCall ? try inlined(called) : called
  }

  /// Where each function starts: at `func.func`, which is followed by its name, or in quotes by
  /// attributes that say it.
  private func findFunctions() -> [String: Int] {
    var starts: [String: Int] = [:]
    let word = Array("func.func".utf8)
    let bytes = cursor.bytes
    var position = 0
    while position + word.count <= bytes.count {
      defer { position += 1 }
      guard bytes[position] == word[0],
        bytes[position..<(position + word.count)].elementsEqual(word)
      else { continue }
      if position > 0, bytes[position - 1] == UInt8(ascii: "\"") {
        var reader = self
        reader.cursor.position = position - 1
        if let name = reader.genericFunctionName() { starts[name] = position - 1 }
        continue
      }
      var reader = cursor
      reader.position = position
      _ = reader.acceptWord()
      if !reader.accept(word: "public") { _ = reader.accept(word: "private") }
      if reader.isNext("@"), let name = try? reader.symbolName() { starts[name] = position }
    }
    return starts
  }
}

extension Function {
  /// Whether an operation of the function itself is a call.
  fileprivate var hasDirectCall: Bool {
    operations.contains { if case .call = $0.op { true } else { false } }
  }
}
