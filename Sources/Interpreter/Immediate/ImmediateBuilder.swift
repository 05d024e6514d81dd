import TensorIR

/// Gives the values of a function places, and its operations kernels.
struct ImmediateBuilder {
  /// The function.
  private let function: Function
  /// What has to be done, in order.
  private(set) var steps: [ImmediateProgram.Step] = []
  /// Where each value is, by id.
  private(set) var places: [ImmediateProgram.Place?]
  /// The elements of constants.
  private(set) var constants: [UInt8] = []
  /// About how many nanoseconds a call takes.
  private(set) var cost = 0
  /// What a call needs.
  private(set) var temporaryByteCount = 0
  /// Constants by id, as long as operations may be carried out once and for all.
  private var literals: [Int: Literal] = [:]

  /// Starts with the parameters.
  init(_ function: Function) {
    self.function = function
    places = Array(repeating: nil, count: function.types.count)
    for (index, parameter) in function.parameters.enumerated() {
      places[parameter.index] = .argument(index)
    }
  }

  /// Adds an operation; whether that is possible.
  mutating func add(_ operation: Operation) -> Bool {
    guard operation.results.count == 1, let result = operation.results.first else { return false }
    let operands = operation.operands.compactMap { places[$0.index] }
    guard operands.count == operation.operands.count else { return false }
    let known = operation.operands.compactMap { literals[$0.index] }
    if known.count == operands.count {
      guard let literal = try? operation.op.evaluated(known).first else { return false }
      keep(literal, as: result)
      return true
    }
    if operation.op.isView {
      places[result.index] = operands[0]
      return true
    }
    let type = function[result]
    let place = ImmediateProgram.Place.temporary(temporaryByteCount)
    temporaryByteCount += (type.byteCount + 15) / 16 * 16
    places[result.index] = place
    let kernel = ImmediateKernel(operation.op, operation.operands.map { function[$0] }, type)
    cost += kernel.cost
    steps.append(
      ImmediateProgram.Step(
        kernel: kernel, operands: operands, result: place, location: operation.location))
    return true
  }

  /// Keeps a constant.
  private mutating func keep(_ literal: Literal, as value: ValueID) {
    literals[value.index] = literal
    places[value.index] = .constant(constants.count)
    constants += literal.denseBytes
    constants += Array(repeating: 0, count: (16 - constants.count % 16) % 16)
  }
}

extension Op {
  /// Whether the result has the operand's bytes.
  fileprivate var isView: Bool {
    switch self {
    case .unary(.stopGradient), .shape(.reshape): true
    default: false
    }
  }
}
