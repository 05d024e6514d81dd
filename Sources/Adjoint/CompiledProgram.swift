internal import TensorIR

/// A function ready to be called.
public struct CompiledProgram: Sendable {
  /// What runs.
  let body: ProgramBody

  /// The types of the arguments a call takes.
  public var parameterTypes: [TensorType] { body.parameterTypes }
  /// The types of the results a call gives.
  public var resultTypes: [TensorType] { body.resultTypes }
  /// For each result that a call on raw memory leaves in the memory of a donated argument, that
  /// argument, both by number.
  public var donations: [Int: Int] { body.executable?.donations ?? [:] }
  /// Times and sizes of its compilation.
  public var report: CompileReport { body.report }

  /// Whether the best code is in place: see ``CompilePolicy``.
  public var isBest: Bool { body.executable?.isBest ?? true }

  /// Puts the best code in place, and returns when it is.
  public func improve() { body.executable?.improve() }

  /// Runs the function.
  ///
  /// - Throws: `AdjointError` where the arguments do not have the types of `parameterTypes`.
  public func call(_ arguments: [TensorData]) throws -> [TensorData] {
    guard arguments.count == parameterTypes.count else {
      throw AdjointError(
        .argument, "the function takes \(parameterTypes.count) arguments, not \(arguments.count)")
    }
    for (index, (argument, type)) in zip(arguments, parameterTypes).enumerated()
    where argument.type != type {
      throw AdjointError(.argument, "argument \(index) must be \(type), not \(argument.type)")
    }
    return try body.call(arguments.map(\.node)).map(TensorData.init)
  }

  /// Runs the function on raw memory, without checks: the fastest way to call it.
  ///
  /// - Requires: `arguments` and `results` point to as many buffers as there are parameters and
  ///   results, each of its type's bytes and aligned to 64 bytes; results do not overlap anything.
  ///   The memory of donated arguments is the call's to write: results in `donations` are left there,
  ///   and their own pointers are not used.
  /// - Throws: `AdjointError` from the interpreter; native code does not throw.
  public func call(
    arguments: UnsafePointer<UnsafeRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer>
  ) throws {
    try body.call(arguments: arguments, results: results)
  }
}
