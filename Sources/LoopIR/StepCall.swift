package import TensorIR

/// A call of a C function as a step of a program.
package struct StepCall: Sendable, Hashable {
  /// What is called.
  package enum Callee: Sendable, Hashable {
    /// A routine of the runtime, and whether it needs LAPACK.
    case routine(String, needsLibrary: Bool)
    /// A foreign function.
    case foreign(ForeignCall.Target, name: String)
  }

  /// An argument of the C function, in order.
  package enum Argument: Sendable, Hashable {
    /// The address of a buffer that is read.
    case input(BufferID)
    /// The address of a buffer that is written, all of it.
    case output(BufferID)
    /// The one element of a buffer, by value.
    case value(BufferID)
    /// A number.
    case constant(Literal)
    /// The address of the runtime's context.
    case context
    /// The address that belongs to the callee, such as a closure's.
    case datum
    /// The address of a list of addresses: of buffers that are read, then of ones that are written.
    case list([BufferID], [BufferID])
  }

  /// What the C function returns.
  package enum Returned: Sendable, Hashable {
    /// Nothing, or something that nobody reads.
    case nothing
    /// The one element of a buffer.
    case value(BufferID)
    /// An i32 that is zero where the program goes on; else it ends there.
    case status
  }

  /// The function; nil where nothing is called, and what stands in the buffers that are written is unspecified.
  package var callee: Callee?
  package var arguments: [Argument]
  package var returned: Returned
  /// Where it is written in the source.
  package var source: SourceLocation

  package init(
    _ callee: Callee?, _ arguments: [Argument], returning returned: Returned = .nothing,
    source: SourceLocation = .unknown
  ) {
    self.callee = callee
    self.arguments = arguments
    self.returned = returned
    self.source = source
  }

  /// The buffers that are read.
  package var inputs: [BufferID] {
    arguments.flatMap { argument -> [BufferID] in
      switch argument {
      case .input(let buffer), .value(let buffer): [buffer]
      case .list(let read, _): read
      case .output, .constant, .context, .datum: []
      }
    }
  }

  /// The buffers that are written.
  package var outputs: [BufferID] {
    let written = arguments.flatMap { argument -> [BufferID] in
      switch argument {
      case .output(let buffer): [buffer]
      case .list(_, let written): written
      case .input, .value, .constant, .context, .datum: []
      }
    }
    if case .value(let buffer) = returned { return written + [buffer] }
    return written
  }

  /// The call with its buffers replaced.
  package func mappingBuffers(_ transform: (BufferID) -> BufferID) -> StepCall {
    var call = self
    call.arguments = arguments.map { argument in
      switch argument {
      case .input(let buffer): .input(transform(buffer))
      case .output(let buffer): .output(transform(buffer))
      case .value(let buffer): .value(transform(buffer))
      case .list(let read, let written): .list(read.map(transform), written.map(transform))
      case .constant, .context, .datum: argument
      }
    }
    if case .value(let buffer) = returned { call.returned = .value(transform(buffer)) }
    return call
  }
}

extension StepCall {
  /// The name in dumps and errors.
  package var name: String { callee?.name ?? "memory" }
}

extension StepCall.Callee {
  /// The name in dumps.
  package var name: String {
    switch self {
    case .routine(let name, _): name
    case .foreign(_, let name): name
    }
  }
}

/// What stands for the number of a function that failed where there was no scratch memory.
package let scratchFailure = -1

extension LoopProgram {
  /// What the steps call, each once, in the order of the tree; the runtime's table has as many entries.
  package var callees: [StepCall.Callee] {
    var callees = [StepCall.Callee]()
    steps.forEachStep { step in
      if case .call(let call) = step, let callee = call.callee, !callees.contains(callee) {
        callees.append(callee)
      }
    }
    return callees
  }

  /// Where each of them is called; all the places of one that is called from several.
  package var calleePlaces: [[SourceLocation]] {
    var places = [StepCall.Callee: [SourceLocation]]()
    steps.forEachStep { step in
      if case .call(let call) = step, let callee = call.callee {
        places[callee, default: []].append(call.source)
      }
    }
    return callees.map { places[$0] ?? [] }
  }

  /// How many addresses the longest list among arguments of calls has.
  package var longestList: Int {
    var longest = 0
    steps.forEachStep { step in
      guard case .call(let call) = step else { return }
      for case .list(let read, let written) in call.arguments {
        longest = max(longest, read.count + written.count)
      }
    }
    return longest
  }

  /// Whether the program may end before it is done: where a function fails, or there is no scratch memory.
  package var mayEndEarly: Bool {
    var isFound = kernels.contains(where: \.usesScratch)
    steps.forEachStep { step in
      if case .call(let call) = step, call.returned == .status { isFound = true }
    }
    return isFound
  }

  /// A call as text: `out1 = name(in0, 3)`.
  func description(of call: StepCall) -> String {
    func name(_ buffer: BufferID) -> String { buffers[buffer.index].name }
    let arguments = call.arguments.map { argument in
      switch argument {
      case .input(let buffer): name(buffer)
      case .output(let buffer): "&" + name(buffer)
      case .value(let buffer): "*" + name(buffer)
      case .constant(let literal):
        literal.type.element.isFloat ? "\(literal.doubles[0])" : "\(literal.integers[0])"
      case .list(let read, let written):
        "[\((read.map(name) + written.map { "&" + name($0) }).joined(separator: ", "))]"
      case .context: "context"
      case .datum: "data"
      }
    }
    let text = "call \(call.name)(\(arguments.joined(separator: ", ")))"
    switch call.returned {
    case .nothing: return text
    case .value(let buffer): return "\(name(buffer)) = \(text)"
    case .status: return "\(text) or end"
    }
  }
}
