internal import LoopIR
internal import TensorIR

/// The addresses of the functions that a program calls, and what keeps them valid.
final class FunctionTable: @unchecked Sendable {
  /// Two addresses for each callee of the program, in their order: its own, and what belongs to it.
  let addresses: UnsafePointer<UnsafeRawPointer?>?
  private let memory: UnsafeMutablePointer<UnsafeRawPointer?>?
  /// What the callees are called.
  let names: [String]
  /// Where each is called.
  private let places: [[SourceLocation]]
  /// The closures among the functions.
  private let closures: [ForeignClosure]

  /// Finds the functions that a program calls.
  ///
  /// - Parameter places: where each is called, as far as that is known.
  /// - Throws: `AdjointError` where a library or a function is missing, with the first place that calls it.
  init(_ callees: [StepCall.Callee], calledAt places: [[SourceLocation]] = []) throws {
    names = callees.map(\.name)
    self.places = places
    var entries = [UnsafeRawPointer?]()
    var closures = [ForeignClosure]()
    for (number, callee) in callees.enumerated() {
      let place = places.indices.contains(number) ? places[number].first ?? .unknown : .unknown
      switch callee {
      case .routine(let name, let needsLibrary):
        let target = ForeignCall.Target.routine(name, needsLibrary: needsLibrary)
        entries += [try Self.function(target, name, at: place).address, nil]
      case .foreign(let target, let name):
        let function = try Self.function(target, name, at: place)
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

  /// A function that is called at a place.
  private static func function(
    _ target: ForeignCall.Target, _ name: String, at place: SourceLocation
  ) throws -> ForeignLibrary.Function {
    do {
      return try ForeignLibrary.function(target, name)
    } catch let error as AdjointError {
      throw error.placed(at: place)
    }
  }

  /// The only place that calls a function; nil where there are several, or none is known.
  func place(of number: Int) -> SourceLocation? {
    guard places.indices.contains(number) else { return nil }
    return places[number].count == 1 ? places[number][0] : nil
  }

  deinit { memory?.deallocate() }
}
