internal import CSorting
internal import LoopIR
internal import TensorIR

/// The addresses of the functions that a program calls, and what keeps them valid.
final class FunctionTable: @unchecked Sendable {
  /// Two addresses for each callee of the program, in their order: its own, and what belongs to it.
  let addresses: UnsafePointer<UnsafeRawPointer?>?
  private let memory: UnsafeMutablePointer<UnsafeRawPointer?>?
  /// What the callees are called.
  let names: [String]
  /// The closures among the functions.
  private let closures: [ForeignClosure]

  /// Finds the functions that a program calls.
  ///
  /// - Throws: `AdjointError` where a library or a function is missing.
  init(_ callees: [StepCall.Callee]) throws {
    names = callees.map(\.name)
    var entries = [UnsafeRawPointer?]()
    var closures = [ForeignClosure]()
    for callee in callees {
      switch callee {
      case .routine(let name, let needsLibrary):
        if needsLibrary { try LinearAlgebraLibrary.require() }
        guard let address = LinearAlgebraLibrary.routine(name) ?? adjoint_sorting_routine(name)
        else {
          throw AdjointError(.system, "there is no routine \(name)")
        }
        entries += [address, nil]
      case .foreign(let target, let name):
        let function = try ForeignLibrary.function(target, name)
        entries += [function.address, function.datum]
        if let closure = function.owner { closures.append(closure) }
      }
    }
    self.closures = closures
    guard !entries.isEmpty else {
      (addresses, memory) = (nil, nil)
      return
    }
    let memory = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: entries.count)
    memory.initialize(from: entries, count: entries.count)
    self.memory = memory
    addresses = UnsafePointer(memory)
  }

  deinit { memory?.deallocate() }
}
