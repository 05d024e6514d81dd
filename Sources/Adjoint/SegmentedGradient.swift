internal import TensorIR

/// A function that looked at values while it was traced, cut where it did, and the gradient of its first
/// result by way of the parts.
///
/// The parts of a loop that looks at a value in each round are equal functions, whose pullbacks are
/// compiled once; so the time of compilation does not grow with the number of rounds, as it would if the
/// whole were one function.
struct SegmentedGradient {
  /// As many looks make cutting worthwhile.
  static let leastCuts = 8

  /// A part of the function.
  private struct Segment {
    /// The positions of its operations that the results need.
    let positions: [Int]
    /// What it computes for later parts or as a result, in order.
    let outputs: [ValueID]
  }

  private let function: Function
  private let segments: [Segment]
  /// For each value whether it depends on an argument that is differentiated.
  private let isActive: [Bool]
  /// The values so far, by id.
  private var nodes: [TensorNode?]
  /// The cotangents so far, by id.
  private var cotangents: [TensorNode?]

  /// Cuts a traced function, to be differentiated with respect to the parameters at some positions.
  init(_ traced: TracedFunction, arguments: [TensorNode], differentiated: [Int]) throws {
    let function = traced.function
    self.function = function
    isActive = function.activeValues(differentiated.map { function.parameters[$0] })
    segments = Self.segments(of: function, cuts: traced.cuts)
    nodes = Array(repeating: nil, count: function.types.count)
    cotangents = nodes
    let known = try Evaluation.known(arguments + traced.captures, at: .unknown)
    for (parameter, node) in zip(function.parameters, known) { nodes[parameter.index] = node }
  }

  /// The results, and the first one's gradient for the parameters at some positions.
  mutating func valueWithGradient(
    of differentiated: [Int]
  ) throws -> (values: [TensorNode], gradient: [TensorNode]) {
    for segment in segments { try run(segment) }
    let seed = function.results[0]
    cotangents[seed.index] = try TensorNode(
      Literal(TensorType([], function[seed].element), filledWith: 1))
    for segment in segments.reversed() { try pullBack(segment) }
    let gradient = differentiated.map { position in
      let parameter = function.parameters[position]
      return cotangents[parameter.index] ?? .zeros(function[parameter])
    }
    return (function.results.map(node), try Evaluation.known(gradient, at: .unknown))
  }

  /// A value that has been computed.
  private func node(_ value: ValueID) -> TensorNode {
    guard let node = nodes[value.index] else {
      preconditionFailure("parts run in the order of the function")
    }
    return node
  }

  /// The needed operations between cuts.
  private static func segments(of function: Function, cuts: [Int]) -> [Segment] {
    let isNeeded = function.neededOperations()
    let ends = cuts.filter { $0 < function.operations.count } + [function.operations.count]
    var last = [Int](repeating: -1, count: function.types.count)
    for (position, operation) in function.operations.enumerated() where isNeeded[position] {
      for operand in operation.operands { last[operand.index] = position }
    }
    for result in function.results { last[result.index] = .max }
    var start = 0
    return ends.compactMap { end in
      let positions = (start..<end).filter { isNeeded[$0] }
      start = end
      let outputs = positions.flatMap { function.operations[$0].results }
        .filter { last[$0.index] >= end }
      return outputs.isEmpty ? nil : Segment(positions: positions, outputs: outputs)
    }
  }

  /// Computes the values of a part.
  private mutating func run(_ segment: Segment) throws {
    let part = function.part(segment.positions, returning: segment.outputs)
    let program = try ProgramCache.current.program(for: part.function)
    for (output, value) in zip(segment.outputs, try program.body.call(part.inputs.map(node))) {
      nodes[output.index] = value
    }
  }

  /// Adds what the cotangents of a part's results make of those of its inputs.
  private mutating func pullBack(_ segment: Segment) throws {
    let outputs = segment.outputs.filter { isActive[$0.index] && cotangents[$0.index] != nil }
    guard !outputs.isEmpty else { return }
    let part = function.part(
      function.positions(segment.positions, neededFor: outputs), returning: outputs)
    let active = part.inputs.indices.filter { isActive[part.inputs[$0].index] }
    guard !active.isEmpty else { return }
    let program = try ProgramCache.current.program(
      forPullbackOf: part.function, arguments: active)
    let seeds = try Evaluation.known(
      outputs.compactMap { cotangents[$0.index] }, at: .unknown)
    for output in outputs { cotangents[output.index] = nil }
    let found = try program.body.call(part.inputs.map(node) + seeds)
    for (position, cotangent) in zip(active, found) {
      let input = part.inputs[position].index
      cotangents[input] =
        cotangents[input].map { $0.binary(.add, cotangent, at: .unknown) }
        ?? cotangent
    }
  }
}

extension Function {
  /// For each value whether it is a float that depends on one of some values.
  fileprivate func activeValues(_ sources: [ValueID]) -> [Bool] {
    var isActive = [Bool](repeating: false, count: types.count)
    for source in sources { isActive[source.index] = true }
    for operation in operations where operation.operands.contains(where: { isActive[$0.index] }) {
      for result in operation.results where self[result].element.isFloat {
        isActive[result.index] = true
      }
    }
    return isActive
  }

  /// For each operation whether the results need it.
  fileprivate func neededOperations() -> [Bool] {
    var isRead = [Bool](repeating: false, count: types.count)
    for result in results { isRead[result.index] = true }
    var isNeeded = [Bool](repeating: false, count: operations.count)
    for (position, operation) in operations.enumerated().reversed()
    where operation.results.contains(where: { isRead[$0.index] }) {
      isNeeded[position] = true
      for operand in operation.operands { isRead[operand.index] = true }
    }
    return isNeeded
  }

  /// Which of some rising positions some values need.
  fileprivate func positions(_ positions: [Int], neededFor values: [ValueID]) -> [Int] {
    var isRead = Set(values.map(\.index))
    let needed = positions.reversed().filter { position in
      guard operations[position].results.contains(where: { isRead.contains($0.index) }) else {
        return false
      }
      for operand in operations[position].operands { isRead.insert(operand.index) }
      return true
    }
    return needed.reversed()
  }
}
