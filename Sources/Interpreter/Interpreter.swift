import TensorIR

/// Runs functions op by op, slow and obvious: the meaning that compiled code is tested against.
package struct Interpreter: Sendable {
  /// What calls foreign functions.
  ///
  /// An object and not the closure itself: task-local values of function types are not passed on rightly
  /// by optimized code of Swift 6.3.
  package final class ForeignCaller: Sendable {
    /// Gives the results of a call for its operands.
    let call: @Sendable (ForeignCall, [Literal]) throws -> [Literal]

    package init(_ call: @escaping @Sendable (ForeignCall, [Literal]) throws -> [Literal]) {
      self.call = call
    }
  }

  /// What calls foreign functions; nil where nothing does.
  @TaskLocal package static var foreignFunctions: ForeignCaller?

  /// The functions that calls may name.
  private let module: Module

  /// An interpreter for functions that call functions of `module`.
  package init(module: Module = Module()) { self.module = module }

  /// The values a function returns for the given arguments.
  ///
  /// - Requires: the function and the module are verified.
  /// - Throws: `AdjointError` where arguments do not fit the parameters, or where an op cannot be
  ///   evaluated, with the op's place.
  package func run(_ function: Function, _ arguments: [Literal]) throws -> [Literal] {
    try check(arguments, for: function)
    var values = [Literal?](repeating: nil, count: function.types.count)
    var remainingUses = function.useCounts()
    for (parameter, argument) in zip(function.parameters, arguments) {
      values[parameter.index] = argument
    }
    for operation in function.operations {
      let operands = try operation.operands.map { try value($0, in: values, at: operation) }
      let results = try evaluate(operation, operands)
      for operand in operation.operands {
        remainingUses[operand.index] -= 1
        if remainingUses[operand.index] == 0 { values[operand.index] = nil }
      }
      for (id, result) in zip(operation.results, results) where remainingUses[id.index] > 0 {
        values[id.index] = result
      }
    }
    return try function.results.map { result in
      guard let value = values[result.index] else {
        throw AdjointError(.type, "\(result) is returned but not defined", at: function.location)
      }
      return value
    }
  }

  /// The results of one operation.
  private func evaluate(_ operation: Operation, _ operands: [Literal]) throws -> [Literal] {
    do {
      switch operation.op {
      case .call(let callee):
        guard let target = module.function(named: callee.name) else {
          throw AdjointError(.type, "there is no function @\(callee.name)")
        }
        return try run(target, operands)
      case .whileLoop(let loop): return try evaluate(loop, operands)
      case .branch(let branch): return try evaluate(branch, operands)
      case .scan(let scan):
        let types = try operation.op.resultTypes(operands.map(\.type))
        for type in types { try operation.op.requireMemory(for: type) }
        return try evaluate(scan, operands, types)
      case .custom(let custom):
        guard let function = custom.function else {
          throw AdjointError(.unsupported, "\(operation.op.mnemonic) has no value of its own")
        }
        return try run(function, operands)
      case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
        .fft, .shape,
        .reduce,
        .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
        .foreign, .window,
        .optimizationBarrier:
        return try operation.op.evaluated(operands)
      }
    } catch let error as AdjointError {
      throw error.placed(at: operation.location)
    }
  }

  /// The value an operation reads.
  private func value(
    _ id: ValueID, in values: [Literal?], at operation: Operation
  ) throws -> Literal {
    guard let value = values[id.index] else {
      throw AdjointError(.type, "\(id) is read before it is defined", at: operation.location)
    }
    return value
  }

  /// Fails unless there is one argument of the right type for each parameter.
  private func check(_ arguments: [Literal], for function: Function) throws {
    let types = function.parameterTypes
    guard arguments.count == types.count else {
      throw AdjointError(
        .argument,
        "@\(function.name) takes \(types.count) argument\(types.count == 1 ? "" : "s"), "
          + "not \(arguments.count)", at: function.location)
    }
    for (position, pair) in zip(arguments, types).enumerated() where pair.0.type != pair.1 {
      throw AdjointError(
        .argument,
        "argument \(position) of @\(function.name) must be \(pair.1), not \(pair.0.type)",
        at: function.location)
    }
  }
}
