internal import LoopIR
internal import TensorIR

/// A compiled program: its object files, and what calls need to know.
struct ProgramImage: Sendable {
  /// The types of the arguments a call takes.
  var parameterTypes: [TensorType]
  /// The types of the results a call writes.
  var resultTypes: [TensorType]
  /// For each result that a call leaves in the memory of a donated argument, that argument.
  var donations: [Int: Int]
  /// Whether there are loops whose number of iterations only they know.
  var mayRunOn: Bool
  var arenaByteCount: Int
  var kernelCount: Int
  var instructionCount: Int
  /// Of the memory plan: bytes of the arena where nothing is computed again, bytes saved, bytes computed
  /// again, operations added.
  var memoryCounts = [0, 0, 0, 0]
  /// What the program calls, in the order of its table of addresses.
  var callees: [StepCall.Callee] = []
  /// Where each of them is called, as far as this process knows.
  var calleePlaces: [[SourceLocation]] = []
  /// Whether one of these may end it.
  var mayEndEarly = false
  /// The object file of the entry, then those of the kernels' code.
  var objects: [[UInt8]]
  /// For each object the places of those that it calls, in the order of their numbers.
  var calledObjects: [[Int]]
  /// The names of the objects for readers.
  var names: [String]

  /// How many functions kernels and their steps were compiled to.
  var functionCount: Int { objects.count - 1 }

  /// Whether another process finds all that the program calls: only routines of the runtime, as foreign
  /// functions and closures belong to this one.
  var outlivesProcess: Bool {
    callees.allSatisfy { callee in
      switch callee {
      case .routine: true
      case .foreign: false
      }
    }
  }

  /// The image as bytes.
  var bytes: [UInt8] {
    var writer = ByteWriter()
    for types in [parameterTypes, resultTypes] {
      writer.write(types) { writer, type in
        writer.write(type.element.rawValue)
        writer.write(type.shape) { $0.write($1) }
      }
    }
    writer.write(donations.sorted { $0.key < $1.key }) { writer, pair in
      writer.write(pair.key)
      writer.write(pair.value)
    }
    for number in [mayRunOn ? 1 : 0, arenaByteCount, kernelCount, instructionCount] {
      writer.write(number)
    }
    writer.write(memoryCounts) { $0.write($1) }
    writer.write(callees) { $0.write($1) }
    writer.write(mayEndEarly ? 1 : 0)
    writer.write(objects) { $0.write($1) }
    writer.write(calledObjects) { writer, places in writer.write(places) { $0.write($1) } }
    writer.write(names) { $0.write($1) }
    return writer.bytes
  }
}

extension ProgramImage {
  /// Reads an image; nil for bytes that are none.
  init?(bytes: [UInt8]) {
    var reader = ByteReader(bytes[...])
    guard let parameters = reader.types(), let results = reader.types(),
      let donations = reader.list({ reader -> (Int, Int)? in
        guard let result = reader.number(), let argument = reader.number(),
          results.indices.contains(result), parameters.indices.contains(argument)
        else { return nil }
        return (result, argument)
      }),
      let mayRunOn = reader.number(), let arena = reader.number(), arena >= 0,
      let kernels = reader.number(), let instructions = reader.number(),
      let memory = reader.list({ $0.number() }), memory.count == 4,
      let callees = reader.list({ $0.callee() }), let mayEndEarly = reader.number(),
      let objects = reader.list({ $0.block().map(Array.init) }), !objects.isEmpty,
      let called = reader.list({ $0.list({ $0.number() }) }), called.count == objects.count,
      called.allSatisfy({ $0.allSatisfy(objects.indices.contains) }),
      let names = reader.list({ $0.text() }), names.count == objects.count, reader.isAtEnd
    else { return nil }
    parameterTypes = parameters
    resultTypes = results
    self.donations = Dictionary(donations, uniquingKeysWith: { first, _ in first })
    self.mayRunOn = mayRunOn != 0
    arenaByteCount = arena
    kernelCount = kernels
    instructionCount = instructions
    memoryCounts = memory
    self.callees = callees
    self.mayEndEarly = mayEndEarly != 0
    self.objects = objects
    calledObjects = called
    self.names = names
  }
}

extension ByteReader {
  /// The next list of types.
  fileprivate mutating func types() -> [TensorType]? {
    list { reader in
      guard let element = reader.text().flatMap({ ElementType(rawValue: $0) }),
        let shape = reader.list({ $0.number() }), shape.allSatisfy({ $0 >= 0 })
      else { return nil }
      return TensorType(shape, element)
    }
  }
}

extension ByteWriter {
  /// Writes a routine of the runtime.
  fileprivate mutating func write(_ callee: StepCall.Callee) {
    switch callee {
    case .routine(let name, let needsLibrary):
      write(name)
      write(needsLibrary ? 1 : 0)
    case .foreign:
      preconditionFailure("programs with foreign functions are not kept")
    }
  }
}

extension ByteReader {
  /// The next routine of the runtime.
  fileprivate mutating func callee() -> StepCall.Callee? {
    guard let name = text(), let needsLibrary = number() else { return nil }
    return .routine(name, needsLibrary: needsLibrary != 0)
  }
}
