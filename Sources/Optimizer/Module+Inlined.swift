import TensorIR

extension Module {
  /// The most operations, calls among them, that inlining copies before it gives up.
  package static let inlinedOperationLimit = 1 << 18

  /// The function with every call replaced by the operations of the function called, all the way
  /// down. Operations keep their places. Calls of one function without effects with the same arguments
  /// share its operations.
  ///
  /// - Throws: `AdjointError` where a function is missing, calls itself, has other types than the
  ///   call, or where the result would be too long.
  /// - Complexity: O(n) in the operations of the result.
  package func inlined(
    _ function: Function, limit: Int = inlinedOperationLimit
  ) throws -> Function {
    guard function.hasCall else { return function }
    var inliner = Inliner(module: self, entry: function, limit: limit)
    return try inliner.run()
  }
}

/// Copies a function into one without calls, with a stack of its own.
private struct Inliner {
  /// A function being copied.
  private struct Frame {
    let function: Function
    /// The operation to copy next.
    var position = 0
    /// The copies of the function's values.
    var map: [ValueID]
    /// What the function was called for; nil for the entry.
    var call: Call?
    /// How many operations with effects there were before it.
    var effectCount = 0
  }

  /// A call as far as its results depend on it.
  private struct Call: Hashable {
    var callee: String
    var arguments: [ValueID]
  }

  private let callees: [String: Function]
  private var frames: [Frame]
  private var active: Set<String>
  private var copy: Function
  /// The results of calls of functions without effects.
  private var known: [Call: [ValueID]] = [:]
  /// How many operations with effects were copied.
  private var effectCount = 0
  private var steps = 0
  private let limit: Int

  /// An inliner for one function of a module.
  init(module: Module, entry: Function, limit: Int) {
    self.init(
      callees: Dictionary(module.functions.map { ($0.name, $0) }) { first, _ in first },
      entry: entry, active: [entry.name], limit: limit)
  }

  /// An inliner for a function, or for a region inside of functions that are being copied.
  private init(
    callees: [String: Function], entry: Function, active: Set<String>, limit: Int
  ) {
    self.limit = limit
    self.callees = callees
    self.active = active
    copy = entry
    copy.operations = []
    copy.types = []
    frames = [Frame(function: entry, map: Array(repeating: ValueID(-1), count: entry.types.count))]
    copy.parameters = entry.parameters.map { parameter in
      let value = define(entry[parameter])
      frames[0].map[parameter.index] = value
      return value
    }
  }

  /// Copies until the entry has ended.
  mutating func run() throws -> Function {
    while true {
      let top = frames.count - 1
      if frames[top].position == frames[top].function.operations.count {
        let results = returned(by: frames[top])
        let ended = frames.removeLast()
        if top > 0 { active.remove(ended.function.name) }
        guard top > 0 else {
          copy.results = results
          return copy
        }
        if let call = ended.call, ended.effectCount == effectCount { known[call] = results }
        finish(with: results)
      } else {
        try step(top)
      }
    }
  }

  /// Copies one operation of the frame on top, or enters the function it calls.
  private mutating func step(_ top: Int) throws {
    let operation = frames[top].function.operations[frames[top].position]
    frames[top].position += 1
    steps += 1
    guard steps <= limit else {
      throw AdjointError(
        .unsupported,
        "inlining calls gives more than \(limit) operations",
        at: operation.location)
    }
    let operands = operation.operands.map { frames[top].map[$0.index] }
    if case .call(let callee) = operation.op {
      let call = Call(callee: callee.name, arguments: operands)
      if let results = known[call] { return finish(with: results) }
      return try enter(callee, call, at: operation.location)
    }
    let results = operation.results.map { old in
      let new = define(frames[top].function[old])
      frames[top].map[old.index] = new
      return new
    }
    var copied = operation
    (copied.operands, copied.results) = (operands, results)
    copied.op = try operation.op.mappingRegions { try inlined($0) }
    if copied.op.effect == .state { effectCount += 1 }
    copy.operations.append(copied)
  }

  /// Gives the results of the call that the frame on top has just come to.
  private mutating func finish(with results: [ValueID]) {
    let top = frames.count - 1
    let call = frames[top].function.operations[frames[top].position - 1]
    for (old, new) in zip(call.results, results) { frames[top].map[old.index] = new }
  }

  /// A region with every call replaced, within the same limit.
  private mutating func inlined(_ region: Region) throws -> Region {
    guard region.hasCall else { return region }
    var inliner = Inliner(callees: callees, entry: region, active: active, limit: limit - steps)
    let closed = try inliner.run()
    steps += inliner.steps
    return closed
  }

  /// Starts a copy of a function that is called.
  private mutating func enter(
    _ callee: Callee, _ call: Call, at location: SourceLocation
  ) throws {
    guard let function = callees[callee.name] else {
      throw AdjointError(.type, "there is no function @\(callee.name)", at: location)
    }
    guard function.parameterTypes == call.arguments.map({ copy[$0] }),
      function.resultTypes == callee.resultTypes
    else {
      throw AdjointError(
        .type, "the call does not have the types of @\(callee.name)", at: location)
    }
    guard active.insert(callee.name).inserted else {
      throw AdjointError(.unsupported, "function @\(callee.name) calls itself", at: location)
    }
    var frame = Frame(
      function: function, map: Array(repeating: ValueID(-1), count: function.types.count))
    (frame.call, frame.effectCount) = (call, effectCount)
    for (parameter, argument) in zip(function.parameters, call.arguments) {
      frame.map[parameter.index] = argument
    }
    frames.append(frame)
  }

  /// What a function that has been copied returns.
  private func returned(by frame: Frame) -> [ValueID] {
    frame.function.results.map { frame.map[$0.index] }
  }

  /// Adds a value to the copy's table.
  private mutating func define(_ type: TensorType) -> ValueID {
    copy.types.append(type)
    return ValueID(copy.types.count - 1)
  }
}

extension Function {
  /// Whether an operation, here or in a region, calls a function of the module.
  fileprivate var hasCall: Bool {
    operations.contains { operation in
      if case .call = operation.op { return true }
      return operation.op.regions.contains(where: \.hasCall)
    }
  }
}
