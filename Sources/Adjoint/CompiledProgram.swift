internal import Runtime
internal import TensorIR

/// A function ready to be called.
public struct CompiledProgram: Sendable {
  /// The types of the arguments a call takes.
  public let parameterTypes: [TensorType]
  /// The types of the results a call gives.
  public let resultTypes: [TensorType]
  /// Times and sizes of its compilation.
  public let report: CompileReport
  /// What runs.
  private let body: Body

  /// A planned function in the form its engine runs.
  init(_ function: Function, _ body: Body, _ report: CompileReport) {
    parameterTypes = function.parameterTypes
    resultTypes = function.resultTypes
    self.report = report
    self.body = body
  }

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
    return try call(nodes: arguments.map(\.node)).map(TensorData.init)
  }

  /// Runs the function on raw memory, without checks: the fastest way to call it.
  ///
  /// - Requires: `arguments` and `results` point to as many buffers as there are parameters and
  ///   results, each of its type's bytes and aligned to 64 bytes; results do not overlap anything.
  /// - Throws: `AdjointError` from the interpreter; native code does not throw.
  public func call(
    arguments: UnsafePointer<UnsafeRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer>
  ) throws {
    try body.call(arguments: arguments, results: results)
  }

  /// Runs the function on known values of the parameters' types.
  func call(nodes: [TensorNode]) throws -> [TensorNode] {
    zip(resultTypes, try run(nodes)).map { TensorNode($0, adopting: $1) }
  }

  /// Runs the function on known values of the parameters' types; the caller owns the blocks, one of
  /// each result's size.
  func run(_ nodes: [TensorNode]) throws -> [UnsafeMutableRawPointer] {
    precondition(nodes.count == parameterTypes.count, "there must be a value for each parameter")
    var blocks = [UnsafeMutableRawPointer]()
    do {
      for type in resultTypes {
        blocks.append(try BufferPool.allocate(byteCount: type.byteCount))
      }
      try withExtendedLifetime(nodes) {
        try withAddresses(nodes.lazy.compactMap(\.knownAddress).map { UnsafeRawPointer($0) }) {
          arguments in
          try withAddresses(blocks) { try body.call(arguments: arguments, results: $0) }
        }
      }
      return blocks
    } catch {
      for (block, type) in zip(blocks, resultTypes) {
        BufferPool.deallocate(block, byteCount: type.byteCount)
      }
      throw error
    }
  }
}

/// Calls `body` with a list of addresses in temporary memory, which exists even for no address.
private func withAddresses<Address: BitwiseCopyable>(
  _ addresses: some Sequence<Address>, _ body: (UnsafePointer<Address>) throws -> Void
) rethrows {
  let list = Array(addresses)
  try withUnsafeTemporaryAllocation(of: Address.self, capacity: list.count + 1) { buffer in
    _ = buffer.initialize(from: list)
    guard let start = buffer.baseAddress else { return }
    try body(UnsafePointer(start))
  }
}
