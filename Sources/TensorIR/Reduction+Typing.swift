extension Reduction {
  /// - C1: the initial value is a scalar of the operand's element type.
  /// - C2: `dimensions` are distinct axes.
  /// - C3: the element type is one the combining function takes.
  func resultType(_ check: TypingCheck) throws -> TensorType {
    try check.hasOperands(2)
    let (operand, initial) = (check.operands[0], check.operands[1])
    try check.require(1, initial == TensorType([], operand.element)) {
      "initial value \(initial) is not a scalar of the elements of \(operand)"
    }
    try check.areAxes(2, dimensions, rank: operand.rank, "dimensions")
    let accepts =
      switch kind {
      case .add, .multiply: true
      case .maximum, .minimum: !operand.element.isComplex
      case .and, .or: operand.element == .i1 || operand.element.isInteger
      }
    try check.require(3, accepts) { "\(kind.rawValue) does not take \(operand)" }
    return TensorType(operand.shape.removing(dimensions), operand.element)
  }
}
