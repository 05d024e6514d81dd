internal import TensorIR

/// Which values are known to be no negative numbers, by what they are made of.
struct SignFacts {
  private let function: Function
  private let definitions: [Int?]

  /// How far back operations are looked at.
  private static let depthLimit = 16

  init(_ function: Function) {
    self.function = function
    definitions = function.definitions()
  }

  /// Whether every element is NaN or at least 0, and none is −0.
  func isNeverNegative(_ value: ValueID) -> Bool { isNeverNegative(value, depth: 0) }

  private func isNeverNegative(_ value: ValueID, depth: Int) -> Bool {
    guard depth < Self.depthLimit, let position = definitions[value.index] else { return false }
    let operation = function.operations[position]
    let operands = operation.operands
    let isFloat = function[value].element.isFloat
    func holds(_ operand: Int) -> Bool { isNeverNegative(operands[operand], depth: depth + 1) }
    switch operation.op {
    case .constant(let literal):
      guard isFloat, let number = literal.splatValue else { return false }
      return number >= 0 && number.sign == .plus
    case .unary(.abs), .unary(.square), .unary(.exponential), .unary(.logistic): return isFloat
    case .unary(.sqrt): return holds(0)
    case .binary(.multiply): return operands[0] == operands[1] && isFloat || holds(0) && holds(1)
    case .binary(.add), .binary(.divide), .binary(.minimum): return holds(0) && holds(1)
    case .binary(.maximum): return isFloat && (holds(0) || holds(1))
    case .reduce(let reduction):
      return reduction.kind == .add && holds(0) && holds(1)
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.slice), .shape(.reverse):
      return holds(0)
    case .select: return holds(1) && holds(2)
    // What is not known is not claimed, of ops to come as well.
    default: return false
    }
  }
}
