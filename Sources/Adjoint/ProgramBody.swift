internal import Interpreter
internal import Runtime
internal import TensorIR

/// A planned function in the form its engine runs, and memory for its results.
final class ProgramBody: Sendable {
  /// The types of the arguments a call takes.
  let parameterTypes: [TensorType]
  /// The types of the results a call gives.
  let resultTypes: [TensorType]
  /// The sizes of the results.
  private let resultByteCounts: [Int]
  /// Times and sizes of its compilation.
  let report: CompileReport
  /// The native code; nil for the interpreter.
  let executable: Executable?
  /// What the interpreter runs.
  let function: Function

  /// A planned function, with its native code unless the interpreter runs it.
  init(_ function: Function, _ executable: Executable?, _ report: CompileReport) {
    self.function = function
    self.executable = executable
    self.report = report
    parameterTypes = function.parameterTypes
    resultTypes = function.resultTypes
    resultByteCounts = resultTypes.map(\.byteCount)
  }

  /// Runs on raw memory, as `CompiledProgram.call(arguments:results:)` says.
  func call(
    arguments: UnsafePointer<UnsafeRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer>
  ) throws {
    if let executable {
      try executable.call(arguments: arguments, results: results)
    } else {
      try interpret(arguments, results)
    }
  }

  /// Runs the interpreter on raw memory.
  private func interpret(
    _ arguments: UnsafePointer<UnsafeRawPointer>,
    _ results: UnsafePointer<UnsafeMutableRawPointer>
  ) throws {
    let literals = parameterTypes.enumerated().map { index, type in
      Literal(
        type, bytes: Array(UnsafeRawBufferPointer(start: arguments[index], count: type.byteCount)))
    }
    for (index, literal) in try Interpreter().run(function, literals).enumerated() {
      literal.denseBytes.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(start: results[index], count: bytes.count)
          .copyMemory(from: bytes)
      }
    }
  }

  /// Runs the function on known values of the parameters' types.
  func call(_ nodes: [TensorNode]) throws -> [TensorNode] {
    var nodes = nodes
    try call(replacing: &nodes, captures: [])
    return nodes
  }

  /// Runs the function on known values of the parameters' types; the caller owns the blocks, one of
  /// each result's size.
  func run(_ nodes: [TensorNode]) throws -> [UnsafeMutableRawPointer] {
    try withBuffers(of: nodes.count) { arguments, blocks in
      try run(nodes, [], arguments, blocks)
      return Array(UnsafeBufferPointer(start: blocks, count: resultTypes.count))
    }
  }

  /// Runs the function on known values of the parameters' types, the last of which are `captures`,
  /// and puts the results in place of the arguments.
  func call(replacing nodes: inout [TensorNode], captures: [TensorNode]) throws {
    try withBuffers(of: nodes.count + captures.count) { arguments, blocks in
      try run(nodes, captures, arguments, blocks)
      // Emptied rather than replaced, so that the results use the arguments' memory.
      nodes.removeAll(keepingCapacity: true)
      for index in resultTypes.indices {
        nodes.append(
          TensorNode(
            resultTypes[index], byteCount: resultByteCounts[index], adopting: blocks[index]))
      }
    }
  }

  /// Lists on the stack for the addresses of `count` arguments and of the results.
  private func withBuffers<Value>(
    of count: Int,
    _ body: (
      UnsafeMutablePointer<UnsafeRawPointer>, UnsafeMutablePointer<UnsafeMutableRawPointer>
    ) throws -> Value
  ) throws -> Value {
    precondition(count == parameterTypes.count, "there must be a value for each parameter")
    // One element more than needed, so that both lists exist even without elements.
    return try withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: count + 1) {
      arguments in
      try withUnsafeTemporaryAllocation(
        of: UnsafeMutableRawPointer.self, capacity: resultTypes.count + 1
      ) { blocks in
        guard let argumentStart = arguments.baseAddress, let blockStart = blocks.baseAddress else {
          preconditionFailure("temporary memory has an address")
        }
        return try body(argumentStart, blockStart)
      }
    }
  }

  /// Runs the function; `blocks` gets a block for each result, which the caller takes over.
  private func run(
    _ nodes: [TensorNode], _ captures: [TensorNode],
    _ arguments: UnsafeMutablePointer<UnsafeRawPointer>,
    _ blocks: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) throws {
    for index in nodes.indices {
      (arguments + index).initialize(to: nodes[index].requiredAddress)
    }
    for index in captures.indices {
      (arguments + nodes.count + index).initialize(to: captures[index].requiredAddress)
    }
    try allocate(blocks)
    // Others may hold a donated argument too: the call works on a copy, where the result is to be.
    for (result, argument) in executable?.donations ?? [:] {
      blocks[result].copyMemory(from: arguments[argument], byteCount: resultByteCounts[result])
      arguments[argument] = UnsafeRawPointer(blocks[result])
    }
    do {
      try withExtendedLifetime((nodes, captures)) {
        try call(arguments: arguments, results: blocks)
      }
    } catch {
      deallocate(blocks, count: resultTypes.count)
      throw error
    }
  }

  /// Memory for each result.
  private func allocate(_ blocks: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws {
    try BufferPool.allocate(resultByteCounts, into: blocks)
  }

  /// Gives back the memory of the first results.
  private func deallocate(_ blocks: UnsafeMutablePointer<UnsafeMutableRawPointer>, count: Int) {
    for index in 0..<count {
      BufferPool.deallocate(blocks[index], byteCount: resultByteCounts[index])
    }
  }
}

extension TensorNode {
  /// The elements.
  ///
  /// - Requires: the value is known.
  fileprivate var requiredAddress: UnsafeRawPointer {
    guard let knownAddress else { preconditionFailure("an argument must be known") }
    return UnsafeRawPointer(knownAddress)
  }
}
