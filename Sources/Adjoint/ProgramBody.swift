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
  /// The executable's donations.
  private let donations: [(result: Int, argument: Int)]
  /// The same without a reference count, which costs calls time.
  private let unretainedExecutable: Unmanaged<Executable>?
  /// The operations one by one, where the function is too small to be worth compiling.
  private let immediate: ImmediateProgram?
  /// The planned function, which the interpreter runs.
  let planned: @Sendable () throws -> Function

  /// A planned function that the interpreter runs.
  init(_ function: Function, _ report: CompileReport) {
    planned = { function }
    executable = nil
    immediate = nil
    donations = []
    unretainedExecutable = nil
    self.report = report
    parameterTypes = function.parameterTypes
    resultTypes = function.resultTypes
    resultByteCounts = resultTypes.map(\.byteCount)
  }

  /// A function that is carried out without being compiled.
  init(_ immediate: ImmediateProgram, _ function: Function) {
    planned = { function }
    executable = nil
    self.immediate = immediate
    donations = []
    unretainedExecutable = nil
    report = CompileReport()
    parameterTypes = immediate.parameterTypes
    resultTypes = immediate.resultTypes
    resultByteCounts = resultTypes.map(\.byteCount)
  }

  /// Native code, and the planned function that it was made from, or would be.
  init(
    _ executable: Executable, _ report: CompileReport,
    planned: @escaping @Sendable () throws -> Function
  ) {
    self.planned = planned
    self.executable = executable
    immediate = nil
    donations = executable.donations.map { ($0.key, $0.value) }
    unretainedExecutable = Unmanaged.passUnretained(executable)
    self.report = report
    parameterTypes = executable.parameterTypes
    resultTypes = executable.resultTypes
    resultByteCounts = resultTypes.map(\.byteCount)
  }

  /// Runs on raw memory, as `CompiledProgram.call(arguments:results:)` says.
  func call(
    arguments: UnsafePointer<UnsafeRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer>
  ) throws {
    if let unretainedExecutable {
      try unretainedExecutable._withUnsafeGuaranteedRef {
        try $0.call(arguments: arguments, results: results)
      }
    } else if let immediate {
      try immediate.call(arguments: arguments, results: results)
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
    let function = try planned()
    let caller = Interpreter.ForeignCaller(ForeignInvocation.call)
    let found = try Interpreter.$foreignFunctions.withValue(caller) {
      try Interpreter().run(function, literals)
    }
    for (index, literal) in found.enumerated() {
      literal.denseBytes.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(start: results[index], count: bytes.count)
          .copyMemory(from: bytes)
      }
    }
  }

  /// Replaces donated arguments by copies where the results are to be: others may hold the arguments
  /// too, and calls write to donated memory. An argument that is there already stays.
  func copyDonations(
    of arguments: UnsafeMutablePointer<UnsafeRawPointer>,
    to results: UnsafePointer<UnsafeMutableRawPointer>
  ) {
    for (result, argument) in donations where arguments[argument] != results[result] {
      results[result].copyMemory(from: arguments[argument], byteCount: resultByteCounts[result])
      arguments[argument] = UnsafeRawPointer(results[result])
    }
  }

  /// Runs the function on known values of the parameters' types.
  func call(_ nodes: [TensorNode]) throws -> [TensorNode] {
    zip(resultTypes, try run(nodes)).map { type, block in
      TensorNode(type, byteCount: type.byteCount, adopting: block)
    }
  }

  /// Runs the function on known values of the parameters' types; the caller owns the blocks, one of
  /// each result's size.
  func run(_ nodes: [TensorNode]) throws -> [UnsafeMutableRawPointer] {
    try run(nodes, takingOver: [Int?](repeating: nil, count: resultTypes.count))
  }

  /// Runs the function on known values of the parameters' types, the last of which are `captures`.
  ///
  /// Results take over the memory of donated values to which `nodes` has the only reference: nobody
  /// else can see that their elements change. Of other donated values the call gets copies.
  func update(_ nodes: inout [TensorNode], _ captures: [TensorNode]) throws -> [TensorNode] {
    var givers = [Int?](repeating: nil, count: resultTypes.count)
    for (result, argument) in donations where isKnownUniquelyReferenced(&nodes[argument]) {
      givers[result] = argument
    }
    let blocks = try run(nodes + captures, takingOver: givers)
    for case let giver? in givers { nodes[giver].surrenderMemory() }
    return zip(resultTypes, blocks).map { type, block in
      TensorNode(type, byteCount: type.byteCount, adopting: block)
    }
  }

  /// Runs the function on known values of the parameters' types; each result is left in the memory of
  /// the value that `givers` names by number, or in a new block, which the caller owns.
  private func run(
    _ nodes: [TensorNode], takingOver givers: [Int?]
  ) throws -> [UnsafeMutableRawPointer] {
    precondition(nodes.count == parameterTypes.count, "there must be a value for each parameter")
    var arguments = nodes.map(\.requiredAddress)
    let fresh = resultTypes.indices.filter { givers[$0] == nil }
    let blocks = try BufferPool.allocate(fresh.map { resultByteCounts[$0] })
    var results = givers.map { giver in
      giver.map { UnsafeMutableRawPointer(mutating: arguments[$0]) }
    }
    for (result, block) in zip(fresh, blocks) { results[result] = block }
    let places = results.compactMap { $0 }
    copyDonations(of: &arguments, to: places)
    do {
      try withExtendedLifetime(nodes) { try call(arguments: arguments, results: places) }
    } catch {
      for (block, result) in zip(blocks, fresh) {
        BufferPool.deallocate(block, byteCount: resultByteCounts[result])
      }
      throw error
    }
    return places
  }
}

extension TensorNode {
  /// The elements.
  ///
  /// - Requires: the value is known.
  var requiredAddress: UnsafeRawPointer {
    guard let knownAddress else { preconditionFailure("an argument must be known") }
    return UnsafeRawPointer(knownAddress)
  }
}
