/// The types of slices at computed places.
enum DynamicSliceTyping {
  /// - C1: there is a start for each axis of the operand.
  /// - C2: starts are integer scalars of one type.
  /// - C3: there is a size for each axis, at most its extent.
  static func slice(_ sizes: [Int], _ check: TypingCheck) throws -> TensorType {
    guard let operand = check.operands.first else {
      throw AdjointError(.type, "\(check.mnemonic) takes an operand and its start indices")
    }
    try starts(check.operands.dropFirst(), of: operand, check)
    try check.require(
      3,
      sizes.count == operand.rank && zip(sizes, operand.shape).allSatisfy { (0...$1).contains($0) }
    ) { "slice sizes \(sizes) do not fit \(operand)" }
    return TensorType(sizes, operand.element)
  }

  /// - C1, C2: as for slices.
  /// - C3: the update has the operand's element type and rank, and fits it.
  static func update(_ check: TypingCheck) throws -> TensorType {
    guard check.operands.count >= 2 else {
      throw AdjointError(.type, "\(check.mnemonic) takes an operand, an update and start indices")
    }
    let (operand, update) = (check.operands[0], check.operands[1])
    try starts(check.operands.dropFirst(2), of: operand, check)
    try check.require(
      3,
      update.element == operand.element && update.rank == operand.rank
        && zip(update.shape, operand.shape).allSatisfy(<=)
    ) { "the update \(update) does not fit \(operand)" }
    return operand
  }

  private static func starts(
    _ starts: ArraySlice<TensorType>, of operand: TensorType, _ check: TypingCheck
  ) throws {
    try check.require(1, starts.count == operand.rank) {
      "\(starts.count) start indices for \(operand)"
    }
    try check.require(
      2, starts.allSatisfy { $0.isScalar && $0.element.isInteger && $0 == starts.first }
    ) { "start indices must be integer scalars of one type" }
  }
}
