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
    try withResults(of: nodes, []) { Array($0) }
  }

  /// Runs the function on known values of the parameters' types, the last of which are `captures`,
  /// and puts the results in place of the arguments.
  func call(replacing nodes: inout [TensorNode], captures: [TensorNode]) throws {
    let arguments = nodes
    try withResults(of: arguments, captures) { blocks in
      nodes.removeAll(keepingCapacity: true)
      for index in blocks.indices {
        nodes.append(TensorNode(resultTypes[index], adopting: blocks[index]))
      }
    }
  }

  /// Runs the function and hands over a block for each result, which `body` takes over.
  private func withResults<Value>(
    of nodes: [TensorNode], _ captures: [TensorNode],
    _ body: (UnsafeMutableBufferPointer<UnsafeMutableRawPointer>) throws -> Value
  ) throws -> Value {
    let count = nodes.count + captures.count
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
        for (index, node) in nodes.enumerated() {
          (argumentStart + index).initialize(to: node.requiredAddress)
        }
        for (index, node) in captures.enumerated() {
          (argumentStart + nodes.count + index).initialize(to: node.requiredAddress)
        }
        try allocate(blockStart)
        do {
          try withExtendedLifetime((nodes, captures)) {
            try call(arguments: argumentStart, results: blockStart)
          }
        } catch {
          deallocate(blockStart, count: resultTypes.count)
          throw error
        }
        return try body(UnsafeMutableBufferPointer(rebasing: blocks.dropLast()))
      }
    }
  }

  /// Memory for each result.
  private func allocate(_ blocks: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws {
    for index in resultByteCounts.indices {
      do {
        (blocks + index).initialize(
          to: try BufferPool.allocate(byteCount: resultByteCounts[index]))
      } catch {
        deallocate(blocks, count: index)
        throw error
      }
    }
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
