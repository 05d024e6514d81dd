internal import TensorIR

/// Copies a function with one scan, and the scans that read what it saves, taken apart.
protocol ScanRewriter {
  /// The function that is copied.
  var source: Function { get }
  var pair: CheckpointedScan { get }
  var builder: FunctionBuilder { get set }
  /// The copies of the source's values.
  var map: [ValueID: ValueID] { get set }

  /// Puts something in the place of the scan that saves.
  mutating func emitForward() throws
  /// Puts something in the place of a scan that reads.
  mutating func emit(_ reader: CheckpointedScan.Reader) throws
}

extension ScanRewriter {
  /// The copy.
  mutating func run() throws -> Function {
    for parameter in source.parameters { map[parameter] = builder.parameter(source[parameter]) }
    let divided = Set(pair.sums.flatMap(\.parts) + pair.products.values.map(\.result))
    for operation in source.operations {
      // What a sum takes is there before its reader, and the sum with it.
      let isDone = !operation.results.isEmpty && operation.results.allSatisfy { map[$0] != nil }
      if isDone || operation.results.contains(where: divided.contains) { continue }
      builder.location = operation.location
      let reader = pair.readers.first { $0.operation.results == operation.results }
      if operation.results == pair.forwardOperation.results {
        try emitForward()
      } else if let reader {
        try emit(reader)
      } else {
        let results = try builder.copy(operation, operands: operation.operands.map(mapped))
        for (old, new) in zip(operation.results, results) { map[old] = new }
      }
    }
    return builder.finish(returning: source.results.map(mapped))
  }

  /// The copy of a value, made now where it is defined further down.
  mutating func demanded(_ value: ValueID, _ definitions: [Int?]) throws -> ValueID {
    if let known = map[value] { return known }
    guard let position = definitions[value.index] else { return mapped(value) }
    let operation = source.operations[position]
    let operands = try operation.operands.map { try demanded($0, definitions) }
    let results = try builder.copy(operation, operands: operands)
    for (old, new) in zip(operation.results, results) { map[old] = new }
    return mapped(value)
  }

  /// The copy of a value.
  func mapped(_ value: ValueID) -> ValueID {
    guard let known = map[value] else { preconditionFailure("values are defined before use") }
    return known
  }
}

extension FunctionBuilder {
  /// A builder of a copy of a function, without its parameters.
  init(copying source: Function) {
    self.init(name: source.name, isPrivate: source.isPrivate, location: source.location)
    keepAttributes(of: source)
  }
}
